#!/bin/bash
# The command line itself: help, messages, exit statuses, and that the manual
# page and the completion say the same as --help.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

root=$cli_dir/../../..

run() {
	timeout 60 "$TRACELEFT" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

verbs() {
	"$TRACELEFT" --help | sed -n '/^Verbs:/,/^$/s/^  \([a-z-]*\) .*/\1/p'
}

# options VERB: one a line, short and long.
options() {
	"$TRACELEFT" "$1" --help | sed -n '/^Options:/,/^$/p' | grep -oE '^ +(-[a-z])?(, | +)?(--[a-z-]+)?' | grep -oE -- '-{1,2}[a-z][a-z-]*'
}

every_verb_has_help() {
	local verb
	[[ $(verbs | wc -l) -ge 6 ]] || why "verbs: $(verbs | tr '\n' ' ')" || return
	for verb in $(verbs); do
		run "$verb" --help
		expect_status 0 && grep -q "^usage: traceleft $verb " "$dir/out" && [[ ! -s $dir/err ]] ||
			why "$verb --help: $(head -n 1 "$dir/out" "$dir/err")" || return
		run help "$verb"
		grep -q "^usage: traceleft $verb " "$dir/out" || why "help $verb" || return
	done
}

version_is_printed() {
	run --version
	expect_status 0 && grep -qE '^traceleft [0-9]+\.[0-9]+\.[0-9]+$' "$dir/out" || why "$(cat "$dir/out")"
}

# refused STATUS TEXT ARGS...
refused() {
	local wanted=$1 text=$2
	shift 2
	run "$@"
	[[ $status == "$wanted" ]] || why "$*: exit status $status, not $wanted: $(cat "$dir/err")" || return
	expect_error "$text" || return
	[[ ! -s $dir/out ]] || why "$*: it printed: $(head -n 1 "$dir/out")"
}

wrong_usage_gives_2_and_one_line() {
	run
	expect_status 2 || return
	refused 2 "no such verb, did you mean 'trace'?" trce &&
		refused 2 'unknown option --none' trace --none &&
		refused 2 'unknown option -x' trace -cx openat &&
		refused 2 'option -o needs an argument' trace -o &&
		refused 2 'option --format needs an argument' trace openat --format &&
		refused 2 'takes no argument' trace --summary=yes openat &&
		refused 2 'what to trace is missing' trace &&
		refused 2 'none of text, json, proto' trace -f xml openat &&
		refused 2 'none of auto' trace --attach magic openat &&
		refused 2 'no size' trace --buffer lots openat &&
		refused 2 'no size' trace --buffer 0 openat &&
		refused 2 '-p 1,x: column 3' trace -p 1,x openat &&
		refused 2 'either --json or --prometheus' status --json --prometheus &&
		refused 2 'no argument' status now &&
		refused 2 'list, build' battery &&
		refused 2 'neither list nor build' battery make &&
		refused 2 'build needs --config' battery build --out "$dir" &&
		refused 2 'one policy' check a b &&
		refused 2 '-n: a number of seconds is wanted, 1 at least: 0' top -n 0 &&
		refused 2 '-n: a number of lines is wanted, 1 at least: x' tail -n x &&
		refused 2 'no such verb' help none
}

unknown_event_names_the_nearest() {
	refused 2 "traceleft: opneat: no such event, did you mean 'openat'?" trace opneat &&
		refused 2 "traceleft: @flie: no such group of events, did you mean '@file'?" trace @flie &&
		refused 2 "did you mean 'chmod'?" trace =chmdo &&
		refused 2 'traceleft: lost: no such event' trace lost &&
		refused 2 "did you mean 'openat'?" events opneat
}

what_a_condition_never_finds_is_warned_of() {
	refused 1 "warning: --where: column 9: 'unit' is never 'nginx'" tail --socket "$dir/none" --where "unit == 'nginx'" &&
		refused 1 "column 15: 'executable' is a whole path" tail --socket "$dir/none" --where "executable == 'sh'" &&
		refused 2 "column 12: '10ms' is no number: there are no units here" tail --where 'duration > 10ms'
}

bad_spec_names_its_column() {
	refused 2 'traceleft: trace: 1234: column 1: ' trace 1234 &&
		refused 2 'traceleft: trace: 1,,2:read: column 3: ' trace 1,,2:read &&
		refused 2 'traceleft: trace: bash:read: column 1: bash is no process id' trace bash:read &&
		refused 2 'traceleft: trace: read,: column 6: ' trace read, &&
		refused 2 'column 1: 0 is no process id' trace 0:read
}

message_cannot_move_the_terminal() {
	refused 2 'a\x1b[2Jb' events $'a\e[2Jb' &&
		refused 2 'x\x0ay' trace "$(printf 'x\ny')"
}

missing_handler_is_told() {
	refused 1 'traceleft: ./none.bpf.o: No such file or directory' trace ./none.bpf.o &&
		refused 1 'traceleft: /etc/passwd: ' trace /etc/passwd
}

without_root_tracing_is_refused() {
	[[ $(id -u) == 0 ]] || skipped "needs root to become somebody else" || return
	mkdir -m 755 "$dir/public"
	timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$TRACELEFT" trace openat -- /bin/true >"$dir/out" 2>"$dir/err"
	status=$?
	[[ $status != 126 && $status != 127 ]] || skipped "somebody else may not execute $TRACELEFT" || return
	expect_status 1 && expect_error 'root'
}

events_are_listed_and_described() {
	run events
	expect_status 0 && grep -qE '^openat +257 +file ' "$dir/out" || why "$(head -n 3 "$dir/out")" || return
	run events @network
	expect_status 0 && grep -q '^connect ' "$dir/out" && ! grep -q '^openat ' "$dir/out" || why "@network" || return
	run events openat
	expect_status 0 && grep -q '^openat: ' "$dir/out" && grep -q '^ *2 pathname' "$dir/out" && grep -qE '^attached: +[a-z_]+' "$dir/out" ||
		why "$(cat "$dir/out")"
}

events_as_json_are_an_array() {
	run events --json
	expect_status 0 || return
	jq -e 'map(select(.name == "openat"))[0] | .numbers.x86_64 == [257] and (.groups | index("file"))
		and .args[1].name == "pathname" and .args[1].position == 2 and .summary != ""' "$dir/out" >/dev/null || why "$(head -c 200 "$dir/out")" || return
	run events --json openat
	[[ $(jq length "$dir/out") == 1 ]] || why "one event is $(jq length "$dir/out")"
}

status_without_a_daemon_gives_1() {
	refused 1 'traceleft: traceleftd: not running' status --file "$dir/none.json" || return
	true &
	wait $!
	echo "{\"pid\": $!}" >"$dir/stale.json"
	refused 1 'is gone' status --file "$dir/stale.json" || return
	# A pid that is somebody else's by now.
	echo "{\"pid\": $$}" >"$dir/stale.json"
	refused 1 'is gone' status --file "$dir/stale.json" || return
	head -c 1000 /dev/urandom >"$dir/noise.json"
	refused 1 'not JSON' status --file "$dir/noise.json"
}

status_of_a_daemon_is_shown() {
	cp /bin/sleep "$dir/traceleftd"
	"$dir/traceleftd" 30 &
	cat >"$dir/status.json" <<-END
		{"version": "0.1.0", "pid": $!, "started": 1000000000000000000, "state": "running",
		 "policy": {"files": ["/etc/traceleft/policy.yaml"], "rules": 3, "targets": 1},
		 "counters": {"seen": 10, "filtered": 2, "aggregated": 0, "emitted": 8, "lost": 0, "received": 8, "malformed": 0, "delivered": 8},
		 "events": [{"name": "openat", "attach": "fexit", "counters": {"seen": 10, "filtered": 2, "emitted": 8, "delivered": 8}}],
		 "targets": [{"name": "web", "tasks": 4}],
		 "outputs": [{"name": "log", "type": "file", "path": "/x\u001b[2J", "delivered": 8, "lost": 0, "bytes": 2048}]}
	END
	wait_for "it runs" grep -q traceleftd "/proc/$!/comm" || return
	run status --file "$dir/status.json"
	expect_status 0 && grep -qE '^openat +fexit +10 +8 +2 +0 +0 +0$' "$dir/out" && grep -qE '^web +4$' "$dir/out" &&
		grep -qF '/x\x1b[2J' "$dir/out" && grep -q '2.0 KiB' "$dir/out" || why "$(cat "$dir/out" "$dir/err")" || return
	run status --json --file "$dir/status.json"
	jq -e '.pid' "$dir/out" >/dev/null || why "--json: $(cat "$dir/out")" || return
	run status --prometheus --file "$dir/status.json"
	grep -qx 'traceleft_events_total{event="openat",attach="fexit",stage="seen"} 10' "$dir/out" &&
		grep -qx 'traceleft_target_tasks{target="web"} 4' "$dir/out" || why "--prometheus: $(cat "$dir/out")"
}

manual_page_has_every_verb_and_option() {
	local verb option text all
	text=$(sed 's/\\-/-/g; s/^\.[A-Z]* *//; s/"//g' "$root/man/traceleft.1")
	for verb in $(verbs); do
		grep -q "traceleft $verb" <<<"$text" || why "no verb $verb" || return
		for option in $(options "$verb"); do
			[[ $option == -h ]] || grep -qE -- "(^|[ ,])$option([ ,]|\$)" <<<"$text" || why "$verb: no $option" || return
		done
	done
	# And nothing that is not there.
	all=$(for verb in $(verbs); do options "$verb"; done)
	for option in $(grep -oE -- '(^|[ ,])--[a-z][a-z-]*' <<<"$text" | tr -d ' ,' | sort -u); do
		grep -qx -- "$option" <<<"$all" || why "the page has $option" || return
	done
	! command -v man >/dev/null || [[ -z $(LC_ALL=C.UTF-8 man --warnings -l "$root/man/traceleft.1" 2>&1 >/dev/null) ]] || why "man warns"
}

completion_has_every_verb_and_option() {
	# shellcheck source=../../../packaging/completion/traceleft.bash
	. "$root/packaging/completion/traceleft.bash"
	local verb COMP_WORDS COMP_CWORD COMPREPLY
	complete_line traceleft ''
	diff <(verbs) <(printf '%s\n' "${COMPREPLY[@]}" | grep -v '^-') >&2 || why "verbs differ" || return
	for verb in $(verbs); do
		complete_line traceleft "$verb" -
		diff <(options "$verb" | sort) <(printf '%s\n' "${COMPREPLY[@]}" | sort) >&2 || why "options of $verb differ" || return
	done
	complete_line "$TRACELEFT" trace opena
	[[ " ${COMPREPLY[*]} " == *' openat '* ]] || why "opena becomes ${COMPREPLY[*]}" || return
	complete_line "$TRACELEFT" trace @fi
	[[ ${COMPREPLY[*]} == @file ]] || why "@fi becomes ${COMPREPLY[*]}" || return
	complete_line "$TRACELEFT" trace -f j
	[[ ${COMPREPLY[*]} == json ]] || why "-f j becomes ${COMPREPLY[*]}"
}

complete_line() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_traceleft
}

run_tests every_verb_has_help version_is_printed wrong_usage_gives_2_and_one_line unknown_event_names_the_nearest \
	what_a_condition_never_finds_is_warned_of bad_spec_names_its_column message_cannot_move_the_terminal \
	missing_handler_is_told without_root_tracing_is_refused events_are_listed_and_described \
	events_as_json_are_an_array status_without_a_daemon_gives_1 status_of_a_daemon_is_shown \
	manual_page_has_every_verb_and_option completion_has_every_verb_and_option
