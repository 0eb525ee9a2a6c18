// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's functions behind system calls. Most are called by the name of
 * their call; 32-bit programs get at some by functions of their own, which
 * convert what they pass.
 */
#include "functions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

struct entry {
	const char *name; /* belongs to the BTF */
	uint32_t btf_id;
};

struct tl_functions {
	const struct btf *btf;
	struct entry *entries; /* by name */
	size_t n;
};

/* %s is the call's name; the first one that the kernel has is taken. What times
 * of 32 bits or registers in pairs need comes before what all programs share. */
static const char *const formats_x86_64[] = {"__x64_sys_%s", "__do_sys_%s", NULL};
static const char *const formats_i386[] = {
	"__ia32_compat_sys_%s_time32", "__ia32_sys_%s_time32",	"__ia32_sys_%s32",     "__ia32_compat_sys_%s32",
	"__ia32_compat_sys_ia32_%s",   "__ia32_compat_sys_x86_%s", "__ia32_sys_ia32_%s", "__do_compat_sys_ia32_%s",
	"__ia32_compat_sys_%s",	       "__ia32_sys_%s",		"__do_compat_sys_%s",  NULL,
};
static const char *const formats_exact[] = {"__ia32_compat_sys_%s", "__ia32_sys_%s", "__do_compat_sys_%s", NULL};
static const char *const formats_x32[] = {"__x64_compat_sys_%s", "__x32_compat_sys_%s", NULL};
static const char *const formats_older[] = {"__ia32_sys_%s16", "__do_sys_%s16", NULL};

/* Calls that the kernel knows by another name. */
static const struct {
	const char *call, *function;
	bool x86_64, i386; /* of which it is so */
} other_names[] = {
	{"sys_fork", "fork", true, true},
	{"sys_exit", "exit", true, true},
	{"stat", "newstat", true, true},
	{"lstat", "newlstat", true, true},
	{"fstat", "newfstat", true, true},
	{"uname", "newuname", true, true},
	{"umount2", "umount", true, true},
	{"sendfile", "sendfile64", true, false},
	{"sendfile", "sendfile", false, true},
	{"umount", "oldumount", false, true},
	{"oldstat", "stat", false, true},
	{"oldlstat", "lstat", false, true},
	{"oldfstat", "fstat", false, true},
	{"olduname", "uname", false, true},
	{"oldolduname", "olduname", false, true},
	{"getrlimit", "old_getrlimit", false, true},
	{"ugetrlimit", "getrlimit", false, true},
	{"select", "old_select", false, true},
	{"_newselect", "select", false, true},
	{"readdir", "old_readdir", false, true},
	{"mmap2", "mmap_pgoff", false, true},
	{"_llseek", "llseek", false, true},
	{"fcntl", "fcntl64", false, true},
	{"clock_gettime64", "clock_gettime", false, true},
	{"clock_settime64", "clock_settime", false, true},
	{"clock_adjtime64", "clock_adjtime", false, true},
	{"clock_getres_time64", "clock_getres", false, true},
	{"clock_nanosleep_time64", "clock_nanosleep", false, true},
	{"timer_gettime64", "timer_gettime", false, true},
	{"timer_settime64", "timer_settime", false, true},
	{"timerfd_gettime64", "timerfd_gettime", false, true},
	{"timerfd_settime64", "timerfd_settime", false, true},
	{"utimensat_time64", "utimensat", false, true},
	{"mq_timedsend_time64", "mq_timedsend", false, true},
	{"mq_timedreceive_time64", "mq_timedreceive", false, true},
	{"semtimedop_time64", "semtimedop", false, true},
	{"futex_time64", "futex", false, true},
	{"sched_rr_get_interval_time64", "sched_rr_get_interval", false, true},
};

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

static bool is_of_call(const char *name)
{
	return name[0] == '_' && name[1] == '_' && strstr(name, "_sys_");
}

struct tl_functions *tl_functions_new(const struct btf *btf)
{
	struct tl_functions *f = calloc(1, sizeof(*f));
	uint32_t n_types = btf__type_cnt(btf);
	size_t room = 0;

	if (!f)
		return NULL;
	f->btf = btf;
	for (uint32_t id = 1; id < n_types; id++) {
		const struct btf_type *type = btf__type_by_id(btf, id);
		const char *name = type && btf_is_func(type) ? btf__name_by_offset(btf, type->name_off) : NULL;

		if (!name || !is_of_call(name))
			continue;
		if (f->n == room) {
			struct entry *grown = reallocarray(f->entries, room = room ? room * 2 : 2048, sizeof(*grown));

			if (!grown)
				return tl_functions_free(f);
			f->entries = grown;
		}
		f->entries[f->n++] = (struct entry){name, id};
	}
	if (f->n)
		qsort(f->entries, f->n, sizeof(*f->entries), by_name);
	return f;
}

struct tl_functions *tl_functions_free(struct tl_functions *f)
{
	if (f)
		free(f->entries);
	free(f);
	return NULL;
}

static bool find_named(const struct tl_functions *f, const char *format, const char *call, struct tl_function *ret)
{
	const struct btf_type *type;
	const struct entry *entry;
	struct entry key;
	uint32_t prototype;
	char name[sizeof(ret->name)];

	snprintf(name, sizeof(name), format, call); /* NOLINT: the formats are the tables' */
	key.name = name;
	entry = f->n ? bsearch(&key, f->entries, f->n, sizeof(*f->entries), by_name) : NULL;
	if (!entry)
		return false;
	prototype = btf__type_by_id(f->btf, entry->btf_id)->type;
	type = btf__type_by_id(f->btf, prototype);
	if (!type || btf_vlen(type) > 1)
		return false;
	strcpy(ret->name, name);
	ret->btf_id = entry->btf_id;
	ret->prototype = prototype;
	ret->bare = btf_vlen(type) == 0;
	return true;
}

static bool find_first(const struct tl_functions *f, const char *const *formats, const char *call,
		       struct tl_function *ret)
{
	for (; *formats; formats++)
		if (find_named(f, *formats, call, ret))
			return true;
	return false;
}

bool tl_function_find(const struct tl_functions *f, enum tl_abi abi, const char *call, struct tl_function *ret)
{
	static const char *const *const formats[TL_ABI_MAX] = {
		[TL_ABI_X86_64] = formats_x86_64,
		[TL_ABI_I386] = formats_i386,
		[TL_ABI_X32] = formats_x32,
	};

	for (size_t i = 0; i < ARRAY_SIZE(other_names); i++) {
		bool here = abi == TL_ABI_X86_64 ? other_names[i].x86_64 : abi == TL_ABI_I386 && other_names[i].i386;

		if (here && strcmp(other_names[i].call, call) == 0)
			return find_first(f, abi == TL_ABI_I386 ? formats_exact : formats[abi],
					  other_names[i].function, ret);
	}
	return find_first(f, formats[abi], call, ret);
}

bool tl_function_find_other(const struct tl_functions *f, const struct tl_function *first, struct tl_function *ret)
{
	static const char prefix[] = "__ia32_compat_sys_";

	return strncmp(first->name, prefix, sizeof(prefix) - 1) == 0 &&
	       find_named(f, "__ia32_sys_%s", first->name + sizeof(prefix) - 1, ret);
}

bool tl_function_find_older(const struct tl_functions *f, const char *call, struct tl_function *ret)
{
	return find_first(f, formats_older, call, ret);
}
