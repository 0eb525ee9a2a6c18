#!/bin/bash
# traceleft import-audit: rules of auditd as a policy, and that it keeps what they are about.
# shellcheck disable=SC2015,SC2016 # what fails has said why; shells of commands expand
# shellcheck source=common
. "$(dirname "$0")/common"

import() {
	timeout 60 "$TRACELEFT" import-audit "$@" >"$dir/policy.yaml" 2>"$dir/err"
	status=$?
	chmod 644 "$dir/policy.yaml"
}

expect_checked() {
	"$TRACELEFT" check "$dir/policy.yaml" >"$dir/out" 2>"$dir/check" && grep -q ': ok: ' "$dir/out" ||
		why "check: $(head -n 3 "$dir/check")"
}

# What benchmarks and auditd's own examples ask for.
rule_file() {
	cat <<-'END'
		## First the buffers
		-D
		-b 8192
		--backlog_wait_time 60000
		-f 1
		-i

		-a always,exclude -F msgtype=CWD
		-a never,exit -F arch=b64 -S adjtimex -F auid=unset -F uid=0
		-a never,exit -F exe=/usr/sbin/nonexistent-daemon
		-A exclude,always -F uid=4000000

		## Time
		-a always,exit -F arch=b32 -S adjtimex,settimeofday,stime -F key=time-change
		-a always,exit -F arch=b64 -S adjtimex,settimeofday -F key=time-change
		-a always,exit -F arch=b32 -S clock_settime -F a0=0x0 -F key=time-change
		-a always,exit -F arch=b64 -S clock_settime -F a0=0x0 -F key=time-change
		-w /etc/nonexistent-localtime -p wa -k time-change

		## Identity
		-w /etc/group -p wa -k identity
		-w /etc/passwd -p wa -k identity
		-w /etc/nonexistent-gshadow -p wa -k identity
		-w /etc/nonexistent/opasswd -p wa -k identity

		## Locale and network
		-a exit,always -F arch=b32 -S sethostname -S setdomainname -k system-locale
		-a exit,always -F arch=b64 -S sethostname -S setdomainname -k system-locale
		-w /etc/hosts -p wa -k system-locale
		-w /etc/ -p wa -k etc
		-a always,exit -F dir=/etc/nonexistent-network/ -F perm=wa -F key=system-locale
		-a always,exit -F arch=b64 -S socket -F a0=10 -k ipv6
		-a always,exit -F arch=b64 -S connect -F saddr_fam=2 -F success=1 -k out

		## Logins
		-w /var/log/nonexistent-lastlog -p wa -k logins
		-w /run/nonexistent-faillock/ -p wa -k logins
		-w /var/log/nonexistent-wtmp -p wa -k session -k logins

		## Permissions
		-a always,exit -F arch=b32 -S chmod,fchmod,fchmodat -F auid>=1000 -F auid!=unset -F key=perm_mod
		-a always,exit -F arch=b64 -S chmod,fchmod,fchmodat -F auid>=1000 -F auid!=unset -F key=perm_mod
		-a always,exit -F arch=b32 -S lchown,fchown,chown,fchownat -F auid>=1000 -F auid!=4294967295 -F key=perm_mod
		-a always,exit -F arch=b64 -S chown,fchown,lchown,fchownat -F auid>=1000 -F auid!=-1 -F key=perm_mod
		-a always,exit -F arch=b32 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid>=1000 -F auid!=unset -F key=perm_mod
		-a always,exit -F arch=b64 -S setxattr,lsetxattr,fsetxattr,removexattr,lremovexattr,fremovexattr -F auid=0 -F key=perm_mod

		## Refused
		-a always,exit -F arch=b32 -S open,creat,truncate,ftruncate,openat,openat2,open_by_handle_at -F exit=-EACCES -F auid>=1000 -F auid!=unset -F key=access
		-a always,exit -F arch=b32 -S open,creat,truncate,ftruncate,openat,openat2,open_by_handle_at -F exit=-EPERM -F auid>=1000 -F auid!=unset -F key=access
		-a always,exit -F arch=b64 -S open,truncate,ftruncate,creat,openat,openat2,open_by_handle_at -F exit=-EACCES -F auid>=1000 -F auid!=unset -F key=access
		-a always,exit -F arch=b64 -S open,truncate,ftruncate,creat,openat,openat2,open_by_handle_at -F exit=-EPERM -F auid>=1000 -F auid!=unset -F key=access
		-a always,exit -F arch=b64 -S openat,open_by_handle_at -F a2&03 -F path=/etc/shadow -F auid>=1000 -F auid!=unset -F key=user-modify

		## Media, deletions
		-a always,exit -F arch=b32 -S mount -F auid>=1000 -F auid!=unset -F key=export
		-a always,exit -F arch=b64 -S mount -F auid>=1000 -F auid!=unset -F key=export
		-a always,exit -F arch=b32 -S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=unset -F key=delete
		-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F auid>=1000 -F auid!=unset -F key=delete

		## Administration
		-w /etc/nonexistent-sudoers -p wa -k actions
		-w /etc/nonexistent-sudoers.d/ -p rwxa -k actions
		-a always,exit -F path=/usr/bin/nonexistent-pkexec -F perm=x -F key=maybe-escalation
		-a always,exit -F arch=b64 -S execve -C uid!=euid -F euid=0 -F key=setuid
		-a always,exit -F arch=b32 -S execve -C gid!=egid -F egid=0 -F key=setgid
		-a always,exit -S all -F pid=1 -F ppid=0 -F exit=-EBADF -F key=init

		## Modules, other processes
		-w /sbin/nonexistent-insmod -p x -k modules
		-a always,exit -F arch=b32 -S init_module,finit_module,delete_module -F auid!=unset -F key=modules
		-a always,exit -F arch=b64 -S init_module,finit_module -S delete_module -F auid!=unset -F key=modules
		-a always,exit -F arch=b64 -S clone -F a0&0x7C020000 -F key=container-create
		-a always,exit -F arch=b64 -S unshare,setns -F sessionid!=unset -F key=container-config
		-a always,exit -F arch=b64 -S ptrace -F a0=0x4 -F key=code-injection
		-a always,exit -F arch=b64 -S ptrace -F a0=0x5 -F key=data-injection
		-a always,exit -F arch=b64 -S chmod -F filetype=file -F obj_uid=0 -F key=root-files
		-w /var/log/nonexistent-audit/ -k auditlog
		--loginuid-immutable
		-e 2
	END
}

realistic_rules_become_a_policy() {
	rule_file >"$dir/audit.rules"
	import "$dir/audit.rules"
	# A condition knows one group of a process.
	expect_status 0 && [[ $(cut -d: -f2- "$dir/err") == "66:54: warning: 'egid': "* && $(wc -l <"$dir/err") == 1 ]] || why "$(cat "$dir/err")" || return
	(($(grep -c '^  # .*audit\.rules:' "$dir/policy.yaml") >= 50)) || why "$(grep -c '^  # ' "$dir/policy.yaml") rules" || return
	expect_checked && import - <"$dir/audit.rules" && expect_status 0 && grep -q '^  # standard input:' "$dir/policy.yaml" ||
		why "of standard input: $(head -n 1 "$dir/err")"
}

lines_that_are_not_translated_have_their_place() {
	printf '%s\n' '-w /etc/passwd -p wa -k identity' '' '-a always,exit -F arch=b64 -S opena -k x' >"$dir/one.rules"
	printf '%s\n' '-a always,exit -F arch=b64 -S sync -F subj_type=crond_t' '-a always,exit -F arch=b64 -S sync -k sync' >"$dir/two.rules"
	import "$dir/one.rules" "$dir/none.rules" "$dir/two.rules"
	expect_status 1 && grep -qF "$dir/one.rules:3:31: unknown system call 'opena', did you mean 'open" "$dir/err" &&
		grep -qF "$dir/two.rules:1:39: 'subj_type': " "$dir/err" &&
		grep -qF "traceleft: $dir/none.rules: No such file" "$dir/err" || why "$(cat "$dir/err")" || return
	expect_checked && grep -qF 'tags: ["identity"]' "$dir/policy.yaml" && grep -qF 'tags: ["sync"]' "$dir/policy.yaml" ||
		why "$(cat "$dir/policy.yaml")" || return
	echo '-b 8192' >"$dir/one.rules"
	import "$dir/one.rules"
	expect_status 1 && [[ ! -s $dir/policy.yaml ]] && expect_error 'no rule keeps events' || return
	import
	expect_status 2 && expect_error 'a FILE is missing'
}

# Each event once, of the first rule that is about it, and nothing else.
imported_rules_keep_what_they_are_about() {
	echo secret >"$dir/file"
	mkdir -m 777 "$dir/below"
	printf '#!/bin/sh\nexit 0\n' >"$dir/script"
	cp /bin/true "$dir/program"
	cp /bin/cat "$dir/quiet"
	chmod 755 "$dir" "$dir/script" "$dir/program" "$dir/quiet"
	cat >"$dir/audit.rules" <<-END
		-a never,exit -F exe=$dir/quiet
		-w $dir/file -p wa -k file
		-w $dir/below -p wa -k below
		-w $dir/new -p w -k new
		-w $dir/script -p x -k script
		-w $dir/program -p x -k program
		-a always,exit -F arch=b64 -S open,openat -F dir=$dir -F exit=-EACCES -F uid=65534 -k refused
		-a always,exit -F arch=b64 -S open,openat -F path=$dir/file -F perm=r -F uid!=65534 -k read
	END
	import "$dir/audit.rules"
	expect_status 0 && [[ ! -s $dir/err ]] || why "$(cat "$dir/err")" || return
	expect_checked || return
	cat >"$dir/commands" <<-'END'
		cat file
		./quiet file
		echo more >>file
		chmod 600 file
		cat below/none
		echo 1 >below/a
		cat below/a
		mv below/a below/b
		rm below/b
		echo 2 >new
		cat new
		chmod 644 new
		rm new
		chmod 700 script
		./script
		"$PWD/script"
		sh script
		./program
		mv file other
		mv other file
		setpriv --reuid 65534 --clear-groups cat file
		setpriv --reuid 65534 --clear-groups cat none
	END
	trace -f json -o "$dir/events" --policy "$dir/policy.yaml" -- /bin/sh -c 'cd "$1" && . ./commands' sh "$dir"
	expect_balanced || return
	jq -r 'select(.event.action != "ledger") | "\(.tags[0]) \(.event.action | sub("(at2?|2)$"; "")) \(.process.name)"' "$dir/events" | sort >"$dir/kept"
	sort >"$dir/expected" <<-'END'
		read open cat
		file open sh
		file fchmod chmod
		below open sh
		below rename mv
		below unlink rm
		new open sh
		new unlink rm
		script execve script
		script execve script
		program execve program
		file rename mv
		file rename mv
		refused open cat
	END
	diff "$dir/expected" "$dir/kept" >"$dir/diff" || why "$(cat "$dir/diff")"
}

run_tests realistic_rules_become_a_policy lines_that_are_not_translated_have_their_place imported_rules_keep_what_they_are_about
