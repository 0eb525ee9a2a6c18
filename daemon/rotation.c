// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "compress.h"
#include "phase.h"
#include "rotation.h"
#include "util.h"

#define DIGITS 6 /* at least */
#define NICE 19
#define PAUSE 60 /* ticks */

enum form { FORM_PLAIN, FORM_GZ, FORM_PART };

struct old_file {
	uint32_t number;
	enum form form;
};

struct old_files {
	struct old_file *file;
	size_t n;
};

static void old_files_done(struct old_files *files)
{
	free(files->file);
}

static void closedirp(DIR **d)
{
	if (*d)
		closedir(*d);
}

static bool is_hidden(const struct tl_rotation *r, const char *name)
{
	return name[0] == '.' && !strncmp(name + 1, r->name, strlen(r->name));
}

/* Whether `name` is one of ours. */
static bool parse(const struct tl_rotation *r, const char *name, struct old_file *ret)
{
	size_t n = strlen(r->name), digits;
	bool hidden = is_hidden(r, name);
	unsigned long number;
	const char *end;

	name += hidden;
	if (strncmp(name, r->name, n) || name[n] != '.')
		return false;
	name += n + 1;
	digits = strspn(name, "0123456789");
	if (digits < DIGITS || digits > 9)
		return false;
	number = strtoul(name, NULL, 10);
	end = name + digits;
	if (!number || number >= UINT32_MAX)
		return false;
	ret->number = (uint32_t)number;
	if (!*end)
		ret->form = FORM_PLAIN;
	else if (!strcmp(end, ".gz"))
		ret->form = FORM_GZ;
	else if (!strcmp(end, ".gz.part"))
		ret->form = FORM_PART;
	else
		return false;
	return hidden == (ret->form == FORM_PART);
}

static int compare(const void *a, const void *b)
{
	const struct old_file *x = a, *y = b;

	return x->number < y->number ? -1 : x->number > y->number;
}

/* All of them, the oldest first. */
static int list(const struct tl_rotation *r, struct old_files *ret)
{
	_cleanup_(old_files_done) struct old_files files = { 0 };
	_cleanup_(closedirp) DIR *d = NULL;
	struct old_file *grown, found;
	struct dirent *entry;
	int fd = openat(r->directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(d))) {
		if (!parse(r, entry->d_name, &found))
			continue;
		grown = reallocarray(files.file, files.n + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		files.file = grown;
		files.file[files.n++] = found;
	}
	if (files.n)
		qsort(files.file, files.n, sizeof(*files.file), compare);
	*ret = files;
	files.file = NULL;
	return 0;
}

static char *file_name(const struct tl_rotation *r, struct old_file file)
{
	static const char *const end[] = { [FORM_PLAIN] = "", [FORM_GZ] = ".gz", [FORM_PART] = ".gz.part" };
	const char *begin = file.form == FORM_PART ? "." : "";
	char *name;
	int n = asprintf(&name, "%s%s.%0*" PRIu32 "%s", begin, r->name, DIGITS, file.number, end[file.form]);

	return n < 0 ? NULL : name;
}

int tl_rotation_open(const struct tl_rotation *r, uint32_t number)
{
	_cleanup_free_ char *name = file_name(r, (struct old_file){ .number = number, .form = FORM_PLAIN });
	int fd = name ? openat(r->directory, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK) : -1;

	if (!name)
		return -ENOMEM;
	return fd < 0 ? -errno : fd;
}

static int take_away(const struct tl_rotation *r, struct old_file file)
{
	_cleanup_free_ char *name = file_name(r, file);

	if (!name)
		return -ENOMEM;
	return unlinkat(r->directory, name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

int tl_rotation_init(struct tl_rotation *r, int directory, const char *name, uint32_t keep, bool compress)
{
	_cleanup_(old_files_done) struct old_files files = { 0 };
	int e;

	*r = (struct tl_rotation){ .directory = directory, .keep = keep, .compress = compress, .name = strdup(name) };
	if (!r->name)
		return -ENOMEM;
	e = list(r, &files);
	if (e < 0)
		return e;
	for (size_t i = 0; i < files.n; i++) {
		r->last = files.file[i].number;
		if (files.file[i].form == FORM_PART)
			take_away(r, files.file[i]);
	}
	return 0;
}

void tl_rotation_done(struct tl_rotation *r)
{
	if (r->child > 0) {
		kill(r->child, SIGKILL);
		waitpid(r->child, NULL, 0);
		take_away(r, (struct old_file){ .number = r->compressing, .form = FORM_PART });
	}
	free(r->name);
	*r = (struct tl_rotation){ .directory = -1 };
}

int tl_rotation_shift(struct tl_rotation *r)
{
	for (unsigned tries = 0; tries < 100; tries++) {
		_cleanup_free_ char *to = file_name(r, (struct old_file){ .number = r->last + 1 });

		if (!to)
			return -ENOMEM;
		if (renameat2(r->directory, r->name, r->directory, to, RENAME_NOREPLACE) == 0) {
			r->last++;
			r->settled = false;
			return 0;
		}
		if (errno != EEXIST)
			return -errno;
		r->last++; /* somebody put a file there */
	}
	return -EEXIST;
}

/* Returns whether a compression is still going on. */
static bool busy(struct tl_rotation *r)
{
	int status = 0;
	pid_t ended;

	if (r->child <= 0)
		return false;
	ended = waitpid(r->child, &status, WNOHANG);
	if (ended == 0)
		return true;
	r->child = 0;
	if (ended < 0 || !WIFEXITED(status) || WEXITSTATUS(status))
		r->pause = PAUSE;
	return false;
}

static void compress_in_child(const struct tl_rotation *r, const char *name)
{
	int directory = fcntl(r->directory, F_DUPFD, 3);

	/* Only what is needed: a lock or a map that the child had would outlive the parent. */
	if (directory < 0 || dup2(directory, 3) < 0 || close_range(4, ~0U, 0) < 0)
		_exit(1);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	tl_phase_only_write();
	signal(SIGTERM, SIG_DFL);
	setpriority(PRIO_PROCESS, 0, NICE);
	_exit(tl_compress_file(3, name) < 0 ? 1 : 0);
}

static int start_compression(struct tl_rotation *r, struct old_file file)
{
	_cleanup_free_ char *name = file_name(r, file);
	pid_t pid;

	if (!name)
		return -ENOMEM;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		compress_in_child(r, name);
	r->child = pid;
	r->compressing = file.number;
	return 0;
}

/* The lowest number that may stay. */
static uint32_t lowest_kept(const struct tl_rotation *r, const struct old_files *files)
{
	uint32_t kept = 0, number = UINT32_MAX;

	for (size_t i = files->n; i-- > 0;) {
		if (files->file[i].form == FORM_PART || files->file[i].number == number)
			continue;
		if (kept++ == r->keep)
			break;
		number = files->file[i].number;
	}
	return number;
}

static int remove_surplus(const struct tl_rotation *r, const struct old_files *files, bool going_on)
{
	uint32_t lowest = lowest_kept(r, files);

	for (size_t i = 0; i < files->n && files->file[i].number < lowest; i++) {
		int e;

		/* Its child would bring it back. */
		if (going_on && files->file[i].number == r->compressing)
			continue;
		e = take_away(r, files->file[i]);
		if (e < 0)
			return e;
	}
	return 0;
}

static int compress_next(struct tl_rotation *r, const struct old_files *files)
{
	uint32_t lowest = lowest_kept(r, files);

	for (size_t i = 0; i < files->n; i++)
		if (files->file[i].form == FORM_PLAIN && files->file[i].number >= lowest)
			return files->file[i].number <= r->done ? start_compression(r, files->file[i]) : 0;
	r->settled = true;
	return 0;
}

int tl_rotation_tidy(struct tl_rotation *r)
{
	_cleanup_(old_files_done) struct old_files files = { 0 };
	bool going_on = busy(r);
	int e;

	if (r->pause)
		r->pause--;
	if (r->settled && !going_on)
		return 0;
	e = list(r, &files);
	if (e < 0)
		return e;
	e = remove_surplus(r, &files, going_on);
	if (e < 0 || going_on || r->pause)
		return e;
	if (r->compress)
		return compress_next(r, &files);
	r->settled = true;
	return 0;
}

int tl_rotation_tick(struct tl_rotation *r)
{
	r->done = r->last;
	return tl_rotation_tidy(r);
}
