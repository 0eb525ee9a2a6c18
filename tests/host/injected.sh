#!/bin/bash
# System calls of the daemon fail, one at a time: it goes on, or it ends with words and with a status that the service
# manager tries again after. Each event is told or declared lost, and once. Allocations of the command fail, too;
# those of the daemon do in allocations.sh.
# shellcheck disable=SC1091,SC2015,SC2016,SC2119 # the library is beside; what fails has said why; shells of commands expand; stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/injected "needs root"; exit 0; }
. tests/host/daemon-common
. tests/host/opens-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
failing=$PWD/build/tests/tools/failing-allocations.so
plan=$dir/plan
for needed in strace jq; do
	command -v $needed >/dev/null || { not_ok host/injected "not installed (packaging/install-dependencies): $needed"; exit 1; }
done
[ -e "$failing" ] || { not_ok host/injected "no $failing: make test-tools"; exit 1; }
tracer=""
trap '[ -z "$tracer" ] || kill "$tracer" 2>/dev/null; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
put_policy <<END
rules:
  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
outputs:
  log: {type: file, path: $dir/log/events}
END

begin() {
	rm -rf "$dir/log/events" "$dir/run"
	made=0
	: >"$dir/err"
	start
}
# until_told [N]: so many events are in the file, or all.
until_told() {
	for _ in $(seq 600); do
		[ "$(opens_told)" -ge "${1:-$made}" ] && return
		sleep 0.1
	done
	why "of ${1:-$made}: $(opens_told) $(tail -n 3 "$dir/err")"
}
end_well() {
	stop
	[ "$status" = 0 ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	"$traceleft" verify "$dir/log/events" >"$dir/verified" || why "$(cat "$dir/verified")" || return
	all_accounted_for && no_tampering
}
# It has not started: systemd tries it again, and somebody reads why.
ended_for_now() {
	wait "$pid"
	status=$?
	pid=
	[ "$status" = 71 ] || why "status $status: $(cat "$dir/err")" || return
	grep -q '^traceleftd: .*\(memory\|Too many open files\|Interrupted\)' "$dir/err" || why "no words: $(cat "$dir/err")"
}

# ---- Allocations ----

# arm N: the Nth from now on fails; 0: none does.
arm() {
	local number byte text=
	for number in "$1" 1; do
		for ((byte = 0; byte < 8; byte++, number >>= 8)); do text+=$(printf '\\x%02x' $((number & 255))); done
	done
	printf '%b' "$text" | dd of="$plan" conv=notrunc status=none
}
failed() { od -An -t u8 -j 24 -N 8 "$plan" | tr -d ' '; }
new_plan() {
	truncate -s 0 "$plan"
	truncate -s 16384 "$plan"
	arm "$1"
}

# Many of them, of the command that lists problems and of the one that has a sentence to say.
no_memory_in_the_command_has_words() {
	local i status
	for ((i = 1; i < 1000; i += 4)); do
		new_plan "$i"
		LD_PRELOAD=$failing FAILING_ALLOCATIONS=$plan timeout 60 "$traceleft" check "$dir/policy.yaml" >"$dir/answer" 2>&1
		status=$?
		[ "$(failed)" = 1 ] || break
		[ "$status" = 0 ] || { [ "$status" = 1 ] && grep -q memory "$dir/answer"; } ||
			why "$i: status $status: $(cat "$dir/answer")" || return
	done
	((i > 50)) || why "$i allocations" || return
	new_plan 1
	LD_PRELOAD=$failing FAILING_ALLOCATIONS=$plan timeout 60 "$traceleft" status >"$dir/answer" 2>&1
	status=$?
	[ "$status" = 1 ] && grep -q memory "$dir/answer" || why "status: $status: $(cat "$dir/answer")"
}

# ---- System calls ----

# inject CALL HOW: of the daemon that runs, until end_injecting.
inject() {
	: >"$dir/traced" >"$dir/attached" # of the one before
	strace -f --seccomp-bpf -o "$dir/traced" -e trace="$1" -e inject="$1:$2" -p "$pid" 2>>"$dir/attached" &
	tracer=$!
	for _ in $(seq 300); do
		grep -q attached "$dir/attached" && return
		sleep 0.1
	done
	why "strace: $(cat "$dir/attached")"
}
end_injecting() {
	kill "$tracer" 2>/dev/null
	wait "$tracer" 2>/dev/null
	tracer=
	grep -q INJECTED "$dir/traced" || why "$1: no call failed: $(tail -n 2 "$dir/attached" "$dir/traced") $(cat "$dir/answer" 2>/dev/null) $(tail -n 3 "$dir/err")"
}

# while_injected CALL HOW COMMAND...: again when strace came to a thread of the daemon a moment late.
while_injected() {
	local call=$1 how=$2
	shift 2
	for _ in 1 2 3; do
		inject "$call" "$how" && "$@" || return
		end_injecting "$call:$how" && return
	done
	return 1
}

# Each of them: of the maps that nobody may write to, of the files of the policy.
calls_that_look_for_tampering_fail_and_none_is_told() {
	local call seen_in
	under=()
	begin || return
	for call in bpf:error=ENOMEM bpf:error=EINTR openat:error=EMFILE; do
		inject "${call%%:*}" "${call#*:}:when=1+" || return
		seen_in='BPF_MAP_LOOKUP_ELEM.*INJECTED'
		[[ $call == bpf:* ]] || seen_in='policy.yaml.*INJECTED'
		for _ in $(seq 300); do
			! grep -q "$seen_in" "$dir/traced" || break
			sleep 0.1
		done
		sleep 0.3
		end_injecting "$call" || return
		opens
		until_told || return
	done
	end_well
}

writes_that_fail_lose_nothing() {
	local error
	under=()
	begin || return
	for error in EINTR EAGAIN ENOSPC; do
		while_injected write "error=$error:when=1+2" opens_are_told || return
	done
	end_well
}
opens_are_told() {
	opens
	until_told
}

calls_of_a_reload_fail_and_a_policy_is_in_force() {
	local call
	under=()
	begin || return
	for call in bpf:error=ENOMEM:when=20 mmap:error=ENOMEM:when=6 clone3:error=EAGAIN:when=1 eventfd2:error=EMFILE:when=1 \
		epoll_create1:error=ENOMEM:when=1 recvfrom:error=EINTR:when=1 sendto:error=EINTR:when=1; do
		while_injected "${call%%:*}" "${call#*:}" reload || return
		case $call in
		*EINTR*) [ "$status" = 0 ] ;;
		*) [ "$status" = 0 ] || grep -q 'memory\|open files\|unavailable\|-12' "$dir/answer" ;;
		esac || why "$call: status $status: $(cat "$dir/answer")" || return
		opens
		until_told || return
	done
	end_well
}

# begin_under CALL HOW: from the first call on; the daemon is this shell's child, not strace's.
begin_under() {
	: >"$dir/traced"
	under=(strace -D -f --seccomp-bpf -o "$dir/traced" -e trace="$1" -e inject="$1:$2")
	begin
}

calls_of_the_start_fail_and_systemd_tries_again() {
	local call
	for call in epoll_create1:error=EMFILE:when=1 timerfd_create:error=EMFILE:when=1 signalfd4:error=ENFILE:when=1 \
		flock:error=EINTR:when=1; do
		! begin_under "${call%%:*}" "${call#*:}" || why "$call: it audits" || return
		ended_for_now || return
	done
}

control_that_cannot_be_made_is_made_later() {
	begin_under listen error=ENOMEM:when=1 || return
	for _ in $(seq 100); do
		reload
		[ "$status" != 0 ] || break
		sleep 0.1
	done
	[ "$status" = 0 ] && grep -q 'cannot listen' "$dir/err" || why "$(cat "$dir/answer" "$dir/err")" || return
	opens
	until_told && end_well
}

# hang: the call that puts the status in place, of the loop's thread alone, takes nine seconds.
hang() {
	: >"$dir/traced" >"$dir/attached" >"$dir/err"
	strace -o "$dir/traced" -e trace=renameat -e inject=renameat:delay_enter=9000000:when=1 -p "$pid" 2>>"$dir/attached" &
	tracer=$!
	opens
	for _ in $(seq 300); do
		grep -q '^traceleftd: tampering: the daemon hangs: ' "$dir/err" && break
		sleep 0.1
	done
	! grep -q '"hung"' "$dir/log/events" || why "it hung no longer" || return
	grep -qE '^traceleftd: tampering: the daemon hangs: for 4\.[0-9] seconds it has waited, ' "$dir/err" ||
		why "$(cat "$dir/attached" "$dir/err")"
}
# Within five seconds in the log, by a thread that does not wait; then in the output. On a machine that is too busy for
# that it has another try.
daemon_that_hangs_is_told_at_once() {
	local told try
	under=()
	for try in 1 2 3; do
		begin || return
		hang
		told=$?
		until_told 3 || return
		for _ in $(seq 200); do
			grep -q '"hung"' "$dir/log/events" && break
			sleep 0.1
		done
		kill "$tracer" 2>/dev/null
		wait "$tracer" 2>/dev/null
		tracer=
		stop
		[ "$told" != 0 ] || break
	done
	[ "$told" = 0 ] && jq -e -s '[.[] | select(.event.action == "tamper") | [.log.level, .traceleft.tamper.kind,
		.traceleft.tamper.state, (.message | test("the daemon hung for [89][0-9.]* seconds|for 1[0-9.]* seconds")),
		.traceleft.first < .traceleft.last]] == [["crit", "hung", "over", true, true]]' "$dir/log/events" >/dev/null ||
		why "$try: $reason $(grep '"tamper"' "$dir/log/events")" || return
	[ "$(grep -c 'tampering: the daemon hangs' "$dir/err")" = 1 ] || why "more than once: $(cat "$dir/err")"
}

who_ends_for_an_error_tells_what_has_come_and_why() {
	under=()
	begin || return
	kill -STOP "$pid"
	opens
	inject timerfd_settime error=ENOMEM:when=1+ || return
	kill -CONT "$pid"
	wait "$pid"
	status=$?
	pid=
	end_injecting timerfd_settime || return
	[ "$status" = 71 ] && grep -q 'the event loop failed' "$dir/err" || why "status $status: $(cat "$dir/err")" || return
	until_told && jq -e -s 'any(.[]; .event.action == "stop" and (.message | test("the event loop failed")))' \
		"$dir/log/events" >/dev/null || why "$(tail -n 1 "$dir/log/events")"
}

for test in no_memory_in_the_command_has_words calls_that_look_for_tampering_fail_and_none_is_told writes_that_fail_lose_nothing \
	calls_of_a_reload_fail_and_a_policy_is_in_force calls_of_the_start_fail_and_systemd_tries_again \
	control_that_cannot_be_made_is_made_later daemon_that_hangs_is_told_at_once who_ends_for_an_error_tells_what_has_come_and_why; do
	chosen "$test" || continue
	reason="" begun=$SECONDS
	if "$test"; then ok "host/injected/$test"; else not_ok "host/injected/$test" "$reason"; fi
	[ -z "$tracer" ] || { kill "$tracer" 2>/dev/null; wait "$tracer" 2>/dev/null; tracer=; }
	[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
	echo "# host/injected/$test: $((SECONDS - begun)) s"
done
