/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sequences of 32-bit words, each kept once and known by its number. */
#ifndef TRACELEFT_WORD_SETS_H
#define TRACELEFT_WORD_SETS_H

#include <stddef.h>
#include <stdint.h>

struct tl_span {
	size_t offset; /* in words */
	uint32_t n;
	uint32_t hash;
};

/* Makes room for `needed` items in a malloc'ed array; `array` is the address of
 * its pointer. -ENOMEM, and then it is as before. */
int tl_array_grow(void *array, size_t *allocated, size_t needed, size_t item);

/* Zero-initialised is empty. */
struct tl_word_sets {
	uint32_t *words; /* of all, one after the other */
	size_t n_words, words_allocated;
	struct tl_span *spans; /* by number */
	size_t n_spans, spans_allocated;
	uint32_t *table; /* number + 1, 0: free */
	size_t table_size;
};

/* Number of the sequence, a new one (the old n_spans) if it is new. -ENOMEM. */
int tl_word_sets_intern(struct tl_word_sets *s, const uint32_t *words, uint32_t n, uint32_t *ret_number);

/* Valid until the next tl_word_sets_intern(). */
static inline const uint32_t *tl_word_sets_get(const struct tl_word_sets *s, uint32_t number, uint32_t *ret_n)
{
	*ret_n = s->spans[number].n;
	return *ret_n ? s->words + s->spans[number].offset : NULL;
}

void tl_word_sets_done(struct tl_word_sets *s);

/* Words that grow at the end. */
struct tl_words {
	uint32_t *data;
	size_t n, allocated;
};

int tl_words_add(struct tl_words *w, uint32_t word); /* -ENOMEM */
void tl_words_sort(struct tl_words *w); /* each once */
/* out = a and b, both sorted; `out` is none of them. -ENOMEM */
int tl_words_merge(struct tl_words *out, const struct tl_words *a, const struct tl_words *b);
void tl_words_done(struct tl_words *w);

#endif
