/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Looks at an event's JSON and text as a reader of them would. */
#include <inttypes.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "../unit/json-check.h"
#include "harness-inside.h"

struct scalars {
	const struct seen *s;
	const struct call *c;
	unsigned n_found;
	struct scalar {
		char path[64];
		char value[512]; /* as it stands there, strings with their quotes */
	} found[8192];
};

static void keep_scalar(const char *path, const char *value, size_t size, void *userdata)
{
	struct scalars *all = userdata;
	struct scalar *one = &all->found[all->n_found];

	if (all->n_found == N_ELEMENTS(all->found))
		return;
	snprintf(one->path, sizeof(one->path), "%s", path);
	snprintf(one->value, sizeof(one->value), "%.*s", (int)size, value);
	all->n_found++;
}

static const char *find(const struct scalars *all, const char *path)
{
	for (unsigned i = 0; i < all->n_found; i++)
		if (strcmp(all->found[i].path, path) == 0)
			return all->found[i].value;
	return NULL;
}

static void wants(const struct scalars *all, const char *path, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static void wants(const struct scalars *all, const char *path, const char *format, ...)
{
	const char *found = find(all, path);
	char wanted[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(wanted, sizeof(wanted), format, arguments);
	va_end(arguments);
	if (!found || strcmp(found, wanted) != 0)
		fail_case(all->c->of, all->c->file, all->c->line, "JSON: wanted %s %s, found %s", path, wanted,
			  found ?: "none");
}

static void wants_not(const struct scalars *all, const char *path)
{
	const char *found = find(all, path);

	if (found)
		fail_case(all->c->of, all->c->file, all->c->line, "JSON: wanted no %s, found %s", path, found);
}

/* Whether it stands in JSON and in text as it is. */
static bool is_plain(const char *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[i] < ' ' || data[i] > '~' || data[i] == '"' || data[i] == '\\')
			return false;
	return n < 400;
}

static const char *error_name(int64_t ret)
{
	return ret == -514 ? "ERESTARTNOHAND" : ret == -516 ? "ERESTART_RESTARTBLOCK" : strerrorname_np((int)-ret);
}

static void verify_json_call(const struct scalars *all, const struct tl_event *e)
{
	wants(all, "event.outcome",
	      e->flags & TL_EVENT_UNKNOWN_RESULT ? "\"unknown\"" :
	      e->ret >= 0			 ? "\"success\"" :
	      e->ret == -EINPROGRESS || e->ret == -514 || e->ret == -516 ? "\"unknown\"" : "\"failure\"");
	wants(all, "traceleft.ret", "%" PRId64, e->ret);
	if (e->ret < 0)
		wants(all, "traceleft.errno", "\"%s\"", error_name(e->ret));
	else
		wants_not(all, "traceleft.errno");
	wants(all, "traceleft.hash", "\"%016" PRIx64 "\"", e->hash);
	for (unsigned i = 0; i < e->type->n_args; i++) {
		const struct tl_arg_type *arg = &e->type->args[i];
		const struct tl_bytes *b = &e->captured[arg->position - 1];
		size_t n = b->data ? strnlen(b->data, b->size) : 0;
		char path[64];

		snprintf(path, sizeof(path), "traceleft.args.%s", arg->name);
		if (arg->capture == TL_CAPTURE_STRING && n && is_plain(b->data, n))
			wants(all, path, "\"%.*s\"", (int)n, b->data);
	}
}

static void verify_json_who(const struct scalars *all, const struct tl_event *e)
{
	if (e->before && e->after) {
		wants(all, "traceleft.before.euid", "%u", e->before->euid);
		wants(all, "traceleft.after.fsuid", "%u", e->after->fsuid);
		if (e->before->utsns != e->after->utsns)
			wants(all, "traceleft.after.utsns", "%u", e->after->utsns);
		else
			wants_not(all, "traceleft.after.utsns");
	} else {
		wants_not(all, "traceleft.before.euid");
	}
	if (e->other) {
		wants(all, "traceleft.target.pid", "%u", e->other->pid);
		wants(all, "traceleft.target.entity_id", "\"%s\"", e->other->entity_id);
		wants(all, "traceleft.target.uid", "%u", e->other_uid);
	} else {
		wants_not(all, "traceleft.target.pid");
	}
	if (e->has_peer) {
		wants(all, "traceleft.peer.pid", "%u", e->peer_pid);
		wants(all, "traceleft.peer.uid", "%u", e->peer_uid);
		wants(all, "traceleft.peer.gid", "%u", e->peer_gid);
	} else {
		wants_not(all, "traceleft.peer.pid");
	}
	if (e->peer)
		wants(all, "traceleft.peer.entity_id", "\"%s\"", e->peer->entity_id);
	if (e->peer && is_plain(e->peer_executable.data, e->peer_executable.size))
		wants(all, "traceleft.peer.executable", "\"%s\"", e->peer_executable.data);
}

static void verify_json_address(const struct scalars *all, const char *key, const struct tl_endpoint *end)
{
	const struct tl_bytes *path = &end->path;
	bool is_abstract = path->size && !path->data[0];
	uint32_t cid;

	memcpy(&cid, end->address, sizeof(cid));
	if (end->family == AF_VSOCK && (end->port || cid))
		wants(all, key, "\"%u\"", cid);
	else if (end->family != AF_UNIX || !path->size)
		wants_not(all, key);
	else if (is_plain(path->data + is_abstract, path->size - is_abstract))
		wants(all, key, "\"%s%.*s\"", is_abstract ? "@" : "", (int)(path->size - is_abstract),
		      path->data + is_abstract);
}

static void verify_json_objects(const struct scalars *all, const struct tl_event *e)
{
	if (!e->file.path.flags)
		wants_not(all, "file.path");
	else if (is_plain(e->file.path.data, e->file.path.size))
		wants(all, "file.path", "\"%s\"", e->file.path.data);
	if (e->file.has_facts) {
		wants(all, "file.inode", "\"%" PRIu64 "\"", e->file.inode);
		wants(all, "file.device", "\"%u:%u\"", e->file.major, e->file.minor);
		wants(all, "file.mode", "\"%04o\"", e->file.mode & 07777);
	}
	if (!e->target.path.flags)
		wants_not(all, "file.target_path");
	else if (is_plain(e->target.path.data, e->target.path.size))
		wants(all, "file.target_path", "\"%s\"", e->target.path.data);
	verify_json_address(all, "source.address", &e->source);
	verify_json_address(all, "destination.address", &e->destination);
	if (e->source.port)
		wants(all, "source.port", "%u", e->source.port);
	if (e->destination.port)
		wants(all, "destination.port", "%u", e->destination.port);
	if (e->socket_type == SOCK_RAW && !e->source.port)
		wants_not(all, "source.port");
	if (e->socket_type == SOCK_RAW && !e->destination.port)
		wants_not(all, "destination.port");
	if (e->destination.domain)
		wants(all, "destination.domain", "\"%s\"", e->destination.domain);
	if (e->dns) {
		wants(all, "dns.type", "\"%s\"", e->dns->is_answer ? "answer" : "query");
		wants(all, "dns.question.name", "\"%s\"", e->dns->name);
	}
	if (e->has_bytes) {
		wants(all, "source.bytes", "%" PRIu64, e->source_bytes);
		wants(all, "destination.bytes", "%" PRIu64, e->destination_bytes);
	}
}

/* From the parent's parent to process 1. */
static void verify_json_ancestors(const struct scalars *all, uint32_t parent)
{
	const char *last = NULL;
	char wanted[16];

	snprintf(wanted, sizeof(wanted), "%u", getppid());
	for (unsigned i = 0; i < all->n_found; i++) {
		if (strcmp(all->found[i].path, "traceleft.ancestors.pid") != 0)
			continue;
		if (!last && parent == (uint32_t)getpid() && strcmp(all->found[i].value, wanted) != 0)
			fail_case(all->c->of, all->c->file, all->c->line, "JSON: wanted ancestor %s first, found %s",
				  wanted, all->found[i].value);
		last = all->found[i].value;
	}
	if (!last || strcmp(last, "1") != 0)
		fail_case(all->c->of, all->c->file, all->c->line, "JSON: the ancestors end at %s", last ?: "none");
}

static void verify_json(const struct seen *s, const struct call *c)
{
	const struct tl_event *e = &s->event;
	struct scalars *all = calloc(1, sizeof(*all));

	if (!all)
		abort();
	all->s = s;
	all->c = c;
	if (!json_line(s->json, s->json_size, keep_scalar, all)) {
		fail_case(c->of, c->file, c->line, "JSON: not one valid line: %.*s", (int)s->json_size, s->json);
		free(all);
		return;
	}
	wants(all, "event.action", "\"%s\"", tl_event_type_action(e->type));
	wants(all, "event.sequence", "%" PRIu64, e->seq);
	wants(all, "process.pid", "%u", e->pid);
	wants(all, "process.thread.id", "%u", e->tid);
	wants(all, "process.entity_id", "\"%s\"", e->process->entity_id);
	if (is_plain(e->process->executable, strlen(e->process->executable)))
		wants(all, "process.executable", "\"%s\"", e->process->executable);
	wants(all, "user.id", "\"%u\"", e->uid);
	wants(all, "user.effective.id", "\"%u\"", e->euid);
	wants(all, "user.effective.group.id", "\"%u\"", e->egid);
	wants(all, "group.id", "\"%u\"", e->gid);
	wants(all, "traceleft.program_id", "%u", e->program_id);
	wants(all, "traceleft.seq", "%" PRIu64, e->seq);
	wants(all, "traceleft.cpu", "%u", e->cpu);
	if (e->process->parent)
		wants(all, "process.parent.pid", "%u", e->process->parent->pid);
	verify_json_ancestors(all, e->process->parent ? e->process->parent->pid : 0);
	if (e->kind == TL_EVENT_SYSCALL)
		verify_json_call(all, e);
	verify_json_objects(all, e);
	verify_json_who(all, e);
	free(all);
}

static void verify_text(const struct seen *s, const struct call *c)
{
	const struct tl_event *e = &s->event;
	char wanted[128];
	size_t n;

	n = (size_t)snprintf(wanted, sizeof(wanted), "[pid %u ", e->tid);
	if (s->line_size < n || memcmp(s->line, wanted, n) != 0)
		fail_case(c->of, c->file, c->line, "text: wanted it to begin with '%s'", wanted);
	if (!s->line_size || memchr(s->line, '\n', s->line_size) != s->line + s->line_size - 1)
		fail_case(c->of, c->file, c->line, "text: wanted one line");
	for (size_t i = 0; i + 1 < s->line_size; i++)
		if ((unsigned char)s->line[i] < ' ' || s->line[i] == 0x7f)
			fail_case(c->of, c->file, c->line, "text: control character %#x", s->line[i]);
	if (e->kind != TL_EVENT_SYSCALL)
		return;
	if (e->type->flags & TL_TYPE_UNLISTED)
		snprintf(wanted, sizeof(wanted), "] syscall_%u(", e->nr);
	else
		snprintf(wanted, sizeof(wanted), "] %s(", e->type->name);
	if (!memmem(s->line, s->line_size, wanted, strlen(wanted)))
		fail_case(c->of, c->file, c->line, "text: wanted '%s'", wanted);
	if (c->shown && strstr(c->shown, ") = ")) /* the result, too: see verify_line() */
		return;
	if (e->type->flags & TL_TYPE_NO_RETURN)
		snprintf(wanted, sizeof(wanted), ") = ?");
	else if (e->ret < 0)
		snprintf(wanted, sizeof(wanted), ") = -1 %s (", error_name(e->ret));
	else if (e->type->flags & TL_TYPE_RETURNS_POINTER)
		snprintf(wanted, sizeof(wanted), ") = %#" PRIx64, e->ret);
	else
		snprintf(wanted, sizeof(wanted), ") = %" PRId64, e->ret);
	if (!memmem(s->line, s->line_size, wanted, strlen(wanted)))
		fail_case(c->of, c->file, c->line, "text: wanted '%s'", wanted);
}

void verify_encoded(const struct seen *s, const struct call *c)
{
	verify_json(s, c);
	verify_text(s, c);
}
