/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "process-proc.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util.h"

#define KERNEL_THREAD 0x00200000 /* PF_KTHREAD of linux/sched.h, in the task's flags */

bool tl_proc_start_fits(uint64_t start, uint64_t exact)
{
	return exact >= start && exact - start < TL_PROC_TICK;
}

ssize_t tl_proc_read_file(int dir_fd, const char *name, char *ret, size_t size)
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

static bool has_ended(int dir_fd)
{
	char text[1024];
	const char *end;

	if (tl_proc_read_file(dir_fd, "stat", text, sizeof(text)) < 0 || !(end = strrchr(text, ')')))
		return true;
	return end[1] == ' ' && (end[2] == 'Z' || end[2] == 'X');
}

static int read_stat(int dir_fd, struct tl_proc *ret)
{
	char text[1024], *comm, *end, state;
	unsigned long long start;
	unsigned flags;
	ssize_t n = tl_proc_read_file(dir_fd, "stat", text, sizeof(text));

	if (n < 0)
		return (int)n;
	comm = strchr(text, '(');
	end = strrchr(text, ')'); /* the name may hold some, too */
	if (!comm || !end || end < comm)
		return -EBADMSG;
	*end = '\0';
	snprintf(ret->comm, sizeof(ret->comm), "%s", comm + 1);
	if (sscanf(end + 1, " %c %u %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &state,
		   &ret->ppid, &flags, &start) != 4)
		return -EBADMSG;
	ret->is_kernel = flags & KERNEL_THREAD;
	ret->start = start * TL_PROC_TICK;
	return 0;
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

	if (tl_proc_read_file(dir_fd, "status", text, sizeof(text)) < 0 || !(line = strstr(text, "\nNSpid:")))
		return 0;
	end = strchrnul(line + 1, '\n');
	*end = '\0';
	return (uint32_t)strtoul(strrchr(line, '\t') ?: "0", NULL, 10);
}

static const char mark[] = " (deleted)";

size_t tl_proc_unmarked(const char *text, size_t n)
{
	const size_t marked = strlen(mark);

	return n > marked && strncmp(text + n - marked, mark, marked) == 0 ? n - marked : n;
}

/* Version 1 says of who has ended that he is in the root. Version 2 has where he was, with a mark if that
 * is removed: only somebody who has ended can be there, so with others the mark is a part of the name. */
void tl_proc_cgroup_parse(const char *text, uint32_t hierarchy, bool ended, char ret[PATH_MAX])
{
	char begin[16];
	const char *line = text;
	size_t n;

	ret[0] = '\0';
	snprintf(begin, sizeof(begin), "%u:", hierarchy);
	while (strncmp(line, begin, strlen(begin)) != 0) {
		line = strchr(line, '\n');
		if (!line++)
			return;
	}
	n = strcspn(line, "/\n");
	line += n;
	n = strcspn(line, "\n");
	if (n >= PATH_MAX || (ended && hierarchy))
		return;
	snprintf(ret, PATH_MAX, "%.*s", (int)(ended ? tl_proc_unmarked(line, n) : n), line);
}

static void read_cgroup(int dir_fd, uint32_t hierarchy, char ret[PATH_MAX])
{
	char text[4 * PATH_MAX];
	bool ended;

	ret[0] = '\0';
	if (tl_proc_read_file(dir_fd, "cgroup", text, sizeof(text)) < 0)
		return;
	/* Asked where it makes a difference, and in this order: whoever has not ended now had not when the file was read. */
	ended = (hierarchy || strstr(text, mark)) && has_ended(dir_fd);
	tl_proc_cgroup_parse(text, hierarchy, ended, ret);
}

/* The command line and what the program file is: not if it takes too long. */
static void ask_waiting(struct tl_proc_reader **reader, int dir_fd, struct tl_proc *ret)
{
	const struct tl_proc_waiting *answer = tl_proc_ask(reader, dir_fd, ret->executable);

	if (!answer) {
		ret->args_truncated = true;
		return;
	}
	if (answer->deleted)
		strcpy(ret->executable, answer->executable);
	ret->executable_inode = answer->inode;
	ret->executable_major = answer->major;
	ret->executable_minor = answer->minor;
	ret->executable_deleted = answer->deleted;
	ret->args_truncated = answer->args_truncated;
	ret->args_size = answer->args_size;
	memcpy(ret->args, answer->args, answer->args_size);
}

int tl_proc_read(struct tl_proc_reader **reader, uint32_t pid, uint64_t start, uint32_t hierarchy, struct tl_proc *ret)
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
	read_link(fd, "exe", ret->executable);
	read_link(fd, "cwd", ret->working_directory);
	ask_waiting(reader, fd, ret);
	read_cgroup(fd, hierarchy, ret->cgroup);
	ret->inner_pid = read_inner_pid(fd);
	ret->mntns = read_namespace(fd, "ns/mnt");
	ret->netns = read_namespace(fd, "ns/net");
	ret->pidns = read_namespace(fd, "ns/pid");
	return 0;
}
