/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process-proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "util.h"

bool tl_proc_start_fits(uint64_t start, uint64_t exact)
{
	return exact >= start && exact - start < TL_PROC_TICK;
}

/* Reads at most size - 1 bytes and adds a NUL. */
static ssize_t read_file(int dir_fd, const char *name, char *ret, size_t size)
{
	_cleanup_close_ int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t n = 0;
	ssize_t r;

	ret[0] = '\0';
	if (fd < 0)
		return -errno;
	do {
		r = read(fd, ret + n, size - 1 - n);
		if (r < 0)
			return -errno;
		n += (size_t)r;
	} while (r > 0 && n < size - 1);
	ret[n] = '\0';
	return (ssize_t)n;
}

static void read_link(int dir_fd, const char *name, char ret[PATH_MAX])
{
	ssize_t n = readlinkat(dir_fd, name, ret, PATH_MAX - 1);

	ret[MAX(n, 0)] = '\0';
}

static int read_stat(int dir_fd, struct tl_proc *ret)
{
	char text[1024], *comm, *end, state;
	unsigned long long start;
	ssize_t n = read_file(dir_fd, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	comm = strchr(text, '(');
	end = strrchr(text, ')'); /* the name may hold some, too */
	if (!comm || !end || end < comm)
		return -EBADMSG;
	*end = '\0';
	snprintf(ret->comm, sizeof(ret->comm), "%s", comm + 1);
	if (sscanf(end + 1, " %c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state,
		   &ret->ppid, &start) != 3)
		return -EBADMSG;
	ret->start = start * TL_PROC_TICK;
	return 0;
}

/* A file may really be called "x (deleted)". */
static void read_executable(int dir_fd, struct tl_proc *ret)
{
	static const char mark[] = " (deleted)";
	struct stat st, named;
	size_t n, marked = strlen(mark);

	read_link(dir_fd, "exe", ret->executable);
	if (fstatat(dir_fd, "exe", &st, 0) < 0)
		return;
	ret->executable_inode = st.st_ino;
	ret->executable_major = major(st.st_dev);
	ret->executable_minor = minor(st.st_dev);
	n = strlen(ret->executable);
	if (n <= marked || strcmp(ret->executable + n - marked, mark) != 0)
		return;
	if (st.st_nlink && stat(ret->executable, &named) == 0 && named.st_ino == st.st_ino && named.st_dev == st.st_dev)
		return;
	ret->executable[n - marked] = '\0';
	ret->executable_deleted = true;
}

/* A process that writes its own title leaves a tail of NULs, or none at all. */
static void read_args(int dir_fd, struct tl_proc *ret)
{
	ssize_t n = read_file(dir_fd, "cmdline", ret->args, sizeof(ret->args));

	if (n <= 0)
		return;
	ret->args_truncated = n == TL_PROC_ARGS_MAX;
	while (n > 1 && !ret->args[n - 1] && !ret->args[n - 2])
		n--;
	if (ret->args[n - 1] && n < TL_PROC_ARGS_MAX)
		n++;
	ret->args_size = (uint32_t)n;
	ret->args[n - 1] = '\0';
}

static uint32_t read_namespace(int dir_fd, const char *name)
{
	struct stat st;

	return fstatat(dir_fd, name, &st, 0) < 0 ? 0 : (uint32_t)st.st_ino;
}

/* The last number of "NSpid:\t4711\t12\t1". */
static uint32_t read_inner_pid(int dir_fd)
{
	char text[4096], *line, *end;

	if (read_file(dir_fd, "status", text, sizeof(text)) < 0 || !(line = strstr(text, "\nNSpid:")))
		return 0;
	end = strchrnul(line + 1, '\n');
	*end = '\0';
	return (uint32_t)strtoul(strrchr(line, '\t') ?: "0", NULL, 10);
}

static void read_cgroup(int dir_fd, char ret[PATH_MAX])
{
	char text[2 * PATH_MAX], *line;

	ret[0] = '\0';
	if (read_file(dir_fd, "cgroup", text, sizeof(text)) < 0)
		return;
	line = strncmp(text, "0::", 3) == 0 ? text : strstr(text, "\n0::");
	if (!line)
		return;
	line = strchr(line, '/');
	if (line && strcspn(line, "\n") < PATH_MAX)
		snprintf(ret, PATH_MAX, "%.*s", (int)strcspn(line, "\n"), line);
}

int tl_proc_read(uint32_t pid, uint64_t start, struct tl_proc *ret)
{
	_cleanup_close_ int fd = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%u", pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -ESRCH;
	memset(ret, 0, offsetof(struct tl_proc, args));
	r = read_stat(fd, ret);
	if (r < 0 || (start && !tl_proc_start_fits(ret->start, start)))
		return -ESRCH;
	read_executable(fd, ret);
	read_link(fd, "cwd", ret->working_directory);
	read_args(fd, ret);
	read_cgroup(fd, ret->cgroup);
	ret->inner_pid = read_inner_pid(fd);
	ret->mntns = read_namespace(fd, "ns/mnt");
	ret->netns = read_namespace(fd, "ns/net");
	ret->pidns = read_namespace(fd, "ns/pid");
	return 0;
}
