#!/bin/bash
# traceleft check, and trace --policy.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

run() {
	timeout 120 "$TRACELEFT" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
}

write_policy() {
	cat >"$dir/policy.yaml" <<-'END'
		version: 1
		targets:
		  nobody: {pid: [4000000]}
		rules:
		  - name: hosts
		    target: nobody
		    events: [openat]
		    where: path == "/etc/hostname"
		    tags: [identity]
		    severity: warning
		    to: [out]
		outputs:
		  out: {type: stdout, format: json}
	END
	chmod 644 "$dir/policy.yaml"
}

good_policy_is_ok_and_explained() {
	write_policy
	run check "$dir/policy.yaml"
	expect_status 0 && grep -q ': ok: 1 rule, 1 target, 1 output' "$dir/out" || why "$(cat "$dir/out" "$dir/err")" || return
	run check --explain "$dir/policy.yaml"
	expect_status 0 && grep -qE '^    openat \([a-z_]+, filtered in the kernel\)$' "$dir/out" && grep -q 'nobody: pid 4000000' "$dir/out" && grep -q '^cgroups: ' "$dir/out" || why "$(cat "$dir/out")" || return
	run check --explain --json "$dir/policy.yaml"
	jq -e '.ok and .rules[0].name == "hosts" and .rules[0].targets == ["nobody"] and .rules[0].events[0].name == "openat"
		and .rules[0].outputs == ["out"] and .problems == [] and (.cgroups | length > 0)' "$dir/out" >/dev/null || why "$(cat "$dir/out")"
}

# What is looked at of them has to be the same for all that are counted together.
where_events_are_counted_is_explained() {
	cat >"$dir/policy.yaml" <<-'EOF'
		version: 1
		targets:
		  nobody: {pid: 4000000}
		rules:
		  - {name: a, target: nobody, events: [read, close, getppid, openat], aggregate: {by: [executable, path], every: 1s}, where: uid == 0, to: [log]}
		  - {name: b, target: nobody, events: [getppid], aggregate: {by: [pid], every: 5s, emit: "top:3"}, to: [log]}
		  - {name: c, target: nobody, events: [openat], to: [log]}
		  - {name: d, target: nobody, events: [lseek], aggregate: {by: [comm], every: 5s}, to: [log]}
		outputs:
		  log: {type: stdout}
	EOF
	run check --explain "$dir/policy.yaml"
	expect_status 0 || return
	grep -E '^    (read|close|getppid|openat|lseek) \(' "$dir/out" | sed 's/(.*counted in the kernel/(counted in the kernel/; t; s/(.*/(told)/' | sort -u >"$dir/counted"
	diff "$dir/counted" - <<-'EOF' >"$dir/diff" || why "$(cat "$dir/diff" "$dir/out")"
		    close (told)
		    getppid (counted in the kernel)
		    lseek (told)
		    openat (told)
		    read (counted in the kernel, each object apart)
	EOF
}

# A condition on numbers is the kernel's, one on programs the reader's; where another
# rule has every event nothing is left out.
where_conditions_are_decided_is_explained() {
	cat >"$dir/policy.yaml" <<-'END'
		version: 1
		rules:
		  - {name: refused, events: [openat, read], where: "errno == EACCES and parent.comm != 'x'"}
		  - {name: reads, events: [read]}
		  - name: many
		    events: [kill]
		    where: not (sig in (1, 3, 5, 7, 9, 11, 13) and arg1 in (1, 3, 5, 7, 9, 11, 13))
		  - {name: web, events: [connect, sendto, net_connect], where: "dport in (80, 443) and daddr not in 10.0.0.0/8 and uid != 0"}
		outputs:
		  out: {type: stdout}
	END
	chmod 644 "$dir/policy.yaml"
	run check --explain --json "$dir/policy.yaml"
	expect_status 0 && jq -e '.rules[0].kernel == ["errno == EACCES"] and .rules[0].reader == ["parent.comm != \u0027x\u0027"]
		and .rules[0].events[0].conditions == "filtered in the kernel" and .rules[0].events[1].conditions == null
		and .rules[2].events[0].conditions == "filtered in the kernel"
		and .rules[3].reader == [] and all(.rules[3].events[]; .conditions == "filtered in the kernel")' "$dir/out" >/dev/null || why "$(cat "$dir/out" "$dir/err")" || return
	run check --explain "$dir/policy.yaml"
	grep -q '^    in the kernel: errno == EACCES$' "$dir/out" && grep -q '^    in the reader: parent.comm != ' "$dir/out" || why "$(cat "$dir/out")" || return
	for i in {1..70}; do echo "  - {name: r$i, events: [kill], where: 'pid == $i'}"; done | sed -i '/name: reads/r /dev/stdin' "$dir/policy.yaml"
	run check --explain "$dir/policy.yaml"
	grep -q '^    kill (.*, more conditions than the kernel part takes)$' "$dir/out" || why "$(cat "$dir/out")"
}

why_a_comparison_is_left_to_the_reader_is_explained() {
	local list
	list=$(seq -s '", "/etc/' 40)
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: list, events: [openat], where: 'path in ("/etc/$list")'}
		  - {name: glob, events: [unlinkat], where: 'path matches "/etc/*.conf" and pid not in (1, 3, 5, 7, 9, 11, 13, 15, 17)'}
		  - {name: short, events: [chmod], where: 'path in ("/etc/1", "/etc/2") and parent.comm == "x"'}
		outputs:
		  out: {type: stdout}
	END
	chmod 644 "$dir/policy.yaml"
	run check --explain "$dir/policy.yaml"
	expect_status 0 && grep -q '^    in the reader: path in .* (too long a list for the kernel)$' "$dir/out" &&
		grep -q '^    in the reader: path matches .* (the kernel asks for a directory), pid not in .* (too long a list for the kernel)$' "$dir/out" &&
		grep -q '^    in the kernel: path in ("/etc/1", "/etc/2")$' "$dir/out" &&
		grep -q '^    in the reader: parent.comm == "x"$' "$dir/out" || why "$(cat "$dir/out" "$dir/err")"
}

what_a_condition_leaves_out_is_filtered_in_the_kernel() {
	trace -f json --where 'errno == ENOENT' openat -- cat /nonexistent/file
	jq -se 'map(select(.event.action == "openat") | .traceleft.errno) | length > 0 and all(. == "ENOENT")' "$dir/out" >/dev/null || why "$(head -c 2000 "$dir/out")" || return
	jq -se 'map(select(.event.action == "ledger"))[-1].traceleft.ledger.total |
		.filtered > 0 and .reader_filtered == 0 and .seen == .filtered + .emitted' "$dir/out" >/dev/null || why "$(tail -n 2 "$dir/out")"
}

# A name that another, longer one was in the place of: the shell's, of which some kernels leave the end behind its NUL.
names_of_threads_are_told_apart_in_the_kernel() {
	local name long=a-name-of-threads
	for name in "${long::15}" "${long::8}" a; do
		cp /bin/cat "$dir/$name"
	done
	for name in "comm == '${long::15}'" "comm in ('a', '${long::8}')" "comm startswith '${long::9}'" "comm not in ('sh', 'a')"; do
		trace -f json --where "$name" openat -- /bin/sh -c 'cd "$0"; for i in a*; do "./$i" /dev/null; done' "$dir"
		expect_status 0 && jq -se 'map(select(.event.action == "ledger"))[-1].traceleft.ledger.total |
			.filtered > 0 and .reader_filtered == 0 and .seen == .filtered + .emitted' "$dir/out" >/dev/null || why "$(tail -n 2 "$dir/out")" || return
		jq -sr 'map(select(.event.action == "openat") | .process.name) | unique | join(" ")' "$dir/out"
	done >"$dir/names"
	printf '%s\n' "${long::15}" "a ${long::8}" "${long::15}" "${long::8} ${long::15}" | cmp - "$dir/names" || why "$(cat "$dir/names")"
}

# A copy of sleep, in a process of its own and below one that is named.
what_targets_match_now_is_explained() {
	local mine child
	cp /bin/sleep "$dir/sleeper"
	"$dir/sleeper" 60 &
	mine=$!
	/bin/sh -c '"$0" 61; :' "$dir/sleeper" >/dev/null 2>&1 & # outlives the test, and holds no pipe
	wait_for "the shell has its child" pgrep -P $! >/dev/null || return
	child=$(pgrep -P $!)
	cat >"$dir/policy.yaml" <<-END
		version: 1
		targets:
		  file: {executable: $dir/sleeper}
		  glob: {executable: $dir/sl*, pid: $mine}
		  shell: {pid: $!}
		  below: {pid: $!, descendants: true}
		  none: {executable: $dir/other}
		  all: {everything: true}
		rules: [{name: a, target: [file, glob, shell, below, none, all], events: openat}]
		outputs: {out: {type: stdout}}
	END
	chmod 644 "$dir/policy.yaml"
	wait_for "it is executed" test "$(readlink /proc/$mine/exe)" = "$dir/sleeper" || return
	run check --explain --json "$dir/policy.yaml"
	expect_status 0 || return
	jq -e --arg exe "$dir/sleeper" --argjson mine $mine --argjson child "$child" --argjson shell $! '
		.targets | map({key: .name, value: .matches}) | from_entries
		| .file.count == 2 and .file.processes[0].executable == $exe and .file.processes[0].name == "sleeper"
		and ([.file.processes[].pid] | sort) == ([$mine, $child] | sort)
		and .glob.count == 1 and .glob.processes[0].pid == $mine
		and [.shell.processes[].pid] == [$shell]
		and ([.below.processes[].pid] | sort) == ([$shell, $child] | sort)
		and .none == {count: 0, processes: []}
		and .all.count > 5 and (.all.processes | length) == 5' "$dir/out" >/dev/null || why "$(jq -c '.targets[].matches' "$dir/out")" || return
	run check --explain "$dir/policy.yaml"
	grep -q "^    matches now: 2 processes: .*$mine sleeper ($dir/sleeper)" "$dir/out" &&
		grep -q '^    matches now: 0 processes$' "$dir/out" && grep -qE '^    matches now: .* and [0-9]+ more$' "$dir/out" || why "$(cat "$dir/out")"
}

# Who a process is, where and how it is called: of two copies of sleep, one is nobody's.
what_conditions_match_now_is_explained() {
	local mine other login session expected name=$$-condition
	name=${name:0:15} # which no other process has, not even if this test runs twice at once
	cp /bin/sleep "$dir/$name"
	chmod 755 "$dir" "$dir/$name"
	"$dir/$name" 60 &
	mine=$!
	setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/$name" 61 &
	other=$!
	wait_for "both are executed" eval '[ "$(cat /proc/'$mine'/comm /proc/'$other'/comm | sort -u)" = '"$name"' ]' || return
	login=$(cat /proc/$mine/loginuid)
	session=$(cat /proc/$mine/sessionid)
	cat >"$dir/policy.yaml" <<-END
		version: 1
		targets:
		  both: {comm: $name}
		  begun: {comm: "$$-cond*"}
		  name: {comm: $$-cond}
		  root: {comm: $name, uid: root}
		  range: {comm: $name, uid: [5, 65000-65534]}
		  group: {comm: $name, gid: "<65534"}
		  left: {comm: $name, not: {uid: ">65000"}}
		  none: {comm: $name, not: [{uid: 65534}, {gid: 0}]}
		  login: {comm: $name, loginuid: $login, session: $session}
		  logins: {comm: $name, loginuid: ">=0"}
		  spaces: {comm: $name, pidns: $(stat -Lc %i /proc/$mine/ns/pid), mntns: $(stat -Lc %i /proc/$mine/ns/mnt)}
		  space: {comm: $name, pidns: 1}
		  program: {comm: $name, not: {executable: $dir/$$-cond*}}
		  others: {not: {comm: "$$-con*"}}
		rules: [{name: a, events: openat}]
		outputs: {out: {type: stdout}}
	END
	chmod 644 "$dir/policy.yaml"
	run check --explain --json "$dir/policy.yaml"
	expect_status 0 || return
	expected=2
	[ "$login" = 4294967295 ] && expected=0
	jq -e --argjson mine $mine --argjson other $other --argjson logins $expected '
		.targets | map({key: .name, value: [.matches.processes[].pid]}) | from_entries
		| ([.both, .begun, .login, .spaces] | map(sort) | unique) == [[$mine, $other] | sort]
		and .root == [$mine] and .range == [$other] and .group == [$mine] and .left == [$mine]
		and .name == [] and .none == [] and .space == [] and .program == []
		and (.logins | length) == $logins and (.others | length) == 5 and (.others | contains([$mine]) or contains([$other]) | not)' \
		"$dir/out" >/dev/null || why "$(jq -c '[.targets[] | {(.name): [.matches.processes[].pid]}]' "$dir/out") of $mine $other" || return
	run check --explain "$dir/policy.yaml"
	grep -q '^  range: uid 5, 65000-65534 comm '"$name"'$' "$dir/out" &&
		grep -q "^  program: comm $name not executable $dir/$$-cond" "$dir/out" || why "$(cat "$dir/out")"
}

# With no other target, no target at all is left for the program. Two programs of the test's own.
program_that_every_target_leaves_out_is_not_followed() {
	local name=t$BASHPID
	cp /bin/cat "$dir/$name-out"
	cp /bin/cat "$dir/$name-in"
	touch "$dir/file"
	cat >"$dir/policy.yaml" <<-END
		version: 1
		targets: {rest: {comm: "$name-*", not: {executable: $dir/$name-out}}}
		rules: [{name: a, target: rest, events: openat, where: path == "$dir/file", to: [out]}]
		outputs: {out: {type: stdout, format: json}}
	END
	chmod 644 "$dir/policy.yaml"
	trace_start -f json --policy "$dir/policy.yaml" || return
	"$dir/$name-out" "$dir/file"
	"$dir/$name-in" "$dir/file"
	kill -INT "$tracer"
	trace_end
	expect_status 0 && expect_balanced || return
	[[ $(jq -r 'select(.event.action == "openat") | .process.name' "$dir/out") == "$name-in" ]] || why "$(events | jq -c .process.name)"
}

broken_policy_names_every_place() {
	write_policy
	sed -i 's/openat/opneat/; s/severity/sevrity/' "$dir/policy.yaml"
	run check "$dir/policy.yaml"
	expect_status 1 && grep -qE "^$dir/policy\.yaml:7:[0-9]+: .*openat" "$dir/err" && grep -qE "^$dir/policy\.yaml:10:[0-9]+: .*severity" "$dir/err" ||
		why "$(cat "$dir/err")" || return
	run check --json "$dir/policy.yaml"
	[[ $status == 1 ]] && jq -e '(.ok | not) and (.problems | length) >= 2 and .problems[0].line == 7' "$dir/out" >/dev/null || why "$(cat "$dir/out")" || return
	trace --policy "$dir/policy.yaml" -- touch "$dir/ran"
	[[ $status == 1 && ! -e $dir/ran ]] || why "status $status"
}

policy_where_everybody_may_write_is_refused() {
	write_policy
	mkdir "$dir/open"
	cp "$dir/policy.yaml" "$dir/open/"
	chmod 777 "$dir/open"
	run check "$dir/open/policy.yaml"
	expect_status 1 && grep -q 'everybody may write its directory' "$dir/err" || why "$(cat "$dir/err")" || return
	chmod 1777 "$dir/open"
	run check "$dir/open/policy.yaml"
	expect_status 0
}

handlers_that_cannot_be_used_are_problems() {
	write_policy
	mkdir "$dir/few"
	export TRACELEFT_BATTERY=$dir/few
	run check "$dir/policy.yaml"
	expect_status 1 && grep -q 'handle_syscall_openat.bpf.o: the handler of openat is missing' "$dir/err" || why "$(cat "$dir/err")" || return
	cp "${TRACELEFT%/*}"/battery/handle_syscall_close.bpf.o "$dir/few/handle_syscall_openat.bpf.o"
	run check "$dir/policy.yaml"
	expect_status 1 && grep -q 'it is one of close' "$dir/err" || why "$(cat "$dir/err")" || return
	head -c 1000 "${TRACELEFT%/*}"/battery/handle_syscall_openat.bpf.o >"$dir/few/handle_syscall_openat.bpf.o"
	run check --json "$dir/policy.yaml"
	[[ $status == 1 ]] && jq -e '.ok == false and (.problems[0].file | endswith("handle_syscall_openat.bpf.o"))' "$dir/out" >/dev/null ||
		why "status $status: $(cat "$dir/out")" || return
	cp "${TRACELEFT%/*}"/battery/handle_syscall_openat.bpf.o "$dir/few/"
	run check "$dir/policy.yaml"
	expect_status 0 || return
	TRACELEFT_BATTERY=$dir/none run check "$dir/policy.yaml"
	[[ $status == 0 ]] && grep -q 'warning: the handlers were not looked at' "$dir/err" || why "status $status: $(cat "$dir/err")"
}

policy_that_is_not_there_is_told() {
	run check "$dir/none.yaml"
	expect_status 1 && expect_error "traceleft: $dir/none.yaml: No such file or directory" || return
	run trace --policy "$dir/none.yaml" -- true
	expect_status 1 && expect_error "traceleft: $dir/none.yaml: No such file or directory"
}

rules_of_a_policy_are_for_the_command() {
	write_policy
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c ': </etc/hostname; : </etc/passwd'
	expect_status 0 && expect_balanced || return
	[[ $(events | wc -l) == 1 ]] || why "$(jq -c '[.event.action, .file.path]' "$dir/out")" || return
	expect_json '.file.path == "/etc/hostname" and .rule.name == "hosts" and .tags == ["identity"] and .log.level == "warning"'
}

specs_add_to_a_policy() {
	write_policy
	trace -f json --policy "$dir/policy.yaml" close -- /bin/sh -c ': </etc/hostname; : </etc/passwd'
	expect_status 0 && expect_balanced && expect_json '.rule.name == "hosts"' && expect_json '.event.action == "close" and .rule == null' || return
	[[ $(count_json '.event.action == "openat"') == 1 ]] || why "opens that no rule keeps"
}

policy_without_a_command_follows_its_targets() {
	waiting fifo cat /etc/hostname || return
	write_policy
	sed -i "s/4000000/$pid/" "$dir/policy.yaml"
	trace_start -f json --policy "$dir/policy.yaml" || return
	release fifo
	wait "$pid"
	kill -INT "$tracer"
	trace_end
	expect_status 0 && expect_balanced &&
		expect_json ".process.pid == $pid and .file.path == \"/etc/hostname\" and .rule.name == \"hosts\" and .traceleft.targets == [\"nobody\"]"
}

aggregation_spec_says_what_goes_where() {
	sed "s|/tmp/traceleft-opens.log|$dir/opens|; s|/tmp/a.txt|$dir/a.txt|; s|'/tmp/'|'$dir/'|" "$cli_dir/../../compat/aggregation-spec.json" >"$dir/spec.json"
	trace -f json --aggregation-spec "$dir/spec.json" openat,close,read -- /bin/sh -c \
		"i=0; while [ \$i -lt 300 ]; do : >$dir/a.txt; i=\$((i+1)); done"
	expect_status 0 && expect_balanced && grep -q "spec.json:.*warning: channel '2': grpc" "$dir/err" || why "$(cat "$dir/err")" || return
	jq -e -s '(map(select(.traceleft.result)) | map(.traceleft.count) | add) == 3 and
		(.[0] | .event.action == "openat" and .traceleft.stream == "filesystem" and .traceleft.group == "system_metrics")' \
		"$dir/opens" >/dev/null || why "$(jq -c .traceleft "$dir/opens")" || return
	[[ $(count_json '.event.action == "close" and .traceleft.stream == "closes"') -ge 300 &&
		$(count_json '.event.action != "close" and .event.action != "ledger"') == 0 ]] || why "the rest: $(wc -l <"$dir/out")" || return
	"$TRACELEFT" verify -q "$dir/opens" || why "the channel does not verify"
}

every_rule_of_a_spec_writes_what_it_keeps() {
	cat >"$dir/spec.json" <<-END
		{"channels": [{"id": "1", "type": "file", "path": "$dir/streams"}], "events": [
			{"name": "mkdir", "channel": "1", "stream": "all", "group": "g"},
			{"name": "mkdir", "channel": "1", "stream": "refused", "rule": "errno == EEXIST"}]}
	END
	trace -f json --aggregation-spec "$dir/spec.json" mkdir -- python3 -c 'import os, sys
os.mkdir(sys.argv[1] + "/new")
try: os.mkdir(sys.argv[1])
except FileExistsError: pass' "$dir"
	expect_status 0 && expect_balanced || return
	jq -e -s "map(select(.event.action == \"mkdir\" and .traceleft.args.pathname == \"$dir\") | .traceleft.stream) == [\"all\", \"refused\"] and
		(map(select(.event.action == \"mkdir\" and .traceleft.args.pathname == \"$dir/new\") | .traceleft.stream) == [\"all\"])" \
		"$dir/streams" >/dev/null || why "$(jq -c .traceleft "$dir/streams")" || return
	"$TRACELEFT" verify -q "$dir/streams" || why "the channel does not verify"
}

counts_of_a_rule_add_up_to_the_event() {
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: rw, events: [read, write], aggregate: {by: [executable, path], every: 100ms}}
		  - {name: few, events: openat, limit: 3/1m}
		outputs: {out: {type: stdout, format: json}}
	END
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c \
		'for i in 1 2; do dd if=/dev/zero of=/dev/null bs=100 count=20000 2>/dev/null & done; wait'
	expect_status 0 && expect_balanced || return
	jq -e -s '(map(select(.traceleft.result and .file.path == "/dev/zero"))) as $w |
		($w | map(.traceleft.count) | add) == 40000 and ($w | map(.traceleft.bytes) | add) == 4000000 and
		(map(select(.traceleft.result) | .traceleft.count) | add) == (last | .traceleft.ledger.balance.aggregated) and
		(map(select(.rule.name == "few")) | length) == 3 and
		(last | .traceleft.ledger.rules | all(.matched == .delivered + .filtered + .aggregated + .lost))' \
		"$dir/out" >/dev/null || why "$(tail -n 1 "$dir/out" | jq -c .traceleft.ledger.rules)"
}

run_tests good_policy_is_ok_and_explained where_events_are_counted_is_explained why_a_comparison_is_left_to_the_reader_is_explained where_conditions_are_decided_is_explained what_a_condition_leaves_out_is_filtered_in_the_kernel names_of_threads_are_told_apart_in_the_kernel what_targets_match_now_is_explained what_conditions_match_now_is_explained program_that_every_target_leaves_out_is_not_followed \
	broken_policy_names_every_place policy_where_everybody_may_write_is_refused handlers_that_cannot_be_used_are_problems \
	policy_that_is_not_there_is_told \
	rules_of_a_policy_are_for_the_command specs_add_to_a_policy aggregation_spec_says_what_goes_where every_rule_of_a_spec_writes_what_it_keeps counts_of_a_rule_add_up_to_the_event \
	policy_without_a_command_follows_its_targets
