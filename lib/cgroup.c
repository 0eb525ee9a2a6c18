/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cgroup-name.h"
#include "util.h"

#define CACHE_MAX 4096 /* cgroups remembered */
#define BUCKETS 2048
#define UNKNOWN_SECONDS 10 /* until an unknown id is looked for again */
#define HANDLE_KERNFS 0xfe /* FILEID_KERNFS */
#define DEPTH_MAX 256

struct entry {
	struct tl_cgroup cgroup; /* first: what callers hold */
	unsigned refs;
	time_t tried; /* unknown: when; else 0 */
	struct entry *next_in_bucket;
	struct entry *newer, *older;
	char text[]; /* path, unit, slice, container */
};

struct tl_cgroups {
	int mount_fd;
	char *mount;
	uint32_t hierarchy;
	struct entry *buckets[BUCKETS];
	struct entry *newest, *oldest;
	size_t n;
	tl_cgroups_memory memory;
	void *userdata;
};

union handle {
	struct file_handle header;
	char room[sizeof(struct file_handle) + sizeof(uint64_t)];
};

static const struct tl_cgroup nowhere = { .path = "", .unit = "", .slice = "", .container_id = "" };

static int hierarchy_now(int layout)
{
	_cleanup_fclose_ FILE *cgroup = fopen("/proc/self/cgroup", "re");

	return cgroup ? tl_cgroup_hierarchy_read(cgroup, layout) : -errno;
}

int tl_cgroups_new(struct tl_cgroups **ret_cgroups, int *ret_layout)
{
	_cleanup_free_ char *mount = NULL;
	struct tl_cgroups *c;
	int fd, hierarchy;

	*ret_layout = tl_cgroup_layout_now(&mount);
	if (*ret_layout < 0)
		return *ret_layout;
	hierarchy = hierarchy_now(*ret_layout);
	if (hierarchy < 0)
		return hierarchy;
	fd = open(mount, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	c = calloc(1, sizeof(*c));
	if (!c) {
		close(fd);
		return -ENOMEM;
	}
	c->mount_fd = fd;
	c->mount = TAKE_PTR(mount);
	c->hierarchy = (uint32_t)hierarchy;
	*ret_cgroups = c;
	return 0;
}

struct tl_cgroups *tl_cgroups_free(struct tl_cgroups *c)
{
	struct entry *older;

	if (!c)
		return NULL;
	for (struct entry *e = c->newest; e; e = older) {
		older = e->older;
		tl_cgroup_unref(&e->cgroup);
	}
	close(c->mount_fd);
	free(c->mount);
	free(c);
	return NULL;
}

const char *tl_cgroups_mount(const struct tl_cgroups *c)
{
	return c->mount;
}

uint32_t tl_cgroups_hierarchy(const struct tl_cgroups *c)
{
	return c ? c->hierarchy : 0;
}

/* ---- Entries ---- */

static struct entry *entry_of(const struct tl_cgroup *cgroup)
{
	return (struct entry *)(uintptr_t)cgroup;
}

const struct tl_cgroup *tl_cgroup_ref(const struct tl_cgroup *cgroup)
{
	if (cgroup && cgroup != &nowhere)
		entry_of(cgroup)->refs++;
	return cgroup;
}

const struct tl_cgroup *tl_cgroup_unref(const struct tl_cgroup *cgroup)
{
	if (cgroup && cgroup != &nowhere && --entry_of(cgroup)->refs == 0)
		free(entry_of(cgroup));
	return NULL;
}

const struct tl_cgroup *tl_cgroup_parse(uint64_t id, const char *path)
{
	size_t n = strlen(path);
	struct entry *e = malloc(sizeof(*e) + n + 1 + TL_CGROUP_NAMES_SIZE(n));

	if (!e)
		return NULL;
	*e = (struct entry){ .refs = 1, .cgroup = { .id = id, .path = e->text } };
	memcpy(e->text, path, n + 1);
	tl_cgroup_names(path, e->text + n + 1, &e->cgroup.unit, &e->cgroup.slice, &e->cgroup.container_id);
	return &e->cgroup;
}

static struct entry **bucket_of(struct tl_cgroups *c, uint64_t id)
{
	return &c->buckets[(id * 0x9e3779b97f4a7c15ULL) >> 53]; /* 11 bits */
}

_Static_assert(BUCKETS == 1 << 11, "bucket_of() takes 11 bits");

static struct entry *lookup(struct tl_cgroups *c, uint64_t id)
{
	struct entry *e = *bucket_of(c, id);

	while (e && e->cgroup.id != id)
		e = e->next_in_bucket;
	return e;
}

static void unlink_age(struct tl_cgroups *c, struct entry *e)
{
	*(e->newer ? &e->newer->older : &c->newest) = e->older;
	*(e->older ? &e->older->newer : &c->oldest) = e->newer;
}

static void link_newest(struct tl_cgroups *c, struct entry *e)
{
	e->newer = NULL;
	e->older = c->newest;
	*(c->newest ? &c->newest->newer : &c->oldest) = e;
	c->newest = e;
}

static void forget(struct tl_cgroups *c, struct entry *e)
{
	struct entry **p = bucket_of(c, e->cgroup.id);

	while (*p != e)
		p = &(*p)->next_in_bucket;
	*p = e->next_in_bucket;
	unlink_age(c, e);
	c->n--;
	tl_cgroup_unref(&e->cgroup);
}

/* Takes over the reference. */
static void remember(struct tl_cgroups *c, struct entry *e)
{
	struct entry **bucket = bucket_of(c, e->cgroup.id);

	if (c->n >= CACHE_MAX)
		forget(c, c->oldest);
	e->next_in_bucket = *bucket;
	*bucket = e;
	link_newest(c, e);
	c->n++;
}

/* ---- From id to path and back ---- */

static int id_of(int dir_fd, const char *name, uint64_t *ret_id)
{
	union handle handle = { .header.handle_bytes = sizeof(uint64_t) };
	int mount_id;

	if (name_to_handle_at(dir_fd, name, &handle.header, &mount_id, *name ? 0 : AT_EMPTY_PATH) < 0)
		return -errno;
	if (handle.header.handle_bytes != sizeof(uint64_t))
		return -EOPNOTSUPP;
	memcpy(ret_id, handle.header.f_handle, sizeof(*ret_id));
	return 0;
}

/* Where the directory that the id belongs to is, below the mount. One that is removed meanwhile gets
 * a mark behind its name, and keeps its number of links: only who is there now says what the name means. */
static int path_of(const struct tl_cgroups *c, uint64_t id, char ret_path[PATH_MAX])
{
	union handle handle = { .header = { .handle_bytes = sizeof(id), .handle_type = HANDLE_KERNFS } };
	char link[64], path[PATH_MAX];
	size_t mount = strcmp(c->mount, "/") == 0 ? 0 : strlen(c->mount);
	_cleanup_close_ int fd = -1;
	uint64_t there;
	struct stat st;
	ssize_t n;

	memcpy(handle.header.f_handle, &id, sizeof(id));
	fd = open_by_handle_at(c->mount_fd, &handle.header, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0)
		return -errno;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	if (!S_ISDIR(st.st_mode) || strncmp(path, c->mount, mount) != 0)
		return -ESTALE;
	if (id_of(c->mount_fd, path[mount] == '/' ? path + mount + 1 : "", &there) < 0 || there != id)
		return -ESTALE;
	strcpy(ret_path, path[mount] == '/' ? path + mount : "/");
	return 0;
}

struct search {
	uint64_t id;
	char *path;
};

static int is_wanted(uint64_t id, const char *path, void *userdata)
{
	const struct search *search = userdata;

	if (id != search->id)
		return 0;
	strcpy(search->path, path);
	return -ECANCELED;
}

/* A daemon without CAP_DAC_READ_SEARCH may not open by handle, but look at every directory. */
static int search_path(struct tl_cgroups *c, uint64_t id, char ret_path[PATH_MAX])
{
	struct search search = { id, ret_path };
	int r = path_of(c, id, ret_path);

	if (r != -EPERM)
		return r;
	r = tl_cgroups_walk(c, is_wanted, &search);
	return r == -ECANCELED ? 0 : r < 0 ? r : -ESTALE;
}

bool tl_cgroups_exists(struct tl_cgroups *c, uint64_t id)
{
	char path[PATH_MAX];

	return c && search_path(c, id, path) == 0;
}

void tl_cgroups_set_memory(struct tl_cgroups *c, tl_cgroups_memory memory, void *userdata)
{
	c->memory = memory;
	c->userdata = userdata;
}

static time_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec;
}

static const struct tl_cgroup *look_for(struct tl_cgroups *c, uint64_t id)
{
	const struct tl_cgroup *cgroup;
	char path[PATH_MAX];
	bool known = search_path(c, id, path) == 0 || (c->memory && c->memory(id, path, c->userdata));

	cgroup = tl_cgroup_parse(id, known ? path : "");
	if (!cgroup)
		return &nowhere;
	entry_of(cgroup)->tried = known ? 0 : MAX(now(), 1);
	remember(c, entry_of(cgroup));
	return cgroup;
}

const struct tl_cgroup *tl_cgroups_find(struct tl_cgroups *c, uint64_t id)
{
	struct entry *e;

	if (!c || !id)
		return &nowhere;
	e = lookup(c, id);
	if (e && e->tried && now() - e->tried >= UNKNOWN_SECONDS) {
		forget(c, e);
		e = NULL;
	}
	if (!e)
		return look_for(c, id);
	if (e != c->newest) {
		unlink_age(c, e);
		link_newest(c, e);
	}
	return &e->cgroup;
}

int tl_cgroups_add(struct tl_cgroups *c, uint64_t id, const char *path)
{
	const struct tl_cgroup *cgroup;
	struct entry *e;

	if (*path != '/')
		return -EINVAL;
	e = lookup(c, id);
	if (e && strcmp(e->cgroup.path, path) == 0)
		return 0;
	cgroup = tl_cgroup_parse(id, path);
	if (!cgroup)
		return -ENOMEM;
	if (e)
		forget(c, e);
	remember(c, entry_of(cgroup));
	return 0;
}

/* ---- The tree ---- */

struct walk {
	tl_cgroups_callback callback;
	void *userdata;
	char path[PATH_MAX];
	size_t size;
};

static bool is_gone(int r)
{
	return r == -ENOENT || r == -ENODEV || r == -ESTALE;
}

static int walk_below(struct walk *w, int dir_fd, unsigned depth);

static int walk_child(struct walk *w, int dir_fd, const char *name, unsigned depth)
{
	size_t size = w->size, n = strlen(name);
	uint64_t id;
	int fd, r;

	if (size + 1 + n >= sizeof(w->path) || depth == DEPTH_MAX)
		return 0;
	fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return is_gone(-errno) ? 0 : -errno;
	w->path[size] = '/';
	memcpy(w->path + size + 1, name, n + 1);
	w->size = size + 1 + n;
	r = id_of(fd, "", &id);
	if (r == 0)
		r = w->callback(id, w->path, w->userdata);
	if (r >= 0)
		r = walk_below(w, fd, depth + 1);
	else
		close(fd);
	w->size = size;
	w->path[size] = '\0';
	return is_gone(r) ? 0 : r;
}

/* Closes dir_fd. */
static int walk_below(struct walk *w, int dir_fd, unsigned depth)
{
	DIR *dir = fdopendir(dir_fd);
	int r = 0;

	if (!dir) {
		close(dir_fd);
		return -ENOMEM;
	}
	while (r >= 0) {
		const struct dirent *d;

		errno = 0;
		d = readdir(dir);
		if (!d) {
			r = -errno;
			break;
		}
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 && strcmp(d->d_name, "..") != 0)
			r = walk_child(w, dirfd(dir), d->d_name, depth);
	}
	closedir(dir);
	return is_gone(r) ? 0 : r;
}

int tl_cgroups_walk(struct tl_cgroups *c, tl_cgroups_callback callback, void *userdata)
{
	struct walk w = { .callback = callback, .userdata = userdata };
	uint64_t id;
	int fd, r;

	r = id_of(c->mount_fd, "", &id);
	if (r < 0)
		return r;
	r = callback(id, "/", userdata);
	if (r < 0)
		return r;
	fd = openat(c->mount_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = walk_below(&w, fd, 0);
	return r < 0 ? r : 0;
}
