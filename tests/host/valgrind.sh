#!/bin/bash
# The daemon under valgrind, from its start to its stop: no error, and nothing of its memory is lost.
# shellcheck disable=SC2119 # stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/valgrind "needs root"; exit 0; }
command -v valgrind >/dev/null || { not_ok host/valgrind "not installed (packaging/install-dependencies)"; exit 1; }
. tests/host/daemon-common
suppressions=$PWD/tests/host/valgrind.suppressions

put_policy <<-END
	rules:
	  - {name: all, target: mine, events: [openat, exec]}
	  - {name: counted, target: mine, events: [write], aggregate: {by: path, every: 1h}}
	outputs:
	  log: {type: file, path: $dir/log/events.jsonl, seal: true}
END

# until FILTER: some line of the log meets it; all of this is slow.
until_logged() {
	for _ in $(seq 600); do
		jq -es "any(.[]; $1)" "$dir/log/events.jsonl" >/dev/null 2>&1 && return
		sleep 0.2
	done
	why "nothing like $1: $(tail -n 2 "$dir/err")"
}

nothing_is_wrong_from_the_start_to_the_stop() {
	# shellcheck disable=SC2034 # of start
	under=(valgrind --quiet --leak-check=full "--suppressions=$suppressions" --error-exitcode=99 "--log-file=$dir/report")
	start || return
	"$dir/work" -c "echo x >$dir/made" && until_logged ".file.path == \"$dir/made\"" || return
	kill -HUP "$pid"
	until_logged '.event.action == "reload" and .log.level == "notice"' || return
	stop
	[ "$status" = 0 ] || why "status $status: $(grep -v '^--' "$dir/report" | head -n 12) $(tail -n 1 "$dir/err")" || return
	until_logged '.event.action == "stop"'
}

if nothing_is_wrong_from_the_start_to_the_stop; then
	ok host/valgrind/nothing_is_wrong_from_the_start_to_the_stop
else
	not_ok host/valgrind/nothing_is_wrong_from_the_start_to_the_stop "$reason"
fi
