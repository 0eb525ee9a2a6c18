#!/bin/bash
# What a trace leaves in the kernel.
# shellcheck source=common
. "$(dirname "$0")/common"

# The ids of the tracer's maps, said by its command: in $maps.
trace_and_tell_maps() {
	# shellcheck disable=SC2016 # the command's shell expands
	trace -q -o events getppid -- sh -c 'sed -n "s/^map_id:[[:space:]]*//p" /proc/$PPID/fdinfo/* 2>/dev/null | sort -u'
	mapfile -t maps <"$dir/out"
	((${#maps[@]} > 5)) || why "the tracer has ${#maps[@]} maps"
}

# Each look opens all maps, which may keep them: so few, and rest between.
nothing_is_left_for_who_looks_at_once() {
	local left i
	command -v bpftool >/dev/null || { skipped "there is no bpftool"; return; }
	trace_and_tell_maps || return
	for ((i = 0; i < 3; i++)); do
		bpftool prog show >/dev/null
		bpftool link show >/dev/null
		bpftool map show >maps
		left=$(grep -E "^($(IFS='|'; echo "${maps[*]}")): " maps) || return 0
		sleep 3
	done
	why "left: $left"
}

run_tests nothing_is_left_for_who_looks_at_once
