/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernel's side of conditions, for their tests: what comes of an event there. */
#ifndef TRACELEFT_FILTER_KERNEL_H
#define TRACELEFT_FILTER_KERNEL_H

#include "ends.h"
#include "expression-fixture.h"
#include "filter-fixture.h"
#include "session.h"

/* The header as the kernel part writes it. */
static inline struct tl_record record_of(const struct tl_event *e)
{
	struct tl_record record = {
		.program_id = e->program_id,
		.cpu = (__u16)e->cpu,
		.abi = e->abi,
		.pid = e->pid,
		.tid = e->tid,
		.uid = e->uid,
		.gid = e->gid,
		.euid = e->euid,
		.egid = e->egid,
		.loginuid = e->loginuid,
		.session = e->audit_session,
		.ret = e->ret,
	};

	memcpy(record.args, e->args, sizeof(record.args));
	memcpy(record.comm, e->comm, sizeof(record.comm));
	return record;
}

/* As much of it can be read as of the kernel's. */
struct written {
	_Alignas(8) __u8 data[TL_RECORD_MAX + 2 * TL_PATH_MAX];
	__u32 size;
};

static inline void add_section(struct written *w, __u8 type, __u8 index, __u16 flags, const void *data, __u32 size)
{
	const struct tl_section section = { .type = type, .index = index, .flags = flags, .size = size };

	memcpy(w->data + w->size, &section, sizeof(section));
	memcpy(w->data + w->size + sizeof(section), data, size);
	w->size += sizeof(section) + ((size + 7) & ~7U);
}

/* Components, the last one first, a NUL behind each. What is not rooted is a pipe, or the like. */
static inline void add_path(struct written *w, __u8 index, const struct tl_bytes *path)
{
	char bytes[TL_PATH_MAX], *to = bytes;
	size_t end = path->size;

	if (!(path->flags & TL_VALUE_PRESENT) || path->flags & TL_VALUE_CLAIM)
		return;
	if (path->data[0] != '/') {
		add_section(w, TL_SECTION_PATH, index, TL_SECTION_PSEUDO, "", 0);
		return;
	}
	while (end > 1) {
		const char *slash = memrchr(path->data, '/', end);

		to = mempcpy(to, slash + 1, (size_t)(path->data + end - slash) - 1);
		*to++ = '\0';
		end = (size_t)(slash - path->data);
	}
	add_section(w, TL_SECTION_PATH, index, 0, bytes, (__u32)(to - bytes));
}

/* What the kernel part has when all is collected. */
static inline void write_record(const struct tl_event *e, struct written *ret)
{
	const struct tl_file_facts facts = {
		.inode = e->file.inode, .mode = e->file.mode, .uid = e->file.uid, .gid = e->file.gid
	};
	struct tl_record record = record_of(e);

	ret->size = sizeof(record);
	memcpy(ret->data, &record, sizeof(record));
	add_section(ret, TL_SECTION_NAMESPACES, 0, 0, "12345678", 8);
	add_path(ret, TL_PATH_BASE, &(struct tl_bytes){ "/etc/", 4, TL_VALUE_PRESENT });
	add_path(ret, TL_PATH_TARGET, &e->target.path);
	add_path(ret, TL_PATH_FILE, &e->file.path);
	if (e->file.has_facts)
		add_section(ret, TL_SECTION_FILE, TL_PATH_FILE, 0, &facts, sizeof(facts));
}

static inline bool is_met(const struct tl_filter *filter, const __u8 *data, const struct tl_parts *parts)
{
	__u32 at = 0;

	while (at < TL_CHECKS_MAX)
		at = tl_check_next(filter, &filter->checks[at], data, parts);
	return at == TL_CHECK_MET;
}

/* Whether the kernel part lets the event through. */
static inline bool passes(const struct tl_expression *const *conditions, size_t n, const struct tl_event *e)
{
	static struct written written;
	struct tl_filter_test tests[TL_FILTER_TESTS_MAX];
	struct tl_filter filter;
	bool passed = true;

	write_record(e, &written);
	for (enum tl_filter_time time = 0; time < TL_FILTER_TIMES && passed; time++) {
		int n_tests = tl_filter_make(conditions, n, e->type, time, tests);
		struct tl_parts parts = {};

		if (n_tests <= 0)
			continue;
		assert_int_equal(tl_filter_translate(e->type, time, tests, (size_t)n_tests, &filter), 0);
		if (time == TL_FILTER_WITH_OBJECT)
			tl_parts_find(&parts, written.data, written.size, filter.ends & TL_ENDS_ADDRESS);
		passed = is_met(&filter, written.data, &parts);
	}
	return passed;
}

#endif
