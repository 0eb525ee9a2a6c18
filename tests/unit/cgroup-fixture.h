/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Paths of cgroups, and what they tell. */
#ifndef TRACELEFT_CGROUP_FIXTURE_H
#define TRACELEFT_CGROUP_FIXTURE_H

#define OTHER "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *path, *unit, *slice, *container;
} paths[] = {
	{ "/", "", "", "" },
	{ "/system.slice/nginx.service", "nginx.service", "system.slice", "" },
	{ "/system.slice/nginx.service/worker", "nginx.service", "system.slice", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice/mail.service", "mail.service", "app.slice", "" },
	{ "/user.slice/user-1000.slice/user@1000.service/app.slice", "user@1000.service", "app.slice", "" },
	{ "/user.slice/user-0.slice/session-4.scope", "session-4.scope", "user-0.slice", "" },
	{ "/system.slice/dev-disk-by\\x2dlabel.swap", "dev-disk-by\\x2dlabel.swap", "system.slice", "" },
	{ "/system.slice/cups.socket", "cups.socket", "system.slice", "" },
	{ "/system.slice/.service", "", "system.slice", "" },
	{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope", "system.slice", ID },
	{ "/system.slice/docker-" ID ".scope/system.slice/ssh.service", "ssh.service", "system.slice", ID },
	{ "/system.slice/docker-0123.scope", "docker-0123.scope", "system.slice", "" },
	{ "/docker/" ID, "", "", ID },
	{ "/docker/" ID "/init", "", "", ID },
	{ "/docker/0123", "", "", "" },
	{ "/machine.slice/libpod-" ID ".scope/container", "libpod-" ID ".scope", "machine.slice", ID },
	{ "/libpod_parent/libpod-" ID, "", "", ID },
	{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID ".scope", "cri-containerd-" ID ".scope",
	  "kubepods-pod1.slice", ID },
	{ "/kubepods/besteffort/pod12-34/" ID, "", "", ID },
	{ "/kubepods/besteffort/pod12-34", "", "", "" },
	{ "/kubepods.slice/crio-" ID ".scope", "crio-" ID ".scope", "kubepods.slice", ID },
	{ "/kubepods.slice/crio-conmon-" ID ".scope", "crio-conmon-" ID ".scope", "kubepods.slice", "" },
	{ "/kubepods.slice/kubepods-pod1.slice/docker-" ID ".scope", "docker-" ID ".scope", "kubepods-pod1.slice", ID },
	{ "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-" ID ".scope/container",
	  "libpod-" ID ".scope", "user.slice", ID },
	{ "/machine.slice/libpod-conmon-" ID ".scope", "libpod-conmon-" ID ".scope", "machine.slice", "" },
	{ "/libpod_parent/libpod-conmon-" ID, "", "", "" },
	{ "/libpod_parent/-" ID, "", "", "" },
	{ "/libpod_parent/x-" ID, "", "", ID },
	{ "/system.slice/web.service/libpod-payload-" ID, "web.service", "system.slice", ID },
	{ "/system.slice/nerdctl-" ID ".scope", "nerdctl-" ID ".scope", "system.slice", ID },
	{ "/default/" ID, "", "", ID }, /* containerd's own client */
	{ "/ecs/task/" ID, "", "", ID },
	{ "/docker/buildkit/" ID, "", "", ID },
	{ "/docker/" ID "/docker/" OTHER "/x", "", "", OTHER }, /* one in another */
	{ "/docker/" ID ".scope", ID ".scope", "", "" },
	{ "/docker/x" ID, "", "", "" },
	{ "/system.slice/x" ID ".scope", "x" ID ".scope", "system.slice", "" },
	{ "/system.slice/run-r0123456789abcdef0123456789abcdef.service",
	  "run-r0123456789abcdef0123456789abcdef.service", "system.slice", "" }, /* systemd-run */
	{ "/user.slice/user-0.slice/user@0.service/app.slice/run-p1-i2.scope", "run-p1-i2.scope", "app.slice", "" },
	{ "/lxc.payload.web", "", "", "web" },
	{ "/lxc.payload.web/system.slice/ssh.service", "ssh.service", "system.slice", "web" },
	{ "/lxc.monitor.web", "", "", "" },
	{ "/lxc/web/init.scope", "init.scope", "", "web" },
	{ "/machine.slice/systemd-nspawn@deb\\x2d12.service/payload", "systemd-nspawn@deb\\x2d12.service",
	  "machine.slice", "deb-12" },
	{ "/machine.slice/machine-my\\x2dvm.scope", "machine-my\\x2dvm.scope", "machine.slice", "my-vm" },
	{ "/machine.slice/machine-qemu\\x2d1\\x2dvm.scope/emulator", "machine-qemu\\x2d1\\x2dvm.scope", "machine.slice",
	  "" },
	{ "/other.slice/machine-a.scope", "machine-a.scope", "other.slice", "" },
	{ "/machine.slice/machine-\\x2.scope", "machine-\\x2.scope", "machine.slice", "\\x2" },
};

#endif
