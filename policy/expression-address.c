// SPDX-License-Identifier: GPL-2.0-or-later
/* Addresses and networks in conditions. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "expression-internal.h"

#define TEXT_MAX 64

static unsigned __int128 number_of(const uint8_t *bytes, size_t n)
{
	unsigned __int128 number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | bytes[i];
	return number;
}

bool tl_ip_of(uint16_t family, const uint8_t *bytes, struct tl_ip *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (family == AF_INET)
		*ret = (struct tl_ip){ .number = number_of(bytes, 4) };
	else if (family == AF_INET6 && memcmp(bytes, mapped, sizeof(mapped)) == 0)
		*ret = (struct tl_ip){ .number = number_of(bytes + 12, 4) };
	else if (family == AF_INET6)
		*ret = (struct tl_ip){ .v6 = true, .number = number_of(bytes, 16) };
	else
		return false;
	return true;
}

int tl_ip_compare(const struct tl_ip *a, const struct tl_ip *b)
{
	if (a->v6 != b->v6)
		return a->v6 ? 1 : -1;
	return a->number < b->number ? -1 : a->number > b->number;
}

static int refuse(const char **ret_why, const char *why)
{
	*ret_why = why;
	return -EINVAL;
}

static int read_prefix(const char *p, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	if (!*p)
		return -EINVAL;
	for (; *p; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		n = n * 10 + (unsigned)(*p - '0');
		if (n > max)
			return -EINVAL;
	}
	*ret = n;
	return 0;
}

static int make_range(uint16_t family, const uint8_t *bytes, unsigned prefix, struct tl_ip_range *ret,
		      const char **ret_why)
{
	unsigned bits = family == AF_INET ? 32 : 128;
	struct tl_ip ip;
	unsigned __int128 rest;

	tl_ip_of(family, bytes, &ip);
	if (family == AF_INET6 && !ip.v6) {
		/* Mapped IPv4: as the events have it. */
		if (prefix < 96)
			return refuse(ret_why, "such a network of IPv4 addresses in IPv6 is not supported");
		prefix -= 96;
		bits = 32;
	}
	rest = prefix == bits ? 0 : ~(unsigned __int128)0 >> (128 - (bits - prefix));
	if (ip.number & rest)
		return refuse(ret_why, "there are bits behind the network's prefix");
	ret->first = ret->last = ip;
	ret->last.number |= rest;
	return 0;
}

int tl_ip_parse(const char *text, size_t size, struct tl_ip_range *ret, const char **ret_why)
{
	uint16_t family = memchr(text, ':', size) ? AF_INET6 : AF_INET;
	unsigned prefix = family == AF_INET ? 32 : 128;
	uint8_t bytes[16] = {};
	char copy[TEXT_MAX], *slash;

	if (size >= sizeof(copy) || memchr(text, '\0', size))
		return refuse(ret_why, "it is too long");
	memcpy(copy, text, size);
	copy[size] = '\0';
	slash = strchr(copy, '/');
	if (slash) {
		*slash = '\0';
		if (read_prefix(slash + 1, prefix, &prefix) < 0)
			return refuse(ret_why, family == AF_INET ? "the prefix is a number from 0 to 32" :
								   "the prefix is a number from 0 to 128");
	}
	if (inet_pton(family, copy, bytes) != 1)
		return refuse(ret_why, family == AF_INET ? "four numbers from 0 to 255 with dots between" :
							   "groups of four hexadecimal digits with colons between");
	return make_range(family, bytes, prefix, ret, ret_why);
}
