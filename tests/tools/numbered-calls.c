/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls with a number each, and what was told of them: whether each was told, and once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	FIRST = 0x40000000, /* of the arguments: no group of processes has it */
	BURST = 100,
	PROCESSES_MAX = 64,
	CPUS_MAX = 1024,
};

static int usage(void)
{
	fprintf(stderr, "usage: numbered-calls make GO MICROSECONDS     while there is the file GO, 100 and then a pause: prints\n"
			"                                               its pid and how many; ends when GO is there again\n"
			"       numbered-calls open DIRECTORY FILES    each of so many files in it twice\n"
			"       numbered-calls count < EVENTS.jsonl     prints how many were told, numbers of events that\n"
			"                                               came again, events lost, gaps, and what is wrong\n");
	return 2;
}

static void await(const char *file)
{
	while (access(file, F_OK))
		usleep(10000);
}

/* What it does besides, its end, is not to be among what a flood loses. */
static int make_calls(const char *go, useconds_t pause)
{
	unsigned n = 0;

	await(go);
	while (!access(go, F_OK)) {
		for (int i = 0; i < BURST; i++)
			syscall(SYS_getpgid, FIRST | n++);
		if (pause)
			usleep(pause);
	}
	printf("%d %u\n", getpid(), n);
	if (fflush(stdout))
		return 1;
	await(go);
	return 0;
}

/* Each of so many files twice. */
static int open_files(const char *directory, unsigned n)
{
	char path[4096];

	for (unsigned i = 0; i < 2 * n; i++) {
		int fd;

		snprintf(path, sizeof(path), "%s/%u", directory, i % n);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd < 0 || close(fd) < 0) {
			perror(path);
			return 1;
		}
	}
	return 0;
}

struct bits {
	uint64_t *words;
	size_t n; /* of words */
};

/* Whether the bit was set before. Ends the program if there is no memory. */
static bool set_bit(struct bits *bits, uint64_t bit)
{
	size_t word = bit / 64, n = bits->n ? bits->n : 1024;
	uint64_t mask = UINT64_C(1) << bit % 64;
	bool was_set;

	while (n <= word)
		n *= 2;
	if (n > bits->n) {
		bits->words = realloc(bits->words, n * sizeof(*bits->words));
		if (!bits->words) {
			perror("numbered-calls");
			exit(1);
		}
		memset(bits->words + bits->n, 0, (n - bits->n) * sizeof(*bits->words));
		bits->n = n;
	}
	was_set = bits->words[word] & mask;
	bits->words[word] |= mask;
	return was_set;
}

/* Finds the number behind TEXT, from *AT on, which goes on behind it. */
static bool find_number(const char **at, const char *text, uint64_t *number)
{
	const char *found = strstr(*at, text);
	char *end;

	if (!found)
		return false;
	errno = 0;
	*number = strtoull(found + strlen(text), &end, 10);
	*at = end;
	return !errno && end != found + strlen(text);
}

static struct bits numbers_of[CPUS_MAX]; /* of events, by CPU */
static struct {
	uint64_t pid;
	struct bits calls;
} processes[PROCESSES_MAX];
static uint64_t told, again, lost, gaps, wrong;

static struct bits *calls_of(uint64_t pid)
{
	for (int i = 0; i < PROCESSES_MAX; i++) {
		if (!processes[i].pid)
			processes[i].pid = pid;
		if (processes[i].pid == pid)
			return &processes[i].calls;
	}
	return NULL;
}

static void count_call(const char *line)
{
	uint64_t pid, call, cpu, number;
	struct bits *calls;

	if (!find_number(&line, "\"process\":{\"pid\":", &pid) || !find_number(&line, "\"args\":{\"pid\":", &call) ||
	    !find_number(&line, "\"cpu\":", &cpu) || !find_number(&line, "\"seq\":", &number) || cpu >= CPUS_MAX ||
	    !(calls = calls_of(pid)))
		wrong++;
	else if (set_bit(&numbers_of[cpu], number))
		again++;
	else if (call < FIRST || set_bit(calls, call - FIRST))
		wrong++;
	else
		told++;
}

static void count_line(const char *line)
{
	uint64_t n;

	if (strstr(line, "\"action\":\"getpgid\""))
		count_call(line);
	else if (strstr(line, "\"stage\":\"outage\""))
		gaps++;
	else if (strstr(line, "\"action\":\"lost\""))
		lost += find_number(&line, "\"count\":", &n) ? n : 0;
}

static int count_calls(void)
{
	size_t size = 0;
	char *line = NULL;

	while (getline(&line, &size, stdin) > 0)
		count_line(line);
	free(line);
	if (ferror(stdin)) {
		perror("numbered-calls");
		return 1;
	}
	printf("%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", told, again, lost, gaps, wrong);
	return fflush(stdout) ? 1 : 0;
}

int main(int argc, char **argv)
{
	if (argc == 4 && !strcmp(argv[1], "make"))
		return make_calls(argv[2], strtoul(argv[3], NULL, 10));
	if (argc == 4 && !strcmp(argv[1], "open"))
		return open_files(argv[2], (unsigned)strtoul(argv[3], NULL, 10));
	if (argc == 2 && !strcmp(argv[1], "count"))
		return count_calls();
	return usage();
}
