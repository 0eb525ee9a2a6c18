// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a record to a decoded event. The record comes from our own kernel part,
 * and yet every length in it is checked before it is believed. */
#include <errno.h>
#include <string.h>

#include "decode.h"
#include "fnv.h"
#include "overwritten.h"
#include "util.h"
#include "values.h"

/* By the C library: of a size that is known the compiler makes slow string instructions. */
static __attribute__((noipa)) void clear(void *data, size_t n)
{
	memset(data, 0, n);
}

/* What the process's memory holds does not count where the kernel has told what it has
 * copied from there; but how much of it is wanted does. */
static int take_argument(struct tl_session *s, struct tl_parts *p, const struct tl_section *section,
			 const struct tl_bytes *bytes, bool *ret_counts)
{
	struct tl_bytes *captured;

	if (section->index < 1 || section->index > TL_ARGS_MAX)
		return -EBADMSG;
	captured = &s->event.captured[section->index - 1];
	*ret_counts = !(p->copied & 1U << section->index);
	if (*ret_counts) {
		*captured = *bytes;
		captured->flags = tl_decode_flags(section->flags);
	} else if (section->flags & TL_SECTION_TRUNCATED && section->size < captured->size) {
		captured->size = section->size;
		captured->flags |= TL_VALUE_TRUNCATED;
		s->event.flags |= TL_EVENT_TRUNCATED;
	}
	if (section->flags & TL_SECTION_COPIED)
		p->copied |= (uint8_t)(1U << section->index);
	return 0;
}

static int take_section(struct tl_session *s, struct tl_parts *p, const struct tl_section *section, const void *data)
{
	struct tl_bytes bytes = { .data = data, .size = section->size, .flags = section->flags };
	bool index_fits = section->index < TL_PATH_INDEXES, counts = true;
	int r;

	switch (section->type) {
	case TL_SECTION_ARG:
		r = take_argument(s, p, section, &bytes, &counts);
		if (r < 0 || !counts)
			return r;
		break;
	case TL_SECTION_PATH:
		if (!index_fits)
			return -EBADMSG;
		bytes.flags |= TL_VALUE_PRESENT << 16;
		p->path[section->index] = bytes;
		break;
	case TL_SECTION_NAME:
		if (!index_fits || !section->size)
			return -EBADMSG;
		p->name[section->index] = bytes;
		break;
	case TL_SECTION_FILE:
		if (!index_fits || section->size != sizeof(struct tl_file_facts))
			return -EBADMSG;
		p->file[section->index] = data;
		break;
	case TL_SECTION_SOCKET:
		if (section->size != sizeof(struct tl_socket_facts))
			return -EBADMSG;
		p->socket = data;
		break;
	case TL_SECTION_DNS:
		if (p->n_dns < TL_DNS_MESSAGES_MAX)
			p->dns[p->n_dns++] = bytes;
		return 0; /* no argument is cut */
	case TL_SECTION_ADDRESSES:
		p->addresses = bytes;
		break;
	case TL_SECTION_TRAFFIC:
		if (section->size != sizeof(struct tl_traffic_facts))
			return -EBADMSG;
		p->traffic = data;
		break;
	case TL_SECTION_TASK:
		if (section->size != sizeof(struct tl_task_facts))
			return -EBADMSG;
		p->task = data;
		break;
	case TL_SECTION_NAMESPACES:
		if (section->size != sizeof(struct tl_namespaces))
			return -EBADMSG;
		p->namespaces = data;
		break;
	case TL_SECTION_IDENTITY:
		if (section->index > 1 || section->size != sizeof(struct tl_identity_facts))
			return -EBADMSG;
		p->identity[section->index] = data;
		break;
	case TL_SECTION_OTHER:
		if (section->size != sizeof(struct tl_other_facts))
			return -EBADMSG;
		p->other = data;
		break;
	case TL_SECTION_PEER:
		if (section->size != sizeof(struct tl_other_facts))
			return -EBADMSG;
		p->peer = data;
		break;
	case TL_SECTION_ARGV:
		p->argv = bytes;
		break;
	default:
		break; /* of a newer kernel part */
	}
	if (section->flags & TL_SECTION_TRUNCATED)
		s->event.flags |= TL_EVENT_TRUNCATED;
	if (section->flags & TL_SECTION_FAULT)
		s->event.flags |= TL_EVENT_INCOMPLETE;
	return 0;
}

static int read_sections(struct tl_session *s, struct tl_parts *p, const char *record, size_t size)
{
	size_t at = sizeof(struct tl_record);

	while (at < size) {
		const struct tl_section *section = (const struct tl_section *)(record + at);
		int r;

		if (size - at < sizeof(*section) || section->size > size - at - sizeof(*section))
			return -EBADMSG;
		r = take_section(s, p, section, section + 1);
		if (r < 0)
			return r;
		at += sizeof(*section) + ((section->size + 7) & ~7UL);
	}
	return 0;
}

/* ---- Hash ---- */

/* Of a number that is narrower than its register only what the call looks at. */
static uint64_t hash_number(uint64_t hash, const struct tl_arg_type *arg, uint64_t value)
{
	if (arg->capture == TL_CAPTURE_NONE && (arg->size == 1 || arg->size == 2 || arg->size == 4))
		value &= (UINT64_C(1) << (8 * arg->size)) - 1;
	return tl_fnv1a(hash, &value, sizeof(value));
}

/* FNV-1a of the arguments as their hash functions say. */
static uint64_t hash_arguments(const struct tl_event *event)
{
	uint64_t hash = TL_FNV_BASIS;

	for (size_t i = 0; i < event->type->n_args; i++) {
		const struct tl_arg_type *arg = &event->type->args[i];
		const struct tl_bytes *captured = &event->captured[arg->position - 1];

		if (arg->hash == TL_HASH_SKIP || !tl_argument_used(event, (unsigned)i))
			continue;
		if (arg->hash == TL_HASH_STRING)
			hash = tl_fnv1a(hash, captured->data,
					captured->size ? strnlen(captured->data, captured->size) : 0);
		else if (captured->flags & TL_VALUE_PRESENT)
			hash = tl_fnv1a(hash, captured->data, captured->size);
		else
			hash = hash_number(hash, arg, event->args[arg->position - 1]);
	}
	return hash;
}

/* ---- Processes ---- */

/* Another process; NULL if it is gone. */
const struct tl_process *tl_decode_other(struct tl_session *s, const struct tl_other_facts *facts)
{
	const struct tl_process *own = s->event.process, *other;
	char comm[TL_COMM_LEN + 1] = "";

	if (!facts->start)
		return NULL;
	memcpy(comm, facts->comm, TL_COMM_LEN);
	other = tl_processes_get(s->processes, facts->pid, facts->start, comm);
	/* It may be the parent, whose start is exact from now on. */
	if (own)
		tl_processes_find(s->processes, own->pid, own->start);
	return other;
}

static int decode_exec(struct tl_session *s, const struct tl_record *record, const struct tl_parts *p)
{
	struct tl_bytes exe = tl_decode_path(s, &p->path[TL_PATH_EXE], p->file[TL_PATH_EXE]);
	struct tl_bytes cwd = tl_decode_path(s, &p->path[TL_PATH_CWD], NULL);
	struct tl_bytes parent = tl_decode_path(s, &p->path[TL_PATH_PARENT_EXE], p->file[TL_PATH_PARENT_EXE]);
	const struct tl_file_facts *file = p->file[TL_PATH_EXE];
	struct tl_process *process = NULL;
	struct tl_exec_facts facts = {};
	char comm[TL_COMM_LEN + 1] = "", parent_comm[TL_COMM_LEN + 1] = "";
	int r;

	if (!p->task)
		return -EBADMSG;
	memcpy(comm, record->comm, TL_COMM_LEN);
	memcpy(parent_comm, p->task->parent_comm, TL_COMM_LEN);
	facts.pid = record->pid;
	facts.inner_pid = p->task->inner_pid;
	facts.ppid = p->task->ppid;
	facts.mntns = p->task->mntns;
	facts.netns = p->task->netns;
	facts.pidns = p->task->pidns;
	facts.start = record->start;
	facts.parent_start = p->task->parent_start;
	facts.cgroup = record->cgroup;
	facts.realtime_offset = s->realtime_offset;
	facts.comm = comm;
	facts.executable = exe.data;
	facts.working_directory = cwd.data;
	facts.parent_comm = parent_comm;
	facts.parent_executable = parent.data;
	facts.args = p->argv.data;
	facts.args_size = p->argv.size;
	facts.args_truncated = p->argv.flags & TL_SECTION_TRUNCATED;
	facts.executable_inode = file ? file->inode : 0;
	facts.executable_major = file ? file->major : 0;
	facts.executable_minor = file ? file->minor : 0;
	facts.parent_inode = p->file[TL_PATH_PARENT_EXE] ? p->file[TL_PATH_PARENT_EXE]->inode : 0;
	facts.executable_deleted = exe.flags & TL_VALUE_DELETED || (file && !file->nlink);
	r = tl_processes_exec(s->processes, &facts, &process);
	if (r < 0)
		return r;
	s->event.kind = TL_EVENT_EXEC;
	s->event.process = process;
	s->event.file.path = exe;
	tl_decode_facts(&s->event.file, file);
	return 0;
}

static int decode_fork(struct tl_session *s, const struct tl_record *record, const struct tl_parts *p)
{
	char comm[TL_COMM_LEN + 1] = "", child_comm[TL_COMM_LEN + 1] = "";
	struct tl_process *child = NULL;
	struct tl_fork_facts facts = {};
	int r;

	if (!p->task)
		return -EBADMSG;
	memcpy(comm, record->comm, TL_COMM_LEN);
	memcpy(child_comm, p->task->comm, TL_COMM_LEN);
	/* The parent first: its entry is what the child takes over. */
	tl_processes_get(s->processes, record->pid, record->start, comm);
	facts.pid = p->task->pid;
	facts.inner_pid = p->task->inner_pid;
	facts.mntns = p->task->mntns;
	facts.netns = p->task->netns;
	facts.pidns = p->task->pidns;
	facts.parent_pid = p->task->ppid; /* not the maker's, if that asked for CLONE_PARENT */
	facts.start = p->task->start;
	facts.parent_start = p->task->parent_start;
	facts.cgroup = p->task->cgroup;
	facts.realtime_offset = s->realtime_offset;
	facts.comm = child_comm;
	facts.parent_comm = comm;
	r = tl_processes_fork(s->processes, &facts, &child);
	if (r < 0)
		return r;
	s->event.kind = TL_EVENT_FORK;
	s->event.child = child;
	return 0;
}

static void decode_exit(struct tl_session *s, const struct tl_parts *p)
{
	s->event.kind = TL_EVENT_EXIT;
	if (!p->task)
		return;
	s->event.exit_code = p->task->exit_code;
	s->event.utime = p->task->utime;
	s->event.stime = p->task->stime;
}

_Static_assert(sizeof(struct tl_identity) == sizeof(struct tl_identity_facts), "the same members");

static void fill_identities(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;

	for (size_t i = 0; i < ARRAY_SIZE(s->identities); i++)
		if (p->identity[i])
			memcpy(&s->identities[i], p->identity[i], sizeof(s->identities[i]));
	event->before = p->identity[0] ? &s->identities[0] : NULL;
	event->after = p->identity[1] ? &s->identities[1] : NULL;
}

static void fill_other(struct tl_session *s, const struct tl_parts *p)
{
	struct tl_event *event = &s->event;

	event->other = tl_decode_other(s, p->other);
	event->other_tid = p->other->tid;
	event->other_uid = p->other->uid;
	event->other_executable = tl_decode_path(s, &p->path[TL_PATH_OTHER_EXE], p->file[TL_PATH_OTHER_EXE]);
}

/* ---- All of it ---- */

static void fill_header(struct tl_session *s, const struct tl_record *record)
{
	struct tl_event *event = &s->event;

	clear(event, sizeof(*event));
	event->time = record->time + s->realtime_offset;
	event->duration = record->duration;
	event->seq = record->seq;
	event->cpu = record->cpu;
	event->program_id = record->program_id;
	event->pid = record->pid;
	event->tid = record->tid;
	event->uid = record->uid;
	event->gid = record->gid;
	event->euid = record->euid;
	event->egid = record->egid;
	event->loginuid = record->loginuid;
	event->audit_session = record->session;
	event->cgroup_id = record->cgroup;
	memcpy(event->comm, record->comm, sizeof(event->comm));
	event->comm[sizeof(event->comm) - 1] = '\0';
	event->abi = record->abi;
	event->nr = record->nr;
	event->ret = record->ret;
	memcpy(event->args, record->args, sizeof(event->args));
	event->session = s;
	event->record = record;
	event->record_size = record->size;
	if (record->flags & TL_RECORD_TRUNCATED)
		event->flags |= TL_EVENT_TRUNCATED;
	if (record->flags & TL_RECORD_INCOMPLETE)
		event->flags |= TL_EVENT_INCOMPLETE;
	if (record->flags & TL_RECORD_THREAD)
		event->flags |= TL_EVENT_THREAD;
	if (record->flags & TL_RECORD_TALLIED)
		event->flags |= TL_EVENT_COUNTED;
	if (record->flags & TL_RECORD_IO_URING)
		event->flags |= TL_EVENT_IO_URING;
	if (record->flags & TL_RECORD_UNKNOWN_RESULT)
		event->flags |= TL_EVENT_UNKNOWN_RESULT;
}

static void find_process(struct tl_session *s, const struct tl_record *record)
{
	char comm[TL_COMM_LEN + 1] = "";
	struct tl_process *process = tl_processes_find(s->processes, record->pid, record->start);

	if (!process) {
		memcpy(comm, record->comm, TL_COMM_LEN);
		process = tl_processes_get(s->processes, record->pid, record->start, comm);
	}
	if (process)
		tl_processes_set_cgroup(s->processes, process, record->cgroup);
	/* prctl(PR_SET_NAME) is no event that is always there. */
	if (process && record->kind == TL_RECORD_EVENT && record->tid == record->pid &&
	    !(record->flags & TL_RECORD_IO_URING))
		tl_processes_set_comm(s->processes, process, record->comm);
	s->event.process = process;
}

static void fill_objects(struct tl_session *s, const struct tl_parts *p, const struct tl_event_type *type)
{
	bool incoming;

	tl_decode_paths(s, p, type);
	if (!(type->flags & TL_TYPE_SOCKET) && !p->socket)
		return;
	incoming = tl_decode_socket(s, p);
	if (p->n_dns)
		tl_decode_dns(s, p);
	tl_decode_domain(s, incoming);
}

static int decode_kind(struct tl_session *s, const struct tl_record *record, const struct tl_parts *p)
{
	int r;

	if (record->kind == TL_RECORD_EXEC)
		return decode_exec(s, record, p);
	if (record->kind == TL_RECORD_FORK) {
		r = decode_fork(s, record, p);
		if (r < 0)
			return r;
	}
	find_process(s, record);
	if (s->event.process)
		tl_processes_set_namespaces(s->processes, (struct tl_process *)s->event.process,
					    p->namespaces ? p->namespaces->mntns : 0,
					    p->namespaces ? p->namespaces->netns : 0);
	if (record->kind == TL_RECORD_EXIT)
		decode_exit(s, p);
	else if (record->kind == TL_RECORD_NETWORK)
		tl_decode_network(s, p);
	else if (record->kind == TL_RECORD_EVENT) {
		s->event.kind = TL_EVENT_SYSCALL;
		tl_forget_overwritten(&s->event);
		if (!s->options.no_objects)
			fill_objects(s, p, s->event.type);
		if (p->identity[0] || p->identity[1])
			fill_identities(s, p);
		if (p->other)
			fill_other(s, p);
		if (p->name[TL_PATH_FILE].size && tl_loads_module(s->event.type)) {
			s->event.module = p->name[TL_PATH_FILE];
			s->event.module.flags = tl_decode_flags(s->event.module.flags);
		}
		s->event.hash = hash_arguments(&s->event);
	}
	return 0;
}

/* Did somebody ask for this event of this task, or is it for the table only? */
static bool is_asked_for(const struct tl_session *s, const struct tl_record *record, const struct tl_known_set *set)
{
	if (record->kind == TL_RECORD_EVENT || record->kind == TL_RECORD_NETWORK)
		return true;
	return s->events[record->event].wanted && set && (set->events[record->event / 64] >> (record->event % 64) & 1);
}

int tl_decode(struct tl_session *s, const void *data, size_t size)
{
	const struct tl_record *record = data;
	const struct tl_known_set *set = tl_set_find(s, record->set);
	struct tl_parts parts;
	int r;

	clear(&parts, sizeof(parts));
	s->text_size = 0;
	fill_header(s, record);
	s->event.type = record->handler >= TL_EVENTS_MAX && record->handler < TL_EVENTS_MAX + s->n_extra_slots ?
				&s->slots[record->handler].handler.type :
				&s->events[record->event].type;
	/* 32 bits of an address are no negative number. */
	if (record->abi == TL_ABI_I386 && s->event.type->flags & TL_TYPE_RETURNS_POINTER && s->event.ret < -4095)
		s->event.ret = (uint32_t)s->event.ret;
	r = read_sections(s, &parts, data, size);
	if (r < 0)
		return r;
	r = decode_kind(s, record, &parts);
	if (r < 0)
		return r;
	if (!s->event.process)
		return -ENOMEM;
	if (s->event.process->flags & TL_PROCESS_UNKNOWN)
		s->event.flags |= TL_EVENT_UNKNOWN_PROCESS;
	if (set) {
		s->event.targets = set->targets;
		s->event.n_target_words = (uint32_t)tl_targets_words(s);
	}
	if (record->kind == TL_RECORD_EXIT)
		tl_processes_exit(s->processes, (struct tl_process *)s->event.process);
	return is_asked_for(s, record, set) ? 0 : 1;
}
