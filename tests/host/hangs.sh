#!/bin/bash
# The daemon's loop computes and does not come round: that is told at once, to the journal, by a thread that does not
# wait, and then in the outputs. (One that waits in a call of the kernel: injected.sh.)
# shellcheck disable=SC1091,SC2015,SC2016,SC2034,SC2119,SC2154 # the library is beside; what fails has said why; a shell of its own expands; under and daemon are of start; stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/hangs "needs root"; exit 0; }
. tests/host/daemon-common
[ -e build/tests/tools/computing.so ] || { not_ok host/hangs "make test-tools"; exit 1; }
receiver=""
trap '[ -z "$receiver" ] || kill "$receiver" 2>/dev/null; [ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rm -rf "$dir"' EXIT

# A journal in small: entries as they come in $dir/entries, and their messages where start looks for them.
begin_journal() {
	mkdir "$dir/run-of-systemd" "$dir/run-of-systemd/journal"
	: >"$dir/entries"
	python3 -c '
import re, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + "/run-of-systemd/journal/socket")
while True:
    entry = s.recv(1 << 20)
    with open(sys.argv[1] + "/entries", "ab") as entries:
        entries.write(entry.replace(b"\n", b" ") + b"\n")
    with open(sys.argv[1] + "/err", "ab") as err:
        err.write(entry.split(b"\n")[0] + b"\n")' "$dir" &
	receiver=$!
	for _ in $(seq 100); do
		[ -S "$dir/run-of-systemd/journal/socket" ] && break
		sleep 0.1
	done
	mkdir -p /run/systemd
	# As systemd starts it: without --foreground, and with standard error in the journal.
	cat >"$dir/as-a-service" <<-END
		#!/bin/bash
		shift
		mount --bind $dir/run-of-systemd /run/systemd || exit 1
		export JOURNAL_STREAM=\$(stat -L -c %d:%i /proc/self/fd/2)
		exec env LD_PRELOAD=$PWD/build/tests/tools/computing.so COMPUTING=$dir/computing $daemon "\$@"
	END
	chmod 755 "$dir/as-a-service"
	daemon=$dir/as-a-service
	under=(unshare -m)
}
put_policy <<END
rules:
  - {name: all, target: mine, events: [openat]}
outputs:
  log: {type: file, path: $dir/log/events}
END

loop_that_computes_is_told_at_once_in_the_journal() {
	begin_journal
	start || return
	touch "$dir/computing"
	"$dir/work" -c ': <"$0"' "$dir/policy.yaml" # which changes the status
	for _ in $(seq 600); do
		grep -q '"hung"' "$dir/log/events" && break
		sleep 0.1
	done
	stop
	grep -qE '^MESSAGE=tampering: the daemon hangs: for [0-9.]+ seconds it has worked on one thing; .* PRIORITY=2 SYSLOG_IDENTIFIER=traceleftd MESSAGE_ID=[0-9a-f]{32} $' \
		"$dir/entries" || why "$(grep hang "$dir/entries") $(tail -n 2 "$dir/err")" || return
	jq -e -s '[.[] | select(.event.action == "tamper") | [.log.level, .traceleft.tamper.kind, .traceleft.tamper.state,
		(.message | test("the daemon hung for .* seconds: it worked on one thing"))]] == [["crit", "hung", "over", true]]' \
		"$dir/log/events" >/dev/null || why "$(grep '"tamper"' "$dir/log/events")"
}

if loop_that_computes_is_told_at_once_in_the_journal; then
	ok host/hangs/loop_that_computes_is_told_at_once_in_the_journal
else
	not_ok host/hangs/loop_that_computes_is_told_at_once_in_the_journal "$reason"
fi
