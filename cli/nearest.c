// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <string.h>

#include "nearest.h"
#include "traceleft.h"

const char *tl_nearest_event(const char *name, struct tl_suggest *s)
{
	const struct tl_event_type *types;
	size_t n;

	tl_suggest_init(s, name, strlen(name));
	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++)
		if (types[i].class != TL_CLASS_RECORD)
			tl_suggest_offer(s, types[i].name);
	return tl_suggest_text(s);
}

const char *tl_nearest_group(const char *name, struct tl_suggest *s)
{
	static char best[sizeof(((struct tl_event_type *)0)->groups) + 1], given[sizeof(best)];
	const struct tl_event_type *types;
	char word[sizeof(best)] = "@";
	size_t n;

	snprintf(given, sizeof(given), "@%s", name);
	tl_suggest_init(s, given, strlen(given));
	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++)
		for (const char *at = types[i].class == TL_CLASS_RECORD ? "" : types[i].groups; *at;) {
			size_t length = strcspn(at, " ");

			memcpy(word + 1, at, length);
			word[length + 1] = 0;
			at += length + strspn(at + length, " ");
			tl_suggest_offer(s, word);
			if (s->best == word) /* it has to last */
				s->best = memcpy(best, word, length + 2);
		}
	return tl_suggest_text(s);
}
