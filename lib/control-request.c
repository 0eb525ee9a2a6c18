// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>

#include "control-request.h"
#include "put.h"
#include "util.h"

#define JSON "json"
#define WHERE "where="

static const char *const verbs[] = {
	[TL_CONTROL_RELOAD] = "reload",
	[TL_CONTROL_TAIL] = "tail",
	[TL_CONTROL_TOP] = "top",
};

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static int parse_verb(const char *word, struct tl_control_request *r, const char **ret_why)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (!strcmp(word, verbs[i])) {
			r->verb = (enum tl_control_verb)i;
			return 0;
		}
	return refuse(ret_why, "no such request");
}

static int parse_option(const char *word, struct tl_control_request *r, const char **ret_why)
{
	if (r->verb != TL_CONTROL_TAIL)
		return refuse(ret_why, "this request takes no more words");
	if (!strcmp(word, JSON) && !r->json)
		r->json = true;
	else if (!strncmp(word, WHERE, strlen(WHERE)) && !r->where)
		r->where = word + strlen(WHERE);
	else
		return refuse(ret_why, "a word that this request does not take, or takes once only");
	return 0;
}

int tl_control_request_parse(const char *data, size_t size, struct tl_control_request *ret, const char **ret_why)
{
	const size_t known = MIN(size, (size_t)TL_CONTROL_REQUEST_MAX);
	struct tl_control_request request = { 0 };
	size_t at = 0;

	for (size_t n = 0; at < known; n++) {
		const char *word = data + at, *end = memchr(word, 0, known - at);
		int r;

		if (!end)
			break;
		at += (size_t)(end - word) + 1;
		if (n && end == word) {
			*ret = request;
			return (int)at;
		}
		r = n ? parse_option(word, &request, ret_why) : parse_verb(word, &request, ret_why);
		if (r < 0)
			return r;
	}
	if (known < TL_CONTROL_REQUEST_MAX)
		return 0;
	*ret_why = "the request is too long";
	return -EMSGSIZE;
}

static void put_word(struct tl_buffer *b, const char *text)
{
	tl_put_text(b, text);
	tl_put_char(b, 0);
}

int tl_control_request_put(struct tl_buffer *b, const struct tl_control_request *request)
{
	const size_t begin = b->size;

	put_word(b, verbs[request->verb]);
	if (request->json)
		put_word(b, JSON);
	if (request->where) {
		tl_put_text(b, WHERE);
		put_word(b, request->where);
	}
	tl_put_char(b, 0);
	if (b->failed)
		return -ENOMEM;
	return b->size - begin > TL_CONTROL_REQUEST_MAX ? -EMSGSIZE : 0;
}
