/* SPDX-License-Identifier: GPL-2.0 */
/*
 * From a kernel object to its path. A path goes into a record as its
 * components, leaf first, each with a NUL: that is the order in which the
 * kernel's tree is climbed, and turning it round is cheaper for the reader.
 */
#ifndef TRACELEFT_PATH_H
#define TRACELEFT_PATH_H

#include "kernel.h"
#include "maps.h"

/* Where a climb stands. It lives in map memory, not on the stack: what the
 * verifier knows of a value there never outlives an iteration. */
struct tl_walk {
	__u64 dentry;
	__u64 vfsmount;
	__u64 mount_root; /* dentry where vfsmount's tree begins */
	__u64 mnt_ns; /* of the process */
	__u32 used;
	__u32 flags; /* TL_SECTION_* */
	__u32 slot; /* key of the slot whose work this is, and whose bytes it writes */
	__u32 pad;
	__u64 socket; /* struct sock that is looked at */
};

struct tl_climb {
	struct tl_walk *walk;
	char *out; /* TL_PATH_MAX + TL_NAME_MAX bytes */
};

/* Most paths are done in a few steps, in line; the rest is for bpf_loop, whose
 * every turn is a call. Without it the verifier walks through each turn. */
#if TL_HAS_TASK_STORAGE
#define TL_PATH_STEPS 12
#define TL_PATH_DEPTH 4096
#else
#define TL_PATH_STEPS 32
#endif

#define TL_CONTINUE 0
#define TL_STOP 1

static __always_inline void tl_walk_mount(struct tl_walk *walk, __u64 vfsmount)
{
	struct vfsmount *mount = tl_at(struct vfsmount, vfsmount);

	walk->vfsmount = vfsmount;
	walk->mount_root = (__u64)tl_peek(mount, mnt_root);
}

/* From the root of a mount to where it is mounted; 0: nowhere. */
static __always_inline __u64 tl_walk_above(struct tl_walk *walk, __u64 vfsmount)
{
	__u64 address = vfsmount - bpf_core_field_offset(struct mount, mnt), above;
	struct mount *mount = tl_at(struct mount, address);

	above = (__u64)tl_peek(mount, mnt_parent);
	if (!above || above == address) {
		/* A tree that is in no namespace, or in another: whoever made it
		 * chose its names. */
		if ((__u64)tl_peek(mount, mnt_ns) != walk->mnt_ns)
			walk->flags |= TL_SECTION_DETACHED;
		return 0;
	}
	walk->dentry = (__u64)tl_peek(mount, mnt_mountpoint);
	tl_walk_mount(walk, above + bpf_core_field_offset(struct mount, mnt));
	return above;
}

#if TL_HAS_CAST
#define TL_NAME_WORDS 4 /* that are copied by loads; most names have no more */

/* Number of the lowest byte in which the highest bit is set; one is. */
static __always_inline __u32 tl_lowest_byte(__u64 highest_bits)
{
	__u64 bit = highest_bits & -highest_bits;
	__u32 n = 0;

	if (bit >> 32) {
		bit >>= 32;
		n = 4;
	}
	if (bit >> 16) {
		bit >>= 16;
		n += 2;
	}
	return n + (bit > 0xff);
}
#endif

/* Copies the name of an entry, with its NUL, to `out`, which has room for TL_NAME_MAX bytes.
 * Returns the bytes with the NUL; negative: they cannot be read. */
static __always_inline long tl_copy_name(char *out, __u64 name)
{
#if TL_HAS_CAST
	/* Names begin at whole words, so none of these reaches into another page. */
	for (int i = 0; i < TL_NAME_WORDS; i++) {
		__u64 word = tl_word(name + 8 * i), zeros = (word - 0x0101010101010101ULL) & ~word & 0x8080808080808080ULL;

		*(__u64 *)(out + 8 * i) = word;
		if (zeros)
			return 8 * i + tl_lowest_byte(zeros) + 1;
	}
#endif
	return bpf_probe_read_kernel_str(out, TL_NAME_MAX, (void *)name);
}

/* One step up. */
static __always_inline long tl_climb_step(struct tl_walk *walk, char *out)
{
	struct dentry *dentry = tl_at(struct dentry, walk->dentry);
	__u64 vfsmount = walk->vfsmount, parent = (__u64)tl_peek(dentry, d_parent);
	__u32 used = walk->used;
	long n;

	if (walk->dentry == parent || walk->dentry == walk->mount_root) {
		__u64 above;

		if (walk->dentry != walk->mount_root) {
			/* A pipe, a memory file: in no tree, with a name of its own. */
			walk->flags |= TL_SECTION_PSEUDO;
			n = tl_copy_name(out, (__u64)tl_peek(dentry, d_name.name));
			if (!used && n > 0)
				walk->used = n;
			return TL_STOP;
		}
		above = tl_walk_above(walk, vfsmount);
		return above ? TL_CONTINUE : TL_STOP; /* the root of the namespace, or no tree at all */
	}
	if (used >= TL_PATH_MAX) {
		walk->flags |= TL_SECTION_TRUNCATED;
		return TL_STOP;
	}
	n = tl_copy_name(out + tl_clamp(used, TL_PATH_MAX), (__u64)tl_peek(dentry, d_name.name));
	if (n < 0) {
		walk->flags |= TL_SECTION_FAULT;
		return TL_STOP;
	}
	walk->used = used + n;
	walk->dentry = parent;
	return TL_CONTINUE;
}

#if TL_HAS_TASK_STORAGE
static long tl_climb_iteration(__u32 i, void *data)
{
	struct tl_climb *climb = data;

	return tl_climb_step(climb->walk, climb->out);
}
#endif

/* Climbs to the root of the mount namespace: a process chooses its own root
 * with chroot(2), and so would choose what its paths look like. Returns the
 * bytes used. */
static __always_inline __u32 tl_climb_all(struct tl_walk *walk, char *out)
{
	__u64 dentry = walk->dentry;
	struct dentry *first = tl_at(struct dentry, dentry);
	__u32 used, i;

	tl_walk_mount(walk, walk->vfsmount);
	walk->used = 0;
	walk->flags = 0;
	if (!tl_peek(first, d_hash.pprev) && dentry != (__u64)tl_peek(first, d_parent))
		walk->flags = TL_SECTION_DELETED;
	for (i = 0; i < TL_PATH_STEPS; i++)
		if (tl_climb_step(walk, out) == TL_STOP)
			break;
#if TL_HAS_TASK_STORAGE
	if (i == TL_PATH_STEPS) {
		struct tl_climb climb = {.walk = walk, .out = out};

		if (bpf_loop(TL_PATH_DEPTH, tl_climb_iteration, &climb, 0) >= TL_PATH_DEPTH)
			walk->flags |= TL_SECTION_TRUNCATED;
	}
#else
	if (i == TL_PATH_STEPS)
		walk->flags |= TL_SECTION_TRUNCATED;
#endif
	used = walk->used;
	return tl_clamp(used, TL_PATH_MAX + TL_NAME_MAX);
}

/* The same into the bytes of slot `slot`, from number `at` on, from where its
 * walk stands. It is global, and has but numbers as its arguments, so that the
 * verifier looks at it once and not in each place and on each way that leads there. */
int tl_climb_from(__u32 slot, __u32 at);

static __always_inline __u32 tl_climb(struct tl_walk *walk, __u32 at, __u64 dentry, __u64 vfsmount)
{
	__u32 used;

	walk->dentry = dentry;
	walk->vfsmount = vfsmount;
	used = tl_climb_from(walk->slot, at);
	return tl_clamp(used, TL_PATH_MAX + TL_NAME_MAX);
}

/* Paths are to be those of the mount namespace of `task`. */
static __always_inline void tl_walk_for(struct tl_walk *walk, struct task_struct *task)
{
	walk->mnt_ns = (__u64)tl_get(task, nsproxy, mnt_ns);
}

static __always_inline void tl_file_facts(struct tl_file_facts *facts, __u64 address)
{
	struct inode *inode = tl_at(struct inode, address);
	__u32 dev = tl_peek(inode, i_sb, s_dev);

	facts->inode = tl_peek(inode, i_ino);
	facts->major = dev >> 20;
	facts->minor = dev & 0xfffff;
	facts->mode = tl_peek(inode, i_mode);
	facts->uid = tl_peek(inode, i_uid.val);
	facts->gid = tl_peek(inode, i_gid.val);
	facts->nlink = tl_peek(inode, i_nlink);
	facts->magic = tl_peek(inode, i_sb, s_magic);
}

/*
 * Memory that sections are appended to: its first four bytes say how much is
 * used, and behind `max` there are 2 * TL_PATH_MAX bytes of slack.
 */
static __always_inline struct tl_section *tl_area_begin(__u8 *data, __u32 max)
{
	return (struct tl_section *)(data + tl_clamp(*(__u32 *)data, max));
}

static __always_inline char *tl_area_data(struct tl_section *section)
{
	return (char *)(section + 1);
}

/* A section that begins behind `max` is not part of the record. */
static __always_inline void tl_area_end(__u8 *data, __u32 max, struct tl_section *section, __u8 type, __u8 index,
					__u16 flags, __u32 size)
{
	section->type = type;
	section->index = index;
	section->flags = flags;
	section->size = size;
	if (*(__u32 *)data < max)
		*(__u32 *)data += sizeof(*section) + ((size + 7) & ~7U);
}

static __always_inline void tl_add_path(struct tl_walk *walk, __u8 *data, __u32 max, __u8 index, __u64 dentry,
					__u64 vfsmount)
{
	struct tl_section *section = tl_area_begin(data, max);
	__u32 used;

	if (!dentry)
		return;
	used = tl_climb(walk, *(__u32 *)data + sizeof(*section), dentry, vfsmount);
	tl_area_end(data, max, section, TL_SECTION_PATH, index, walk->flags, used);
}

static __always_inline void tl_add_facts(__u8 *data, __u32 max, __u8 index, __u64 inode)
{
	struct tl_section *section = tl_area_begin(data, max);

	if (!inode)
		return;
	tl_file_facts((struct tl_file_facts *)tl_area_data(section), inode);
	tl_area_end(data, max, section, TL_SECTION_FILE, index, 0, sizeof(struct tl_file_facts));
}

static __always_inline void tl_add_file(struct tl_walk *walk, __u8 *data, __u32 max, __u8 index, __u64 address)
{
	struct file *file = tl_at(struct file, address);

	tl_add_path(walk, data, max, index, (__u64)tl_peek(file, f_path.dentry), (__u64)tl_peek(file, f_path.mnt));
	tl_add_facts(data, max, index, (__u64)tl_peek(file, f_inode));
}

/* The open file behind a descriptor of `task`; 0: none. */
static __always_inline __u64 tl_fd_file(struct task_struct *task, __u32 fd)
{
	__u64 at;

	if (fd >= tl_get(task, files, fdt, max_fds))
		return 0;
	at = (__u64)(tl_get(task, files, fdt, fd) + fd);
	return tl_word(at);
}

#endif
