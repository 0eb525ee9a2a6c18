/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Compares an event with what the child noted of its call. */
#include <inttypes.h>
#include <sys/sysmacros.h>

#include "harness-inside.h"
#include "values.h"
#include "wire.h"

/* Between the clocks: of the kernel part, of the library's offset, of the test. */
#define SLACK_NS 20000000ULL

/* The failure is told with the line of the call. */
#define check(c, condition, ...) ((condition) ? (void)0 : fail_case((c)->of, (c)->file, (c)->line, __VA_ARGS__))
#define check_number(c, what, found, wanted)                                                              \
	check(c, (uint64_t)(found) == (uint64_t)(wanted), "%s: wanted %" PRId64 ", found %" PRId64, what, \
	      (int64_t)(wanted), (int64_t)(found))
#define check_text(c, what, found, wanted) \
	check(c, strcmp(found, wanted) == 0, "%s: wanted '%s', found '%s'", what, wanted, found)

/* ---- The header ---- */

static void verify_header(const struct seen *s, const struct call *c)
{
	const struct tl_event *e = &s->event;

	check_number(c, "kind", e->kind, c->kind);
	check_text(c, "type", e->type->name, c->event);
	if (!c->is_of_other)
		check_number(c, "ret", e->ret, c->ret);
	check_number(c, "pid", e->pid, c->pid);
	if (c->tid)
		check_number(c, "tid", e->tid, c->tid);
	check_number(c, "uid", e->uid, c->uid);
	check_number(c, "gid", e->gid, c->gid);
	check_number(c, "euid", e->euid, c->euid);
	check_number(c, "egid", e->egid, c->egid);
	check_number(c, "loginuid", e->loginuid, run->loginuid);
	check_number(c, "audit session", e->audit_session, run->audit_session);
	if (c->comm[0])
		check_text(c, "comm", e->comm, c->comm);
	check_number(c, "program id", e->program_id, PROGRAM_ID);
	check(c, e->n_target_words > run->target / 64 && e->targets[run->target / 64] >> run->target % 64 & 1,
	      "targets: wanted bit %u", run->target);
	check(c, e->seq >= 1, "seq: wanted one from 1 on");
	check(c, e->time + SLACK_NS >= c->before, "time: %" PRIu64 " ns before the call", c->before - e->time);
	if (c->after) {
		check(c, e->time <= c->after + SLACK_NS, "time: %" PRIu64 " ns after the call", e->time - c->after);
		check(c, e->duration <= c->after - c->before + SLACK_NS, "duration: %" PRIu64 " ns", e->duration);
	}
	if (run->cgroup_id)
		check_number(c, "cgroup", e->cgroup_id, run->cgroup_id);
}

static void verify_identities(const struct tl_event *e, const struct call *c)
{
	static const struct {
		const char *name;
		size_t offset;
	} numbers[] = {
#define MEMBER(name) { #name, offsetof(struct tl_identity, name) }
		MEMBER(uid),	MEMBER(gid),	MEMBER(euid),	  MEMBER(egid),	  MEMBER(suid),	       MEMBER(sgid),
		MEMBER(fsuid),	MEMBER(fsgid),	MEMBER(mntns),	  MEMBER(netns),  MEMBER(utsns),       MEMBER(ipcns),
		MEMBER(userns), MEMBER(cgroupns), MEMBER(child_pidns), MEMBER(child_timens),
	};

	check(c, e->before && e->after, "identity: wanted one before and one after");
	if (!e->before || !e->after)
		return;
	for (unsigned i = 0; i < 2 * N_ELEMENTS(numbers); i++) {
		const void *wanted = i % 2 ? &c->identity_after : &c->identity_before, *found = i % 2 ? e->after : e->before;
		uint32_t w = *(const uint32_t *)((const char *)wanted + numbers[i / 2].offset);
		uint32_t f = *(const uint32_t *)((const char *)found + numbers[i / 2].offset);

		/* Of a namespace that has no process yet /proc has nothing to show. */
		check(c, w == f || (!w && strstr(numbers[i / 2].name, "ns")), "%s %s: wanted %u, found %u",
		      i % 2 ? "after" : "before", numbers[i / 2].name, w, f);
	}
	check(c, !memcmp(&e->before->inheritable, &c->identity_before.inheritable, 5 * sizeof(uint64_t)),
	      "capabilities before: wanted effective %#" PRIx64 ", found %#" PRIx64, c->identity_before.effective,
	      e->before->effective);
	check(c, !memcmp(&e->after->inheritable, &c->identity_after.inheritable, 5 * sizeof(uint64_t)),
	      "capabilities after: wanted effective %#" PRIx64 ", found %#" PRIx64, c->identity_after.effective,
	      e->after->effective);
}

/* Where the entry is not looked at a process may be gone at the call's end. */
static void verify_other(const struct tl_event *e, const struct call *c)
{
	const struct other *wanted = e->type->flags & TL_TYPE_ENTRY ? &c->other_before : &c->other_after;

	if (c->other_before.pid != c->other_after.pid && !(e->type->flags & TL_TYPE_ENTRY))
		return;
	check(c, !e->other == !wanted->pid, "target: wanted %u, found %u", wanted->pid, e->other ? e->other->pid : 0);
	if (!e->other || !wanted->pid)
		return;
	check_number(c, "target's pid", e->other->pid, wanted->pid);
	check_number(c, "target's tid", e->other_tid, wanted->tid);
	if (wanted->executable[0] && e->other_executable.data)
		check_text(c, "target's executable", e->other_executable.data, wanted->executable);
	check(c, e->other_executable.data || !wanted->executable[0], "target's executable: wanted %s, found none",
	      wanted->executable);
}

static void verify_call(const struct tl_event *e, const struct call *c)
{
	uint32_t flags = c->flags;
	bool claim = (e->file.path.flags | e->target.path.flags) & TL_VALUE_CLAIM;

	check_number(c, "abi", e->abi, c->abi);
	check_number(c, "number", e->nr, c->nr);
	if (e->type->flags & TL_TYPE_ENTRY)
		check(c, e->duration > 0, "duration: wanted one, for the entry is hooked");
	if (c->has_identities)
		verify_identities(e, c);
	if (!(e->type->flags & TL_TYPE_NO_RETURN))
		verify_other(e, c);
	for (unsigned i = 0; i < TL_ARGS_MAX; i++) {
		const struct bytes *wanted = &c->captured[i];
		const struct tl_bytes *found = &e->captured[i];
		bool is_string = i < e->type->n_args && e->type->args[i].capture == TL_CAPTURE_STRING;
		uint32_t n = found->size;

		if (!(c->unknown_args >> i & 1))
			check(c, e->args[i] == c->args[i], "argument %u: wanted %#" PRIx64 ", found %#" PRIx64, i + 1,
			      c->args[i], e->args[i]);
		if (found->data && (is_string || (e->type->flags & TL_TYPE_EXEC && i + 1 == e->type->path_name)))
			n = (uint32_t)strnlen(found->data, n);
		check(c, found->flags == wanted->flags, "captured %u: wanted flags %#x, found %#x", i + 1,
		      wanted->flags, found->flags);
		check(c, n == wanted->size && (!n || memcmp(found->data, wanted->data, n) == 0),
		      "captured %u: wanted %u bytes '%.64s', found %u '%.64s'", i + 1, wanted->size,
		      wanted->size ? wanted->data : "", n, n ? found->data : "");
		flags |= wanted->flags & TL_VALUE_TRUNCATED ? TL_EVENT_TRUNCATED : 0;
		flags |= wanted->flags & TL_VALUE_FAULT ? TL_EVENT_INCOMPLETE : 0;
	}
	flags |= claim ? TL_EVENT_CLAIM : 0;
	check(c, e->flags == flags, "flags: wanted %#x, found %#x", flags, e->flags);
}

/* ---- Objects ---- */

static bool facts_are(const struct tl_file *f, const struct stat *st)
{
	return f->mode == st->st_mode && f->uid == st->st_uid && f->gid == st->st_gid;
}

static void verify_facts(const struct call *c, const char *what, const struct tl_file *f, const struct object *o)
{
	check(c, f->has_facts == o->has_facts, "%s: wanted %sfacts of the inode", what, o->has_facts ? "" : "no ");
	if (!o->has_facts || !f->has_facts)
		return;
	check(c, f->inode == o->before.st_ino, "%s: wanted inode %" PRIu64 ", found %" PRIu64, what,
	      (uint64_t)o->before.st_ino, f->inode);
	check(c, makedev(f->major, f->minor) == o->before.st_dev, "%s: wanted device %u:%u, found %u:%u", what,
	      major(o->before.st_dev), minor(o->before.st_dev), f->major, f->minor);
	check(c, facts_are(f, &o->before) || facts_are(f, &o->after),
	      "%s: wanted mode %#o of %u:%u, found %#o of %u:%u", what, o->after.st_mode, o->after.st_uid,
	      o->after.st_gid, f->mode, f->uid, f->gid);
}

/* Of what a successful call names, no claim will do. */
static bool are_facts_wanted(const struct call *c)
{
	return getenv("TL_TEST_FACTS") && c->type;
}

static void verify_object(const struct call *c, const char *what, const struct tl_file *f, const struct object *o)
{
	const char *found = f->path.data ? f->path.data : "";
	bool is_claim = f->path.flags & TL_VALUE_CLAIM;
	struct object without = {};

	if (!o->path && !o->claim) {
		check(c, !f->path.flags, "%s: wanted no path, found '%s'", what, found);
		verify_facts(c, what, f, &without);
		return;
	}
	check(c, f->path.flags & TL_VALUE_PRESENT, "%s: wanted '%s', found no path", what, o->path ?: o->claim);
	check(c, f->path.size == strlen(found), "%s: the path's size is wrong", what);
	if (is_claim) {
		check(c, o->claim && (!o->path || !are_facts_wanted(c) || (c->ret < 0 && !c->is_found)),
		      "%s: wanted a fact, found claim '%s'", what, found);
		check_text(c, what, found, o->claim ?: "");
		verify_facts(c, what, f, &without);
		return;
	}
	check(c, o->path, "%s: wanted claim '%s', found fact '%s'", what, o->claim, found);
	check_text(c, what, found, o->path ?: "");
	check_number(c, "flags of the path", f->path.flags & ~TL_VALUE_PRESENT, o->flags);
	verify_facts(c, what, f, o);
}

static void verify_endpoint(const struct call *c, const char *what, const struct tl_endpoint *found,
			    const struct tl_endpoint *wanted)
{
	check(c, found->family == wanted->family, "%s: wanted family %u, found %u", what, wanted->family,
	      found->family);
	check(c, found->port == wanted->port, "%s: wanted port %u, found %u", what, wanted->port, found->port);
	check(c, memcmp(found->address, wanted->address, sizeof(found->address)) == 0, "%s: wanted another address",
	      what);
	check_text(c, what, found->domain ?: "", wanted->domain ?: "");
	check(c,
	      found->path.size == wanted->path.size &&
		      (!found->path.size || memcmp(found->path.data, wanted->path.data, found->path.size) == 0),
	      "%s: wanted '%.*s', found '%.*s'", what, (int)wanted->path.size, wanted->path.data ?: "",
	      (int)found->path.size, found->path.data ?: "");
	check(c, (found->path.flags & TL_VALUE_CLAIM) == (wanted->path.flags & TL_VALUE_CLAIM), "%s: wanted a %s", what,
	      wanted->path.flags & TL_VALUE_CLAIM ? "claim" : "fact");
	check_number(c, "endpoint's deleted mark", found->path.flags & TL_VALUE_DELETED,
		     wanted->path.flags & TL_VALUE_DELETED);
}

static void verify_dns(const struct tl_event *e, const struct call *c)
{
	check(c, !e->dns == !c->dns, "DNS: wanted a message: %d", c->dns != NULL);
	if (!e->dns || !c->dns)
		return;
	check_text(c, "DNS name", e->dns->name, c->dns->name);
	check_number(c, "DNS type", e->dns->type, c->dns->type);
	check_number(c, "DNS answer", e->dns->is_answer, c->dns->is_answer);
	check_number(c, "DNS code", e->dns->code, c->dns->code);
	check_number(c, "DNS addresses", e->dns->n_addresses, c->dns->n_addresses);
	for (size_t i = 0; i < c->dns->n_addresses && i < e->dns->n_addresses; i++)
		verify_endpoint(c, "DNS address", &e->dns->addresses[i], &c->dns->addresses[i]);
}

/* One that has ended meanwhile has its number still. */
static void verify_peer(const struct tl_event *e, const struct call *c)
{
	const char *found = e->peer_executable.data ?: "";

	check(c, e->has_peer == (c->peer.pid != 0), "peer: wanted %u, found %u", c->peer.pid, e->peer_pid);
	check_number(c, "peer's pid", e->peer_pid, c->peer.pid);
	check_number(c, "peer's uid", e->peer_uid, c->peer_uid);
	check_number(c, "peer's gid", e->peer_gid, c->peer_gid);
	check(c, !e->peer == !c->peer.executable[0], "peer: wanted %s, found %s", c->peer.executable, found);
	if (e->peer)
		check_number(c, "pid of the peer's process", e->peer->pid, c->peer.pid);
	check_text(c, "peer's executable", found, c->peer.executable);
}

static void verify_sockets(const struct tl_event *e, const struct call *c)
{
	check(c, e->has_socket == c->has_socket, "socket: wanted %sone", c->has_socket ? "" : "n");
	check_number(c, "socket type", e->socket_type, c->socket_type);
	check_number(c, "socket protocol", e->socket_protocol, c->socket_protocol);
	check_number(c, "socket's namespace", e->socket_netns, c->has_socket ? c->being->netns ?: run->netns : 0);
	verify_peer(e, c);
	verify_dns(e, c);
	check_number(c, "whether bytes are known", e->has_bytes, c->has_bytes);
	check_number(c, "bytes of the source", e->source_bytes, c->source_bytes);
	check_number(c, "bytes of the destination", e->destination_bytes, c->destination_bytes);
	check(c, e->duration >= c->lasted, "duration: wanted at least %" PRIu64 " ns, found %" PRIu64, c->lasted,
	      e->duration);
	verify_endpoint(c, "source", &e->source, &c->source);
	verify_endpoint(c, "destination", &e->destination, &c->destination);
	check_number(c, "further ends", e->n_further, c->n_further);
	check_number(c, "further ends that are sources", e->further_are_sources, c->further_are_sources);
	for (size_t i = 0; i < e->n_further && i < c->n_further; i++)
		verify_endpoint(c, "further end", &e->further[i], &c->further[i]);
}

/* ---- Processes ---- */

static void boot_id(char ret[33])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
	size_t n = 0;
	int byte;

	while (file && (byte = fgetc(file)) != EOF && n < 32)
		if (byte != '-' && byte != '\n')
			ret[n++] = (char)byte;
	ret[n] = '\0';
	if (file)
		fclose(file);
}

static void verify_identity(const struct call *c, const struct tl_process *p, const struct being *b)
{
	char boot[33], entity[64];

	boot_id(boot);
	snprintf(entity, sizeof(entity), "%s-%u-%" PRIu64, boot, p->pid, p->start / 10000000);
	check_number(c, "process's pid", p->pid, b->pid);
	check_text(c, "entity id", p->entity_id, entity);
	check(c, p->start > 0, "process's start: wanted one");
	check(c,
	      p->start_time + SLACK_NS >= b->born_after &&
		      (!b->born_before || p->start_time <= b->born_before + SLACK_NS),
	      "process's start: wanted one between %" PRIu64 " and %" PRIu64 ", found %" PRIu64, b->born_after,
	      b->born_before, p->start_time);
}

static void verify_program(const struct call *c, const struct tl_process *p, const struct being *b)
{
	check_text(c, "executable", p->executable, b->executable);
	check_number(c, "executable's inode", p->executable_inode, b->file.st_ino);
	check(c, makedev(p->executable_major, p->executable_minor) == b->file.st_dev,
	      "executable's device: found %u:%u", p->executable_major, p->executable_minor);
	check(c, !(p->flags & TL_PROCESS_UNKNOWN), "process: wanted a known one");
	check(c, !!(p->flags & TL_PROCESS_ARGS_TRUNCATED) == b->truncated, "process: wanted arguments %scut",
	      b->truncated ? "" : "not ");
	check(c, !!(p->flags & TL_PROCESS_DELETED) == b->deleted, "process: wanted an executable %s a name",
	      b->deleted ? "without" : "with");
	check_number(c, "number of arguments", p->n_args, b->n_args);
	check_number(c, "size of the arguments", p->args_size, b->args_size);
	check(c, p->args_size == b->args_size && memcmp(p->args, b->args, b->args_size) == 0,
	      "arguments: wanted '%s'..., found '%s'...", b->args, p->args);
	if (b->working_directory)
		check_text(c, "working directory", p->working_directory, b->working_directory);
}

static void verify_process(const struct call *c, const struct tl_process *p, const struct being *b,
			   const struct tl_process *parent)
{
	verify_identity(c, p, b);
	verify_program(c, p, b);
	check_number(c, "ppid", p->ppid, b->ppid);
	check_number(c, "inner pid", p->inner_pid, b->inner_pid ?: (uint32_t)b->pid);
	check_number(c, "mount namespace", p->mntns, b->mntns ?: run->mntns);
	check_number(c, "network namespace", p->netns, b->netns ?: run->netns);
	check_number(c, "pid namespace", p->pidns, b->pidns ?: run->pidns);
	check_text(c, "process's cgroup", p->cgroup, run->cgroup);
	if (!b->parent)
		return;
	check(c, parent, "parent: wanted one");
	if (!parent)
		return;
	verify_identity(c, parent, b->parent);
	check_text(c, "parent's executable", parent->executable, b->parent->executable);
	check_number(c, "parent's start", p->parent_start, parent->start);
	check_number(c, "parent's pid", parent->pid, b->ppid);
}

static void verify_kind(const struct seen *s, const struct call *c)
{
	const struct tl_event *e = &s->event;

	if (c->kind != TL_EVENT_SYSCALL)
		check_number(c, "flags", e->flags, c->flags);
	if (c->kind == TL_EVENT_FORK) {
		check(c, e->child, "child: wanted one");
		if (e->child)
			verify_process(c, e->child, c->child, e->child->parent);
	} else {
		check(c, !e->child, "child: wanted none");
	}
	if (c->kind != TL_EVENT_EXIT)
		return;
	check(c, e->exit_code == c->exit_code, "exit code: wanted %#x, found %#x", c->exit_code, e->exit_code);
	check(c, e->utime + e->stime >= c->cpu_time, "CPU time: wanted at least %" PRIu64 " ns, found %" PRIu64,
	      c->cpu_time, e->utime + e->stime);
}

/* The text behind "[pid 1 comm] ", up to the objects that it may end with. */
static void verify_line(const struct seen *s, const struct call *c)
{
	const char *found = strstr(s->line, "] ");
	size_t n, size = c->shown ? strlen(c->shown) : 0;

	if (!c->shown)
		return;
	found = found ? found + 2 : s->line;
	n = s->line_size - (size_t)(found - s->line) - 1;
	check(c,
	      n >= size && memcmp(found, c->shown, size) == 0 &&
		      (n == size || !strstr(c->shown, ") = ") || strncmp(found + size, " <", 2) == 0 ||
		       strncmp(found + size, " -> <", 5) == 0),
	      "text: wanted '%s', found '%.*s'", c->shown, (int)n, found);
}

void verify_event(const struct seen *s, const struct call *c)
{
	const struct tl_event *e = &s->event;

	verify_header(s, c);
	verify_kind(s, c);
	if (c->kind == TL_EVENT_SYSCALL)
		verify_call(e, c);
	verify_object(c, "file", &e->file, &c->file_object);
	verify_object(c, "target", &e->target, &c->target_object);
	verify_sockets(e, c);
	verify_process(c, e->process, c->being, e->process->parent);
	verify_line(s, c);
}

/* ---- Hashes ---- */

/* The part of a register that the call looks at. */
static uint64_t looked_at(const struct tl_arg_type *arg, const struct tl_event *event)
{
	uint64_t value = event->args[arg->position - 1];

	switch (arg->capture == TL_CAPTURE_NONE ? arg->size : sizeof(value)) {
	case 1:
		return (uint8_t)value;
	case 2:
		return (uint16_t)value;
	case 4:
		return (uint32_t)value;
	default:
		return value;
	}
}

/* Whether a and b were called with the same, as far as the hash is to tell. */
static bool same_arguments(const struct tl_event *a, const struct tl_event *b)
{
	for (unsigned i = 0; i < a->type->n_args; i++) {
		const struct tl_arg_type *arg = &a->type->args[i];
		const struct tl_bytes *x = &a->captured[arg->position - 1], *y = &b->captured[arg->position - 1];

		if (arg->hash == TL_HASH_SKIP || (!tl_argument_used(a, i) && !tl_argument_used(b, i)))
			continue;
		if (arg->hash == TL_HASH_STRING) {
			if (strcmp(x->data ?: "", y->data ?: "") != 0)
				return false;
		} else if (x->flags & y->flags & TL_VALUE_PRESENT) {
			if (x->size != y->size || (x->size && memcmp(x->data, y->data, x->size) != 0))
				return false;
		} else if (x->flags || y->flags || looked_at(arg, a) != looked_at(arg, b)) {
			return false;
		}
	}
	return true;
}

void verify_hashes(int of)
{
	for (size_t i = 0; i < n_seen; i++)
		for (size_t j = i + 1; j < n_seen; j++) {
			const struct tl_event *a = &seen[i].event, *b = &seen[j].event;

			if (a->kind != TL_EVENT_SYSCALL || b->kind != TL_EVENT_SYSCALL ||
			    strcmp(a->type->name, b->type->name) != 0)
				continue;
			if (!run->type && (!seen[i].call || !seen[j].call))
				continue;
			if (same_arguments(a, b) != (a->hash == b->hash))
				fail_case(of, seen[i].call ? seen[i].call->file : "",
					  seen[i].call ? seen[i].call->line : 0,
					  "hashes %016" PRIx64 " and %016" PRIx64 " of %s calls", a->hash, b->hash,
					  same_arguments(a, b) ? "equal" : "different");
		}
}
