/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "json-walk.h"

#define DEPTH_MAX 8

struct walk {
	struct tl_scan scan;
	char name[256];
	size_t name_size;
	unsigned depth;
	tl_json_member member;
	void *userdata;
};

/* Takes a key to the name; names of ours are short, those of arguments have at
 * most 31 bytes. */
static bool enter(struct walk *w, struct tl_span key)
{
	if (w->name_size + key.size + 2 > sizeof(w->name))
		return false;
	if (w->name_size)
		w->name[w->name_size++] = '.';
	memcpy(w->name + w->name_size, key.at, key.size);
	w->name_size += key.size;
	w->name[w->name_size] = 0;
	return true;
}

static bool walk_members(struct walk *w)
{
	size_t outer = w->name_size;

	if (!tl_scan_char(&w->scan, '{') || ++w->depth > DEPTH_MAX)
		return false;
	while (tl_scan_peek(&w->scan) != '}') {
		struct tl_span key;

		if (!tl_scan_string(&w->scan, &key) || !tl_scan_char(&w->scan, ':') || !enter(w, key))
			return false;
		if (tl_scan_peek(&w->scan) == '{' ? !walk_members(w) : !w->member(w->name, &w->scan, w->userdata))
			return false;
		w->name_size = outer;
		w->name[outer] = 0;
		if (!tl_scan_char(&w->scan, ',') && tl_scan_peek(&w->scan) != '}')
			return false;
	}
	w->depth--;
	return tl_scan_char(&w->scan, '}');
}

int tl_json_walk(const char *line, size_t n, tl_json_member member, void *userdata)
{
	struct walk w = { .scan = { line, line + n }, .member = member, .userdata = userdata };

	return walk_members(&w) && tl_scan_char(&w.scan, '\n') && w.scan.at == w.scan.end ? 0 : -EBADMSG;
}
