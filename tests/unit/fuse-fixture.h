/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file system with one file, "program", that holds what /bin/sleep does. It
 * speaks the kernel's protocol itself, and stops answering questions about the
 * file's attributes when it is told to.
 */
#ifndef TRACELEFT_TEST_FUSE_H
#define TRACELEFT_TEST_FUSE_H

#include <errno.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FUSE_FIXTURE_REQUEST (1 << 20) /* the kernel sends no longer ones */
#define FUSE_FIXTURE_PROGRAM 2 /* inode */

struct fuse_fixture {
	char path[32]; /* where it is mounted */
	char program[48];
	int fd; /* to the kernel */
	char *content;
	size_t size;
	atomic_bool silent;
	pthread_t server;
};

static void fuse_answer(struct fuse_fixture *f, uint64_t unique, int error, const void *data, size_t size)
{
	struct fuse_out_header header = {
		.len = (uint32_t)(sizeof(header) + size),
		.error = -error,
		.unique = unique,
	};
	struct iovec parts[2] = { { &header, sizeof(header) }, { (void *)(uintptr_t)data, size } };

	/* Fails when whoever asked is gone. */
	if (writev(f->fd, parts, 2) < 0)
		return;
}

static struct fuse_attr fuse_attributes(const struct fuse_fixture *f, uint64_t inode)
{
	bool is_program = inode == FUSE_FIXTURE_PROGRAM;

	return (struct fuse_attr){
		.ino = inode,
		.size = is_program ? f->size : 0,
		.nlink = 1,
		.mode = (is_program ? S_IFREG : S_IFDIR) | 0755,
	};
}

static void fuse_read(struct fuse_fixture *f, uint64_t unique, const struct fuse_read_in *in)
{
	size_t at = in->offset < f->size ? in->offset : f->size;
	size_t n = f->size - at < in->size ? f->size - at : in->size;

	fuse_answer(f, unique, 0, f->content + at, n);
}

static void fuse_request(struct fuse_fixture *f, const struct fuse_in_header *in)
{
	const struct fuse_init_out init = {
		.major = FUSE_KERNEL_VERSION,
		.minor = FUSE_KERNEL_MINOR_VERSION,
		.max_write = 4096,
	};
	struct fuse_entry_out entry = { .nodeid = FUSE_FIXTURE_PROGRAM, .entry_valid = 3600 };
	struct fuse_attr_out attributes = { 0 }; /* valid for no time: asked for again and again */
	const struct fuse_open_out opened = { 0 };

	switch (in->opcode) {
	case FUSE_INIT:
		fuse_answer(f, in->unique, 0, &init, sizeof(init));
		break;
	case FUSE_LOOKUP:
		entry.attr = fuse_attributes(f, FUSE_FIXTURE_PROGRAM);
		fuse_answer(f, in->unique, strcmp((const char *)(in + 1), "program") ? ENOENT : 0, &entry,
			    sizeof(entry));
		break;
	case FUSE_GETATTR:
		attributes.attr = fuse_attributes(f, in->nodeid);
		if (!f->silent)
			fuse_answer(f, in->unique, 0, &attributes, sizeof(attributes));
		break;
	case FUSE_OPEN:
		fuse_answer(f, in->unique, 0, &opened, sizeof(opened));
		break;
	case FUSE_READ:
		fuse_read(f, in->unique, (const struct fuse_read_in *)(in + 1));
		break;
	case FUSE_FLUSH:
	case FUSE_RELEASE:
		fuse_answer(f, in->unique, 0, NULL, 0);
		break;
	case FUSE_FORGET:
	case FUSE_BATCH_FORGET:
	case FUSE_INTERRUPT:
		break;
	default:
		fuse_answer(f, in->unique, ENOSYS, NULL, 0);
	}
}

static void *fuse_serve(void *fixture)
{
	struct fuse_fixture *f = fixture;
	char *request = malloc(FUSE_FIXTURE_REQUEST);

	while (request && (read(f->fd, request, FUSE_FIXTURE_REQUEST) > 0 || errno == ENOENT || errno == EINTR))
		fuse_request(f, (const struct fuse_in_header *)request);
	free(request);
	return NULL;
}

/* false: this machine does not let us. */
static bool fuse_begin(struct fuse_fixture *f)
{
	FILE *sleep_program = fopen("/bin/sleep", "re");
	char options[80];

	*f = (struct fuse_fixture){ .path = "/tmp/traceleft-fuse.XXXXXX" };
	f->content = malloc(1 << 20);
	f->size = sleep_program && f->content ? fread(f->content, 1, 1 << 20, sleep_program) : 0;
	if (sleep_program)
		fclose(sleep_program);
	f->fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=0,group_id=0", f->fd);
	if (!f->size || f->fd < 0 || !mkdtemp(f->path))
		return false;
	snprintf(f->program, sizeof(f->program), "%s/program", f->path);
	if (mount("test", f->path, "fuse", MS_NODEV | MS_NOSUID, options) < 0) {
		rmdir(f->path);
		return false;
	}
	return pthread_create(&f->server, NULL, fuse_serve, f) == 0;
}

/* Whoever waits for an answer gets an error. */
static void fuse_end(struct fuse_fixture *f)
{
	umount2(f->path, MNT_FORCE);
	umount2(f->path, MNT_DETACH);
	pthread_join(f->server, NULL);
	close(f->fd);
	rmdir(f->path);
	free(f->content);
}

#endif
