# shellcheck shell=bash
# Sourced by tests in the guest, in /tl.
. tests/lib.sh

# check NAME COMMAND...: a line with the verdict; what the command said is the reason.
check() {
	local name=$1 said
	shift
	if said=$("$@" 2>&1); then
		ok "$name"
	else
		not_ok "$name" "$(tail -n 4 <<<"$said" | tr '\n' ' ' | cut -c 1-600)"
	fi
}

# Waits until COMMAND... succeeds, four minutes at most: guests are slow, the more so if there are several.
await() {
	local end=$((SECONDS + 240))
	while ((SECONDS < end)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.2
	done
	"$@"
}

# ---- The service

property() {
	systemctl show traceleftd -P "$1"
}
# Whether it runs, as another process than $1.
runs_as_another() {
	local now
	now=$(property MainPID)
	[[ $now != 0 && $now != "$1" && $(property ActiveState) == active ]]
}
# What takes a second elsewhere may take minutes in an emulated machine that shares its processor.
give_it_time() {
	mkdir -p /etc/systemd/system/traceleftd.service.d
	printf '%s\n' '[Service]' "$@" >/etc/systemd/system/traceleftd.service.d/emulated.conf
}

# ---- Is anything of ours left in the kernel?

# One word per program, map, link, pin and probe. systemd has some of its own.
kernel_objects() {
	bpftool prog show | sed -n 's/^\([0-9]*\): \([a-z_]*\)  *name \([^ ]*\).*/prog:\1:\2:\3/p'
	bpftool map show | sed -n 's/^\([0-9]*\): \([a-z_]*\)  *name \([^ ]*\).*/map:\1:\2:\3/p'
	bpftool link show | sed -n 's/^\([0-9]*\): \([a-z_]*\)  *prog.*/link:\1:\2/p'
	find /sys/fs/bpf -mindepth 1 2>/dev/null | sed 's/^/pin:/'
	sed 's/^\([^ ]*\) .*/kprobe:\1/' /sys/kernel/debug/kprobes/list 2>/dev/null
}

remember_kernel_objects() {
	kernel_objects | sort >/tmp/kernel-objects
}

# What was not there when they were remembered.
new_kernel_objects() {
	kernel_objects | grep -v ':sd_' | sort | comm -13 /tmp/kernel-objects -
}

# They are freed after their last user, and when the kernel has seen all of its readers pass, which takes a while in a
# machine that others slow down.
kernel_objects_are_gone() {
	for ((i = 0; i < 300; i++)); do
		[[ $(new_kernel_objects) ]] || return 0
		sleep 0.2
	done
	echo "$(new_kernel_objects | wc -l): $(new_kernel_objects | head -n 4 | tr '\n' ' ')"
	return 1
}
