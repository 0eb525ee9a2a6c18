#!/bin/bash
# traceleft reload and tail, and the control socket of a daemon that runs in the foreground.
# shellcheck disable=SC2015 # what fails has said why
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/control "needs root"; exit 0; }
. tests/host/daemon-common
export TERM=xterm
traceleft=${TRACELEFT:-$PWD/build/traceleft}
socket=$dir/run/control

write_policy() {
	put_policy <<-END
		rules:
		  - name: all
		    target: mine
		    events: [openat, chdir]
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl}
	END
}

# ask VERB ARGS...: its exit status in $status.
ask() {
	timeout 60 "$traceleft" "$1" --socket "$socket" "${@:2}" >"$dir/answer" 2>"$dir/asked"
	status=$?
}

# watch FILE ARGS...: tail, in the background as $watcher; returns when it has its answer and
# waits for events, which it does with poll(2), call 7.
watch() {
	timeout 90 "$traceleft" tail --socket "$socket" "${@:2}" >"$1" 2>"$1.err" &
	watcher=$!
	for _ in $(seq 600); do
		grep -q '^7 ' "/proc/$(pgrep -P $watcher)/syscall" 2>/dev/null && return
		sleep 0.05
	done
	why "tail did not begin: $(cat "$1.err")"
}

# opens N PATH: so many are made, with a pause after each thousand.
opens() {
	"$dir/work" -c "i=0; while [ \$i -lt $1 ]; do i=\$((i + 1)); : <$2; [ \$((i % 1000)) != 0 ] || /bin/sleep 0.1; done"
}

reload_says_what_is_in_force() {
	ask reload
	[ "$status" = 0 ] && grep -qEx "in force: policy $dir/policy.yaml; rules: 1, events: [0-9]+, targets: 1, outputs: 1" "$dir/answer" ||
		why "status $status: $(cat "$dir/answer" "$dir/asked")"
}

refused_reload_says_where_and_gives_1() {
	sed -i 's/chdir/chdri/' "$dir/policy.yaml"
	ask reload
	write_policy
	[ "$status" = 1 ] && grep -q "^traceleft: reload: the policy cannot be used: $dir/policy.yaml:7:22: .*chdri" "$dir/asked" ||
		why "status $status: $(cat "$dir/answer" "$dir/asked")"
}

who_asked_is_recorded() {
	local login=""
	# A kernel without audit has no login users.
	timeout 60 sh -c 'echo 1000 >/proc/self/loginuid; cat /proc/self/loginuid >"$1"; exec "$2" reload --socket "$3"' \
		sh "$dir/login" "$traceleft" "$socket" >/dev/null 2>&1
	[ "$(cat "$dir/login")" != 1000 ] || login=", login user 1000"
	jq -e -s 'last(.[] | select(.event.action == "reload")).message |
		test("^request from process [0-9]+ \\(traceleft\\), user 0'"$login"'; .*rules: 1")' "$dir/log/events.jsonl" >/dev/null &&
		jq -e -s --arg exe "$(realpath "$traceleft")" 'last(.[] | select(.event.action == "reload")).traceleft.requester |
			.executable == $exe and .name == "traceleft" and .uid == 0' "$dir/log/events.jsonl" >/dev/null ||
		why "$(grep '"reload"' "$dir/log/events.jsonl" | tail -n 1)"
}

reloads_at_the_same_time_are_all_answered() {
	local i all=()
	for i in 1 2 3 4 5; do
		timeout 60 "$traceleft" reload --socket "$socket" >"$dir/answer$i" 2>&1 &
		all+=($!)
	done
	for i in "${all[@]}"; do
		wait "$i" || why "$(cat "$dir"/answer?)" || return
	done
	[ "$(grep -c '^in force: ' "$dir"/answer? | grep -c ':1$')" = 5 ] || why "$(cat "$dir"/answer?)"
}

tail_shows_events_as_text_and_json() {
	watch "$dir/text" -n 2 --where 'path == "/etc/hostname"' || return
	opens 2 /etc/hostname
	wait "$watcher" && [ "$(grep -cE '^\[pid [0-9]+ work\] openat\(AT_FDCWD, "/etc/hostname", O_RDONLY\) = [0-9]+ </etc/hostname>$' "$dir/text")" = 2 ] ||
		why "$(cat "$dir/text" "$dir/text.err")" || return
	watch "$dir/json" --json -n 1 --where 'path == "/etc/hostname"' || return
	opens 1 /etc/hostname
	wait "$watcher" && jq -e '.event.action == "openat" and .rule.name == "all" and .file.path == "/etc/hostname"' "$dir/json" >/dev/null ||
		why "$(cat "$dir/json" "$dir/json.err")"
}

tail_goes_on_over_a_reload() {
	watch "$dir/text" -n 3 --where 'path == "/etc/hostname"' || return
	opens 1 /etc/hostname
	ask reload
	opens 2 /etc/hostname
	wait "$watcher" || why "$(cat "$dir/text" "$dir/text.err")"
}

names_do_not_reach_a_terminal_raw() {
	local name=$'\e]0;evil\a\n[pid 1 init] \xff\xe2\x80\xae'
	watch "$dir/text" -n 1 --where 'event == "openat" and errno == ENOENT' || return
	"$dir/work" -c ": <'$dir/$name'" 2>/dev/null
	wait "$watcher" && [ "$(wc -l <"$dir/text")" = 1 ] && grep -qF '\x1b]0;evil\x07\n[pid 1 init] \xff' "$dir/text" &&
		! grep -qaP '[\x00-\x09\x0b-\x1f\x7f\xff]|\xe2\x80\xae' "$dir/text" || why "$(od -c "$dir/text" | head -n 20)"
}

wrong_condition_gives_2_and_its_column() {
	ask tail --where 'pth == "/"'
	[ "$status" = 2 ] && grep -q "column 1: .*did you mean 'path'" "$dir/asked" || why "status $status: $(cat "$dir/asked")"
}

# The output and the other reader have all, while one never reads.
reader_that_never_reads_delays_nobody() {
	local n=20000 stuck i
	python3 -c '
import socket, sys, time
s = socket.socket(socket.AF_UNIX)
s.connect(sys.argv[1])
s.sendall(b"tail\0json\0\0")
assert s.recv(2) == b"+\0"
time.sleep(60)' "$socket" &
	stuck=$!
	watch "$dir/json" --json -n $n --where 'path == "/dev/null"' || return
	opens $n /dev/null
	wait "$watcher" || why "$(grep -c . "$dir/json") of $n: $(cat "$dir/json.err")" || return
	kill "$stuck"
	wait "$stuck" 2>/dev/null
	! grep -q '"action":"lost"' "$dir/json" || why "somebody else's loss is told" || return
	for i in $(seq 300); do
		[ "$(grep -c '"path":"/dev/null","' "$dir/log/events.jsonl")" -ge $n ] && break
		sleep 0.1
	done
	[ "$(jq -c 'select(.file.path == "/dev/null")' "$dir/log/events.jsonl" | wc -l)" = $n ] || why "the file has not all"
}

garbage_half_a_request_and_too_many_clients_are_survived() {
	python3 - "$socket" >"$dir/answer" 2>&1 <<-'END' || why "$(tail -n 2 "$dir/answer")" || return
		import os, socket, sys
		def ask(data):
		    s = socket.socket(socket.AF_UNIX)
		    s.connect(sys.argv[1])
		    s.settimeout(10)
		    try:
		        s.sendall(data)
		    except OSError:
		        pass
		    return s
		def answer(s):
		    try:
		        return s.recv(4096)
		    except ConnectionError:
		        return b""
		for _ in range(20):
		    assert answer(ask(b"\xff" + os.urandom(3000).replace(b"\0", b"x") + b"\0")).startswith(b"-")
		assert answer(ask(b"tail\0where=" + b"x" * 100000)) == b"-the request is too long\0"
		half = ask(b"relo")
		many = [ask(b"") for _ in range(100)]
		busy = sum(1 for s in many[40:] if answer(s) == b"-too many ask at a time\0")
		assert busy == 60, busy
		for s in many:
		    s.close()
		assert answer(half) == b"", "half a request was answered"
	END
	reload_says_what_is_in_force
}

others_cannot_ask() {
	local binary=$dir/traceleft
	cp "$traceleft" "$binary"
	status=0
	timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups "$binary" reload --socket "$socket" 2>"$dir/asked" || status=$?
	[ "$status" = 1 ] && grep -q 'only root and members of the group traceleft' "$dir/asked" || why "status $status: $(cat "$dir/asked")" || return
	# Nor if the folder were open to them.
	chmod 755 "$dir/run"
	chmod 666 "$socket"
	status=0
	timeout 60 setpriv --reuid 65534 --regid 65534 --clear-groups "$binary" tail --socket "$socket" >"$dir/answer" 2>"$dir/asked" || status=$?
	chmod 660 "$socket"
	chmod 750 "$dir/run"
	[ "$status" = 1 ] && [ ! -s "$dir/answer" ] && grep -q 'only root and members of the group traceleft' "$dir/asked" ||
		why "status $status: $(cat "$dir/asked")"
}

# loaded COMMAND...: while the one program does something.
loaded() {
	local load result
	"$dir/work" -c 'while :; do : </etc/hostname; /bin/sleep 0.01; done' &
	load=$!
	"$@"
	result=$?
	kill "$load"
	wait "$load" 2>/dev/null
	return $result
}

top_counts_by_event_program_and_unit() {
	loaded ask top -n 2
	[ "$status" = 0 ] && [ "$(grep -cE '^[0-9.]+ events per second$' "$dir/answer")" = 2 ] &&
		grep -qE "^ +[0-9]*\.?[0-9]*[1-9][0-9.]* openat +[^ ]+ +$dir/work$" "$dir/answer" || why "status $status: $(cat "$dir/answer" "$dir/asked")" || return
	loaded ask top --json -n 2
	jq -e -s --arg work "$dir/work" 'length == 2 and (last | .events > 0 and .nanoseconds > 500000000 and
		.events == .others + ([.rows[].count] | add) and any(.rows[]; .event == "openat" and .executable == $work))' \
		"$dir/answer" >/dev/null || why "$(head -c 500 "$dir/answer")"
}

until_on_screen() {
	for _ in $(seq 600); do
		grep -qaF "$1" "$dir/screen" && return
		sleep 0.1
	done
}

# On a terminal, until q is typed; that is as it was then.
top_fills_a_terminal() {
	: >"$dir/screen"
	loaded timeout 90 script -qec "stty rows 30 cols 200; exec '$traceleft' top --socket '$socket'" /dev/null \
		>"$dir/screen" 2>&1 < <(until_on_screen "$dir/work"; echo q)
	status=$?
	[ "$status" = 0 ] && grep -qa 'events per second' "$dir/screen" && grep -qaF "$dir/work" "$dir/screen" &&
		grep -qaF $'\e[?1049h' "$dir/screen" && grep -qaF $'\e[?1049l' "$dir/screen" || why "status $status: $(tail -c 300 "$dir/screen" | od -c | head)"
}

# What is on the screen by its own sequences for it; a program's name adds none, and no line.
names_do_not_reach_the_screen_of_top_raw() {
	local odd=$dir/work$'\e]0;evil\a\n\e[2J\x90\xff\xe2\x80\xae\xc2\x9b31m' load
	sed -i "s,executable: .*},executable: \"$dir/work*\"}," "$dir/policy.yaml"
	ask reload
	cp "$dir/work" "$odd" || return
	"$odd" -c 'while :; do : </etc/hostname; /bin/sleep 0.01; done' &
	load=$!
	: >"$dir/screen"
	timeout 90 script -qec "stty rows 30 cols 200; exec '$traceleft' top --socket '$socket'" /dev/null \
		>"$dir/screen" 2>&1 < <(until_on_screen "$dir/work"'\x1b'; echo q)
	status=$?
	kill "$load"
	wait "$load" 2>/dev/null
	write_policy
	[ "$status" = 0 ] && grep -qaF "$dir/work"'\x1b]0;evil\x07\x0a\x1b[2J\x90\xff\xe2\x80\xae\xc2\x9b31m' "$dir/screen" ||
		why "status $status: $(tail -c 400 "$dir/screen" | od -c | head -n 30)" || return
	! sed -E 's/\x1b(\[[0-9;?]*[A-Za-z]|\(B|[=>])//g' "$dir/screen" |
		grep -aP '[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\xff\x90]|\xe2\x80\xae|\xc2\x9b' >"$dir/raw" || why "$(od -c "$dir/raw" | head -n 20)"
}

tail_ends_with_the_daemon() {
	watch "$dir/text" || return
	stop
	wait "$watcher"
	[ $? = 1 ] && grep -qx 'traceleft: traceleftd: ended' "$dir/text.err" && grep -q 'stop' "$dir/text" ||
		why "$(cat "$dir/text" "$dir/text.err")" || return
	[ ! -e "$socket" ] || why "the socket is still there" || return
	ask reload
	[ "$status" = 1 ] && grep -q '^traceleft: traceleftd: not running' "$dir/asked" || why "status $status: $(cat "$dir/asked")"
}

write_policy
reason=
start || { not_ok host/control/start "$reason"; exit; }
for test in reload_says_what_is_in_force refused_reload_says_where_and_gives_1 who_asked_is_recorded \
	reloads_at_the_same_time_are_all_answered tail_shows_events_as_text_and_json tail_goes_on_over_a_reload \
	names_do_not_reach_a_terminal_raw wrong_condition_gives_2_and_its_column reader_that_never_reads_delays_nobody \
	garbage_half_a_request_and_too_many_clients_are_survived others_cannot_ask \
	top_counts_by_event_program_and_unit top_fills_a_terminal names_do_not_reach_the_screen_of_top_raw tail_ends_with_the_daemon; do
	reason=
	if "$test"; then ok "host/control/$test"; else not_ok "host/control/$test" "$reason"; fi
done
