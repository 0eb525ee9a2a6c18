// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "sentence.h"
#include "users.h"
#include "util.h"
#include "values.h"

enum shape {
	SHAPE_CALL, /* name(arguments) */
	SHAPE_FILE, /* the object */
	SHAPE_OPEN, /* the object, and what for */
	SHAPE_MODE, /* the object, "to" the mode */
	SHAPE_TWO, /* the object, "to" the other one */
	SHAPE_DESTINATION, /* the other end */
	SHAPE_SOURCE, /* own end; of accept the one who called */
};

struct phrase {
	const char *name; /* of the event */
	const char *done; /* sh "opened" */
	const char *failed; /* sh could not "open" */
	enum shape shape;
};

/* What is not here is "called NAME(...)". */
static const struct phrase phrases[] = {
	{ "open", "opened", "open", SHAPE_OPEN },
	{ "openat", "opened", "open", SHAPE_OPEN },
	{ "openat2", "opened", "open", SHAPE_OPEN },
	{ "creat", "opened", "open", SHAPE_OPEN },
	{ "close", "closed", "close", SHAPE_FILE },
	{ "read", "read from", "read from", SHAPE_FILE },
	{ "write", "wrote to", "write to", SHAPE_FILE },
	{ "mkdir", "made directory", "make directory", SHAPE_FILE },
	{ "mkdirat", "made directory", "make directory", SHAPE_FILE },
	{ "rmdir", "removed directory", "remove directory", SHAPE_FILE },
	{ "chmod", "changed the mode of", "change the mode of", SHAPE_MODE },
	{ "fchmod", "changed the mode of", "change the mode of", SHAPE_MODE },
	{ "fchmodat", "changed the mode of", "change the mode of", SHAPE_MODE },
	{ "fchmodat2", "changed the mode of", "change the mode of", SHAPE_MODE },
	{ "chown", "changed the owner of", "change the owner of", SHAPE_FILE },
	{ "fchown", "changed the owner of", "change the owner of", SHAPE_FILE },
	{ "lchown", "changed the owner of", "change the owner of", SHAPE_FILE },
	{ "fchownat", "changed the owner of", "change the owner of", SHAPE_FILE },
	{ "unlink", "removed", "remove", SHAPE_FILE },
	{ "unlinkat", "removed", "remove", SHAPE_FILE },
	{ "truncate", "truncated", "truncate", SHAPE_FILE },
	{ "ftruncate", "truncated", "truncate", SHAPE_FILE },
	{ "rename", "renamed", "rename", SHAPE_TWO },
	{ "renameat", "renamed", "rename", SHAPE_TWO },
	{ "renameat2", "renamed", "rename", SHAPE_TWO },
	{ "link", "linked", "link", SHAPE_TWO },
	{ "linkat", "linked", "link", SHAPE_TWO },
	{ "execve", "executed", "execute", SHAPE_FILE },
	{ "execveat", "executed", "execute", SHAPE_FILE },
	{ "connect", "connected to", "connect to", SHAPE_DESTINATION },
	{ "accept", "accepted a connection from", "accept a connection from", SHAPE_SOURCE },
	{ "accept4", "accepted a connection from", "accept a connection from", SHAPE_SOURCE },
	{ "bind", "bound a socket to", "bind a socket to", SHAPE_SOURCE },
	{ "listen", "listens on", "listen on", SHAPE_SOURCE },
	{ "net_connect", "connected to", "connect to", SHAPE_DESTINATION },
	{ "net_accept", "accepted a connection from", "accept a connection from", SHAPE_SOURCE },
	{ "net_close", "closed the connection to", "close the connection to", SHAPE_DESTINATION },
	{ "net_bind", "bound a socket to", "bind a socket to", SHAPE_SOURCE },
	{ "net_listen", "listens on", "listen on", SHAPE_SOURCE },
};

static const struct phrase *phrase_of(const struct tl_event *event)
{
	static const struct phrase other = { "", "called", "call", SHAPE_CALL };

	for (size_t i = 0; i < ARRAY_SIZE(phrases); i++)
		if (!strcmp(phrases[i].name, event->type->name))
			return &phrases[i];
	return &other;
}

static bool is_error(int64_t ret)
{
	return ret < 0 && ret >= -4095;
}

/* ---- Who ---- */

static void put_name(struct tl_buffer *b, uint32_t pid, const char *comm)
{
	size_t n = strnlen(comm, 16);

	if (n)
		tl_escape_value(b, comm, n);
	else
		TL_PUT_LITERAL(b, "process");
	tl_put_char(b, '[');
	tl_put_u64(b, pid);
	tl_put_char(b, ']');
}

static void put_who(struct tl_buffer *b, const struct tl_event *event)
{
	const char *user = tl_user_name(event->uid);

	put_name(b, event->pid, event->comm[0] ? event->comm : event->process->comm);
	TL_PUT_LITERAL(b, " (");
	if (user && *user) {
		tl_escape_value(b, user, strlen(user));
	} else {
		TL_PUT_LITERAL(b, "user ");
		tl_put_u64(b, event->uid);
	}
	TL_PUT_LITERAL(b, ") ");
}

/* ---- What ---- */

/* The object that was used, else the name that was asked for. Returns whether there is one. */
static bool put_object(struct tl_buffer *b, const struct tl_event *event, const struct tl_file *file, unsigned name)
{
	const struct tl_bytes *bytes = &file->path;

	if (!(bytes->flags & TL_VALUE_PRESENT) && name >= 1 && name <= TL_ARGS_MAX)
		bytes = &event->captured[name - 1];
	if (!(bytes->flags & TL_VALUE_PRESENT) || !bytes->size || !bytes->data)
		return false;
	tl_escape_value(b, bytes->data, strnlen(bytes->data, bytes->size));
	if ((bytes->flags & TL_VALUE_TRUNCATED) && bytes->data[0] == '/')
		TL_PUT_LITERAL(b, "...");
	return true;
}

static bool put_peer(struct tl_buffer *b, const struct tl_endpoint *endpoint)
{
	char address[48];

	if (endpoint->family == AF_UNIX && endpoint->path.size && endpoint->path.data) {
		bool abstract = !endpoint->path.data[0];

		if (abstract)
			tl_put_char(b, '@');
		tl_escape_value(b, endpoint->path.data + abstract,
				abstract ? endpoint->path.size - 1 : strnlen(endpoint->path.data, endpoint->path.size));
		return true;
	}
	if (endpoint->family != AF_INET && endpoint->family != AF_INET6)
		return false;
	tl_put(b, address, tl_address_text(address, endpoint->family, endpoint->address));
	TL_PUT_LITERAL(b, " port ");
	tl_put_u64(b, endpoint->port);
	return true;
}

static int argument(const struct tl_event *event, const char *decoder)
{
	for (unsigned i = 0; i < event->type->n_args && i < TL_ARGS_MAX; i++)
		if (!strcmp(event->type->args[i].decoder, decoder))
			return event->type->args[i].position - 1;
	return -1;
}

static const char *purpose(const struct tl_event *event)
{
	int flags_at = argument(event, "open_flags"), how_at = argument(event, "open_how");
	uint64_t flags = O_WRONLY; /* of creat */

	if (flags_at >= 0)
		flags = event->args[flags_at];
	else if (how_at >= 0 && event->captured[how_at].size >= sizeof(flags))
		memcpy(&flags, event->captured[how_at].data, sizeof(flags));
	else if (how_at >= 0)
		return "";
	switch (flags & O_ACCMODE) {
	case O_RDONLY:
		return " for reading";
	case O_WRONLY:
		return " for writing";
	case O_RDWR:
		return " for reading and writing";
	}
	return "";
}

static void put_mode(struct tl_buffer *b, const struct tl_event *event)
{
	int at = argument(event, "mode");

	if (at < 0)
		return;
	TL_PUT_LITERAL(b, " to ");
	tl_value_text(b, tl_decoder_find("mode"), event->args[at]);
}

/* The call as strace writes it. */
static void put_call(struct tl_buffer *b, const struct tl_event *event)
{
	struct tl_encode_type *type = tl_encode_type_get(event->type);

	tl_put_text(b, event->type->name);
	tl_put_char(b, '(');
	if (type)
		tl_encode_arguments(b, event, type, 0, NULL);
	tl_put_char(b, ')');
}

/* Returns whether what the shape needs is known. */
static bool put_what(struct tl_buffer *b, const struct tl_event *event, enum shape shape)
{
	const struct tl_event_type *type = event->type;

	switch (shape) {
	case SHAPE_CALL:
		put_call(b, event);
		return true;
	case SHAPE_DESTINATION:
		return put_peer(b, &event->destination);
	case SHAPE_SOURCE:
		return put_peer(b, &event->source);
	default:
		if (!put_object(b, event, &event->file, type->path_name))
			return false;
	}
	if (shape == SHAPE_OPEN)
		tl_put_text(b, purpose(event));
	if (shape == SHAPE_MODE)
		put_mode(b, event);
	if (shape != SHAPE_TWO)
		return true;
	TL_PUT_LITERAL(b, " to ");
	return put_object(b, event, &event->target, type->target_name);
}

static void put_verb(struct tl_buffer *b, const struct tl_event *event, const struct phrase *phrase)
{
	if (is_error(event->ret))
		TL_PUT_LITERAL(b, "could not ");
	tl_put_text(b, is_error(event->ret) ? phrase->failed : phrase->done);
	tl_put_char(b, ' ');
}

static void put_syscall(struct tl_buffer *b, const struct tl_event *event)
{
	const struct phrase *phrase = phrase_of(event);
	size_t start = b->size;

	put_verb(b, event, phrase);
	if (!put_what(b, event, phrase->shape)) {
		static const struct phrase call = { "", "called", "call", SHAPE_CALL };

		b->size = start;
		put_verb(b, event, &call);
		put_call(b, event);
	}
	if (!is_error(event->ret))
		return;
	TL_PUT_LITERAL(b, ": ");
	tl_put_text(b, tl_errno_message((int)-event->ret));
}

static void put_exec(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_process *p = event->process;

	TL_PUT_LITERAL(b, "executed ");
	if (!put_object(b, event, &event->file, 0))
		tl_escape_value(b, p->executable, strlen(p->executable));
	if (p->args_size) {
		TL_PUT_LITERAL(b, " with ");
		tl_argv_text(b, p->args, p->args_size, p->flags & TL_PROCESS_ARGS_TRUNCATED);
	}
}

static void put_exit(struct tl_buffer *b, const struct tl_event *event)
{
	int status = event->exit_code;
	const char *signal_name;

	if (event->flags & TL_EVENT_THREAD) {
		TL_PUT_LITERAL(b, "ended a thread");
		return;
	}
	if (!WIFSIGNALED(status)) {
		TL_PUT_LITERAL(b, "exited with ");
		tl_put_u64(b, (unsigned)WEXITSTATUS(status));
		return;
	}
	TL_PUT_LITERAL(b, "was killed by ");
	signal_name = tl_signal_name(WTERMSIG(status));
	if (signal_name)
		tl_put_text(b, signal_name);
	else
		tl_put_u64(b, (unsigned)WTERMSIG(status));
}

/* ---- Records of our own ---- */

static void put_lost(struct tl_buffer *b, const struct tl_event *event)
{
	const struct tl_lost *lost = event->lost;

	tl_put_u64(b, lost->count);
	if (lost->unit) {
		tl_put_char(b, ' ');
		tl_put_text(b, lost->unit);
		TL_PUT_LITERAL(b, " (");
		tl_put_text(b, lost->stage ? lost->stage : "");
		TL_PUT_LITERAL(b, "): ");
		tl_put_text(b, tl_lost_reason(lost));
		return;
	}
	tl_put_text(b, lost->count == 1 ? " event of CPU " : " events of CPU ");
	tl_put_u64(b, event->cpu);
	tl_put_text(b, lost->count == 1 ? " was lost" : " were lost");
	if (lost->stage) {
		TL_PUT_LITERAL(b, " in ");
		tl_escape_value(b, lost->stage, strlen(lost->stage));
	}
	if (!lost->seq_first)
		return;
	TL_PUT_LITERAL(b, ", sequence numbers ");
	tl_put_u64(b, lost->seq_first);
	TL_PUT_LITERAL(b, " to ");
	tl_put_u64(b, lost->seq_last);
}

/* "balance: 9 seen = 4 delivered + 5 filtered + 0 aggregated + 0 lost + 0 under way" */
static void put_balance(struct tl_buffer *b, const struct tl_event *event)
{
	struct tl_counters sum = { 0 };
	struct tl_balance balance;

	if (event->session && tl_session_counters(event->session, NULL, &sum) < 0)
		sum = (struct tl_counters){ 0 };
	balance = tl_balance_of(&sum);
	TL_PUT_LITERAL(b, "balance: ");
	tl_put_u64(b, balance.seen);
	TL_PUT_LITERAL(b, " seen = ");
	tl_put_u64(b, balance.delivered);
	TL_PUT_LITERAL(b, " delivered + ");
	tl_put_u64(b, balance.filtered);
	TL_PUT_LITERAL(b, " filtered + ");
	tl_put_u64(b, balance.aggregated);
	TL_PUT_LITERAL(b, " aggregated + ");
	tl_put_u64(b, balance.lost);
	TL_PUT_LITERAL(b, " lost + ");
	tl_put_i64(b, balance.under_way);
	TL_PUT_LITERAL(b, " under way");
	if (event->session && tl_session_unaudited(event->session)) {
		TL_PUT_LITERAL(b, "; incomplete: ");
		tl_put_u64(b, tl_session_unaudited(event->session));
		TL_PUT_LITERAL(b, " times there was no room to find out what to audit");
	}
}

static void put_own(struct tl_buffer *b, const struct tl_event *event)
{
	static const char *const what[] = {
		[TL_EVENT_LOST] = "lost",
		[TL_EVENT_LEDGER] = "",
		[TL_EVENT_START] = "auditing began",
		[TL_EVENT_STOP] = "auditing ended",
		[TL_EVENT_RELOAD] = "policy loaded again",
		[TL_EVENT_TAMPER] = "tampering",
		[TL_EVENT_SEAL] = "sealed",
	};

	if (event->kind == TL_EVENT_LOST && event->lost)
		put_lost(b, event);
	else if (event->kind == TL_EVENT_LEDGER)
		put_balance(b, event);
	else
		tl_put_text(b, what[event->kind]);
	if (!event->note)
		return;
	TL_PUT_LITERAL(b, ": ");
	tl_escape_value(b, event->note, strlen(event->note));
}

static void put_key(struct tl_buffer *b, const struct tl_annotation *a)
{
	tl_put_char(b, ':');
	tl_encode_key(b, a);
}

/* "openat 12 times: path=/etc/passwd" */
static void put_result(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *a)
{
	tl_put_text(b, event->type->name);
	if (!a)
		return;
	tl_put_char(b, ' ');
	tl_put_u64(b, a->count);
	tl_put_text(b, a->count == 1 ? " time" : " times");
	if (a->n_key)
		put_key(b, a);
	else if (a->result && strcmp(a->result, "rest") == 0)
		TL_PUT_LITERAL(b, ": the rest");
}

void tl_sentence(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	if (event->kind >= TL_EVENT_LOST) {
		put_own(b, event);
		return;
	}
	if (event->flags & TL_EVENT_RESULT) {
		put_result(b, event, annotation);
		return;
	}
	put_who(b, event);
	switch (event->kind) {
	case TL_EVENT_EXEC:
		put_exec(b, event);
		break;
	case TL_EVENT_FORK:
		tl_put_text(b, event->flags & TL_EVENT_THREAD ? "started thread " : "started process ");
		tl_put_u64(b, event->child ? event->child->pid : (uint64_t)event->ret);
		break;
	case TL_EVENT_EXIT:
		put_exit(b, event);
		break;
	default:
		put_syscall(b, event);
	}
	if (annotation && annotation->count) {
		TL_PUT_LITERAL(b, ", ");
		tl_put_u64(b, annotation->count);
		TL_PUT_LITERAL(b, " times");
		if (annotation->result && annotation->n_key)
			put_key(b, annotation);
	}
}
