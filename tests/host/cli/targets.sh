#!/bin/bash
# Whom a trace follows: cgroups that processes come into and leave, what runs already.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

# policy TARGET: opens of the target "those", which is in $dir/policy.yaml.
policy() {
	cat >"$dir/policy.yaml" <<-END
		version: 1
		targets: {those: $1}
		rules: [{name: opens, target: those, events: [openat], to: [out]}]
		outputs: {out: {type: stdout, format: json}}
	END
	chmod 644 "$dir/policy.yaml"
}

# The directory of the unified hierarchy, in $root, or the test is skipped.
unified() {
	root=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
	[[ $root && -w $root ]] || skipped "no cgroup v2 to make groups in"
}

# reader NAME: a shell that opens each file whose name it is told by the FIFO; pid in $pid.
reader() {
	mkfifo "$dir/$1"
	/bin/sh -c 'while read -r file; do : <"$file"; done <"$0"' "$dir/$1" &
	pid=$!
}

# opened FILE: how many events are about it.
opened() {
	count_json ".event.action == \"openat\" and .file.path == \"$dir/$1\""
}

stop_tracer() {
	kill -INT "$tracer"
	wait "$tracer"
}

process_is_followed_while_it_is_in_a_cgroup() {
	local name
	group=traceleft-test-$$
	unified || return
	touch "$dir"/{before,inside,below,after}
	policy "{cgroup: /$group}"
	reader fifo
	exec 7<>"$dir/fifo"
	trace_start -f json --policy "$dir/policy.yaml" || return
	# Groups that are made after the start; one of them is below the one that is named.
	mkdir "$root/$group" "$root/$group/deeper"
	trap 'jobs -p | xargs -r kill; wait; rmdir "$root/$group/deeper" "$root/$group"' EXIT
	echo "$dir/before" >&7
	sleep 0.3
	echo "$pid" >"$root/$group/cgroup.procs"
	echo "$dir/inside" >&7
	sleep 0.3
	echo "$pid" >"$root/$group/deeper/cgroup.procs"
	echo "$dir/below" >&7
	sleep 0.3
	echo "$pid" >"$root/cgroup.procs"
	echo "$dir/after" >&7
	sleep 0.3
	stop_tracer
	expect_balanced || return
	for name in before:0 inside:1 below:1 after:0; do
		[[ $(opened "${name%:*}") == "${name#*:}" ]] || why "$name: found $(opened "${name%:*}")" || return
	done
	[[ $(count_json ".event.action == \"openat\" and .traceleft.cgroup != \"/$group\" and .traceleft.cgroup != \"/$group/deeper\"") == 0 ]] ||
		why "$(jq -r .traceleft.cgroup "$dir/out" | sort | uniq -c)"
}

# visit NAME CGROUP: the reader goes there and opens the file of that name.
visit() {
	echo "$pid" >"$root/$2/cgroup.procs"
	echo "$dir/$1" >&7
	sleep 0.3
}

# By the beginning of its id; what watches over a container is outside, and so is another one.
process_is_followed_while_it_is_in_a_container() {
	in_containers "${digits::62}"
}

# By whole ids, as many as there may be.
process_is_followed_in_one_of_64_containers() {
	local i ids=""
	for ((i = 1; i < 64; i++)); do
		ids+="'$(printf '%032x%032x' $((i * 123456789123)) $((i * 987654321987)))', "
	done
	in_containers "[$ids'$digits']"
}

# in_containers SELECTOR: of the container that has $digits, and it exists when the trace begins, as "early",
# and comes anew, as "late".
in_containers() {
	local name test=traceleft-test-$$
	unified || return
	touch "$dir"/{early,late,plain,monitor,other,root}
	policy "{container: $1}"
	reader fifo
	exec 7<>"$dir/fifo"
	trap 'jobs -p | xargs -r kill; wait; rmdir "$root"/'"$test"'*/*/ "$root"/'"$test"'*/' EXIT
	mkdir "$root/$test-$digits.scope"
	trace_start -f json --policy "$dir/policy.yaml" || return
	mkdir "$root/$test-new-$digits" "$root/$test-crio-conmon-$digits.scope" "$root/$test-${digits::61}fff.scope" \
		"$root/$test" "$root/$test/$digits"
	visit early "$test-$digits.scope"
	visit monitor "$test-crio-conmon-$digits.scope"
	visit late "$test-new-$digits"
	visit other "$test-${digits::61}fff.scope"
	visit plain "$test/$digits"
	visit root .
	stop_tracer
	expect_balanced || return
	for name in early:1 late:1 plain:1 monitor:0 other:0 root:0; do
		[[ $(opened "${name%:*}") == "${name#*:}" ]] || why "$name: found $(opened "${name%:*}")" || return
	done
	expect_json ".container.id == \"$digits\" and .file.path == \"$dir/early\""
}

# Three generations: the last of them was born when nobody looked, and its parent is gone.
descendants_that_run_already_are_followed() {
	cp /bin/sh "$dir/founder"
	touch "$dir"/{own,other}
	policy "{executable: $dir/founder, descendants: true}"
	mkfifo "$dir/fifo"
	exec 7<>"$dir/fifo"
	"$dir/founder" -c '/bin/sh -c "/bin/sh -c \"read -r file; : <\\\"\\\$file\\\"; :\" <\"$0\"; :"; :' "$dir/fifo" &
	pid=$!
	wait_for "there are three generations" generations "$pid" 2 || return
	trace_start -f json --policy "$dir/policy.yaml" || return
	/bin/sh -c ': <"$0"' "$dir/other"
	echo "$dir/own" >&7
	wait "$pid"
	stop_tracer
	expect_balanced && [[ $(opened own) == 1 && $(opened other) == 0 ]] || why "own: $(opened own), other: $(opened other)"
}

# terminal NAME: a reader on a terminal of its own; its device in $device.
terminal() {
	mkfifo "$dir/$1"
	script -qec "tty >'$dir/$1.tty'; while read -r file; do : <\"\$file\"; done <'$dir/$1'" /dev/null \
		</dev/null >/dev/null 2>&1 &
	wait_for "$1 is on a terminal" grep -qs /dev/pts/ "$dir/$1.tty" || return
	device=$(<"$dir/$1.tty")
}

who_has_a_terminal_is_followed_by_it() {
	local name
	command -v script >/dev/null || skipped "no script(1)" || return
	touch "$dir"/{one,other,none}
	terminal fifo-other && terminal fifo-one || return
	exec 7<>"$dir/fifo-one" 8<>"$dir/fifo-other"
	policy "{tty: $device}"
	trace_start -f json --policy "$dir/policy.yaml" || return
	echo "$dir/one" >&7
	echo "$dir/other" >&8
	setsid -w /bin/sh -c ': <"$0"' "$dir/none"
	sleep 0.3
	stop_tracer
	expect_balanced || return
	for name in one:1 other:0 none:0; do
		[[ $(opened "${name%:*}") == "${name#*:}" ]] || why "$name: found $(opened "${name%:*}")" || return
	done
}

who_has_no_terminal_is_told_apart() {
	cp /bin/sh "$dir/shell"
	touch "$dir"/{with,without}
	command -v script >/dev/null || skipped "no script(1)" || return
	policy "{executable: $dir/shell, not: {tty: any}}"
	trace_start -f json --policy "$dir/policy.yaml" || return
	script -qec "'$dir/shell' -c ': <\"\$0\"' '$dir/with'" /dev/null </dev/null >/dev/null 2>&1
	setsid -w "$dir/shell" -c ': <"$0"' "$dir/without"
	stop_tracer
	expect_balanced && [[ $(opened with) == 0 && $(opened without) == 1 ]] ||
		why "with: $(opened with), without: $(opened without)"
}

who_is_untracked_is_not_even_seen() {
	cp /bin/sh "$dir/left-alone"
	touch "$dir/file"
	policy "{executable: $dir/left-alone}"
	echo "untracked: [$dir/left-*]" >>"$dir/policy.yaml"
	trace_start -f json --policy "$dir/policy.yaml" || return
	"$dir/left-alone" -c ': <"$0"' "$dir/file"
	stop_tracer
	expect_json '.event.action == "ledger" and .traceleft.ledger.total.seen == 0'
}

# runs_program PID PATH
runs_program() {
	[[ $(readlink "/proc/$1/exe") == "$2" ]]
}

# What runs already: by a hard link, and by a path that is a symbolic link in the policy.
who_runs_a_program_by_another_name_is_explained() {
	cp /bin/sleep "$dir/program"
	cp /bin/sleep "$dir/other"
	ln "$dir/program" "$dir/hard" && ln -s program "$dir/soft"
	"$dir/hard" 60 &
	pid=$!
	"$dir/other" 60 &
	wait_for "both run" runs_program "$!" "$dir/other" && wait_for "both run" runs_program "$pid" "$dir/hard" || return
	policy "{executable: $dir/soft}"
	"$TRACELEFT" check --explain "$dir/policy.yaml" >"$dir/out" 2>&1
	grep -q "\b$pid\b" "$dir/out" && ! grep -q "\b$!\b" "$dir/out" || why "$pid, not $!: $(grep -A 3 those "$dir/out")"
}

# generations PID N: has it N generations below it, the last of them asleep?
generations() {
	local at=$1 i
	for ((i = 0; i < $2; i++)); do
		at=$(pgrep -P "$at") || return
	done
	[[ $(cut -d' ' -f3 "/proc/$at/stat") == S ]]
}

digits=$(printf '%032x' $$)$(printf '%032x' $$ | rev)
run_tests process_is_followed_while_it_is_in_a_cgroup process_is_followed_while_it_is_in_a_container \
	process_is_followed_in_one_of_64_containers \
	descendants_that_run_already_are_followed who_has_a_terminal_is_followed_by_it who_has_no_terminal_is_told_apart \
	who_is_untracked_is_not_even_seen who_runs_a_program_by_another_name_is_explained
