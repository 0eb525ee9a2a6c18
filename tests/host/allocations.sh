#!/bin/bash
# Allocations of the daemon fail, at each place of its code that has any: while it starts, reloads, audits, leaves
# to the next process, goes on with what that has left, and stops. It says so, no event is told twice or missing and
# undeclared, and with the sanitizers nothing of its memory is used wrongly or lost.
# With TL_TEST_PLACES=1000 it is all places, by hand; else so many, spread over all.
# shellcheck disable=SC1091,SC2015,SC2016,SC2034,SC2119 # libraries are beside; what fails has said why; shells of commands expand; under is of start; stop may have a signal
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/allocations "needs root"; exit 0; }
sanitised=$PWD/build/sanitised
for program in "$sanitised/traceleft" "$sanitised/traceleftd" build/tests/tools/failing-allocations.so build/tests/tools/restarting.so; do
	[ -x "$program" ] || { not_ok host/allocations "no $program: make sanitised-programs test-tools"; exit 1; }
done
export TRACELEFTD=$sanitised/traceleftd TRACELEFT_BPF=$PWD/bpf
. tests/host/daemon-common
. tests/host/keeper-common
. tests/host/opens-common
traceleft=$PWD/build/traceleft
most=${TL_TEST_PLACES:-16}
plan=$dir/plan
options=log_path=$dir/report:exitcode=99:halt_on_error=1
export ASAN_OPTIONS=$options:detect_leaks=1:verify_asan_link_order=0 UBSAN_OPTIONS=$options:print_stacktrace=1
preload=$PWD/build/tests/tools/failing-allocations.so:$PWD/build/tests/tools/restarting.so
put_policy <<END
  others: {cgroup: /traceleft-none*, uid: nobody}
rules:
  - {name: opens, target: mine, events: [openat], where: path == "$dir/opened", tags: [some], to: [log, sealed]}
  - {name: counted, target: mine, events: [write], aggregate: {by: [path], every: 1h}, to: [log, sealed]}
  - {name: others, target: others, events: [mkdir, mkdirat], to: [sealed, siem]}
outputs:
  log: {type: file, path: $dir/log/events}
  sealed: {type: file, path: $dir/log/sealed, seal: true, rotate: {size: 1M, keep: 2, compress: true}}
  siem: {type: http, url: "http://127.0.0.1:9/", format: otlp, spool: {path: $dir/spool}}
END

# ---- The plan: see failing-allocations.c

# put N...: numbers of 64 bits, from the first on.
put() {
	local n byte text=
	for n; do
		for ((byte = 0; byte < 8; byte++, n >>= 8)); do text+=$(printf '\\x%02x' $((n & 255))); done
	done
	printf '%b' "$text" | dd of="$plan" conv=notrunc status=none
}
number() { od -An -t u8 -j "$(($1 * 8))" -N 8 "$plan" | tr -d ' '; }
# arm PLACE: the next allocation there fails; 0: none does, and places are noted afresh.
arm() { put "$((!!$1))" 1 0 0 "$1" 0; }
has_failed() { [ "$(number 3)" != 0 ]; }
# Those that were noted, as many as are wanted.
places() {
	od -An -v -t u8 -w8 -j 48 -N "$(($(number 5) * 8))" "$plan" | sort -n |
		awk -v most="$most" '{ at[NR] = $1 } END { for (i = 1; i <= NR; i++) if (int(i * most / NR) > int((i - 1) * most / NR) || NR <= most) print at[i] }'
}
# code PLACE: where that is, for who reads.
code() { addr2line -s -f -e "$daemon" "$(printf '%x' "$(($1 + $(text_offset) - 1))")" | tr '\n' ' '; }
text_offset() { readelf -lW "$daemon" | awk '$1 == "LOAD" && / R E / { print $3; exit }'; }
new_plan() {
	rm -f "$plan"
	truncate -s 16384 "$plan"
	under=(env "LD_PRELOAD=$preload" "FAILING_ALLOCATIONS=$plan")
}

# ---- What happens meanwhile

begin() {
	rm -rf "$dir/log" "$dir/run" "$dir/spool"
	mkdir "$dir/log" "$dir/spool"
	made=0
	: >"$dir/err"
	start
}
until_all_told() {
	for _ in $(seq 600); do
		all_accounted_for && { reason=; return; }
		sleep 0.1
	done
	return 1
}
no_report() {
	local reports=("$dir"/report*)
	[ -e "${reports[0]}" ] || return 0
	why "$(grep -hE 'ERROR|^ +#[0-9]|runtime error|SUMMARY' "${reports[@]}" | head -n 14 | tr -s ' ')"
	rm -f "${reports[@]}"
	return 1
}
ends_well() {
	stop
	no_report && [ "$status" = 0 ] || why "${reason:-status $status: $(tail -n 2 "$dir/err")}" || return
	all_accounted_for && no_tampering
}
# It has not started: systemd tries it again, and somebody reads why.
ended_for_now() {
	wait "$pid"
	status=$?
	pid=
	no_report && [ "$status" = 71 ] || why "${reason:-status $status: $(tail -n 2 "$dir/err")}" || return
	grep -q '^traceleftd: .*memory' "$dir/err" || why "no words: $(cat "$dir/err")"
}

# each_place DO: of the places in $list; fails unless all but a few of these had their allocation fail.
each_place() {
	local place n=0 missed=0 unmet=""
	[ "$(wc -w <<<"$list")" -gt 4 ] || why "places: $list" || return
	for place in $list; do
		n=$((n + 1)) reason=
		arm "$place"
		"$@" || why "$reason at $(code "$place")" || return
		has_failed || { missed=$((missed + 1)); unmet+=$(code "$place"); }
	done
	echo "# $1: $n places, $missed of them without an allocation: $unmet"
	((missed * 4 <= n)) || why "$missed of $n places had no allocation: $unmet"
}

# ---- Tests

no_memory_at_the_start() {
	new_plan
	begin || return
	list=$(places)
	ends_well && each_place starts_or_says
}
starts_or_says() {
	if begin; then opens; ends_well; else ended_for_now; fi
}

no_memory_in_a_reload() {
	new_plan
	begin || return
	arm 0
	reload
	list=$(places)
	each_place reloads_or_says || return
	arm 0
	reload
	[ "$status" = 0 ] || why "$(cat "$dir/answer")" || return
	ends_well
}
reloads_or_says() {
	reload
	[ "$status" = 0 ] || grep -q 'memory\|no answer\|closed\|ended' "$dir/answer" ||
		why "status $status: $(cat "$dir/answer")" || return
	opens
	until_all_told
}

# Of the loop, too, which comes round each second.
no_memory_while_it_audits() {
	new_plan
	begin || return
	arm 0
	opens
	sleep 3
	list=$(most=$((most / 2)); places) # it takes longer
	ends_well && each_place audits
}
audits() {
	local place
	place=$(number 4)
	arm 0
	begin || return
	arm "$place"
	opens
	for _ in $(seq 30); do
		has_failed && break
		sleep 0.1
	done
	opens
	until_all_told && ends_well
}

no_memory_at_the_stop() {
	new_plan
	begin || return
	opens
	arm 0
	ends_well || return
	list=$(places)
	each_place stops
}
stops() {
	local place
	place=$(number 4)
	arm 0
	begin || return
	kill -STOP "$pid" # so that what comes is read at the stop
	opens
	arm "$place"
	kill -TERM "$pid"
	kill -CONT "$pid"
	ends_well
}

# What waits for the next process is told by that, or by the one after it, if it has no memory.
no_memory_when_it_goes_on() {
	begin_restarts || return
	arm 0
	goes_on && list=$(places) && each_place goes_on && arm 0 && goes_on
	end_restarts
}
goes_on() {
	cp "$plan" "$dir/armed"
	arm 0
	restart KILL "cat $dir/armed 1<>$plan"
}
no_memory_when_it_leaves() {
	local list place=0
	begin_restarts || return
	restart TERM "cp $plan $dir/left" # what it allocates before it has ended
	cp "$dir/left" "$plan"
	list=$(places) && each_place leaves && arm 0 && leaves
	end_restarts
}
leaves() {
	restart TERM :
}

begin_restarts() {
	new_plan
	rm -rf "$dir/run"
	# Of what waits in the daemon itself a kill misses something.
	grep -ve '^  siem:' -e 'name: counted' "$dir/policy.yaml" | sed 's/, siem\]/]/' >"$dir/policy.new"
	mv "$dir/policy.new" "$dir/policy.yaml"
	made=0 restarts=0
	begin_keeping
}
end_restarts() {
	end_keeping
	[ -z "$reason" ] || return
	grep -q "^ended 0 " "$dir/said" && all_accounted_for || why "$reason $(tail -n 1 "$dir/said") $(tail -n 3 "$dir/err")"
}
# restart SIGNAL COMMAND: of the process; some files are opened before it and while there is none.
restart() {
	local place
	restarts=$((restarts + 1))
	place=$(number 4)
	[ "$1" = KILL ] || arm 0
	opens
	[ "$1" = KILL ] || arm "$place"
	made=$((made + 3))
	echo "$1 $2; $dir/work -c 'for i in 1 2 3; do : <\$1; done' work $dir/opened" >&7
	told_ready && no_report && until_all_told
}
told_ready() {
	for _ in $(seq 600); do
		[ "$(grep -c '^ready True [1-9]' "$dir/said")" -ge "$restarts" ] && return
		kill -0 "$keeper" 2>/dev/null || break
		sleep 0.1
	done
	why "$restarts: $(tail -n 3 "$dir/said") $(tail -n 3 "$dir/err")"
}

for test in no_memory_at_the_start no_memory_in_a_reload no_memory_while_it_audits no_memory_at_the_stop \
	no_memory_when_it_goes_on no_memory_when_it_leaves; do
	chosen "$test" || continue
	reason="" begun=$SECONDS
	if "$test"; then ok "host/allocations/$test"; else not_ok "host/allocations/$test" "$reason"; fi
	[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null; wait "$pid" 2>/dev/null; pid=; }
	rm -f "$dir"/report*
	echo "# host/allocations/$test: $((SECONDS - begun)) s"
done
