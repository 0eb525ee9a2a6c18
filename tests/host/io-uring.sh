#!/bin/bash
# Calls by way of io_uring: the tests of events once more, their calls made by the requests that stand
# for them, at once, by threads of the kernel's, and from a queue that the kernel looks at itself.
set -uo pipefail
cd "$(dirname "$0")/../.."
. tests/lib.sh

# by DOOR TEST...: those that are chosen.
by() {
	local door=$1 test some=()
	shift
	for test; do
		chosen "$test" && some+=("$test")
	done
	[ ${#some[@]} = 0 ] || TL_TEST_DOOR=$door tests/events/run "${some[@]}" | labelled "io_uring/$door"
}

by ring openat close read connect accept4 unix unlinkat file-io file-names network
by ring net_accept net_bind net_listen
by async file-names net_accept net_bind net_listen
by polled openat net_bind
