#!/bin/bash
# What traceleft says about a run of a program is what strace says about the same
# run, but for what tests/host/strace/differences lists.
# shellcheck disable=SC1091 # the library is beside
cd "$(dirname "$0")/../.." || exit 1
. tests/lib.sh

[ "$(id -u)" = 0 ] || { skip host/strace "needs root"; exit 0; }
here=tests/host/strace
work=$(mktemp -d /tmp/traceleft-strace.XXXXXXXX)
chmod 755 "$work" # nginx leaves its privileges
trap 'rm -rf --one-file-system "$work"' EXIT
workloads=(git tar python apt nginx calls64 calls32)

missing=$(for program in strace git tar python3 apt-get nginx curl gcc; do
	PATH=$PATH:/usr/sbin command -v "$program" >/dev/null || echo "$program"
done)
[ -z "$missing" ] || { not_ok host/strace "not installed (packaging/install-dependencies): ${missing//$'\n'/ }"; exit 1; }

# What its differences are needed for is left out with it.
if ! gcc -m32 -static -w -o "$work/probe" -x c - <<<'int main(void) { return 0; }' || ! "$work/probe" 2>/dev/null; then
	skip host/strace/calls32 "this machine builds or runs no 32-bit programs"
	skip "host/strace/each accepted difference is one" "calls32 is left out"
	unset "workloads[-1]"
fi

# strace's own calls are nobody's business here.
timeout 300 "${TRACELEFT:-build/traceleft}" trace -o "$work/events" --where 'executable != "/usr/bin/strace"' @all -- \
	bash "$here/workloads" "$work" "$here/calls.c" "${workloads[@]}" >"$work/out" 2>&1
status=$?
if [ $status -ne 0 ] || ! grep -q ' + lost 0: balanced$' "$work/out"; then
	not_ok host/strace "status $status: $(tail -n 3 "$work/out" | tr '\n' ' ')"
	exit 1
fi

for workload in "${workloads[@]}"; do
	if $here/compare "$here/differences" "$work/events" "$work/rows" "$work/$workload".strace.* >"$work/report"; then
		ok "host/strace/$workload: $(tail -n 1 "$work/report")"
	else
		not_ok "host/strace/$workload" "$(head -n 6 "$work/report" | tr '\n' ' ')... $(tail -n 1 "$work/report")"
		[ -z "${TL_TEST_KEEP:-}" ] || cp "$work/report" "$TL_TEST_KEEP/$workload"
	fi
done

[[ ${workloads[-1]} == calls32 ]] || exit 0
unused=$(comm -23 <(grep -nv '^\(#\|$\)' $here/differences | cut -d: -f1 | sort) <(sort -u "$work/rows"))
if [ -z "$unused" ]; then
	ok "host/strace/each accepted difference is one"
else
	not_ok "host/strace/each accepted difference is one" "not needed: lines ${unused//$'\n'/ } of $here/differences"
fi
