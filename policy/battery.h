/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Handlers from a table that somebody wrote: source, then clang. */
#ifndef TRACELEFT_POLICY_BATTERY_H
#define TRACELEFT_POLICY_BATTERY_H

#include "table.h"

struct tl_battery_options {
	const char *clang; /* NULL: "clang" in PATH */
	const char *include_dir; /* of handler.h */
	const struct tl_event_type *builtin; /* see tl_table_parse() */
	size_t n_builtin;
	unsigned jobs; /* compilers at a time; 0: one per CPU online */
	bool keep_source; /* leave handle_syscall_NAME.bpf.c beside the object */
	/* Called after each handler, in the order of the table; may be NULL. */
	void (*built)(void *userdata, const struct tl_event_type *type, const char *object_path);
	tl_table_problem problem; /* may be NULL */
	void *userdata; /* of both */
};

/*
 * Reads the table `config_path` and writes one object, handle_syscall_NAME.bpf.o,
 * per system call in it to the folder `out_dir`, which is made if it is missing
 * (its parent is not). An object is replaced whole or not at all, and no link in
 * its place is followed. Returns how many were built. -EINVAL: the table is wrong; -ENOENT: no table, or no
 * compiler; -EBADMSG: the compiler refused a handler; other errors of files.
 * Each is reported as a problem, except that config_path cannot be read.
 */
int tl_battery_build(const char *config_path, const char *out_dir, const struct tl_battery_options *options);

/* Same for types in memory, e.g. with other sizes of what is captured. */
int tl_battery_build_types(const struct tl_event_type *types, size_t n, const char *out_dir,
			   const struct tl_battery_options *options);

#endif
