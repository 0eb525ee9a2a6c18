/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the readers of a session were told: each call, each number of a CPU, and what was
 * declared lost. It lies in memory that all share and outlives them.
 */
#ifndef TL_TEST_BOOK_H
#define TL_TEST_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define WORKERS 4
#define CPUS_MAX 64
#define NUMBERS_MAX (1U << 26) /* of a CPU, and of a worker's calls */
#define TIMES_MAX (1U << 22)

/* What a reader is told of. Who is killed while it notes that has still been told. */
struct told {
	uint64_t first, last; /* numbers on the CPU */
	uint32_t cpu;
	bool is_lost;
	unsigned worker; /* else: whose call */
	uint64_t call;
	uint32_t time; /* the lower half */
};

struct book {
	struct told noting;
	atomic_uint is_noting;
	uint8_t numbers[CPUS_MAX][NUMBERS_MAX / 8]; /* of calls that were told */
	uint8_t lost[CPUS_MAX][NUMBERS_MAX / 8];
	uint64_t lost_last[CPUS_MAX];
	uint8_t calls[WORKERS][NUMBERS_MAX / 8];
	uint64_t call_last[WORKERS];
	uint32_t times[WORKERS][TIMES_MAX]; /* of the first ones */
};

static inline void set_bit(uint8_t *bits, uint64_t n)
{
	bits[n / 8] |= (uint8_t)(1 << n % 8);
}

static inline bool has_bit(const uint8_t *bits, uint64_t n)
{
	return bits[n / 8] & 1 << n % 8;
}

/* Once or several times is the same. */
static inline void write_down(struct book *book, const struct told *t)
{
	for (uint64_t seq = t->first; t->cpu < CPUS_MAX && seq <= t->last && seq < NUMBERS_MAX; seq++)
		set_bit(t->is_lost ? book->lost[t->cpu] : book->numbers[t->cpu], seq);
	if (t->is_lost) {
		if (t->cpu < CPUS_MAX && t->last < NUMBERS_MAX && t->last > book->lost_last[t->cpu])
			book->lost_last[t->cpu] = t->last;
		return;
	}
	set_bit(book->calls[t->worker], t->call);
	if (t->call > book->call_last[t->worker])
		book->call_last[t->worker] = t->call;
	if (t->call < TIMES_MAX)
		book->times[t->worker][t->call] = t->time;
}

static inline void note(struct book *book, const struct told *t)
{
	book->noting = *t;
	atomic_store(&book->is_noting, 1);
	write_down(book, t);
	atomic_store(&book->is_noting, 0);
}

/* What a reader that was killed had begun to note. */
static inline void finish_note(struct book *book)
{
	if (atomic_exchange(&book->is_noting, 0))
		write_down(book, &book->noting);
}

static inline uint64_t count_lost(const struct book *book)
{
	uint64_t n = 0;

	for (unsigned cpu = 0; cpu < CPUS_MAX; cpu++)
		for (uint64_t seq = 1; seq <= book->lost_last[cpu]; seq++)
			n += has_bit(book->lost[cpu], seq);
	return n;
}

/* Calls of the first so many of each worker that were told. */
static inline uint64_t count_told(const struct book *book, const uint64_t done[WORKERS])
{
	uint64_t n = 0;

	for (unsigned i = 0; i < WORKERS; i++)
		for (uint64_t k = 0; k < done[i]; k++)
			n += has_bit(book->calls[i], k);
	return n;
}

#endif
