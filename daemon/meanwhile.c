// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "file-open.h"
#include "fnv.h"
#include "meanwhile.h"
#include "record.h"
#include "repair.h"
#include "tamper.h"
#include "util.h"

#define VERSION 1
#define UNNOTED_MAX (1U << 20) /* bytes that a process may have written and not noted when it was killed */

_Static_assert(sizeof(struct tl_meanwhile) <= TL_SESSION_NOTE_SIZE, "the note has its room");

static uint64_t hash_of(const char *path)
{
	const uint64_t hash = tl_fnv1a(TL_FNV_BASIS, path, strlen(path));

	return hash ? hash : 1;
}

/* The descriptor of its file, -1: it has none. */
static int descriptor_of(const struct tl_sink *s)
{
	return s->path && s->ops->descriptor ? s->ops->descriptor(s) : -1;
}

/* ---- Noting ---- */

/* Whenever the process ends, what is there is not more than is in the file. */
static void note_file(struct tl_file_identity *to, struct tl_file_identity now)
{
	if (to->inode != now.inode || to->device != now.device) {
		__atomic_store_n(&to->size, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&to->inode, 0, __ATOMIC_RELEASE);
		__atomic_store_n(&to->device, now.device, __ATOMIC_RELEASE);
		__atomic_store_n(&to->inode, now.inode, __ATOMIC_RELEASE);
	}
	__atomic_store_n(&to->size, now.size, __ATOMIC_RELEASE);
}

void tl_meanwhile_note(struct tl_generation *g)
{
	struct tl_meanwhile *note = tl_session_note(g->session);
	size_t n = 0;

	if (!note)
		return;
	note->policy = g->policy_hash;
	for (size_t i = 0; i < g->outputs.n && n < TL_MEANWHILE_FILES; i++) {
		const struct tl_sink *s = g->outputs.sink[i];
		int fd = descriptor_of(s);
		uint64_t path;

		if (fd < 0)
			continue;
		path = hash_of(s->path);
		if (note->files[n].path != path) { /* of a policy before */
			__atomic_store_n(&note->files[n].facts.inode, 0, __ATOMIC_RELEASE);
			__atomic_store_n(&note->files[n].path, path, __ATOMIC_RELEASE);
		}
		note_file(&note->files[n].facts, tl_file_identity(fd));
		n++;
	}
	for (; n < TL_MEANWHILE_FILES && note->files[n].path; n++)
		note->files[n].path = 0;
	note->version = VERSION;
}

void tl_meanwhile_read(const struct tl_store *store, struct tl_meanwhile *ret)
{
	_cleanup_free_ char *note = malloc(TL_SESSION_NOTE_SIZE);

	*ret = (struct tl_meanwhile){ 0 };
	/* Without it nothing is told. */
	if (!note || !store->n_found || tl_session_read_note(store->found[0].fd, note) < 0)
		return;
	memcpy(ret, note, sizeof(*ret));
	if (ret->version != VERSION)
		*ret = (struct tl_meanwhile){ 0 };
}

/* ---- Comparing ---- */

/* NULL: it cannot be read. */
static DIR *open_directory_of(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);

	return copy ? opendir(dirname(copy)) : NULL;
}

/* Where a file is now, in the directory of `path`. Returns its size, -1: it is not there. */
static int64_t find_file(const char *path, const struct tl_file_identity *facts, char *ret_name, size_t size)
{
	DIR *directory = open_directory_of(path);
	const struct dirent *entry;
	int64_t found = -1;
	struct stat st;

	while (directory && found < 0 && (entry = readdir(directory)))
		if (entry->d_ino == facts->inode &&
		    fstatat(dirfd(directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_ino == facts->inode && st.st_dev == facts->device) {
			snprintf(ret_name, size, "%s", entry->d_name);
			found = st.st_size;
		}
	if (directory)
		closedir(directory);
	return found;
}

/* "-20261128", as logrotate's dateformat may have it: the length, 0: it is none. */
static size_t date_length(const char *text)
{
	return *text && strchr("-_", *text) && isdigit((unsigned char)text[1]) ? strspn(text, "-_:T0123456789") : 0;
}

/* A rotation gives the file a longer name: with a number behind a dot, or a date, which may also be in front
 * of what the name ends with. */
static bool is_rotated(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path, *ending = strrchr(base, '.');
	const size_t n = strlen(base), stem = ending ? (size_t)(ending - base) : n;
	size_t date;

	if (strncmp(name, base, n) == 0) {
		date = date_length(name + n);
		return name[n + date] == '.' || (date && !name[n + date]);
	}
	date = strncmp(name, base, stem) == 0 ? date_length(name + stem) : 0;
	return date && strcmp(name + stem + date, base + stem) == 0;
}

/* How long what was compressed into a file is, mod 2^32; false: that is not gzip's. */
static bool read_original_size(int directory, const char *name, uint32_t *ret)
{
	_cleanup_close_ int fd = openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	unsigned char head[2], tail[4];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size < (off_t)(sizeof(head) + sizeof(tail)))
		return false;
	if (tl_read_at(fd, (char *)head, sizeof(head), 0) < 0 || head[0] != 0x1f || head[1] != 0x8b ||
	    tl_read_at(fd, (char *)tail, sizeof(tail), st.st_size - (off_t)sizeof(tail)) < 0)
		return false;
	*ret = tail[0] | (uint32_t)tail[1] << 8 | (uint32_t)tail[2] << 16 | (uint32_t)tail[3] << 24;
	return true;
}

/* Whether such a name is of a rotation that has compressed what was in the file. */
static bool holds_it(int directory, const char *name, const char *path, uint64_t size)
{
	char plain[NAME_MAX + 1];
	const size_t n = strlen(name);
	uint32_t original;

	if (n < 4 || n >= sizeof(plain) || strcmp(name + n - 3, ".gz") != 0)
		return false;
	snprintf(plain, sizeof(plain), "%.*s", (int)(n - 3), name);
	return is_rotated(path, plain) && read_original_size(directory, name, &original) &&
	       original - (uint32_t)size < UNNOTED_MAX;
}

/* logrotate compresses at once where delaycompress is not set: what was written is there, in another file. Somebody
 * may make one up, as he may write into the file: that is for seals to tell. */
static bool is_compressed(const char *path, uint64_t size)
{
	DIR *directory = open_directory_of(path);
	const struct dirent *entry;
	bool found = false;

	while (directory && !found && (entry = readdir(directory)))
		found = holds_it(dirfd(directory), entry->d_name, path, size);
	if (directory)
		closedir(directory);
	return found;
}

/* What was done to it, NULL: nothing. */
static const char *harm_to(const struct tl_sink *s, const struct tl_file_identity *before)
{
	char name[NAME_MAX + 1];
	int64_t size;

	if (!before->inode)
		return NULL;
	if (s->found.inode == before->inode && s->found.device == before->device)
		return s->found.size < before->size ? "cut short: events are missing from it" : NULL;
	size = find_file(s->path, before, name, sizeof(name));
	if (size < 0)
		return "deleted or replaced, with the events in it";
	if ((uint64_t)size < before->size)
		return "moved away and cut short: events are missing from it";
	return is_rotated(s->path, name) ? NULL : "moved away";
}

static void tell_file(struct tl_generation *g, const struct tl_sink *s, const struct tl_file_identity *before,
		      uint64_t since)
{
	const char *harm = harm_to(s, before);
	char note[512];

	/* Cut short, too: a new file may get the number of the one that is gone. */
	if (!harm || is_compressed(s->path, before->size))
		return;
	snprintf(note, sizeof(note), "output %s: while no process was there %.256s was %s", s->name, s->path, harm);
	tl_tamper_tell_over(g, "output", s->path, since, note);
}

static void tell_policy(struct tl_generation *g, uint64_t since)
{
	char note[512], files[320] = "";
	size_t n = 0;

	for (size_t i = 0; i < g->policy->n_files && n < sizeof(files); i++)
		n += (size_t)snprintf(files + n, sizeof(files) - n, "%s%s", i ? ", " : "", g->policy->files[i]);
	snprintf(note, sizeof(note),
		 "the policy is not what was in force when the process before this one ended: %s; it is in force now",
		 files);
	tl_tamper_tell_over(g, "policy", files, since, note);
}

void tl_meanwhile_tell(struct tl_generation *g, const struct tl_meanwhile *before, uint64_t since)
{
	if (!before->version)
		return;
	if (before->policy != g->policy_hash)
		tell_policy(g, since);
	for (size_t i = 0; i < g->outputs.n; i++) {
		const struct tl_sink *s = g->outputs.sink[i];
		uint64_t path;

		if (descriptor_of(s) < 0)
			continue;
		path = hash_of(s->path);
		for (size_t j = 0; j < TL_MEANWHILE_FILES; j++)
			if (before->files[j].path == path)
				tell_file(g, s, &before->files[j].facts, since);
	}
}
