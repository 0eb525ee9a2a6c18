/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The same deed by another call than the one that everybody watches. Where a
 * call leaves no descriptor and the kernel is asked nothing that can be hooked
 * its event has what was asked for, marked as a claim.
 */
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/uio.h>

#include "../events/harness.h"

/* Of 6.6; the C library does not know it yet. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static const char *secret;

static void prepare(void)
{
	fill_file("secret", "of interest\n");
	secret = in_folder("secret");
	if (mkdir("place", 0755))
		abort();
}

static int secret_fd(void)
{
	int fd = (int)syscall(SYS_open, secret, O_RDWR);

	require(fd >= 0);
	return fd;
}

static void opened(struct call *c)
{
	require(c->ret >= 0);
	is_object(c, secret, stat_of(secret));
	require(close((int)c->ret) == 0);
}

/* It changes the file behind a descriptor or, as a fact where functions can be hooked, a name. */
static void changed(struct call *c, struct stat before, bool is_by_name)
{
	require(c->ret == 0);
	if (is_by_name)
		is_named(c, secret, secret, &before);
	else
		is_object(c, secret, before);
	c->file_object.after = stat_of(secret);
}

static void to_open(void)
{
	struct open_how *how = room(sizeof(*how));

	how->flags = O_RDONLY;
	opened(call(SYS_openat2, AT_FDCWD, text("place/../secret"), how, sizeof(*how)));
	how->flags = O_PATH;
	opened(call(SYS_openat2, AT_FDCWD, text("secret"), how, sizeof(*how)));
	opened(call(SYS_creat, text("./secret"), 0600));
}

static void to_open_without_a_name(void)
{
	struct file_handle *handle = room(sizeof(*handle) + MAX_HANDLE_SZ);
	int mount_id, folder_fd = (int)syscall(SYS_open, ".", O_RDONLY | O_DIRECTORY);

	handle->handle_bytes = MAX_HANDLE_SZ;
	if (name_to_handle_at(AT_FDCWD, secret, handle, &mount_id, 0) < 0)
		skip_case("the folder's file system has no handles");
	else
		opened(call(SYS_open_by_handle_at, folder_fd, handle, O_RDWR));
	require(close(folder_fd) == 0);
}

static void to_empty(void)
{
	struct stat before = stat_of(secret);
	int fd = secret_fd();

	changed(call(SYS_truncate, text("place/../secret"), 1), before, true);
	changed(call(SYS_ftruncate, fd, 20), stat_of(secret), false);
	changed(call(SYS_fallocate, fd, 3 /* PUNCH_HOLE | KEEP_SIZE */, 0, 10), stat_of(secret), false);
	require(close(fd) == 0);
}

static void to_change_the_mode(void)
{
	struct stat before = stat_of(secret);
	int directory = (int)syscall(SYS_open, "place", O_PATH), fd = secret_fd();
	struct call *c;

	changed(call(SYS_fchmodat, directory, text("../secret"), 0640), before, true);
	changed(call(SYS_fchmod, fd, 0644), stat_of(secret), false);
	before = stat_of(secret);
	c = call(SYS_fchmodat2, fd, text("%s", ""), 0600, AT_EMPTY_PATH);
	if (c->ret == 0)
		changed(c, before, false);
	require(c->ret == 0 || c->ret == -ENOSYS);
	require(close(fd) == 0 && close(directory) == 0);
}

static void to_give_attributes(void)
{
	const char *name = "trusted.test", *value = text("x");
	struct stat before = stat_of(secret);
	int fd = secret_fd();
	struct call *c = call(SYS_fsetxattr, fd, text("%s", name), value, 1, 0);

	if (c->ret == -EOPNOTSUPP) {
		is_object(c, secret, stat_of(secret));
		skip_case("the folder's file system has no such attributes");
		return;
	}
	is_object(c, secret, stat_of(secret));
	is_named(call(SYS_setxattr, text("secret"), text("%s", name), value, 1, 0), secret, secret, &before);
	is_named(call(SYS_lsetxattr, text("place/../secret"), text("%s", name), value, 1, 0), secret, secret, &before);
	is_named(call(SYS_removexattr, secret, text("%s", name)), secret, secret, &before);
	require(close(fd) == 0);
}

static void to_give_another_name(void)
{
	const char *other = new_file("other", 0600), *third = in_folder("third");
	struct stat before = stat_of(secret), others = stat_of(other);
	struct call *c = call(SYS_renameat2, AT_FDCWD, secret, AT_FDCWD, other, 2 /* RENAME_EXCHANGE */);

	require(c->ret == 0);
	/* Each has the other's name now: the paths are those of the moment before, or claims. */
	is_named(c, secret, secret, &before);
	is_target(c, other, other, &others);
	c->file_object.after = before;
	c->target_object.after = others;
	before = stat_of(other);
	c = call(SYS_renameat2, AT_FDCWD, other, AT_FDCWD, secret, 0);
	require(c->ret == 0);
	is_named(c, other, other, &before);
	is_target(c, secret, secret, &others);
	c->file_object.after = before;
	c->target_object.after = others;
	c = call(SYS_linkat, AT_FDCWD, secret, AT_FDCWD, third, 0);
	require(c->ret == 0);
	is_named(c, secret, secret, &before);
	is_target(c, third, third, NULL);
	require(unlink(third) == 0);
}

/* From the one file to what is behind `to`. */
static void copied(struct call *c, int from, const char *path, int to)
{
	require(c->ret == 4);
	is_object(c, secret, stat_of(secret));
	c->target_object = (struct object){ .path = path, .has_facts = true, .before = stat_of_fd(to) };
	c->target_object.after = c->target_object.before;
	require(lseek(from, 0, SEEK_SET) == 0);
}

static void to_copy(void)
{
	const char *copy = new_file("copy", 0600);
	int from = secret_fd(), to = (int)syscall(SYS_open, copy, O_RDWR), ends[2];

	require(pipe(ends) == 0);
	copied(call(SYS_sendfile, to, from, NULL, 4), from, copy, to);
	copied(call(SYS_splice, from, NULL, ends[1], NULL, 4, 0), from,
	       text("pipe:[%lu]", (long)stat_of_fd(ends[1]).st_ino), ends[1]);
	copied(call(SYS_copy_file_range, from, NULL, to, NULL, 4, 0), from, copy, to);
	require(close(from) == 0 && close(to) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

static void to_mount_child(void)
{
	struct stat place;
	struct call *c;
	int tree;

	require(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	has_moved();
	c = call(SYS_open_tree, AT_FDCWD, text("."), OPEN_TREE_CLONE);
	tree = (int)c->ret;
	require(tree >= 0);
	is_object(c, "/", stat_of_fd(tree));
	c->file_object.flags = TL_VALUE_DETACHED;
	place = stat_of("place");
	c = call(SYS_move_mount, tree, text("%s", ""), AT_FDCWD, text("place"), MOVE_MOUNT_F_EMPTY_PATH);
	require(c->ret == 0);
	if (getenv("TL_TEST_FACTS")) {
		is_object(c, "/", stat_of_fd(tree));
		c->file_object.flags = TL_VALUE_DETACHED;
		is_target(c, in_folder("place"), in_folder("place"), &place);
	} else { /* it is mounted by the time that the call returns */
		is_object(c, in_folder("place"), stat_of_fd(tree));
		is_target(c, in_folder("place"), NULL, NULL);
	}
}

static void to_mount(void)
{
	in_child(to_mount_child);
}

/* Into the memory of a child that is another process. */
static void victim(void)
{
	pause();
}

static void to_write_memory(void)
{
	struct iovec *here = room(sizeof(*here)), *there = room(sizeof(*there));
	pid_t pid = spawn(victim);

	here->iov_base = room(8);
	there->iov_base = (void *)here->iov_base;
	here->iov_len = there->iov_len = 4;
	require(call(SYS_process_vm_writev, pid, here, 1, there, 1, 0)->ret == 4);
	require(kill(pid, SIGKILL) == 0 && WIFSIGNALED(reap(pid)));
}

static const struct test_case cases[] = {
	CASE(to_open),
	CASE(to_open_without_a_name),
	CASE(to_empty),
	CASE(to_change_the_mode),
	CASE(to_give_attributes),
	CASE(to_give_another_name),
	CASE(to_copy),
	CASE(to_mount),
	CASE(to_write_memory),
};

TEST_OF("spellings", prepare, "openat2", "creat", "open_by_handle_at", "truncate", "ftruncate", "fallocate", "fchmodat",
	"fchmod", "fchmodat2", "fsetxattr", "setxattr", "lsetxattr", "removexattr", "renameat2", "linkat",
	"copy_file_range", "sendfile", "splice", "open_tree", "move_mount", "process_vm_writev")
