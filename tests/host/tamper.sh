#!/bin/bash
# Who meddles with traceleftd: what that does is told to every output, once, and that it is mended.
# shellcheck disable=SC2015,SC2016,SC2119 # what fails has said why; jq's variables; stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/tamper "needs root"; exit 0; }
. tests/host/daemon-common

# A control group that nothing is in, and this shell; neither does what the rule is for.
root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
group=traceleft-tamper-$$
mkdir "$root/$group"
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"; rmdir "$root/$group"' EXIT
write_policy() {
	put_policy <<-END
		  others: {cgroup: "/$group*", pid: $$}
		rules:
		  - {name: all, target: mine, events: [mkdir, openat]}
		  - {name: others, target: others, events: [swapon]}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl, format: json}
		  second: {type: file, path: $dir/log/second.jsonl, format: json}
	END
}

# told [N] CONDITION: waits until N records (1) of tampering that it fits are in both outputs.
told() {
	local n=1 file
	[ $# = 1 ] || { n=$1; shift; }
	for file in "$dir/log/events.jsonl" "$dir/log/second.jsonl"; do
		for _ in $(seq 600); do
			[ "$(of "$1" "$file")" -ge "$n" ] 2>/dev/null && continue 2
			sleep 0.1
		done
		why "not $n times $1 in $file: $(grep -h '"tamper"' "$file")" && return 1
		return 1
	done
}

# of CONDITION FILE: how many of its records of tampering fit.
of() {
	jq -s "map(select(.event.action == \"tamper\") | select(.traceleft.tamper | $1)) | length" "$2" 2>/dev/null
}

# Once and not each time that it is looked for.
only_once() {
	local file
	for file in "$dir/log/events.jsonl" "$dir/log/second.jsonl"; do
		[ "$(of "$1" "$file")" = "${2:-1}" ] || why "$(of "$1" "$file") times $1" || return
	done
}

# take: a handler is taken out, and held until $dir/taken is removed.
take() {
	python3 tests/host/meddle "$pid" take "$dir/taken" >"$dir/slot" 2>&1 &
	taker=$!
	until [ -e "$dir/taken" ]; do
		kill -0 "$taker" 2>/dev/null || why "$(cat "$dir/slot")" || return
		sleep 0.1
	done
}

# These three at once, as looking for them takes seconds.
program_that_is_taken_out_is_told() {
	take || return
	python3 tests/host/meddle "$pid" flip wants 2>"$dir/flipped" || why "$(cat "$dir/flipped")" || return
	cp -p "$dir/policy.yaml" "$dir/policy.before"
	echo '# harmless' >>"$dir/policy.yaml"
	told '.kind == "program" and .state == "found" and (.object | contains("mkdir"))' || why "$reason $(cat "$dir/slot")"
}

map_that_is_written_to_is_told() {
	told '.kind == "map" and .state == "found" and .object == "wants"'
}

policy_that_is_changed_is_told() {
	told ".kind == \"policy\" and .state == \"found\" and .object == \"$dir/policy.yaml\""
}

each_is_told_once_and_that_it_is_mended() {
	local kind
	rm -f "$dir/taken"
	wait "$taker" || why "$(cat "$dir/slot")" || return
	python3 tests/host/meddle "$pid" flip wants
	mv "$dir/policy.before" "$dir/policy.yaml"
	for kind in program map policy; do
		told ".kind == \"$kind\" and .state == \"mended\"" && only_once ".kind == \"$kind\" and .state == \"found\"" || return
	done
}

policy_that_is_loaded_again_is_in_force() {
	echo '# on purpose' >>"$dir/policy.yaml"
	told 2 '.kind == "policy" and .state == "found"' || return
	kill -HUP "$pid"
	told 2 '.kind == "policy" and .state == "mended"' && only_once '.kind == "program" or .kind == "map" or .kind == "hook"' 4
}

# tells CONDITION COMMAND...: who does so is told of.
tells() {
	local before
	before=$(of "$1" "$dir/log/events.jsonl")
	"${@:2}" >"$dir/flipped" 2>&1 || why "${*:2}: $(cat "$dir/flipped")" || return
	told $((before + 1)) "$1"
}
meddling_is_found() {
	tells ".kind == \"map\" and .state == \"found\" and .object == \"$2\"" python3 tests/host/meddle "$pid" "$1" "$2"
}
is_mended_by() {
	tells '.kind == "map" and .state == "mended"' "$@"
}

# Each change is told, and that it is as before; what comes and goes by itself is no change.
maps_that_change_by_themselves_are_watched_too() {
	local map
	"$dir/work" -c : # which some set of targets is for
	for map in cgroups sets pids gate; do
		meddling_is_found flip "$map" && is_mended_by python3 tests/host/meddle "$pid" flip "$map" || return
	done
	for map in cgroups sets; do
		meddling_is_found erase "$map" &&
			is_mended_by python3 tests/host/meddle "$pid" put "$map=$(cat "$dir/flipped")" || return
	done
	meddling_is_found add sets && is_mended_by kill -HUP "$pid"
}
# What the kernel part alone writes to, of a process that is followed above all.
what_the_kernel_part_knows_cannot_be_taken_away() {
	local work said meddling=(python3 tests/host/meddle "$pid")
	mkfifo "$dir/go"
	"$dir/work" -c "read go <$dir/go; : >$dir/followed" &
	work=$!
	until [ "$(readlink "/proc/$work/exe")" = "$dir/work" ]; do sleep 0.05; done
	said=$("${meddling[@]}" forget "$work" 2>&1; for map in calls ledger cpus; do "${meddling[@]}" flip "$map" 2>&1; done)
	echo >"$dir/go"
	wait "$work"
	[ "$(sort <<<"$said" | uniq -c | xargs)" = "4 Operation not permitted" ] || why "$said" || return
	for _ in $(seq 300); do
		jq -e -s --arg path "$dir/followed" 'any(.[]; .event.action == "openat" and .file.path == $path)' \
			"$dir/log/events.jsonl" >/dev/null && return
		sleep 0.1
	done
	why "the process is not followed any more"
}
new_groups_and_their_ends_are_no_tampering() {
	local before i
	before=$(of '.kind == "map"' "$dir/log/events.jsonl")
	for i in 1 2 3 4 5 6; do
		mkdir "$root/$group/$i" "$root/$group-$i"
		"$dir/work" -c "mkdir $dir/new.$i"
		sleep 0.7
		rmdir "$root/$group/$i" "$root/$group-$i"
	done
	sleep 3
	[ "$(of '.kind == "map"' "$dir/log/events.jsonl")" = "$before" ] || why "$(grep '"map"' "$dir/log/events.jsonl" | tail -n 1)"
}

# made: events of files that were made, in the output that stays, and these files.
made() {
	echo "$(jq -s --arg path "$dir/made." 'map(select(.file.path // "" | startswith($path))) | length' "$dir/log/events.jsonl") of $(
		find "$dir" -name 'made.*' | wc -l)"
}

# Who moves the reader's place in the ring takes nothing from him. Files are made until he was faster.
ring_that_somebody_else_reads_is_told_and_keeps_its_events() {
	python3 tests/host/meddle "$pid" read "$dir/work -c ': >$dir/made.\$\$'" 2>"$dir/flipped" || why "$(cat "$dir/flipped")" || return
	told '.kind == "map" and .state == "found" and .object == "ring"' && told 2 '.kind == "map" and .state == "mended"' || return
	for _ in $(seq 300); do
		[[ $(made) =~ ^([1-9][0-9]*)\ of\ \1$ ]] && return
		sleep 0.1
	done
	why "events: $(made)"
}

# A new policy comes with maps of its own.
map_that_is_made_read_only_is_told_until_a_reload() {
	python3 tests/host/meddle "$pid" freeze cgroups 2>"$dir/flipped" || why "$(cat "$dir/flipped")" || return
	told '.kind == "map" and .state == "found" and .object == "cgroups"' || return
	kill -HUP "$pid"
	told 3 '.kind == "map" and .state == "mended"'
}

# stopped_until TEXT FILTER: some record says that the daemon did not run until then.
stopped_until() {
	jq -e -s --arg text "$1" "any(.[]; .traceleft.tamper.kind == \"stopped\" and .traceleft.tamper.state == \"over\" and
		.log.level == \"crit\" and .traceleft.first < .traceleft.last and ($2) and
		(.message | test(\"did not run for [0-9.]+ seconds until \" + \$text)))" "$dir/log/events.jsonl" >/dev/null
}

# Whoever is slow meets the daemon's own timer: he tries again.
daemon_that_is_stopped_tells_when_it_goes_on_and_who_said_so() {
	for _ in 1 2 3 4 5; do
		kill -STOP "$pid"
		sleep 2.3
		kill -CONT "$pid"
		sleep 1
		stopped_until "SIGCONT from process $$ " ".traceleft.requester.pid == $$" && return
	done
	why "$(grep '"stopped"' "$dir/log/events.jsonl")"
}

# Within five seconds where there is a CPU for it; one that comes late is not taken for stopped.
daemon_that_is_stopped_goes_on_by_itself() {
	for _ in 1 2 3 4 5; do
		kill -STOP "$pid"
		for _ in $(seq 50); do
			sleep 0.1
			stopped_until "its own timer woke it" ".traceleft.requester == null" && return
		done
	done
	why "$(grep '"stopped"' "$dir/log/events.jsonl") state $(cut -d ' ' -f 3 "/proc/$pid/stat")"
}

# In the file that was begun instead, and in the other one.
file_that_is_deleted_is_told() {
	rm "$dir/log/second.jsonl"
	told ".kind == \"output\" and .object == \"$dir/log/second.jsonl\"" || return
	grep -q '"message":"output second: .*/second.jsonl was deleted, with the events in it; a new file is begun"' \
		"$dir/log/events.jsonl" || why "$(grep '"output"' "$dir/log/events.jsonl")"
}

file_that_is_cut_short_is_told() {
	: >"$dir/log/second.jsonl"
	told ".kind == \"output\" and .object == \"$dir/log/second.jsonl\"" || return
	grep -q '"message":"output second: .*/second.jsonl was cut short: events are missing from it"' \
		"$dir/log/events.jsonl" || why "$(grep '"output"' "$dir/log/events.jsonl")"
}

# since BEGIN STATE: the kinds of what is told as found or as mended in the output that stays, from that time on, by
# name. What was done to a file is over when it is found.
since() {
	jq -c -s --argjson begin "$1" --arg state "$2" 'map(select(.event.action == "tamper" and
		(.traceleft.tamper.state | if . == "over" then "found" else . end) == $state and
		(."@timestamp" | (.[:19] + "Z" | fromdate) + ("0" + .[19:-1] | tonumber)) >= $begin) | .traceleft.tamper.kind) |
		unique' "$dir/log/events.jsonl" 2>/dev/null
}

# await SECONDS BEGIN STATE KINDS: whether they are told before so many seconds after BEGIN.
await() {
	while [ "$(since "$2" "$3")" != "$4" ]; do
		(($(date +%s%N) < ${2/./} + $1 * 1000000000)) || why "$3 since $2: $(since "$2" "$3"), not $4" || return
		sleep 0.1
	done
}

# All four at once, and all again where a machine was too busy to be in time.
what_is_done_is_told_within_five_seconds() {
	local found='["map","output","policy","program"]' mended='["map","policy","program"]' begin in_time=1
	cp -p "$dir/policy.yaml" "$dir/policy.before"
	for _ in 1 2 3; do
		begin=$(date +%s.%N)
		take || return
		python3 tests/host/meddle "$pid" flip wants 2>"$dir/flipped" || why "$(cat "$dir/flipped")" || return
		echo '# once more' >>"$dir/policy.yaml"
		rm "$dir/log/second.jsonl"
		await 5 "$begin" found "$found"
		in_time=$?
		await 60 "$begin" found "$found" || return
		rm -f "$dir/taken"
		wait "$taker" || why "$(cat "$dir/slot")" || return
		python3 tests/host/meddle "$pid" flip wants
		cp -p "$dir/policy.before" "$dir/policy.yaml"
		await 60 "$begin" mended "$mended" || return
		[ "$in_time" != 0 ] || return 0
	done
	why "not one time of three within five seconds"
}

# Last: the tests before read the file.
file_that_is_moved_is_told_unless_who_did_it_says_so() {
	python3 -c 'import os, sys; os.rename(*sys.argv[1:3]); os.kill(int(sys.argv[3]), 1)' "$dir/log/events.jsonl" "$dir/log/rotated" "$pid"
	for _ in $(seq 600); do
		grep -qs '"reload"' "$dir/log/events.jsonl" && break
		sleep 0.1
	done
	sleep 5
	[ "$(of '.object | endswith("/events.jsonl")' "$dir/log/events.jsonl")" = 0 ] || why "$(cat "$dir/log/events.jsonl")" || return
	mv "$dir/log/events.jsonl" "$dir/log/away"
	told ".kind == \"output\" and .object == \"$dir/log/events.jsonl\""
}

# A reload and a stop come before the next look.
what_is_done_right_before_a_reload_is_told() {
	local mended='.kind == "map" and .state == "mended"' before
	before=$(of "$mended" "$dir/log/events.jsonl")
	tells '.kind == "map" and .state == "found" and .object == "wants"' \
		bash -c "python3 tests/host/meddle $pid flip wants && ${TRACELEFT:-build/traceleft} reload --socket $dir/run/control" &&
		told $((before + 1)) "$mended"
}
what_is_done_right_before_the_stop_is_told() {
	python3 tests/host/meddle "$pid" flip wants 2>"$dir/flipped" && rm "$dir/log/second.jsonl" || why "$(cat "$dir/flipped")" || return
	stop
	jq -r 'select(.event.action == "tamper" or .event.action == "stop") | .event.action as $action | .traceleft.tamper // {} |
		"\($action) \(.kind) \(.object)"' "$dir/log/events.jsonl" | tail -n 3 | sort >"$dir/last"
	printf '%s\n' "stop null null" "tamper map wants" "tamper output $dir/log/second.jsonl" | cmp -s - "$dir/last" ||
		why "$(cat "$dir/last")"
}

all_of_it_is_critical_or_mended() {
	jq -e -s 'map(select(.event.action == "tamper") | [.log.level, .traceleft.tamper.state == "mended"]) | unique ==
		[["crit", false], ["notice", true]]' "$dir/log/rotated" >/dev/null || why "$(grep -h '"tamper"' "$dir/log/rotated")"
}

write_policy
if ! start; then
	not_ok host/tamper/start "$reason"
	exit 1
fi
for test in program_that_is_taken_out_is_told map_that_is_written_to_is_told policy_that_is_changed_is_told \
	each_is_told_once_and_that_it_is_mended policy_that_is_loaded_again_is_in_force \
	ring_that_somebody_else_reads_is_told_and_keeps_its_events map_that_is_made_read_only_is_told_until_a_reload \
	what_the_kernel_part_knows_cannot_be_taken_away new_groups_and_their_ends_are_no_tampering \
	maps_that_change_by_themselves_are_watched_too \
	daemon_that_is_stopped_tells_when_it_goes_on_and_who_said_so daemon_that_is_stopped_goes_on_by_itself \
	file_that_is_deleted_is_told file_that_is_cut_short_is_told what_is_done_is_told_within_five_seconds \
	file_that_is_moved_is_told_unless_who_did_it_says_so all_of_it_is_critical_or_mended \
	what_is_done_right_before_a_reload_is_told what_is_done_right_before_the_stop_is_told; do
	chosen "$test" || continue
	reason=
	if "$test"; then
		ok "host/tamper/$test"
	else
		not_ok "host/tamper/$test" "$reason"
	fi
done
[ -z "$pid" ] || stop
