#!/bin/bash
# traceleftd in the foreground, on this machine's kernel: what it says and how it ends, what arrives.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

status_verb=${TRACELEFT:-$PWD/build/traceleft}
[ "$(id -u)" = 0 ] || { skip host/daemon "needs root"; exit 0; }
. tests/host/daemon-common

# write_policy [LINE]: one rule, with LINE at its end, and one output, a file.
write_policy() {
	put_policy <<-END
		rules:
		  - name: all
		    target: mine
		    events: [mkdir, unlink, openat, exec]
		${1:-}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl}
	END
}

# Runs it until it ends by itself.
run() {
	timeout 60 "$daemon" --foreground --policy "$dir/policy.yaml" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

expect() {
	[ "$status" = "$1" ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	grep -qE -- "$2" "$dir/err" || why "no '$2' in: $(tail -n 3 "$dir/err")"
}

# Waits for a line of the log that jq's condition fits.
await() {
	for _ in $(seq 300); do
		jq -e -s "any(.[]; $1)" "$dir/log/events.jsonl" >/dev/null 2>&1 && return
		sleep 0.1
	done
	why "nothing like $1 arrived"
}

count() {
	jq -s "map(select($1)) | length" "${2:-$dir/log/events.jsonl}"
}

descriptors() {
	local all=("/proc/$pid/fd/"*)
	echo "${#all[@]}"
}

# ---- How it ends when it cannot audit

wrong_usage_ends_with_64_and_names_the_word() {
	local words
	for words in "-xf|unknown option -x" "--foo|unknown option --foo" "--policy|argument is missing behind --policy" \
		"--attach bogus|unknown kind of hook: bogus" "file|no argument is expected: file"; do
		# shellcheck disable=SC2086 # words
		timeout 60 "$daemon" ${words%|*} >"$dir/out" 2>"$dir/err" </dev/null
		status=$?
		expect 64 "^traceleftd: .*${words#*|} \(see traceleftd --help\)$" || return
		[ "$(wc -l <"$dir/err")" = 1 ] || why "$(cat "$dir/err")" || return
	done
}

broken_policy_ends_with_78_and_says_where() {
	write_policy
	echo 'bogus: 1' >>"$dir/policy.yaml"
	sed -i 's/target: mine/target: nobody/' "$dir/policy.yaml"
	run
	expect 78 'policy.yaml:[0-9]+:[0-9]+: .*bogus' && expect 78 'policy.yaml:[0-9]+:[0-9]+: .*nobody'
}

missing_policy_ends_with_78() {
	rm -f "$dir/policy.yaml"
	run
	expect 78 'policy.yaml: No such file'
}

policy_that_others_may_write_ends_with_78() {
	write_policy
	chmod 666 "$dir/policy.yaml"
	run
	expect 78 'may write'
}

missing_handlers_end_with_72() {
	write_policy
	mkdir -p "$dir/empty"
	TRACELEFT_BATTERY=$dir/empty run
	expect 72 'handle_syscall_[a-z]+\.bpf\.o'
}

damaged_handler_ends_with_72() {
	write_policy
	rm -rf "$dir/damaged"
	cp -r build/battery "$dir/damaged"
	head -c 1000 build/battery/handle_syscall_openat.bpf.o >"$dir/damaged/handle_syscall_openat.bpf.o"
	TRACELEFT_BATTERY=$dir/damaged run
	expect 72 'openat'
}

output_in_a_missing_directory_ends_with_73() {
	write_policy
	sed -i "s,path: .*/events,path: $dir/missing/events," "$dir/policy.yaml"
	run
	expect 73 'its directory does not exist; create it'
}

output_where_all_may_write_ends_with_73() {
	write_policy
	mkdir -p "$dir/open"
	chmod 777 "$dir/open"
	sed -i "s,path: .*/events,path: $dir/open/events," "$dir/policy.yaml"
	run
	expect 73 'all users may write there' && [ -z "$(ls "$dir/open")" ] || why "it made a file"
}

without_root_it_ends_with_77() {
	write_policy
	cp "$daemon" "$dir/traceleftd"
	status=0
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/traceleftd" -f -p "$dir/policy.yaml" 2>"$dir/err" || status=$?
	expect 77 'needs root'
}

without_btf_it_ends_with_69() {
	write_policy
	status=0
	unshare -m sh -c 'mount -t tmpfs none /sys/kernel/btf && exec "$@"' sh \
		timeout 60 "$daemon" -f -p "$dir/policy.yaml" 2>"$dir/err" || status=$?
	expect 69 'BTF'
}

second_daemon_ends_with_75() {
	write_policy
	start || return
	"$daemon" -f -p "$dir/policy.yaml" 2>"$dir/err2"
	status=$?
	[ $status = 75 ] && grep -q "running already, as process $pid" "$dir/err2" || why "status $status: $(cat "$dir/err2")" || return
	stop
}

# ---- What it does when it can

# From the first sign of life on systemd wants the next one in time, and a start may take longer.
nobody_waits_for_signs_of_life_before_it_is_ready() {
	write_policy
	python3 - "$dir/notify" >"$dir/notified" <<-'END' &
		import socket, sys
		s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
		s.bind(sys.argv[1])
		s.settimeout(20)
		seen = []
		while "WATCHDOG=1" not in seen or "READY=1" not in seen:
		    seen += s.recv(4096).decode().split("\n")
		print("READY=1" in seen[:seen.index("WATCHDOG=1")])
	END
	local listener=$!
	for _ in $(seq 600); do
		[ -S "$dir/notify" ] && break
		sleep 0.05
	done
	WATCHDOG_USEC=2000000 NOTIFY_SOCKET=$dir/notify start || return
	wait "$listener"
	[ "$(cat "$dir/notified")" = True ] || why "$(cat "$dir/notified")" || return
	stop
}

events_arrive_and_the_balance_is_exact() {
	write_policy
	rm -f "$dir"/log/*
	start || return
	"$dir/work" -c "mkdir $dir/made; : > $dir/made/x; rm $dir/made/x; exit 3"
	await ".event.action == \"exec\" and .process.executable == \"$dir/work\"" || return
	stop
	[ $status = 0 ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	[ "$(count '.event.action == "start"')" = 1 ] && [ "$(count '.event.action == "stop"')" = 1 ] || why "no start or stop" || return
	jq -e -s '(map(select(.event.action == "ledger")) | last | .traceleft.ledger.balance) as $l |
		(map(select(.rule)) | length) as $n |
		$l.seen == $l.delivered + $l.filtered + $l.aggregated + $l.lost and $l.delivered >= $n and $n > 0 and $l.unaudited == 0' \
		"$dir/log/events.jsonl" >/dev/null || why "not balanced: $(grep '"ledger"' "$dir/log/events.jsonl" | tail -n 1)" || return
	grep -q ' accepted = [0-9]* delivered + 0 lost + 0 waiting' "$dir/log/events.jsonl" || why "no balance of the output"
}

# Complete as it is, and not without any one of its lines.
verifies() {
	local n i
	n=$(wc -l <"$dir/log/events.jsonl")
	"$status_verb" verify "$dir/log/events.jsonl" >"$dir/verified" || why "$(cat "$dir/verified")" || return
	for i in $(seq "$n"); do
		sed "${i}d" "$dir/log/events.jsonl" | "$status_verb" verify - >"$dir/verified" && [ "$i" != "$n" ] &&
			why "line $i of $n is not missed" && return 1
	done
	return 0
}

counts_are_told_at_reload_and_at_the_stop() {
	write_policy '    aggregate: {by: path, every: 1h}'
	rm -f "$dir"/log/*
	start || return
	"$dir/work" -c 'for i in 1 2 3 4 5; do : </etc/hostname; done'
	sleep 0.3
	kill -HUP "$pid"
	await '.event.action == "reload"' || return
	"$dir/work" -c 'for i in 1 2 3 4 5 6 7; do : </etc/hostname; done'
	sleep 0.3
	stop
	[ "$status" = 0 ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	jq -e -s '(map(select(.traceleft.result and .file.path == "/etc/hostname") | .traceleft.count) == [5, 7]) and
		(map(select(.event.action == "ledger") | .traceleft.ledger.balance |
			.seen == .filtered + .aggregated and .aggregated > 5) == [true, true])' \
		"$dir/log/events.jsonl" >/dev/null || why "$(jq -c 'select(.traceleft.result) | .traceleft' "$dir/log/events.jsonl")" || return
	verifies
}

it_stops_soon_and_leaves_nothing() {
	write_policy
	start || return
	stop
	[ "$took" -lt 5000 ] || why "it took $took ms" || return
	[ ! -e "$dir/run/status.json" ] || why "the status file is still there"
}

who_stopped_it_is_recorded() {
	write_policy
	start || return
	stop INT
	grep '"action":"stop"' "$dir/log/events.jsonl" | tail -n 1 |
		grep -q "SIGINT from process $$ (.*), user 0" || why "$(tail -n 1 "$dir/log/events.jsonl")" || return
	jq -e -s --arg exe "$(readlink /proc/$$/exe)" '[.[] | select(.event.action == "start" or .event.action == "stop") |
		.traceleft.requester | .pid == '$$' and .uid == 0 and .executable == $exe] | all and length > 1' \
		"$dir/log/events.jsonl" >/dev/null || why "$(jq -c .traceleft.requester "$dir/log/events.jsonl")"
}

status_says_what_it_does() {
	write_policy
	start || return
	"$status_verb" status --file "$dir/run/status.json" >"$dir/status" 2>&1 || why "$(cat "$dir/status")" || return
	grep -qE '^openat +(raw_tp|fexit|kprobe) ' "$dir/status" && grep -qE "^log +file .*$dir/log/events.jsonl" "$dir/status" ||
		why "$(cat "$dir/status")" || return
	[ "$(stat -c %a "$dir/run/status.json")" = 640 ] || why "mode of the status file" || return
	stop
}

broken_policy_does_not_replace_the_one_in_force() {
	write_policy
	rm -f "$dir"/log/*
	start || return
	echo 'bogus: 1' >>"$dir/policy.yaml"
	kill -HUP "$pid"
	await '.event.action == "reload" and (.message | contains("the old policy stays in force")) and (.message | contains("bogus"))' || return
	jq -e '.policy.generation == 1 and (.policy.error | contains("bogus"))' "$dir/run/status.json" >/dev/null ||
		why "status: $(jq -c .policy "$dir/run/status.json")" || return
	"$dir/work" -c "mkdir $dir/made2"
	await '.rule.name == "all" and .event.action == "exec"' || return
	stop
}

reload_puts_a_new_policy_into_force() {
	write_policy
	rm -f "$dir"/log/*
	start || return
	write_policy '    severity: alert'
	kill -HUP "$pid"
	await '.event.action == "reload"' || return
	"$dir/work" -c :
	await '.log.level == "alert" and .event.action == "exec"' || return
	jq -e '.policy.generation == 2 and .policy.error == null' "$dir/run/status.json" >/dev/null || why "status" || return
	stop
}

# reload GENERATION: until that one is in force.
reload() {
	kill -HUP "$pid"
	for _ in $(seq 600); do
		jq -e ".policy.generation == $1 and .state == \"running\"" "$dir/run/status.json" >/dev/null && return
		sleep 0.05
	done
	why "policy $1 did not come into force: $(tail -n 1 "$dir/err")"
}

# Events go on, and the number of messages is told as soon as somebody reads.
standard_error_that_nobody_reads_stops_nothing() {
	write_policy
	rm -f "$dir"/log/* "$dir/unread"
	mkfifo "$dir/unread" || return
	exec 9<>"$dir/unread"
	dd if=/dev/zero of="$dir/unread" oflag=nonblock bs=4096 count=1000 2>/dev/null
	"$daemon" --foreground --policy "$dir/policy.yaml" >"$dir/out" 2>"$dir/unread" </dev/null 9<&- &
	pid=$!
	for _ in 1 2; do
		await '.event.action == "start"' || return
		"$dir/work" -c :
		kill -HUP "$pid"
	done
	await '.event.action == "exec"' && await '.event.action == "reload"' || return
	for _ in $(seq 100); do
		timeout 0.3 cat <&9 >>"$dir/read"
		grep -aq 'found no room' "$dir/read" && break
	done
	exec 9<&-
	stop
	grep -aqE 'traceleftd: [1-9][0-9]* messages before this one found no room here and are missing$' "$dir/read" ||
		why "$(tr -d '\0' <"$dir/read" | tail -n 3)" || return
	[ "$status" = 0 ] || why "status $status"
}

# Of what this shell has; a thread that frees what was loaded before ends soon.
rights_are_those() {
	local has wanted looks none
	has=0x$(sed -n 's/^CapPrm:\s*//p' /proc/self/status)
	# chown, dac_override, dac_read_search, fowner, sys_ptrace; and to load: sys_admin, sys_resource, perfmon, bpf
	printf -v wanted '%016x %016x %016x' 0 $((has & 0xc00128000f)) $((has & 0x8000f))
	# The thread that waits for what others do in /proc has what that needs.
	printf -v looks '%016x %016x %016x' 0 $((has & 0x80004)) $((has & 0x80004))
	# The one that looks whether the daemon hangs needs none.
	printf -v none '%016x %016x %016x' 0 0 0
	for _ in $(seq 100); do
		# shellcheck disable=SC2016 # awk's
		[ "$(awk '/^Cap(Inh|Prm|Eff)/ { all = all (all ? " " : "") $2; if (/Eff/) { print all; all = "" } }' "/proc/$pid/task/"*/status |
			sort -u | grep -vx -e "$looks" -e "$none")" = "$wanted" ] && return
		sleep 0.1
	done
	why "wanted $wanted: $(grep -h ^Cap "/proc/$pid/task/"*/status | tr -s '\n\t' ' ')"
}
who_reads_cannot_load_and_a_reload_can() {
	write_policy
	rm -f "$dir"/log/*
	start && rights_are_those || return
	reload 2 || return
	[ "$(count '.event.action == "reload"')" = 1 ] && rights_are_those || why "$reason $(tail -n 2 "$dir/err")" || return
	"$dir/work" -c ': </etc/hostname'
	await '.event.action == "openat" and .file.path == "/etc/hostname"' || return
	stop
	[ "$status" = 0 ] || why "$(tail -n 2 "$dir/err")"
}

twenty_reloads_leak_no_descriptor() {
	local before
	write_policy
	start && reload 2 || return
	sleep 1
	before=$(descriptors)
	for i in $(seq 3 22); do
		reload "$i" || return
	done
	for _ in $(seq 300); do # the policy before is freed aside
		[ "$(descriptors)" -le "$before" ] && break
		sleep 0.1
	done
	[ "$(descriptors)" -le "$before" ] || why "$before descriptors before, $(descriptors) after" || return
	stop
}

moved_file_gets_nothing_more_after_sighup() {
	write_policy
	rm -f "$dir"/log/*
	start || return
	mv "$dir/log/events.jsonl" "$dir/log/old"
	kill -HUP "$pid"
	await '.event.action == "reload"' || return
	[ "$(count 'true' "$dir/log/old")" -ge 1 ] || why "the old file is empty" || return
	[ "$(count '.event.action == "reload"' "$dir/log/old")" = 0 ] || why "the old file was written to" || return
	stop
}

# Four processes write while the policy is loaded again and again; most of it the kernel part counts.
counts_are_exact_over_reloads() {
	local jobs=() expected
	put_policy <<-END
		rules:
		  - {name: counted, target: mine, events: [write], where: path startswith "$dir/w", aggregate: {by: [executable, path], every: 300ms}, to: [log]}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl, format: json}
	END
	rm -f "$dir"/log/*
	start || return
	for i in 1 2 3 4; do
		"$dir/work" -c 'i=0; while [ $i -lt 30000 ]; do echo x; i=$((i + 1)); done' >"$dir/w$i" &
		jobs+=($!)
	done
	for i in 2 3 4; do
		reload "$i" || return
	done
	wait "${jobs[@]}"
	stop
	expected=$(printf "$dir/w%d 30000 60000\n" 1 2 3 4)
	jq -rs 'map(select(.traceleft.result == "count")) | group_by(.traceleft.key.path)[] |
		"\(.[0].traceleft.key.path) \(map(.traceleft.count) | add) \(map(.traceleft.bytes) | add)"' \
		"$dir/log/events.jsonl" >"$dir/sums"
	[ "$(cat "$dir/sums")" = "$expected" ] || why "$(cat "$dir/sums")"
}

one_that_was_killed_is_declared_by_the_next() {
	local killed
	write_policy
	rm -f "$dir"/log/*
	start || return
	killed=$pid
	stop KILL
	start || return
	grep -q "process $killed before this one ended without a stop" "$dir/err" || why "the log does not say it" || return
	stop
	start || return
	stop
	[ "$(count '.event.action == "lost" and .traceleft.stage == "outage" and .traceleft.counted == "seconds" and
		.traceleft.first < .traceleft.last and .traceleft.count >= 1')" = 1 ] || why "$(jq -c 'select(.event.action == "lost")' "$dir/log/events.jsonl")"
}

killed_while_writing_it_leaves_whole_lines_only() {
	write_policy
	rm -f "$dir"/log/*
	for _ in 1 2 3 4 5; do
		start || return
		"$dir/work" -c 'while :; do : </dev/null; done' &
		local load=$!
		sleep 0.5
		kill -9 "$pid"
		wait "$pid" 2>/dev/null
		kill "$load"
		wait "$load" 2>/dev/null
		printf '{"torn":' >>"$dir/log/events.jsonl"
	done
	start || return
	stop
	jq -c . "$dir/log/events.jsonl" >/dev/null || why "a line does not parse" || return
	[ "$(count '.traceleft.stage == "torn"')" -ge 5 ] || why "torn lines were not declared"
}

# The kernel gives no room for a task's state now and then. That is declared, but then the test is about
# something else.
kernel_refused() {
	grep -qsE '"stage":"task-state"|"task-state","count":[1-9]' "$dir"/log/*.jsonl
}

# run_test NAME: its status; no daemon is left.
run_test() {
	local status
	reason=
	"$1"
	status=$?
	[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
	rm -f "$dir/run/status.json"
	return "$status"
}

for test in $(declare -F | sed -n 's/^declare -f //p' | grep -vxE 'ok|not_ok|skip|chosen|labelled|why|put_policy|write_policy|run|expect|start|stop|await|count|descriptors|reload|rights_are_those|verifies|kernel_refused|run_test'); do
	chosen "$test" || continue
	if run_test "$test" || { kernel_refused && run_test "$test"; }; then
		ok "host/daemon/$test"
	else
		not_ok "host/daemon/$test" "$reason"
	fi
done
