// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "dns.h"
#include "fnv.h"

#define WAYS 4
#define SETS (TL_DNS_NAMES_MAX / WAYS)

struct key {
	uint32_t netns;
	uint16_t family;
	uint8_t address[16];
};

struct entry {
	struct key key; /* family 0: free */
	uint64_t used; /* when, by the cache's own count */
	char *name;
};

struct tl_dns_cache {
	uint64_t count;
	struct entry entries[SETS][WAYS];
};

static struct key key_of(uint32_t netns, uint16_t family, const uint8_t address[16])
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	struct key key;

	memset(&key, 0, sizeof(key)); /* with its padding */
	key.netns = netns;
	key.family = family;
	if (family == AF_INET6 && !memcmp(address, mapped, sizeof(mapped))) {
		key.family = AF_INET;
		memcpy(key.address, address + sizeof(mapped), 4);
	} else {
		memcpy(key.address, address, family == AF_INET ? 4 : 16);
	}
	return key;
}

static size_t set_of(const struct key *key)
{
	const uint64_t hash = tl_fnv1a(TL_FNV_BASIS, key, sizeof(*key));

	return (hash ^ hash >> 32) % SETS;
}

struct tl_dns_cache *tl_dns_cache_new(void)
{
	return calloc(1, sizeof(struct tl_dns_cache));
}

struct tl_dns_cache *tl_dns_cache_free(struct tl_dns_cache *cache)
{
	for (size_t i = 0; cache && i < TL_DNS_NAMES_MAX; i++)
		free(cache->entries[i / WAYS][i % WAYS].name);
	free(cache);
	return NULL;
}

/* That of the key, or else the one that was used longest ago. */
static struct entry *place_for(struct tl_dns_cache *cache, const struct key *key)
{
	struct entry *set = cache->entries[set_of(key)], *oldest = &set[0];

	for (size_t i = 0; i < WAYS; i++) {
		if (!memcmp(&set[i].key, key, sizeof(*key)))
			return &set[i];
		if (set[i].used < oldest->used)
			oldest = &set[i];
	}
	return oldest;
}

void tl_dns_cache_add(struct tl_dns_cache *cache, uint32_t netns, const struct tl_dns *answer)
{
	for (size_t i = 0; i < answer->n_addresses; i++) {
		struct key key = key_of(netns, answer->addresses[i].family, answer->addresses[i].address);
		struct entry *entry = place_for(cache, &key);
		char *name = strdup(answer->name);

		free(entry->name);
		memset(entry, 0, sizeof(*entry));
		if (!name)
			continue;
		entry->key = key;
		entry->name = name;
		entry->used = ++cache->count;
	}
}

const char *tl_dns_cache_find(const struct tl_dns_cache *cache, uint32_t netns, uint16_t family,
			      const uint8_t address[16])
{
	struct key key = key_of(netns, family, address);
	const struct entry *set = cache->entries[set_of(&key)];

	for (size_t i = 0; i < WAYS; i++)
		if (!memcmp(&set[i].key, &key, sizeof(key)))
			return set[i].name;
	return NULL;
}
