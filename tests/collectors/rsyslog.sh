#!/bin/bash
# traceleftd, journald and rsyslogd with the configuration that is shipped for it, in namespaces of the
# test's own: what is in the journal arrives over the network, with all fields.
# shellcheck disable=SC1091,SC2016,SC2154 # the library is beside; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip collectors/rsyslog "needs root"; exit 0; }
for program in rsyslogd journalctl python3 jq ip; do
	command -v "$program" >/dev/null || { skip collectors/rsyslog "there is no $program"; exit 0; }
done
journald=/lib/systemd/systemd-journald
[ -x $journald ] || { skip collectors/rsyslog "there is no $journald"; exit 0; }
# Mounts and a network that end with this script.
[ "${TL_APART-}" ] || TL_APART=yes exec unshare --mount --net bash "$0"

mount -t tmpfs tmpfs /run || exit
[ ! -d /var/log/journal ] || mount -t tmpfs tmpfs /var/log/journal || exit
[ ! -e /dev/kmsg ] || mount --bind /dev/null /dev/kmsg || exit # journald would tell the kernel's log about itself
ip link set lo up || exit
. tests/host/daemon-common
programs=()
trap '{ kill -9 $pid "${programs[@]}"; wait; } 2>/dev/null; rm -rf "$dir"' EXIT

# await COMMAND...: for a minute.
await() {
	for _ in $(seq 120); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.5
	done
	"$@"
}

start_journal() {
	mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
	printf '%s\n' '[Journal]' Storage=volatile ReadKMsg=no Audit= RateLimitIntervalSec=0 >/run/systemd/journald.conf.d/test.conf
	# Whether the kernel audits is not for this journal to say.
	setpriv --bounding-set=-audit_control --inh-caps=-audit_control env -u RUNTIME_DIRECTORY $journald >"$dir/journald" 2>&1 &
	programs+=($!)
	await test -S /run/systemd/journal/socket || why "no journal: $(tail -n 2 "$dir/journald")"
}

# What comes over the network is in $dir/received.
start_collector() {
	python3 -c '
import socket, sys
server = socket.create_server(("127.0.0.1", 6514))
connection, file = server.accept()[0], open(sys.argv[1], "wb", buffering=0)
while data := connection.recv(65536):
    file.write(data)' "$dir/received" &
	programs+=($!)
}

start_rsyslog() {
	mkdir "$dir/work-directory"
	{
		echo "global(workDirectory=\"$dir/work-directory\")"
		sed 's/collector\.example/127.0.0.1/' packaging/examples/rsyslog.conf
	} >"$dir/rsyslog.conf"
	rsyslogd -N1 -f "$dir/rsyslog.conf" >"$dir/checked" 2>&1 || why "$(cat "$dir/checked")" || return
	rsyslogd -n -f "$dir/rsyslog.conf" -i "$dir/rsyslog.pid" >"$dir/rsyslog" 2>&1 &
	programs+=($!)
}

example_is_a_configuration() {
	start_journal && start_collector && start_rsyslog
}

# One a line. What has several values there has its last one here, as the example says.
in_the_journal() {
	journalctl -q -t traceleft -o json --all TRACELEFT_RULE=all |
		jq -S -c 'with_entries(select(.key | startswith("__") | not) | .value |= if type == "array" then last else . end)' | sort
}
arrived() {
	sed -n 's/^@cee: *//p' "$dir/received" | jq -S -c 'select(.TRACELEFT_RULE == "all")' | sort
}
all_has_arrived() {
	in_the_journal >"$dir/here"
	arrived >"$dir/there"
	[ "$(grep -c '"TRACELEFT_EVENT":"chmod"\|"TRACELEFT_EVENT":"fchmodat"' "$dir/here")" = 200 ] && cmp "$dir/here" "$dir/there"
}

events_of_the_journal_arrive_with_all_fields() {
	put_policy <<-END
		rules:
		  - {name: all, target: mine, events: [chmod, fchmodat, exec], tags: [one, two], severity: warning}
		outputs:
		  journal: {type: journald}
	END
	cp -L "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$dir/work"
	start || return
	"$dir/work" -I -S -c '
import os, sys
os.chdir(sys.argv[1])
for i in range(200):
    name = b"odd \"\\ \xff %d" % i
    open(name, "w").close()
    os.chmod(name, 0o600)' "$dir"
	await all_has_arrived >/dev/null 2>&1
	stop
	all_has_arrived >"$dir/compared" 2>&1 ||
		why "$(wc -l <"$dir/here") in the journal, $(wc -l <"$dir/there") arrived: $(diff "$dir/here" "$dir/there" | head -n 4 | cut -c1-1500) $(cat "$dir/rsyslog")"
}

for test in example_is_a_configuration events_of_the_journal_arrive_with_all_fields; do
	reason=
	if "$test"; then
		ok "collectors/rsyslog/$test"
	else
		not_ok "collectors/rsyslog/$test" "$reason"
		break # the next one needs it
	fi
done
