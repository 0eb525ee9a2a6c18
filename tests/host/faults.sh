#!/bin/bash
# What a daemon goes through that its machine does to it: it audits on, and tells.
# shellcheck disable=SC2015,SC2119 # what fails has said why; stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/faults "needs root"; exit 0; }
. tests/host/daemon-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
frozen=/sys/fs/cgroup/unified/traceleft-faults-$$
[ -d /sys/fs/cgroup/unified ] || frozen=/sys/fs/cgroup/traceleft-faults-$$
trap '[ -z "$pid" ] || kill -9 "$pid" 2>/dev/null; rmdir "$frozen" 2>/dev/null; rm -rf "$dir"' EXIT
touch "$dir/opened"

write_policy() {
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
		outputs:
		  log: {type: file, path: $dir/log/events.jsonl}
	END
}

# until_logged N FILTER: so many lines of the log meet it.
until_logged() {
	for _ in $(seq 600); do
		[ "$(jq -s "map(select($2)) | length" "$dir/log/events.jsonl" 2>/dev/null)" = "$1" ] && return
		sleep 0.1
	done
	why "not $1 with $2: $(tail -n 2 "$dir/log/events.jsonl" | cut -c 1-600) $(tail -n 2 "$dir/err")"
}
opens() { "$dir/work" -c ': <"$1"' work "$dir/opened"; }

# A reload needs more descriptors than there are: it is refused. With room it is not.
full_table_of_descriptors_refuses_a_reload_and_no_event() {
	local all
	all=("/proc/$pid/fd/"*)
	prlimit --pid "$pid" --nofile="$((${#all[@]} + 4)):8192" || why "no limit can be set" || return
	for _ in 1 2 3; do
		timeout 60 "$traceleft" reload --socket "$dir/run/control" >"$dir/answer" 2>&1
	done
	opens
	until_logged 1 '.rule.name == "opens"' || return
	until_logged 3 '.event.action == "reload" and (.message | test("; refused, the old policy .*Too many open files"))' || return
	prlimit --pid "$pid" --nofile=1024:8192
	timeout 60 "$traceleft" reload --socket "$dir/run/control" >"$dir/answer" 2>&1 || why "$(cat "$dir/answer")" || return
	opens
	until_logged 2 '.rule.name == "opens"'
}

# Who connects and says nothing is one of those that find no descriptor.
full_table_of_descriptors_takes_requests_again() {
	local all clients
	all=("/proc/$pid/fd/"*)
	prlimit --pid "$pid" --nofile="$((${#all[@]} + 3)):8192" || why "no limit can be set" || return
	python3 -c '
import socket, sys, time
many = [socket.socket(socket.AF_UNIX) for _ in range(100)]
for s in many:
    s.setblocking(False)
    try:
        s.connect(sys.argv[1])
    except OSError:
        pass
time.sleep(3)' "$dir/run/control" &
	clients=$!
	sleep 1
	opens
	until_logged 3 '.rule.name == "opens"'
	busy=$(awk '{ print $14 + $15 }' "/proc/$pid/stat")
	wait "$clients"
	busy=$(($(awk '{ print $14 + $15 }' "/proc/$pid/stat") - busy))
	((busy < 100)) || why "$busy ticks of CPU for who found no descriptor" || return
	prlimit --pid "$pid" --nofile=1024:8192
	for _ in $(seq 100); do
		timeout 60 "$traceleft" reload --socket "$dir/run/control" >"$dir/answer" 2>&1 && return
		sleep 0.1
	done
	why "$(cat "$dir/answer")"
}

frozen_daemon_tells_it_when_it_goes_on() {
	mkdir "$frozen" && echo "$pid" >"$frozen/cgroup.procs" && [ -e "$frozen/cgroup.freeze" ] || why "no control group" || return
	echo 1 >"$frozen/cgroup.freeze"
	opens
	sleep 11
	echo 0 >"$frozen/cgroup.freeze"
	until_logged 4 '.rule.name == "opens"' &&
		until_logged 1 '.event.action == "tamper" and .traceleft.tamper.kind == "stopped" and .log.level == "crit"'
}

write_policy
start || { not_ok host/faults/start "$reason"; exit 1; }
for test in full_table_of_descriptors_refuses_a_reload_and_no_event full_table_of_descriptors_takes_requests_again \
	frozen_daemon_tells_it_when_it_goes_on; do
	reason=
	if "$test"; then ok "host/faults/$test"; else not_ok "host/faults/$test" "$reason"; fi
done
stop
