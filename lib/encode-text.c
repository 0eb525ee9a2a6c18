/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "wire.h"

#define ERESTARTSYS 512 /* the first and the last of the kernel's own */
#define ERESTART_LAST 516

static void put_name(struct tl_buffer *b, uint32_t pid, const char *comm)
{
	size_t n = strnlen(comm, 16), clean;

	tl_put_u64(b, pid);
	if (n)
		tl_put_char(b, ' ');
	/* A process chooses its name: what ends one here is not to be in it. */
	for (; n; comm += clean, n -= clean) {
		for (clean = 0; clean < n && comm[clean] != ']' && comm[clean] != ')'; clean++)
			;
		tl_escape_text(b, comm, clean);
		if (clean < n)
			tl_put_text(b, comm[clean++] == ']' ? "\\x5d" : "\\x29");
	}
}

static void put_link(struct tl_buffer *b, const struct tl_bytes *path)
{
	tl_put_char(b, ' ');
	tl_encode_link(b, path);
}

static void put_address(struct tl_buffer *b, const struct tl_event *event, const struct tl_endpoint *endpoint)
{
	if (endpoint->family == AF_UNIX) {
		const struct tl_bytes *path = &endpoint->path;
		bool abstract = path->size && !path->data[0];

		if (abstract)
			tl_put_char(b, '@');
		if (path->size)
			tl_escape_text(b, path->data + abstract, abstract ? path->size - 1 : tl_string_size(path));
		return;
	}
	tl_endpoint_text(b, event, endpoint);
}

static bool has_address(const struct tl_endpoint *endpoint)
{
	return tl_endpoint_known(endpoint) || tl_endpoint_is_context(endpoint) ||
	       (endpoint->family == AF_UNIX && (endpoint->path.flags & TL_VALUE_PRESENT));
}

/* " <127.0.0.1:40000->127.0.0.1:80>" */
static void put_sockets(struct tl_buffer *b, const struct tl_event *event)
{
	bool source = has_address(&event->source), destination = has_address(&event->destination);

	if (!source && !destination)
		return;
	TL_PUT_LITERAL(b, " <");
	if (source)
		put_address(b, event, &event->source);
	if (destination) {
		TL_PUT_LITERAL(b, "->");
		put_address(b, event, &event->destination);
	}
	tl_put_char(b, '>');
}

/* " <also 10.0.0.2:53, 10.0.0.3:53>" */
static void put_further(struct tl_buffer *b, const struct tl_event *event)
{
	TL_PUT_LITERAL(b, " <also ");
	for (size_t i = 0; i < event->n_further; i++) {
		if (i)
			TL_PUT_LITERAL(b, ", ");
		put_address(b, event, &event->further[i]);
	}
	tl_put_char(b, '>');
}

/* " <peer 812 uid 0 gid 0>" */
static void put_peer(struct tl_buffer *b, const struct tl_event *event)
{
	TL_PUT_LITERAL(b, " <peer ");
	tl_put_u64(b, event->peer_pid);
	TL_PUT_LITERAL(b, " uid ");
	tl_put_u64(b, event->peer_uid);
	TL_PUT_LITERAL(b, " gid ");
	tl_put_u64(b, event->peer_gid);
	tl_put_char(b, '>');
}

/* "0x8002 (flags O_RDWR|O_LARGEFILE)", "1 (SUID_DUMP_USER)", "022"; just 0 if there are no flags, or nothing to call them. */
static void put_decoded_result(struct tl_buffer *b, uint64_t value, const struct tl_decoder *decoder, const char *word)
{
	if (decoder->kind == TL_DECODE_NUMBER) {
		tl_value_text(b, decoder, value);
		return;
	}
	if (word && value)
		tl_put_hex(b, value);
	else
		tl_put_u64(b, value);
	if (word && !value && (!decoder->mask || !*word))
		return;
	TL_PUT_LITERAL(b, " (");
	tl_put_text(b, word ? word : "");
	tl_value_text(b, decoder, value);
	tl_put_char(b, ')');
}

static void put_result(struct tl_buffer *b, const struct tl_event *event, const struct tl_variant *variant)
{
	const struct tl_decoder *decoder = tl_variant_result(variant);

	TL_PUT_LITERAL(b, " = ");
	if (event->type->flags & TL_TYPE_NO_RETURN) {
		tl_put_char(b, '?');
	} else if (event->ret < 0 && event->ret >= -4095) {
		const char *name = tl_errno_name((int)-event->ret);

		/* What the kernel says to itself never comes back to the program: it calls again, or gets EINTR. */
		tl_put_text(b, event->ret <= -ERESTARTSYS && event->ret >= -ERESTART_LAST ? "? " : "-1 ");
		if (name)
			tl_put_text(b, name);
		else
			tl_put_i64(b, -event->ret);
		TL_PUT_LITERAL(b, " (");
		tl_put_text(b, tl_errno_message((int)-event->ret));
		tl_put_char(b, ')');
	} else if (decoder) {
		put_decoded_result(b, (uint64_t)event->ret, decoder, variant->word);
	} else if (event->type->flags & TL_TYPE_RETURNS_POINTER) {
		tl_put_hex(b, (uint64_t)event->ret);
	} else {
		tl_put_i64(b, event->ret);
	}
}

/* Whether the name that was asked for, argument `position`, says already which object it was. */
static bool says_path(const struct tl_event *event, unsigned position, const struct tl_bytes *path)
{
	unsigned i = position - 1U;
	const struct tl_bytes *name;
	size_t n = tl_string_size(path);

	if (i >= TL_ARGS_MAX)
		return false;
	name = &event->captured[i];
	return (name->flags & TL_VALUE_PRESENT) && !(path->flags & (TL_VALUE_DELETED | TL_VALUE_DETACHED)) &&
	       tl_string_size(name) == n && !memcmp(name->data, path->data, n);
}

/* Which objects they were, where the arguments do not tell. */
static void put_objects(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_event_type *type = event->type;
	const struct tl_bytes *path = &event->file.path, *target = &event->target.path;

	if (event->ret >= 0 && (path->flags & TL_VALUE_PRESENT) && type->path_from != TL_FROM_FD &&
	    (type->path_from == TL_FROM_RET || !says_path(event, type->path_name, path)))
		put_link(b, path);
	if (event->ret >= 0 && (target->flags & TL_VALUE_PRESENT) && !says_path(event, type->target_name, target)) {
		TL_PUT_LITERAL(b, " ->");
		put_link(b, target);
	}
	if (event->has_socket || event->source.family || event->destination.family)
		put_sockets(b, event);
	if (event->n_further)
		put_further(b, event);
	if (event->has_peer)
		put_peer(b, event);
	if (event->dns)
		tl_encode_dns_text(b, event->dns);
}

static void put_call(struct tl_buffer *b, const struct tl_event *event, struct tl_encode_type *type)
{
	const struct tl_bytes *fd_path = NULL;

	if (event->type->path_from == TL_FROM_FD && (event->file.path.flags & TL_VALUE_PRESENT))
		fd_path = &event->file.path;
	if (event->type->flags & TL_TYPE_UNLISTED) {
		TL_PUT_LITERAL(b, "syscall_");
		tl_put_u64(b, event->nr);
	} else {
		tl_escape_text(b, type->type.name, strnlen(type->type.name, sizeof(type->type.name)));
	}
	tl_put_char(b, '(');
	tl_encode_arguments(b, event, type, type->type.path_fd, fd_path);
	tl_put_char(b, ')');
	put_result(b, event, tl_encode_variant(type, event));
	put_objects(b, event);
}

static void put_exec(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_process *p = event->process;
	const struct tl_bytes *path = &event->file.path;

	TL_PUT_LITERAL(b, "exec ");
	if (path->flags & (TL_VALUE_DELETED | TL_VALUE_DETACHED))
		tl_encode_link(b, path);
	else if (path->flags & TL_VALUE_PRESENT)
		tl_escape_text(b, path->data, tl_string_size(path));
	else
		tl_escape_text(b, p->executable ? p->executable : "", p->executable ? strlen(p->executable) : 0);
	if (p->args_size) {
		tl_put_char(b, ' ');
		tl_argv_text(b, p->args, p->args_size, p->flags & TL_PROCESS_ARGS_TRUNCATED);
	}
	if (p->parent) {
		TL_PUT_LITERAL(b, " (parent ");
		put_name(b, p->parent->pid, p->parent->comm);
		tl_put_char(b, ')');
	}
}

static void put_fork(struct tl_buffer *b, const struct tl_event *event)
{
	tl_put_text(b, event->flags & TL_EVENT_THREAD ? "thread" : "fork");
	TL_PUT_LITERAL(b, " = ");
	tl_put_i64(b, event->child ? (int64_t)event->child->pid : event->ret);
}

static void put_exit(struct tl_buffer *b, const struct tl_event *event)
{
	int status = event->exit_code;
	const char *name;

	if (event->flags & TL_EVENT_THREAD)
		TL_PUT_LITERAL(b, "thread ");
	if (!WIFSIGNALED(status)) {
		TL_PUT_LITERAL(b, "exited with ");
		tl_put_u64(b, (unsigned)WEXITSTATUS(status));
		return;
	}
	TL_PUT_LITERAL(b, "killed by ");
	name = tl_signal_name(WTERMSIG(status));
	if (name)
		tl_put_text(b, name);
	else
		tl_put_u64(b, (unsigned)WTERMSIG(status));
	if (WCOREDUMP(status))
		TL_PUT_LITERAL(b, " (core dumped)");
}

/* "connected <127.0.0.1:40000->127.0.0.1:80>", and what a connection carried */
static void put_network(struct tl_buffer *b, const struct tl_event *event)
{
	const char *action = tl_event_type_action(event->type);

	tl_escape_text(b, action, strlen(action));
	put_sockets(b, event);
	if (event->has_bytes) {
		TL_PUT_LITERAL(b, " (");
		tl_put_u64(b, event->source_bytes);
		TL_PUT_LITERAL(b, " bytes there, ");
		tl_put_u64(b, event->destination_bytes);
		TL_PUT_LITERAL(b, " back)");
	}
	put_result(b, event, NULL);
}

static void put_event(struct tl_buffer *b, const struct tl_event *event, struct tl_encode_type *type)
{
	TL_PUT_LITERAL(b, "[pid ");
	put_name(b, event->tid ? event->tid : event->pid, event->comm);
	TL_PUT_LITERAL(b, "] ");
	switch (event->kind) {
	case TL_EVENT_EXEC:
		put_exec(b, event);
		break;
	case TL_EVENT_FORK:
		put_fork(b, event);
		break;
	case TL_EVENT_EXIT:
		put_exit(b, event);
		break;
	case TL_EVENT_NETWORK:
		put_network(b, event);
		break;
	default:
		put_call(b, event, type);
	}
}

/* The number and the key follow. */
static void put_counted(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	tl_put_char(b, '[');
	tl_put_text(b, annotation && annotation->result ? annotation->result : "count");
	TL_PUT_LITERAL(b, "] ");
	tl_escape_text(b, event->type->name, strnlen(event->type->name, sizeof(event->type->name)));
}

static void put_count(struct tl_buffer *b, const struct tl_annotation *annotation)
{
	if (!annotation || !annotation->count)
		return;
	TL_PUT_LITERAL(b, " x ");
	tl_put_u64(b, annotation->count);
	if (annotation->result)
		tl_encode_key(b, annotation);
}

int tl_encode_text(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct tl_encode_type *type = tl_encode_type_get(event->type);
	size_t start = b->size;

	if (!type)
		return -ENOMEM;
	b->failed = false;
	if (event->kind >= TL_EVENT_LOST) {
		tl_encode_record_text(b, event);
	} else {
		if (event->flags & TL_EVENT_RESULT)
			put_counted(b, event, annotation);
		else
			put_event(b, event, type);
		put_count(b, annotation);
		tl_put_char(b, '\n');
	}
	if (!b->failed)
		return 0;
	b->size = start;
	b->failed = false;
	return -ENOMEM;
}
