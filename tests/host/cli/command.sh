#!/bin/bash
# traceleft trace SPEC -- COMMAND: from the first instruction to the exit status.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

# The README's example.
openat_and_chmod_of_a_shell_are_shown_with_arguments_and_paths() {
	local file=$dir/file
	trace -f json chmod,openat -- /bin/sh -c "touch $file; chmod 600 $file"
	expect_status 0 && expect_balanced &&
		expect_json ".event.action == \"openat\" and .file.path == \"$file\" and .traceleft.args.pathname == \"$file\"
			and .traceleft.ret >= 0 and .event.outcome == \"success\" and .process.name == \"touch\"
			and (.traceleft.args_text | contains(\"O_CREAT\"))" &&
		expect_json "(.event.action == \"chmod\" or .event.action == \"fchmodat\") and .file.path == \"$file\"
			and .traceleft.args.mode == 384 and .traceleft.ret == 0 and .process.name == \"chmod\"
			and .process.executable == \"$(readlink -f /bin/chmod)\"
			and .process.args == [\"chmod\", \"600\", \"$file\"]"
}

failed_call_is_shown_with_its_errno() {
	trace -f json openat -- /bin/cat "$dir/no-such-file"
	expect_status 1 && expect_balanced &&
		expect_json ".traceleft.args.pathname == \"$dir/no-such-file\" and .traceleft.ret == -2
			and .traceleft.errno == \"ENOENT\" and .event.outcome == \"failure\""
}

first_event_of_a_command_is_its_exec() {
	trace -f json @all -- /bin/true
	expect_status 0 && expect_balanced || return
	[[ $(jq -rs '.[0].event.action' "$dir/out") == exec ]] || why "first is $(jq -c '[.event.action, .process.name]' "$dir/out" | head -n 1)"
}

only_what_was_asked_for_is_shown() {
	trace -f json openat -- /bin/sh -c 'cat /dev/null; true'
	expect_status 0 || return
	[[ $(events | jq -r .event.action | sort -u) == openat ]] || why "$(jq -r .event.action "$dir/out" | sort | uniq -c)"
}

descendants_are_traced() {
	trace -f json exec -- /bin/sh -c '(/bin/sh -c "/bin/true; :"; :); :'
	expect_status 0 && expect_json '.process.executable | endswith("/true")'
}

other_processes_are_not_traced() {
	local busy
	while :; do /bin/cat /dev/null; done &
	busy=$!
	trace -f json @all -- /bin/sh -c 'sleep 0.3; /bin/true; :'
	kill "$busy"
	expect_status 0 && expect_balanced || return
	[[ $(count_json '.process.name == "cat"') == 0 ]] || why "$(count_json '.process.name == "cat"') events of cat"
}

exit_status_is_the_commands() {
	trace openat -- /bin/sh -c 'exit 42'
	expect_status 42 && expect_balanced
}

killed_command_gives_128_and_the_signal() {
	trace openat -- /bin/sh -c 'kill -9 $$'
	expect_status 137 && expect_balanced
}

command_that_is_not_found_gives_127() {
	trace openat -- traceleft-no-such-command
	expect_status 127 && expect_error 'traceleft: traceleft-no-such-command: No such file or directory' || return
	trace openat -- "$dir/nothing"
	expect_status 127 && expect_error "traceleft: $dir/nothing: No such file or directory"
}

command_that_cannot_be_executed_gives_126() {
	echo data >"$dir/data"
	trace openat -- "$dir/data"
	expect_status 126 && expect_error "traceleft: $dir/data: Permission denied" || return
	chmod +x "$dir/data"
	trace openat -- "$dir/data"
	expect_status 126 && expect_error "traceleft: $dir/data: Exec format error"
}

command_is_found_in_path() {
	printf '#!/bin/sh\nexit 5\n' >"$dir/some-command"
	chmod +x "$dir/some-command"
	PATH=$dir:$PATH trace openat -- some-command
	expect_status 5
}

options_of_the_command_stay_its_own() {
	trace -q openat -- /bin/sh -c 'echo "$0 $*"' -q -- -x
	grep -qx -- '-q -- -x' "$dir/out" || why "$(cat "$dir/out")"
}

standard_input_and_variables_reach_the_command() {
	local got
	got=$(echo through | SOME_VARIABLE=value timeout 60 "$TRACELEFT" trace -o "$dir/events" openat -- /bin/sh -c 'read x; echo $x $SOME_VARIABLE' 2>/dev/null)
	[[ $got == 'through value' ]] || why "got '$got'"
}

descendants_that_go_on_are_mentioned() {
	trace openat -- /bin/sh -c 'sleep 2 >/dev/null 2>&1 & exit 0'
	expect_status 0 && expect_error 'go on untraced' && expect_balanced
}

signal_is_passed_on_to_the_command() {
	# The signal goes to traceleft alone, not to the group.
	"$TRACELEFT" trace openat -- /bin/sh -c 'trap "exit 9" TERM; echo ready; while :; do sleep 0.1; done' >"$dir/out" 2>"$dir/err" &
	tracer=$!
	wait_for "the command runs" grep -q ready "$dir/out" || return
	kill -TERM "$tracer"
	trace_end
	expect_status 9 && expect_balanced
}

second_signal_leaves_the_command_alone() {
	"$TRACELEFT" trace openat -- /bin/sh -c "trap '' TERM; echo \$\$ >$dir/pid; echo ready; sleep 3" >"$dir/out" 2>"$dir/err" &
	tracer=$!
	wait_for "the command runs" grep -q ready "$dir/out" || return
	kill -TERM "$tracer"
	sleep 0.3
	kill -TERM "$tracer"
	trace_end
	expect_status 143 && expect_error 'goes on' && expect_balanced || return
	kill -0 "$(cat "$dir/pid")" || why "the command is gone"
}

command_without_a_spec_for_it_is_refused() {
	trace "$$:read" -- /bin/true
	expect_status 2 && expect_error 'every SPEC names processes'
}

missing_command_is_refused() {
	trace openat --
	expect_status 2 && expect_error 'a command is missing'
}

run_tests openat_and_chmod_of_a_shell_are_shown_with_arguments_and_paths failed_call_is_shown_with_its_errno \
	first_event_of_a_command_is_its_exec only_what_was_asked_for_is_shown descendants_are_traced \
	other_processes_are_not_traced exit_status_is_the_commands killed_command_gives_128_and_the_signal \
	command_that_is_not_found_gives_127 command_that_cannot_be_executed_gives_126 command_is_found_in_path \
	options_of_the_command_stay_its_own standard_input_and_variables_reach_the_command \
	descendants_that_go_on_are_mentioned signal_is_passed_on_to_the_command second_signal_leaves_the_command_alone \
	command_without_a_spec_for_it_is_refused missing_command_is_refused
