// SPDX-License-Identifier: GPL-2.0-or-later
/* Which handlers a list of SPECs comes to, per process. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "selection.h"
#include "util.h"

#define SPECS_MAX 8

struct fixture {
	struct tl_spec *specs[SPECS_MAX];
	size_t n;
	struct tl_selection selection;
	int r;
};

/* Ends with NULL. */
static struct fixture select_specs(const char *const *texts)
{
	struct fixture f = { 0 };
	struct tl_spec_error error;

	for (; texts[f.n]; f.n++)
		assert_int_equal(tl_spec_parse(texts[f.n], &f.specs[f.n], &error), 0);
	return f;
}

static void make(struct fixture *f, const char *const *texts)
{
	*f = select_specs(texts);
	f->r = tl_selection_make((const struct tl_spec *const *)f->specs, f->n, &f->selection);
}

static void done(struct fixture *f)
{
	tl_selection_done(&f->selection);
	for (size_t i = 0; i < f->n; i++)
		tl_spec_free(f->specs[i]);
}

static const struct tl_selection_target *target_of(const struct fixture *f, uint32_t pid)
{
	const struct tl_selection_target *found = NULL;

	for (size_t i = 0; i < f->selection.n_targets; i++)
		for (size_t j = 0; j < f->selection.targets[i].n_pids; j++)
			if (f->selection.targets[i].pids[j] == pid) {
				assert_null(found); /* a process is in one target */
				found = &f->selection.targets[i];
			}
	assert_non_null(found);
	return found;
}

static const struct tl_selection_target *default_of(const struct fixture *f)
{
	assert_true(tl_selection_has_default(&f->selection));
	return &f->selection.targets[f->selection.n_targets - 1];
}

static const struct tl_want *want_of(const struct tl_selection_target *t, const char *event)
{
	const struct tl_want *found = NULL;

	for (size_t i = 0; i < t->n_wants; i++)
		if (strcmp(t->wants[i].type->name, event) == 0) {
			assert_null(found); /* one handler per event */
			found = &t->wants[i];
		}
	return found;
}

#define MAKE(f, ...) make((f), (const char *const[]){ __VA_ARGS__, NULL })

static void process_has_its_own_handler_then_the_default_one(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "read,close", "7:100:read", "8:200:write");
	assert_int_equal(f.r, 0);
	assert_int_equal(f.selection.n_targets, 3);
	assert_int_equal(want_of(target_of(&f, 100), "read")->program_id, 7);
	assert_int_equal(want_of(target_of(&f, 100), "close")->program_id, 0);
	assert_null(want_of(target_of(&f, 100), "write"));
	assert_int_equal(want_of(target_of(&f, 200), "read")->program_id, 0);
	assert_int_equal(want_of(target_of(&f, 200), "write")->program_id, 8);
	assert_int_equal(default_of(&f)->n_wants, 2);
	done(&f);
}

static void processes_of_the_same_specs_share_a_target(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "1:10,11,12:read", "2:12,13:write");
	assert_int_equal(f.r, 0);
	assert_false(tl_selection_has_default(&f.selection));
	assert_int_equal(f.selection.n_targets, 3);
	assert_ptr_equal(target_of(&f, 10), target_of(&f, 11));
	assert_int_equal(target_of(&f, 12)->n_wants, 2);
	assert_int_equal(target_of(&f, 13)->n_wants, 1);
	done(&f);
}

static void first_spec_with_the_event_counts(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "1:10:read", "2:10:read,write");
	assert_int_equal(f.r, 0);
	assert_int_equal(want_of(target_of(&f, 10), "read")->program_id, 1);
	assert_int_equal(want_of(target_of(&f, 10), "write")->program_id, 2);
	done(&f);
}

static void other_spellings_come_with_a_name(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "chmod");
	assert_int_equal(f.r, 0);
	assert_non_null(want_of(default_of(&f), "chmod"));
	assert_non_null(want_of(default_of(&f), "fchmodat"));
	assert_non_null(strstr(f.selection.spellings, "chmod: fchmodat"));
	done(&f);
	MAKE(&f, "=chmod");
	assert_int_equal(f.r, 0);
	assert_int_equal(default_of(&f)->n_wants, 1);
	assert_string_equal(f.selection.spellings, "");
	done(&f);
}

static void spelling_gives_way_to_what_was_asked_for(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "1:10:chmod", "2:10:fchmodat", "fchmodat");
	assert_int_equal(f.r, 0);
	assert_int_equal(want_of(target_of(&f, 10), "chmod")->program_id, 1);
	assert_int_equal(want_of(target_of(&f, 10), "fchmodat")->program_id, 2);
	done(&f);
}

static void group_has_all_that_this_machine_has(void **state)
{
	struct fixture f;

	(void)state;
	MAKE(&f, "@file,openat");
	assert_int_equal(f.r, 0);
	assert_non_null(want_of(default_of(&f), "openat"));
	assert_null(want_of(default_of(&f), "lost"));
	done(&f);
	MAKE(&f, "@all");
	assert_int_equal(f.r, 0);
	assert_non_null(want_of(default_of(&f), "exec"));
	assert_null(want_of(default_of(&f), "ledger"));
	done(&f);
}

static void refuse(const char *spec, int error, const char *text)
{
	struct fixture f;

	MAKE(&f, "openat", spec);
	assert_int_equal(f.r, error);
	if (!strstr(f.selection.message, text))
		fail_msg("%s: %s", spec, f.selection.message);
	done(&f);
}

static void what_is_not_there_is_told(void **state)
{
	(void)state;
	refuse("opneat", -EINVAL, "opneat: no such event, did you mean 'openat'?");
	refuse("@flie", -EINVAL, "did you mean '@file'?");
	refuse("lost", -EINVAL, "no such event");
	refuse("./none.bpf.o", -ENOENT, "./none.bpf.o: ");
	refuse("/dev/null", -EBADMSG, "/dev/null: ");
}

static void event_of_a_target_is_wanted(void **state)
{
	struct tl_event event = { .n_target_words = 1 };
	uint64_t targets = 0;
	struct fixture f;

	(void)state;
	MAKE(&f, "10:read", "write");
	f.selection.targets[0].id = 3;
	f.selection.targets[1].id = 70; /* not in the event's words */
	event.targets = &targets;
	event.type = tl_event_type_find("read");
	assert_false(tl_selection_wants(&f.selection, &event));
	targets = 1 << 3;
	assert_true(tl_selection_wants(&f.selection, &event));
	event.type = tl_event_type_find("openat");
	assert_false(tl_selection_wants(&f.selection, &event));
	done(&f);
}

static void long_lists_are_cut(void **state)
{
	char text[40 * 64] = "", *at = text;
	const struct tl_event_type *types;
	struct fixture f;
	size_t n;

	(void)state;
	types = tl_event_types(&n);
	for (size_t i = 0; i < n && at < text + sizeof(text) - 64; i++)
		if (types[i].class == TL_CLASS_SYSCALL)
			at += sprintf(at, "%s%s", at > text ? "," : "", types[i].name);
	MAKE(&f, text);
	assert_true(strlen(f.selection.spellings) < sizeof(f.selection.spellings));
	done(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(process_has_its_own_handler_then_the_default_one),
		cmocka_unit_test(processes_of_the_same_specs_share_a_target),
		cmocka_unit_test(first_spec_with_the_event_counts),
		cmocka_unit_test(other_spellings_come_with_a_name),
		cmocka_unit_test(spelling_gives_way_to_what_was_asked_for),
		cmocka_unit_test(group_has_all_that_this_machine_has),
		cmocka_unit_test(what_is_not_there_is_told),
		cmocka_unit_test(event_of_a_target_is_wanted),
		cmocka_unit_test(long_lists_are_cut),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
