/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "messages.h"

/* Takes n bytes at *at, padded to 8; NULL if there are fewer. */
static const char *take(const struct tl_bytes *bytes, size_t *at, size_t n)
{
	size_t begin = *at;

	if (begin > bytes->size || n > bytes->size - begin)
		return NULL;
	*at = begin + ((n + 7) & ~(size_t)7);
	return bytes->data + begin;
}

/* Of n bytes at `at`: a rule may have cut the value in the middle of them. */
static size_t what_is_left(const struct tl_bytes *bytes, size_t at, size_t n)
{
	if (!(bytes->flags & TL_VALUE_TRUNCATED) || at > bytes->size)
		return n;
	return n < bytes->size - at ? n : bytes->size - at;
}

bool tl_vector_next(const struct tl_bytes *captured, size_t *at, uint64_t *ret_length, struct tl_bytes *ret)
{
	struct tl_vector vector;
	const char *head = take(captured, at, sizeof(vector)), *data;
	size_t size;

	if (!head)
		return false;
	memcpy(&vector, head, sizeof(vector));
	size = what_is_left(captured, *at, vector.size);
	data = take(captured, at, size);
	if (!data)
		return false;
	*ret_length = vector.length;
	*ret = (struct tl_bytes){ .data = data, .size = (uint32_t)size, .flags = TL_VALUE_PRESENT };
	if (size < vector.size || (size == TL_VECTOR_MAX && vector.length > size))
		ret->flags |= TL_VALUE_TRUNCATED;
	return true;
}

bool tl_message_next(const struct tl_bytes *captured, size_t *at, struct tl_message_view *ret)
{
	struct tl_message_view view = {};
	const char *head = take(captured, at, sizeof(view.head));
	size_t control_size, vectors_size;

	if (!head)
		return false;
	memcpy(&view.head, head, sizeof(view.head));
	view.name.data = take(captured, at, view.head.name_size);
	control_size = what_is_left(captured, *at, view.head.control_taken);
	view.control.data = view.name.data ? take(captured, at, control_size) : NULL;
	vectors_size = what_is_left(captured, *at, view.head.vectors_size);
	view.vectors.data = view.control.data ? take(captured, at, vectors_size) : NULL;
	if (!view.vectors.data)
		return false;
	view.name.size = view.head.name_size;
	view.name.flags = view.name.size ? TL_VALUE_PRESENT : 0;
	view.control.size = (uint32_t)control_size;
	view.control.flags = control_size ? TL_VALUE_PRESENT : 0;
	if (control_size < view.head.control_size)
		view.control.flags |= TL_VALUE_TRUNCATED;
	view.vectors.size = (uint32_t)vectors_size;
	view.vectors.flags = TL_VALUE_PRESENT | (vectors_size < view.head.vectors_size ? TL_VALUE_TRUNCATED : 0);
	*ret = view;
	return true;
}
