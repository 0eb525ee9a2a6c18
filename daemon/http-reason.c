// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "http-reason.h"
#include "util.h"

#define TOLD_OF_BODY 160

/* ---- No answer ---- */

static const struct {
	const char *said, *means;
} meanings[] = {
	{ "no alternative certificate subject name", "its certificate is for another name" },
	{ "certificate subject name", "its certificate is for another name" },
	{ "certificate has expired", "its certificate has expired" },
	{ "certificate is not yet valid", "its certificate is not valid yet" },
	{ "unable to get local issuer certificate", "its certificate is from nobody whom we trust, see tls: ca" },
	{ "self-signed certificate", "its certificate is from nobody whom we trust, see tls: ca" },
	{ "self signed certificate", "its certificate is from nobody whom we trust, see tls: ca" },
	{ "alert certificate required", "it wants a client's certificate, see tls: cert, key" },
	{ "alert handshake failure", "it ends the handshake; it may want a client's certificate, see tls: cert, key" },
	{ "protocol version", "no version of TLS suits both, see tls: minimum" },
	{ "unsupported protocol", "no version of TLS suits both, see tls: minimum" },
	{ "wrong version number", "it does not speak TLS there" },
	{ "alert unknown ca", "it does not accept our certificate" },
	{ "alert bad certificate", "it does not accept our certificate" },
	{ "alert certificate expired", "it does not accept our certificate" },
	{ "alert certificate unknown", "it does not accept our certificate" },
	/* Of libcurl, and of older ones. */
	{ "tunnel failed, response 407", "the proxy wants a password, see proxy" },
	{ "code 407 from proxy", "the proxy wants a password, see proxy" },
	{ "CONNECT tunnel failed", "the proxy does not let us through" },
	{ "from proxy after CONNECT", "the proxy does not let us through" },
};

/* Without the numbers and names of functions that OpenSSL has in front, and what libcurl adds. */
static const char *without_noise(const char *said, size_t *ret_size)
{
	const char *behind = strstr(said, "routines::"), *end;

	if (behind)
		said = behind + strlen("routines::");
	end = behind ? strstr(said, ", errno ") : NULL;
	*ret_size = end ? (size_t)(end - said) : strlen(said);
	return said;
}

void tl_http_reason_failed(char ret[TL_HTTP_REASON_MAX], const char *said)
{
	size_t size;
	const char *plain = without_noise(said, &size);

	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strstr(said, meanings[i].said)) {
			snprintf(ret, TL_HTTP_REASON_MAX, "%s (%.*s)", meanings[i].means, (int)size, plain);
			return;
		}
	snprintf(ret, TL_HTTP_REASON_MAX, "%.*s", (int)size, plain);
}

/* ---- An answer ---- */

static const char *meaning_of(long status)
{
	switch (status) {
	case 300 ... 399:
		return "; nothing is sent where it points to, give that as url";
	case 401:
	case 403:
		return "; see headers: Authorization";
	case 404:
	case 405:
		return "; see url";
	case 407:
		return "; it is the proxy's, which wants a password";
	case 413:
		return "; see batch: size";
	default:
		return "";
	}
}

/* What can be printed of it, without the tags of HTML. */
static size_t text_of(const char *body, size_t size, char ret[TOLD_OF_BODY])
{
	bool in_tag = false, gap = false;
	size_t n = 0;

	for (size_t i = 0; i < size && n < TOLD_OF_BODY - 2; i++) {
		char c = body[i];

		if (c == '<')
			in_tag = true;
		if (in_tag || c <= ' ' || c >= 0x7f) {
			in_tag = in_tag && c != '>';
			gap = n > 0;
			continue;
		}
		if (gap)
			ret[n++] = ' ';
		gap = false;
		ret[n++] = c;
	}
	ret[n] = 0;
	return n;
}

void tl_http_reason_status(char ret[TL_HTTP_REASON_MAX], long status, const char *body, size_t size)
{
	char text[TOLD_OF_BODY];
	bool told = body && text_of(body, size, text);

	snprintf(ret, TL_HTTP_REASON_MAX, "the collector answers with status %ld%s%s%s", status, meaning_of(status),
		 told ? ": " : "", told ? text : "");
}
