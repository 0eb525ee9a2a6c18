#!/bin/bash
# traceleftd and a collector: what one run cannot send the next one does.
# shellcheck disable=SC1091,SC2016 # the library is beside; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/collector "needs root"; exit 0; }
. tests/host/daemon-common
receiver=$PWD/build/tests/tools/http-receiver
collector="" port=0
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; [ -z "$collector" ] || kill -9 "$collector" 2>/dev/null; rm -rf "$dir"' EXIT
touch "$dir/received"

write_policy() {
	put_policy <<-END
		rules:
		  - {name: all, target: mine, events: [openat, exec]}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl}
		  siem: {type: http, url: "http://127.0.0.1:$port/", compress: false, batch: {events: $1}, spool: {path: $dir/spool}}
	END
}

start_collector() {
	"$receiver" "$port" "$dir/received" >"$dir/port" &
	collector=$!
	for _ in $(seq 300); do
		[ -s "$dir/port" ] && { port=$(<"$dir/port"); return; }
		sleep 0.1
	done
	why "no collector"
}

stop_collector() {
	kill -9 "$collector"
	wait "$collector" 2>/dev/null
	collector=
}

stop_cleanly() {
	stop
	[ "$status" = 0 ] || why "status $status"
}

# work N: N events, at least: the program opens its libraries, too.
made=0
work() {
	made=$((made + $1))
	"$dir/work" -c 'n=0; while [ $n -lt '"$1"' ]; do : </dev/null; n=$((n + 1)); done'
}

# Ids of events of the rule in a file, each once.
ids() {
	jq -r 'select(.rule) | .event.id' "$1" 2>/dev/null | sort -u
}

# All that was made is in the file and has arrived, within a minute at worst.
await_all() {
	for _ in $(seq 600); do
		[ "$(ids "$dir/received" | wc -l)" -ge "$made" ] &&
			cmp -s <(ids "$dir/log/events.jsonl") <(ids "$dir/received") && return
		sleep 0.1
	done
	why "$made made, $(ids "$dir/log/events.jsonl" | wc -l) in the file, $(ids "$dir/received" | wc -l) at the collector: $(tail -n 2 "$dir/err")"
}

events_reach_a_collector() {
	start_collector || return
	write_policy 20
	start || return
	work 100
	await_all
}

reload_with_another_batch_loses_nothing() {
	work 50
	write_policy 30
	kill -HUP "$pid"
	work 50
	await_all
}

what_a_dead_collector_does_not_take_arrives_after_a_restart() {
	stop_collector
	work 100
	stop_cleanly || return
	grep -q 'could not be written' "$dir/err" && { why "$(grep 'could not be written' "$dir/err")"; return; }
	start || return
	grep -q 'wait in .*/spool from before' "$dir/err" || why "nothing waited: $(cat "$dir/err")" || return
	work 50
	start_collector || return
	await_all
}

killed_daemon_leaves_whole_blocks() {
	stop_collector
	work 100
	sleep 8 # an event waits for others a second, and the clock ticks each second
	kill -9 "$pid"
	wait "$pid" 2>/dev/null
	start || return
	start_collector || return
	await_all || return
	stop_cleanly
}

for test in events_reach_a_collector reload_with_another_batch_loses_nothing \
	what_a_dead_collector_does_not_take_arrives_after_a_restart killed_daemon_leaves_whole_blocks; do
	chosen "$test" || continue
	reason=
	if "$test"; then
		ok "host/collector/$test"
	else
		not_ok "host/collector/$test" "$reason"
	fi
done
