#!/bin/bash
# Who did what, of events that really happened; the numbers are jq's.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

programs=$PATH # where report finds others

report() {
	timeout 60 env PATH="$programs" "$TRACELEFT" report "$@" >"$dir/out" 2>"$dir/err"
	status=$?
}

# record FORMAT FILE: what a small command does; done once for all tests.
record() {
	local once=$work/recorded.$1
	if [[ ! -s $once ]]; then
		trace -q -f "$1" -o "$once" openat,close,exec,exit,connect,unlink -- /bin/sh -c \
			'cat /etc/passwd /etc/hostname /etc/traceleft-none >/dev/null 2>&1; rm -f gone; exec bash -c "exec 3<>/dev/tcp/127.0.0.1/1" 2>/dev/null'
		if { cat "$once"; "$TRACELEFT" decode "$once"; } 2>/dev/null | grep -qa '"action":"lost"'; then
			rm "$once" # the tests are about what is there: once more
			why "no room to find out what to audit" || return
		fi
	fi
	[[ -s $once ]] && cp "$once" "$2" || why "no events: $(head -c 200 "$dir/err")"
}

# same NAME PROGRAM: what the report says of a table is what jq counts of the lines.
same() {
	local ours theirs
	ours=$(jq -S "[.tables.$1.rows[] | {(.name): .events}] | add // {}" "$dir/out")
	theirs=$(jq -S -n '[inputs | select(.event.action != "ledger")] | '"$2"' | map(select(. != null)) | group_by(.) | map({(.[0]): length}) | add // {}' "$dir/lines")
	[[ $ours == "$theirs" ]] || why "$1: $(diff <(echo "$ours") <(echo "$theirs") | head -n 6 | tr '\n' ' ')"
}

numbers_are_those_of_jq() {
	record json "$dir/lines" && report -n 0 --json "$dir/lines" && expect_status 0 || return
	jq -e '.complete and .broken_places == 0 and .sources == 1' "$dir/out" >/dev/null || why "$(jq -c 'del(.tables, .timeline)' "$dir/out")" || return
	[[ $(jq '[.events, .failed]' -c "$dir/out") == "$(jq -cn '[inputs | select(.event.action != "ledger") | .event.outcome] | [length, (map(select(. == "failure")) | length)]' "$dir/lines")" ]] ||
		why "events: $(jq -c '[.events, .failed]' "$dir/out")" || return
	[[ $(jq '[.timeline.bars[] | .file + .network + .process + .other] | add' "$dir/out") == "$(jq .events "$dir/out")" ]] || why "timeline" || return
	same executable 'map(.process.executable)' &&
		same user 'map("\(.user.name) (\(.user.id))")' &&
		same path 'map(.file.path | if . == null then . else sub("^socket:.*"; "(sockets)") | sub("^pipe:.*"; "(pipes)") end)' &&
		same failure 'map(select(.event.outcome == "failure") | "\(.event.action): \(.traceleft.errno)")' &&
		same destination 'map(select(.destination.ip or .destination.address) |
			if .destination.ip then "\(.network.transport) \(.destination.ip):\(.destination.port)" else "\(.network.type) \(.destination.address)" end)' || return
	jq -e '.tables.failure.rows | map(.name) | contains(["openat: ENOENT", "connect: ECONNREFUSED"])' "$dir/out" >/dev/null ||
		why "$(jq -c '.tables.failure.rows | map(.name)' "$dir/out")" || return
	# A shell reads it as well when its environment has no SHELL.
	[[ $(jq -cS '.tables.path.rows[] | select(.name == "/etc/passwd") | [.executables[] | {(.name): .events}] | add' "$dir/out") == \
		"$(jq -cSn '[inputs | select(.file.path == "/etc/passwd") | .process.executable] | group_by(.) | map({(.[0]): length}) | add' "$dir/lines")" ]] &&
		jq -e '.tables.path.rows[] | select(.name == "/etc/passwd") | any(.executables[].name; endswith("/cat"))' "$dir/out" >/dev/null ||
		why "who read it: $(jq -c '.tables.path.rows[] | select(.name == "/etc/passwd") | .executables' "$dir/out")"
}

protobuf_and_compressed_files_give_the_same_tables() {
	record proto "$dir/events.pb" || return
	"$TRACELEFT" decode "$dir/events.pb" >"$dir/lines" || why "decode" || return
	gzip -k "$dir/events.pb" || return
	report -n 0 "$dir/lines" && expect_status 0 && mv "$dir/out" "$dir/wanted" || return
	report -n 0 "$dir/events.pb" && expect_status 0 || return
	cmp -s "$dir/out" "$dir/wanted" || why "protobuf: $(diff "$dir/out" "$dir/wanted" | head -n 4)" || return
	report -n 0 - <"$dir/events.pb" && cmp -s "$dir/out" "$dir/wanted" || why "standard input" || return
	report -n 0 "$dir/events.pb.gz" && cmp -s "$dir/out" "$dir/wanted" || why "compressed" || return
	grep -q '^Executables' "$dir/wanted" && grep -qE '^ +[0-9]+ +[0-9]+  /etc/passwd ' "$dir/wanted" || why "$(cat "$dir/wanted")"
}

counted_events_are_as_many_as_they_were() {
	cat >"$dir/policy.yaml" <<-END
		version: 1
		rules:
		  - {name: opens, events: openat, aggregate: {by: [executable, path], every: 1m}}
		  - {name: dups, events: getppid, aggregate: {by: executable, every: 1m}}
		outputs: {out: {type: stdout, format: json}}
	END
	trace -f json --policy "$dir/policy.yaml" -- /bin/sh -c 'i=0; while [ $i -lt 100 ]; do : </etc/passwd; i=$((i+1)); done'
	expect_status 0 || return
	mv "$dir/out" "$dir/lines"
	report --json "$dir/lines" && expect_status 0 || return
	jq -e '.tables.path.rows[] | select(.name == "/etc/passwd") | .events >= 100' "$dir/out" >/dev/null ||
		why "$(jq -c '.tables.path.rows' "$dir/out")" || return
	[[ $(jq .events "$dir/out") == "$(jq -n '[inputs | .traceleft | select(.result) | .count] | add' "$dir/lines")" ]] || why "$(jq .events "$dir/out") events"
}

what_is_no_event_is_told_with_its_place() {
	record json "$dir/lines" || return
	{
		echo noise
		cat "$dir/lines"
		printf '{"@timestamp":'
	} >"$dir/broken"
	report -n 0 "$dir/broken" "$dir/none"
	expect_status 1 && expect_error "traceleft: $dir/broken:1: this is no event" &&
		expect_error "broken:$(($(wc -l <"$dir/lines") + 2)): the line is torn" && expect_error "$dir/none: No such file" || return
	grep -q '/etc/passwd' "$dir/out" || why "the rest is not there" || return
	# One event less is noticed.
	sed 3d "$dir/lines" >"$dir/less"
	report "$dir/less"
	expect_status 0 && grep -q '^Complete *NO: 1 gap' "$dir/out" || why "$(head -n 6 "$dir/out")"
}

page_needs_nothing_else_and_is_well_formed() {
	record json "$dir/lines" || return
	report --html "$dir/page.html" "$dir/lines"
	expect_status 0 && [[ ! -s $dir/out && $(stat -c %a "$dir/page.html") == 600 ]] || why "$(head -c 200 "$dir/out")" || return
	grep -q "default-src 'none'" "$dir/page.html" && grep -q '<svg class="timeline"' "$dir/page.html" || why "$(head -n 20 "$dir/page.html")" || return
	! grep -qE '<script|<link|<img|src=|href=|@import|url\(' "$dir/page.html" || why "it asks for more" || return
	python3 - "$dir/page.html" <<-'END' 2>"$dir/python" || why "$(tail -n 1 "$dir/python")"
		import html.parser, sys
		class Page(html.parser.HTMLParser):
		    open = []
		    def handle_starttag(self, tag, attrs):
		        if tag not in ("meta", "br"):
		            self.open.append(tag)
		    def handle_startendtag(self, tag, attrs):
		        pass
		    def handle_endtag(self, tag):
		        assert self.open.pop() == tag, (tag, self.getpos())
		page = Page()
		page.feed(open(sys.argv[1], encoding="utf-8").read())
		page.close()
		assert page.open == [], page.open
	END
}

hostile_names_are_only_text() {
	mkdir "$dir/names"
	trace -q -f json -o "$dir/lines" openat -- /bin/sh -c 'cd "$0" && for n; do : >"$n"; done' "$dir/names" \
		$'a\e[31mb' '<b onclick=x>' $'two\nlines' '"quoted"&' "it's"
	report -n 0 "$dir/lines" && expect_status 0 || return
	! LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' "$dir/out" || why "control characters" || return
	grep -qF 'names/a\x1b[31mb' "$dir/out" && grep -qF 'names/two\x0alines' "$dir/out" && grep -qF '<b onclick=x>' "$dir/out" ||
		why "$(grep names "$dir/out")" || return
	report -n 0 --html - "$dir/lines" && expect_status 0 || return
	! grep -q '<b onclick' "$dir/out" && grep -qF '&lt;b onclick=x&gt;' "$dir/out" && grep -qF '&quot;quoted&quot;&amp;' "$dir/out" ||
		why "$(grep onclick "$dir/out" | head -n 2)"
}

# journalctl_is PROGRAM: a journalctl of the test's own.
journalctl_is() {
	mkdir -p "$dir/bin"
	printf '#!/bin/sh\n%s\n' "$1" >"$dir/bin/journalctl"
	chmod +x "$dir/bin/journalctl"
}

journal_is_read_through_journalctl() {
	journalctl_is 'echo "$@" >"$0.args"
		for i in 1 2 3; do echo "{\"TRACELEFT_EVENT\":\"openat\",\"TRACELEFT_TIME\":\"2026-11-27T20:15:0$i.000000000Z\",\"TRACELEFT_OUTCOME\":\"failure\",\"TRACELEFT_ERRNO\":\"EACCES\",\"TRACELEFT_EXECUTABLE\":\"/bin/x\",\"TRACELEFT_PATH\":\"/etc/shadow\",\"TRACELEFT_CPU\":\"0\",\"TRACELEFT_SEQ\":\"$i\",\"TRACELEFT_UID\":\"0\"}"; done'
	programs=$dir/bin:$PATH
	report --json --journal --since 2026-11-27T20:15:02
	expect_status 0 || return
	jq -e '.events == 2 and .failed == 2 and .undeclared_gaps == 0 and .tables.failure.rows[0].objects[0].name == "/etc/shadow"' "$dir/out" >/dev/null ||
		why "$(jq -c 'del(.timeline)' "$dir/out")" || return
	[[ $(cat "$dir/bin/journalctl.args") == *"-o json -t traceleft _UID=0 --since=@1795810502" ]] || why "$(cat "$dir/bin/journalctl.args")"
}

journal_that_cannot_be_read_is_an_error() {
	journalctl_is 'echo "No such thing" >&2; exit 3'
	programs=$dir/bin:$PATH
	report --journal
	expect_status 1 && expect_error 'traceleft: journalctl: No such thing' || return
	programs=$dir
	report --journal
	expect_status 1 && expect_error 'traceleft: journalctl: No such file or directory'
}

wrong_usage_of_report_is_told() {
	report
	expect_status 2 && expect_error 'a FILE or --journal is missing' || return
	report -n x "$dir/none"
	expect_status 2 && expect_error '-n: a number of lines is wanted' || return
	report --since yesterday "$dir/none"
	expect_status 2 && expect_error '--since: a time is written 2026-11-27' || return
	report /dev/null --html "$dir/no/page"
	expect_status 1 && expect_error "$dir/no/page: No such file or directory"
}

run_tests numbers_are_those_of_jq protobuf_and_compressed_files_give_the_same_tables counted_events_are_as_many_as_they_were \
	what_is_no_event_is_told_with_its_place page_needs_nothing_else_and_is_well_formed hostile_names_are_only_text \
	journal_is_read_through_journalctl journal_that_cannot_be_read_is_an_error wrong_usage_of_report_is_told
