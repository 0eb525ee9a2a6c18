#!/bin/bash
# traceleft battery: handlers that are there, and new ones.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

run() {
	timeout 120 "$TRACELEFT" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

write_config() {
	cat >"$dir/config.json" <<-'END'
		{"event": [
			{"name": "chmod", "args": [
				{"position": 1, "type": "char", "name": "filename", "suffix": "[256]", "hashFunc": "string"},
				{"position": 2, "type": "umode_t", "name": "mode"}]},
			{"name": "close", "args": [{"position": 1, "type": "u64", "name": "fd"}]}]}
	END
}

shipped_battery_is_listed() {
	run battery list
	expect_status 0 && grep -qE '^handle_syscall_openat\.bpf\.o +openat +[0-9.]+ KiB +dirfd, pathname\[4096\]' "$dir/out" || why "$(head -n 3 "$dir/out")" || return
	run battery list --json
	jq -e 'map(select(.event == "openat"))[0] | .size > 0 and .args[1].name == "pathname"' "$dir/out" >/dev/null || why "--json"
}

battery_is_built_from_the_originals_config() {
	write_config
	run battery build --config "$dir/config.json" --out "$dir/own" --keep-source
	expect_status 0 && [[ -s $dir/own/handle_syscall_chmod.bpf.o && -s $dir/own/handle_syscall_close.bpf.o &&
		-s $dir/own/handle_syscall_chmod.bpf.c ]] || why "$(ls "$dir/own")" || return
	run battery list --battery "$dir/own"
	expect_status 0 && grep -q 'filename\[256\], mode' "$dir/out" || why "$(cat "$dir/out")"
}

own_battery_is_used_for_names() {
	write_config
	run battery build --config "$dir/config.json" --out "$dir/own"
	expect_status 0 || return
	trace -f json --battery "$dir/own" close -- /bin/true
	expect_status 0 && expect_balanced && expect_json '.event.action == "close" and .traceleft.args.fd >= 0' || return
	trace --battery "$dir/own" openat -- /bin/true
	expect_status 1 && expect_error openat
}

damaged_handler_is_reported_and_the_rest_is_listed() {
	write_config
	run battery build --config "$dir/config.json" --out "$dir/own"
	head -c 700 "$dir/own/handle_syscall_close.bpf.o" >"$dir/own/handle_syscall_short.bpf.o"
	head -c 700 /dev/urandom >"$dir/own/handle_syscall_noise.bpf.o"
	: >"$dir/own/handle_syscall_empty.bpf.o"
	run battery list --battery "$dir/own"
	expect_status 1 && [[ $(grep -c '^traceleft: ' "$dir/err") == 3 ]] && grep -q '^handle_syscall_close' "$dir/out" || why "$(cat "$dir/err")" || return
	trace "$dir/own/handle_syscall_noise.bpf.o" -- touch "$dir/ran"
	expect_status 1 && expect_error handle_syscall_noise.bpf.o || return
	[[ ! -e $dir/ran ]] || why "the command ran"
}

one_flipped_bit_is_noticed() {
	local size at
	write_config
	run battery build --config "$dir/config.json" --out "$dir/own"
	size=$(stat -c %s "$dir/own/handle_syscall_close.bpf.o")
	# Name of an argument, code, and the checksum itself.
	for at in $(($(grep -abo 'fd' "$dir/own/handle_syscall_close.bpf.o" | head -n 1 | cut -d : -f 1))) 64 $((size / 2)) $((size - 1)); do
		cp "$dir/own/handle_syscall_close.bpf.o" "$dir/flipped.bpf.o"
		printf "\\x$(printf %02x $(($(od -An -tu1 -j "$at" -N 1 "$dir/flipped.bpf.o") ^ 1)))" |
			dd of="$dir/flipped.bpf.o" bs=1 seek="$at" conv=notrunc status=none
		trace "$dir/flipped.bpf.o" -- touch "$dir/ran"
		expect_status 1 && expect_error 'checksum is wrong' || { why "byte $at"; return 1; }
		[[ ! -e $dir/ran ]] || why "the command ran" || return
	done
}

broken_config_names_its_place() {
	printf '{"event": [\n{"name": "close", "args": [{"position": 9, "type": "u64", "name": "fd"}]}]}\n' >"$dir/bad.json"
	run battery build --config "$dir/bad.json" --out "$dir/own"
	[[ $status == 1 ]] && grep -qE "^$dir/bad\.json:2:[0-9]+: " "$dir/err" || why "status $status: $(cat "$dir/err")" || return
	run battery build --config "$dir/none.json" --out "$dir/own"
	expect_status 1 && expect_error "traceleft: $dir/none.json: No such file or directory"
}

missing_compiler_is_told() {
	local tools=$dir/tools
	write_config
	mkdir "$tools"
	timeout 60 env PATH="$tools" "$TRACELEFT" battery build --config "$dir/config.json" --out "$dir/own" >"$dir/out" 2>"$dir/err"
	status=$?
	[[ $status == 1 ]] && grep -q clang "$dir/err" || why "status $status: $(cat "$dir/err")"
}

empty_battery_is_told() {
	mkdir "$dir/empty"
	run battery list --battery "$dir/empty"
	expect_status 1 && expect_error 'no handlers' || return
	run battery list --battery "$dir/none"
	expect_status 1 && expect_error "traceleft: $dir/none: No such file or directory"
}

run_tests shipped_battery_is_listed battery_is_built_from_the_originals_config own_battery_is_used_for_names \
	damaged_handler_is_reported_and_the_rest_is_listed one_flipped_bit_is_noticed broken_config_names_its_place missing_compiler_is_told \
	empty_battery_is_told
