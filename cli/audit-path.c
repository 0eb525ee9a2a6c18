// SPDX-License-Identifier: GPL-2.0-or-later
/* Paths and keys of auditd's rules. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#include "audit-path.h"
#include "escape.h"

int tl_audit_path_check(struct tl_audit_line *line, const char *path, unsigned column)
{
	const char *base;

	if (path[0] != '/')
		return tl_audit_refuse(line, column, "a path begins with a slash, not '%s'", path);
	base = strrchr(path, '/') + 1;
	if (strlen(path) >= PATH_MAX || strlen(base) > NAME_MAX)
		return tl_audit_refuse(line, column, "the path is too long");
	if (strpbrk(path, "*?"))
		tl_audit_warn(line, column, "auditd knows no wildcards in paths: a file of this very name is meant");
	return 0;
}

/* No slash twice, and none at the end. */
static void clean(char *path)
{
	char *to = path;

	for (const char *p = path; *p; p++)
		if (*p != '/' || (p[1] != '/' && (p[1] || to == path)))
			*to++ = *p;
	if (to == path)
		*to++ = '/';
	*to = '\0';
}

int tl_audit_path_resolve(const char *path, char **ret)
{
	_cleanup_free_ char *copy = strdup(path), *directory = NULL;
	char *base;

	if (!copy)
		return -ENOMEM;
	clean(copy);
	base = strrchr(copy, '/');
	if (strcmp(base, "/.") == 0 || strcmp(base, "/..") == 0) {
		*ret = realpath(copy, NULL);
	} else {
		*base = '\0';
		directory = realpath(base == copy ? "/" : copy, NULL);
		*base = '/';
		*ret = NULL;
		if (directory && asprintf(ret, "%s%s", directory[1] ? directory : "", base) < 0) {
			*ret = NULL;
			return -ENOMEM;
		}
	}
	if (!*ret)
		*ret = TAKE_PTR(copy);
	return 0;
}

static bool is_link(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
}

static void look_at_link(struct tl_audit_draft *d, unsigned column)
{
	d->link = is_link(d->path);
	if (d->link)
		tl_audit_warn(
			d->line, column,
			"this is a symbolic link, and so the link is meant, as with auditd, not what it leads to");
}

int tl_audit_set_watch(struct tl_audit_draft *d, const char *text, unsigned column)
{
	struct stat st;
	int r = tl_audit_path_check(d->line, text, column);
	const bool exists = r >= 0 && stat(text, &st) == 0;

	if (r < 0)
		return r;
	r = tl_audit_path_resolve(text, &d->path);
	if (r < 0)
		return r;
	d->directory = exists && S_ISDIR(st.st_mode);
	/* What is not there may be either when it is. */
	d->below = d->directory || !exists;
	if (!d->has_perms) {
		d->has_perms = true;
		d->perms = TL_AUDIT_PERM_READ | TL_AUDIT_PERM_WRITE | TL_AUDIT_PERM_EXEC | TL_AUDIT_PERM_ATTR;
	}
	look_at_link(d, column);
	return 0;
}

int tl_audit_set_path(struct tl_audit_draft *d, bool directory, const char *text, unsigned column)
{
	struct stat st;
	int r = tl_audit_path_check(d->line, text, column);

	if (r < 0)
		return r;
	if (d->path)
		return tl_audit_refuse(d->line, column, "a rule has one path or directory");
	if (!directory && text[1] && text[strlen(text) - 1] == '/')
		return tl_audit_refuse(d->line, column,
				       "with a slash at its end the kernel refuses this path: dir= is for directories");
	r = tl_audit_path_resolve(text, &d->path);
	if (r < 0)
		return r;
	d->directory = directory;
	d->below = directory;
	if (!directory && stat(text, &st) == 0 && S_ISDIR(st.st_mode))
		tl_audit_warn(
			d->line, column,
			"this is a directory: auditd also tells of entries that are made in it or removed, here it "
			"is the directory alone");
	look_at_link(d, column);
	return 0;
}

/* ---- Keys ---- */

/* As it will stand in the policy: what is no text is escaped there. */
static int check_tag(struct tl_audit_draft *d, const char *text, unsigned column)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = {};

	tl_escape_value(&b, text, strlen(text));
	if (b.failed)
		return -ENOMEM;
	if (b.size > TL_AUDIT_TAG_MAX)
		return tl_audit_refuse(d->line, column, "a tag has %d bytes at most, and this key has more",
				       TL_AUDIT_TAG_MAX);
	return 0;
}

bool tl_audit_takes_key(const struct tl_audit_draft *d)
{
	return d->has_calls || d->has_perms || d->path || d->has_exe;
}

int tl_audit_add_key(struct tl_audit_draft *d, const char *text, unsigned column)
{
	int r;

	d->key_size += strlen(text) + (d->n_keys > 0);
	if (!*text)
		return tl_audit_refuse(d->line, column, "a key is missing");
	if (d->key_size > TL_AUDIT_KEY_MAX || d->n_keys == TL_AUDIT_KEYS_MAX)
		return tl_audit_refuse(d->line, column, "the keys are too long: %d bytes at most", TL_AUDIT_KEY_MAX);
	r = check_tag(d, text, column);
	if (r < 0)
		return r;
	d->keys[d->n_keys++] = text;
	return 0;
}
