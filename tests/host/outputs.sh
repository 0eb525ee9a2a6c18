#!/bin/bash
# What a file has after traceleftd was killed again and again, and after its disk was full.
# shellcheck disable=SC1091,SC2016 # the library is beside; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/outputs "needs root"; exit 0; }
. tests/host/daemon-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
kills=50 kills_seconds=40 # a slow machine has fewer, five at least
load=""
trap '[ -z "$load" ] || kill -9 "$load"; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
mkdir "$dir/opened"

# write_policy FORMAT[, MORE]: the one program's opens of one file, to a file.
touch "$dir/opened"
write_policy() {
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
		outputs:
		  log: {type: file, path: $dir/log/events, format: $1}
		limits: {memory: 1M}
	END
}

# opens N: so many. In the background it is the program itself that is to be killed, so it takes the shell's place.
opens() {
	"${@:2}" "$dir/work" -c 'i=0; while [ $i -lt "$1" ]; do : <"$2"; i=$((i + 1)); done' work "$1" "$dir/opened"
}

# Each time in another moment: before the first event, while a block is written, with a part of it in memory.
killed_while_writing_again_and_again_it_leaves_whole_lines() {
	local round end=$((SECONDS + kills_seconds))
	write_policy "json, seal: true"
	for ((round = 0; round < kills && (round < 5 || SECONDS < end); round++)); do
		start || return
		opens 1000000 exec &
		load=$!
		sleep "0.$((round % 4))"
		kill -9 "$pid"
		wait "$pid" 2>/dev/null
		pid=""
		kill -9 "$load" # a shell that has not become the program yet would clean up in our place
		wait "$load" 2>/dev/null
		load=""
	done
	start || return
	opens 1000
	stop
	"$traceleft" verify --json "$dir/log/events" >"$dir/verified"
	# Nothing is torn, twice or missing within what each of them wrote; each end is declared, and so the whole is not
	# called complete. Each found what the one before had sealed.
	jq -e --argjson kills "$round" '.broken_seals == 0 and .seals > $kills and .broken_lines == 0 and .missing == [] and .missing_records == 0 and .unbalanced == 0 and
		([.lost[] | select(.stage == "outage")] | length) == $kills and .events > 1000' "$dir/verified" >/dev/null ||
		why "$(cat "$dir/verified")" || return
}

# start_on_a_disk_of SIZE COMMAND: it has a folder of its own for its files, so large; COMMAND is run there.
start_on_a_disk_of() {
	local plain=$daemon daemon=$dir/on-its-own
	printf '%s\n' '#!/bin/sh' "mount -t tmpfs -o size=$1,mode=755 none $dir/log && $2" "exec $plain \"\$@\"" >"$dir/on-that-disk"
	printf '%s\n' '#!/bin/sh' "exec unshare -m $dir/on-that-disk \"\$@\"" >"$daemon"
	chmod 755 "$dir/on-that-disk" "$daemon"
	start
}

# A process that is killed before its outputs have what it said of the one before it: the next one says that.
an_outage_that_is_in_no_output_is_declared_by_the_next_process() {
	local first
	write_policy json
	rm -f "$dir/log/events"
	start || return
	stop KILL
	first=$(date -u +%FT%T.%NZ)
	sleep 1.1 # so that the two outages differ by more than what is between two signs of life
	start_on_a_disk_of 4k "head -c 4096 /dev/zero >$dir/log/full" || return
	await_status '.outputs[0].error' || return
	stop KILL
	start || return
	stop
	jq -e -s --arg first "$first" '[.[] | select(.event.action == "lost" and .traceleft.stage == "outage") | .traceleft.first < $first] == [true]' \
		"$dir/log/events" >/dev/null ||
		why "$(grep '"outage"' "$dir/log/events" | jq -c .traceleft)"
}

# Into a disk of 1 MiB, which gets room again when some events have no place in memory either.
full_disk_tears_nothing_and_what_is_missing_is_declared() {
	local format=$1 made=8000 read=(cat) file
	[[ $format == json* ]] || read=("$traceleft" decode -)
	write_policy "$format"
	rm -f "$dir/log/events"
	start_on_a_disk_of 1m : || return
	opens "$made"
	await_status '.outputs[0] | .error and .lost > 0' || return
	nsenter -t "$pid" -m mount -o remount,size=64m "$dir/log" || why "no more room" || return
	await_status '.outputs[0] | .error == null and .delivered + .lost == .accepted' || return
	opens 1000
	exec {file}<"/proc/$pid/root$dir/log/events"
	stop
	"${read[@]}" <&"$file" >"$dir/lines"
	exec {file}<&-
	[ "$status" = 0 ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	"$traceleft" verify --json "$dir/lines" >"$dir/verified" || why "$(cat "$dir/verified")" || return
	# The events that are there, those that the balance calls lost, and those that were declared.
	jq -e -s --argjson made $((made + 1000)) --slurpfile verified "$dir/verified" '
		(map(select(.rule.name == "opens")) | length) as $there |
		(map(select(.event.action == "ledger")) | last | .traceleft.ledger.outputs[0]) as $ledger |
		($verified[0].lost | map(select(.stage == "log").count) | add) as $declared |
		$verified[0].broken_seals == 0 and
		$ledger.lost > 0 and $there + $ledger.lost == $made and $declared == $ledger.lost and
		$ledger.delivered == $there and $ledger.accepted == $made' "$dir/lines" >/dev/null ||
		why "$(grep -c '"opens"' "$dir/lines") there, $(cat "$dir/verified") $(grep '"ledger"' "$dir/lines" | tail -n 1 | jq -c .traceleft.ledger.outputs)"
}
full_disk_with_seals_is_the_same() {
	full_disk_tears_nothing_and_what_is_missing_is_declared "json, seal: true"
}
await_status() {
	for _ in $(seq 600); do
		jq -e "$1" "$dir/run/status.json" >/dev/null 2>&1 && return
		sleep 0.1
	done
	why "no status like $1: $(jq -c .outputs "$dir/run/status.json")"
}

for test in killed_while_writing_again_and_again_it_leaves_whole_lines \
	an_outage_that_is_in_no_output_is_declared_by_the_next_process \
	"full_disk_tears_nothing_and_what_is_missing_is_declared json" \
	full_disk_with_seals_is_the_same \
	"full_disk_tears_nothing_and_what_is_missing_is_declared proto"; do
	chosen "${test% *}" || continue
	reason=
	if $test; then
		ok "host/outputs/${test/ //}"
	else
		not_ok "host/outputs/${test/ //}" "$reason"
	fi
	[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
	rm -f "$dir/run/status.json" "$dir/log/events"
done
