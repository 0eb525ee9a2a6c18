/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "encode-proto.h"
#include "escape.h"
#include "file-seal.h"
#include "json-walk.h"
#include "put.h"
#include "util.h"
#include "wire-text.h"

/* ---- Writing ---- */

/* All but the hash, which it is a part of. */
static void put_facts(struct tl_buffer *b, const struct tl_file_seal *seal)
{
	TL_PUT_LITERAL(b, "\"kind\":\"");
	tl_put_text(b, seal->kind);
	TL_PUT_LITERAL(b, "\",\"format\":\"");
	tl_put_text(b, seal->format);
	TL_PUT_LITERAL(b, "\",\"number\":");
	tl_put_u64(b, seal->number);
	TL_PUT_LITERAL(b, ",\"offset\":");
	tl_put_u64(b, seal->offset);
	TL_PUT_LITERAL(b, ",\"bytes\":");
	tl_put_u64(b, seal->bytes);
	TL_PUT_LITERAL(b, ",\"previous\":\"");
	tl_put_text(b, seal->previous);
	tl_put_char(b, '"');
}

static void put_hash(struct tl_buffer *b, const struct tl_file_seal *seal)
{
	TL_PUT_LITERAL(b, ",\"hash\":\"");
	tl_put_text(b, seal->hash);
	TL_PUT_LITERAL(b, "\"}");
}

bool tl_file_seal_put(struct tl_buffer *b, const struct tl_file_seal *seal)
{
	bool escaped = false;

	TL_PUT_LITERAL(b, ",\"seal\":{");
	if (seal->file) {
		TL_PUT_LITERAL(b, "\"file\":\"");
		escaped = tl_escape_json(b, seal->file, strlen(seal->file));
		TL_PUT_LITERAL(b, "\",");
	}
	put_facts(b, seal);
	put_hash(b, seal);
	return escaped;
}

/* The line up to the hash. */
static void put_head(struct tl_buffer *b, const struct tl_file_seal *seal)
{
	char time[TL_TIME_SIZE];

	tl_time_text(time, seal->time);
	TL_PUT_LITERAL(b, "{\"@timestamp\":\"");
	tl_put(b, time, sizeof(time));
	TL_PUT_LITERAL(b, "\",\"event\":{\"action\":\"seal\"},\"traceleft\":{\"seal\":{");
	put_facts(b, seal);
}

static int put_line(struct tl_buffer *b, const struct tl_file_seal *seal)
{
	put_head(b, seal);
	put_hash(b, seal);
	TL_PUT_LITERAL(b, "}}\n");
	return b->failed ? -ENOMEM : 0;
}

static int hash_of(const struct tl_file_seal *seal, const struct tl_sha256 *data, char ret[TL_FILE_SEAL_HEX + 1])
{
	_cleanup_(tl_buffer_done) struct tl_buffer head = { 0 };
	unsigned char sum[TL_SHA256_SIZE];
	struct tl_sha256 all = *data;

	put_head(&head, seal);
	if (head.failed)
		return -ENOMEM;
	tl_sha256_update(&all, head.data, head.size);
	tl_sha256_result(&all, sum);
	for (size_t i = 0; i < sizeof(sum); i++)
		tl_w_hex_fixed(ret + 2 * i, sum[i], 2);
	ret[TL_FILE_SEAL_HEX] = 0;
	return 0;
}

int tl_file_seal_close(struct tl_file_seal *seal, const struct tl_sha256 *data)
{
	return hash_of(seal, data, seal->hash);
}

int tl_file_seal_write(struct tl_buffer *b, const struct tl_file_seal *seal, bool is_proto)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	size_t start = b->size, body;
	int r = put_line(&line, seal);

	if (r < 0)
		return r;
	b->failed = false;
	if (is_proto) {
		body = tl_wire_open(b);
		r = tl_proto_from_json(b, line.data, line.size);
		if (r >= 0)
			tl_wire_close(b, body);
	} else {
		tl_put(b, line.data, line.size);
	}
	if (r >= 0 && !b->failed)
		return 0;
	b->size = start;
	b->failed = false;
	return -ENOMEM;
}

/* ---- Reading ---- */

static const char *const kinds[] = { "begin", "resume", "interval", "rotate", "close", NULL };
static const char *const formats[] = { "json", "proto", NULL };

/* One of a list of words. */
static bool take_word(struct tl_scan *scan, const char *const *words, const char **ret)
{
	struct tl_span text;

	if (!tl_scan_string(scan, &text))
		return false;
	while (*words && (text.size != strlen(*words) || memcmp(text.at, *words, text.size)))
		words++;
	*ret = *words;
	return *words;
}

static bool take_hash(struct tl_scan *scan, char to[TL_FILE_SEAL_HEX + 1])
{
	struct tl_span text;

	if (!tl_scan_string(scan, &text) || text.size != TL_FILE_SEAL_HEX)
		return false;
	for (size_t i = 0; i < text.size; i++)
		if (!strchr("0123456789abcdef", text.at[i]) || !text.at[i])
			return false;
	memcpy(to, text.at, TL_FILE_SEAL_HEX);
	to[TL_FILE_SEAL_HEX] = 0;
	return true;
}

static bool take_number(struct tl_scan *scan, uint64_t *to)
{
	bool negative;

	return tl_scan_number(scan, &negative, to) && !negative;
}

static bool take_member(const char *name, struct tl_scan *scan, void *userdata)
{
	struct tl_file_seal *seal = userdata;
	struct tl_span text;

	if (!strcmp(name, "@timestamp"))
		return tl_scan_string(scan, &text) && tl_time_parse(text.at, text.size, &seal->time) >= 0;
	if (!strcmp(name, "event.action"))
		return tl_scan_string(scan, &text);
	if (!strcmp(name, "traceleft.seal.kind"))
		return take_word(scan, kinds, &seal->kind);
	if (!strcmp(name, "traceleft.seal.format"))
		return take_word(scan, formats, &seal->format);
	if (!strcmp(name, "traceleft.seal.number"))
		return take_number(scan, &seal->number);
	if (!strcmp(name, "traceleft.seal.offset"))
		return take_number(scan, &seal->offset);
	if (!strcmp(name, "traceleft.seal.bytes"))
		return take_number(scan, &seal->bytes);
	if (!strcmp(name, "traceleft.seal.previous"))
		return take_hash(scan, seal->previous);
	return !strcmp(name, "traceleft.seal.hash") && take_hash(scan, seal->hash);
}

/* Cheap: nearly all that it is asked about are no seals. Where it stands is the same in each. */
static bool may_be_one(const char *data, size_t size, bool is_proto)
{
	static const char line[] = "\",\"event\":{\"action\":\"seal\"},", proto[] = "\x12\x06\x0a\x04seal";
	const size_t at = sizeof("{\"@timestamp\":\"") - 1 + TL_TIME_SIZE;

	if (size > TL_FILE_SEAL_MAX || size < at + sizeof(line))
		return false;
	if (is_proto)
		return memmem(data, MIN(size, 64UL), proto, sizeof(proto) - 1) != NULL;
	return !memcmp(data + at, line, sizeof(line) - 1);
}

static int line_of(struct tl_buffer *b, const char *data, size_t size)
{
	size_t length;
	int head = tl_proto_frame(data, size, &length);

	if (head <= 0 || (size_t)head + length != size)
		return -EBADMSG;
	return tl_proto_to_json(b, data + head, length);
}

int tl_file_seal_read(const void *data, size_t size, bool is_proto, struct tl_file_seal *ret)
{
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 }, again = { 0 };
	struct tl_file_seal seal = { 0 };
	int r = 0;

	if (!may_be_one(data, size, is_proto))
		return -EBADMSG;
	if (is_proto)
		r = line_of(&line, data, size);
	if (r >= 0)
		r = is_proto ? tl_json_walk(line.data, line.size, take_member, &seal) :
			       tl_json_walk(data, size, take_member, &seal);
	if (r >= 0 && (!seal.kind || !seal.format || !seal.number || !seal.previous[0] || !seal.hash[0]))
		r = -EBADMSG;
	if (r >= 0)
		r = tl_file_seal_write(&again, &seal, is_proto);
	if (r < 0)
		return r;
	if (again.size != size || memcmp(again.data, data, size) != 0)
		return -EBADMSG;
	if (strcmp(seal.format, formats[is_proto]) != 0)
		return -EMEDIUMTYPE;
	*ret = seal;
	return 0;
}

int tl_file_seal_check(const struct tl_file_seal *seal, const struct tl_sha256 *data)
{
	char hash[TL_FILE_SEAL_HEX + 1];
	int r = hash_of(seal, data, hash);

	if (r < 0)
		return r;
	return !strcmp(hash, seal->hash);
}
