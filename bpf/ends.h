/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two ends of what an event on a socket is about, put together from its record as the
 * reader does it: for filters. What is not put together here the reader looks at, so where
 * it is not certain that both would say the same, nothing is said.
 */
#ifndef TRACELEFT_ENDS_H
#define TRACELEFT_ENDS_H

#include "check.h"

#define TL_END_AF_UNIX 1
#define TL_END_AF_INET 2
#define TL_END_AF_INET6 10
#define TL_END_AF_NETLINK 16
#define TL_END_SOCK_DGRAM 2
#define TL_END_SOCK_RAW 3
#define TL_END_IPPROTO_UDP 17
#define TL_END_V4_SIZE 16 /* sizeof(struct sockaddr_in) */
#define TL_END_V6_SIZE 24 /* struct sockaddr_in6 without its scope */

/* A record under construction: functions that are called often take but numbers, for then the
 * verifier looks at them once. */
#ifdef __bpf__
#define TL_ENDS_CALLED __noinline
typedef __u32 tl_place; /* its slot */

static __always_inline __u8 *tl_place_data(tl_place place)
{
	struct tl_call *call = bpf_map_lookup_elem(&calls, &place);

	return call ? call->data : 0;
}
#else
#define TL_ENDS_CALLED static inline
typedef __u8 *tl_place;

static inline __u8 *tl_place_data(tl_place place)
{
	return place;
}
#endif

/* As it stands in a packet. */
TL_CHECK_INLINE __u32 tl_end_u32(const __u8 *at)
{
	return __builtin_bswap32(*(const tl_loose_u32 *)at);
}

TL_CHECK_INLINE __u64 tl_end_u64(const __u8 *at)
{
	return __builtin_bswap64(*(const tl_loose_u64 *)at);
}

/* An IPv4 address is that, whatever socket it belongs to. end, address: where they begin. */
TL_ENDS_CALLED int tl_end_set(tl_place place, __u32 to, __u32 family, __u32 address, __u32 port)
{
	__u8 *data = tl_place_data(place);
	struct tl_end *end;
	__u64 high, low;
	__u32 v4;

	if (!data)
		return 0;
	end = (struct tl_end *)(data + tl_check_at(to));
	data += tl_check_at(address);
	high = tl_end_u64(data);
	low = tl_end_u64(data + 8);
	v4 = tl_end_u32(data);
	end->port = port;
	end->family = family;
	if (family == TL_END_AF_INET6 && !high && low >> 32 == 0xffff) {
		v4 = (__u32)low;
	} else if (family == TL_END_AF_INET6) {
		end->kind = high || low || port ? TL_END_V6 : TL_END_NONE;
		end->high = end->kind ? high : ~0ULL;
		end->low = end->kind ? low : ~0ULL;
		end->v4 = TL_END_NO_V4;
		return 0;
	}
	/* ::ffff:0.0.0.0 is an address, 0.0.0.0 is none. */
	end->kind = v4 || port || family == TL_END_AF_INET6 ? TL_END_V4 : TL_END_NONE;
	end->v4 = end->kind ? v4 : TL_END_NO_V4;
	end->high = end->low = ~0ULL;
	return 0;
}

TL_CHECK_INLINE void tl_end_unset(struct tl_end *end, __u32 family)
{
	end->port = 0;
	end->family = family;
	end->kind = TL_END_NONE;
	end->v4 = TL_END_NO_V4;
	end->high = end->low = ~0ULL;
}

/* An address among the arguments. */
struct tl_end_asked {
	__u32 at, size; /* below 2 bytes it is none */
	__u32 family, port;
};

/* False: it cannot be told. */
TL_CHECK_INLINE int tl_end_find_asked(const struct tl_parts *parts, const __u8 *data, __u32 form,
				      struct tl_end_asked *ret)
{
	__u32 at = parts->offset[TL_PART_ADDRESS];
	const struct tl_section *section = (const struct tl_section *)(data + tl_check_at(at - sizeof(*section)));

	ret->size = at ? section->size : 0;
	if (form & TL_ENDS_MESSAGE) {
		const struct tl_message *message = (const struct tl_message *)(data + tl_check_at(at));

		/* Of several messages each may have another address. */
		if (ret->size < sizeof(*message) || section->flags & TL_SECTION_FAULT ||
		    message->name_size > TL_ADDRESS_MAX ||
		    ((message->name_size + 7) & ~7U) + ((message->control_taken + 7) & ~7U) + message->vectors_size !=
			    ret->size - sizeof(*message))
			return 0;
		ret->size = message->name_size;
		at += sizeof(*message);
	}
	ret->at = at;
	ret->family = *(const tl_loose_u16 *)(data + tl_check_at(at));
	ret->port = tl_end_u32(data + tl_check_at(at)) & 0xffff;
	return 1;
}

/* What was asked for takes the place of what the socket says. False: it cannot be told. */
TL_CHECK_INLINE int tl_end_take(tl_place place, __u32 end, const struct tl_end_asked *asked)
{
	if (asked->size < 2)
		return 1;
	if (asked->family == TL_END_AF_INET && asked->size >= TL_END_V4_SIZE)
		tl_end_set(place, end, asked->family, asked->at + 4, asked->port);
	else if (asked->family == TL_END_AF_INET6 && asked->size >= TL_END_V6_SIZE)
		tl_end_set(place, end, asked->family, asked->at + 8, asked->port);
	else
		return 0;
	return 1;
}

/* Where what an end is made of stands in a record. */
struct tl_ends_at {
	__u32 near, far; /* struct tl_end: to be made */
	__u32 facts; /* struct tl_socket_facts */
};

/* What the kernel has of a socket of IP, and what the call says. False: it cannot be told. */
TL_CHECK_INLINE int tl_ends_of_ip(tl_place place, __u8 *data, const struct tl_ends_at *at,
				  const struct tl_end_asked *asked, __u32 form)
{
	const struct tl_socket_facts *facts = (const struct tl_socket_facts *)(data + tl_check_at(at->facts));
	struct tl_end *near = (struct tl_end *)(data + tl_check_at(at->near));
	struct tl_end *far = (struct tl_end *)(data + tl_check_at(at->far));

	tl_end_set(place, at->near, facts->family, at->facts + __builtin_offsetof(struct tl_socket_facts, local),
		   facts->local_port);
	tl_end_set(place, at->far, facts->family, at->facts + __builtin_offsetof(struct tl_socket_facts, remote),
		   facts->remote_port);
	/* What has given up its connection still has the address of it. */
	if (!far->port && facts->protocol == TL_END_IPPROTO_UDP)
		tl_end_unset(far, facts->family);
	if (form & TL_ENDS_NETWORK) {
		if (!far->kind)
			tl_end_unset(far, 0);
		return tl_end_take(place, at->near, asked);
	}
	if (!(form & TL_ENDS_ADDRESS))
		return 1;
	if (form & TL_ENDS_BIND) {
		tl_end_unset(far, 0);
		return (((const struct tl_record *)data)->ret >= 0 && near->port) ||
		       tl_end_take(place, at->near, asked);
	}
	if (far->port)
		return form & (TL_ENDS_INCOMING | TL_ENDS_CONNECT) || facts->type != TL_END_SOCK_DGRAM ||
		       tl_end_take(place, at->far, asked);
	/* The reader looks at how much of it the kernel has written. */
	return !(form & TL_ENDS_INCOMING && far->kind) && tl_end_take(place, at->far, asked);
}

/* Other sockets have neither ports nor addresses of that kind, if what was asked for is of theirs. */
TL_CHECK_INLINE int tl_ends_of_other(struct tl_ends *ends, const struct tl_socket_facts *facts,
				     const struct tl_end_asked *asked)
{
	tl_end_unset(&ends->source, facts->family);
	tl_end_unset(&ends->destination, facts->family);
	return (facts->family == TL_END_AF_UNIX || facts->family == TL_END_AF_NETLINK) &&
	       (asked->size < 2 || asked->family == facts->family);
}

/* Behind the sections of a record of `size` bytes, where nothing is of it. */
TL_CHECK_INLINE void tl_ends_find(struct tl_parts *parts, tl_place place, __u8 *data, __u32 size, __u32 form)
{
	const __u32 source = size + __builtin_offsetof(struct tl_ends, source);
	const __u32 destination = size + __builtin_offsetof(struct tl_ends, destination);
	__u32 traffic = parts->offset[TL_PART_TRAFFIC];
	const struct tl_traffic_facts *carried = (const struct tl_traffic_facts *)(data + tl_check_at(traffic));
	struct tl_ends *ends = (struct tl_ends *)(data + tl_check_at(size));
	struct tl_ends_at at = { source, destination, parts->offset[TL_PART_SOCKET] };
	const struct tl_socket_facts *facts = (const struct tl_socket_facts *)(data + tl_check_at(at.facts));
	struct tl_end_asked asked;
	int known;

	/* Raw sockets have their protocol where others have their port. */
	if (!at.facts || size >= TL_RECORD_MAX || facts->type == TL_END_SOCK_RAW ||
	    !tl_end_find_asked(parts, data, form, &asked))
		return;
	if (form & TL_ENDS_INCOMING || (traffic && carried->incoming)) {
		at.near = destination;
		at.far = source;
	}
	if (facts->family == TL_END_AF_INET || facts->family == TL_END_AF_INET6)
		known = tl_ends_of_ip(place, data, &at, &asked, form);
	else
		known = tl_ends_of_other(ends, facts, &asked);
	if (!known)
		return;
	ends->family = ends->destination.family ? ends->destination.family : ends->source.family;
	ends->type = facts->type;
	ends->protocol = facts->protocol;
	parts->offset[TL_PART_ENDS] = size;
}

/* Once the parts are found. False: the event is told whatever the tests say. */
TL_CHECK_INLINE int tl_ends_prepare(struct tl_parts *parts, tl_place place, __u8 *data, __u32 size, __u32 form)
{
	if (form & TL_ENDS_KEEP_DNS && parts->offset[TL_PART_DNS])
		return 0;
	if (form & TL_ENDS_WANTED)
		tl_ends_find(parts, place, data, size, form);
	return 1;
}

#endif
