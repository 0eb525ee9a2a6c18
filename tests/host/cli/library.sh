#!/bin/bash
# libtraceleft as somebody else's program uses it: the header, the shared object.
# shellcheck disable=SC2015 # what fails has said why
# shellcheck source=common
. "$(dirname "$0")/common"

root=$cli_dir/../../..
build=$(dirname "$TRACELEFT")

compile_example() {
	[[ -e $build/libtraceleft.so ]] || skipped "no libtraceleft.so beside the program" || return
	"${CC:-cc}" -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -o "$dir/example" "$root/tests/compat/example.c" \
		-I"$root/lib" -L"$build" -ltraceleft 2>"$dir/cc" || why "$(head -n 3 "$dir/cc")"
}

example_gets_the_events_of_a_process() {
	local example
	compile_example || return
	waiting fifo cat /etc/hostname || return
	LD_LIBRARY_PATH=$build TRACELEFT_BATTERY=$build/battery "$dir/example" "$pid" >"$dir/out" 2>"$dir/err" &
	example=$!
	wait_for "the example has started" grep -q started "$dir/out" || return
	release fifo
	wait "$example"
	status=$?
	expect_status 0 || return
	grep -q "^exec pid=$pid program_id=42 ret=0 .*executable=$(readlink -f /bin/cat)\$" "$dir/out" &&
		grep -qE "^openat pid=$pid program_id=42 ret=[0-9]+ path=/etc/hostname " "$dir/out" || why "$(cat "$dir/out")" || return
	awk '$1 == "seen" { exit !($2 == $5 + $8 + $11) }' "$dir/out" || why "$(tail -n 1 "$dir/out")"
}

header_is_valid_cplusplus() {
	command -v "${CXX:-c++}" >/dev/null || skipped "no C++ compiler" || return
	echo '#include "traceleft.h"' >"$dir/x.cc"
	"${CXX:-c++}" -Wall -Wextra -Werror -fsyntax-only -I"$root/lib" "$dir/x.cc" 2>"$dir/cc" || why "$(head -n 3 "$dir/cc")"
}

run_tests example_gets_the_events_of_a_process header_is_valid_cplusplus
