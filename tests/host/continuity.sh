#!/bin/bash
# Reloads, restarts, and processes that are killed, while four others make calls: each call is told once or declared
# lost, and there is no gap. With TL_TEST_RELOADS=100 TL_TEST_KILLS=25 TL_TEST_PAUSE=0 it is by hand, and some 20 GB.
# shellcheck disable=SC2015 # what fails has said why
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/continuity "needs root"; exit 0; }
. tests/host/daemon-common
. tests/host/keeper-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
reloads=${TL_TEST_RELOADS:-10} kills=${TL_TEST_KILLS:-3}
# In microseconds, behind a hundred calls of each; 0: as fast as they can, which is some gigabytes.
pause=${TL_TEST_PAUSE:-20000}
cp build/tests/tools/numbered-calls "$dir/work" || { not_ok host/continuity "make test-tools"; exit 1; }

restarting=$PWD/build/tests/tools/restarting.so
ending=$PWD/build/tests/tools/ending.so
lingering=$PWD/build/tests/tools/lingering.so
clock_ahead=$PWD/build/tests/tools/clock-ahead.so
for library in "$restarting" "$ending" "$lingering" "$clock_ahead"; do
	[ -e "$library" ] || { not_ok host/continuity "make test-tools"; exit 1; }
done

# write_counting_policy MORE: of its rule. Records of protobuf are the shortest.
write_counting_policy() {
	put_policy <<-END
		rules:
		  - {name: counted, target: mine, events: [getpgid]${1:+, $1}}
		outputs:
		  log: {type: file, path: $dir/log/events, format: ${format:-proto}}
		${buffer:+limits: {buffer: $buffer\}}
	END
}
all_lines() {
	if [ "${format:-proto}" = json ]; then cat "$dir/log/events"; else "$traceleft" decode "$dir/log/events"; fi
}

# begin_calls [MORE [LIBRARY]]: of the rule; preloaded.
begin_calls() {
	write_counting_policy "${1:-}"
	LD_PRELOAD=${2:-} begin_keeping
	rm -f "$dir/go"
	jobs=()
	for i in 1 2 3 4; do
		"$dir/work" make "$dir/go" "$pause" >"$dir/calls.$i" &
		jobs+=($!)
	done
	sleep 0.5
	touch "$dir/go"
}

# reload MORE: of the rule.
reload() {
	write_counting_policy "$1"
	timeout 60 "$traceleft" reload --socket "$dir/run/control" >"$dir/answer" 2>&1 || why "$(cat "$dir/answer")"
}

# Into made, when all have said how many and then nothing more has come for some seconds; then the daemon has ended.
await_calls() {
	local before="" now=0
	rm "$dir/go"
	for _ in $(seq 600); do
		[ "$(cat "$dir"/calls.[1-4] | wc -l)" = 4 ] && [ "$before" = "$now" ] && break
		sleep 3
		before=$now now=$(stat -c %s "$dir/log/events")
	done
	touch "$dir/go"
	wait "${jobs[@]}"
	end_keeping
	made=$(awk '{ n += $2 } END { printf "%d\n", n }' "$dir"/calls.[1-4])
	[ -z "$reason" ]
}

# end_calls WHAT [KEPT]: its figures. What a buffer of the usual size has room for is told. KEPT: descriptors that the
# last process has left (0).
end_calls() {
	local made told again lost gaps wrong
	await_calls || return
	grep -qx "ended 0 ${2:-0}" "$dir/said" || why "$(tail -n 1 "$dir/said") $(tail -n 3 "$dir/err")" || return
	read -r told again lost gaps wrong < <(all_lines | "$dir/work" count)
	echo "# $1: $made calls, $told told, $lost declared lost"
	[ "$((told + lost)) $again $gaps $wrong" = "$made 0 0 0" ] ||
		why "of $made: $told told, $again numbers again, $lost lost, $gaps gaps, $wrong wrong" || return
	((lost == 0 || pause == 0)) || why "$lost of $made were lost"
}

reloads_lose_nothing() {
	begin_calls
	for ((i = 1; i <= reloads && !${#reason}; i++)); do
		reload "tags: [reload-$i]"
	done
	end_calls "$reloads reloads" || return
	[ "$("$traceleft" decode "$dir/log/events" | grep -c '"action":"reload"')" = "$reloads" ] || why "not $reloads are recorded"
}

kills_lose_nothing() {
	begin_calls
	for ((i = 1; i <= kills && !${#reason}; i++)); do
		sleep 0.5 # the next one reads what came meanwhile
		echo KILL >&7
		told "$i" "ready True 1"
	done
	end_calls "$kills kills" || return
	[ "$(grep -c 'goes on with the session' "$dir/err")" = "$kills" ] || why "not $kills went on: $(tail -n 3 "$dir/err")"
}

# All of it in a row: a restart behind each fifth reload, a kill behind each twentieth or the last one. With
# the library the last stop is one before a restart, too, and the session is left.
reloads_restarts_and_kills_lose_nothing() {
	local n=0 often=$((reloads < 20 ? reloads : 20)) ended
	begin_calls "" "$restarting"
	for ((i = 1; i <= reloads && !${#reason}; i++)); do
		reload "tags: [reload-$i]"
		((i % 5)) || restart "$((++n))"
		((i % often)) && continue
		echo KILL >&7
		told "$((++n))" "ready True 1"
	done
	ended="$((reloads / 5)) restarts, $((reloads / often)) kills"
	end_calls "$reloads reloads, $ended" 1 || return
	[ "$(all_lines | grep -c '"action":"reload"') $(grep -c 'goes on with the session' "$dir/err")" = "$reloads $n" ] ||
		why "not $reloads are recorded, or not $n went on: $(tail -n 3 "$dir/err")"
}

has_ended() {
	for _ in $(seq 300); do
		[ -e "$TL_TEST_END" ] || return 0
		sleep 0.1
	done
	why "$TL_TEST_END_AT was not written"
}
# Killed when it has written what it declares lost and has not settled that: the next one declares what more is missing,
# also where somebody has set the clock meanwhile.
kills_declare_nothing_twice() {
	local pause=0 format=json buffer=1M kills=${TL_TEST_KILLS:-2}
	export TL_TEST_END=$dir/end TL_TEST_END_AT='"stage":"ring"' TL_TEST_AHEAD=$dir/ahead
	echo 0 >"$TL_TEST_AHEAD"
	begin_calls "" "$ending $clock_ahead"
	for ((i = 1; i <= kills && !${#reason}; i++)); do
		touch "$TL_TEST_END"
		has_ended || break
		echo $((i * 100)) >"$TL_TEST_AHEAD"
		echo KILL >&7
		told "$i" "ready True 1"
	done
	unset TL_TEST_END TL_TEST_END_AT TL_TEST_AHEAD
	end_calls "$kills kills behind a declaration"
}

# ---- What the kernel counts: as fast as they can

every='aggregate: {by: [pid], every: 300ms}'

# Into made, told, lost and gaps.
sum_counts() {
	await_calls || return
	read -r told lost gaps < <("$traceleft" decode "$dir/log/events" | jq -r 'select(.traceleft.count) |
		"\(if .traceleft.stage == "outage" then "gap" else .event.action end) \(.traceleft.count)"' |
		awk '{ n[$1] += $2; gaps += $1 == "gap" } END { print n["getpgid"] + 0, n["lost"] + 0, gaps + 0 }')
	echo "# $1: $made calls, $told in counts, $lost declared lost, $gaps gaps"
}

reloads_lose_no_counts() {
	local pause=0 made told lost gaps
	begin_calls "$every"
	for i in 1 2 3 4 5; do
		reload "tags: [reload-$i], $every" || break
	done
	sum_counts "counts over reloads" || return
	[ "$((told + lost)) $gaps" = "$made 0" ] || why "of $made: $told in counts, $lost lost, $gaps gaps"
}

# What finds no room in the kernel's table within a period is told, and counted by the reader.
many_kinds_lose_no_counts() {
	local seen told
	put_policy <<-END
		rules:
		  - {name: counted, target: mine, events: [openat], aggregate: {by: [path], every: 5s}}
		outputs:
		  log: {type: file, path: $dir/log/events, format: json}
	END
	begin_keeping
	mkdir "$dir/many"
	"$dir/work" open "$dir/many" 100000 || why "cannot open files"
	for _ in $(seq 300); do
		grep -q '"count"' "$dir/log/events" && break
		sleep 0.2
	done
	# What the reader remembers of the period before is not to be in the way of these.
	"$dir/work" open "$dir/many" 100000 || why "cannot open files"
	rm -r "$dir/many"
	end_keeping
	[ -z "$reason" ] || return
	seen=$(jq -r 'select(.traceleft.ledger) | .traceleft.ledger.events[] | select(.name == "openat").seen' "$dir/log/events" | tail -n 1)
	told=$(jq -r 'select(.event.action == "openat").traceleft.count' "$dir/log/events" | awk '{ n += $1 } END { print n + 0 }')
	((seen >= 400000)) && [ "$told" = "$seen" ] || why "of ${seen:-no} calls $told are in counts: $(grep '"lost"' "$dir/log/events" | head -n 2)"
}

# restart N: a clean stop, as systemd's for a restart, and the next process, which goes on.
restart() {
	echo "TERM sleep 0.5" >&7
	told "$1" "ready True 1"
}
# Those of more than one period, while calls are made.
counts_come() {
	local before
	before=$(counts_there)
	for _ in $(seq 150); do
		(($(counts_there) >= before + 8)) && return
		sleep 0.2
	done
	why "no counts come: $(counts_there) after $before, $(grep -c "^ready" "$dir/said") processes"
}
counts_there() {
	"$traceleft" decode "$dir/log/events" | grep -c '"action":"getpgid".*"count":[0-9][0-9]'
}
# begin_change STEP: a reload has come so far.
begin_change() {
	rm -f "$TL_TEST_LINGER"
	write_counting_policy "tags: [step-$1]"
	kill -HUP "$(cat "$dir/run/traceleftd.lock")"
	for _ in $(seq 600); do
		(($(stat -c %s "$TL_TEST_LINGER" 2>/dev/null || echo 0) < $1)) || break
		sleep 0.05
	done
}
# What the policy that was to come has told of, only its session knew: what is not in the file is declared lost, and
# there is a gap.
kills_within_a_change_tell_or_declare() {
	local format=json made told again lost gaps wrong both n=0
	export TL_TEST_LINGER=$dir/lingered TL_TEST_END=$dir/end TL_TEST_END_AT='"step-3"'
	begin_calls "" "$lingering $ending"
	for step in 1 3 3 3; do
		[ "$step" = 1 ] || { reload "tags: [before]" && touch "$TL_TEST_END"; } || break
		begin_change "$step"
		has_ended || break
		echo KILL >&7
		told $((++n)) "ready True 1" || break
	done
	unset TL_TEST_LINGER TL_TEST_END TL_TEST_END_AT
	await_calls || return
	read -r told again lost gaps wrong < <(all_lines | "$dir/work" count)
	both=$(all_lines | jq -r 'select(.event.action == "getpgid" or .traceleft.stage == "malformed") | .traceleft |
		"\(.cpu) \(.seq_first // .seq)"' | sort | uniq -d | wc -l)
	echo "# kills within a change: $made calls, $told told, $lost declared lost, $gaps gaps"
	[ "$again $wrong $both $gaps" = "0 0 0 4" ] && ((told + lost <= made)) ||
		why "of $made: $told told, $again numbers again, $lost lost, $both of them both, $gaps gaps, $wrong wrong"
}
# One policy has begun to tell of what the other did: both know what the other cannot.
restarts_within_a_change_lose_nothing() {
	local made told again lost gaps wrong n=0
	export TL_TEST_LINGER=$dir/lingered
	begin_calls "" "$restarting:$lingering"
	for step in 1 3; do
		begin_change "$step"
		restart $((++n)) || break
	done
	unset TL_TEST_LINGER
	await_calls || return
	read -r told again lost gaps wrong < <(all_lines | "$dir/work" count)
	echo "# restarts within a change: $made calls, $told told, $lost declared lost"
	[ "$told $again $lost $gaps $wrong" = "$made 0 0 0 0" ] ||
		why "of $made: $told told, $again numbers again, $lost lost, $gaps gaps, $wrong wrong" || return
	[ "$(all_lines | grep -c '"action":"reload"')" = 2 ] || why "the changes did not end"
}

# What is counted while no process is there, the next one tells, and nothing of it goes through the buffer.
restarts_lose_no_counts() {
	local pause=0 made told lost gaps
	begin_calls "$every" "$restarting"
	for i in 1 2 3 4; do
		counts_come && restart "$i" || break
	done
	counts_come
	sum_counts "counts over restarts" || return
	[ "$told $lost $gaps" = "$made 0 0" ] || why "of $made: $told in counts, $lost lost, $gaps gaps" || return
	[ "$(grep -c 'goes on with the session' "$dir/err")" = 4 ] || why "not 4 went on: $(tail -n 3 "$dir/err")"
}

# Of counts in the kernel whose meaning went with the process the number is declared, and once; of those that it had
# begun to write down, that there was a gap.
kills_declare_counts() {
	local pause=0 made told lost gaps
	begin_calls "$every"
	for i in 1 2 3; do
		sleep 1
		echo KILL >&7
		told "$i" "ready True 1" || break
	done
	sum_counts "counts over kills" || return
	((told + lost <= made)) && [ "$gaps" = 3 ] || why "of $made: $told in counts, $lost lost, $gaps gaps"
}

# The last one leaves its events to a process that does not come.
for test in reloads_lose_nothing kills_lose_nothing reloads_restarts_and_kills_lose_nothing kills_declare_nothing_twice restarts_within_a_change_lose_nothing kills_within_a_change_tell_or_declare reloads_lose_no_counts kills_declare_counts many_kinds_lose_no_counts restarts_lose_no_counts; do
	chosen "$test" || continue
	reason=
	if $test; then
		ok "host/continuity/$test"
	else
		not_ok "host/continuity/$test" "$reason"
	fi
done
