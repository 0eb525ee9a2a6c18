/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process.h"

#include <string.h>
#include <time.h>

#include "process-image.h"
#include "process-proc.h"
#include "put.h"
#include "util.h"

const struct tl_process tl_process_nobody = {
	.executable = "",
	.args = "",
	.working_directory = "",
	.cgroup = "",
	.unit = "",
	.container_id = "",
};

#define ENTRIES_DEFAULT 65536
#define ENTRIES_MIN 64
#define BYTES_PER_ENTRY 512 /* of the bound in bytes */
#define RECENT 16 /* calls for which an entry that was in use is safe */
#define EXITED 1024 /* that stay in the table */

struct entry {
	struct tl_process process; /* first: what callers hold */
	struct tl_image *image; /* NULL: unknown */
	const struct tl_cgroup *cgroup; /* NULL: unknown */
	uint64_t cgroup_id; /* 0: `cgroup` is what /proc said */
	uint32_t mntns, netns; /* the process's own, whatever one of its threads is in */
	unsigned refs; /* the table's, those of children, that of `exited` */
	uint64_t used; /* in which call */
	bool listed; /* can be found */
	bool rounded; /* start is in ticks */
	struct entry *next_in_bucket;
	struct entry *newer, *older;
};

struct tl_processes {
	struct tl_cgroups *cgroups;
	struct entry **buckets;
	unsigned bucket_bits;
	uint32_t n, max;
	size_t bytes, bytes_max;
	struct entry *newest, *oldest; /* in use */
	struct entry *exited[EXITED]; /* a ring */
	unsigned exited_next;
	uint64_t generation;
	uint64_t calls;
	int64_t realtime_offset;
	char boot_id[33]; /* without dashes */
	struct tl_proc *proc; /* scratch, once it was needed */
	struct tl_proc_reader *reader;
};

/* ---- Table ---- */

static struct entry *entry_of(const struct tl_process *process)
{
	return (struct entry *)(uintptr_t)process;
}

static struct entry **bucket_of(const struct tl_processes *t, uint32_t pid)
{
	return &t->buckets[(pid * 0x9e3779b1U) >> (32 - t->bucket_bits)];
}

static void release_image(struct tl_processes *t, struct tl_image *image)
{
	if (!image || --image->refs)
		return;
	t->bytes -= image->bytes;
	free(image);
}

static void release(struct tl_processes *t, struct entry *e);

static struct entry *parent_of(const struct entry *e)
{
	return entry_of(e->process.parent);
}

/* Processes that start one another and end make a chain without end: who is not in the
 * table any more has no parent when he is that far up. */
static void cut_chain(struct tl_processes *t, struct entry *e)
{
	struct entry *parent;

	for (unsigned i = 0; e && i < TL_ANCESTORS_MAX; i++)
		e = parent_of(e);
	if (!e || e->listed)
		return;
	parent = parent_of(e);
	e->process.parent = NULL;
	if (parent)
		release(t, parent);
}

static void set_parent(struct tl_processes *t, struct entry *e, struct entry *parent)
{
	struct entry *before = parent_of(e);

	if (parent == e)
		parent = NULL;
	if (parent == before)
		return;
	if (parent)
		parent->refs++;
	e->process.parent = parent ? &parent->process : NULL;
	e->process.generation = ++t->generation;
	if (before)
		release(t, before);
	cut_chain(t, e);
}

/* With the last child of a process that is not in the table any more it goes, too. */
static void release(struct tl_processes *t, struct entry *e)
{
	struct entry *parent;

	for (; e && --e->refs == 0; e = parent) {
		parent = parent_of(e);
		release_image(t, e->image);
		tl_cgroup_unref(e->cgroup);
		t->bytes -= sizeof(*e);
		free(e);
	}
}

static void unlink_age(struct tl_processes *t, struct entry *e)
{
	*(e->newer ? &e->newer->older : &t->newest) = e->older;
	*(e->older ? &e->older->newer : &t->oldest) = e->newer;
}

static void link_newest(struct tl_processes *t, struct entry *e)
{
	e->used = t->calls;
	e->newer = NULL;
	e->older = t->newest;
	*(t->newest ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
}

static void touch(struct tl_processes *t, struct entry *e)
{
	unlink_age(t, e);
	link_newest(t, e);
}

/* Can be found no more; its children still know it. */
static void unlist(struct tl_processes *t, struct entry *e)
{
	struct entry **p = bucket_of(t, e->process.pid);

	if (!e->listed)
		return;
	while (*p != e)
		p = &(*p)->next_in_bucket;
	*p = e->next_in_bucket;
	unlink_age(t, e);
	e->listed = false;
	t->n--;
	cut_chain(t, e);
	release(t, e);
}

static bool is_recent(const struct tl_processes *t, const struct entry *e)
{
	return t->calls - e->used < RECENT;
}

static void begin_call(struct tl_processes *t)
{
	t->calls++;
	while (t->oldest && !is_recent(t, t->oldest) && (t->n >= t->max || t->bytes > t->bytes_max))
		unlist(t, t->oldest);
}

static bool is_start(const struct entry *e, uint64_t start)
{
	uint64_t known = e->process.start;

	if (!start)
		return !(e->process.flags & TL_PROCESS_EXITED);
	return known == start || !known || (e->rounded && tl_proc_start_fits(known, start));
}

static void set_start(struct tl_processes *t, struct entry *e, uint64_t start, int64_t realtime_offset)
{
	struct tl_process *p = &e->process;
	char text[sizeof(t->boot_id) + 2 * TL_W_U64_MAX + 3], *end;

	p->start = start;
	p->start_time = start ? start + (uint64_t)realtime_offset : 0;
	p->generation = ++t->generation;
	e->rounded = false;
	end = tl_w_bytes(text, t->boot_id, strlen(t->boot_id));
	*end++ = '-';
	end = tl_w_u64(end, p->pid);
	*end++ = '-';
	/* As exactly as /proc knows it: what it says of a process is the same before and after an event of it. */
	end = tl_w_u64(end, start / TL_PROC_TICK);
	*end = '\0';
	memcpy(p->entity_id, text, MIN((size_t)(end - text) + 1, sizeof(p->entity_id) - 1));
}

static struct entry *lookup(struct tl_processes *t, uint32_t pid, uint64_t start)
{
	struct entry *e = *bucket_of(t, pid);

	while (e && (e->process.pid != pid || !is_start(e, start)))
		e = e->next_in_bucket;
	if (!e)
		return NULL;
	touch(t, e);
	if (start && e->process.start != start)
		set_start(t, e, start, t->realtime_offset);
	/* The parent's may have become exact since. */
	if (e->process.parent)
		e->process.parent_start = e->process.parent->start;
	return e;
}

static void put_exited(struct tl_processes *t, struct entry *e)
{
	struct entry **slot;

	do {
		slot = &t->exited[t->exited_next];
		t->exited_next = (t->exited_next + 1) % EXITED;
	} while (*slot && is_recent(t, *slot));
	if (*slot) {
		unlist(t, *slot);
		release(t, *slot);
	}
	e->refs++;
	*slot = e;
}

/* No change that an encoder shows: the generation stays. */
static void mark_exited(struct tl_processes *t, struct entry *e)
{
	if (e->process.flags & TL_PROCESS_EXITED)
		return;
	e->process.flags |= TL_PROCESS_EXITED;
	put_exited(t, e);
}

static struct entry *running(const struct tl_processes *t, uint32_t pid, const struct entry *but)
{
	struct entry *e = *bucket_of(t, pid);

	while (e && (e == but || e->process.pid != pid || (e->process.flags & TL_PROCESS_EXITED)))
		e = e->next_in_bucket;
	return e;
}

/* A pid has one process at a time: whichever began earlier has ended. */
static void end_others(struct tl_processes *t, struct entry *e)
{
	struct entry *other;

	while (!(e->process.flags & TL_PROCESS_EXITED) && (other = running(t, e->process.pid, e)))
		mark_exited(t, other->process.start > e->process.start ? e : other);
}

static void set_comm(struct tl_process *p, const char *comm)
{
	size_t n = comm ? strnlen(comm, sizeof(p->comm) - 1) : 0;

	if (n)
		memcpy(p->comm, comm, n);
	memset(p->comm + n, 0, sizeof(p->comm) - n);
}

static struct entry *add(struct tl_processes *t, uint32_t pid, uint64_t start, int64_t realtime_offset)
{
	struct entry **bucket, *e;

	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->refs = 1;
	e->listed = true;
	e->process.pid = pid;
	e->process.executable = e->process.args = e->process.working_directory = "";
	e->process.cgroup = e->process.unit = e->process.container_id = "";
	set_start(t, e, start, realtime_offset);
	bucket = bucket_of(t, pid);
	e->next_in_bucket = *bucket;
	*bucket = e;
	link_newest(t, e);
	t->n++;
	t->bytes += sizeof(*e);
	end_others(t, e);
	return e;
}

/* ---- What an entry says ---- */

/* Takes over the reference. */
static void set_image(struct tl_processes *t, struct entry *e, struct tl_image *image)
{
	static const uint32_t brought = TL_PROCESS_ARGS_TRUNCATED | TL_PROCESS_DELETED | TL_PROCESS_FROM_PROC;
	struct tl_process *p = &e->process;

	release_image(t, e->image);
	e->image = image;
	p->executable = image->executable;
	p->executable_inode = image->inode;
	p->executable_major = image->major;
	p->executable_minor = image->minor;
	p->args = image->args;
	p->args_size = image->args_size;
	p->n_args = image->n_args;
	p->working_directory = image->working_directory;
	p->flags = (p->flags & ~(brought | TL_PROCESS_UNKNOWN)) | image->flags;
	p->generation = ++t->generation;
}

static int set_new_image(struct tl_processes *t, struct entry *e, const struct tl_image_facts *facts)
{
	struct tl_image *image = tl_image_new(facts);

	if (!image)
		return -ENOMEM;
	t->bytes += image->bytes;
	set_image(t, e, image);
	return 0;
}

/* Takes over the reference. */
static void set_cgroup(struct tl_processes *t, struct entry *e, const struct tl_cgroup *cgroup, uint64_t id)
{
	tl_cgroup_unref(e->cgroup);
	e->cgroup = cgroup;
	e->cgroup_id = id;
	e->process.cgroup = cgroup ? cgroup->path : "";
	e->process.unit = cgroup ? cgroup->unit : "";
	e->process.container_id = cgroup ? cgroup->container_id : "";
	e->process.generation = ++t->generation;
}

void tl_processes_set_cgroup(struct tl_processes *t, struct tl_process *process, uint64_t id)
{
	struct entry *e = entry_of(process);
	const struct tl_cgroup *cgroup;

	if (id == e->cgroup_id)
		return;
	cgroup = tl_cgroups_find(t->cgroups, id);
	/* Gone by now: what /proc said is better than nothing. */
	if (!*cgroup->path && e->cgroup && !e->cgroup_id) {
		e->cgroup_id = id;
		return;
	}
	set_cgroup(t, e, tl_cgroup_ref(cgroup), id);
}

static void set_namespaces(struct entry *e, uint32_t mntns, uint32_t netns)
{
	e->mntns = e->process.mntns = mntns;
	e->netns = e->process.netns = netns;
}

void tl_processes_set_namespaces(struct tl_processes *t, struct tl_process *process, uint32_t mntns, uint32_t netns)
{
	struct entry *e = entry_of(process);

	mntns = mntns ?: e->mntns;
	netns = netns ?: e->netns;
	if (process->mntns == mntns && process->netns == netns)
		return;
	process->mntns = mntns;
	process->netns = netns;
	process->generation = ++t->generation;
}

void tl_processes_set_comm(struct tl_processes *t, struct tl_process *process, const char comm[16])
{
	if (!comm[0] || !memcmp(process->comm, comm, sizeof(process->comm)))
		return;
	memcpy(process->comm, comm, sizeof(process->comm));
	process->comm[sizeof(process->comm) - 1] = '\0';
	process->generation = ++t->generation;
}

static int fill_from_proc(struct tl_processes *t, struct entry *e, const struct tl_proc *proc)
{
	const struct tl_image_facts facts = {
		.executable = proc->executable,
		.working_directory = proc->working_directory,
		.args = proc->args,
		.args_size = proc->args_size,
		.inode = proc->executable_inode,
		.major = proc->executable_major,
		.minor = proc->executable_minor,
		.flags = TL_PROCESS_FROM_PROC | (proc->args_truncated ? TL_PROCESS_ARGS_TRUNCATED : 0) |
			 (proc->executable_deleted ? TL_PROCESS_DELETED : 0),
	};
	int r = set_new_image(t, e, &facts);

	if (r < 0)
		return r;
	e->process.ppid = proc->ppid;
	e->process.inner_pid = proc->inner_pid;
	set_namespaces(e, proc->mntns, proc->netns);
	e->process.pidns = proc->pidns;
	set_comm(&e->process, proc->comm);
	if (!e->cgroup && *proc->cgroup)
		set_cgroup(t, e, tl_cgroup_parse(0, proc->cgroup), 0);
	return 0;
}

/* Into t->proc. */
static int ask_proc(struct tl_processes *t, uint32_t pid, uint64_t start)
{
	if (!t->proc)
		t->proc = malloc(sizeof(*t->proc));
	return t->proc ? tl_proc_read(&t->reader, pid, start, tl_cgroups_hierarchy(t->cgroups), t->proc) : -ENOMEM;
}

/* A new entry with what /proc says, without its parent; NULL: nothing. */
static struct entry *add_from_proc(struct tl_processes *t, uint32_t pid, uint64_t start)
{
	struct entry *e;

	if (ask_proc(t, pid, start) < 0)
		return NULL;
	e = add(t, pid, start ? start : t->proc->start, t->realtime_offset);
	if (!e)
		return NULL;
	e->rounded = !start;
	if (fill_from_proc(t, e, t->proc) < 0) {
		unlist(t, e);
		return NULL;
	}
	return e;
}

/* Fills in parent after parent, as far as one is unknown. */
static void add_ancestors(struct tl_processes *t, struct entry *e)
{
	struct entry *parent;

	for (unsigned i = 0; i < TL_ANCESTORS_MAX && e->process.ppid && !e->process.parent; i++) {
		parent = lookup(t, e->process.ppid, 0);
		/* One that began later has the pid of a parent that is gone. */
		if (!parent || parent->process.start > e->process.start)
			parent = parent ? NULL : add_from_proc(t, e->process.ppid, 0);
		if (!parent || parent == e || parent->process.start > e->process.start)
			return;
		set_parent(t, e, parent);
		e->process.parent_start = parent->process.start;
		e = parent;
	}
}

/* ---- For others ---- */

struct tl_process *tl_processes_find(struct tl_processes *t, uint32_t pid, uint64_t start)
{
	struct entry *e;

	begin_call(t);
	e = lookup(t, pid, start);
	return e ? &e->process : NULL;
}

static struct entry *add_unknown(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm)
{
	struct entry *e = add(t, pid, start, t->realtime_offset);

	if (!e)
		return NULL;
	e->process.flags |= TL_PROCESS_UNKNOWN;
	set_comm(&e->process, comm);
	return e;
}

static struct entry *get(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm)
{
	struct entry *e = lookup(t, pid, start);

	if (e)
		return e;
	e = add_from_proc(t, pid, start);
	if (!e)
		return add_unknown(t, pid, start, comm);
	add_ancestors(t, e);
	return e;
}

int tl_processes_set_unknown(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm)
{
	begin_call(t);
	return lookup(t, pid, start) || add_unknown(t, pid, start, comm) ? 0 : -ENOMEM;
}

struct tl_process *tl_processes_get(struct tl_processes *t, uint32_t pid, uint64_t start, const char *comm)
{
	struct entry *e;

	begin_call(t);
	e = get(t, pid, start, comm);
	return e ? &e->process : NULL;
}

/* Whether the parent still runs what the table says: its own execs are not
 * reported unless it is followed. One file may have several paths. */
static bool is_stale(const struct tl_process *parent, const struct tl_exec_facts *f)
{
	if (!f->parent_executable || !*f->parent_executable || strcmp(parent->executable, f->parent_executable) == 0)
		return false;
	return !f->parent_inode || f->parent_inode != parent->executable_inode;
}

/* What /proc says is younger than the record: if the parent runs yet another
 * program by now, only the record counts. */
static void refresh_parent(struct tl_processes *t, struct entry *parent, const struct tl_exec_facts *f)
{
	struct tl_image_facts facts = { .executable = f->parent_executable, .inode = f->parent_inode };

	if (ask_proc(t, f->ppid, f->parent_start) == 0 && strcmp(t->proc->executable, f->parent_executable) == 0)
		fill_from_proc(t, parent, t->proc);
	else if (set_new_image(t, parent, &facts) == 0)
		set_comm(&parent->process, f->parent_comm);
}

static struct entry *parent_of_exec(struct tl_processes *t, const struct tl_exec_facts *f)
{
	struct entry *parent;

	if (!f->ppid)
		return NULL;
	parent = get(t, f->ppid, f->parent_start, f->parent_comm);
	if (parent && is_stale(&parent->process, f))
		refresh_parent(t, parent, f);
	return parent;
}

int tl_processes_exec(struct tl_processes *t, const struct tl_exec_facts *f, struct tl_process **ret_process)
{
	const struct tl_image_facts facts = {
		.executable = f->executable,
		.working_directory = f->working_directory,
		.args = f->args,
		.args_size = f->args_size,
		.inode = f->executable_inode,
		.major = f->executable_major,
		.minor = f->executable_minor,
		.flags = (f->args_truncated ? TL_PROCESS_ARGS_TRUNCATED : 0) |
			 (f->executable_deleted ? TL_PROCESS_DELETED : 0),
	};
	struct tl_process *p;
	struct entry *e;

	begin_call(t);
	e = lookup(t, f->pid, f->start);
	if (!e)
		e = add(t, f->pid, f->start, f->realtime_offset);
	if (!e || set_new_image(t, e, &facts) < 0)
		return -ENOMEM;
	p = &e->process;
	p->inner_pid = f->inner_pid;
	p->ppid = f->ppid;
	p->parent_start = f->parent_start;
	set_namespaces(e, f->mntns, f->netns);
	p->pidns = f->pidns;
	set_comm(p, f->comm);
	tl_processes_set_cgroup(t, p, f->cgroup);
	set_parent(t, e, parent_of_exec(t, f));
	*ret_process = p;
	return 0;
}

/* The program that the child has from its parent. */
static void inherit(struct tl_processes *t, struct entry *child, struct entry *parent)
{
	if (parent->image) {
		parent->image->refs++;
		set_image(t, child, parent->image);
	} else if (!child->image) {
		if (ask_proc(t, child->process.pid, child->process.start) < 0 || fill_from_proc(t, child, t->proc) < 0)
			child->process.flags |= TL_PROCESS_UNKNOWN;
	}
}

int tl_processes_fork(struct tl_processes *t, const struct tl_fork_facts *f, struct tl_process **ret_child)
{
	struct entry *parent, *e;
	struct tl_process *p;

	begin_call(t);
	parent = get(t, f->parent_pid, f->parent_start, f->parent_comm);
	if (!parent)
		return -ENOMEM;
	e = lookup(t, f->pid, f->start);
	if (!e)
		e = add(t, f->pid, f->start, f->realtime_offset);
	if (!e)
		return -ENOMEM;
	inherit(t, e, parent);
	p = &e->process;
	p->inner_pid = f->inner_pid;
	p->ppid = f->parent_pid;
	p->parent_start = parent->process.start;
	set_namespaces(e, f->mntns, f->netns);
	p->pidns = f->pidns;
	set_comm(p, f->comm);
	tl_processes_set_cgroup(t, p, f->cgroup);
	set_parent(t, e, parent);
	*ret_child = p;
	return 0;
}

void tl_processes_exit(struct tl_processes *t, struct tl_process *process)
{
	begin_call(t);
	mark_exited(t, entry_of(process));
}

void tl_processes_set_clock(struct tl_processes *t, int64_t realtime_offset)
{
	t->realtime_offset = realtime_offset;
}

size_t tl_processes_count(const struct tl_processes *t, size_t *ret_bytes)
{
	if (ret_bytes)
		*ret_bytes = t->bytes;
	return t->n;
}

static int64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)tl_timespec_ns(&now);
}

/* Whoever is interrupted between two looks at clocks is wrong by as long as that was:
 * so the one in the narrowest time of some looks is taken. */
int64_t tl_realtime_offset(void)
{
	int64_t offset = 0, narrowest = INT64_MAX;

	for (int i = 0; i < 16 && narrowest > 2000; i++) {
		int64_t before = clock_ns(CLOCK_BOOTTIME), real = clock_ns(CLOCK_REALTIME),
			width = clock_ns(CLOCK_BOOTTIME) - before;

		if (width < narrowest) {
			narrowest = width;
			offset = real - before - width / 2;
		}
	}
	return offset;
}

static void copy_boot_id(char *ret, size_t size)
{
	for (const char *p = tl_host()->boot_id; *p && size > 1; p++)
		if (*p != '-') {
			*ret++ = *p;
			size--;
		}
	*ret = '\0';
}

int tl_processes_new(uint32_t max, struct tl_cgroups *cgroups, struct tl_processes **ret_processes)
{
	struct tl_processes *t = calloc(1, sizeof(*t));

	if (!t)
		return -ENOMEM;
	t->max = MAX(max ? max : ENTRIES_DEFAULT, (uint32_t)ENTRIES_MIN);
	t->bytes_max = (size_t)t->max * BYTES_PER_ENTRY;
	t->cgroups = cgroups;
	for (t->bucket_bits = 6; t->bucket_bits < 20 && 1U << t->bucket_bits < t->max;)
		t->bucket_bits++;
	t->buckets = calloc((size_t)1 << t->bucket_bits, sizeof(*t->buckets));
	if (!t->buckets) {
		free(t);
		return -ENOMEM;
	}
	copy_boot_id(t->boot_id, sizeof(t->boot_id));
	t->realtime_offset = tl_realtime_offset();
	*ret_processes = t;
	return 0;
}

struct tl_processes *tl_processes_free(struct tl_processes *t)
{
	if (!t)
		return NULL;
	while (t->oldest)
		unlist(t, t->oldest);
	for (size_t i = 0; i < EXITED; i++)
		if (t->exited[i])
			release(t, t->exited[i]);
	tl_proc_reader_free(t->reader);
	free(t->buckets);
	free(t->proc);
	free(t);
	return NULL;
}
