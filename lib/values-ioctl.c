/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests of ioctl(2), and what is behind the third argument of those that an auditor meets. */
#include <asm/termbits.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/nsfs.h>
#include <linux/perf_event.h>
#include <linux/random.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>

#include "values-structs.h"

/* ---- Which request ---- */

static const struct tl_constant ioctls[] = {
	C(TCGETS), C(TCSETS), C(TCSETSW), C(TCSETSF), C(TCGETA), C(TCSETA), C(TCSETAW), C(TCSETAF), C(TCSBRK), C(TCXONC),
	C(TCFLSH), C(TIOCEXCL), C(TIOCNXCL), C(TIOCSCTTY), C(TIOCGPGRP), C(TIOCSPGRP), C(TIOCOUTQ), C(TIOCSTI),
	C(TIOCGWINSZ), C(TIOCSWINSZ), C(TIOCMGET), C(TIOCMBIS), C(TIOCMBIC), C(TIOCMSET), C(TIOCGSOFTCAR),
	C(TIOCSSOFTCAR), C(FIONREAD), C(TIOCLINUX), C(TIOCCONS), C(TIOCGSERIAL), C(TIOCSSERIAL), C(TIOCPKT), C(FIONBIO),
	C(TIOCNOTTY), C(TIOCSETD), C(TIOCGETD), C(TCSBRKP), C(TIOCSBRK), C(TIOCCBRK), C(TIOCGSID), C(TIOCGPTN),
	C(TIOCSPTLCK), C(TIOCGDEV), C(TIOCSIG), C(TIOCVHANGUP), C(TIOCGPKT), C(TIOCGPTLCK), C(TIOCGEXCL), C(TIOCGPTPEER),
	{ "TCGETS2", 0x802c542a }, { "TCSETS2", 0x402c542b }, { "TCSETSW2", 0x402c542c }, { "TCSETSF2", 0x402c542d },
	C(FIONCLEX), C(FIOCLEX), C(FIOASYNC), C(FIOQSIZE), { "FIOSETOWN", 0x8901 }, { "SIOCSPGRP", 0x8902 },
	{ "FIOGETOWN", 0x8903 }, { "SIOCGPGRP", 0x8904 }, { "SIOCATMARK", 0x8905 }, C(SIOCADDRT), C(SIOCDELRT),
	C(SIOCRTMSG), C(SIOCGIFNAME), C(SIOCSIFLINK), C(SIOCGIFCONF), C(SIOCGIFFLAGS), C(SIOCSIFFLAGS), C(SIOCGIFADDR),
	C(SIOCSIFADDR), C(SIOCGIFDSTADDR), C(SIOCSIFDSTADDR), C(SIOCGIFBRDADDR), C(SIOCSIFBRDADDR), C(SIOCGIFNETMASK),
	C(SIOCSIFNETMASK), C(SIOCGIFMETRIC), C(SIOCSIFMETRIC), C(SIOCGIFMTU), C(SIOCSIFMTU), C(SIOCSIFNAME),
	C(SIOCSIFHWADDR), C(SIOCGIFHWADDR), C(SIOCGIFINDEX), C(SIOCETHTOOL), C(SIOCGARP), C(SIOCSARP), C(SIOCDARP),
	C(SIOCGIFTXQLEN), C(SIOCBRADDBR), C(SIOCBRDELBR), C(SIOCBRADDIF), C(SIOCBRDELIF), C(SIOCBONDENSLAVE),
	C(SIOCGIFVLAN), C(SIOCSIFVLAN), C(SIOCOUTQNSD),
	C(BLKROSET), C(BLKROGET), C(BLKRRPART), C(BLKGETSIZE), C(BLKFLSBUF), C(BLKSSZGET), C(BLKBSZGET),
	{ "BLKGETSIZE64", 0x80081272 }, C(BLKDISCARD), C(BLKIOMIN), C(BLKIOOPT), C(BLKALIGNOFF), C(BLKPBSZGET),
	C(BLKDISCARDZEROES), C(BLKSECDISCARD), C(BLKROTATIONAL), C(BLKZEROOUT), C(FIBMAP), C(FIGETBSZ), C(FIFREEZE),
	C(FITHAW), C(FITRIM), C(FICLONE), C(FICLONERANGE), C(FIDEDUPERANGE), C(FS_IOC_GETFLAGS), C(FS_IOC_SETFLAGS),
	{ "FS_IOC32_GETFLAGS", 0x80046601 },
	{ "FS_IOC32_SETFLAGS", 0x40046602 }, C(FS_IOC_GETVERSION), C(FS_IOC_FSGETXATTR), C(FS_IOC_FSSETXATTR), { "FS_IOC_FIEMAP", 0xc020660b },
	C(LOOP_SET_FD), C(LOOP_CLR_FD), C(LOOP_GET_STATUS64), C(LOOP_SET_STATUS64), C(LOOP_CTL_ADD), C(LOOP_CTL_REMOVE),
	C(LOOP_CTL_GET_FREE), { "LOOP_CONFIGURE", 0x4c0a }, { "TUNSETIFF", 0x400454ca }, { "TUNGETIFF", 0x800454d2 },
	{ "TUNSETPERSIST", 0x400454cb }, { "TUNSETOWNER", 0x400454cc }, { "TUNGETFEATURES", 0x800454cf },
	C(NS_GET_USERNS), C(NS_GET_PARENT), C(NS_GET_NSTYPE), C(NS_GET_OWNER_UID), C(RNDADDENTROPY), C(RNDGETENTCNT),
	C(PERF_EVENT_IOC_ENABLE), C(PERF_EVENT_IOC_DISABLE), C(PERF_EVENT_IOC_REFRESH), C(PERF_EVENT_IOC_RESET),
	{ "PERF_EVENT_IOC_SET_BPF", 0x40042408 }, { "SECCOMP_IOCTL_NOTIF_RECV", 0xc0502100 },
	{ "SECCOMP_IOCTL_NOTIF_SEND", 0xc0182101 }, { "SECCOMP_IOCTL_NOTIF_ADDFD", 0x40182103 },
	{ "UFFDIO_API", 0xc018aa3f }, { "KVM_GET_API_VERSION", 0xae00 }, { "KVM_CREATE_VM", 0xae01 },
	{ "KVM_CHECK_EXTENSION", 0xae03 }, { "KVM_RUN", 0xae80 }, { "KDGKBTYPE", 0x4b33 }, { "KDGETMODE", 0x4b3b },
	{ "KDSETMODE", 0x4b3a }, { "KDGKBMODE", 0x4b44 }, { "KDSKBMODE", 0x4b45 }, { "VT_OPENQRY", 0x5600 },
	{ "VT_GETMODE", 0x5601 }, { "VT_SETMODE", 0x5602 }, { "VT_GETSTATE", 0x5603 }, { "VT_ACTIVATE", 0x5606 },
	{ "VT_WAITACTIVE", 0x5607 },
};

/* "_IOC(_IOC_READ, 0x54, 0x1, 0x4)" where the number has no name. */
static void ioctl_text(struct tl_buffer *out, uint64_t value)
{
	static const char *const directions[] = { "_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE" };
	uint32_t request = (uint32_t)value;

	for (size_t i = 0; i < COUNT(ioctls); i++) {
		if ((uint32_t)ioctls[i].value != request)
			continue;
		tl_put_text(out, ioctls[i].name);
		return;
	}
	TL_PUT_LITERAL(out, "_IOC(");
	tl_put_text(out, directions[request >> 30]);
	TL_PUT_LITERAL(out, ", ");
	tl_put_hex(out, request >> 8 & 0xff);
	TL_PUT_LITERAL(out, ", ");
	tl_put_hex(out, request & 0xff);
	TL_PUT_LITERAL(out, ", ");
	tl_put_hex(out, request >> 16 & 0x3fff);
	tl_put_char(out, ')');
}

/* ---- Terminals ---- */

static void window_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const names[] = { "{ws_row=", ", ws_col=", ", ws_xpixel=", ", ws_ypixel=" };

	if (!whole(out, bytes, 8))
		return;
	for (size_t i = 0; i < COUNT(names); i++)
		put_signed(out, names[i], member(bytes, 2 * i, 2));
	tl_put_char(out, '}');
}

/* struct termios of the kernel; what sets control characters and speeds is left out. */
static void termios_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant input[] = {
		C(IGNBRK), C(BRKINT), C(IGNPAR), C(PARMRK), C(INPCK), C(ISTRIP), C(INLCR), C(IGNCR), C(ICRNL), C(IXANY),
		C(IUCLC), C(IXOFF), C(IXON), C(IMAXBEL), C(IUTF8),
	};
	static const struct tl_constant output[] = {
		C(OPOST), C(OLCUC), C(ONLCR), C(OCRNL), C(ONOCR), C(ONLRET), C(OFILL), C(OFDEL), { "XTABS", XTABS },
		{ "BS1", BS1 }, { "VT1", VT1 }, { "FF1", FF1 },
	};
	static const struct tl_constant sizes[] = { C(CS5), C(CS6), C(CS7), C(CS8) };
	static const struct tl_constant control[] = {
		C(CSTOPB), C(CREAD), C(PARENB), C(PARODD), C(HUPCL), C(CLOCAL), C(CMSPAR), C(CRTSCTS), { "B38400", B38400 },
		{ "B115200", B115200 }, { "B9600", B9600 },
	};
	static const struct tl_constant local[] = {
		C(ISIG), C(ICANON), C(XCASE), C(ECHO), C(ECHOE), C(ECHOK), C(ECHONL), C(NOFLSH), C(TOSTOP), C(ECHOCTL),
		C(ECHOPRT), C(ECHOKE), C(FLUSHO), C(PENDIN), C(IEXTEN), C(EXTPROC),
	};
	static const struct tl_decoder decoders_of[] = {
		FLAGS("{c_iflag=", input), FLAGS(", c_oflag=", output), FIELD(", c_cflag=", CSIZE, sizes, control),
		FLAGS(", c_lflag=", local),
	};

	if (!whole(out, bytes, 16))
		return;
	for (size_t i = 0; i < COUNT(decoders_of); i++) {
		tl_put_text(out, decoders_of[i].name);
		tl_value_text(out, &decoders_of[i], member(bytes, 4 * i, 4));
	}
	TL_PUT_LITERAL(out, ", ...}");
}

/* ---- Network devices: struct ifreq ---- */

#define NAME_SIZE 16

static void put_device_name(struct tl_buffer *out, const char *key, const struct tl_bytes *bytes, size_t at)
{
	struct tl_bytes name = { .data = bytes->data + at, .flags = TL_VALUE_PRESENT };

	name.size = (uint32_t)strnlen(name.data, NAME_SIZE);
	tl_put_text(out, key);
	tl_string_text(out, &name);
}

/* Its beginning; false: there is no more of it, the call failed. */
static bool put_request(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, NAME_SIZE))
		return false;
	put_device_name(out, "{ifr_name=", bytes, 0);
	if (bytes->size >= 2 * NAME_SIZE)
		return true;
	tl_put_char(out, '}');
	return false;
}

static const struct tl_constant device_flags[] = {
	C(IFF_UP), C(IFF_BROADCAST), C(IFF_DEBUG), C(IFF_LOOPBACK), C(IFF_POINTOPOINT), C(IFF_NOTRAILERS), C(IFF_RUNNING),
	C(IFF_NOARP), C(IFF_PROMISC), C(IFF_ALLMULTI), C(IFF_MASTER), C(IFF_SLAVE), C(IFF_MULTICAST), C(IFF_PORTSEL),
	C(IFF_AUTOMEDIA), C(IFF_DYNAMIC),
};
static const struct tl_constant tunnel_flags[] = {
	{ "IFF_TUN", 1 }, { "IFF_TAP", 2 }, { "IFF_NAPI", 0x10 }, { "IFF_NAPI_FRAGS", 0x20 }, { "IFF_MULTI_QUEUE", 0x100 },
	{ "IFF_PERSIST", 0x800 }, { "IFF_NO_PI", 0x1000 }, { "IFF_NO_CARRIER", 0x40 }, { "IFF_VNET_HDR", 0x4000 },
	{ "IFF_TUN_EXCL", 0x8000 },
};

static void put_flags(struct tl_buffer *out, const struct tl_bytes *bytes, const struct tl_constant *flags, size_t n)
{
	const struct tl_decoder decoder = { .kind = TL_DECODE_FLAGS, .flags = flags, .n_flags = (uint16_t)n };

	if (!put_request(out, bytes))
		return;
	TL_PUT_LITERAL(out, ", ifr_flags=");
	tl_value_text(out, &decoder, member(bytes, NAME_SIZE, 2));
	tl_put_char(out, '}');
}

static void device_flags_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_flags(out, bytes, device_flags, COUNT(device_flags));
}

static void tunnel_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_flags(out, bytes, tunnel_flags, COUNT(tunnel_flags));
}

static void put_device_number(struct tl_buffer *out, const struct tl_bytes *bytes, const char *key)
{
	if (!put_request(out, bytes))
		return;
	put_signed(out, key, (uint64_t)(int32_t)member(bytes, NAME_SIZE, 4));
	tl_put_char(out, '}');
}

static void device_index_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_device_number(out, bytes, ", ifr_ifindex=");
}

static void device_mtu_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	put_device_number(out, bytes, ", ifr_mtu=");
}

/* Asked by number, answered with the name. */
static void device_name_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, NAME_SIZE + 4))
		return;
	put_signed(out, "{ifr_ifindex=", (uint64_t)(int32_t)member(bytes, NAME_SIZE, 4));
	if (bytes->size >= 2 * NAME_SIZE)
		put_device_name(out, ", ifr_name=", bytes, 0);
	tl_put_char(out, '}');
}

static void device_rename_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!put_request(out, bytes))
		return;
	put_device_name(out, ", ifr_newname=", bytes, NAME_SIZE);
	tl_put_char(out, '}');
}

static void device_address_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	struct tl_bytes address = { .data = bytes->data + NAME_SIZE, .size = 16 };

	if (!put_request(out, bytes))
		return;
	TL_PUT_LITERAL(out, ", ifr_addr=");
	tl_sockaddr_text(out, &address);
	tl_put_char(out, '}');
}

static void device_hardware_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant kinds[] = {
		C(ARPHRD_ETHER), C(ARPHRD_LOOPBACK), C(ARPHRD_NONE), C(ARPHRD_TUNNEL), C(ARPHRD_SIT), C(ARPHRD_IPGRE),
	};
	static const struct tl_decoder decoder = ENUM("", kinds);
	static const char digits[] = "0123456789abcdef";

	if (!put_request(out, bytes))
		return;
	TL_PUT_LITERAL(out, ", ifr_hwaddr={sa_family=");
	tl_value_text(out, &decoder, member(bytes, NAME_SIZE, 2));
	TL_PUT_LITERAL(out, ", sa_data=");
	for (size_t i = 0; i < 6; i++) {
		uint8_t byte = (uint8_t)bytes->data[NAME_SIZE + 2 + i];

		if (i)
			tl_put_char(out, ':');
		tl_put_char(out, digits[byte >> 4]);
		tl_put_char(out, digits[byte & 15]);
	}
	TL_PUT_LITERAL(out, "}}");
}

/* ---- Files ---- */

/* Attributes as chattr(1) sets them. */
static void inode_flags_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant flags[] = {
		C(FS_SECRM_FL), C(FS_UNRM_FL), C(FS_COMPR_FL), C(FS_SYNC_FL), C(FS_IMMUTABLE_FL), C(FS_APPEND_FL),
		C(FS_NODUMP_FL), C(FS_NOATIME_FL), C(FS_DIRTY_FL), C(FS_COMPRBLK_FL), C(FS_NOCOMP_FL), C(FS_ENCRYPT_FL),
		C(FS_INDEX_FL), C(FS_IMAGIC_FL), C(FS_JOURNAL_DATA_FL), C(FS_NOTAIL_FL), C(FS_DIRSYNC_FL), C(FS_TOPDIR_FL),
		C(FS_HUGE_FILE_FL), C(FS_EXTENT_FL), { "FS_VERITY_FL", 0x100000 }, C(FS_EA_INODE_FL), C(FS_EOFBLOCKS_FL),
		C(FS_NOCOW_FL), { "FS_DAX_FL", 0x2000000 }, C(FS_INLINE_DATA_FL), C(FS_PROJINHERIT_FL),
		{ "FS_CASEFOLD_FL", 0x40000000 },
	};
	static const struct tl_decoder decoder = FLAGS("", flags);

	if (!whole(out, bytes, 4))
		return;
	tl_put_char(out, '[');
	tl_value_text(out, &decoder, member(bytes, 0, 4));
	tl_put_char(out, ']');
}

static void clone_range_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const char *const names[] = { "{src_fd=", ", src_offset=", ", src_length=", ", dest_offset=" };

	if (!whole(out, bytes, 32))
		return;
	for (size_t i = 0; i < COUNT(names); i++)
		put_signed(out, names[i], WORD(bytes, i));
	tl_put_char(out, '}');
}

/* The tables besides the functions make the names known to tl_constant_find(). */
static const struct tl_decoder decoders[] = {
	NUMBER_OF("ioctl_request", ioctl_text, ioctls),
	BYTES("winsize", window_text),
	BYTES("termios", termios_text),
	BYTES("ifreq_address", device_address_text),
	BYTES("ifreq_flags", device_flags_text),
	BYTES("ifreq_hwaddr", device_hardware_text),
	BYTES("ifreq_index", device_index_text),
	BYTES("ifreq_mtu", device_mtu_text),
	BYTES("ifreq_name", device_name_text),
	BYTES("ifreq_newname", device_rename_text),
	BYTES("ifreq_tunnel", tunnel_text),
	BYTES("inode_flags", inode_flags_text),
	BYTES("file_clone_range", clone_range_text),
};

const struct tl_decoder_list tl_decoders_ioctl = { decoders, COUNT(decoders) };
