/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Temporary folders, events and outputs for the tests of the outputs. */
#ifndef TRACELEFT_SINK_FIXTURE_H
#define TRACELEFT_SINK_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "encode-fixture.h"
#include "json-check.h"
#include "log.h"
#include "sink.h"
#include "util.h"

struct sinks {
	struct fixture fixture;
	char folder[64];
	char path[128]; /* of the output's file or socket */
	struct tl_policy_output output;
	struct tl_sink_setup setup;
	struct tl_sink *sink;
};

static inline void sinks_init(struct sinks *t)
{
	memset(t, 0, sizeof(*t));
	fixture_init(&t->fixture);
	strcpy(t->folder, "/tmp/traceleft-test-XXXXXX");
	assert_non_null(mkdtemp(t->folder));
	snprintf(t->path, sizeof(t->path), "%s/out", t->folder);
	t->output = (struct tl_policy_output){ .name = (char *)"log", .path = t->path, .type = TL_OUTPUT_FILE };
	t->setup.memory = 64 * 1024;
}

static inline int sinks_remove(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}

static inline void sinks_done(struct sinks *t)
{
	t->sink = tl_sink_unref(t->sink);
	nftw(t->folder, sinks_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	fixture_done(&t->fixture);
}

static inline void sinks_open(struct sinks *t)
{
	assert_int_equal(tl_sink_new(&t->output, &t->setup, &t->sink), 0);
}

/* Closes and opens as a restart does. */
static inline void sinks_restart(struct sinks *t)
{
	t->sink = tl_sink_unref(t->sink);
	sinks_open(t);
}

static inline void sinks_write(struct sinks *t, uint64_t seq)
{
	t->fixture.event.seq = seq;
	tl_sink_write(t->sink, &t->fixture.event, NULL);
}

static inline void sinks_write_many(struct sinks *t, uint64_t first, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		sinks_write(t, first + i);
}

/* Every event is somewhere. */
static inline void sinks_balance(const struct sinks *t)
{
	const struct tl_sink_counters *c = &t->sink->counters;

	assert_int_equal(c->accepted, c->delivered + c->lost + tl_sink_waiting(t->sink));
}

/* The file's bytes with a NUL behind; to be freed. */
static inline char *read_path(const char *path, size_t *ret_size)
{
	FILE *f = fopen(path, "re");
	struct stat st;
	char *text;

	assert_non_null(f);
	assert_int_equal(fstat(fileno(f), &st), 0);
	text = malloc((size_t)st.st_size + 1);
	assert_non_null(text);
	assert_int_equal(fread(text, 1, (size_t)st.st_size, f), st.st_size);
	text[st.st_size] = 0;
	if (ret_size)
		*ret_size = (size_t)st.st_size;
	fclose(f);
	return text;
}

/* Every line is one JSON object; returns how many. */
static inline size_t check_lines(const char *path)
{
	size_t size, n = 0;
	char *text = read_path(path, &size);

	for (char *p = text, *end; p < text + size; p = end, n++) {
		end = memchr(p, '\n', (size_t)(text + size - p));
		assert_non_null(end);
		end++;
		assert_true(json_line(p, (size_t)(end - p), NULL, NULL));
	}
	free(text);
	return n;
}

static inline void write_path(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static inline bool exists(const char *path)
{
	return access(path, F_OK) == 0;
}

/* How often `what` stands in `text`. */
static inline size_t count_of(const char *text, const char *what)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, what)); p += strlen(what))
		n++;
	return n;
}

#endif
