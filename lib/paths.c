// SPDX-License-Identifier: LGPL-2.1-or-later
#include "paths.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define ANON_INODE_MAGIC 0x09041934
#define PIDFS_MAGIC 0x50494446 /* where a kernel keeps its pidfds in a file system of their own */
#define NSFS_MAGIC 0x6e736673

size_t tl_path_turn(char *out, const char *components, size_t n, bool cut)
{
	size_t before = 0;
	char *at;

	if (cut) {
		before = strlen(TL_PATH_CUT);
		memcpy(out, TL_PATH_CUT, before);
		out += before;
	}
	if (!n) {
		strcpy(out, "/");
		return before + 1;
	}
	/* Each component's NUL becomes the slash before it. */
	at = out + n;
	*at = '\0';
	for (size_t i = 0; i < n;) {
		const char *end = memchr(components + i, '\0', n - i);
		size_t length = end ? (size_t)(end - components) - i : n - i - 1;

		at -= length + 1;
		*at = '/';
		memcpy(at + 1, components + i, length);
		i += length + 1;
	}
	return before + n;
}

size_t tl_path_pseudo(char *out, size_t room, const char *name, size_t n, const struct tl_file_facts *facts)
{
	unsigned mode = facts ? facts->mode & S_IFMT : 0;
	unsigned long long inode = facts ? facts->inode : 0;
	int length = n ? (int)strnlen(name, n) : 0, written;

	if (mode == S_IFIFO)
		written = snprintf(out, room, "pipe:[%llu]", inode);
	else if (mode == S_IFSOCK)
		written = snprintf(out, room, "socket:[%llu]", inode);
	else if (facts && facts->magic == ANON_INODE_MAGIC)
		written = snprintf(out, room, "anon_inode:%.*s", length, name);
	else if (facts && facts->magic == PIDFS_MAGIC)
		written = snprintf(out, room, "anon_inode:[pidfd]");
	else if (facts && facts->magic == NSFS_MAGIC)
		written = snprintf(out, room, "ns:[%llu]", inode);
	else
		written = snprintf(out, room, "%.*s", length, name);
	return (size_t)written < room ? (size_t)written : room - 1;
}

/* What comes before the first slash. */
static size_t cut_size(const char *path)
{
	return strncmp(path, TL_PATH_CUT "/", sizeof(TL_PATH_CUT)) == 0 ? strlen(TL_PATH_CUT) : 0;
}

bool tl_path_is_rooted(const char *path)
{
	return path[cut_size(path)] == '/';
}

size_t tl_path_clean(char *path)
{
	size_t begin = cut_size(path);
	size_t from = begin, to = begin;

	while (path[from]) {
		size_t n;

		while (path[from] == '/')
			from++;
		n = strcspn(path + from, "/");
		if (!n)
			break;
		if (n == 2 && path[from] == '.' && path[from + 1] == '.') {
			while (to > begin && path[--to] != '/')
				;
		} else if (!(n == 1 && path[from] == '.')) {
			path[to++] = '/';
			memmove(path + to, path + from, n);
			to += n;
		}
		from += n;
	}
	if (to == begin)
		path[to++] = '/';
	path[to] = '\0';
	return to;
}
