/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An event of openat by sh, child of sshd, for the tests of the encoders. */
#ifndef TRACELEFT_ENCODE_FIXTURE_H
#define TRACELEFT_ENCODE_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "encode.h"
#include "wire.h"

struct fixture {
	struct tl_event_type type;
	struct tl_process parent, process;
	struct tl_event event;
	struct tl_buffer out;
};

static inline struct tl_bytes fixture_bytes(const char *data, size_t size)
{
	return (struct tl_bytes){ .data = data, .size = (uint32_t)size, .flags = TL_VALUE_PRESENT };
}

static inline struct tl_bytes fixture_string(const char *text)
{
	return fixture_bytes(text, strlen(text));
}

static inline void fixture_arg(struct tl_event_type *type, const char *name, const char *c_type, const char *decoder,
			       enum tl_capture capture)
{
	struct tl_arg_type *arg = &type->args[type->n_args++];

	memset(arg, 0, sizeof(*arg));
	snprintf(arg->name, sizeof(arg->name), "%s", name);
	snprintf(arg->type, sizeof(arg->type), "%s", c_type);
	snprintf(arg->decoder, sizeof(arg->decoder), "%s", decoder);
	arg->position = type->n_args;
	arg->capture = (uint8_t)capture;
}

static inline void fixture_type(struct tl_event_type *type, const char *name, const char *groups)
{
	memset(type, 0, sizeof(*type));
	snprintf(type->name, sizeof(type->name), "%s", name);
	snprintf(type->groups, sizeof(type->groups), "%s", groups);
	for (int i = 0; i < 4; i++)
		type->number[i] = -1;
}

static inline void fixture_processes(struct fixture *f)
{
	f->parent = (struct tl_process){
		.pid = 900,
		.start = 5,
		.entity_id = "0c1d2e3f-900-5",
		.executable = "/usr/sbin/sshd",
		.args = "sshd: alice",
		.args_size = 12,
		.n_args = 1,
		.working_directory = "/",
		.comm = "sshd",
		.generation = 1,
	};
	f->process = (struct tl_process){
		.pid = 1234,
		.inner_pid = 7,
		.ppid = 900,
		.start = 77,
		.start_time = 1795665599000000001ULL,
		.entity_id = "0c1d2e3f-1234-77",
		.executable = "/usr/bin/dash",
		.args = "sh\0-c\0cat /etc/passwd",
		.args_size = 22,
		.n_args = 3,
		.working_directory = "/home/alice",
		.cgroup = "/user.slice/session-3.scope",
		.unit = "session-3.scope",
		.container_id = "",
		.mntns = 4026531841,
		.netns = 4026531840,
		.comm = "sh",
		.parent = &f->parent,
		.generation = 1,
	};
}

static inline void fixture_init(struct fixture *f)
{
	memset(f, 0, sizeof(*f));
	fixture_processes(f);
	fixture_type(&f->type, "openat", "file");
	f->type.flags = TL_TYPE_RETURNS_FD;
	f->type.path_from = TL_FROM_RET;
	f->type.number[0] = 257;
	fixture_arg(&f->type, "dfd", "int", "dirfd", TL_CAPTURE_NONE);
	fixture_arg(&f->type, "filename", "char *", "path", TL_CAPTURE_STRING);
	fixture_arg(&f->type, "flags", "int", "open_flags", TL_CAPTURE_NONE);
	fixture_arg(&f->type, "mode", "umode_t", "mode", TL_CAPTURE_NONE);
	f->event = (struct tl_event){
		.kind = TL_EVENT_SYSCALL,
		.type = &f->type,
		.time = 1795665600123456789ULL,
		.duration = 4200,
		.seq = 42,
		.cpu = 1,
		.program_id = 7,
		.pid = 1234,
		.tid = 1235,
		.uid = 0,
		.gid = 100,
		.euid = 0,
		.egid = 101,
		.loginuid = 1000,
		.audit_session = 3,
		.comm = "sh",
		.nr = 257,
		.ret = 3,
		.args = { (uint32_t)-100, 0x7ffd1000, 02000000, 0xdeadbeef },
		.file = { .path = fixture_string("/etc/passwd"),
			  .has_facts = true,
			  .inode = 131,
			  .major = 8,
			  .minor = 1,
			  .mode = 0100644 },
		.process = &f->process,
		.hash = 0x0123456789abcdefULL,
	};
	f->event.captured[1] = fixture_string("/etc/passwd");
}

/* An event of that type, which is number i of the table, with bytes in it that have to be escaped. */
static inline void fixture_init_type(struct fixture *f, const struct tl_event_type *type, size_t i)
{
	fixture_init(f);
	f->event.type = type;
	f->event.ret = i % 3 ? (int64_t)i : -(int64_t)(i % 40) - 1;
	for (unsigned a = 0; a < type->n_args; a++) {
		f->event.args[a] = a % 2 ? UINT64_MAX - a : i * 0x10001 + a;
		if (type->args[a].capture != TL_CAPTURE_NONE)
			f->event.captured[a] = fixture_bytes("one\0t\"w\\o\xff\n\0\0\0\0\0\0\0\0\0\0", 20);
	}
	f->event.has_socket = type->flags & TL_TYPE_SOCKET;
	f->event.destination = (struct tl_endpoint){ .family = AF_INET, .port = 443, .address = { 127, 0, 0, 1 } };
}

static inline void fixture_done(struct fixture *f)
{
	tl_buffer_done(&f->out);
	tl_encode_done();
}

/* The line, as a string. */
static inline const char *fixture_line(struct fixture *f,
				       int (*encode)(struct tl_buffer *, const struct tl_event *,
						     const struct tl_annotation *),
				       const struct tl_annotation *annotation)
{
	f->out.size = 0;
	if (encode(&f->out, &f->event, annotation) < 0 || tl_buffer_append(&f->out, "", 1) < 0)
		return "";
	return f->out.data;
}

#endif
