// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "dns.h"

#define HEADER_SIZE 12
#define POINTERS_MAX 32 /* of one name */
#define LABEL_MAX 63
#define RESPONSE 0x8000

enum { TYPE_A = 1, TYPE_AAAA = 28 };

struct reader {
	const uint8_t *data;
	size_t size, at;
};

static bool read_u16(struct reader *r, uint16_t *ret)
{
	if (r->size - r->at < 2)
		return false;
	*ret = (uint16_t)(r->data[r->at] << 8 | r->data[r->at + 1]);
	r->at += 2;
	return true;
}

static bool skip(struct reader *r, size_t n)
{
	if (r->size - r->at < n)
		return false;
	r->at += n;
	return true;
}

/* Appends a label; a dot in it is no border. false: the name is too long. */
static bool add_label(char name[static TL_DNS_NAME_MAX], size_t *used, const uint8_t *label, size_t n)
{
	if (*used + 2 * n + 2 > TL_DNS_NAME_MAX)
		return false;
	if (*used)
		name[(*used)++] = '.';
	for (size_t i = 0; i < n; i++) {
		if (label[i] == '.' || label[i] == '\\')
			name[(*used)++] = '\\';
		name[(*used)++] = label[i] ? (char)label[i] : '?';
	}
	return true;
}

/* A name, which may go on at an earlier place of the message. name: NULL to skip it. */
static bool read_name(struct reader *r, char *name)
{
	size_t at = r->at, used = 0, end = 0;
	unsigned pointers = 0;

	for (;;) {
		size_t n;

		if (at >= r->size)
			return false;
		n = r->data[at];
		if (n > LABEL_MAX) {
			size_t to;

			if (n < 0xc0 || r->size - at < 2 || ++pointers > POINTERS_MAX)
				return false;
			to = (n & 0x3f) << 8 | r->data[at + 1];
			if (!end)
				end = at + 2;
			if (to >= at)
				return false;
			at = to;
			continue;
		}
		at++;
		if (!n)
			break;
		if (r->size - at < n || (name && !add_label(name, &used, r->data + at, n)))
			return false;
		at += n;
	}
	if (name)
		name[used] = '\0';
	r->at = end ? end : at;
	return true;
}

/* false: there is no more to read. */
static bool read_answer(struct reader *r, struct tl_dns *dns)
{
	uint16_t type, class, size;
	size_t width;

	if (!read_name(r, NULL) || !read_u16(r, &type) || !read_u16(r, &class) || !skip(r, 4) || !read_u16(r, &size) ||
	    r->size - r->at < size)
		return false;
	width = type == TYPE_A ? 4 : type == TYPE_AAAA ? 16 : 0;
	if (width && size == width && dns->n_addresses < TL_DNS_ADDRESSES_MAX) {
		struct tl_endpoint *to = &dns->addresses[dns->n_addresses++];

		to->family = type == TYPE_A ? AF_INET : AF_INET6;
		memcpy(to->address, r->data + r->at, width);
	}
	return skip(r, size);
}

int tl_dns_parse(const uint8_t *data, size_t size, struct tl_dns *ret)
{
	struct reader r = { data, size, 0 };
	uint16_t id, flags, questions, answers, class;
	struct tl_dns dns = {};

	if (size < HEADER_SIZE || !read_u16(&r, &id) || !read_u16(&r, &flags) || !read_u16(&r, &questions) ||
	    !read_u16(&r, &answers) || !skip(&r, 4) || !questions)
		return -EBADMSG;
	if (!read_name(&r, dns.name) || !read_u16(&r, &dns.type) || !read_u16(&r, &class))
		return -EBADMSG;
	for (uint16_t i = 1; i < questions; i++)
		if (!read_name(&r, NULL) || !skip(&r, 4))
			return -EBADMSG;
	dns.is_answer = flags & RESPONSE;
	dns.code = flags & 0xf;
	for (uint16_t i = 0; dns.is_answer && i < answers; i++)
		if (!read_answer(&r, &dns))
			break;
	*ret = dns;
	return 0;
}

const char *tl_dns_type_name(uint16_t type)
{
	static const struct {
		uint16_t type;
		const char *name;
	} types[] = {
		{ 1, "A" },	  { 2, "NS" },	    { 5, "CNAME" },  { 6, "SOA" },   { 12, "PTR" },  { 13, "HINFO" },
		{ 15, "MX" },	  { 16, "TXT" },    { 17, "RP" },    { 28, "AAAA" }, { 29, "LOC" },  { 33, "SRV" },
		{ 35, "NAPTR" },  { 39, "DNAME" },  { 43, "DS" },    { 44, "SSHFP" }, { 46, "RRSIG" }, { 47, "NSEC" },
		{ 48, "DNSKEY" }, { 52, "TLSA" },   { 64, "SVCB" },  { 65, "HTTPS" }, { 252, "AXFR" }, { 255, "ANY" },
		{ 257, "CAA" },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i].type == type)
			return types[i].name;
	return NULL;
}

const char *tl_dns_code_name(uint8_t code)
{
	static const char *const names[] = { "NOERROR", "FORMERR",  "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
					     "YXDOMAIN", "YXRRSET", "NXRRSET",	"NOTAUTH",  "NOTZONE" };

	return code < sizeof(names) / sizeof(names[0]) ? names[code] : NULL;
}
