// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "suggest.h"
#include "util.h"

#define NAME_MAX_LENGTH 48 /* longer words are no typing mistakes */

void tl_suggest_init(struct tl_suggest *s, const char *word, size_t size)
{
	/* One mistake in three letters. */
	*s = (struct tl_suggest){ .word = word,
				  .size = size,
				  .distance = (unsigned)MIN(size, NAME_MAX_LENGTH) / 3 + 2 };
	if (size < 3)
		s->distance = 2;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned least = MIN(a, b);

	return MIN(least, c);
}

static unsigned differ(char a, char b)
{
	return tolower((unsigned char)a) != tolower((unsigned char)b);
}

/* Insertions, deletions, replacements and swaps of neighbours that make b of a. */
static unsigned edit_distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
	unsigned rows[3][NAME_MAX_LENGTH + 1];

	for (size_t j = 0; j <= b_size; j++)
		rows[0][j] = (unsigned)j;
	for (size_t i = 1; i <= a_size; i++) {
		unsigned *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_size; j++) {
			row[j] = min3(above[j] + 1, row[j - 1] + 1, above[j - 1] + differ(a[i - 1], b[j - 1]));
			if (i > 1 && j > 1 && !differ(a[i - 1], b[j - 2]) && !differ(a[i - 2], b[j - 1]))
				row[j] = MIN(row[j], before[j - 2] + 1);
		}
	}
	return rows[a_size % 3][b_size];
}

void tl_suggest_offer(struct tl_suggest *s, const char *candidate)
{
	size_t size = strlen(candidate);
	unsigned distance;

	if (!s->size || s->size > NAME_MAX_LENGTH || size > NAME_MAX_LENGTH)
		return;
	/* A word that was cut short is a likely one. */
	if (s->size >= 3 && size > s->size && s->distance > 1 && strncmp(candidate, s->word, s->size) == 0) {
		s->distance = 2;
		s->best = candidate;
		return;
	}
	if ((size > s->size ? size - s->size : s->size - size) >= s->distance)
		return;
	distance = edit_distance(s->word, s->size, candidate, size);
	if (distance < s->distance) {
		s->distance = distance;
		s->best = candidate;
	}
}

const char *tl_suggest_text(struct tl_suggest *s)
{
	if (s->best)
		snprintf(s->text, sizeof(s->text), ", did you mean '%s'?", s->best);
	return s->text;
}
