# shellcheck shell=bash
# Sourced by tests in the guest: is anything of ours left in the kernel? Needs tests/lib.sh.

# One word per program, map, link and probe. systemd has some of its own.
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

# kernel_objects_are_gone NAME: a line with the verdict. They are freed a little after their last user.
kernel_objects_are_gone() {
	local new=""
	for ((i = 0; i < 50; i++)); do
		new=$(kernel_objects | grep -v ':sd_' | sort | comm -13 /tmp/kernel-objects -)
		[[ $new ]] || break
		sleep 0.2
	done
	if [[ $new ]]; then
		not_ok "$1: nothing of ours is left" "$(wc -l <<<"$new"): $(head -n 4 <<<"$new" | tr '\n' ' ')"
	else
		ok "$1: nothing of ours is left"
	fi
}
