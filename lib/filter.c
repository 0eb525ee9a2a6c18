// SPDX-License-Identifier: LGPL-2.1-or-later
/* Filters: from tests to what the kernel part goes through. */
#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "session.h"
#include "util.h"

#define SIGN (1ULL << 63)

/* Where the fields stand. */
static const struct place {
	uint8_t offset, width;
	bool is_signed;
} places[TL_FILTER_FIELDS] = {
#define PLACE(member)                                                                              \
	{                                                                                          \
		offsetof(struct tl_record, member), sizeof(((struct tl_record *)0)->member), false \
	}
	[TL_FILTER_RET] = { offsetof(struct tl_record, ret), sizeof(__s64), true },
	[TL_FILTER_PID] = PLACE(pid),
	[TL_FILTER_TID] = PLACE(tid),
	[TL_FILTER_UID] = PLACE(uid),
	[TL_FILTER_GID] = PLACE(gid),
	[TL_FILTER_EUID] = PLACE(euid),
	[TL_FILTER_EGID] = PLACE(egid),
	[TL_FILTER_LOGINUID] = PLACE(loginuid),
	[TL_FILTER_SESSION] = PLACE(session),
	[TL_FILTER_PROGRAM_ID] = PLACE(program_id),
	[TL_FILTER_CPU] = PLACE(cpu),
#undef PLACE
};

static bool find_place(const struct tl_filter_test *test, struct place *ret)
{
	bool is_width = test->width == 1 || test->width == 2 || test->width == 4 || test->width == 8;

	if (test->field >= TL_FILTER_FIELDS)
		return false;
	*ret = places[test->field];
	if (test->field != TL_FILTER_ARG)
		return true;
	if (!is_width || test->index < 1 || test->index > TL_ARGS_MAX)
		return false;
	*ret = (struct place){ (uint8_t)(offsetof(struct tl_record, args) + 8 * (test->index - 1U)), test->width,
			       test->is_signed };
	return true;
}

/* Where the test at index `from` goes on. */
static int translate_next(uint16_t to, size_t from, size_t n, uint8_t *ret)
{
	if (to == TL_FILTER_MET || to == TL_FILTER_UNMET)
		*ret = to == TL_FILTER_MET ? TL_CHECK_MET : TL_CHECK_UNMET;
	else if (to > from && to < n)
		*ret = (uint8_t)to;
	else
		return -EINVAL;
	return 0;
}

static int translate(const struct tl_filter_test *test, size_t at, size_t n, struct tl_check *ret)
{
	struct place place;
	uint64_t turned;
	unsigned bits;

	if (test->kind > TL_FILTER_BITS || !find_place(test, &place))
		return -EINVAL;
	turned = place.is_signed && test->kind == TL_FILTER_RANGE ? SIGN : 0;
	bits = 8U * place.width;
	*ret = (struct tl_check){
		.offset = place.offset & ~3U,
		.left = (uint8_t)(64 - bits - 8U * (place.offset & 3U)),
		.right = (uint8_t)(64 - bits),
		.kind = test->kind == TL_FILTER_BITS ? TL_CHECK_BITS : TL_CHECK_RANGE,
		.is_signed = place.is_signed,
		.low = test->low ^ turned,
		.high = test->high ^ turned,
	};
	if (translate_next(test->if_true, at, n, &ret->if_true) < 0)
		return -EINVAL;
	return translate_next(test->if_false, at, n, &ret->if_false);
}

_Static_assert(TL_FILTER_TESTS_MAX == TL_CHECKS_MAX, "as many tests as the kernel part goes through");

int tl_filter_translate(const struct tl_filter_test *tests, size_t n, struct tl_filter *ret)
{
	int r = 0;

	if (!n || n > TL_FILTER_TESTS_MAX)
		return -EINVAL;
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n && r >= 0; i++)
		r = translate(&tests[i], i, n, &ret->checks[i]);
	return r;
}

static struct tl_loaded *find_event(struct tl_session *s, const char *name)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (s->events[id].wanted && strcmp(s->events[id].type.name, name) == 0)
			return &s->events[id];
	return NULL;
}

int tl_session_set_filter(struct tl_session *s, const char *event, const struct tl_filter_test *tests, size_t n)
{
	struct tl_loaded *loaded = find_event(s, event);
	struct tl_filter filter, *grown;

	if (s->started)
		return tl_fail(s, -EBUSY, "filters are set before the start");
	if (!loaded)
		return tl_fail(s, -ENOENT, "nobody asked for event %s", event);
	if (tl_filter_translate(tests, n, &filter) < 0)
		return tl_fail(s, -EINVAL, "the filter of event %s cannot be used", event);
	if (loaded->filter) {
		s->filters[loaded->filter - 1] = filter;
		return 0;
	}
	grown = reallocarray(s->filters, s->n_filters + 1, sizeof(*grown));
	if (!grown)
		return tl_fail(s, -ENOMEM, "no memory");
	s->filters = grown;
	grown[s->n_filters++] = filter;
	loaded->filter = (uint32_t)s->n_filters;
	return 0;
}

/* What answers of the domain name system say is remembered for other events. */
bool tl_event_type_filterable(const struct tl_event_type *type)
{
	return type->class == TL_CLASS_SYSCALL && !(type->flags & TL_TYPE_NO_RETURN) &&
	       tl_payload_of(type) == TL_PAYLOAD_NONE;
}

int tl_filters_install(struct tl_session *s)
{
	int fd = tl_map_fd(s, "filters");

	for (uint32_t id = 1; id <= s->n_events; id++) {
		uint32_t key = s->events[id].filter;

		if (!key || !tl_event_type_filterable(&s->events[id].type))
			continue;
		if (bpf_map_update_elem(fd, &key, &s->filters[key - 1], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install the filter of event %s", s->events[id].type.name);
		s->config->plan[id].filter = (__u16)key;
	}
	return 0;
}
