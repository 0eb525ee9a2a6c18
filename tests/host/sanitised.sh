#!/bin/bash
# The daemon and the command line with AddressSanitizer, LeakSanitizer and UndefinedBehaviorSanitizer:
# tests of this folder again, chosen to go through all that the two do. A report ends a program at once,
# or for a leak at its end, with 99: the test that ran it fails, or what was reported does here.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/sanitised "needs root"; exit 0; }
sanitised=$PWD/${B:-build}/sanitised
for program in traceleft traceleftd; do
	[ -x "$sanitised/$program" ] || { not_ok host/sanitised "no $sanitised/$program: make sanitised-programs"; exit 1; }
done
reports=$(mktemp -d /tmp/traceleft-sanitised.XXXXXXXX)
chmod 1777 "$reports" # some programs are run by others
[ -n "${TL_TEST_LOCKS-}" ] || mkdir "$reports.locks"
trap 'rm -rf --one-file-system "$reports" "$reports.locks"' EXIT
export TRACELEFT=$sanitised/traceleft TRACELEFTD=$sanitised/traceleftd
export TRACELEFT_BPF=$PWD/bpf
options=log_path=$reports/report:log_exe_name=1:exitcode=99:halt_on_error=1
export ASAN_OPTIONS=$options:detect_leaks=1:detect_stack_use_after_return=1
export UBSAN_OPTIONS=$options:print_stacktrace=1

# again SCRIPT [TEST...]: all of its tests, or these.
again() {
	local script=$1 said begin=$SECONDS
	shift
	said=$(TL_TEST_ONLY="$*" flock -o "${TL_TEST_LOCKS:-$reports.locks}/tests-host-${script//\//-}.sh.lock" \
		timeout 400 bash "tests/host/$script.sh" 2>&1) || [ $? != 124 ] || said+=$'\nnot ok '"$script: no end"
	grep -E '^(ok|not ok|skip) ' <<<"$said" | labelled sanitised
	grep -q '^ok ' <<<"$said" || not_ok "sanitised/$script" "no test passed: $(tail -n 2 <<<"$said" | tr '\n' ' ')"
	of_reports "$script"
	echo "# sanitised/$script: $((SECONDS - begin)) s"
}

# The test of the test: what is wrong is reported.
reports_are_seen() {
	# shellcheck disable=SC2016 # the compiler's
	echo 'int main(int n, char **v) { char *volatile p; while (n++ < 100) p = __builtin_malloc(8); return !p || !v; }' >"$reports/leak.c"
	gcc -fsanitize=address -o "$reports/leak" "$reports/leak.c" && "$reports/leak"
	[ $? = 99 ] && grep -qs 'LeakSanitizer' "$reports"/report*
}
if reports_are_seen; then ok sanitised/reports_are_seen; else not_ok sanitised/reports_are_seen "no leak was told"; fi
rm -f "$reports"/*

# of_reports NAME: what was reported since.
of_reports() {
	local file
	for file in "$reports"/*; do
		[ -e "$file" ] || continue
		not_ok "sanitised/$1" "$(grep -vE '^(=|$)' "$file" | head -n 12 | tr -s ' \n' ' ')"
		rm "$file"
	done
}

# Requests of io_uring are made by the tests of events, which are not built so; who traces them all is.
requests_are_read() {
	local out said begin=$SECONDS
	out=$(mktemp -d /tmp/traceleft-requests.XXXXXXXX)
	said=$(TRACELEFT_BATTERY=$PWD/${B:-build}/battery timeout 300 "$TRACELEFT" trace -f json -o "$out/events" \
		openat close read connect accept4 unlinkat -- env TL_TEST_DOOR=ring tests/events/run openat unlinkat file-io connect 2>&1)
	if grep -q ' + lost 0: balanced$' <<<"$said" &&
		jq -e -s 'map(select(.traceleft.flags // [] | index("io_uring"))) | length > 20' "$out/events" >/dev/null; then
		ok sanitised/requests_of_io_uring_are_read
	else
		not_ok sanitised/requests_of_io_uring_are_read "$(grep -v '^ok ' <<<"$said" | tail -n 3 | tr '\n' ' ')"
	fi
	rm -r "$out"
	of_reports requests_of_io_uring_are_read
	echo "# sanitised/requests: $((SECONDS - begin)) s"
}

again control
again collector events_reach_a_collector reload_with_another_batch_loses_nothing
again daemon counts_are_told_at_reload_and_at_the_stop broken_policy_does_not_replace_the_one_in_force \
	status_says_what_it_does
again kills what_is_done_while_no_process_is_there_is_told hook_that_is_exchanged_while_no_process_is_there_is_told \
	session_that_is_emptied_while_no_process_is_there_is_told \
	sealed_file_that_is_lost_while_no_process_is_there_is_told_and_missed
again tamper program_that_is_taken_out_is_told map_that_is_written_to_is_told policy_that_is_changed_is_told \
	each_is_told_once_and_that_it_is_mended maps_that_change_by_themselves_are_watched_too \
	ring_that_somebody_else_reads_is_told_and_keeps_its_events \
	file_that_is_deleted_is_told
again injected calls_that_look_for_tampering_fail_and_none_is_told writes_that_fail_lose_nothing
again outputs an_outage_that_is_in_no_output_is_declared_by_the_next_process
requests_are_read
again seal untouched_files_are_accepted edited_line_is_found missing_file_is_found
again faults
again strace
again cli/policy good_policy_is_ok_and_explained where_events_are_counted_is_explained where_conditions_are_decided_is_explained \
	what_targets_match_now_is_explained what_conditions_match_now_is_explained broken_policy_names_every_place \
	handlers_that_cannot_be_used_are_problems rules_of_a_policy_are_for_the_command aggregation_spec_says_what_goes_where \
	counts_of_a_rule_add_up_to_the_event
again cli/usage events_are_listed_and_described events_as_json_are_an_array status_of_a_daemon_is_shown \
	bad_spec_names_its_column unknown_event_names_the_nearest
for script in audit battery names processes report; do again "cli/$script"; done
again cli/output every_line_that_is_taken_away_is_missed compressed_files_are_read_as_they_are
