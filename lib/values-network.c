/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of what calls about sockets take. */
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/socket.h>

#include "put.h"
#include "values-tables.h"

static const struct tl_constant families[] = {
	C(AF_UNSPEC), C(AF_UNIX), C(AF_INET), C(AF_AX25), C(AF_IPX), C(AF_APPLETALK), C(AF_NETROM), C(AF_BRIDGE),
	C(AF_ATMPVC), C(AF_X25), C(AF_INET6), C(AF_ROSE), { "AF_DECnet", 12 }, C(AF_NETBEUI), C(AF_SECURITY), C(AF_KEY),
	C(AF_NETLINK), C(AF_PACKET), C(AF_ASH), C(AF_ECONET), C(AF_ATMSVC), C(AF_RDS), C(AF_SNA), C(AF_IRDA),
	C(AF_PPPOX), C(AF_WANPIPE), C(AF_LLC), C(AF_IB), C(AF_MPLS), C(AF_CAN), C(AF_TIPC), C(AF_BLUETOOTH), C(AF_IUCV),
	C(AF_RXRPC), C(AF_ISDN), C(AF_PHONET), C(AF_IEEE802154), C(AF_CAIF), C(AF_ALG), C(AF_NFC), C(AF_VSOCK),
	C(AF_KCM), C(AF_QIPCRTR), C(AF_SMC), C(AF_XDP), { "AF_MCTP", 45 }, C(AF_LOCAL), C(AF_FILE), C(AF_ROUTE),
};

static const struct tl_decoder family = ENUM("address_family", families);

void tl_family_text(struct tl_buffer *out, uint64_t value)
{
	tl_value_text(out, &family, value);
}

static const struct tl_constant socket_types[] = {
	{ "SOCK_STREAM", 1 }, { "SOCK_DGRAM", 2 }, { "SOCK_RAW", 3 }, { "SOCK_RDM", 4 }, { "SOCK_SEQPACKET", 5 },
	{ "SOCK_DCCP", 6 }, { "SOCK_PACKET", 10 },
};
static const struct tl_constant socket_flags[] = { { "SOCK_CLOEXEC", 02000000 }, { "SOCK_NONBLOCK", 04000 } };

static const struct tl_constant protocols[] = {
	C(IPPROTO_IP), C(IPPROTO_ICMP), C(IPPROTO_IGMP), C(IPPROTO_IPIP), C(IPPROTO_TCP), C(IPPROTO_EGP), C(IPPROTO_PUP),
	C(IPPROTO_UDP), C(IPPROTO_IDP), C(IPPROTO_TP), C(IPPROTO_DCCP), C(IPPROTO_IPV6), C(IPPROTO_RSVP), C(IPPROTO_GRE),
	C(IPPROTO_ESP), C(IPPROTO_AH), C(IPPROTO_ICMPV6), C(IPPROTO_MTP), C(IPPROTO_BEETPH), C(IPPROTO_ENCAP),
	C(IPPROTO_PIM), C(IPPROTO_COMP), { "IPPROTO_L2TP", 115 }, C(IPPROTO_SCTP), C(IPPROTO_UDPLITE), C(IPPROTO_MPLS),
	{ "IPPROTO_ETHERNET", 143 }, { "IPPROTO_AGGFRAG", 144 }, C(IPPROTO_RAW), { "IPPROTO_SMC", 256 },
	{ "IPPROTO_MPTCP", 262 },
};

static const struct tl_constant netlink_protocols[] = {
	C(NETLINK_ROUTE), C(NETLINK_UNUSED), C(NETLINK_USERSOCK), C(NETLINK_FIREWALL), C(NETLINK_SOCK_DIAG),
	C(NETLINK_NFLOG), C(NETLINK_XFRM), C(NETLINK_SELINUX), C(NETLINK_ISCSI), C(NETLINK_AUDIT),
	C(NETLINK_FIB_LOOKUP), C(NETLINK_CONNECTOR), C(NETLINK_NETFILTER), C(NETLINK_IP6_FW), C(NETLINK_DNRTMSG),
	C(NETLINK_KOBJECT_UEVENT), C(NETLINK_GENERIC), C(NETLINK_SCSITRANSPORT), C(NETLINK_ECRYPTFS), C(NETLINK_RDMA),
	C(NETLINK_CRYPTO), C(NETLINK_SMC),
};

/* Of packets; they stand in a call as they stand in a frame. */
#define ETHERNET(name) { #name, (uint64_t)(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? __builtin_bswap16(name) : (name)) }
static const struct tl_constant packet_protocols[] = {
	ETHERNET(ETH_P_802_3), ETHERNET(ETH_P_AX25), ETHERNET(ETH_P_ALL), ETHERNET(ETH_P_802_2), ETHERNET(ETH_P_SNAP),
	ETHERNET(ETH_P_CAN), ETHERNET(ETH_P_CANFD), ETHERNET(ETH_P_LOOP), ETHERNET(ETH_P_IP), ETHERNET(ETH_P_X25),
	ETHERNET(ETH_P_ARP), ETHERNET(ETH_P_BATMAN), ETHERNET(ETH_P_TEB), ETHERNET(ETH_P_RARP), ETHERNET(ETH_P_AARP),
	ETHERNET(ETH_P_IPX), ETHERNET(ETH_P_8021Q), ETHERNET(ETH_P_IPV6), ETHERNET(ETH_P_PAUSE), ETHERNET(ETH_P_SLOW),
	ETHERNET(ETH_P_PPP_DISC), ETHERNET(ETH_P_PPP_SES), ETHERNET(ETH_P_MPLS_UC), ETHERNET(ETH_P_MPLS_MC),
	ETHERNET(ETH_P_PAE), ETHERNET(ETH_P_AOE), ETHERNET(ETH_P_8021AD), ETHERNET(ETH_P_TIPC), ETHERNET(ETH_P_LLDP),
	ETHERNET(ETH_P_MACSEC), ETHERNET(ETH_P_1588), ETHERNET(ETH_P_FCOE), ETHERNET(ETH_P_LOOPBACK), ETHERNET(ETH_P_XDSA),
};

static void packet_protocol_text(struct tl_buffer *out, uint64_t value)
{
	TL_PUT_LITERAL(out, "htons(");
	for (size_t i = 0; i < COUNT(packet_protocols); i++)
		if (packet_protocols[i].value == (uint32_t)value) {
			tl_put_text(out, packet_protocols[i].name);
			tl_put_char(out, ')');
			return;
		}
	if (value)
		tl_put_hex(out, ntohs((uint16_t)value));
	else
		tl_put_char(out, '0');
	tl_put_char(out, ')');
}

static const struct tl_constant packet_types[] = {
	{ "PACKET_HOST", 0 }, { "PACKET_BROADCAST", 1 }, { "PACKET_MULTICAST", 2 }, { "PACKET_OTHERHOST", 3 },
	{ "PACKET_OUTGOING", 4 }, { "PACKET_LOOPBACK", 5 }, { "PACKET_USER", 6 }, { "PACKET_KERNEL", 7 },
};

static const struct tl_decoder packet_type = ENUM("packet_type", packet_types);

void tl_packet_text(struct tl_buffer *out, const struct sockaddr_ll *ll)
{
	TL_PUT_LITERAL(out, "sll_protocol=");
	packet_protocol_text(out, ll->sll_protocol);
	TL_PUT_LITERAL(out, ", sll_ifindex=");
	tl_put_i64(out, ll->sll_ifindex);
	TL_PUT_LITERAL(out, ", sll_hatype=");
	tl_put_u64(out, ll->sll_hatype);
	TL_PUT_LITERAL(out, ", sll_pkttype=");
	tl_value_text(out, &packet_type, ll->sll_pkttype);
	TL_PUT_LITERAL(out, ", sll_halen=");
	tl_put_u64(out, ll->sll_halen);
}

static const struct tl_constant message_flags[] = {
	C(MSG_OOB), C(MSG_PEEK), C(MSG_DONTROUTE), C(MSG_CTRUNC), C(MSG_PROXY), C(MSG_TRUNC), C(MSG_DONTWAIT), C(MSG_EOR),
	C(MSG_WAITALL), C(MSG_FIN), C(MSG_SYN), C(MSG_CONFIRM), C(MSG_RST), C(MSG_ERRQUEUE), C(MSG_NOSIGNAL), C(MSG_MORE),
	C(MSG_WAITFORONE), C(MSG_BATCH), { "MSG_SOCK_DEVMEM", 0x2000000 }, C(MSG_ZEROCOPY), C(MSG_FASTOPEN),
	C(MSG_CMSG_CLOEXEC),
};

static const struct tl_constant shutdown_hows[] = { C(SHUT_RD), C(SHUT_WR), C(SHUT_RDWR) };

static const struct tl_constant levels[] = {
	{ "SOL_IP", 0 }, { "SOL_SOCKET", 1 }, { "SOL_TCP", 6 }, { "SOL_UDP", 17 }, { "SOL_IPV6", 41 },
	{ "SOL_ICMPV6", 58 }, { "SOL_SCTP", 132 }, { "SOL_UDPLITE", 136 }, { "SOL_RAW", 255 }, { "SOL_IPX", 256 },
	{ "SOL_AX25", 257 }, { "SOL_ATALK", 258 }, { "SOL_NETROM", 259 }, { "SOL_ROSE", 260 }, { "SOL_DECNET", 261 },
	{ "SOL_X25", 262 }, { "SOL_PACKET", 263 }, { "SOL_ATM", 264 }, { "SOL_AAL", 265 }, { "SOL_IRDA", 266 },
	{ "SOL_NETBEUI", 267 }, { "SOL_LLC", 268 }, { "SOL_DCCP", 269 }, { "SOL_NETLINK", 270 }, { "SOL_TIPC", 271 },
	{ "SOL_RXRPC", 272 }, { "SOL_PPPOL2TP", 273 }, { "SOL_BLUETOOTH", 274 }, { "SOL_PNPIPE", 275 },
	{ "SOL_RDS", 276 }, { "SOL_IUCV", 277 }, { "SOL_CAIF", 278 }, { "SOL_ALG", 279 }, { "SOL_NFC", 280 },
	{ "SOL_KCM", 281 }, { "SOL_TLS", 282 }, { "SOL_XDP", 283 }, { "SOL_MPTCP", 284 }, { "SOL_MCTP", 285 },
	{ "SOL_SMC", 286 }, { "SOL_VSOCK", 287 },
};

/* Of level SOL_SOCKET. */
static const struct tl_constant socket_options[] = {
	{ "SO_DEBUG", 1 }, { "SO_REUSEADDR", 2 }, { "SO_TYPE", 3 }, { "SO_ERROR", 4 }, { "SO_DONTROUTE", 5 },
	{ "SO_BROADCAST", 6 }, { "SO_SNDBUF", 7 }, { "SO_RCVBUF", 8 }, { "SO_KEEPALIVE", 9 }, { "SO_OOBINLINE", 10 },
	{ "SO_NO_CHECK", 11 }, { "SO_PRIORITY", 12 }, { "SO_LINGER", 13 }, { "SO_BSDCOMPAT", 14 },
	{ "SO_REUSEPORT", 15 }, { "SO_PASSCRED", 16 }, { "SO_PEERCRED", 17 }, { "SO_RCVLOWAT", 18 },
	{ "SO_SNDLOWAT", 19 }, { "SO_RCVTIMEO_OLD", 20 }, { "SO_SNDTIMEO_OLD", 21 }, { "SO_SECURITY_AUTHENTICATION", 22 },
	{ "SO_SECURITY_ENCRYPTION_TRANSPORT", 23 }, { "SO_SECURITY_ENCRYPTION_NETWORK", 24 }, { "SO_BINDTODEVICE", 25 },
	{ "SO_ATTACH_FILTER", 26 }, { "SO_DETACH_FILTER", 27 }, { "SO_PEERNAME", 28 }, { "SO_TIMESTAMP_OLD", 29 },
	{ "SO_ACCEPTCONN", 30 }, { "SO_PEERSEC", 31 }, { "SO_SNDBUFFORCE", 32 }, { "SO_RCVBUFFORCE", 33 },
	{ "SO_PASSSEC", 34 }, { "SO_TIMESTAMPNS_OLD", 35 }, { "SO_MARK", 36 }, { "SO_TIMESTAMPING_OLD", 37 },
	{ "SO_PROTOCOL", 38 }, { "SO_DOMAIN", 39 }, { "SO_RXQ_OVFL", 40 }, { "SO_WIFI_STATUS", 41 },
	{ "SO_PEEK_OFF", 42 }, { "SO_NOFCS", 43 }, { "SO_LOCK_FILTER", 44 }, { "SO_SELECT_ERR_QUEUE", 45 },
	{ "SO_BUSY_POLL", 46 }, { "SO_MAX_PACING_RATE", 47 }, { "SO_BPF_EXTENSIONS", 48 }, { "SO_INCOMING_CPU", 49 },
	{ "SO_ATTACH_BPF", 50 }, { "SO_ATTACH_REUSEPORT_CBPF", 51 }, { "SO_ATTACH_REUSEPORT_EBPF", 52 },
	{ "SO_CNX_ADVICE", 53 }, { "SO_MEMINFO", 55 }, { "SO_INCOMING_NAPI_ID", 56 }, { "SO_COOKIE", 57 },
	{ "SO_PEERGROUPS", 59 }, { "SO_ZEROCOPY", 60 }, { "SO_TXTIME", 61 }, { "SO_BINDTOIFINDEX", 62 },
	{ "SO_TIMESTAMP_NEW", 63 }, { "SO_TIMESTAMPNS_NEW", 64 }, { "SO_TIMESTAMPING_NEW", 65 },
	{ "SO_RCVTIMEO_NEW", 66 }, { "SO_SNDTIMEO_NEW", 67 }, { "SO_DETACH_REUSEPORT_BPF", 68 },
	{ "SO_PREFER_BUSY_POLL", 69 }, { "SO_BUSY_POLL_BUDGET", 70 }, { "SO_NETNS_COOKIE", 71 }, { "SO_BUF_LOCK", 72 },
	{ "SO_RESERVE_MEM", 73 }, { "SO_TXREHASH", 74 }, { "SO_RCVMARK", 75 }, { "SO_PASSPIDFD", 76 },
	{ "SO_PEERPIDFD", 77 }, { "SO_DEVMEM_LINEAR", 78 }, { "SO_DEVMEM_DMABUF", 79 }, { "SO_DEVMEM_DONTNEED", 80 },
	{ "SO_RCVPRIORITY", 82 }, { "SO_PASSRIGHTS", 83 },
};

/* Of level SOL_TCP. */
static const struct tl_constant tcp_options[] = {
	C(TCP_NODELAY), C(TCP_MAXSEG), C(TCP_CORK), C(TCP_KEEPIDLE), C(TCP_KEEPINTVL), C(TCP_KEEPCNT), C(TCP_SYNCNT),
	C(TCP_LINGER2), C(TCP_DEFER_ACCEPT), C(TCP_WINDOW_CLAMP), C(TCP_INFO), C(TCP_QUICKACK), C(TCP_CONGESTION),
	C(TCP_MD5SIG), C(TCP_USER_TIMEOUT), C(TCP_REPAIR), C(TCP_FASTOPEN), C(TCP_TIMESTAMP), C(TCP_NOTSENT_LOWAT),
	C(TCP_SAVE_SYN), C(TCP_SAVED_SYN), C(TCP_ULP), C(TCP_FASTOPEN_CONNECT), C(TCP_ZEROCOPY_RECEIVE), C(TCP_INQ),
	{ "TCP_COOKIE_TRANSACTIONS", 15 }, { "TCP_THIN_LINEAR_TIMEOUTS", 16 }, { "TCP_THIN_DUPACK", 17 },
	{ "TCP_REPAIR_QUEUE", 20 }, { "TCP_QUEUE_SEQ", 21 }, { "TCP_REPAIR_OPTIONS", 22 }, { "TCP_CC_INFO", 26 },
	{ "TCP_REPAIR_WINDOW", 29 }, { "TCP_MD5SIG_EXT", 32 }, { "TCP_FASTOPEN_KEY", 33 },
	{ "TCP_FASTOPEN_NO_COOKIE", 34 }, { "TCP_TX_DELAY", 37 }, { "TCP_AO_ADD_KEY", 38 }, { "TCP_AO_DEL_KEY", 39 },
	{ "TCP_AO_INFO", 40 }, { "TCP_AO_GET_KEYS", 41 }, { "TCP_AO_REPAIR", 42 }, { "TCP_IS_MPTCP", 43 },
	{ "TCP_RTO_MAX_MS", 44 }, { "TCP_RTO_MIN_US", 45 }, { "TCP_DELACK_MAX_US", 46 },
};

/* Of level SOL_IP. */
static const struct tl_constant ip_options[] = {
	C(IP_TOS), C(IP_TTL), C(IP_HDRINCL), C(IP_OPTIONS), C(IP_ROUTER_ALERT), C(IP_RECVOPTS), C(IP_RETOPTS),
	C(IP_PKTINFO), C(IP_PKTOPTIONS), C(IP_MTU_DISCOVER), C(IP_RECVERR), C(IP_RECVTTL), C(IP_RECVTOS), C(IP_MTU),
	C(IP_FREEBIND), C(IP_IPSEC_POLICY), C(IP_XFRM_POLICY), C(IP_PASSSEC), C(IP_TRANSPARENT), C(IP_ORIGDSTADDR),
	C(IP_MINTTL), C(IP_NODEFRAG), C(IP_CHECKSUM), C(IP_BIND_ADDRESS_NO_PORT), C(IP_RECVFRAGSIZE),
	C(IP_MULTICAST_IF), C(IP_MULTICAST_TTL), C(IP_MULTICAST_LOOP), C(IP_ADD_MEMBERSHIP), C(IP_DROP_MEMBERSHIP),
	C(IP_UNBLOCK_SOURCE), C(IP_BLOCK_SOURCE), C(IP_ADD_SOURCE_MEMBERSHIP), C(IP_DROP_SOURCE_MEMBERSHIP),
	C(IP_MSFILTER), C(MCAST_JOIN_GROUP), C(MCAST_LEAVE_GROUP),
	C(MCAST_BLOCK_SOURCE), C(MCAST_UNBLOCK_SOURCE), C(MCAST_JOIN_SOURCE_GROUP), C(MCAST_LEAVE_SOURCE_GROUP),
	C(MCAST_MSFILTER), { "IP_RECVERR_RFC4884", 26 }, C(IP_MULTICAST_ALL), C(IP_UNICAST_IF),
	{ "IPT_SO_SET_REPLACE", 64 }, { "IPT_SO_SET_ADD_COUNTERS", 65 },
};

/* Of level SOL_IPV6. */
static const struct tl_constant ipv6_options[] = {
	C(IPV6_ADDRFORM), C(IPV6_2292PKTINFO), C(IPV6_2292HOPOPTS), C(IPV6_2292DSTOPTS), C(IPV6_2292RTHDR),
	C(IPV6_2292PKTOPTIONS), C(IPV6_CHECKSUM), C(IPV6_2292HOPLIMIT), C(IPV6_NEXTHOP), C(IPV6_AUTHHDR),
	C(IPV6_UNICAST_HOPS), C(IPV6_MULTICAST_IF), C(IPV6_MULTICAST_HOPS), C(IPV6_MULTICAST_LOOP), C(IPV6_JOIN_GROUP),
	C(IPV6_LEAVE_GROUP), C(IPV6_ROUTER_ALERT), C(IPV6_MTU_DISCOVER), C(IPV6_MTU), C(IPV6_RECVERR), C(IPV6_V6ONLY),
	C(IPV6_JOIN_ANYCAST), C(IPV6_LEAVE_ANYCAST), C(IPV6_IPSEC_POLICY), C(IPV6_XFRM_POLICY), C(IPV6_RECVPKTINFO),
	C(IPV6_PKTINFO), C(IPV6_RECVHOPLIMIT), C(IPV6_HOPLIMIT), C(IPV6_RECVHOPOPTS), C(IPV6_HOPOPTS),
	C(IPV6_RECVRTHDR), C(IPV6_RTHDR), C(IPV6_RECVDSTOPTS), C(IPV6_DSTOPTS), C(IPV6_RECVPATHMTU), C(IPV6_PATHMTU),
	C(IPV6_DONTFRAG), C(IPV6_RECVTCLASS), C(IPV6_TCLASS), C(IPV6_AUTOFLOWLABEL), C(IPV6_ADDR_PREFERENCES),
	C(IPV6_MINHOPCOUNT), C(IPV6_ORIGDSTADDR), C(IPV6_TRANSPARENT), C(IPV6_UNICAST_IF), C(IPV6_FREEBIND),
};

/* Of level SOL_UDP. */
static const struct tl_constant udp_options[] = {
	{ "UDP_CORK", 1 }, { "UDP_ENCAP", 100 }, { "UDP_NO_CHECK6_TX", 101 }, { "UDP_NO_CHECK6_RX", 102 },
	{ "UDP_SEGMENT", 103 }, { "UDP_GRO", 104 },
};

/* Of level SOL_NETLINK. */
static const struct tl_constant netlink_options[] = {
	{ "NETLINK_ADD_MEMBERSHIP", 1 }, { "NETLINK_DROP_MEMBERSHIP", 2 }, { "NETLINK_PKTINFO", 3 },
	{ "NETLINK_BROADCAST_ERROR", 4 }, { "NETLINK_NO_ENOBUFS", 5 }, { "NETLINK_RX_RING", 6 },
	{ "NETLINK_TX_RING", 7 }, { "NETLINK_LISTEN_ALL_NSID", 8 }, { "NETLINK_LIST_MEMBERSHIPS", 9 },
	{ "NETLINK_CAP_ACK", 10 }, { "NETLINK_EXT_ACK", 11 }, { "NETLINK_GET_STRICT_CHK", 12 },
};

/* Of level SOL_PACKET. */
static const struct tl_constant packet_options[] = {
	{ "PACKET_ADD_MEMBERSHIP", 1 }, { "PACKET_DROP_MEMBERSHIP", 2 }, { "PACKET_RECV_OUTPUT", 3 },
	{ "PACKET_RX_RING", 5 }, { "PACKET_STATISTICS", 6 }, { "PACKET_COPY_THRESH", 7 }, { "PACKET_AUXDATA", 8 },
	{ "PACKET_ORIGDEV", 9 }, { "PACKET_VERSION", 10 }, { "PACKET_HDRLEN", 11 }, { "PACKET_RESERVE", 12 },
	{ "PACKET_TX_RING", 13 }, { "PACKET_LOSS", 14 }, { "PACKET_VNET_HDR", 15 }, { "PACKET_TX_TIMESTAMP", 16 },
	{ "PACKET_TIMESTAMP", 17 }, { "PACKET_FANOUT", 18 }, { "PACKET_TX_HAS_OFF", 19 },
	{ "PACKET_QDISC_BYPASS", 20 }, { "PACKET_ROLLOVER_STATS", 21 }, { "PACKET_FANOUT_DATA", 22 },
	{ "PACKET_IGNORE_OUTGOING", 23 }, { "PACKET_VNET_HDR_SZ", 24 },
};

/* The calls that are one on i386. */
static const struct tl_constant socket_calls[] = {
	{ "SYS_SOCKET", 1 },	   { "SYS_BIND", 2 },	     { "SYS_CONNECT", 3 },     { "SYS_LISTEN", 4 },
	{ "SYS_ACCEPT", 5 },	   { "SYS_GETSOCKNAME", 6 }, { "SYS_GETPEERNAME", 7 }, { "SYS_SOCKETPAIR", 8 },
	{ "SYS_SEND", 9 },	   { "SYS_RECV", 10 },	     { "SYS_SENDTO", 11 },     { "SYS_RECVFROM", 12 },
	{ "SYS_SHUTDOWN", 13 },	   { "SYS_SETSOCKOPT", 14 }, { "SYS_GETSOCKOPT", 15 }, { "SYS_SENDMSG", 16 },
	{ "SYS_RECVMSG", 17 },	   { "SYS_ACCEPT4", 18 },    { "SYS_RECVMMSG", 19 },   { "SYS_SENDMMSG", 20 },
};

static const struct tl_decoder decoders[] = {
	ENUM("address_family", families),
	FIELD("socket_type", 0xf, socket_types, socket_flags),
	FLAGS("socket_flags", socket_flags),
	ENUM("protocol", protocols),
	ENUM("netlink_protocol", netlink_protocols),
	NUMBER_OF("packet_protocol", packet_protocol_text, packet_protocols),
	FLAGS("msg_flags", message_flags),
	ENUM("shutdown_how", shutdown_hows),
	ENUM("sockopt_level", levels),
	ENUM("sockopt_name", socket_options),
	ENUM("tcp_option", tcp_options),
	ENUM("ip_option", ip_options),
	ENUM("ipv6_option", ipv6_options),
	ENUM("udp_option", udp_options),
	ENUM("netlink_option", netlink_options),
	ENUM("packet_option", packet_options),
	ENUM("socketcall", socket_calls),
};

const struct tl_decoder_list tl_decoders_network = { decoders, COUNT(decoders) };
