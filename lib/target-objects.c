// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * What the targets' paths of programs lead to on this machine: the objects that the
 * kernel part knows by other names, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "target-plan.h"
#include "util.h"

/* As the machine's first process sees it: a service's own tree of mounts lacks some. */
static int open_program(const char *path)
{
	const struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	_cleanup_close_ int root = open("/proc/1/root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof(how));

	return fd < 0 ? open(path, O_PATH | O_CLOEXEC) : fd;
}

/* false: nobody says; 0 of a key then stands for any. */
static bool read_generation(const char *self, uint32_t *ret)
{
	_cleanup_close_ int fd = open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	long generation = 0;

	if (fd < 0 || ioctl(fd, FS_IOC_GETVERSION, &generation) < 0)
		return false;
	*ret = (uint32_t)generation; /* the kernel writes an int, whatever it is called */
	return true;
}

static void set_key(struct tl_object_key *key, const struct stat *facts)
{
	key->inode = facts->st_ino;
	key->device = major(facts->st_dev) << 20 | minor(facts->st_dev);
}

int tl_plan_object(struct tl_target_plan *p, const char *path, char *ret_path)
{
	_cleanup_close_ int fd = open_program(path);
	struct tl_program_object *object;
	struct stat facts;
	char self[64];
	ssize_t n;

	if (fd < 0 || fstat(fd, &facts) < 0 || !S_ISREG(facts.st_mode))
		return 0;
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	n = readlink(self, ret_path, PATH_MAX - 1);
	if (n <= 0)
		return 0;
	ret_path[n] = '\0';
	if (tl_array_grow(&p->objects, &p->objects_allocated, p->n_objects + 1, sizeof(*p->objects)) < 0)
		return -ENOMEM;
	object = &p->objects[p->n_objects];
	memset(object, 0, sizeof(*object));
	set_key(&object->key, &facts);
	object->value.any_generation = !read_generation(self, &object->key.generation);
	object->path = strdup(ret_path);
	if (!object->path)
		return -ENOMEM;
	p->n_objects++;
	return 1;
}

static int compare(const void *a, const void *b)
{
	return memcmp(&((const struct tl_program_object *)a)->key, &((const struct tl_program_object *)b)->key,
		      sizeof(struct tl_object_key));
}

void tl_plan_join(const struct tl_target_plan *p, uint32_t number, struct tl_terms *programs)
{
	struct tl_terms object, named;

	tl_plan_get(p, number, &object);
	tl_plan_get(p, p->executables, &named);
	for (size_t w = 0; w < p->n_words; w++)
		programs->word[w] = (programs->word[w] & object.word[w]) |
				    ((programs->word[w] | object.word[w]) & named.word[w]);
}

/* An object that more than one path leads to is known by all of them. */
static uint32_t join_terms(struct tl_target_plan *p, uint32_t one, uint32_t other)
{
	struct tl_terms terms;

	if (one == other || one == p->nobody || other == p->nobody)
		return one == p->nobody ? one : other;
	tl_plan_get(p, one, &terms);
	tl_plan_join(p, other, &terms);
	return tl_plan_dimension(p, &terms);
}

void tl_plan_objects(struct tl_target_plan *p)
{
	struct tl_program_object *o = p->objects;
	size_t n = 0;

	if (p->n_objects)
		qsort(o, p->n_objects, sizeof(*o), compare);
	for (size_t i = 0; i < p->n_objects; i++) {
		o[i].value.terms = tl_automaton_run(&p->automaton, TL_GLOB_EXECUTABLE, o[i].path);
		free(TAKE_PTR(o[i].path));
		if (n && compare(&o[n - 1], &o[i]) == 0)
			o[n - 1].value.terms = join_terms(p, o[n - 1].value.terms, o[i].value.terms);
		else
			o[n++] = o[i];
	}
	p->n_objects = n;
}

uint32_t tl_plan_object_of(const struct tl_target_plan *p, const struct stat *facts)
{
	struct tl_object_key key = {};

	set_key(&key, facts);
	for (size_t i = 0; i < p->n_objects; i++)
		if (p->objects[i].key.inode == key.inode && p->objects[i].key.device == key.device)
			return p->objects[i].value.terms;
	return 0;
}

void tl_plan_objects_done(struct tl_target_plan *p)
{
	for (size_t i = 0; i < p->n_objects; i++)
		free(p->objects[i].path);
	free(p->objects);
}
