// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields by the names that they have in events: who reads file.path there may ask for it. */
#include <string.h>

#include "expression-internal.h"
#include "util.h"

static const struct {
	const char *shown, *field;
} names[] = {
	{ "container.id", "container" },
	{ "destination.bytes", "dbytes" },
	{ "destination.domain", "domain" },
	{ "destination.ip", "daddr" },
	{ "destination.port", "dport" },
	{ "dns.question.name", "dns.name" },
	{ "event.duration", "duration" },
	{ "file.path", "path" },
	{ "file.target_path", "target_path" },
	{ "group.id", "gid" },
	{ "process.args", "args" },
	{ "process.command_line", "args" },
	{ "process.executable", "executable" },
	{ "process.exit_code", "exit_code" },
	{ "process.name", "comm" },
	{ "process.parent.command_line", "parent.args" },
	{ "process.parent.executable", "parent.executable" },
	{ "process.parent.name", "parent.comm" },
	{ "process.parent.pid", "ppid" },
	{ "process.pid", "pid" },
	{ "process.thread.id", "tid" },
	{ "process.working_directory", "cwd" },
	{ "source.bytes", "sbytes" },
	{ "source.ip", "saddr" },
	{ "source.port", "sport" },
	{ "traceleft.abi", "abi" },
	{ "traceleft.audit_session", "session" },
	{ "traceleft.cgroup", "cgroup" },
	{ "traceleft.child.pid", "child.pid" },
	{ "traceleft.cpu", "cpu" },
	{ "traceleft.errno", "errno" },
	{ "traceleft.mntns", "mntns" },
	{ "traceleft.netns", "netns" },
	{ "traceleft.peer.gid", "peer.gid" },
	{ "traceleft.peer.pid", "peer.pid" },
	{ "traceleft.peer.uid", "peer.uid" },
	{ "traceleft.pidns", "pidns" },
	{ "traceleft.program_id", "program_id" },
	{ "traceleft.ret", "ret" },
	{ "traceleft.unit", "unit" },
	{ "user.audit.id", "loginuid" },
	{ "user.effective.group.id", "egid" },
	{ "user.effective.id", "euid" },
	{ "user.id", "uid" },
};

const char *tl_expression_shown_name(size_t i)
{
	return i < ARRAY_SIZE(names) ? names[i].shown : NULL;
}

const char *tl_expression_field_shown(const char *name, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strlen(names[i].shown) == size && memcmp(names[i].shown, name, size) == 0)
			return names[i].field;
	return NULL;
}
