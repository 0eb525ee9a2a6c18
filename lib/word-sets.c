/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "word-sets.h"

#include <string.h>

#include "util.h"

int tl_array_grow(void *array, size_t *allocated, size_t needed, size_t item)
{
	size_t n = MAX(*allocated * 2, 16UL);
	void *p;

	if (needed <= *allocated)
		return 0;
	n = MAX(n, needed);
	p = realloc(*(void **)array, n * item);
	if (!p)
		return -ENOMEM;
	*(void **)array = p;
	*allocated = n;
	return 0;
}

static uint32_t hash_words(const uint32_t *words, uint32_t n)
{
	uint64_t hash = 0x9e3779b97f4a7c15ULL;

	for (uint32_t i = 0; i < n; i++) {
		hash = (hash ^ words[i]) * 0xff51afd7ed558ccdULL;
		hash ^= hash >> 32;
	}
	return (uint32_t)hash;
}

static int grow_table(struct tl_word_sets *s)
{
	size_t size = s->table_size ? s->table_size * 2 : 64, slot;
	uint32_t *table;

	if (s->n_spans * 2 < s->table_size)
		return 0;
	table = calloc(size, sizeof(*table));
	if (!table)
		return -ENOMEM;
	for (size_t i = 0; i < s->n_spans; i++) {
		for (slot = s->spans[i].hash & (size - 1); table[slot]; slot = (slot + 1) & (size - 1))
			;
		table[slot] = (uint32_t)i + 1;
	}
	free(s->table);
	s->table = table;
	s->table_size = size;
	return 0;
}

int tl_word_sets_intern(struct tl_word_sets *s, const uint32_t *words, uint32_t n, uint32_t *ret_number)
{
	uint32_t hash = hash_words(words, n);
	struct tl_span *span;
	size_t slot;

	if (grow_table(s) < 0 || tl_array_grow(&s->spans, &s->spans_allocated, s->n_spans + 1, sizeof(*s->spans)) < 0 ||
	    tl_array_grow(&s->words, &s->words_allocated, s->n_words + n, sizeof(*s->words)) < 0)
		return -ENOMEM;
	for (slot = hash & (s->table_size - 1); s->table[slot]; slot = (slot + 1) & (s->table_size - 1)) {
		span = &s->spans[s->table[slot] - 1];
		if (span->hash == hash && span->n == n &&
		    (!n || !memcmp(s->words + span->offset, words, n * sizeof(*words)))) {
			*ret_number = s->table[slot] - 1;
			return 0;
		}
	}
	s->spans[s->n_spans] = (struct tl_span){ .offset = s->n_words, .n = n, .hash = hash };
	if (n)
		memcpy(s->words + s->n_words, words, n * sizeof(*words));
	s->n_words += n;
	*ret_number = (uint32_t)s->n_spans++;
	s->table[slot] = *ret_number + 1;
	return 0;
}

void tl_word_sets_done(struct tl_word_sets *s)
{
	free(s->words);
	free(s->spans);
	free(s->table);
	*s = (struct tl_word_sets){};
}

int tl_words_add(struct tl_words *w, uint32_t word)
{
	if (tl_array_grow(&w->data, &w->allocated, w->n + 1, sizeof(*w->data)) < 0)
		return -ENOMEM;
	w->data[w->n++] = word;
	return 0;
}

static int compare_words(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void tl_words_sort(struct tl_words *w)
{
	size_t n = 1;

	/* Most are sorted already. */
	while (n < w->n && w->data[n - 1] < w->data[n])
		n++;
	if (n >= w->n)
		return;
	qsort(w->data, w->n, sizeof(*w->data), compare_words);
	n = 1;
	for (size_t i = 1; i < w->n; i++)
		if (w->data[i] != w->data[n - 1])
			w->data[n++] = w->data[i];
	w->n = n;
}

int tl_words_merge(struct tl_words *out, const struct tl_words *a, const struct tl_words *b)
{
	size_t i = 0, j = 0;
	uint32_t word;

	out->n = 0;
	if (tl_array_grow(&out->data, &out->allocated, a->n + b->n, sizeof(*out->data)) < 0)
		return -ENOMEM;
	while (i < a->n || j < b->n) {
		if (j == b->n || (i < a->n && a->data[i] <= b->data[j])) {
			word = a->data[i++];
			if (j < b->n && b->data[j] == word)
				j++;
		} else {
			word = b->data[j++];
		}
		out->data[out->n++] = word;
	}
	return 0;
}

void tl_words_done(struct tl_words *w)
{
	free(w->data);
	*w = (struct tl_words){};
}
