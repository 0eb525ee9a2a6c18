// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "fnv.h"
#include "put.h"
#include "rules-by.h"
#include "util.h"
#include "values.h"

#define TEXT_MAX 4096 /* bytes of a value that a key holds; its hash tells longer ones apart */

int tl_by_prepare(struct tl_by *by)
{
	for (size_t i = 0; i < by->n && !by->joined; i++)
		if (by->fields[i]->joined) {
			by->joined = malloc(TL_JOIN_MAX);
			if (!by->joined)
				return -ENOMEM;
		}
	return 0;
}

void tl_by_done(struct tl_by *by)
{
	tl_buffer_done(&by->key);
	free(by->joined);
	*by = (struct tl_by){ 0 };
}

/* ---- Keys: per field whether there is a value, then the value ---- */

static void put_value(struct tl_buffer *b, const struct tl_reference *field, const struct tl_value *value)
{
	uint32_t size = (uint32_t)MIN(value->text.size, (size_t)UINT32_MAX);
	uint64_t hash;

	if (field->kind == TL_FIELD_ADDRESS) {
		tl_put_char(b, value->ip.v6 ? 6 : 4);
		tl_put(b, (const char *)&value->ip.number, sizeof(value->ip.number));
		return;
	}
	if (field->kind != TL_FIELD_STRING) {
		tl_put(b, (const char *)&value->number, sizeof(value->number));
		return;
	}
	tl_put(b, (const char *)&size, sizeof(size));
	tl_put(b, value->text.data, MIN(size, (uint32_t)TEXT_MAX));
	if (size > TEXT_MAX) {
		hash = tl_fnv1a(TL_FNV_BASIS, value->text.data, size);
		tl_put(b, (const char *)&hash, sizeof(hash));
	}
}

int tl_by_make(struct tl_by *by, const struct tl_event *event)
{
	struct tl_buffer *b = &by->key;

	b->size = 0;
	b->failed = false;
	for (size_t i = 0; i < by->n; i++) {
		const struct tl_reference *field = by->fields[i];
		struct tl_value value = { 0 };
		bool has = field->joined ? tl_reference_join(field, event, by->joined, &value.text) :
					   tl_reference_get(field, event, &value);

		tl_put_char(b, has);
		if (has)
			put_value(b, field, &value);
	}
	return b->failed ? -ENOMEM : 0;
}

static const char *take(const char **key, size_t *size, void *to, size_t n)
{
	const char *at = *key;

	if (*size < n)
		return NULL;
	if (to)
		memcpy(to, at, n);
	*key += n;
	*size -= n;
	return at;
}

static void show_address(struct tl_buffer *text, char version, unsigned __int128 number)
{
	char address[48];
	uint8_t bytes[16];
	size_t n = version == 6 ? 16 : 4;

	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(number >> (8 * (n - 1 - i)));
	tl_put(text, address, tl_address_text(address, version == 6 ? AF_INET6 : AF_INET, bytes));
}

/* Appends the value to the text. False: the key is not one of ours. */
static bool show_value(struct tl_buffer *text, const struct tl_reference *field, const char **key, size_t *size)
{
	unsigned __int128 address;
	__int128 number;
	uint32_t length;
	const char *at;
	char version;

	switch ((enum tl_field_kind)field->kind) {
	case TL_FIELD_ADDRESS:
		if (!take(key, size, &version, 1) || !take(key, size, &address, sizeof(address)))
			return false;
		show_address(text, version, address);
		return true;
	case TL_FIELD_STRING:
		if (!take(key, size, &length, sizeof(length)))
			return false;
		at = take(key, size, NULL, MIN(length, (uint32_t)TEXT_MAX));
		if (!at || (length > TEXT_MAX && !take(key, size, NULL, sizeof(uint64_t))))
			return false;
		tl_put(text, at, MIN(length, (uint32_t)TEXT_MAX));
		return true;
	default:
		if (!take(key, size, &number, sizeof(number)))
			return false;
		if (field->kind == TL_FIELD_BOOL)
			tl_put_text(text, number ? "true" : "false");
		else if (number < 0)
			tl_put_i64(text, (int64_t)number);
		else
			tl_put_u64(text, (uint64_t)number);
		return true;
	}
}

int tl_by_show(const struct tl_by *by, const char *key, size_t size, struct tl_buffer *text,
	       struct tl_key_value ret[TL_BY_MAX])
{
	size_t at[TL_BY_MAX];
	char has = 0;

	text->failed = false;
	for (size_t i = 0; i < by->n; i++) {
		at[i] = text->size;
		if (!take(&key, &size, &has, 1) || (has && !show_value(text, by->fields[i], &key, &size)))
			return -EBADMSG;
		ret[i] = (struct tl_key_value){
			.name = by->names[i],
			.is_number = by->fields[i]->kind == TL_FIELD_NUMBER || by->fields[i]->kind == TL_FIELD_BOOL,
			.size = text->size - at[i],
		};
		if (!has)
			ret[i].is_missing = true;
	}
	if (text->failed)
		return -ENOMEM;
	for (size_t i = 0; i < by->n; i++)
		ret[i].text = text->data ? text->data + at[i] : "";
	return 0;
}
