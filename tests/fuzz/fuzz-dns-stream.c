/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Streams of a few sockets in pieces, of which not all is at hand: what is told is within bounds. */
#include <stdlib.h>
#include <string.h>

#include "dns.h"

/* A piece: its socket and direction, its size, how many bytes more there were, then its bytes. */
#define HEAD 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_dns_streams *streams = tl_dns_streams_new();

	if (!streams)
		abort();
	while (size >= HEAD) {
		const struct tl_dns_stream_key key = { .socket = data[0] >> 1, .incoming = data[0] & 1 };
		size_t at_hand = data[1] < size - HEAD ? data[1] : size - HEAD;
		struct tl_dns dns;
		/* A copy of its own, so that whoever reads behind it is caught. */
		uint8_t *piece = malloc(at_hand + 1);

		if (!piece)
			abort();
		memcpy(piece, data + HEAD, at_hand);
		piece = realloc(piece, at_hand ? at_hand : 1);
		if (tl_dns_stream_add(streams, &key, piece, at_hand, at_hand + data[2], &dns) == 0 &&
		    (strnlen(dns.name, sizeof(dns.name)) == sizeof(dns.name) ||
		     dns.n_addresses > TL_DNS_ADDRESSES_MAX))
			abort();
		free(piece);
		data += HEAD + at_hand;
		size -= HEAD + at_hand;
	}
	tl_dns_streams_free(streams);
	return 0;
}
