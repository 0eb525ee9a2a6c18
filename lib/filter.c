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
	uint8_t part; /* enum tl_part */
	uint8_t offset, width; /* width 0: a text */
	bool is_signed;
} places[TL_FILTER_FIELDS] = {
#define PLACE(of, structure, member)                                                     \
	{                                                                                \
		of, offsetof(structure, member), sizeof(((structure *)0)->member), false \
	}
#define HEADER(member) PLACE(TL_PART_HEADER, struct tl_record, member)
#define FILE_FACT(member) PLACE(TL_PART_FILE, struct tl_file_facts, member)
	[TL_FILTER_RET] = { TL_PART_HEADER, offsetof(struct tl_record, ret), sizeof(__s64), true },
	[TL_FILTER_PID] = HEADER(pid),
	[TL_FILTER_TID] = HEADER(tid),
	[TL_FILTER_UID] = HEADER(uid),
	[TL_FILTER_GID] = HEADER(gid),
	[TL_FILTER_EUID] = HEADER(euid),
	[TL_FILTER_EGID] = HEADER(egid),
	[TL_FILTER_LOGINUID] = HEADER(loginuid),
	[TL_FILTER_SESSION] = HEADER(session),
	[TL_FILTER_PROGRAM_ID] = HEADER(program_id),
	[TL_FILTER_CPU] = HEADER(cpu),
	[TL_FILTER_FILE_INODE] = FILE_FACT(inode),
	[TL_FILTER_FILE_MODE] = FILE_FACT(mode),
	[TL_FILTER_FILE_UID] = FILE_FACT(uid),
	[TL_FILTER_FILE_GID] = FILE_FACT(gid),
	[TL_FILTER_PATH] = { .part = TL_PART_PATH },
	[TL_FILTER_TARGET_PATH] = { .part = TL_PART_TARGET },
#define ENDS(member) PLACE(TL_PART_ENDS, struct tl_ends, member)
	[TL_FILTER_SOURCE_PORT] = ENDS(source.port),
	[TL_FILTER_SOURCE_KIND] = ENDS(source.kind),
	[TL_FILTER_SOURCE_V4] = ENDS(source.v4),
	[TL_FILTER_SOURCE_HIGH] = ENDS(source.high),
	[TL_FILTER_SOURCE_LOW] = ENDS(source.low),
	[TL_FILTER_DESTINATION_PORT] = ENDS(destination.port),
	[TL_FILTER_DESTINATION_KIND] = ENDS(destination.kind),
	[TL_FILTER_DESTINATION_V4] = ENDS(destination.v4),
	[TL_FILTER_DESTINATION_HIGH] = ENDS(destination.high),
	[TL_FILTER_DESTINATION_LOW] = ENDS(destination.low),
	[TL_FILTER_FAMILY] = ENDS(family),
	[TL_FILTER_SOCKET_TYPE] = ENDS(type),
	[TL_FILTER_PROTOCOL] = ENDS(protocol),
#undef PLACE
#undef HEADER
#undef FILE_FACT
#undef ENDS
};

/* What begins behind a NUL may be left from a longer name, so tests take as many bytes as count. */
static bool find_name(const struct tl_filter_test *test, struct place *ret)
{
	if (test->width < 1 || test->width > 8 || test->index >= TL_COMM_LEN / 8 || test->kind != TL_FILTER_RANGE)
		return false;
	*ret = (struct place){ .offset = (uint8_t)(offsetof(struct tl_record, comm) + 8U * test->index),
			       .width = test->width };
	return true;
}

static bool find_place(const struct tl_filter_test *test, struct place *ret)
{
	bool is_width = test->width == 1 || test->width == 2 || test->width == 4 || test->width == 8;

	if (test->field == TL_FILTER_COMM)
		return find_name(test, ret);
	if (test->field >= TL_FILTER_FIELDS)
		return false;
	*ret = places[test->field];
	if (test->field != TL_FILTER_ARG)
		return true;
	if (!is_width || test->index < 1 || test->index > TL_ARGS_MAX)
		return false;
	*ret = (struct place){ .offset = (uint8_t)(offsetof(struct tl_record, args) + 8 * (test->index - 1U)),
			       .width = test->width,
			       .is_signed = test->is_signed };
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

static int translate_number(const struct tl_filter_test *test, const struct place *place, struct tl_check *ret)
{
	uint64_t turned = place->is_signed && test->kind == TL_FILTER_RANGE ? SIGN : 0;
	unsigned bits = 8U * place->width;

	if (test->kind > TL_FILTER_BITS)
		return -EINVAL;
	*ret = (struct tl_check){
		.part = place->part,
		.offset = place->offset & ~3U,
		.left = (uint8_t)(64 - bits - 8U * (place->offset & 3U)),
		.right = (uint8_t)(64 - bits),
		.kind = test->kind == TL_FILTER_BITS ? TL_CHECK_BITS : TL_CHECK_RANGE,
		.is_signed = place->is_signed,
		.low = test->low ^ turned,
		.high = test->high ^ turned,
	};
	return 0;
}

bool tl_filter_takes_text(const char *text, size_t size, bool is_directory)
{
	if (size < 2 || size > TL_FILTER_TEXT_MAX || text[0] != '/' || (text[size - 1] == '/') != is_directory)
		return false;
	return !memchr(text, '\0', size) && !memmem(text, size, "//", 2);
}

/* As the kernel part has paths: components, the last one first, a NUL behind each. One
 * more in front of a directory's, which ends the name of what is in it. */
static int translate_text(const struct tl_filter_test *test, const struct place *place, uint64_t number,
			  struct tl_check *ret, struct tl_check_text *text)
{
	char bytes[TL_CHECK_TEXT_MAX] = "", mask[TL_CHECK_TEXT_MAX] = "", *to = bytes;
	size_t end = test->text_size;

	if (test->kind < TL_FILTER_BELOW || test->kind > TL_FILTER_IS || number >= TL_CHECK_TEXTS ||
	    !tl_filter_takes_text(test->text, test->text_size, test->kind == TL_FILTER_BELOW))
		return -EINVAL;
	while (end) {
		const char *slash = memrchr(test->text, '/', end), *name = slash + 1;

		to = mempcpy(to, name, (size_t)(test->text + end - name));
		*to++ = '\0';
		end = (size_t)(slash - test->text);
	}
	memset(mask, 0xff, test->text_size);
	text->size = test->text_size;
	memcpy(text->word, bytes, sizeof(text->word));
	memcpy(text->mask, mask, sizeof(text->mask));
	*ret = (struct tl_check){
		.part = place->part,
		.kind = test->kind == TL_FILTER_BELOW ? TL_CHECK_END : TL_CHECK_WHOLE,
		.low = number,
	};
	return 0;
}

_Static_assert(TL_FILTER_TESTS_MAX == TL_CHECKS_MAX, "as many tests as the kernel part goes through");
_Static_assert(TL_FILTER_TEXTS_MAX == TL_CHECK_TEXTS && TL_FILTER_TEXT_MAX == TL_CHECK_TEXT_MAX, "and as much text");

int tl_filter_translate(const struct tl_event_type *type, enum tl_filter_time time, const struct tl_filter_test *tests,
			size_t n, struct tl_filter *ret)
{
	uint64_t n_texts = 0;
	int r = 0;

	if (!n || n > TL_FILTER_TESTS_MAX)
		return -EINVAL;
	memset(ret, 0, sizeof(*ret));
	ret->ends = tl_ends_form(type);
	for (size_t i = 0; i < n && r >= 0; i++) {
		struct tl_check *check = &ret->checks[i];
		struct place place;

		if (!find_place(&tests[i], &place) || (place.part && time == TL_FILTER_AT_ONCE))
			return -EINVAL;
		if (place.part == TL_PART_ENDS)
			ret->ends |= TL_ENDS_WANTED;
		if (place.width) {
			r = translate_number(&tests[i], &place, check);
		} else {
			r = translate_text(&tests[i], &place, n_texts, check,
					   &ret->texts[n_texts & (TL_CHECK_TEXTS - 1)]);
			n_texts++;
		}
		if (r < 0 || translate_next(tests[i].if_true, i, n, &check->if_true) < 0 ||
		    translate_next(tests[i].if_false, i, n, &check->if_false) < 0)
			return -EINVAL;
	}
	return r;
}

struct tl_loaded *tl_wanted_event(struct tl_session *s, const char *name)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (s->events[id].wanted && strcmp(s->events[id].type.name, name) == 0)
			return &s->events[id];
	return NULL;
}

int tl_session_set_filter(struct tl_session *s, const char *event, enum tl_filter_time time,
			  const struct tl_filter_test *tests, size_t n)
{
	struct tl_loaded *loaded = tl_wanted_event(s, event);
	struct tl_filter filter, *grown;

	if (s->started)
		return tl_fail(s, -EBUSY, "filters are set before the start");
	if (!loaded)
		return tl_fail(s, -ENOENT, "nobody asked for event %s", event);
	if ((unsigned)time >= TL_FILTER_TIMES || tl_filter_translate(&loaded->type, time, tests, n, &filter) < 0)
		return tl_fail(s, -EINVAL, "the filter of event %s cannot be used", event);
	if (loaded->filters[time]) {
		s->filters[loaded->filters[time] - 1] = filter;
		return 0;
	}
	grown = reallocarray(s->filters, s->n_filters + 1, sizeof(*grown));
	if (!grown)
		return tl_fail(s, -ENOMEM, "no memory");
	s->filters = grown;
	grown[s->n_filters++] = filter;
	loaded->filters[time] = (uint32_t)s->n_filters;
	return 0;
}

/* What answers of the domain name system say is remembered for other events. */
bool tl_event_type_filterable(const struct tl_event_type *type)
{
	enum tl_payload payload = tl_payload_of(type);

	/* Of read(2) and its like only what is wanted anyway. */
	return type->class == TL_CLASS_SYSCALL && !(type->flags & TL_TYPE_NO_RETURN) &&
	       (payload == TL_PAYLOAD_NONE || payload == TL_PAYLOAD_PLAIN || payload == TL_PAYLOAD_VECTORS);
}

/* Messages are looked at before they are left out. */
bool tl_event_type_filterable_late(const struct tl_event_type *type)
{
	return type->class == TL_CLASS_NETWORK ||
	       (type->class == TL_CLASS_SYSCALL && !(type->flags & TL_TYPE_NO_RETURN));
}

/* What its sockets are about stands in its arguments, too. */
static bool is_filtered_last(const struct tl_event_type *type)
{
	return type->class == TL_CLASS_NETWORK || ((type->flags & TL_TYPE_SOCKET) && tl_address_argument(type));
}

static void install(const struct tl_loaded *event, struct tl_plan *plan)
{
	__u16 late = (__u16)event->filters[TL_FILTER_WITH_OBJECT];

	if (tl_event_type_filterable(&event->type))
		plan->filter = (__u16)event->filters[TL_FILTER_AT_ONCE];
	if (!tl_event_type_filterable_late(&event->type))
		return;
	if (is_filtered_last(&event->type))
		plan->last_filter = late;
	else
		plan->late_filter = late;
}

int tl_filters_install(struct tl_session *s)
{
	int fd = tl_map_fd(s, "filters");

	for (uint32_t key = 1; key <= s->n_filters; key++)
		if (bpf_map_update_elem(fd, &key, &s->filters[key - 1], BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot install a filter: %s", strerror(errno));
	/* The kernel has them now. */
	free(s->filters);
	s->filters = NULL;
	for (uint32_t id = 1; id <= s->n_events; id++)
		install(&s->events[id], &s->config->plan[id]);
	return 0;
}
