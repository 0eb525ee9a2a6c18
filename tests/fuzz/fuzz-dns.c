/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message as it comes from the network; what it says is remembered and found again. */
#include <stdlib.h>
#include <string.h>

#include "dns.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tl_dns_cache *cache;
	struct tl_dns dns;

	if (!cache)
		cache = tl_dns_cache_new();
	if (!cache || tl_dns_parse(data, size, &dns) < 0)
		return 0;
	if (strnlen(dns.name, sizeof(dns.name)) == sizeof(dns.name) || dns.n_addresses > TL_DNS_ADDRESSES_MAX ||
	    (dns.n_addresses && !dns.is_answer))
		abort();
	tl_dns_cache_add(cache, 1, &dns);
	for (size_t i = 0; i < dns.n_addresses; i++) {
		const struct tl_endpoint *a = &dns.addresses[i];
		const char *name = tl_dns_cache_find(cache, 1, a->family, a->address);

		/* A set has room for four: those that came last. */
		if (i + 4 >= dns.n_addresses && (!name || strcmp(name, dns.name)))
			abort();
	}
	return 0;
}
