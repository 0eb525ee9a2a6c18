#!/bin/bash
# Files with seals: what somebody does to them by hand is found, and what the daemon goes through is not.
# shellcheck disable=SC1091,SC2016 # the library is beside; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/seal "needs root"; exit 0; }
. tests/host/daemon-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
touch "$dir/opened"

# write_policy FORMAT: the one program's opens of one file, to sealed files; another output is told the seals.
write_policy() {
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened", to: [log]}
		outputs:
		  log: {type: file, path: $dir/log/events, format: $1, seal: true, rotate: {size: 160K, keep: 100, compress: true}}
		  other: {type: file, path: $dir/log/other}
	END
}

opens() {
	"$dir/work" -c 'i=0; while [ $i -lt "$1" ]; do : <"$2"; i=$((i + 1)); done' work "$1" "$dir/opened"
}

# All that it goes through: rotation, compression, a reload, a restart, a kill, and another start.
write_files() {
	rm -rf "$dir/log" "$dir/run"
	mkdir "$dir/log"
	write_policy "$1"
	start || return
	opens 400
	kill -HUP "$pid"
	opens 100
	stop
	start || return
	opens 100
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	start || return
	opens 300
	for _ in $(seq 600); do
		seal=$(sed -n 's/.*"action":"seal".*"seal":{.*"hash":"\([0-9a-f]*\)".*/\1/p' "$dir/log/other" | tail -n 1)
		[ -n "$seal" ] && ! compgen -G "$dir/log/events.*[0-9]" >/dev/null && break
		sleep 0.1
	done
	[ -n "$seal" ] || why "no other output was told a seal" || return
	jq -e '.outputs[0].seal' "$dir/run/status.json" >/dev/null || why "status has no seal" || return
	stop
}

# A copy to do something to: $dir/copy/1, 2 and so on, the oldest first.
copy_files() {
	local file
	rm -rf "$dir/copy"
	mkdir "$dir/copy"
	n=0
	for file in "$dir/log"/events.[0-9]* "$dir/log/events"; do
		n=$((n + 1))
		case $file in *.gz) gzip -dc "$file" ;; *) cat "$file" ;; esac >"$dir/copy/$n"
	done
}

# verify_copy [OPTION...]: into $dir/verified and $dir/said.
verify_copy() {
	local -a files
	mapfile -t files < <(printf '%s\n' "$dir/copy"/* | sort -V)
	"$traceleft" verify --json "$@" "${files[@]}" >"$dir/verified"
	"$traceleft" verify "$@" "${files[@]}" >"$dir/said"
}

is_whole() {
	verify_copy "$@"
	jq -e '.broken_seals == 0 and .seals > 3 and .broken_lines == 0' "$dir/verified" >/dev/null || why "$(cat "$dir/said")"
}

# is_found WHAT [OPTION...]: after something was done; what is said has WHAT.
is_found() {
	verify_copy "${@:2}"
	jq -e '.broken_seals > 0 and (.complete | not)' "$dir/verified" >/dev/null || why "not found: $1" || return
	grep -q -- "$1" "$dir/said" || why "not said: $1: $(cat "$dir/said")"
}

# A file whose seals tell who touched it: all of its parts, as they are and compressed.
untouched_files_are_accepted() {
	write_files "$1" || return
	[ -e "$dir/log/events.000002.gz" ] || why "nothing was rotated: $(ls "$dir/log")" || return
	copy_files
	is_whole && is_whole --seal "$seal" || return
	grep -q '^declared lost: [0-9]* seconds, outage$' "$dir/said" &&
		jq -e 'any(.lost[]; .stage == "outage" and .counted == "seconds")' "$dir/verified" >/dev/null ||
		why "the kill: $(cat "$dir/said")" || return
	"$traceleft" verify --json "$dir/log"/events.[0-9]* "$dir/log/events" | jq -e '.broken_seals == 0 and .seals > 3' >/dev/null ||
		why "compressed: $("$traceleft" verify "$dir/log"/events.[0-9]* "$dir/log/events")"
}

edited_line_is_found() { copy_files; sed -i '5s/openat/openaT/' "$dir/copy/2"; is_found "copy/2: lines 2 to .*changed or moved"; }
deleted_line_is_found() { copy_files; sed -i 5d "$dir/copy/2"; is_found "copy/2: lines 2 to .*taken out"; }
inserted_line_is_found() { copy_files; sed -i 5p "$dir/copy/2"; is_found "copy/2: lines 2 to .*put in"; }
exchanged_lines_are_found() { copy_files; sed -i '5{h;d};6G' "$dir/copy/2"; is_found "copy/2: lines 2 to .*changed or moved"; }
file_cut_in_its_middle_is_found() { copy_files; sed -i '10,$d' "$dir/copy/2"; is_found "copy/2: lines 2 to 9"; }
file_cut_at_a_seal_is_found_with_one_from_elsewhere() {
	copy_files
	# All behind the first seal of the oldest file is gone, with the other files.
	sed -i '2,$d' "$dir/copy/1"
	for ((i = 2; i <= n; i++)); do rm "$dir/copy/$i"; done
	verify_copy
	jq -e '.broken_seals == 0 and .seals == 1' "$dir/verified" >/dev/null || why "$(cat "$dir/said")" || return
	is_found "seal $seal is not there" --seal "$seal"
}

edited_event_is_found() { copy_files; perl -0777 -pi -e 's/openat/openaT/' "$dir/copy/2"; is_found "copy/2: events 2 to .*changed or moved"; }

missing_file_is_found() { copy_files; rm "$dir/copy/2"; is_found "is missing"; }
exchanged_files_are_found() {
	copy_files
	mv "$dir/copy/2" "$dir/copy/x" && mv "$dir/copy/3" "$dir/copy/2" && mv "$dir/copy/x" "$dir/copy/3"
	is_found "stands at another place" && is_found "named first: .*copy/2 stands in front of .*copy/3,"
}
file_of_another_place_is_found() { copy_files; cp "$dir/copy/2" "$dir/copy/3"; is_found "copy/3: seal .* does not follow"; }
file_without_seals_is_found() { copy_files; grep -av '"action":"seal"' "$dir/copy/2" >"$dir/x"; mv "$dir/x" "$dir/copy/2"; is_found "copy/2: has no seal"; }

check() {
	chosen "$1" || return
	reason=
	if "$@"; then
		ok "host/seal/$*"
	else
		not_ok "host/seal/$*" "$reason"
	fi
	[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
}

check untouched_files_are_accepted json
for test in edited_line_is_found deleted_line_is_found inserted_line_is_found exchanged_lines_are_found \
	file_cut_in_its_middle_is_found file_cut_at_a_seal_is_found_with_one_from_elsewhere \
	missing_file_is_found exchanged_files_are_found file_of_another_place_is_found file_without_seals_is_found; do
	check "$test"
done
check untouched_files_are_accepted proto
for test in edited_event_is_found missing_file_is_found exchanged_files_are_found file_of_another_place_is_found; do
	check "$test" proto
done
