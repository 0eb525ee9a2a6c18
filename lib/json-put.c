// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "escape.h"
#include "json-put.h"
#include "put.h"

static void json_begin(struct tl_buffer *b, const char *name)
{
	char last = b->size ? b->data[b->size - 1] : '[';

	if (last != '[' && last != '{')
		tl_put_char(b, ',');
	if (!name)
		return;
	tl_put_char(b, '"');
	tl_put_text(b, name);
	TL_PUT_LITERAL(b, "\":");
}

void tl_json_open(struct tl_buffer *b, const char *name, char bracket)
{
	json_begin(b, name);
	tl_put_char(b, bracket);
}

void tl_json_close(struct tl_buffer *b, char bracket)
{
	tl_put_char(b, bracket);
}

void tl_json_string(struct tl_buffer *b, const char *name, const char *value)
{
	json_begin(b, name);
	tl_put_char(b, '"');
	tl_escape_json(b, value, strlen(value));
	tl_put_char(b, '"');
}

void tl_json_number(struct tl_buffer *b, const char *name, int64_t value)
{
	json_begin(b, name);
	tl_put_i64(b, value);
}

void tl_json_unsigned(struct tl_buffer *b, const char *name, uint64_t value)
{
	json_begin(b, name);
	tl_put_u64(b, value);
}

void tl_json_bool(struct tl_buffer *b, const char *name, bool value)
{
	json_begin(b, name);
	tl_put_text(b, value ? "true" : "false");
}
