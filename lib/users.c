/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "users.h"

#define PASSWD_MAX (16U << 20)

struct user {
	uint32_t uid;
	uint32_t line; /* the first line of a uid counts */
	const char *name;
};

static _Thread_local struct {
	const char *path;
	char *text;
	struct user *users;
	size_t n;
	struct timespec mtime;
	ino_t inode;
	time_t checked;
	uint64_t generation; /* 0: never read */
} table;

/* Never goes back, so that what was rendered with old names never looks fresh. */
static _Thread_local uint64_t generations;

static int compare(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	if (x->uid != y->uid)
		return x->uid < y->uid ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static char *read_file(int fd, size_t size)
{
	char *text = malloc(size + 1);
	size_t n = 0;

	if (!text)
		return NULL;
	while (n < size) {
		ssize_t r = read(fd, text + n, size - n);

		if (r <= 0)
			break;
		n += (size_t)r;
	}
	text[n] = 0;
	return text;
}

/* "name:x:uid:..."; false if it is none. */
static bool parse_line(char *line, struct user *ret)
{
	char *colon = strchr(line, ':');
	char *uid = colon ? strchr(colon + 1, ':') : NULL;
	char *end;
	unsigned long v;

	if (!uid || colon == line)
		return false;
	v = strtoul(uid + 1, &end, 10);
	if (*end != ':' || end == uid + 1 || v > UINT32_MAX)
		return false;
	*colon = 0;
	ret->name = line;
	ret->uid = (uint32_t)v;
	return true;
}

/* False: no memory, and the table is empty. */
static bool parse(char *text)
{
	size_t lines = 1;
	char *next;

	for (const char *p = text; (p = strchr(p, '\n')); p++)
		lines++;
	free(table.users);
	free(table.text);
	table.n = 0;
	table.text = text;
	table.users = calloc(lines, sizeof(*table.users));
	for (char *line = text; line && table.users; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = 0;
		table.users[table.n].line = (uint32_t)table.n;
		if (parse_line(line, &table.users[table.n]))
			table.n++;
	}
	if (table.n)
		qsort(table.users, table.n, sizeof(*table.users), compare);
	return table.users;
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct stat st;
	char *text;

	if (fd < 0)
		return;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 && st.st_size < PASSWD_MAX) {
		text = read_file(fd, (size_t)st.st_size);
		if (text && parse(text)) { /* else it is read again */
			table.mtime = st.st_mtim;
			table.inode = st.st_ino;
		}
	}
	close(fd);
}

uint64_t tl_users_check(void)
{
	const char *path = table.path ? table.path : "/etc/passwd";
	struct timespec now = { 0 };
	struct stat st;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	if (table.generation && table.checked == now.tv_sec)
		return table.generation;
	table.checked = now.tv_sec;
	if (table.generation &&
	    (stat(path, &st) < 0 || (st.st_ino == table.inode && st.st_mtim.tv_sec == table.mtime.tv_sec &&
				     st.st_mtim.tv_nsec == table.mtime.tv_nsec)))
		return table.generation;
	load(path);
	table.generation = ++generations;
	return table.generation;
}

const char *tl_user_name(uint32_t uid)
{
	size_t low = 0, high;

	if (!table.generation)
		tl_users_check();
	for (high = table.n; low < high;) {
		size_t middle = low + (high - low) / 2;

		if (table.users[middle].uid < uid)
			low = middle + 1;
		else
			high = middle;
	}
	return low < table.n && table.users[low].uid == uid ? table.users[low].name : NULL;
}

void tl_users_set_path(const char *path)
{
	tl_users_done();
	table.path = path;
}

void tl_users_done(void)
{
	free(table.users);
	free(table.text);
	memset(&table, 0, sizeof(table));
}
