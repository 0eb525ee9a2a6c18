// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "encode.h"
#include "log.h"
#include "runtime.h"
#include "util.h"

#define DIRECTORY "/run/traceleft"
#define LOCK "traceleftd.lock"
#define LEFT "left.json" /* the status file of one that has left its session to the next */
#define WAITING "waiting" /* outputs have not got rid of all that they were given */
#define OWED "outage" /* since the time of its change things are missing, and no output has it that says so */
#define AUDITED "audited" /* in $STATE_DIRECTORY, from the start to the stop: in which boot */
#define GROUP "traceleft"
#define DIRECTORY_MODE 0750
#define FILE_MODE 0640
#define SOCKET_MODE 0660 /* connecting is writing */
#define BACKLOG 16

gid_t tl_readers_group(void)
{
	_cleanup_fclose_ FILE *groups = fopen("/etc/group", "re");
	struct group *group;

	while (groups && (group = fgetgrent(groups)))
		if (!strcmp(group->gr_name, GROUP))
			return group->gr_gid;
	return (gid_t)-1;
}

static int open_directory(void)
{
	_cleanup_free_ char *path = NULL;
	const char *given = getenv("RUNTIME_DIRECTORY");
	int fd;

	/* systemd separates several by colons. */
	path = given && *given ? strndup(given, strcspn(given, ":")) : strdup(DIRECTORY);
	if (!path)
		return -ENOMEM;
	if (mkdir(path, DIRECTORY_MODE) == 0) {
		/* Whatever the umask says; without the group it is for root alone. */
		if (chown(path, (uid_t)-1, tl_readers_group()) < 0 && errno != EPERM)
			return -errno;
		if (chmod(path, DIRECTORY_MODE) < 0)
			return -errno;
	} else if (errno != EEXIST) {
		return -errno;
	}
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

/* A status file that is there although nobody holds the lock was left behind. */
static void find_lost(struct tl_runtime *r, pid_t before)
{
	struct stat st;

	r->lost = 0;
	r->waited = fstatat(r->directory, WAITING, &st, AT_SYMLINK_NOFOLLOW) == 0;
	r->left = fstatat(r->directory, LEFT, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (r->left || fstatat(r->directory, TL_STATUS_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		r->lost = r->left ? 0 : before;
		r->last_heard = tl_timespec_ns(&st.st_mtim);
	}
	r->owed = fstatat(r->directory, OWED, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (r->owed)
		r->last_heard = tl_timespec_ns(&st.st_mtim);
}

/* ---- Across boots: /run ends with the machine ---- */

static int open_state(void)
{
	const char *given = getenv("STATE_DIRECTORY");
	_cleanup_free_ char *path = given && *given ? strndup(given, strcspn(given, ":")) : NULL;

	return path ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW) : -1;
}

static bool machine_was_cut(void)
{
	_cleanup_close_ int state = open_state(), fd = -1;
	char boot[sizeof(tl_host()->boot_id)] = "";

	if (state < 0 || !*tl_host()->boot_id)
		return false;
	fd = openat(state, AUDITED, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd >= 0 && (read(fd, boot, sizeof(boot) - 1) <= 0 || strcmp(boot, tl_host()->boot_id) != 0);
}

/* Synced, or a power failure would take it too. */
static int note_boot(void)
{
	_cleanup_close_ int state = open_state(), fd = -1;
	const char *boot = tl_host()->boot_id;

	if (state < 0 || !*boot)
		return 0;
	fd = openat(state, AUDITED, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0)
		return -errno;
	if (write(fd, boot, strlen(boot)) < 0 || fsync(fd) < 0 || fsync(state) < 0)
		return -errno;
	return 0;
}

static void forget_boot(void)
{
	_cleanup_close_ int state = open_state();

	if (state >= 0)
		unlinkat(state, AUDITED, 0);
}

/* *ret_holder: whoever has it, or had it last; 0: nobody knows. */
static int take_lock(int directory, pid_t *ret_holder)
{
	_cleanup_close_ int fd = openat(directory, LOCK, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[32] = "";
	int n;

	if (fd < 0)
		return -errno;
	if (read(fd, text, sizeof(text) - 1) > 0)
		*ret_holder = atoi(text);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	n = snprintf(text, sizeof(text), "%d\n", (int)getpid());
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int tl_runtime_open(struct tl_runtime *r, pid_t *ret_holder)
{
	_cleanup_close_ int directory = open_directory();
	int lock;

	*ret_holder = 0;
	if (directory < 0)
		return directory;
	lock = take_lock(directory, ret_holder);
	if (lock < 0)
		return lock;
	r->directory = TAKE_FD(directory);
	r->lock = lock;
	find_lost(r, *ret_holder);
	r->cut = machine_was_cut();
	return 0;
}

void tl_runtime_close(struct tl_runtime *r)
{
	tl_closep(&r->lock);
	tl_closep(&r->directory);
	r->lock = r->directory = -1;
}

void tl_runtime_leave(struct tl_runtime *r)
{
	if (renameat(r->directory, TL_STATUS_FILE, r->directory, LEFT) < 0)
		tl_runtime_write(r, LEFT, NULL, 0); /* somebody has removed it */
}

void tl_runtime_forget(struct tl_runtime *r)
{
	int e = note_boot();

	if (e < 0)
		tl_log(LOG_WARNING, "if the machine fails, nobody tells of it: the state directory cannot be used: %s",
		       strerror(-e));
	if (!*tl_host()->boot_id)
		tl_log(LOG_WARNING,
		       "cannot read /proc/sys/kernel/random/boot_id (does the unit say ProcSubset=pid?): ids of events "
		       "and processes may come again after a boot, and nobody tells of a machine that fails");
	tl_runtime_remove(r, LEFT);
}

void tl_runtime_stop(struct tl_runtime *r, bool unwritten)
{
	struct stat st;
	bool owed = fstatat(r->directory, OWED, &st, AT_SYMLINK_NOFOLLOW) == 0;

	tl_runtime_remove(r, TL_STATUS_FILE);
	/* What is owed already is older. */
	if (unwritten && !owed)
		tl_runtime_write(r, OWED, NULL, 0);
	if (!unwritten && !owed)
		forget_boot();
}

void tl_runtime_owe(struct tl_runtime *r)
{
	const struct timespec since = { (time_t)(r->last_heard / TL_NSEC_PER_SEC), (long)(r->last_heard % TL_NSEC_PER_SEC) };

	if (tl_runtime_write(r, OWED, NULL, 0) == 0)
		utimensat(r->directory, OWED, (const struct timespec[]){ since, since }, AT_SYMLINK_NOFOLLOW);
}

void tl_runtime_wait(struct tl_runtime *r, bool waits)
{
	if (waits) {
		tl_runtime_write(r, WAITING, NULL, 0);
		return;
	}
	tl_runtime_remove(r, WAITING);
	tl_runtime_remove(r, OWED);
}

static int write_all(int fd, const char *data, size_t size)
{
	while (size) {
		ssize_t n = write(fd, data, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		data += n;
		size -= (size_t)n;
	}
	return 0;
}

int tl_runtime_write(struct tl_runtime *r, const char *name, const void *data, size_t size)
{
	_cleanup_close_ int fd = -1;
	char temporary[64];
	int e;

	snprintf(temporary, sizeof(temporary), ".%s.new", name);
	fd = openat(r->directory, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	/* Without the group it is for root alone. */
	if (fchown(fd, (uid_t)-1, tl_readers_group()) < 0 && errno != EPERM)
		return -errno;
	if (fchmod(fd, FILE_MODE) < 0)
		return -errno;
	e = write_all(fd, data, size);
	if (e < 0)
		return e;
	return renameat(r->directory, temporary, r->directory, name) < 0 ? -errno : 0;
}

int tl_runtime_listen(struct tl_runtime *r, const char *name)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	/* However long the folder's path is. */
	snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s", r->directory, name);
	/* We have the lock: it is of one that was killed. */
	tl_runtime_remove(r, name);
	if (bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	/* Without the group it is for root alone. */
	if (fchownat(r->directory, name, (uid_t)-1, tl_readers_group(), AT_SYMLINK_NOFOLLOW) < 0 && errno != EPERM)
		return -errno;
	if (fchmodat(r->directory, name, SOCKET_MODE, 0) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return TAKE_FD(fd);
}

void tl_runtime_remove(struct tl_runtime *r, const char *name)
{
	unlinkat(r->directory, name, 0);
}
