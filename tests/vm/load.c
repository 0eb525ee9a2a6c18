/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads and attaches every event of the built-in table, once per attach kind
 * named on the command line, and says what the kernel's verifier made of each
 * program. Follows its own parent: nothing else is audited. With a hook per
 * function, which takes an emulated machine seconds each, only a selection with
 * every kind of handler.
 *
 * usage: load KIND...     (auto, fexit, kprobe, raw_tp)
 */
#include <bpf/bpf.h>
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "meddle.h"
#include "util.h"

#define PROGRAMS_MAX 1024
/* The kernel gives up at a million; growth must show before it fails. */
#define VERIFIED_MAX 800000

static const char *const kinds[] = {
	[TL_ATTACH_AUTO] = "auto",
	[TL_ATTACH_FEXIT] = "fexit",
	[TL_ATTACH_KPROBE] = "kprobe",
	[TL_ATTACH_RAW_TP] = "raw_tp",
};

/* Programs of one name: copies for hooks of one sort. */
struct program {
	char name[BPF_OBJ_NAME_LEN];
	uint32_t type;
	unsigned copies;
	uint32_t verified; /* instructions looked at, of the worst copy; 0: this kernel does not say */
	uint32_t bytes; /* of the worst copy, translated */
};

struct programs {
	struct program items[PROGRAMS_MAX];
	size_t n;
	unsigned total, others; /* others: maps, links, perf events */
};

static int add_program(struct programs *programs, int fd)
{
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);
	struct program *p;

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0)
		return -errno;
	programs->total++;
	for (p = programs->items; p < programs->items + programs->n; p++)
		if (p->type == info.type && strcmp(p->name, info.name) == 0)
			break;
	if (p == programs->items + PROGRAMS_MAX)
		return -E2BIG;
	if (p == programs->items + programs->n) {
		programs->n++;
		memcpy(p->name, info.name, sizeof(p->name));
		p->type = info.type;
	}
	p->copies++;
	if (info.verified_insns > p->verified)
		p->verified = info.verified_insns;
	if (info.xlated_prog_len > p->bytes)
		p->bytes = info.xlated_prog_len;
	return 0;
}

/* What this process holds in the kernel, told from its descriptors. */
static int find_programs(struct programs *ret)
{
	DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;
	int r = directory ? 0 : -errno;

	memset(ret, 0, sizeof(*ret));
	while (r >= 0 && (entry = readdir(directory))) {
		char to[64] = "";

		if (readlinkat(dirfd(directory), entry->d_name, to, sizeof(to) - 1) < 0)
			continue;
		if (strstr(to, "bpf-prog"))
			r = add_program(ret, atoi(entry->d_name));
		else if (strstr(to, "bpf") || strstr(to, "perf_event"))
			ret->others++;
	}
	if (directory)
		closedir(directory);
	return r;
}

static bool is_selected(const struct tl_event_type *type, enum tl_attach attach)
{
	static const char *const names[] = { "openat",	"close",     "read",  "write",	    "writev",  "connect",
					     "accept4", "sendto",    "bind",  "exit_group", "clone",   "chdir",
					     "splice",	"setgroups", "statx", "utimensat",  "getppid", "mount" };
	static const char *const groups[] = { "perms", "delete", "rename", "exec" };

	if (type->class != TL_CLASS_SYSCALL)
		return type->class != TL_CLASS_RECORD;
	if (attach == TL_ATTACH_AUTO || attach == TL_ATTACH_RAW_TP)
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(type->name, names[i]) == 0)
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (type->number[0] >= 0 && type->number[0] < 400 && tl_event_type_in_group(type, groups[i]))
			return true;
	return false;
}

static int start(struct tl_session *s, enum tl_attach attach)
{
	uint32_t pid = getppid(), target;
	struct tl_target_spec spec = { .name = "parent", .pids = &pid, .n_pids = 1 };
	const struct tl_event_type *types;
	size_t n;
	int r = tl_session_add_target(s, &spec, &target);

	types = tl_event_types(&n);
	for (size_t i = 0; r >= 0 && i < n; i++) {
		if (!is_selected(&types[i], attach))
			continue;
		r = tl_session_add_handler(s, target, types[i].name, 1);
		/* So that there are the programs that count. */
		if (r >= 0 && tl_event_type_countable(&types[i], false))
			r = tl_session_set_counted(s, types[i].name, tl_event_type_countable(&types[i], true));
	}
	return r < 0 ? r : tl_session_start(s);
}

/* Adds to the reasons of a failure, as far as there is room. */
__attribute__((format(printf, 2, 3))) static void add_reason(char reasons[400], const char *format, ...)
{
	size_t n = strlen(reasons);
	va_list arguments;

	va_start(arguments, format);
	if (n)
		n += snprintf(reasons + n, 400 - n, ", ");
	if (n < 400)
		vsnprintf(reasons + n, 400 - n, format, arguments);
	va_end(arguments);
}

static bool say(const char *kind, const char *what, const char *why)
{
	if (why)
		printf("not ok %s/%s: %s\n", kind, what, why);
	else
		printf("ok %s/%s\n", kind, what);
	fflush(stdout);
	return !why;
}

/* A forced kind is that kind for every call that the machine has. */
static bool say_kinds(const struct tl_session *s, enum tl_attach attach)
{
	const struct tl_event_type *type;
	char others[400] = "";

	for (size_t i = 0; (type = tl_session_event_type(s, i)); i++) {
		const char *is = tl_session_attach_kind(s, type);

		if (type->class == TL_CLASS_SYSCALL && (!is || strcmp(is, kinds[attach]) != 0))
			add_reason(others, "%s is %s", type->name, is ? is : "not attached");
	}
	return say(kinds[attach], "every_call_is_attached_this_way", others[0] ? others : NULL);
}

static bool say_programs(const char *kind, double seconds)
{
	struct programs programs;
	uint32_t handlers = 0;
	char large[400] = "";
	int r = find_programs(&programs);

	if (r < 0)
		return say(kind, "programs_are_verified", strerror(-r));
	/* One line, which tests/vm/check lets through: growth is to be seen before it fails. */
	printf("# verified %s: %u programs and %u maps, links and probes in %.1f s; instructions:", kind, programs.total,
	       programs.others, seconds);
	for (const struct program *p = programs.items; p < programs.items + programs.n; p++) {
		uint32_t verified = p->verified ? p->verified : p->bytes / sizeof(struct bpf_insn);

		if (strncmp(p->name, "tl_", 3) == 0)
			printf(" %s %s%u,", p->name, p->verified ? "" : "? of ", verified);
		else if (verified > handlers)
			handlers = verified;
		if (p->verified > VERIFIED_MAX)
			add_reason(large, "%s took %u", p->name, p->verified);
	}
	printf(" of handlers at most %u\n", handlers);
	if (!programs.total)
		return say(kind, "programs_are_verified", "there are none");
	return say(kind, "programs_are_verified", large[0] ? large : NULL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static bool run(enum tl_attach attach)
{
	struct tl_options options = { .attach = attach };
	const char *kind = kinds[attach];
	struct tl_session *s = NULL;
	double begin = now();
	struct programs left;
	bool good = true;
	int r;

	r = tl_session_new(&options, &s);
	if (r >= 0)
		r = start(s, attach);
	good &= say(kind, "everything_loads_and_attaches", r < 0 ? tl_session_error(s) : NULL);
	if (r >= 0) {
		good &= say_programs(kind, now() - begin);
		if (attach != TL_ATTACH_AUTO)
			good &= say_kinds(s, attach);
		good &= say(kind, "whoever_meddles_with_it_is_noticed", meddle(s));
		r = tl_session_stop(s);
		good &= say(kind, "session_stops", r < 0 ? tl_session_error(s) : NULL);
	}
	tl_session_free(s);
	r = find_programs(&left);
	return say(kind, "nothing_is_held_afterwards",
		   r < 0		    ? strerror(-r) :
		   left.total + left.others ? "descriptors of programs, maps or hooks are open" :
					      NULL) &&
	       good;
}

int main(int argc, char **argv)
{
	bool good = true;

	for (int i = 1; i < argc; i++) {
		size_t attach;

		for (attach = 0; attach < ARRAY_SIZE(kinds) && strcmp(kinds[attach], argv[i]) != 0; attach++)
			;
		if (attach == ARRAY_SIZE(kinds)) {
			fprintf(stderr, "load: no attach kind %s\n", argv[i]);
			return 2;
		}
		good &= run(attach);
	}
	return good ? 0 : 1;
}
