// SPDX-License-Identifier: LGPL-2.1-or-later
#include "target-match.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "process-proc.h"
#include "session.h"
#include "util.h"

struct found {
	struct tl_matched process;
	uint32_t ppid;
	char *executable; /* owned */
	bool inherits;
	struct tl_terms terms;
};

struct table {
	struct found *rows; /* sorted by pid */
	size_t n, allocated;
};

static void table_done(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->rows[i].executable);
	free(t->rows);
}

static struct found *table_add(struct table *t)
{
	struct found *grown;

	if (t->n == t->allocated) {
		grown = reallocarray(t->rows, 2 * t->allocated + 256, sizeof(*grown));
		if (!grown)
			return NULL;
		t->rows = grown;
		t->allocated = 2 * t->allocated + 256;
	}
	grown = &t->rows[t->n];
	memset(grown, 0, sizeof(*grown));
	return grown;
}

/* ---- Conditions on attributes ---- */

/* What a process is besides program, cgroup and pid. */
struct attributes {
	uint64_t value[TL_ATTRIBUTES];
	char comm[16];
};

static bool need_attributes(const struct tl_session *s)
{
	for (size_t t = 0; t < s->n_targets; t++)
		if (s->targets[t].n_conditions)
			return true;
	return false;
}

/* The first number behind `label` in a file of /proc/PID; unset if there is none. */
static uint64_t read_value(uint32_t pid, const char *name, const char *label)
{
	char path[64], text[4096], *at;

	snprintf(path, sizeof(path), "/proc/%u/%s", pid, name);
	if (tl_proc_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return UINT32_MAX;
	at = strstr(text, label);
	return at ? strtoul(at + strlen(label), NULL, 10) : UINT32_MAX;
}

static uint64_t read_tty(uint32_t pid)
{
	uint64_t device = 0;
	char path[64], text[1024], *at;

	snprintf(path, sizeof(path), "/proc/%u/stat", pid);
	if (tl_proc_read_file(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return 0;
	/* Behind the name: state, parent, group, session, terminal. */
	at = strrchr(text, ')');
	if (!at || sscanf(at, ") %*c %*d %*d %*d %" SCNu64, &device) != 1)
		return 0;
	return (uint64_t)major(device) << 20 | minor(device);
}

static void read_attributes(uint32_t pid, const struct tl_proc *proc, struct attributes *ret)
{
	ret->value[TL_ATTRIBUTE_UID] = read_value(pid, "status", "\nUid:\t");
	ret->value[TL_ATTRIBUTE_GID] = read_value(pid, "status", "\nGid:\t");
	ret->value[TL_ATTRIBUTE_LOGINUID] = read_value(pid, "loginuid", "");
	ret->value[TL_ATTRIBUTE_SESSION] = read_value(pid, "sessionid", "");
	ret->value[TL_ATTRIBUTE_PIDNS] = proc->pidns;
	ret->value[TL_ATTRIBUTE_MNTNS] = proc->mntns;
	ret->value[TL_ATTRIBUTE_TTY] = read_tty(pid);
	memcpy(ret->comm, proc->comm, sizeof(ret->comm));
}

static bool condition_holds(const struct tl_condition *c, const struct attributes *a)
{
	size_t n = strlen(c->comm);

	if (c->attribute != TL_ATTRIBUTE_COMM)
		return c->low <= a->value[c->attribute] && a->value[c->attribute] <= c->high;
	if (n && c->comm[n - 1] == '*')
		return strncmp(a->comm, c->comm, n - 1) == 0;
	return strcmp(a->comm, c->comm) == 0;
}

/* Of each attribute one that is not negative has to hold, if there are any. */
static bool conditions_hold(const struct tl_target *t, const struct attributes *a)
{
	bool asked[TL_ATTRIBUTES] = {}, held[TL_ATTRIBUTES] = {};

	for (size_t i = 0; i < t->n_conditions; i++) {
		const struct tl_condition *c = &t->conditions[i];
		bool holds = condition_holds(c, a);

		if (c->negative && holds)
			return false;
		asked[c->attribute] |= !c->negative;
		held[c->attribute] |= !c->negative && holds;
	}
	return memcmp(asked, held, sizeof(asked)) == 0;
}

static void rule_out(const struct tl_session *s, const struct attributes *a, struct tl_terms *terms)
{
	for (uint32_t t = 0; t < s->n_targets; t++)
		if (!conditions_hold(&s->targets[t], a))
			terms->word[t / 64] &= ~(1ULL << (t % 64));
}

/* ---- Processes ---- */

/* What runs in another's tree of mounts may be called what it likes there; that
 * the kernel part sees, and /proc does not say. */
static int add_process(const struct tl_session *s, struct table *t, const struct tl_proc *proc, uint32_t pid)
{
	struct found *f = table_add(t);
	struct attributes attributes;

	if (!f)
		return -ENOMEM;
	f->executable = strdup(proc->executable);
	if (!f->executable)
		return -ENOMEM;
	f->process.pid = pid;
	f->ppid = proc->ppid;
	memcpy(f->process.comm, proc->comm, sizeof(f->process.comm));
	f->inherits = tl_targets_of(s, pid, proc->executable, proc->cgroup, &f->terms);
	if (need_attributes(s)) {
		read_attributes(pid, proc, &attributes);
		rule_out(s, &attributes, &f->terms);
	}
	t->n++;
	return 0;
}

static int read_processes(const struct tl_session *s, struct table *t)
{
	_cleanup_free_ struct tl_proc *proc = malloc(sizeof(*proc));
	const uint32_t hierarchy = tl_cgroups_hierarchy(s->cgroups);
	struct tl_proc_reader *reader = NULL;
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int r = 0;

	if (!dir)
		return -errno;
	while (proc && r >= 0 && (entry = readdir(dir))) {
		unsigned long pid = strtoul(entry->d_name, NULL, 10);

		/* Who has gone meanwhile matches nothing. */
		if (pid && pid != (unsigned long)getpid() &&
		    tl_proc_read(&reader, (uint32_t)pid, 0, hierarchy, proc) == 0 && !proc->is_kernel)
			r = add_process(s, t, proc, (uint32_t)pid);
	}
	tl_proc_reader_free(reader);
	closedir(dir);
	return proc ? r : -ENOMEM;
}

static int compare_pids(const void *a, const void *b)
{
	const struct found *x = a, *y = b;

	return x->process.pid < y->process.pid ? -1 : x->process.pid > y->process.pid;
}

static const struct found *find_pid(const struct table *t, uint32_t pid)
{
	const struct found key = { .process = { .pid = pid } };

	return t->n ? bsearch(&key, t->rows, t->n, sizeof(key), compare_pids) : NULL;
}

static struct tl_terms descendants_of(const struct tl_session *s)
{
	struct tl_terms terms = {};

	for (uint32_t t = 0; t < s->n_targets; t++)
		if (s->targets[t].descendants)
			terms.word[t / 64] |= 1ULL << (t % 64);
	return terms;
}

/* From parents to children, a generation at least each time. */
static void inherit(const struct tl_session *s, struct table *t)
{
	const struct tl_terms descendants = descendants_of(s);
	size_t n_words = tl_targets_words(s);
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < t->n; i++) {
			const struct found *parent = find_pid(t, t->rows[i].ppid);

			for (size_t w = 0; parent && t->rows[i].inherits && w < n_words; w++) {
				uint64_t more = parent->terms.word[w] & descendants.word[w] & ~t->rows[i].terms.word[w];

				t->rows[i].terms.word[w] |= more;
				changed |= more != 0;
			}
		}
	}
}

static void tell(const struct tl_session *s, const struct table *t, tl_match_callback callback, void *userdata)
{
	for (size_t i = 0; i < t->n; i++) {
		struct tl_matched process = t->rows[i].process;

		process.executable = t->rows[i].executable;
		for (uint32_t target = 0; target < s->n_targets; target++)
			if (t->rows[i].terms.word[target / 64] >> (target % 64) & 1)
				callback(target, &process, userdata);
	}
}

int tl_targets_match(struct tl_session *s, tl_match_callback callback, void *userdata)
{
	_cleanup_(table_done) struct table t = {};
	int r = s->target_plan ? 0 : tl_targets_plan(s);

	if (r >= 0)
		r = read_processes(s, &t);
	if (r < 0)
		return r;
	if (t.n)
		qsort(t.rows, t.n, sizeof(*t.rows), compare_pids);
	inherit(s, &t);
	tell(s, &t, callback, userdata);
	return 0;
}
