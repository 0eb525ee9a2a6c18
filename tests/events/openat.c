/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <pthread.h>

#include "harness.h"

/* A call that returned a descriptor of the object at `path`. */
static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

/* A descriptor without the call under test. */
static int directory(const char *name)
{
	int fd = (int)syscall(SYS_open, name, O_RDONLY | O_DIRECTORY);

	require(fd >= 0);
	return fd;
}

static void file_by_absolute_name_whatever_the_directory(void)
{
	const char *path = new_file("file", 0644);

	opened(call(SYS_openat, AT_FDCWD, path, O_RDONLY), path);
	opened(call(SYS_openat, AT_FDCWD, path, O_RDONLY), path);
	opened(call(SYS_openat, -1, path, O_WRONLY), path);
}

static void file_by_name_in_the_working_directory(void)
{
	const char *path = new_file("relative", 0600);

	opened(call(SYS_openat, AT_FDCWD, text("relative"), O_RDWR | O_CLOEXEC), path);
}

static void file_by_name_in_a_directory(void)
{
	const char *path;
	int fd;

	require(mkdir("a", 0755) == 0 && mkdir("a/b", 0755) == 0);
	path = new_file("a/inner", 0600);
	fd = directory("a/b");
	opened(call(SYS_openat, fd, text("../inner"), O_RDONLY), path);
	opened(call(SYS_openat, fd, text("."), O_PATH), in_folder("a/b"));
	require(close(fd) == 0);
}

static void working_directory_that_changed(void)
{
	const char *path;

	require(mkdir("elsewhere", 0755) == 0);
	path = new_file("elsewhere/file", 0600);
	require(chdir("elsewhere") == 0);
	opened(call(SYS_openat, AT_FDCWD, text("file"), O_RDONLY), path);
	is_asked(call(SYS_openat, AT_FDCWD, text("none"), O_RDONLY), in_folder("elsewhere/none"));
	require(chdir(folder()) == 0);
}

static void new_file_gets_its_mode(void)
{
	const char *path = in_folder("made");

	opened(call(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, 0640), path);
	require(stat_of(path).st_mode == (S_IFREG | 0640));
}

static void symbolic_link_shows_what_it_leads_to(void)
{
	const char *path = new_file("object", 0600);
	struct call *c;

	require(symlink("object", "link") == 0);
	opened(call(SYS_openat, AT_FDCWD, text("link"), O_RDONLY), path);
	c = call(SYS_openat, AT_FDCWD, text("link"), O_RDONLY | O_NOFOLLOW);
	require(c->ret == -ELOOP);
	is_asked(c, in_folder("link"));
	opened(call(SYS_openat, AT_FDCWD, text("link"), O_PATH | O_NOFOLLOW), in_folder("link"));
}

static void file_with_two_names(void)
{
	const char *path = new_file("first", 0600);

	require(link("first", "second") == 0);
	opened(call(SYS_openat, AT_FDCWD, path, O_RDONLY), path);
	opened(call(SYS_openat, AT_FDCWD, text("second"), O_RDONLY), in_folder("second"));
}

static void in_another_root_child(void)
{
	struct call *c;

	require(chroot("jail") == 0 && chdir("/") == 0);
	c = call(SYS_openat, AT_FDCWD, text("/file"), O_RDONLY);
	require(c->ret >= 0);
	is_object(c, in_folder("jail/file"), stat_of("/file"));
	is_asked(call(SYS_openat, AT_FDCWD, text("none"), O_RDONLY), in_folder("jail/none"));
	is_asked(call(SYS_openat, AT_FDCWD, text("/../none"), O_RDONLY), in_folder("jail/none"));
}

/* Paths are those of the mount namespace: a process cannot choose them by its root. */
static void in_another_root(void)
{
	require(mkdir("jail", 0755) == 0);
	new_file("jail/file", 0600);
	in_child(in_another_root_child);
}

static void *thread_main(void *path)
{
	opened(call(SYS_openat, AT_FDCWD, path, O_RDONLY), path);
	return NULL;
}

static void by_a_thread(void)
{
	const char *path = new_file("by-thread", 0600);
	pthread_t thread;

	require(pthread_create(&thread, NULL, thread_main, (void *)path) == 0);
	require(pthread_join(thread, NULL) == 0);
}

static void no_such_file(void)
{
	struct call *c = call(SYS_openat, AT_FDCWD, text("missing"), O_RDONLY);
	int fd;

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing"));
	require(mkdir("empty", 0755) == 0);
	fd = directory("empty");
	c = call(SYS_openat, fd, text("missing"), O_RDONLY);
	require(c->ret == -ENOENT);
	is_asked(c, in_folder("empty/missing"));
	require(close(fd) == 0);
}

static void no_such_descriptor(void)
{
	require(call(SYS_openat, 999, text("name"), O_RDONLY)->ret == -EBADF);
}

static void descriptor_that_is_no_directory(void)
{
	const char *path = new_file("plain", 0600);
	int fd = (int)syscall(SYS_open, path, O_RDONLY);
	struct call *c = call(SYS_openat, fd, text("name"), O_RDONLY);

	require(c->ret == -ENOTDIR);
	is_asked(c, in_folder("plain/name"));
	require(close(fd) == 0);
}

static void refused_child(void)
{
	struct call *c;

	become_nobody();
	c = call(SYS_openat, AT_FDCWD, text("secret"), O_WRONLY);
	require(c->ret == -EACCES);
	is_asked(c, in_folder("secret"));
}

static void refused(void)
{
	new_file("secret", 0644);
	in_child(refused_child);
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_openat, AT_FDCWD, NOWHERE, O_RDONLY)->ret == -EFAULT);
}

static void name_that_is_too_long(void)
{
	char *name = room(5001);
	struct call *c;

	memset(name, 'y', 5000);
	c = call(SYS_openat, AT_FDCWD, name, O_RDONLY);
	require(c->ret == -ENAMETOOLONG && (c->captured[1].flags & TL_VALUE_TRUNCATED));
	is_asked(c, in_folder(text("%.4095s", name)));
	c->file_object.flags = TL_VALUE_TRUNCATED;
}

static void by_the_32_bit_door(void)
{
	const char *path;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	path = new_file("by-32-bit", 0600);
	opened(call32(295, AT_FDCWD, path, O_RDONLY, 0), path);
	opened(call32(295, AT_FDCWD, text("by-32-bit"), O_RDONLY, 0), path);
	is_asked(call32(295, AT_FDCWD, text("missing"), O_RDONLY, 0), in_folder("missing"));
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_name_whatever_the_directory),
	CASE(file_by_name_in_the_working_directory),
	CASE(file_by_name_in_a_directory),
	CASE(working_directory_that_changed),
	CASE(new_file_gets_its_mode),
	CASE(symbolic_link_shows_what_it_leads_to),
	CASE(file_with_two_names),
	CASE(in_another_root),
	CASE(by_a_thread),
	CASE(no_such_file),
	CASE(no_such_descriptor),
	CASE(descriptor_that_is_no_directory),
	CASE(refused),
	CASE(name_that_cannot_be_read),
	CASE(name_that_is_too_long),
	CASE(by_the_32_bit_door),
};

TEST("openat", NULL)
