#!/bin/bash
# traceleft trace PID:HANDLER: processes that run already.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

# A handler for read that a config of somebody's own describes, $dir/own/handle_syscall_read.bpf.o.
build_own_handler() {
	cat >"$dir/config.json" <<-'END'
		{"event": [{"name": "read", "args": [
			{"position": 1, "type": "u64", "name": "descriptor"},
			{"position": 2, "type": "char", "name": "start", "suffix": "[16]", "hashFunc": "string"},
			{"position": 3, "type": "u64", "name": "wanted", "hashFunc": "skip"}]}]}
	END
	"$TRACELEFT" battery build --config "$dir/config.json" --out "$dir/own" >"$dir/built" 2>&1 ||
		why "build: $(head -c 300 "$dir/built")"
}

program_id_is_in_every_event_of_the_process() {
	waiting fifo dd if=/dev/zero of=/dev/null bs=7 count=3 || return
	trace_start -f json "7:$pid:read" || return
	release fifo
	trace_end
	expect_status 0 && expect_balanced || return
	[[ $(count_json '.traceleft.program_id == 7 and .event.action == "read" and .traceleft.ret == 7') == 3 ]] ||
		why "$(jq -c '[.event.action, .traceleft.program_id, .traceleft.ret]' "$dir/out" | tail -n 4)" || return
	[[ $(events | jq -c "select(.traceleft.program_id != 7 or .process.pid != $pid)" | wc -l) == 0 ]] || why "events of others"
}

two_processes_have_two_handlers_for_the_same_event() {
	local first second
	build_own_handler || return
	waiting first head -c 8 /etc/passwd || return
	first=$pid
	waiting second head -c 9 /etc/passwd || return
	second=$pid
	trace_start -f json "1:$first:$dir/own/handle_syscall_read.bpf.o" "2:$second:read" || return
	release first
	release second
	trace_end
	expect_status 0 && expect_balanced &&
		expect_json ".process.pid == $first and .traceleft.program_id == 1 and (.traceleft.args.start | startswith(\"root:x:0\"))" &&
		expect_json ".process.pid == $second and .traceleft.program_id == 2 and (.traceleft.args.buf | startswith(\"root:x:0\"))" || return
	[[ $(count_json ".process.pid == $first and .traceleft.args.buf != null") == 0 ]] || why "the wrong handler ran" || return
	[[ $(count_json ".process.pid == $second and .traceleft.args.start != null") == 0 ]] || why "the wrong handler ran"
}

# Two registrations of a process are two targets, each with an identity of its own.
process_has_several_program_ids() {
	waiting fifo dd if=/dev/zero of=/dev/null bs=7 count=3 || return
	trace_start -f json "7:$pid:read" "8:$pid:write" "$pid:close" || return
	release fifo
	trace_end
	expect_status 0 && expect_balanced || return
	[[ $(count_json '.traceleft.program_id == 7 and .event.action == "read" and .traceleft.ret == 7') == 3 ]] &&
		[[ $(count_json '.traceleft.program_id == 8 and .event.action == "write" and .traceleft.ret == 7') == 3 ]] &&
		[[ $(count_json '.traceleft.program_id == 0 and .event.action == "close"') -gt 0 ]] ||
		why "$(jq -c '[.event.action, .traceleft.program_id, .traceleft.ret]' "$dir/out" | tail -n 8)"
}

process_without_a_handler_of_its_own_has_the_default_one() {
	build_own_handler || return
	waiting fifo head -c 8 /etc/passwd || return
	# The default is for the command alone: nothing on the machine is traced besides.
	"$TRACELEFT" trace -f json -o "$dir/out" "1:$pid:$dir/own/handle_syscall_read.bpf.o" read,close -- \
		/bin/sh -c "echo go >$dir/fifo; head -c 9 /etc/passwd; sleep 0.5" >/dev/null 2>"$dir/err"
	status=$?
	expect_status 0 && expect_balanced &&
		expect_json ".process.pid == $pid and .traceleft.program_id == 1 and (.traceleft.args.start | startswith(\"root:x:0\"))" &&
		expect_json ".process.pid == $pid and .event.action == \"close\" and .traceleft.program_id == 0" &&
		expect_json ".process.pid != $pid and .traceleft.program_id == 0 and (.traceleft.args.buf // \"\" | startswith(\"root:x:0\"))"
}

own_config_is_decoded_without_rebuilding_anything() {
	build_own_handler || return
	trace -f json "$dir/own/handle_syscall_read.bpf.o" -- /bin/sh -c "exec head -c 30 /etc/passwd >/dev/null"
	expect_status 0 && expect_balanced &&
		expect_json '.traceleft.args.start | startswith("root:x:0:0:root")' || return
	# 16 bytes are captured, the rest is declared to be missing.
	expect_json '(.traceleft.args.start | length) <= 16 and (.traceleft.flags // [] | index("truncated"))'
}

pid_option_is_for_specs_without_one() {
	waiting fifo cat /dev/null || return
	trace_start -f json -p "$pid" openat || return
	release fifo
	trace_end
	expect_status 0 && expect_balanced && expect_json ".process.pid == $pid and .file.path == \"/dev/null\""
}

trace_ends_with_the_last_process_that_was_named() {
	local one
	waiting one true || return
	one=$pid
	waiting two true || return
	trace_start openat "$one,$pid:exec" -p "$one" || return
	release one
	sleep 0.3
	kill -0 "$tracer" || why "it ended with the first one" || return
	release two
	trace_end
	expect_status 0 && expect_balanced
}

interrupt_ends_the_trace_and_balances() {
	local signal
	for signal in INT TERM HUP; do
		waiting "fifo-$signal" true || return
		trace_start "$pid:openat" || return
		kill -"$signal" "$tracer"
		trace_end
		release "fifo-$signal"
		expect_status 0 && expect_balanced || return
	done
}

process_that_does_not_exist_is_told() {
	local gone
	true &
	gone=$!
	wait "$gone"
	trace "$gone:openat"
	expect_status 1 && expect_error "traceleft: $gone: No such process"
}

later_handler_for_the_same_event_is_reported() {
	build_own_handler || return
	trace read "$dir/own/handle_syscall_read.bpf.o" -- /bin/true
	expect_status 0 && expect_error 'no effect'
}

# starts N: sessions, one after the other; those that had no state for a task say so.
starts() {
	local i process
	for ((i = 0; i < $1; i++)); do
		sleep 0.3 &
		process=$!
		timeout 60 "$TRACELEFT" trace --pid "$process" getppid 2>&1 </dev/null | grep task-state
		wait "$process"
	done
}

# Both come to a task that was born just now, and want to be the first to keep something of it.
sessions_that_begin_at_once_know_each_task() {
	local first forker forkers=()
	for forker in 1 2 3; do
		dash -c 'while :; do (:); done' &
		forkers[forker]=$!
	done
	starts 15 >"$dir/first" &
	first=$!
	starts 15 >"$dir/second"
	wait "$first"
	kill "${forkers[@]}"
	wait "${forkers[@]}" 2>/dev/null
	[ ! -s "$dir/first" ] && [ ! -s "$dir/second" ] || why "$(cat "$dir/first" "$dir/second" | grep -c '^lost') starts missed one"
}

run_tests program_id_is_in_every_event_of_the_process process_has_several_program_ids \
	two_processes_have_two_handlers_for_the_same_event \
	process_without_a_handler_of_its_own_has_the_default_one own_config_is_decoded_without_rebuilding_anything \
	pid_option_is_for_specs_without_one trace_ends_with_the_last_process_that_was_named \
	interrupt_ends_the_trace_and_balances process_that_does_not_exist_is_told \
	later_handler_for_the_same_event_is_reported sessions_that_begin_at_once_know_each_task
