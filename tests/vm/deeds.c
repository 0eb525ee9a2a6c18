// SPDX-License-Identifier: GPL-2.0-or-later
/* Does what the lines of a file say, each in a process of its own, and prints "NAME PID" of each:
 * what auditd and traceleft have recorded is known by its process.
 *
 * usage: deeds FILE
 *
 *   NAME [uid=N] [gid=N] [auid=N] [cwd=PATH] [b32]: CALL [ARGUMENT...] [; CALL...]
 *
 * b32: by the numbers and the entry of 32-bit programs. An argument is a number; names of flags, with | between;
 * $, the last result; @zero, 4 KiB of zeros; @argv; @how:FLAGS, for openat2; @un:PATH, an address of a socket;
 * @in:PORT, another; or else a string. That a call fails is no error: some are meant to.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traceleft.h"
#include "util.h"

#define ROOM 65536
#define ARGS_MAX 6
#define FAILED 77 /* status of a process whose line is wrong; no program that is run ends so */

struct deed {
	bool b32;
	long uid, gid, auid; /* -1: as they are */
	const char *cwd; /* NULL: / */
	long result; /* of the last call */
};

/* Where 32-bit calls can have it, zeroed. */
static char *room, *room_end;

static void *take(size_t size)
{
	char *p = room;

	size = (size + 15) & ~(size_t)15;
	if (size > (size_t)(room_end - room)) {
		fprintf(stderr, "deeds: a line wants too much room\n");
		_exit(FAILED);
	}
	room += size;
	return p;
}

static uintptr_t text_argument(const char *word)
{
	size_t size = strlen(word) + 1;

	return (uintptr_t)memcpy(take(size), word, size);
}

/* ---- Arguments ---- */

static bool flag_of(const char *name, size_t n, long *ret)
{
	static const struct {
		const char *name;
		long value;
	} flags[] = {
		{ "AT_FDCWD", AT_FDCWD }, { "AT_EMPTY_PATH", AT_EMPTY_PATH },
		{ "O_RDONLY", O_RDONLY }, { "O_WRONLY", O_WRONLY },
		{ "O_RDWR", O_RDWR },	  { "O_CREAT", O_CREAT },
		{ "O_TRUNC", O_TRUNC },	  { "O_PATH", O_PATH },
		{ "O_EXCL", O_EXCL },	  { "O_NOFOLLOW", O_NOFOLLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
		if (strlen(flags[i].name) == n && memcmp(flags[i].name, name, n) == 0) {
			*ret = flags[i].value;
			return true;
		}
	return false;
}

static bool flags_of(const char *word, long *ret)
{
	long all = 0, one;

	for (const char *p = word;; p++) {
		size_t n = strcspn(p, "|");

		if (!flag_of(p, n, &one))
			return false;
		all |= one;
		p += n;
		if (!*p)
			break;
	}
	*ret = all;
	return true;
}

static uintptr_t how_argument(const char *word)
{
	struct open_how *how = take(sizeof(*how));
	long flags = 0;

	if (!flags_of(word, &flags)) {
		fprintf(stderr, "deeds: no flags: %s\n", word);
		_exit(FAILED);
	}
	how->flags = (uint64_t)flags;
	return (uintptr_t)how;
}

static uintptr_t argv_argument(const struct deed *d)
{
	const uintptr_t word = text_argument("deed");

	if (d->b32) {
		uint32_t *argv = take(2 * sizeof(*argv));

		argv[0] = (uint32_t)word;
		return (uintptr_t)argv;
	}
	uint64_t *argv = take(2 * sizeof(*argv));

	argv[0] = word;
	return (uintptr_t)argv;
}

static uintptr_t address_argument(const char *word)
{
	struct sockaddr_storage *storage = take(sizeof(*storage));

	if (strncmp(word, "un:", 3) == 0) {
		struct sockaddr_un *un = (struct sockaddr_un *)storage;

		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof(un->sun_path), "%s", word + 3);
	} else {
		struct sockaddr_in *in = (struct sockaddr_in *)storage;

		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)atoi(word + 3));
		in->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return (uintptr_t)storage;
}

static long argument(const struct deed *d, const char *word)
{
	char *end;
	long value = strtol(word, &end, 0);

	if ((!*end && end != word) || flags_of(word, &value))
		return value;
	if (strcmp(word, "$") == 0)
		return d->result;
	if (strcmp(word, "@zero") == 0)
		return (long)(uintptr_t)take(4096);
	if (strcmp(word, "@argv") == 0)
		return (long)argv_argument(d);
	if (strncmp(word, "@how:", 5) == 0)
		return (long)how_argument(word + 5);
	if (word[0] == '@')
		return (long)address_argument(word + 1);
	return (long)text_argument(word);
}

/* ---- Calls ---- */

static long call32(long number, const long args[ARGS_MAX])
{
	long result = number;

	/* The sixth one is for no call here. */
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4])
			 : "memory", "r8", "r9", "r10", "r11");
	return (int32_t)result;
}

static int do_call(struct deed *d, char *text)
{
	char *saved, *word = strtok_r(text, " \t", &saved);
	const struct tl_event_type *type = word ? tl_event_type_find(word) : NULL;
	long args[ARGS_MAX] = {};
	int n = 0, number = type ? type->number[d->b32] : -1;

	if (number < 0) {
		fprintf(stderr, "deeds: no such call: %s\n", word ? word : "");
		return -EINVAL;
	}
	while (n < ARGS_MAX && (word = strtok_r(NULL, " \t", &saved)))
		args[n++] = argument(d, word);
	if (d->b32)
		d->result = call32(number, args);
	else
		d->result = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	return 0;
}

/* ---- Lines ---- */

static int read_option(struct deed *d, const char *word)
{
	static const char *const names[] = { "uid=", "gid=", "auid=" };
	long *const values[] = { &d->uid, &d->gid, &d->auid };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strncmp(word, names[i], strlen(names[i])) == 0) {
			*values[i] = atol(word + strlen(names[i]));
			return 0;
		}
	if (strcmp(word, "b32") == 0)
		d->b32 = true;
	else if (strncmp(word, "cwd=", 4) == 0)
		d->cwd = word + 4;
	else
		return -EINVAL;
	return 0;
}

static int become(const struct deed *d)
{
	if (d->auid >= 0) {
		FILE *f = fopen("/proc/self/loginuid", "we");

		if (!f || fprintf(f, "%ld", d->auid) < 0 || fclose(f) != 0)
			return -errno;
	}
	if (chdir(d->cwd ? d->cwd : "/") < 0)
		return -errno;
	if ((d->uid >= 0 || d->gid >= 0) && setgroups(0, NULL) < 0)
		return -errno;
	if (d->gid >= 0 && setresgid((gid_t)d->gid, (gid_t)d->gid, (gid_t)d->gid) < 0)
		return -errno;
	if (d->uid >= 0 && setresuid((uid_t)d->uid, (uid_t)d->uid, (uid_t)d->uid) < 0)
		return -errno;
	return 0;
}

/* In the child. */
static int do_deed(char *options, char *calls)
{
	struct deed d = { .uid = -1, .gid = -1, .auid = -1 };
	char *saved;
	int r = 0;

	strtok_r(options, " \t", &saved); /* its name */
	for (char *word; r >= 0 && (word = strtok_r(NULL, " \t", &saved));)
		r = read_option(&d, word);
	if (r >= 0)
		r = become(&d);
	if (r < 0)
		fprintf(stderr, "deeds: %s: %s\n", options, strerror(-r));
	for (char *call = strtok_r(calls, ";\n", &saved); r >= 0 && call; call = strtok_r(NULL, ";\n", &saved))
		r = do_call(&d, call);
	return r < 0 ? FAILED : 0;
}

static int do_line(char *line)
{
	char *calls = strstr(line, ": ");
	int status;
	pid_t pid;

	if (!calls) {
		fprintf(stderr, "deeds: no calls: %s", line);
		return -EINVAL;
	}
	*calls = '\0';
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(do_deed(line, calls + 2));
	printf("%.*s %d\n", (int)strcspn(line, " \t"), line, (int)pid);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	return WIFEXITED(status) && WEXITSTATUS(status) == FAILED ? -EINVAL : 0;
}

int main(int argc, char **argv)
{
	FILE *f = argc == 2 ? fopen(argv[1], "re") : NULL;
	char *line = NULL;
	size_t size = 0;
	int r = 0;

	setvbuf(stdout, NULL, _IONBF, 0);
	room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	if (!f || room == MAP_FAILED) {
		perror("deeds");
		return 1;
	}
	room_end = room + ROOM;
	while (r >= 0 && getline(&line, &size, f) > 0)
		if (line[0] != '#' && line[0] != '\n')
			r = do_line(line);
	free(line);
	fclose(f);
	return r < 0;
}
