#!/bin/bash
# Where trace writes, and what it says at the end.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

file_is_for_its_owner_alone() {
	trace -f json -o "$dir/events" openat -- /bin/true
	expect_status 0 && expect_balanced || return
	[[ $(stat -c %a "$dir/events") == 600 ]] || why "mode $(stat -c %a "$dir/events")" || return
	[[ -s $dir/events && ! -s $dir/out ]] || why "events are not in the file" || return
	jq -e .event.action "$dir/events" >/dev/null || why "not JSON"
}

file_that_is_there_is_emptied() {
	yes | head -n 100000 >"$dir/events"
	trace -f json -o "$dir/events" openat -- /bin/true
	expect_status 0 || return
	events "$dir/events" | jq -es 'all(.[]; .event.action == "openat")' >/dev/null || why "$(head -c 100 "$dir/events")"
}

unwritable_directory_is_told_before_anything_runs() {
	trace -o /proc/self/events openat -- touch "$dir/ran"
	expect_status 1 && expect_error 'traceleft: /proc/self/events: ' || return
	trace -o "$dir/none/events" openat -- touch "$dir/ran"
	expect_status 1 && expect_error "traceleft: $dir/none/events: No such file or directory" || return
	[[ ! -e $dir/ran ]] || why "the command ran"
}

traps_in_a_directory_of_everybody_are_refused() {
	local public=$dir/public
	mkdir -m 1777 "$public"
	echo precious >"$dir/precious"
	ln -s "$dir/precious" "$public/link"
	ln "$dir/precious" "$public/second-name"
	mkfifo "$public/fifo"
	trace -o "$public/link" openat -- /bin/true
	expect_status 1 && expect_error 'a symbolic link' || return
	trace -o "$public/second-name" openat -- /bin/true
	expect_status 1 && expect_error 'a second name' || return
	install -m 666 -o nobody /dev/null "$public/other"
	trace -o "$public/other" openat -- /bin/true
	expect_status 1 || return
	trace -o "$public/fifo" openat -- /bin/true
	expect_status 1 || return
	[[ $(cat "$dir/precious") == precious ]] || why "the file behind it was written"
}

symbolic_link_of_ones_own_is_followed() {
	mkdir -m 755 "$dir/private"
	ln -s "$dir/events" "$dir/private/link"
	trace -o "$dir/private/link" openat -- /bin/true
	expect_status 0 || return
	[[ -s $dir/events ]] || why "nothing in the file"
}

full_device_fails_and_counts_what_is_lost() {
	trace -o /dev/full openat -- /bin/sh -c 'cat /dev/null; exit 3'
	expect_status 1 && expect_error 'traceleft: /dev/full: No space left on device' && expect_balanced || return
	grep -qE 'delivered 0 .* lost [1-9]' "$dir/err" || why "$(cat "$dir/err")"
}

full_disk_leaves_no_torn_line() {
	local small=$dir/small lines delivered
	mkdir "$small"
	mount -t tmpfs -o size=64k nodev "$small" 2>/dev/null || skipped "cannot mount a small file system" || return
	trace -f json -o "$small/events" openat -- /bin/sh -c 'i=0; while [ $i -lt 100 ]; do : </dev/null; : </etc/passwd; i=$((i+1)); done'
	lines=$(jq -s length "$small/events" 2>&1)
	umount "$small"
	expect_status 1 && expect_error 'No space left on device' && expect_balanced || return
	delivered=$(sed -n 's/.*delivered \([0-9]*\) .*/\1/p' "$dir/err")
	[[ $delivered -gt 10 && $lines == "$delivered" ]] || why "$delivered delivered, lines: $lines"
}

closed_pipe_ends_cleanly() {
	"$TRACELEFT" trace openat -- /bin/sh -c 'i=0; while [ $i -lt 2000 ]; do : </dev/null; i=$((i+1)); done; exit 6' 2>"$dir/err" | head -n 1 >"$dir/out"
	status=${PIPESTATUS[0]}
	expect_status 6 && expect_balanced && expect_error seen
}

full_standard_output_fails() {
	timeout 60 "$TRACELEFT" trace openat -- /bin/true >/dev/full 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error 'traceleft: standard output: No space left on device' || return
	timeout 60 "$TRACELEFT" events >/dev/full 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error 'traceleft: standard output: No space left on device'
}

# Nothing that is opened takes the place of standard output, to be written over.
missing_standard_output_fails() {
	"$TRACELEFT" trace openat -- /bin/true >&- 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error 'traceleft: standard output: Bad file descriptor' && expect_balanced || return
	"$TRACELEFT" events <&- >&- 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error 'traceleft: standard output: Bad file descriptor'
}

limit_of_descriptors_is_told_and_the_commands_own_stays() {
	(ulimit -n 12; "$TRACELEFT" trace openat -- /bin/true >"$dir/out" 2>"$dir/err")
	status=$?
	expect_status 1 && expect_error 'Too many open files' || return
	(ulimit -S -n 100; "$TRACELEFT" trace -o "$dir/events" @file -- /bin/sh -c 'ulimit -S -n' >"$dir/out" 2>"$dir/err")
	status=$?
	expect_status 0 && [[ $(cat "$dir/out") == 100 ]] || why "limit $(cat "$dir/out")"
}

events_are_in_the_output_while_the_command_runs() {
	mkfifo "$dir/in"
	touch "$dir/out"
	"$TRACELEFT" trace openat -o "$dir/out" -- /bin/sh -c ': </etc/passwd; read x' <"$dir/in" 2>"$dir/err" &
	tracer=$!
	exec 7>"$dir/in"
	wait_for "the event is written" grep -q '"/etc/passwd"' "$dir/out" || return
	echo >&7
	exec 7>&-
	trace_end
	expect_status 0 && expect_balanced
}

trace_verify() {
	"$TRACELEFT" verify "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

every_line_that_is_taken_away_is_missed() {
	local n i
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: opens, events: openat, where: path startswith "/etc/" or success}
		  - {name: closes, events: close, aggregate: {by: path, every: 10ms}}
		  - {name: reads, events: read, drop: true}
		outputs: {out: {type: stdout, format: json}}
	END
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c 'for i in 1 2 3; do cat /etc/hostname & done >/dev/null; wait'
	expect_status 0 && expect_balanced || return
	cp "$dir/out" "$dir/events"
	n=$(wc -l <"$dir/events")
	[ "$n" -gt 20 ] && grep -q seq_previous "$dir/events" || why "$n lines" || return
	trace_verify "$dir/events"
	expect_status 0 && grep -q '^complete: ' "$dir/out" || why "$(cat "$dir/out")" || return
	for i in $(seq "$n"); do
		sed "${i}d" "$dir/events" >"$dir/less"
		trace_verify "$dir/less"
		[ "$status" = 1 ] && grep -q '^INCOMPLETE' "$dir/out" || why "line $i of $n is not missed: $(cat "$dir/out")" || return
	done
	sed '2q' "$dir/events" | "$TRACELEFT" verify - >"$dir/out" 2>&1 && why "the end is not missed"
	sed 1,4d "$dir/events" | "$TRACELEFT" verify --partial - >"$dir/out" 2>&1 || why "--partial: $(cat "$dir/out")" || return
	echo '{}' >>"$dir/events"
	trace_verify --json "$dir/events"
	[ "$status" = 1 ] && jq -e '.broken_lines == 1 and (.complete | not)' "$dir/out" >/dev/null || why "$(cat "$dir/out")"
}

balance_is_in_the_output_too() {
	trace -f json openat -- /bin/true
	expect_status 0 && expect_balanced || return
	[[ $(tail -n 1 "$dir/out" | jq -r .event.action) == ledger ]] || why "the last line is no ledger" || return
	expect_json ".event.action == \"ledger\" and .traceleft.ledger.total.delivered == $(events | wc -l)
		and (.message | endswith(\": balanced\"))" || return
	trace -o "$dir/events" openat -- /bin/true
	grep -q '^ledger: seen [0-9]* = delivered .*: balanced$' "$dir/events" && ! grep -qvE '^(\[pid|ledger)' "$dir/events" ||
		why "no line of the balance, or more than lines: $(tail -n 3 "$dir/events")" || return
	trace openat -- /bin/true
	! grep -qi ledger "$dir/out" || why "a ledger among the lines on standard output"
}

count_of_calls_is_exact() {
	local n
	trace -f json openat -- /bin/sh -c 'i=0; while [ $i -lt 1000 ]; do : </etc/hostname; i=$((i+1)); done'
	expect_status 0 && expect_balanced || return
	n=$(count_json '.traceleft.args.pathname == "/etc/hostname"')
	[[ $n == 1000 ]] || why "$n events, not 1000" || return
	n=$(sed -n 's/.*delivered \([0-9]*\) .*/\1/p' "$dir/err")
	[[ $n == "$(count_json '.event.action == "openat"')" ]] || why "delivered $n is not the number of lines"
}

small_ring_declares_what_it_loses() {
	local delivered lost
	trace -f json --buffer 4096 openat -- /bin/sh -c 'i=0; while [ $i -lt 20000 ]; do : </etc/hostname; i=$((i+1)); done'
	expect_status 0 && expect_balanced || return
	delivered=$(count_json '.event.action == "openat"')
	lost=$(jq -s 'map(select(.event.action == "lost").traceleft.count) | add // 0' "$dir/out")
	[[ $(sed -n 's/.*lost \([0-9]*\):.*/\1/p' "$dir/err") == "$lost" ]] || why "lost records say $lost: $(cat "$dir/err")" || return
	((delivered + lost >= 20000)) || why "delivered $delivered, lost $lost"
}

summary_counts_calls_and_errors() {
	trace -c openat -- /bin/sh -c '(: </etc/traceleft-none) 2>/dev/null; true'
	expect_status 0 && expect_balanced || return
	grep -qE ' +[0-9]+ +1 openat$' "$dir/out" && grep -qE ' +[0-9]+ +1 total$' "$dir/out" || why "$(cat "$dir/out")" || return
	grep -qE 'delivered 0 .* aggregated [1-9]' "$dir/err" || why "$(cat "$dir/err")"
}

# Time spent in each call, and of processes: none.
summary_tells_the_time() {
	local seconds
	mkfifo "$dir/fifo"
	trace -c @file,read,connect,exec,execve -- /bin/bash -c ': </etc/passwd; chmod 600 "$0"; (sleep 0.2; echo >"$1") & read -r x <"$1"
		exec 3<>/dev/tcp/127.0.0.1/1' "$dir/err" "$dir/fifo"
	expect_balanced || return
	grep -q 'lost 0: ' "$dir/err" || why "$(cat "$dir/err")" || return
	awk '$NF ~ /^(openat|read|fchmodat|connect)$/ && $1 ~ /^[0-9.]+$/ && $2 > 0 && $3 > 0 { n++ }
		$NF == "exec" && $1 == "-" && $2 == "-" && $3 == "-" { n++ } END { exit n != 5 }' "$dir/out" ||
		why "$(cat "$dir/out")" || return
	# Who reads a FIFO waits in openat for who writes it.
	seconds=$(awk '$NF == "openat" { print int($2 * 1000) }' "$dir/out")
	((seconds >= 200 && seconds < 5000)) || why "openat: $(grep openat "$dir/out")"
}

# With a condition, which may ask for objects, calls on descriptors are measured.
summary_keeps_what_a_condition_asks_for() {
	trace -c --where "path == '$dir/x' or dport == 1" openat,write,unlink,connect -- /bin/bash -c 'echo >x; rm x; exec 3<>/dev/tcp/127.0.0.1/1'
	expect_balanced || return
	awk '$NF ~ /^(write|connect)$/ && $2 > 0 && $4 == 1 { n++ } $NF ~ /^(openat|unlinkat)$/ && $2 == "-" && $4 == 1 { n++ }
		END { exit n != 4 }' "$dir/out" || why "$(cat "$dir/out")"
}

summary_as_json_is_one_object() {
	trace -c -f json -o "$dir/out2" read,close -- /bin/sh -c 'read x </etc/passwd'
	expect_status 0 || return
	jq -es 'length == 1 and (.[0].summary | map(.event) | sort) == ["close", "read"] and .[0].total.bytes > 0
		and .[0].total.count == (.[0].summary | map(.count) | add)' "$dir/out2" >/dev/null || why "$(cat "$dir/out2")"
}

quiet_run_says_nothing() {
	trace -q openat -- /bin/true
	expect_status 0 || return
	[[ ! -s $dir/err ]] || why "$(cat "$dir/err")"
}

condition_filters_and_counts() {
	trace -f json --where 'errno == ENOENT and path endswith "traceleft-none"' openat -- \
		/bin/sh -c '(: </etc/traceleft-none) 2>/dev/null; : </etc/passwd'
	expect_status 0 && expect_balanced || return
	[[ $(events | wc -l) == 1 ]] || why "$(jq -c '[.event.action, .file.path, .traceleft.ret]' "$dir/out")"
}

condition_that_is_wrong_names_its_column() {
	trace --where 'pid == 1 and pahtname == "x"' openat -- touch "$dir/ran"
	expect_status 2 && expect_error 'traceleft: trace: --where: column 14: ' && expect_error pathname || return
	[[ ! -e $dir/ran ]] || why "the command ran"
}

protobuf_is_decoded_to_the_same_events() {
	trace -f proto -o "$dir/events.pb" openat,read,exec,exit -- cat /etc/passwd
	expect_status 0 && expect_balanced || return
	"$TRACELEFT" decode "$dir/events.pb" >"$dir/lines" || why "decode" || return
	jq -es 'map(select(.file.path == "/etc/passwd" and .event.action == "openat")) | length == 1' "$dir/lines" >/dev/null &&
		jq -es '.[-1].event.action == "ledger" and (.[-1].traceleft.ledger.total.delivered == length - 1)' "$dir/lines" >/dev/null ||
		why "$(tail -n 1 "$dir/lines" | cut -c1-300)" || return
	"$TRACELEFT" decode - <"$dir/events.pb" | cmp -s - "$dir/lines" || why "standard input"
}

lines_of_json_are_no_protobuf_and_told_once() {
	trace -f json -o "$dir/events" openat -- cat /etc/passwd
	expect_status 0 || return
	"$TRACELEFT" decode "$dir/events" >"$dir/out" 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error "traceleft: $dir/events: these are lines of JSON" || return
	[[ $(wc -l <"$dir/err") == 1 && ! -s $dir/out ]] || why "$(wc -l <"$dir/err") lines"
}

# As rotation leaves them.
compressed_files_are_read_as_they_are() {
	trace -f proto -o "$dir/events.pb" openat,read,exec,exit -- cat /etc/passwd
	expect_status 0 || return
	"$TRACELEFT" decode "$dir/events.pb" >"$dir/lines"
	gzip -kf "$dir/events.pb" "$dir/lines"
	"$TRACELEFT" decode "$dir/events.pb.gz" | cmp -s - "$dir/lines" || why "decode" || return
	"$TRACELEFT" verify "$dir/lines.gz" >"$dir/out" && grep -q '^complete: [1-9]' "$dir/out" || why "$(cat "$dir/out")" || return
	head -c -9 "$dir/events.pb.gz" >"$dir/torn.gz"
	"$TRACELEFT" decode "$dir/torn.gz" >"$dir/some" 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error "torn.gz: what gzip has compressed is damaged, or ends too early"
}

torn_file_of_protobuf_is_told_with_its_place_and_read_up_to_there() {
	local size
	trace -q -f proto -o "$dir/events.pb" openat -- cat /etc/passwd
	expect_status 0 || return
	"$TRACELEFT" decode "$dir/events.pb" >"$dir/whole"
	size=$(stat -c %s "$dir/events.pb")
	head -c $((size - 3)) "$dir/events.pb" >"$dir/torn.pb"
	"$TRACELEFT" decode "$dir/torn.pb" "$dir/events.pb" >"$dir/lines" 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error "torn.pb: ends within an event, at byte " || return
	(($(wc -l <"$dir/lines") == 2 * $(wc -l <"$dir/whole") - 1)) || why "$(wc -l <"$dir/lines") lines" || return
	printf '\0\0\0' >>"$dir/events.pb"
	"$TRACELEFT" decode "$dir/events.pb" >"$dir/lines" 2>"$dir/err"
	status=$?
	expect_status 1 && expect_error "no event begins at byte $size; the rest cannot be read" || return
	cmp -s "$dir/lines" "$dir/whole" || why "lines differ"
}

# What is in the part of a register that a call does not look at, and in a mode that no file is made with.
hash_is_of_what_the_call_looks_at_and_a_new_name_is_told() {
	trace -f json getppid,openat -- python3 -c 'import ctypes
libc = ctypes.CDLL(None)
call = lambda *words: libc.syscall(*[w if isinstance(w, bytes) else ctypes.c_ulong(w) for w in words])
for at, mode in ((-100, 0), (0xffffff9c, 0), (-100, 0o644)):
    call(257, at, b"/none/such", 0, mode)
call(257, -100, b"/none/such", 64, 0o600)
call(110)
libc.prctl(15, b"another")
call(110)'
	expect_status 0 && expect_balanced || return
	jq -e -s 'map(select(.traceleft.args.pathname == "/none/such") | .traceleft.hash) as $h |
		($h | length) == 4 and ($h[:3] | unique | length) == 1 and $h[3] != $h[0]' "$dir/out" >/dev/null ||
		why "$(jq -c 'select(.traceleft.args.pathname == "/none/such") | [.traceleft.args, .traceleft.hash]' "$dir/out")" || return
	jq -e -s 'map(select(.event.action == "getppid") | .process) | .[-2].name != "another" and .[-1].name == "another" and
		.[-1].thread.name == null' "$dir/out" >/dev/null || why "$(jq -c 'select(.event.action == "getppid") | .process' "$dir/out")"
}

run_tests every_line_that_is_taken_away_is_missed protobuf_is_decoded_to_the_same_events lines_of_json_are_no_protobuf_and_told_once compressed_files_are_read_as_they_are torn_file_of_protobuf_is_told_with_its_place_and_read_up_to_there \
	file_is_for_its_owner_alone file_that_is_there_is_emptied unwritable_directory_is_told_before_anything_runs \
	traps_in_a_directory_of_everybody_are_refused symbolic_link_of_ones_own_is_followed \
	full_device_fails_and_counts_what_is_lost full_disk_leaves_no_torn_line closed_pipe_ends_cleanly \
	full_standard_output_fails missing_standard_output_fails \
	limit_of_descriptors_is_told_and_the_commands_own_stays events_are_in_the_output_while_the_command_runs balance_is_in_the_output_too \
	count_of_calls_is_exact small_ring_declares_what_it_loses summary_counts_calls_and_errors summary_tells_the_time \
	summary_keeps_what_a_condition_asks_for summary_as_json_is_one_object \
	quiet_run_says_nothing condition_filters_and_counts condition_that_is_wrong_names_its_column \
	hash_is_of_what_the_call_looks_at_and_a_new_name_is_told
