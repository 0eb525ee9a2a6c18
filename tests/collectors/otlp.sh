#!/bin/bash
# What an output of format otlp sends, read with OpenTelemetry's own definitions (npm's
# @opentelemetry/otlp-transformer, installed into a directory of the test's own), against the JSON lines:
# an event of each type of the table, and those of a real workload.
# shellcheck disable=SC1091,SC2016,SC2154 # the library is beside; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip collectors/otlp "needs root"; exit 0; }
for program in node npm; do
	command -v "$program" >/dev/null || { skip collectors/otlp "there is no $program"; exit 0; }
done
. tests/host/daemon-common
collector=""
trap '{ kill -9 $pid $collector; wait; } 2>/dev/null; rm -rf "$dir"' EXIT
# Later versions have no definitions to read requests with.
npm install --prefix "$dir/npm" --ignore-scripts --no-audit --no-fund --silent @opentelemetry/otlp-transformer@0.203.0 \
	>"$dir/npm.log" 2>&1 || { skip collectors/otlp "no definitions: $(tail -n 1 "$dir/npm.log")"; exit 0; }

# compare REQUESTS LINES
compare() {
	node tests/collectors/otlp.js "$dir/npm/node_modules" "$@" >"$dir/compared" 2>&1 ||
		why "$(grep -m 1 Error: "$dir/compared" || tail -n 1 "$dir/compared")" || return
	cat "$dir/compared"
}

every_type_of_the_table_is_read_as_its_line() {
	build/tests/tools/otlp-events "$dir/requests" "$dir/lines" || why "no events" || return
	compare "$dir/requests" "$dir/lines" || return
	# It would notice.
	sed '40s/"ppid":\|"pid":1/&9/' "$dir/lines" >"$dir/other"
	! compare "$dir/requests" "$dir/other" >/dev/null || why "a changed line is not noticed" || return
	reason=
}

# Names with odd bytes, calls that fail, a connection.
work='
cd "$1"
n=0
while [ $n -lt 10 ]; do
	: >"odd \"\\ü$(printf "\001\377")$n"
	chmod 600 odd*
	cat odd* nothing >/dev/null 2>&1
	rm odd*
	n=$((n + 1))
done
python3 -I -c "
import os, socket
s = socket.create_server((\"127.0.0.1\", 0))
c = socket.create_connection(s.getsockname())
c.sendall(bytes(range(256)))
os.getppid()"
:'

events_of_a_workload_are_read_as_their_lines() {
	build/tests/tools/http-receiver 0 "$dir/received" >"$dir/port" &
	collector=$!
	for _ in $(seq 300); do
		[ -s "$dir/port" ] && break
		sleep 0.1
	done
	put_policy <<-END
		  under: {executable: $dir/work, descendants: true}
		rules:
		  - {name: all, target: under, events: ["@file", "@process", "@network", "@perms", exec, fork, exit], tags: [test], severity: warning}
		  - {name: counted, target: under, events: [getppid], aggregate: {by: [comm], every: 1s}}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl}
		  siem: {type: http, format: otlp, compress: false, url: "http://127.0.0.1:$(<"$dir/port")/v1/logs", spool: {path: $dir/spool}}
	END
	start || return
	"$dir/work" -c "$work" work "$dir" &
	worker=$!
	wait "$worker"
	for _ in $(seq 60); do
		sleep 0.5 # what waits for a full batch, and the receiver's writing
		grep -q "\"action\":\"exit\".*\"pid\":$worker,.*\"tags\":" "$dir/log/events.jsonl" || { reason="no end"; continue; }
		grep -q '"counted"' "$dir/log/events.jsonl" || { reason="no count"; continue; }
		reason=
		compare "$dir/received" "$dir/log/events.jsonl" || continue
		stop
		[ "$status" = 0 ] || why "status $status: $(tail -n 2 "$dir/err")"
		return
	done
	return 1
}

for test in every_type_of_the_table_is_read_as_its_line events_of_a_workload_are_read_as_their_lines; do
	reason=
	if "$test"; then
		ok "collectors/otlp/$test"
	else
		not_ok "collectors/otlp/$test" "$reason"
	fi
done
