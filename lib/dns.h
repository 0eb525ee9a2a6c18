/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages of the domain name system (RFC 1035), and what their answers say of
 * addresses. All of it comes from the network: nothing in a message is believed,
 * and the names are claims of whoever sent it.
 */
#ifndef TRACELEFT_DNS_H
#define TRACELEFT_DNS_H

#include "traceleft.h"

/* Reads the message's header, first question and answers; what is behind a cut is
 * not there. -EBADMSG: it is no message, or has no question; then *ret is untouched. */
int tl_dns_parse(const uint8_t *data, size_t size, struct tl_dns *ret);

/* "A" for 1, NULL if it has no name here. */
const char *tl_dns_type_name(uint16_t type);
/* "NXDOMAIN" for 3, NULL if it has no name here. */
const char *tl_dns_code_name(uint8_t code);

/*
 * Messages in a stream, each behind its length, in as many pieces as the process likes:
 * the beginnings of a few that are not whole yet are kept. socket: its inode.
 */
struct tl_dns_stream_key {
	uint64_t socket;
	bool incoming;
};
struct tl_dns_streams;

/* NULL: no memory. To be freed with tl_dns_streams_free(), which returns NULL. */
struct tl_dns_streams *tl_dns_streams_new(void);
struct tl_dns_streams *tl_dns_streams_free(struct tl_dns_streams *streams);

/* The next n bytes of the stream, of which the first `size` are at hand. 0: they are, or make
 * whole, the message in *ret. -EAGAIN: it is not whole, or was told before. -EBADMSG: it is none. */
int tl_dns_stream_add(struct tl_dns_streams *streams, const struct tl_dns_stream_key *key, const uint8_t *data,
		      size_t size, uint64_t n, struct tl_dns *ret);

/* The names that answers gave for addresses, the last TL_DNS_NAMES_MAX or so. */
#define TL_DNS_NAMES_MAX 4096
struct tl_dns_cache;

/* NULL: no memory. To be freed with tl_dns_cache_free(), which returns NULL. */
struct tl_dns_cache *tl_dns_cache_new(void);
struct tl_dns_cache *tl_dns_cache_free(struct tl_dns_cache *cache);

/* Remembers the name for each address of an answer in network namespace `netns`; an
 * older name goes. Without memory it is forgotten. */
void tl_dns_cache_add(struct tl_dns_cache *cache, uint32_t netns, const struct tl_dns *answer);

/* The name under which the address was last found there, NULL: none. It belongs to
 * the cache, until something is added. An IPv4 address in an IPv6 one is that of IPv4. */
const char *tl_dns_cache_find(const struct tl_dns_cache *cache, uint32_t netns, uint16_t family,
			      const uint8_t address[16]);

#endif
