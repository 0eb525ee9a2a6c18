#!/bin/bash
# traceleftd and a ClickHouse server of the test's own, with the files that are shipped for it: the server
# is killed while rows go to it, and is away for a while. Then it has each event of a known work, and their
# sums are those of the work. TL_EVENTS (1000000): how many.
# shellcheck disable=SC1091,SC2015,SC2016,SC2154 # the library is beside; programs and queries expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip collectors/clickhouse "needs root"; exit 0; }
for program in clickhouse-server clickhouse-client curl python3; do
	command -v "$program" >/dev/null || { skip collectors/clickhouse "there is no $program"; exit 0; }
done
. tests/host/daemon-common
server=""
trap '{ kill -9 $pid $server; wait; } 2>/dev/null; rm -rf "$dir"' EXIT

events=${TL_EVENTS:-1000000}
parts=20
part=$((events / parts / 2 * 2))
events=$((part * parts))
read -r http native < <(python3 -c '
import socket
sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(s.getsockname()[1] for s in sockets))')

# ---- The server

write_configuration() {
	mkdir -p "$dir/clickhouse"
	cat >"$dir/clickhouse/config.xml" <<-END
		<yandex>
			<logger><level>warning</level><log>$dir/clickhouse/log</log><errorlog>$dir/clickhouse/errors</errorlog></logger>
			<listen_host>127.0.0.1</listen_host>
			<http_port>$http</http_port>
			<tcp_port>$native</tcp_port>
			<path>$dir/clickhouse/data/</path>
			<tmp_path>$dir/clickhouse/tmp/</tmp_path>
			<user_files_path>$dir/clickhouse/user_files/</user_files_path>
			<format_schema_path>$dir/clickhouse/format_schemas/</format_schema_path>
			<users_config>$dir/clickhouse/users.xml</users_config>
			<default_profile>default</default_profile>
			<default_database>default</default_database>
			<mark_cache_size>1073741824</mark_cache_size>
			<max_connections>64</max_connections>
		</yandex>
	END
	cat >"$dir/clickhouse/users.xml" <<-END
		<yandex>
			<profiles><default><max_memory_usage>8000000000</max_memory_usage></default></profiles>
			<quotas><default/></quotas>
			<users>
				<default>
					<password/><profile>default</profile><quota>default</quota>
					<networks><ip>127.0.0.1</ip></networks>
				</default>
				<audit>
					<password>of the audit</password><profile>default</profile><quota>default</quota>
					<networks><ip>127.0.0.1</ip></networks>
				</audit>
			</users>
		</yandex>
	END
}

query() {
	curl -sS --fail-with-body --noproxy '*' "http://127.0.0.1:$http/" --data-binary "$1" 2>&1
}

start_server() {
	clickhouse-server --config-file="$dir/clickhouse/config.xml" >>"$dir/clickhouse/out" 2>&1 </dev/null &
	server=$!
	for _ in $(seq 1200); do
		[ "$(query 'SELECT 1')" = 1 ] && return
		kill -0 "$server" 2>/dev/null || break
		sleep 0.1
	done
	why "no server: $(tail -n 3 "$dir/clickhouse/out" "$dir/clickhouse/errors")"
}

kill_server() {
	kill -9 "$server"
	wait "$server" 2>/dev/null
	server=
}

# It has stood still while a part was made, for longer than the daemon waits for an answer: what was sent
# to it then is sent again, and it takes both.
go_on() {
	for _ in $(seq 600); do
		grep -q 'timed out' "$dir/err" && break
		sleep 0.1
	done
	kill -CONT "$server"
	grep -q 'timed out' "$dir/err" || why "the daemon waits: $(tail -n 2 "$dir/err")" || return
	for _ in $(seq 600); do
		taken=$(query "SELECT value FROM system.events WHERE event = 'InsertedRows'")
		[ "$(output waiting)" = 0 ] && ((taken > made + 100)) && return
		sleep 0.1
	done
	why "rows taken of $made: $taken"
}

# ---- What is audited

# The policy that is shipped, but for the machine, the places, and what is audited.
write_policy() {
	printf 'of the audit\n' >"$dir/key"
	sed -e "s,https://clickhouse.example:8443/,http://127.0.0.1:$http/," \
		-e "s,/etc/traceleft/clickhouse-key,$dir/key," -e "s,/var/lib/traceleft/clickhouse,$dir/spool," \
		-e '/^rules:/,/^outputs:/{/^outputs:/!d}' \
		-e 's/^    spool:/    timeout: 3s\n&/' policy/examples/clickhouse.yaml >"$dir/policy.yaml"
	cat >>"$dir/policy.yaml" <<-END
		targets:
		  mine: {executable: $dir/work}
		rules:
		  - {name: load, target: mine, events: [read, access], where: path == "/dev/zero" or path startswith "$dir/nothing/"}
	END
	chmod 644 "$dir/policy.yaml"
}

# work FROM TO: of each two numbers one is how many bytes are read, the other is in a name that is asked for.
work() {
	"$dir/work" -I -S -c '
import os, sys
zero = os.open("/dev/zero", os.O_RDONLY)
for i in range(int(sys.argv[2]), int(sys.argv[3]), 2):
    os.read(zero, i % 1000)
    os.access("%s/nothing/%d" % (sys.argv[1], i + 1), os.F_OK)
' "$dir" "$1" "$2"
}
sums() {
	python3 -c '
import sys
n = int(sys.argv[1])
print(n // 2, sum(i % 1000 for i in range(0, n, 2)), n // 2, -2 * (n // 2), sum(range(1, n, 2)))' "$events"
}

# What the output `clickhouse` has so far: accepted, or waiting, or lost.
output() {
	jq -r --arg what "$1" '.outputs[] | select(.name == "clickhouse") | .[$what]' "$dir/run/status.json" 2>/dev/null
}

# The daemon has all that was made: the next part finds an empty buffer.
made=0
make_part() {
	work "$made" $((made + part)) || { why "the work failed"; return 1; }
	made=$((made + part))
	for _ in $(seq 1200); do
		[ "$(output accepted)" -ge "$made" ] 2>/dev/null && return
		sleep 0.1
	done
	why "of $made events the output has $(output accepted): $(tail -n 2 "$dir/err")"
}

# ---- The tests

table_of_the_example_is_made() {
	write_configuration
	start_server || return
	clickhouse-client --host 127.0.0.1 --port "$native" --multiquery <packaging/examples/clickhouse.sql >"$dir/client" 2>&1 ||
		why "$(cat "$dir/client")" || return
	[ "$(query "SELECT engine FROM system.tables WHERE database = 'audit' AND name = 'events'")" = ReplacingMergeTree ] ||
		why "no table: $(cat "$dir/client")"
}

events_come_while_the_server_is_killed() {
	local begin=$SECONDS i
	cp -L "$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')" "$dir/work"
	write_policy
	start || return
	for ((i = 1; i <= parts; i++)); do
		make_part || return
		case $i in
		2) kill -STOP "$server" ;;
		3) go_on || return ;;
		4 | 12) kill_server ;; # with a request under way, and away for four parts
		8 | 16) start_server || return ;;
		10 | 18) kill_server && start_server || return ;;
		esac
	done
	for _ in $(seq 6000); do
		[ "$(output waiting)" = 0 ] && break
		sleep 0.1
	done
	stop
	[ "$status" = 0 ] || why "status $status: $(tail -n 2 "$dir/err")" || return
	echo "# $events events in $((SECONDS - begin)) s"
}

count_and_sums_are_those_of_the_work() {
	local found wanted
	found=$(query "SELECT countIf(\`event.action\` = 'read'), sumIf(\`traceleft.ret\`, \`event.action\` = 'read'),
			countIf(\`event.action\` = 'access' AND \`traceleft.errno\` = 'ENOENT'),
			sumIf(\`traceleft.ret\`, \`event.action\` = 'access'),
			sumIf(toUInt64OrZero(extract(\`file.path\`, 'nothing/([0-9]+)')), \`event.action\` = 'access')
		FROM audit.events FINAL WHERE \`rule.name\` = 'load'")
	found=${found//$'\t'/ } wanted=$(sums)
	echo "# when the server had stood still it had taken $taken rows of $((3 * part))"
	[ "$found" = "$wanted" ] || why "found $found, wanted $wanted; lost: $(query "SELECT \`traceleft.stage\`, \`traceleft.count\`
		FROM audit.events WHERE \`event.action\` = 'lost'"); $(tail -n 2 "$dir/err")"
}

each_id_is_there_once_behind_a_merge() {
	local found
	query 'OPTIMIZE TABLE audit.events FINAL' >"$dir/merged" || why "$(cat "$dir/merged")" || return
	found=$(query "SELECT count(), uniqExact(\`event.id\`) FROM audit.events WHERE \`rule.name\` = 'load'")
	[ "$found" = "$events"$'\t'"$events" ] || why "rows, ids: $found"
}

queries_of_the_example_answer() {
	local found
	while read -r found; do
		query "$found" >"$dir/answer" || why "$found: $(cat "$dir/answer")" || return
	done < <(sed -n 's/^--   *//p' packaging/examples/clickhouse.sql | tr '\n' ' ' | sed 's/ SELECT/\nSELECT/g')
	[ "$(query "SELECT uniqExact(\`host.id\`) FROM audit.events")" = 1 ] || why "hosts"
}

for test in table_of_the_example_is_made events_come_while_the_server_is_killed count_and_sums_are_those_of_the_work \
	each_id_is_there_once_behind_a_merge queries_of_the_example_answer; do
	reason=
	if "$test"; then
		ok "collectors/clickhouse/$test"
	else
		not_ok "collectors/clickhouse/$test" "$reason"
		break # the others need it
	fi
done
