/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who the calling thread is and where, and whom an argument of a call means, as
 * /proc has it. */
#include "harness-inside.h"

static uint64_t number_behind(const char *status, const char *key, int base)
{
	const char *at = strstr(status, key);

	return at ? strtoull(at + strlen(key), NULL, base) : 0;
}

/* Real, effective, saved, file system's. */
static void read_ids(const char *status, const char *key, uint32_t *real, uint32_t *effective, uint32_t *saved,
		     uint32_t *of_files)
{
	const char *at = strstr(status, key);

	if (at)
		sscanf(at + strlen(key), "%u %u %u %u", real, effective, saved, of_files);
}

static uint32_t inode_of(const char *name)
{
	struct stat st;

	return stat(name, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

static bool read_status(const char *name, char *status, size_t size)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, status, size - 1);

	if (fd >= 0)
		close(fd);
	status[MAX(n, 0)] = '\0';
	return n > 0;
}

bool read_identity(struct tl_identity *i)
{
	char status[4096];

	if (!read_status("/proc/thread-self/status", status, sizeof(status)))
		return false;
	read_ids(status, "\nUid:", &i->uid, &i->euid, &i->suid, &i->fsuid);
	read_ids(status, "\nGid:", &i->gid, &i->egid, &i->sgid, &i->fsgid);
	i->inheritable = number_behind(status, "\nCapInh:", 16);
	i->permitted = number_behind(status, "\nCapPrm:", 16);
	i->effective = number_behind(status, "\nCapEff:", 16);
	i->bounding = number_behind(status, "\nCapBnd:", 16);
	i->ambient = number_behind(status, "\nCapAmb:", 16);
	i->mntns = inode_of("/proc/thread-self/ns/mnt");
	i->netns = inode_of("/proc/thread-self/ns/net");
	i->utsns = inode_of("/proc/thread-self/ns/uts");
	i->ipcns = inode_of("/proc/thread-self/ns/ipc");
	i->cgroupns = inode_of("/proc/thread-self/ns/cgroup");
	i->userns = inode_of("/proc/thread-self/ns/user");
	i->child_pidns = inode_of("/proc/thread-self/ns/pid_for_children");
	i->child_timens = inode_of("/proc/thread-self/ns/time_for_children");
	return true;
}

void read_process(int32_t number, struct other *other)
{
	char name[64], status[4096];
	ssize_t n;

	*other = (struct other){ 0 };
	snprintf(name, sizeof(name), "/proc/%d/status", number);
	if (number <= 0 || !read_status(name, status, sizeof(status)))
		return;
	other->tid = (uint32_t)number;
	other->pid = (uint32_t)number_behind(status, "\nTgid:", 10);
	snprintf(name, sizeof(name), "/proc/%d/exe", number);
	n = readlink(name, other->executable, sizeof(other->executable) - 1);
	other->executable[MAX(n, 0)] = '\0';
}

void read_other(const struct call *c, struct other *other)
{
	bool is_fd = false;
	unsigned position = tl_event_type_other(c->type, &is_fd);
	int32_t number = position ? (int32_t)c->args[position - 1] : 0;
	char name[64], status[4096];

	if (position && is_fd) {
		snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", number);
		number = read_status(name, status, sizeof(status)) ? (int32_t)number_behind(status, "\nPid:", 10) : 0;
	}
	read_process(number, other);
}
