#!/bin/bash
# traceleftd is killed while events come, and the next process goes on with what a service manager has
# kept: each event is in the file, and once. What somebody does while there is no process is told.
# shellcheck disable=SC1091,SC2015,SC2016 # the library is beside; what fails has said why; shells of commands expand
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/kills "needs root"; exit 0; }
. tests/host/daemon-common
. tests/host/keeper-common
traceleft=${TRACELEFT:-$PWD/build/traceleft}
kills=5 opens=40000
touch "$dir/opened"

each_event_is_in_the_file_once() {
	local format=$1 lines=$dir/log/events load i
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
		outputs:
		  log: {type: file, path: $dir/log/events, format: $format}
	END
	begin_keeping
	"$dir/work" -c 'i=0; while [ $i -lt $1 ]; do : <"$2"; i=$((i + 1)); done' work "$opens" "$dir/opened" &
	load=$!
	for ((i = 1; i <= kills && !${#reason}; i++)); do
		sleep "0.$i"
		echo KILL >&7
		told "$i" "ready True 1"
	done
	wait "$load"
	end_keeping
	[ -z "$reason" ] || return
	grep -qx "ended 0 0" "$dir/said" && [ "$(grep -c 'goes on with the session' "$dir/err")" = "$kills" ] ||
		why "$(cat "$dir/said") $(tail -n 3 "$dir/err")" || return
	if [ "$format" = proto ]; then
		lines=$dir/lines
		"$traceleft" decode "$dir/log/events" >"$lines" || why "decode" || return
	fi
	jq -e -s --argjson made "$opens" '[.[] | select(.rule.name == "opens") | .event.id] |
		[length, (unique | length)] == [$made, $made]' "$lines" >/dev/null ||
		why "of $opens: $(grep -c '"name":"opens"' "$lines") $(grep '"lost"' "$lines" | head -n 2)" || return
	"$traceleft" verify "$lines" >"$dir/verified" && grep -q "^complete: $opens events" "$dir/verified" ||
		why "$(cat "$dir/verified")"
}

# tampering FILE: of which kinds the records in it are, and of what in the directory of the files.
tampering() {
	jq -r --arg dir "$dir/" 'select(.event.action == "tamper" and .log.level == "crit") | .traceleft.tamper |
		"\(.kind):\(.object | ltrimstr($dir) | gsub(", "; ","))"' "$dir/log/$1" | sort | tr '\n' ' '
}
# is_told FILE WORDS: such records, and no others.
is_told() {
	for _ in $(seq 300); do
		[ "$(tampering "$1")" = "$2 " ] && return
		sleep 0.1
	done
	why "in $1: $(tampering "$1")"
}

what_is_done_while_no_process_is_there_is_told() {
	local maps name before
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
		outputs:
		$(for name in log away cut moved numbered dated ended.jsonl packed feigned; do echo "  ${name%.*}: {type: file, path: $dir/log/$name}"; done)
	END
	begin_keeping
	"$dir/work" -c 'for i in 1 2 3 4 5 6 7 8; do : <"$1"; done' work "$dir/opened"
	for _ in $(seq 100); do
		[ "$(grep -c '"name":"opens"' "$dir/log/moved")" = 8 ] && break
		sleep 0.1
	done
	maps=$(tests/host/meddle "$(cat "$dir/run/traceleftd.lock")" maps)
	# Nothing is done but that: it was killed.
	echo KILL >&7
	told 1 "ready True 1"
	is_told log "ended:traceleftd" || { end_keeping; return 1; }
	echo "KILL cd $dir/log && rm away && truncate -s 400 cut && mv moved else && mv dated dated-20260101 && mv numbered numbered.1 &&" \
		"mv ended.jsonl ended-20260101-23.jsonl && mv packed packed.1 && gzip packed.1 &&" \
		"rm feigned && echo {} | gzip >feigned.1.gz && cp packed.1.gz feigned.gz;" \
		"cd $PWD && tests/host/meddle $maps flip wants && tests/host/meddle $maps flip pids && tests/host/meddle $maps drop; echo '# more' >>$dir/policy.yaml" >&7
	told 2 "ready True 1"
	is_told log "ended:traceleftd ended:traceleftd map:wants,pids output:log/away output:log/cut output:log/feigned output:log/moved policy:policy.yaml program:openat"
	before=$(tampering log)
	echo KILL >&7
	told 3 "ready True 1"
	# What lasts is told again, for that is not mended.
	is_told log "$(echo "$before ended:traceleftd map:wants,pids program:openat" | xargs -n 1 | sort | xargs)"
	end_keeping
	[ -z "$reason" ] || return
	[ "$(grep -c 'goes on with the session' "$dir/err")" = 3 ] || why "$(tail -n 3 "$dir/err")"
}

# Who may trace the manager can take what it keeps, and give it something else: links themselves cannot be changed.
# $1: more of the one output.
begin_with_a_session() {
	put_policy <<-END
		rules:
		  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened"}
		outputs:
		  log: {type: file, path: $dir/log/log${1:-}}
		  other: {type: file, path: $dir/log/other}
	END
	begin_keeping
}
hook_that_is_exchanged_while_no_process_is_there_is_told() {
	local file
	begin_with_a_session
	echo "KILL tests/host/exchange $keeper hook session-1 2>$dir/exchanged" >&7
	told 1 "ready True 1" || return
	for file in log other; do
		for _ in $(seq 300); do
			[[ $(tampering "$file") != *hook:?* ]] || break
			sleep 0.1
		done
		[[ $(tampering "$file") == "ended:traceleftd hook:"* ]] || why "in $file: $(tampering "$file") $(cat "$dir/exchanged") $(tail -n 3 "$dir/err")" || break
	done
	end_keeping
	[ -z "$reason" ] || return
	grep -q 'goes on with the session' "$dir/err" || why "$(tail -n 3 "$dir/err")"
}
session_that_is_emptied_while_no_process_is_there_is_told() {
	local file
	begin_with_a_session
	echo "KILL tests/host/exchange $keeper empty 2>$dir/exchanged" >&7
	told 1 "ready True 1"
	end_keeping
	[ -z "$reason" ] || return
	for file in log other; do
		is_told "$file" ended:traceleftd && jq -e -s 'any(.[]; .event.action == "lost" and .traceleft.stage == "outage" and
			.traceleft.counted == "seconds")' "$dir/log/$file" >/dev/null ||
			why "in $file: $(grep '"lost"' "$dir/log/$file") $(cat "$dir/exchanged" "$dir/err")" || return
	done
}

# Nor does it hide what that one had not told.
end_is_told_though_the_status_file_is_gone() {
	begin_with_a_session
	echo "KILL rm $dir/run/status.json" >&7
	told 1 "ready True 1" && is_told log ended:traceleftd
	end_keeping
	[ -z "$reason" ]
}

# What is noted of an output's file is of that which it has now.
file_of_another_policy_is_missed_too() {
	begin_with_a_session
	echo "KILL sed -i 's,log/other,log/third,' $dir/policy.yaml" >&7
	told 1 "ready True 1" && is_told log "ended:traceleftd policy:policy.yaml"
	sleep 2 # it is noted when the ring is read
	echo "KILL rm $dir/log/third" >&7
	told 2 "ready True 1" && is_told log "ended:traceleftd ended:traceleftd output:log/third policy:policy.yaml"
	end_keeping
	[ -z "$reason" ]
}

# A new one is begun with seal 1: what the outputs have been told, and the holes in the numbers, tell of the one before.
sealed_file_that_is_lost_while_no_process_is_there_is_told_and_missed() {
	local seal
	begin_with_a_session ', seal: true'
	"$dir/work" -c 'for i in 1 2 3 4 5 6 7 8; do : <"$1"; done' work "$dir/opened"
	for _ in $(seq 600); do
		seal=$(sed -n 's/.*"action":"seal".*"seal":{.*"hash":"\([0-9a-f]*\)".*/\1/p' "$dir/log/other" | tail -n 1)
		[ -n "$seal" ] && break
		sleep 0.1
	done
	[ -n "$seal" ] || why "no other output was told a seal"
	echo "KILL rm $dir/log/log" >&7
	told 1 "ready True 1" && is_told other "ended:traceleftd output:log/log"
	"$dir/work" -c ': <"$1"' work "$dir/opened"
	end_keeping
	[ -z "$reason" ] || return
	"$traceleft" verify "$dir/log/log" >"$dir/verified" && why "what is left is accepted: $(cat "$dir/verified")"
	grep -q "what that process wrote is missing" "$dir/verified" || why "not said: $(cat "$dir/verified")"
	"$traceleft" verify --seal "$seal" "$dir/log/log" >"$dir/verified" && why "accepted: $(cat "$dir/verified")"
	grep -q "seal $seal is not there" "$dir/verified" || why "not said: $(cat "$dir/verified")"
	[ -z "$reason" ]
}

for test in hook_that_is_exchanged_while_no_process_is_there_is_told \
	session_that_is_emptied_while_no_process_is_there_is_told end_is_told_though_the_status_file_is_gone \
	file_of_another_policy_is_missed_too \
	sealed_file_that_is_lost_while_no_process_is_there_is_told_and_missed what_is_done_while_no_process_is_there_is_told "each_event_is_in_the_file_once json" \
	"each_event_is_in_the_file_once proto"; do
	chosen "${test% *}" || continue
	reason=
	if $test; then
		ok "host/kills/${test/ //}"
	else
		not_ok "host/kills/${test/ //}" "$reason"
	fi
done
