/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A file by names that do not say which it is: links, "..", /proc, bind mounts,
 * mount namespaces, other roots. What was opened is told all the same.
 */
#include <linux/mount.h>
#include <sched.h>
#include <sys/mount.h>

#include "../events/harness.h"

static const char *secret;
static struct stat secret_stat;

static void unshare_mounts(void)
{
	require(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	has_moved();
}

/* A call that returned a descriptor of that object. */
static struct call *reached(struct call *c, const char *path, struct stat facts)
{
	require(c->ret >= 0);
	is_object(c, path, facts);
	if (c->ret >= 0)
		require(close((int)c->ret) == 0);
	return c;
}

#define reaches(name) reached(call(SYS_openat, AT_FDCWD, text("%s", name), O_RDONLY), secret, secret_stat)

static void prepare(void)
{
	fill_file("secret", "of interest\n");
	secret = in_folder("secret");
	secret_stat = stat_of(secret);
	if (mkdir("a", 0755) || mkdir("a/b", 0755) || mkdir("c", 0755))
		abort();
}

static void link_to_a_link(void)
{
	require(symlink("secret", "first") == 0 && symlink("a/../first", "second") == 0);
	require(symlink(in_folder("second"), "c/third") == 0);
	reaches("c/third");
}

/* ".." is of where the link leads to, not of where it is. */
static void link_before_dots(void)
{
	require(symlink("../a/b", "c/down") == 0);
	reaches("c/down/../../secret");
}

static void dots_and_slashes(void)
{
	reaches(".//a/./b/..//../././secret");
	reaches(text("/../..%s/a/../secret", folder()));
}

static void root_and_working_directory_in_proc(void)
{
	require(chdir("a/b") == 0);
	reaches(text("/proc/self/root%s", secret));
	reaches("/proc/thread-self/cwd/../../secret");
	reaches(text("/proc/%d/root/proc/self/root%s", getpid(), secret));
	require(chdir(folder()) == 0);
}

static void descriptor_in_proc(void)
{
	int fd = (int)syscall(SYS_open, "secret", O_PATH), directory = (int)syscall(SYS_open, "a", O_RDONLY);

	reaches(text("/proc/self/fd/%d", fd));
	reaches(text("/dev/fd/%d", fd));
	reaches(text("/proc/%d/task/%d/fd/%d/../secret", getpid(), gettid(), directory));
	require(close(fd) == 0 && close(directory) == 0);
}

static void hard_link(void)
{
	require(link("secret", "a/b/same") == 0);
	/* Of two names it is the one that was used; the inode is the same. */
	reached(call(SYS_openat, AT_FDCWD, text("a/b/same"), O_RDONLY), in_folder("a/b/same"), stat_of("secret"));
	require(unlink("a/b/same") == 0);
}

static void descriptor_of_what_has_no_name_any_more(void)
{
	const char *path = new_file("gone", 0600);
	struct call *c = call(SYS_openat, AT_FDCWD, path, O_PATH);
	struct stat without;

	is_object(c, path, stat_of(path));
	require(unlink(path) == 0);
	without = stat_of_fd((int)c->ret);
	reached(call(SYS_openat, AT_FDCWD, text("/proc/self/fd/%d", (int)c->ret), O_RDONLY), path, without)
		->file_object.flags = TL_VALUE_DELETED;
	require(close((int)c->ret) == 0);
}

/* Names are those that the process sees: there, of the place where it is mounted. */
static void bind_mount_child(void)
{
	unshare_mounts();
	require(mkdir("mounted", 0755) == 0 && mount(folder(), "mounted", NULL, MS_BIND, NULL) == 0);
	reached(call(SYS_openat, AT_FDCWD, text("mounted/secret"), O_RDONLY), in_folder("mounted/secret"), secret_stat);
	new_file("cover", 0600);
	require(mount("secret", "cover", NULL, MS_BIND, NULL) == 0);
	reached(call(SYS_openat, AT_FDCWD, text("cover"), O_RDONLY), in_folder("cover"), secret_stat);
}

static void bind_mount(void)
{
	in_child(bind_mount_child);
}

static void other_tree_in_a_mount_namespace_child(void)
{
	struct call *c;

	unshare_mounts();
	require(mount("none", "c", "tmpfs", 0, NULL) == 0 && mknod("c/new", S_IFREG | 0600, 0) == 0);
	c = call(SYS_openat, AT_FDCWD, text("c/new"), O_RDONLY);
	reached(c, in_folder("c/new"), stat_of("c/new"));
	require(mkdir("c/old", 0755) == 0 && mount(folder(), "c/old", NULL, MS_BIND, NULL) == 0);
	require(chdir("c") == 0 && mount(".", "/", NULL, MS_MOVE, NULL) == 0 && chroot(".") == 0);
	reached(call(SYS_openat, AT_FDCWD, text("/new"), O_RDONLY), "/new", stat_of("/new"));
	is_asked(call(SYS_openat, AT_FDCWD, text("/old/../none"), O_RDONLY), "/none");
	reached(call(SYS_openat, AT_FDCWD, text("/old/secret"), O_RDONLY), "/old/secret", secret_stat);
}

static void other_tree_in_a_mount_namespace(void)
{
	in_child(other_tree_in_a_mount_namespace_child);
}

static bool write_to(const char *path, const char *data)
{
	int fd = (int)syscall(SYS_open, path, O_WRONLY);
	bool written = fd >= 0 && write(fd, data, strlen(data)) == (ssize_t)strlen(data);

	return fd >= 0 && close(fd) == 0 && written;
}

/* A user without privileges makes himself a root, and is still in the one that all see. */
static void root_of_a_user_namespace_child(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0) {
		skip_case("this kernel makes no user namespaces");
		return;
	}
	require(write_to("/proc/self/setgroups", "deny"));
	require(write_to("/proc/self/uid_map", "0 0 1") && write_to("/proc/self/gid_map", "0 0 1"));
	has_moved();
	require(chroot("a") == 0 && chdir("/") == 0);
	reached(call(SYS_openat, AT_FDCWD, text("/b"), O_PATH), in_folder("a/b"), stat_of("/b"));
	is_asked(call(SYS_openat, AT_FDCWD, text("/../secret"), O_RDONLY), in_folder("a/secret"));
}

static void root_of_a_user_namespace(void)
{
	in_child(root_of_a_user_namespace_child);
}

/* A descriptor from before, and ".." leads out. */
static void way_out_of_a_root_child(void)
{
	int outside = (int)syscall(SYS_open, ".", O_RDONLY | O_DIRECTORY);

	require(chroot("a/b") == 0);
	reached(call(SYS_openat, outside, text("a/../secret"), O_RDONLY), secret, secret_stat);
	require(fchdir(outside) == 0);
	reached(call(SYS_openat, AT_FDCWD, text("./secret"), O_RDONLY), secret, secret_stat);
}

static void way_out_of_a_root(void)
{
	in_child(way_out_of_a_root_child);
}

/* A copy of the tree that is mounted nowhere: its names begin at nothing, and the event says so. */
static void tree_that_is_mounted_nowhere(void)
{
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, folder(), OPEN_TREE_CLONE);

	require(tree >= 0);
	reached(call(SYS_openat, tree, text("a/../secret"), O_RDONLY), "/secret", secret_stat)->file_object.flags =
		TL_VALUE_DETACHED;
	require(close(tree) == 0);
}

/* Calls that leave no descriptor behind: where functions can be hooked it is the object,
 * elsewhere what was asked for, and marked as that. */
static void named_through_a_link(void)
{
	const char *victim = new_file("victim", 0600);
	struct stat before = stat_of(victim), directory;
	struct call *c;

	require(symlink("../../victim", "a/b/innocent") == 0 && symlink("a", "d") == 0);
	c = call(SYS_chmod, text("a/b/innocent"), 0666);
	require(c->ret == 0);
	is_named(c, in_folder("a/b/innocent"), victim, &before);
	before = stat_of(victim);
	c = call(SYS_truncate, text("d/b/innocent"), 0);
	is_named(c, in_folder("d/b/innocent"), victim, &before);
	c = call(SYS_rename, text("d/../victim"), text("d/b/taken"));
	is_named(c, in_folder("victim"), victim, &before);
	directory = stat_of("a/b/taken");
	is_target(c, in_folder("d/b/taken"), in_folder("a/b/taken"), NULL);
	c = call(SYS_unlinkat, AT_FDCWD, text("d/b/taken"), 0);
	is_named(c, in_folder("d/b/taken"), in_folder("a/b/taken"), &directory);
}

static void looked_at_and_linked_through_a_link(void)
{
	const char *victim = new_file("looked-at", 0600);
	struct stat before = stat_of(victim);
	struct call *c;

	require(symlink("looked-at", "glance") == 0 && symlink("c", "e") == 0);
	c = call(SYS_stat, text("glance"), room(sizeof(struct stat)));
	require(c->ret == 0);
	is_named(c, in_folder("glance"), victim, &before);
	c = call(SYS_linkat, AT_FDCWD, text("glance"), AT_FDCWD, text("e/same"), AT_SYMLINK_FOLLOW);
	require(c->ret == 0);
	is_named(c, in_folder("glance"), victim, &before);
	is_target(c, in_folder("e/same"), in_folder("c/same"), NULL);
	c = call(SYS_symlink, text("/etc/passwd"), text("e/made"));
	require(c->ret == 0);
	is_named(c, in_folder("e/made"), in_folder("c/made"), NULL);
}

static const struct test_case cases[] = {
	CASE(link_to_a_link),
	CASE(link_before_dots),
	CASE(dots_and_slashes),
	CASE(root_and_working_directory_in_proc),
	CASE(descriptor_in_proc),
	CASE(hard_link),
	CASE(descriptor_of_what_has_no_name_any_more),
	CASE(bind_mount),
	CASE(other_tree_in_a_mount_namespace),
	CASE(root_of_a_user_namespace),
	CASE(way_out_of_a_root),
	CASE(tree_that_is_mounted_nowhere),
	CASE(named_through_a_link),
	CASE(looked_at_and_linked_through_a_link),
};

TEST_OF("names", prepare, "openat", "chmod", "truncate", "rename", "unlinkat", "stat", "linkat", "symlink")
