/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a line costs in processor time: synthetic events, several processes, medians of rounds.
 * Linked with the library; no privileges. Prints ns per event and its size. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/encode-fixture.h"

#define ROUNDS 11
#define EVENTS 400000
#define PROCESSES 8

typedef int (*encode_function)(struct tl_buffer *, const struct tl_event *, const struct tl_annotation *);

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* others may use the processor, too */
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* A round: time, sequence, result, name and process differ from event to event. */
static double round_of(struct fixture *f, struct tl_process *processes, encode_function encode,
		       const struct tl_annotation *annotation)
{
	static const char *const names[4] = { "/etc/passwd", "/usr/lib/x86_64-linux-gnu/libc.so.6",
					      "/home/alice/project/src/main.c", "/etc/ld.so.cache" };
	uint64_t begin = now();

	for (unsigned i = 0; i < EVENTS; i++) {
		f->event.seq++;
		f->event.time += 700;
		f->event.ret = 3 + i % 5;
		f->event.duration = 3000 + i % 1000;
		f->event.process = &processes[i / 16 % PROCESSES];
		f->event.pid = f->event.process->pid;
		f->event.captured[1] = fixture_string(names[i % 4]);
		f->event.file.path = f->event.captured[1];
		f->event.file.inode = 131000 + i % 4;
		f->event.hash = f->event.seq * 0x9e3779b97f4a7c15ULL;
		if (f->out.size > 65536)
			f->out.size = 0;
		if (encode(&f->out, &f->event, annotation) < 0)
			exit(1);
	}
	return (double)(now() - begin) / EVENTS;
}

static void measure(const char *name, encode_function encode, const struct tl_annotation *annotation)
{
	struct tl_process processes[PROCESSES];
	double rounds[ROUNDS];
	struct fixture f;
	size_t line;

	fixture_init(&f);
	for (unsigned i = 0; i < PROCESSES; i++) {
		processes[i] = f.process;
		processes[i].pid += i * 3;
		processes[i].start += i;
	}
	for (unsigned i = 0; i < ROUNDS; i++)
		rounds[i] = round_of(&f, processes, encode, annotation);
	f.out.size = 0;
	if (encode(&f.out, &f.event, annotation) < 0)
		exit(1);
	line = f.out.size;
	qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
	printf("%-24s %7.1f ns/event  (%.1f-%.1f)  %zu bytes/line\n", name, rounds[ROUNDS / 2], rounds[0],
	       rounds[ROUNDS - 1], line);
	fixture_done(&f);
}

int main(void)
{
	static const char *const tags[] = { "identity" };
	static const struct tl_annotation annotation = {
		.rule = "etc-changes", .tags = tags, .n_tags = 1, .severity = "warning"
	};

	measure("json openat", tl_encode_json, NULL);
	measure("json openat, rule", tl_encode_json, &annotation);
	measure("text openat", tl_encode_text, NULL);
	return 0;
}
