/* SPDX-License-Identifier: GPL-2.0-or-later */
/* "Did you mean": the valid name that is nearest to a wrong one. */
#ifndef TRACELEFT_SUGGEST_H
#define TRACELEFT_SUGGEST_H

#include <stddef.h>

struct tl_suggest {
	const char *word; /* size bytes; borrowed */
	size_t size;
	const char *best; /* NULL: nothing is near; borrowed from whoever offered it */
	unsigned distance; /* of best; with no best, what is too far */
	char text[96]; /* of tl_suggest_text() */
};

void tl_suggest_init(struct tl_suggest *s, const char *word, size_t size);
void tl_suggest_offer(struct tl_suggest *s, const char *candidate);
/* ", did you mean 'NAME'?" or "". Lives as long as s. */
const char *tl_suggest_text(struct tl_suggest *s);

#endif
