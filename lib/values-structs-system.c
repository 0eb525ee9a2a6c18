/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Structures that the kernel writes: of files, of file systems, of the machine. */
#include <linux/magic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>

#include "values-structs.h"

/* ---- Files ---- */

/* As much as strace shows without being asked. */
static void put_stat(struct tl_buffer *out, uint64_t mode, uint64_t device, uint64_t size)
{
	put_decoded(out, "{st_mode=", "file_mode", mode);
	if (S_ISCHR(mode) || S_ISBLK(mode))
		put_decoded(out, ", st_rdev=", "device", device);
	else
		put_signed(out, ", st_size=", size);
	TL_PUT_LITERAL(out, ", ...}");
}

static void stat_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 144))
		put_stat(out, member(bytes, 24, 4), WORD(bytes, 5), WORD(bytes, 6));
}

static void stat_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 64))
		put_stat(out, member(bytes, 8, 2), member(bytes, 16, 2), member(bytes, 20, 4));
}

/* Only 32-bit programs have it. */
static void stat64_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 96))
		put_stat(out, member(bytes, 16, 4), member(bytes, 32, 8), member(bytes, 44, 8));
}

static void statx_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant attributes[] = {
		{ "STATX_ATTR_COMPRESSED", 4 },	   { "STATX_ATTR_IMMUTABLE", 0x10 },  { "STATX_ATTR_APPEND", 0x20 },
		{ "STATX_ATTR_NODUMP", 0x40 },	   { "STATX_ATTR_ENCRYPTED", 0x800 }, { "STATX_ATTR_AUTOMOUNT", 0x1000 },
		{ "STATX_ATTR_MOUNT_ROOT", 0x2000 }, { "STATX_ATTR_VERITY", 0x100000 }, { "STATX_ATTR_DAX", 0x200000 },
		{ "STATX_ATTR_WRITE_ATOMIC", 0x400000 },
	};
	static const struct tl_decoder decoder = FLAGS("", attributes);

	if (!whole(out, bytes, 256))
		return;
	put_decoded(out, "{stx_mask=", "statx_mask", member(bytes, 0, 4));
	TL_PUT_LITERAL(out, ", stx_attributes=");
	tl_value_text(out, &decoder, member(bytes, 8, 8));
	put_decoded(out, ", stx_mode=", "file_mode", member(bytes, 28, 2));
	put_signed(out, ", stx_size=", member(bytes, 40, 8));
	TL_PUT_LITERAL(out, ", ...}");
}

/* ---- File systems ---- */

static const struct tl_constant file_systems[] = {
	C(ADFS_SUPER_MAGIC), C(AFFS_SUPER_MAGIC), C(AFS_SUPER_MAGIC), C(AUTOFS_SUPER_MAGIC), C(BPF_FS_MAGIC),
	C(BTRFS_SUPER_MAGIC), C(CGROUP_SUPER_MAGIC), C(CGROUP2_SUPER_MAGIC), C(CRAMFS_MAGIC), C(DEBUGFS_MAGIC),
	C(DEVPTS_SUPER_MAGIC), C(EFIVARFS_MAGIC), C(EXT2_SUPER_MAGIC), C(F2FS_SUPER_MAGIC), C(HUGETLBFS_MAGIC),
	C(ISOFS_SUPER_MAGIC), C(MSDOS_SUPER_MAGIC), C(NFS_SUPER_MAGIC), C(OVERLAYFS_SUPER_MAGIC), C(PIPEFS_MAGIC),
	C(PROC_SUPER_MAGIC), C(PSTOREFS_MAGIC), C(RAMFS_MAGIC), C(REISERFS_SUPER_MAGIC), C(SECURITYFS_MAGIC),
	C(SELINUX_MAGIC), C(SOCKFS_MAGIC), C(SQUASHFS_MAGIC), C(SYSFS_MAGIC), C(TMPFS_MAGIC), C(TRACEFS_MAGIC),
	{ "FUSE_SUPER_MAGIC", 0x65735546 }, { "XFS_SUPER_MAGIC", 0x58465342 }, { "MQUEUE_MAGIC", 0x19800202 },
};

static const struct tl_constant mount_bits[] = {
	{ "ST_VALID", 0x20 },	     { "ST_RDONLY", 1 },      { "ST_NOSUID", 2 },	 { "ST_NODEV", 4 },
	{ "ST_NOEXEC", 8 },	     { "ST_SYNCHRONOUS", 16 }, { "ST_MANDLOCK", 64 },	 { "ST_NOATIME", 0x400 },
	{ "ST_NODIRATIME", 0x800 }, { "ST_RELATIME", 0x1000 }, { "ST_NOSYMFOLLOW", 0x2000 },
};

/* width: bytes of a word; wide: of those that count blocks and files. */
static void put_statfs(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width, size_t wide)
{
	static const char *const counts[] = { ", f_blocks=", ", f_bfree=", ", f_bavail=", ", f_files=", ", f_ffree=" };
	static const struct tl_decoder type = ENUM("", file_systems), flags = FLAGS("", mount_bits);
	size_t at = 2 * width;

	TL_PUT_LITERAL(out, "{f_type=");
	tl_value_text(out, &type, member(bytes, 0, width));
	put_signed(out, ", f_bsize=", member(bytes, width, width));
	for (size_t i = 0; i < COUNT(counts); i++, at += wide)
		put_signed(out, counts[i], member(bytes, at, wide));
	put_decoded(out, ", f_fsid={val=[", "hex", member(bytes, at, 4));
	put_decoded(out, ", ", "hex", member(bytes, at + 4, 4));
	put_signed(out, "]}, f_namelen=", member(bytes, at + 8, width));
	put_signed(out, ", f_frsize=", member(bytes, at + 8 + width, width));
	TL_PUT_LITERAL(out, ", f_flags=");
	tl_value_text(out, &flags, member(bytes, at + 8 + 2 * width, width));
	tl_put_char(out, '}');
}

static void statfs_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 120))
		put_statfs(out, bytes, 8, 8);
}

static void statfs_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 64))
		put_statfs(out, bytes, 4, 4);
}

/* Only 32-bit programs have it. */
static void statfs64_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 84))
		put_statfs(out, bytes, 4, 8);
}

/* ---- The machine ---- */

static void utsname_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const keys[] = { "{sysname=", ", nodename=" };
	const size_t size = sizeof(((struct utsname *)NULL)->sysname);

	if (!whole(out, bytes, sizeof(struct utsname)))
		return;
	for (size_t i = 0; i < COUNT(keys); i++) {
		const char *text = bytes->data + i * size;
		struct tl_bytes value = { .data = text, .size = (uint32_t)strnlen(text, size) };

		tl_put_text(out, keys[i]);
		tl_string_text(out, &value);
	}
	TL_PUT_LITERAL(out, ", ...}");
}

/* width: bytes of a word; there is padding where one of 8 bytes needs it. */
static void put_sysinfo(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const char *const amounts[] = { "], totalram=",	 ", freeram=",	 ", sharedram=",
					       ", bufferram=", ", totalswap=", ", freeswap=" };
	size_t at = width;

	put_signed(out, "{uptime=", member(bytes, 0, width));
	for (size_t i = 0; i < 3; i++, at += width)
		put_signed(out, i ? ", " : ", loads=[", member(bytes, at, width));
	for (size_t i = 0; i < COUNT(amounts); i++, at += width)
		put_signed(out, amounts[i], member(bytes, at, width));
	put_signed(out, ", procs=", member(bytes, at, 2));
	at += width;
	put_signed(out, ", totalhigh=", member(bytes, at, width));
	put_signed(out, ", freehigh=", member(bytes, at + width, width));
	put_signed(out, ", mem_unit=", member(bytes, at + 2 * width, 4));
	tl_put_char(out, '}');
}

static void sysinfo_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 112))
		put_sysinfo(out, bytes, 8);
}

static void sysinfo_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 64))
		put_sysinfo(out, bytes, 4);
}

static void put_rusage(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const char *const keys[] = { "{ru_utime={tv_sec=", ", tv_usec=", "}, ru_stime={tv_sec=", ", tv_usec=" };

	for (size_t i = 0; i < COUNT(keys); i++)
		put_signed(out, keys[i], member(bytes, i * width, width));
	TL_PUT_LITERAL(out, "}, ...}");
}

static void rusage_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, sizeof(struct rusage)))
		put_rusage(out, bytes, 8);
}

static void rusage_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, sizeof(struct rusage) / 2))
		put_rusage(out, bytes, 4);
}

static void put_tms(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	static const char *const keys[] = { "{tms_utime=", ", tms_stime=", ", tms_cutime=", ", tms_cstime=" };

	for (size_t i = 0; i < COUNT(keys); i++)
		put_signed(out, keys[i], member(bytes, i * width, width));
	tl_put_char(out, '}');
}

static void tms_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 32))
		put_tms(out, bytes, 8);
}

static void tms_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_tms(out, bytes, 4);
}

static void put_utimbuf(struct tl_buffer *out, const struct tl_bytes *bytes, size_t width)
{
	put_signed(out, "{actime=", width == 4 ? (uint64_t)(int32_t)member(bytes, 0, 4) : member(bytes, 0, 8));
	put_signed(out, ", modtime=", width == 4 ? (uint64_t)(int32_t)member(bytes, 4, 4) : member(bytes, 8, 8));
	tl_put_char(out, '}');
}

static void utimbuf_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 16))
		put_utimbuf(out, bytes, 8);
}

static void utimbuf_text_32(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (whole(out, bytes, 8))
		put_utimbuf(out, bytes, 4);
}

static void cap_header_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant versions[] = {
		{ "_LINUX_CAPABILITY_VERSION_1", 0x19980330 },
		{ "_LINUX_CAPABILITY_VERSION_2", 0x20071026 },
		{ "_LINUX_CAPABILITY_VERSION_3", 0x20080522 },
	};
	static const struct tl_decoder version = ENUM("", versions);

	if (!whole(out, bytes, 8))
		return;
	TL_PUT_LITERAL(out, "{version=");
	tl_value_text(out, &version, member(bytes, 0, 4));
	put_signed(out, ", pid=", (uint64_t)(int32_t)member(bytes, 4, 4));
	tl_put_char(out, '}');
}

static void sched_attr_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant flags[] = {
		{ "SCHED_FLAG_RESET_ON_FORK", 1 },    { "SCHED_FLAG_RECLAIM", 2 },	   { "SCHED_FLAG_DL_OVERRUN", 4 },
		{ "SCHED_FLAG_KEEP_POLICY", 8 },      { "SCHED_FLAG_KEEP_PARAMS", 0x10 }, { "SCHED_FLAG_UTIL_CLAMP_MIN", 0x20 },
		{ "SCHED_FLAG_UTIL_CLAMP_MAX", 0x40 },
	};
	static const struct tl_decoder decoder = FLAGS("", flags);
	uint64_t size = member(bytes, 0, 4);

	if (!whole(out, bytes, 48))
		return;
	TL_PUT_LITERAL(out, "{size=");
	tl_put_u64(out, size);
	put_decoded(out, ", sched_policy=", "sched_policy", member(bytes, 4, 4));
	TL_PUT_LITERAL(out, ", sched_flags=");
	tl_value_text(out, &decoder, member(bytes, 8, 8));
	put_signed(out, ", sched_nice=", (uint64_t)(int32_t)member(bytes, 16, 4));
	put_signed(out, ", sched_priority=", member(bytes, 20, 4));
	put_signed(out, ", sched_runtime=", WORD(bytes, 3));
	put_signed(out, ", sched_deadline=", WORD(bytes, 4));
	put_signed(out, ", sched_period=", WORD(bytes, 5));
	if (size >= 56 && bytes->size >= 56) {
		TL_PUT_LITERAL(out, ", sched_util_min=");
		tl_put_u64(out, member(bytes, 48, 4));
		TL_PUT_LITERAL(out, ", sched_util_max=");
		tl_put_u64(out, member(bytes, 52, 4));
	}
	tl_put_text(out, size > 56 ? ", ...}" : "}");
}

static const struct tl_decoder decoders[] = {
	SMALLER("utimbuf", utimbuf_text, utimbuf_text_32, 8),
	BYTES("cap_header", cap_header_text),
	BYTES("sched_attr", sched_attr_text),
	SMALLER("stat", stat_text, stat_text_32, 64),
	BYTES("stat64", stat64_text),
	BYTES("statx", statx_text),
	SMALLER("statfs", statfs_text, statfs_text_32, 64),
	BYTES("statfs64", statfs64_text),
	BYTES("utsname", utsname_text),
	SMALLER("sysinfo", sysinfo_text, sysinfo_text_32, 64),
	SMALLER("tms", tms_text, tms_text_32, 16),
	SMALLER("rusage", rusage_text, rusage_text_32, 72),
};

const struct tl_decoder_list tl_decoders_structs_system = { decoders, COUNT(decoders) };
