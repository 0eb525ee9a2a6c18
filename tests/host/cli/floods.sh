#!/bin/bash
# Floods: what rules count, leave out and let through adds up to what was done, whatever the size
# of the ring. TL_TEST_FLOODS says how many floods for each size (5).
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

floods=${TL_TEST_FLOODS:-5}

# What became of each event, of the last record: seen is all the rest.
balance='.traceleft.ledger.events | length >= 4 and all(.[]; .seen == .filtered + .aggregated + .lost + .malformed +
	.internal + .reader_filtered + .reader_aggregated + .reader_lost + .delivered)'

# Four processes, half a million calls each; if the reader has to wait, what it missed is told.
two_million_reads_and_writes_are_counted_exactly() {
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: rw, events: [read, write], aggregate: {by: [executable, path], every: 1s}}
		outputs: {out: {type: stdout, format: json}}
		limits: {buffer: 256M}
	END
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c \
		'for i in 1 2 3 4; do dd if=/dev/zero of='"$dir"'/null$i bs=100 count=250000 status=none & done; wait'
	expect_status 0 && expect_balanced || return
	jq -e -s --arg dir "$dir" 'def sum(f): map(f) | add // 0;
		map(select(.traceleft.result)) as $all |
		($all | map(select(.file.path == "/dev/zero"))) as $read |
		($all | map(select(.file.path // "" | startswith("\($dir)/null")))) as $written |
		(last | .traceleft.ledger.balance) as $balance |
		(last | .traceleft.ledger.events | map({key: .name, value: .}) | from_entries) as $events |
		all($read[], $written[]; .traceleft.bytes == 100 * .traceleft.count) and
		$events.write.seen == 1000000 and
		($written | sum(.traceleft.count)) + $events.write.lost == 1000000 and
		($balance.lost > 0 or ($read | sum(.traceleft.count) == 1000000) and
			([1, 2, 3, 4] | all(. as $i | $written | map(select(.file.path == "\($dir)/null\($i)")) |
				sum(.traceleft.bytes) == 25000000))) and
		$balance.aggregated == ($all | sum(.traceleft.count))' \
		"$dir/out" >/dev/null || why "$(tail -n 1 "$dir/out" | jq -c .traceleft.ledger.balance)"
}

# flood BUFFER: two processes on as many processors as there are; what one rule leaves out is the kernel's,
# another's is counted, a third's sampled. Then the output is verified, as it is and without one line.
flood() {
	local line
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: short, events: [read], where: ret < 100}
		  - {name: written, events: [write], aggregate: {by: [path], every: 100ms}}
		  - {name: some, events: [getppid, lseek], sample: 10}
		  - {name: closed, events: [close]}
		outputs: {out: {type: stdout, format: json}}
		limits: {buffer: $1}
	END
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c \
		'for i in 1 2; do dd if=/dev/zero of=/dev/null bs=100 count=30000 2>/dev/null & done
		for i in 1 2 3 4 5 6 7 8 9; do : </dev/null; done; wait'
	expect_status 0 && expect_balanced || return
	# Of every event, too.
	tail -n 1 "$dir/out" | jq -e "$balance" >/dev/null ||
		why "$(tail -n 1 "$dir/out" | jq -c .traceleft.ledger.events)" || return
	"$TRACELEFT" verify "$dir/out" >"$dir/verified" || why "$(cat "$dir/verified")" || return
	line=$((1 + RANDOM % ($(wc -l <"$dir/out") - 1)))
	! sed "${line}d" "$dir/out" | "$TRACELEFT" verify - >"$dir/verified" || why "line $line is not missed"
}

floods_through_a_small_ring_balance() {
	local i
	for ((i = 0; i < floods; i++)); do flood 64K || return; done
}

floods_through_a_large_ring_balance() {
	local i
	for ((i = 0; i < floods; i++)); do flood 16M || return; done
}

run_tests two_million_reads_and_writes_are_counted_exactly floods_through_a_small_ring_balance \
	floods_through_a_large_ring_balance
