#!/bin/bash
# A traced process gives names to all that has one: none of them forges a line or reaches a terminal raw.
# shellcheck disable=SC2015,SC2034,SC2094 # what fails has said why; the status is for what is sourced; names of formats
# shellcheck source=common
. "$(dirname "$0")/common"

# Calls that a name of every kind is given to, some of them in vain.
write_program() {
	touch file
	cat >program.py <<-'END'
		import ctypes, os, socket, sys
		libc = ctypes.CDLL(None, use_errno=True)
		def call(number, *arguments):
		    libc.syscall(ctypes.c_long(number), *arguments)
		name = b"\x1b]0;evil\x07\n\r{\"a\":1}\xe2\x80\xae\xff\xc2\x9b31m|<b>&'\""
		here = os.getcwdb()
		address = b"\0" + name + b"%d" % os.getpid() # this test may run twice at once
		libc.prctl(15, name[:15], 0, 0, 0)
		call(319, name, 0) # memfd_create
		listener, client = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
		listener.bind(address)
		listener.listen(1)
		client.connect(address)
		call(188, here + b"/file", b"user." + name, name, len(name), 0) # setxattr
		call(249, b"user", b"k:" + name, name, -3) # request_key
		call(176, name, 2048) # delete_module
		call(240, name, 0, 0, 0) # mq_open
		call(254, -1, here + b"/" + name, 1) # inotify_add_watch
		call(430, name, 0) # fsopen
		call(83, here + b"/" + name, 0o700) # mkdir
		os.symlink(b"/bin/true", here + b"/x" + name)
		if os.fork() == 0:
		    os.execve(here + b"/x" + name, [name, b"argument" + name], {b"PATH": name})
		os.wait()
	END
}
calls=prctl,memfd_create,bind,connect,setxattr,request_key,delete_module,mq_open,inotify_add_watch,fsopen,mkdir,symlink

# in_odd_cgroup COMMAND...: in a control group of such a name, where one can be made.
in_odd_cgroup() {
	local group=/sys/fs/cgroup/unified/traceleft-$$-$'\e]0;evil\a\xe2\x80\xae\xff'.service
	mkdir "$group" 2>/dev/null || group=
	# shellcheck disable=SC2016 # of the shell that goes there
	sh -c '[ -z "$1" ] || echo $$ >"$1/cgroup.procs"; shift; exec "$@"' sh "$group" "$@"
	status=$?
	[[ -z $group ]] || rmdir "$group"
}

# clean FILE: only printable text in lines, and valid.
clean() {
	! grep -qaP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b|\xff' "$1" && iconv -f UTF-8 -t UTF-8 "$1" >/dev/null ||
		why "in $1: $(grep -aP '[\x00-\x08\x0b-\x1f\x7f]|\xe2\x80\xae|\xc2\x9b|\xff' "$1" | head -n 1 | od -c | head -n 8)"
}

names_of_all_kinds_forge_nothing() {
	local format call
	write_program
	for format in text json; do
		rm -rf x* ./*evil*
		in_odd_cgroup timeout 60 "$TRACELEFT" trace -f "$format" "$calls,exec" -- python3 program.py >"$format" 2>err
		expect_status 0 && clean "$format" && clean err || return
	done
	jq -c . json >/dev/null || why "a line is no JSON" || return
	for call in ${calls//,/ } exec; do
		jq -es --arg call "$call" 'any(.[]; .event.action == $call and (tostring | test("x1b]0;evil")))' json >/dev/null ||
			why "no such name in $call" || return
		[[ $call = exec ]] || grep -q "^[^(]*\\] $call(.*x1b\\]0;evil" text || why "no such name in $call as text" || return
	done
	"$TRACELEFT" report json >report && "$TRACELEFT" report --html page json >said && clean report && clean page && clean said &&
		! grep -q '<b>&' page || why "a name is markup"
}

run_tests names_of_all_kinds_forge_nothing
