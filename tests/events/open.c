/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

/* A call that returned a descriptor of the object at `path`. */
static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void file_by_absolute_name(void)
{
	const char *path = new_file("file", 0640);

	opened(call(SYS_open, path, O_RDONLY), path);
	opened(call(SYS_open, path, O_RDONLY), path);
	opened(call(SYS_open, path, O_WRONLY | O_APPEND), path);
}

static void file_by_name_in_the_working_directory(void)
{
	const char *path = new_file("relative", 0600);

	opened(call(SYS_open, text("relative"), O_RDWR), path);
	opened(call(SYS_open, text("./relative"), O_RDWR), path);
}

static void new_file_gets_its_mode(void)
{
	const char *path = in_folder("made");
	struct call *c = call(SYS_open, path, O_CREAT | O_EXCL | O_WRONLY, 0604);

	opened(c, path);
	require(stat_of(path).st_mode == (S_IFREG | 0604));
	c = call(SYS_open, path, O_CREAT | O_EXCL | O_WRONLY, 0604);
	require(c->ret == -EEXIST);
	is_asked(c, path);
}

static void symbolic_link_shows_what_it_leads_to(void)
{
	const char *path = new_file("object", 0600);

	require(symlink("object", "link") == 0);
	opened(call(SYS_open, in_folder("link"), O_RDONLY), path);
	opened(call(SYS_open, text("link"), O_RDONLY), path);
}

static void directories_that_are_links_and_dots(void)
{
	const char *path;

	require(mkdir("real", 0755) == 0 && symlink("real", "alias") == 0);
	path = new_file("real/inner", 0600);
	opened(call(SYS_open, in_folder("alias/inner"), O_RDONLY), path);
	opened(call(SYS_open, text("alias/../real/./inner"), O_RDONLY), path);
}

static void directory(void)
{
	require(mkdir("directory", 0711) == 0);
	opened(call(SYS_open, text("directory"), O_RDONLY | O_DIRECTORY), in_folder("directory"));
	opened(call(SYS_open, text("/"), O_PATH), "/");
}

static void device(void)
{
	opened(call(SYS_open, text("/dev/null"), O_WRONLY), "/dev/null");
}

static void file_without_a_name(void)
{
	struct call *c = call(SYS_open, text("."), O_TMPFILE | O_RDWR, 0600);
	struct stat st;

	if (c->ret == -EOPNOTSUPP) {
		is_asked(c, folder());
		skip_case("the file system has no O_TMPFILE");
		return;
	}
	require(c->ret >= 0);
	st = stat_of_fd((int)c->ret);
	is_deleted(c, in_folder(text("#%llu", (unsigned long long)st.st_ino)), st);
	require(close((int)c->ret) == 0);
}

static void descriptor_through_proc_shows_the_object(void)
{
	const char *path = new_file("behind", 0600);
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY);

	opened(call(SYS_open, text("/proc/self/fd/%d", fd), O_RDONLY), path);
	require(close(fd) == 0);
}

static void no_such_file(void)
{
	struct call *c = call(SYS_open, text("missing/file"), O_RDONLY);

	require(c->ret == -ENOENT);
	is_asked(c, in_folder("missing/file"));
	c = call(SYS_open, text("/missing/./x/../file"), O_RDONLY);
	require(c->ret == -ENOENT);
	is_asked(c, "/missing/file");
}

static void refused_child(void)
{
	struct call *c;

	become_nobody();
	c = call(SYS_open, in_folder("secret"), O_RDONLY);
	require(c->ret == -EACCES);
	is_asked(c, in_folder("secret"));
}

static void refused(void)
{
	new_file("secret", 0600);
	in_child(refused_child);
}

static void links_in_a_circle(void)
{
	struct call *c;

	require(symlink("circle", "circle") == 0);
	c = call(SYS_open, text("circle"), O_RDONLY);
	require(c->ret == -ELOOP);
	is_asked(c, in_folder("circle"));
}

static void name_that_cannot_be_read(void)
{
	require(call(SYS_open, NOWHERE, O_RDONLY)->ret == -EFAULT);
	require(call(SYS_open, NULL, O_RDONLY)->ret == -EFAULT);
}

static void empty_name(void)
{
	require(call(SYS_open, text("%s", ""), O_RDONLY)->ret == -ENOENT);
}

static void name_that_is_too_long(void)
{
	char *name = room(5001);
	struct call *c;

	memset(name, 'x', 5000);
	name[0] = '/';
	c = call(SYS_open, name, O_RDONLY);
	require(c->ret == -ENAMETOOLONG);
	require(c->captured[0].flags & TL_VALUE_TRUNCATED);
	is_asked(c, text("%.4095s", name));
	c->file_object.flags = TL_VALUE_TRUNCATED;
	/* One that just fits is whole. */
	name[4095] = '\0';
	for (unsigned i = 200; i < 4095; i += 200)
		name[i] = '/';
	c = call(SYS_open, name, O_RDONLY);
	require(c->ret == -ENOENT && !(c->captured[0].flags & TL_VALUE_TRUNCATED));
	is_asked(c, name);
}

static void bytes_that_would_forge_a_line(void)
{
	const char *path = new_file("a\n\"\\\x1b[31m\xff\xc3\xa9", 0600);

	opened(call(SYS_open, path, O_RDONLY), path);
}

static void deep_below(void)
{
	const char *name = "deep", *path, *end;
	unsigned n = 0;
	struct call *c;

	for (unsigned i = 0; i < 100; i++) {
		require(mkdir(name, 0755) == 0);
		name = text("%s/%u-and-a-long-name", name, i);
	}
	path = new_file(name, 0600);
	c = call(SYS_open, path, O_RDONLY);
	opened(c, path);
	if (!is_old_kernel())
		return;
	/* There the climb ends after 32 steps, and says so. */
	for (end = path + strlen(path); n < 32; n++)
		end = memrchr(path, '/', (size_t)(end - path));
	c->file_object.path = text("...%s", end);
	c->file_object.flags = TL_VALUE_TRUNCATED;
	c->flags = TL_EVENT_TRUNCATED;
}

static void by_the_32_bit_door(void)
{
	const char *path;

	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	path = new_file("by-32-bit", 0600);
	opened(call32(5, path, O_RDONLY, 0), path);
	require(call32(5, NOWHERE, O_RDONLY, 0)->ret == -EFAULT);
}

static const struct test_case cases[] = {
	CASE(file_by_absolute_name),
	CASE(file_by_name_in_the_working_directory),
	CASE(new_file_gets_its_mode),
	CASE(symbolic_link_shows_what_it_leads_to),
	CASE(directories_that_are_links_and_dots),
	CASE(directory),
	CASE(device),
	CASE(file_without_a_name),
	CASE(descriptor_through_proc_shows_the_object),
	CASE(no_such_file),
	CASE(refused),
	CASE(links_in_a_circle),
	CASE(name_that_cannot_be_read),
	CASE(empty_name),
	CASE(name_that_is_too_long),
	CASE(bytes_that_would_forge_a_line),
	CASE(deep_below),
	CASE(by_the_32_bit_door),
};

TEST("open", NULL)
