/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what calls about files, mounts and events of files take. Numbers of
 * x86-64, which most architectures share. */
#include <fcntl.h>
#include <linux/close_range.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <linux/memfd.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <linux/quota.h>
#include <linux/stat.h>
#include <linux/xattr.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/fanotify.h>
#include <sys/signalfd.h>
#include <sys/swap.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "values-tables.h"

#ifndef UMOUNT_NOFOLLOW
#define UMOUNT_NOFOLLOW 0x8
#endif
#ifndef MS_NOSYMFOLLOW
#define MS_NOSYMFOLLOW 256
#endif

static const struct tl_constant access_modes[] = { C(O_RDONLY), C(O_WRONLY), C(O_RDWR), C(O_ACCMODE) };

static const struct tl_constant open_flags[] = {
	C(O_SYNC), { "O_TMPFILE", 020200000 }, C(O_CREAT), C(O_EXCL), C(O_NOCTTY), C(O_TRUNC), C(O_APPEND),
	C(O_NONBLOCK), C(O_DSYNC), { "__O_SYNC", 04000000 }, { "O_ASYNC", 020000 }, { "O_DIRECT", 040000 },
	{ "O_LARGEFILE", 0100000 }, C(O_NOFOLLOW), C(O_NOATIME), C(O_CLOEXEC), C(O_PATH), C(O_DIRECTORY),
	{ "__O_TMPFILE", 020000000 }, C(O_NDELAY), C(O_FSYNC), C(O_RSYNC), { "FASYNC", 020000 },
};

static const struct tl_constant resolve_flags[] = {
	C(RESOLVE_NO_XDEV), C(RESOLVE_NO_MAGICLINKS), C(RESOLVE_NO_SYMLINKS),
	C(RESOLVE_BENEATH), C(RESOLVE_IN_ROOT),	      { "RESOLVE_CACHED", 0x20 },
};

static const struct tl_constant at_flags[] = {
	C(AT_SYMLINK_NOFOLLOW), C(AT_REMOVEDIR), C(AT_SYMLINK_FOLLOW), C(AT_NO_AUTOMOUNT), C(AT_EMPTY_PATH),
	{ "AT_STATX_FORCE_SYNC", 0x2000 }, { "AT_STATX_DONT_SYNC", 0x4000 }, { "AT_RECURSIVE", 0x8000 },
};

/* The bit of AT_REMOVEDIR means another thing to faccessat2. */
static const struct tl_constant faccessat_flags[] = {
	C(AT_SYMLINK_NOFOLLOW), C(AT_EACCESS), C(AT_EMPTY_PATH),
};

static const struct tl_constant execveat_flags[] = {
	C(AT_SYMLINK_NOFOLLOW), C(AT_EMPTY_PATH), { "AT_EXECVE_CHECK", 0x10000 },
};

static const struct tl_constant handle_flags[] = {
	C(AT_SYMLINK_FOLLOW), C(AT_EMPTY_PATH), { "AT_HANDLE_FID", 0x200 }, { "AT_HANDLE_MNT_ID_UNIQUE", 0x1 },
	{ "AT_HANDLE_CONNECTABLE", 0x2 },
};

static const struct tl_constant rename_flags[] = { C(RENAME_NOREPLACE), C(RENAME_EXCHANGE), C(RENAME_WHITEOUT) };
static const struct tl_constant access_mode[] = { C(F_OK), C(R_OK), C(W_OK), C(X_OK) };
static const struct tl_constant unlink_flags[] = { C(AT_REMOVEDIR) };

static const struct tl_constant mount_flags[] = {
	{ "MS_MGC_VAL", 0xC0ED0000 }, /* old callers put it before the flags, the kernel drops it */
	C(MS_RDONLY),	   C(MS_NOSUID),     C(MS_NODEV),   C(MS_NOEXEC),     C(MS_SYNCHRONOUS), C(MS_REMOUNT),
	C(MS_MANDLOCK),	   C(MS_DIRSYNC),    C(MS_NOSYMFOLLOW), C(MS_NOATIME), C(MS_NODIRATIME), C(MS_BIND),
	C(MS_MOVE),	   C(MS_REC),	     C(MS_SILENT),  C(MS_POSIXACL),   C(MS_UNBINDABLE),	 C(MS_PRIVATE),
	C(MS_SLAVE),	   C(MS_SHARED),     C(MS_RELATIME), C(MS_KERNMOUNT), C(MS_I_VERSION),	 C(MS_STRICTATIME),
	C(MS_LAZYTIME),	   { "MS_NOSEC", 1U << 28 }, { "MS_BORN", 1U << 29 }, { "MS_ACTIVE", 1U << 30 },
	{ "MS_NOUSER", 1U << 31 },
};

static const struct tl_constant umount_flags[] = {
	{ "MNT_FORCE", 1 }, { "MNT_DETACH", 2 }, { "MNT_EXPIRE", 4 }, C(UMOUNT_NOFOLLOW),
};

static const struct tl_constant move_mount_flags[] = {
	C(MOVE_MOUNT_F_SYMLINKS), C(MOVE_MOUNT_F_AUTOMOUNTS), C(MOVE_MOUNT_F_EMPTY_PATH), C(MOVE_MOUNT_T_SYMLINKS),
	C(MOVE_MOUNT_T_AUTOMOUNTS), C(MOVE_MOUNT_T_EMPTY_PATH), { "MOVE_MOUNT_SET_GROUP", 0x100 },
	{ "MOVE_MOUNT_BENEATH", 0x200 },
};

static const struct tl_constant open_tree_flags[] = {
	C(OPEN_TREE_CLONE), { "OPEN_TREE_NAMESPACE", 2 }, C(OPEN_TREE_CLOEXEC), C(AT_EMPTY_PATH), C(AT_NO_AUTOMOUNT), { "AT_RECURSIVE", 0x8000 },
	C(AT_SYMLINK_NOFOLLOW),
};

static const struct tl_constant fsopen_flags[] = { C(FSOPEN_CLOEXEC) };
static const struct tl_constant fspick_flags[] = {
	C(FSPICK_CLOEXEC), C(FSPICK_SYMLINK_NOFOLLOW), C(FSPICK_NO_AUTOMOUNT), C(FSPICK_EMPTY_PATH),
};
static const struct tl_constant fsmount_flags[] = { C(FSMOUNT_CLOEXEC), { "FSMOUNT_NAMESPACE", 2 } };
static const struct tl_constant fsconfig_cmds[] = {
	{ "FSCONFIG_SET_FLAG", 0 },	{ "FSCONFIG_SET_STRING", 1 },	 { "FSCONFIG_SET_BINARY", 2 },
	{ "FSCONFIG_SET_PATH", 3 },	{ "FSCONFIG_SET_PATH_EMPTY", 4 }, { "FSCONFIG_SET_FD", 5 },
	{ "FSCONFIG_CMD_CREATE", 6 },	{ "FSCONFIG_CMD_RECONFIGURE", 7 }, { "FSCONFIG_CMD_CREATE_EXCL", 8 },
};

static const struct tl_constant mount_attributes[] = {
	C(MOUNT_ATTR_RDONLY), C(MOUNT_ATTR_NOSUID), C(MOUNT_ATTR_NODEV), C(MOUNT_ATTR_NOEXEC),
	C(MOUNT_ATTR_NODIRATIME), C(MOUNT_ATTR_NOATIME), C(MOUNT_ATTR_STRICTATIME), { "MOUNT_ATTR_IDMAP", 0x100000 }, { "MOUNT_ATTR_NOSYMFOLLOW", 0x200000 },
};
static const struct tl_constant mount_atime[] = { C(MOUNT_ATTR_RELATIME) }; /* no bits: a name only */

static const struct tl_constant seek_whence[] = { C(SEEK_SET), C(SEEK_CUR), C(SEEK_END), C(SEEK_DATA), C(SEEK_HOLE) };

static const struct tl_constant fcntl_cmds[] = {
	C(F_DUPFD), C(F_GETFD), C(F_SETFD), C(F_GETFL), C(F_SETFL), { "F_GETLK", 5 }, { "F_SETLK", 6 },
	{ "F_SETLKW", 7 }, C(F_SETOWN), C(F_GETOWN), C(F_SETSIG), C(F_GETSIG), C(F_SETOWN_EX), C(F_GETOWN_EX),
	{ "F_GETOWNER_UIDS", 17 }, { "F_GETLK64", 12 }, { "F_SETLK64", 13 }, { "F_SETLKW64", 14 }, C(F_OFD_GETLK), C(F_OFD_SETLK), C(F_OFD_SETLKW), C(F_SETLEASE), C(F_GETLEASE),
	C(F_NOTIFY), { "F_CANCELLK", 1029 }, C(F_DUPFD_CLOEXEC), C(F_SETPIPE_SZ), C(F_GETPIPE_SZ), C(F_ADD_SEALS),
	C(F_GET_SEALS), C(F_GET_RW_HINT), C(F_SET_RW_HINT), C(F_GET_FILE_RW_HINT), C(F_SET_FILE_RW_HINT),
	{ "F_DUPFD_QUERY", 1027 }, { "F_CREATED_QUERY", 1028 }, { "F_GETDELEG", 1039 }, { "F_SETDELEG", 1040 },
};

static const struct tl_constant fd_flags[] = { C(FD_CLOEXEC) };
static const struct tl_constant seals[] = {
	C(F_SEAL_SEAL), C(F_SEAL_SHRINK), C(F_SEAL_GROW), C(F_SEAL_WRITE), { "F_SEAL_FUTURE_WRITE", 0x10 },
	{ "F_SEAL_EXEC", 0x20 },
};

static const struct tl_constant flock_kinds[] = { C(LOCK_SH), C(LOCK_EX), C(LOCK_UN) };
static const struct tl_constant flock_flags[] = { C(LOCK_NB), C(LOCK_MAND), C(LOCK_READ), C(LOCK_WRITE) };

static const struct tl_constant fallocate_flags[] = {
	C(FALLOC_FL_KEEP_SIZE), C(FALLOC_FL_PUNCH_HOLE), C(FALLOC_FL_NO_HIDE_STALE), C(FALLOC_FL_COLLAPSE_RANGE),
	C(FALLOC_FL_ZERO_RANGE), C(FALLOC_FL_INSERT_RANGE), C(FALLOC_FL_UNSHARE_RANGE),
	{ "FALLOC_FL_WRITE_ZEROES", 0x80 },
};

static const struct tl_constant fadvise_advices[] = {
	C(POSIX_FADV_NORMAL), C(POSIX_FADV_RANDOM), C(POSIX_FADV_SEQUENTIAL), C(POSIX_FADV_WILLNEED),
	C(POSIX_FADV_DONTNEED), C(POSIX_FADV_NOREUSE),
};

static const struct tl_constant splice_flags[] = {
	C(SPLICE_F_MOVE), C(SPLICE_F_NONBLOCK), C(SPLICE_F_MORE), C(SPLICE_F_GIFT),
};

static const struct tl_constant sync_range_flags[] = {
	C(SYNC_FILE_RANGE_WAIT_BEFORE), C(SYNC_FILE_RANGE_WRITE), C(SYNC_FILE_RANGE_WAIT_AFTER),
};

static const struct tl_constant rwf_flags[] = {
	C(RWF_HIPRI), C(RWF_DSYNC), C(RWF_SYNC), C(RWF_NOWAIT), C(RWF_APPEND), { "RWF_NOAPPEND", 0x20 },
	{ "RWF_ATOMIC", 0x40 }, { "RWF_DONTCACHE", 0x80 }, { "RWF_NOSIGNAL", 0x100 },
};

static const struct tl_constant xattr_flags[] = { C(XATTR_CREATE), C(XATTR_REPLACE) };

static const struct tl_constant statx_mask[] = {
	C(STATX_ALL), C(STATX_BASIC_STATS), C(STATX_TYPE), C(STATX_MODE), C(STATX_NLINK), C(STATX_UID), C(STATX_GID),
	C(STATX_ATIME), C(STATX_MTIME), C(STATX_CTIME), C(STATX_INO), C(STATX_SIZE), C(STATX_BLOCKS), C(STATX_BTIME),
	{ "STATX_MNT_ID", 0x1000 }, { "STATX_DIOALIGN", 0x2000 }, { "STATX_MNT_ID_UNIQUE", 0x4000 },
	{ "STATX_SUBVOL", 0x8000 }, { "STATX_WRITE_ATOMIC", 0x10000 }, { "STATX_DIO_READ_ALIGN", 0x20000 },
};

static const struct tl_constant statx_syncs[] = {
	C(AT_STATX_SYNC_AS_STAT), C(AT_STATX_FORCE_SYNC), C(AT_STATX_DONT_SYNC),
};
static const struct tl_constant statx_flags[] = { C(AT_SYMLINK_NOFOLLOW), C(AT_NO_AUTOMOUNT), C(AT_EMPTY_PATH) };

static const struct tl_constant memfd_flags[] = {
	C(MFD_CLOEXEC), C(MFD_ALLOW_SEALING), C(MFD_HUGETLB), { "MFD_NOEXEC_SEAL", 8 }, { "MFD_EXEC", 0x10 },
};

static const struct tl_constant cloexec_flags[] = { C(O_CLOEXEC) };
static const struct tl_constant pipe_flags[] = {
	C(O_NONBLOCK), C(O_CLOEXEC), { "O_DIRECT", 040000 }, { "O_NOTIFICATION_PIPE", O_EXCL },
};
static const struct tl_constant close_range_flags[] = { C(CLOSE_RANGE_UNSHARE), C(CLOSE_RANGE_CLOEXEC) };

static const struct tl_constant epoll_create_flags[] = { C(EPOLL_CLOEXEC) };
static const struct tl_constant epoll_ctl_ops[] = { C(EPOLL_CTL_ADD), C(EPOLL_CTL_DEL), C(EPOLL_CTL_MOD) };
static const struct tl_constant epoll_events[] = {
	C(EPOLLIN), C(EPOLLPRI), C(EPOLLOUT), C(EPOLLERR), C(EPOLLHUP), C(EPOLLRDNORM), C(EPOLLRDBAND), C(EPOLLWRNORM),
	C(EPOLLWRBAND), C(EPOLLMSG), C(EPOLLRDHUP), C(EPOLLEXCLUSIVE), C(EPOLLWAKEUP), C(EPOLLONESHOT),
	{ "EPOLLET", 1U << 31 },
};
static const struct tl_constant poll_events[] = {
	C(POLLIN), C(POLLPRI), C(POLLOUT), C(POLLERR), C(POLLHUP), C(POLLNVAL), C(POLLRDNORM),
	C(POLLRDBAND), C(POLLWRNORM), C(POLLWRBAND), { "POLLMSG", 0x400 }, C(POLLRDHUP),
};

static const struct tl_constant eventfd_flags[] = { C(EFD_SEMAPHORE), C(EFD_CLOEXEC), C(EFD_NONBLOCK) };
static const struct tl_constant signalfd_flags[] = { C(SFD_CLOEXEC), C(SFD_NONBLOCK) };
static const struct tl_constant timerfd_flags[] = { C(TFD_CLOEXEC), C(TFD_NONBLOCK) };
static const struct tl_constant timerfd_set_flags[] = { C(TFD_TIMER_ABSTIME), C(TFD_TIMER_CANCEL_ON_SET) };

static const struct tl_constant inotify_flags[] = { C(IN_CLOEXEC), C(IN_NONBLOCK) };
static const struct tl_constant inotify_mask[] = {
	C(IN_ALL_EVENTS), C(IN_ACCESS), C(IN_MODIFY), C(IN_ATTRIB), C(IN_CLOSE_WRITE), C(IN_CLOSE_NOWRITE), C(IN_OPEN),
	C(IN_MOVED_FROM), C(IN_MOVED_TO), C(IN_CREATE), C(IN_DELETE), C(IN_DELETE_SELF), C(IN_MOVE_SELF),
	C(IN_UNMOUNT), C(IN_Q_OVERFLOW), C(IN_IGNORED), C(IN_ONLYDIR), C(IN_DONT_FOLLOW), C(IN_EXCL_UNLINK),
	{ "IN_MASK_CREATE", 0x10000000 }, C(IN_MASK_ADD), C(IN_ISDIR), { "IN_ONESHOT", 1U << 31 }, C(IN_CLOSE),
	C(IN_MOVE),
};

static const struct tl_constant fanotify_init_classes[] = {
	{ "FAN_CLASS_NOTIF", 0 }, { "FAN_CLASS_CONTENT", 4 }, { "FAN_CLASS_PRE_CONTENT", 8 },
};
static const struct tl_constant fanotify_init_flags[] = {
	{ "FAN_CLOEXEC", 1 }, { "FAN_NONBLOCK", 2 }, { "FAN_UNLIMITED_QUEUE", 0x10 }, { "FAN_UNLIMITED_MARKS", 0x20 },
	{ "FAN_ENABLE_AUDIT", 0x40 }, { "FAN_REPORT_PIDFD", 0x80 }, { "FAN_REPORT_TID", 0x100 },
	{ "FAN_REPORT_FID", 0x200 }, { "FAN_REPORT_DIR_FID", 0x400 }, { "FAN_REPORT_NAME", 0x800 },
	{ "FAN_REPORT_TARGET_FID", 0x1000 }, { "FAN_REPORT_FD_ERROR", 0x2000 }, { "FAN_REPORT_MNT", 0x4000 },
};
static const struct tl_constant fanotify_mark_flags[] = {
	{ "FAN_MARK_ADD", 1 }, { "FAN_MARK_REMOVE", 2 }, { "FAN_MARK_DONT_FOLLOW", 4 }, { "FAN_MARK_ONLYDIR", 8 },
	{ "FAN_MARK_MOUNT", 0x10 }, { "FAN_MARK_IGNORED_MASK", 0x20 }, { "FAN_MARK_IGNORED_SURV_MODIFY", 0x40 },
	{ "FAN_MARK_FLUSH", 0x80 }, { "FAN_MARK_FILESYSTEM", 0x100 }, { "FAN_MARK_EVICTABLE", 0x200 },
	{ "FAN_MARK_IGNORE", 0x400 },
};
static const struct tl_constant fanotify_mask[] = {
	{ "FAN_ACCESS", 1 }, { "FAN_MODIFY", 2 }, { "FAN_ATTRIB", 4 }, { "FAN_CLOSE_WRITE", 8 },
	{ "FAN_CLOSE_NOWRITE", 0x10 }, { "FAN_OPEN", 0x20 }, { "FAN_MOVED_FROM", 0x40 }, { "FAN_MOVED_TO", 0x80 },
	{ "FAN_CREATE", 0x100 }, { "FAN_DELETE", 0x200 }, { "FAN_DELETE_SELF", 0x400 }, { "FAN_MOVE_SELF", 0x800 },
	{ "FAN_OPEN_EXEC", 0x1000 }, { "FAN_Q_OVERFLOW", 0x4000 }, { "FAN_FS_ERROR", 0x8000 },
	{ "FAN_OPEN_PERM", 0x10000 }, { "FAN_ACCESS_PERM", 0x20000 }, { "FAN_OPEN_EXEC_PERM", 0x40000 },
	{ "FAN_PRE_ACCESS", 0x100000 }, { "FAN_MNT_ATTACH", 0x1000000 }, { "FAN_MNT_DETACH", 0x2000000 },
	{ "FAN_EVENT_ON_CHILD", 0x8000000 }, { "FAN_RENAME", 0x10000000 }, { "FAN_ONDIR", 0x40000000 },
};

static const struct tl_constant swap_flags[] = { C(SWAP_FLAG_PREFER), C(SWAP_FLAG_DISCARD) };

static const struct tl_decoder decoders[] = {
	FIELD("open_flags", O_ACCMODE, access_modes, open_flags),
	FLAGS("resolve_flags", resolve_flags),
	FLAGS("at_flags", at_flags),
	FLAGS("faccessat_flags", faccessat_flags),
	FLAGS("execveat_flags", execveat_flags),
	FLAGS("handle_flags", handle_flags),
	FLAGS("unlink_flags", unlink_flags),
	FLAGS("rename_flags", rename_flags),
	FLAGS("access_mode", access_mode),
	FLAGS("mount_flags", mount_flags),
	FLAGS("umount_flags", umount_flags),
	FLAGS("move_mount_flags", move_mount_flags),
	FLAGS("open_tree_flags", open_tree_flags),
	FLAGS("fsopen_flags", fsopen_flags),
	FLAGS("fspick_flags", fspick_flags),
	FLAGS("fsmount_flags", fsmount_flags),
	ENUM("fsconfig_cmd", fsconfig_cmds),
	/* Of 64 bits in struct mount_attr. */
	{ .name = "mount_attributes", .kind = TL_DECODE_FLAGS, .wide = true, .values = mount_atime,
	  .n_values = COUNT(mount_atime), .flags = mount_attributes, .n_flags = COUNT(mount_attributes) },
	ENUM("seek_whence", seek_whence),
	ENUM("fcntl_cmd", fcntl_cmds),
	FLAGS("fd_flags", fd_flags),
	FLAGS("seals", seals),
	FIELD("flock_op", 0xb, flock_kinds, flock_flags),
	FLAGS("fallocate_flags", fallocate_flags),
	ENUM("fadvise_advice", fadvise_advices),
	FLAGS("splice_flags", splice_flags),
	FLAGS("sync_range_flags", sync_range_flags),
	FLAGS("rwf_flags", rwf_flags),
	FLAGS("xattr_flags", xattr_flags),
	FLAGS("statx_mask", statx_mask),
	FIELD("statx_flags", AT_STATX_SYNC_TYPE, statx_syncs, statx_flags),
	FLAGS("memfd_flags", memfd_flags),
	FLAGS("cloexec_flags", cloexec_flags),
	FLAGS("pipe_flags", pipe_flags),
	FLAGS("close_range_flags", close_range_flags),
	FLAGS("epoll_create_flags", epoll_create_flags),
	ENUM("epoll_ctl_op", epoll_ctl_ops),
	FLAGS("epoll_events", epoll_events),
	FLAGS("poll_events", poll_events),
	FLAGS("eventfd_flags", eventfd_flags),
	FLAGS("signalfd_flags", signalfd_flags),
	FLAGS("timerfd_flags", timerfd_flags),
	FLAGS("timerfd_set_flags", timerfd_set_flags),
	FLAGS("inotify_flags", inotify_flags),
	FLAGS("inotify_mask", inotify_mask),
	FIELD("fanotify_flags", 0xc, fanotify_init_classes, fanotify_init_flags),
	FLAGS("fanotify_mark_flags", fanotify_mark_flags),
	{ .name = "fanotify_mask", .kind = TL_DECODE_FLAGS, .flags = fanotify_mask, .n_flags = COUNT(fanotify_mask),
	  .wide = true },
	FLAGS("swap_flags", swap_flags),
};

const struct tl_decoder_list tl_decoders_file = { decoders, COUNT(decoders) };
