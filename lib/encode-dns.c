/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Questions and answers of the domain name system. */
#include "dns.h"
#include "encode-line.h"

static void put_type(struct tl_buffer *b, uint16_t type)
{
	const char *name = tl_dns_type_name(type);

	if (name) {
		tl_put_text(b, name);
	} else {
		TL_PUT_LITERAL(b, "TYPE");
		tl_put_u64(b, type);
	}
}

static void put_code(struct tl_buffer *b, uint8_t code)
{
	const char *name = tl_dns_code_name(code);

	if (name)
		tl_put_text(b, name);
	else
		tl_put_u64(b, code);
}

void tl_line_dns(struct tl_line *l)
{
	const struct tl_dns *dns = l->event->dns;
	char address[48];

	TL_PUT_LITERAL(l->b, ",\"dns\":{\"type\":\"");
	tl_put_text(l->b, dns->is_answer ? "answer" : "query");
	TL_PUT_LITERAL(l->b, "\",\"question\":{\"name\":");
	tl_line_string(l, dns->name, strlen(dns->name));
	TL_PUT_LITERAL(l->b, ",\"type\":\"");
	put_type(l->b, dns->type);
	TL_PUT_LITERAL(l->b, "\"}");
	if (dns->is_answer) {
		TL_PUT_LITERAL(l->b, ",\"response_code\":\"");
		put_code(l->b, dns->code);
		tl_put_char(l->b, '"');
	}
	for (size_t i = 0; i < dns->n_addresses; i++) {
		tl_put_text(l->b, i ? ",\"" : ",\"resolved_ip\":[\"");
		tl_put(l->b, address,
		       tl_address_text(address, dns->addresses[i].family, dns->addresses[i].address));
		tl_put_char(l->b, '"');
	}
	tl_put_text(l->b, dns->n_addresses ? "]}" : "}");
}

void tl_encode_dns_text(struct tl_buffer *b, const struct tl_dns *dns)
{
	char address[48];

	tl_put_text(b, dns->is_answer ? " <answer " : " <query ");
	put_type(b, dns->type);
	tl_put_char(b, ' ');
	tl_escape_text(b, dns->name, strlen(dns->name));
	if (dns->is_answer && dns->code) {
		tl_put_char(b, ' ');
		put_code(b, dns->code);
	}
	for (size_t i = 0; i < dns->n_addresses; i++) {
		tl_put_char(b, ' ');
		tl_put(b, address, tl_address_text(address, dns->addresses[i].family, dns->addresses[i].address));
	}
	tl_put_char(b, '>');
}
