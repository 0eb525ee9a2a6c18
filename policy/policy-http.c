// SPDX-License-Identifier: GPL-2.0-or-later
/* What an output of type http has besides its address. */
#include <string.h>

#include "policy-parse.h"
#include "util.h"

#define BATCH_EVENTS 1000
#define BATCH_SIZE (512U << 10)
#define BATCH_SECONDS 1
#define TIMEOUT_SECONDS 30
#define SPOOL_SIZE (256U << 20)

static const char *const drop_words[] = { "newest", "oldest", NULL };
static const char *const version_words[] = { "1.2", "1.3", NULL };

void tl_policy_http_defaults(struct tl_policy_http *http)
{
	http->batch_events = BATCH_EVENTS;
	http->batch_size = BATCH_SIZE;
	http->batch_time = BATCH_SECONDS;
	http->timeout = TIMEOUT_SECONDS;
	http->spool_size = SPOOL_SIZE;
	http->compress = true;
}

void tl_policy_http_done(struct tl_policy_http *http)
{
	free(http->url);
	free(http->proxy);
	free(http->line_before);
	free(http->spool_path);
	free(http->tls_ca);
	free(http->tls_cert);
	free(http->tls_key);
	for (size_t i = 0; i < http->n_headers; i++) {
		free(http->headers[i].name);
		free(http->headers[i].value);
		free(http->headers[i].file);
	}
	free(http->headers);
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

bool tl_policy_http_same(const struct tl_policy_http *a, const struct tl_policy_http *b)
{
	if (!same_text(a->url, b->url) || !same_text(a->proxy, b->proxy) ||
	    !same_text(a->line_before, b->line_before) || !same_text(a->spool_path, b->spool_path) ||
	    !same_text(a->tls_ca, b->tls_ca) || !same_text(a->tls_cert, b->tls_cert) ||
	    !same_text(a->tls_key, b->tls_key) || a->n_headers != b->n_headers)
		return false;
	for (size_t i = 0; i < a->n_headers; i++)
		if (!same_text(a->headers[i].name, b->headers[i].name) ||
		    !same_text(a->headers[i].value, b->headers[i].value) ||
		    !same_text(a->headers[i].file, b->headers[i].file))
			return false;
	return a->tls_version == b->tls_version && a->batch_events == b->batch_events &&
	       a->batch_size == b->batch_size && a->batch_time == b->batch_time && a->timeout == b->timeout &&
	       a->compress == b->compress && a->spool_size == b->spool_size && a->spool_drop == b->spool_drop;
}

/* ---- Checks of strings ---- */

static const char *check_visible(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f)
			return "there is a space, a control character or one that is not ASCII in it";
	return NULL;
}

static size_t scheme_size(const char *text)
{
	return strncmp(text, "https://", 8) == 0 ? 8 : strncmp(text, "http://", 7) == 0 ? 7 : 0;
}

const char *tl_check_url(const char *text)
{
	size_t scheme = scheme_size(text), host = scheme + strcspn(text + scheme, "/?#");

	if (!scheme)
		return "an address begins with https:// or http://";
	if (host == scheme)
		return "it has no host";
	if (memchr(text + scheme, '@', host - scheme))
		return "a password has no place in it: use headers, Authorization";
	return strlen(text) < 2048 ? check_visible(text) : "it is too long";
}

const char *tl_check_proxy(const char *text)
{
	return strstr(text, "://") ? check_visible(text) :
				     "a proxy is given as http://HOST:PORT or socks5h://HOST:PORT";
}

const char *tl_check_text(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return "there are control characters in it";
	return strlen(text) < 4096 ? NULL : "it is too long";
}

/* ---- Parts ---- */

#define HTTP(member) offsetof(struct tl_policy_http, member)

static const struct tl_policy_field batch_fields[] = {
	{ "events", "a number", "events in one request at most", .read = tl_read_number, .offset = HTTP(batch_events),
	  .min = 1, .max = 100000 },
	{ "size", "a size", "bytes in one request at most, before compression", .read = tl_read_size,
	  .offset = HTTP(batch_size), .min = 1024, .max = 8 << 20 },
	{ "every", "a time", "time that an event waits for others at most", .read = tl_read_duration,
	  .offset = HTTP(batch_time) },
};

const struct tl_policy_object tl_policy_batch = { "batch", batch_fields, ARRAY_SIZE(batch_fields), .nothing = false };

static const struct tl_policy_field spool_fields[] = {
	{ "path", "an absolute path", "the folder, of this output alone", .read = tl_read_string,
	  .offset = HTTP(spool_path), .check = tl_check_file },
	{ "size", "a size", "bytes on the disk at most", .read = tl_read_size, .offset = HTTP(spool_size),
	  .min = 64 << 10 },
	{ "drop", "newest or oldest", "what is lost when it is full", .read = tl_read_word, .offset = HTTP(spool_drop),
	  .words = drop_words },
};

const struct tl_policy_object tl_policy_spool = { "spool", spool_fields, ARRAY_SIZE(spool_fields), .nothing = false };

static const struct tl_policy_field tls_fields[] = {
	{ "ca", "an absolute path", "file of certificates that are trusted, instead of the system's",
	  .read = tl_read_string, .offset = HTTP(tls_ca), .check = tl_check_file },
	{ "cert", "an absolute path", "file of the client's certificate", .read = tl_read_string,
	  .offset = HTTP(tls_cert), .check = tl_check_file },
	{ "key", "an absolute path", "file of its private key", .read = tl_read_string, .offset = HTTP(tls_key),
	  .check = tl_check_file },
	{ "minimum", "1.2 or 1.3", "version of TLS at least", .read = tl_read_word, .offset = HTTP(tls_version),
	  .words = version_words },
};

const struct tl_policy_object tl_policy_tls = { "tls", tls_fields, ARRAY_SIZE(tls_fields), .nothing = false };

int tl_read_batch(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		  void *object)
{
	return tl_policy_read_object(d, &tl_policy_batch, value, (char *)object + field->offset, NULL);
}

int tl_read_spool(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		  void *object)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(spool_fields)] = {};
	int r = tl_policy_read_object(d, &tl_policy_spool, value, (char *)object + field->offset, given);

	if (r >= 0 && value->kind == TL_YAML_MAPPING && !given[0])
		r = tl_draft_problem(d, value, "spool: no path says where");
	return r;
}

int tl_read_tls(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value, void *object)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(tls_fields)] = {};
	int r = tl_policy_read_object(d, &tl_policy_tls, value, (char *)object + field->offset, given);

	if (r >= 0 && given[2] && !given[1])
		r = tl_draft_problem(d, given[2], "tls: a key without its cert");
	return r;
}

/* ---- Headers ---- */

static const struct tl_policy_field header_fields[] = {
	{ "file", "an absolute path", "file whose first line is the value, read for each request",
	  .read = tl_read_string, .offset = offsetof(struct tl_policy_header, file), .check = tl_check_file },
};

const struct tl_policy_object tl_policy_headers = { "headers", header_fields, ARRAY_SIZE(header_fields),
						    .nothing = false };

static const struct tl_policy_field header_value = {
	.name = "headers",
	.read = tl_read_string,
	.offset = offsetof(struct tl_policy_header, value),
	.check = tl_check_text,
};

static const char *check_header(const char *name)
{
	static const char *const ours[] = { "content-type",	 "content-length", "content-encoding",
					    "transfer-encoding", "host",	   "expect" };

	if (strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != strlen(name) || !*name)
		return "a header's name has letters, digits, - and _ only";
	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		if (strcasecmp(ours[i], name) == 0)
			return "TraceLeft itself says that";
	return NULL;
}

static int read_header(struct tl_draft *d, const struct tl_yaml_node *key, struct tl_policy_header *header)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(header_fields)] = {}, *value = key->next;
	int r;

	header->name = strdup(key->text);
	if (!header->name)
		return -ENOMEM;
	if (value->kind == TL_YAML_SCALAR)
		return header_value.read(d, &header_value, value, header);
	r = tl_policy_read_object(d, &tl_policy_headers, value, header, given);
	if (r >= 0 && value->kind == TL_YAML_MAPPING && !given[0])
		r = tl_draft_problem(d, value, "headers: '%.60s' has neither a value nor a file", key->text);
	return r;
}

int tl_read_headers(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object)
{
	struct tl_policy_http *http = (struct tl_policy_http *)((char *)object + field->offset);
	int r = 0;

	if (!tl_policy_expect(d, value, TL_YAML_MAPPING, field->name))
		return 0;
	for (const struct tl_yaml_node *key = value->first; key && r >= 0; key = key->next->next) {
		const char *wrong = check_header(key->text);
		struct tl_policy_header *header;

		if (wrong) {
			r = tl_draft_problem(d, key, "headers: '%.100s': %s", key->text, wrong);
			continue;
		}
		header = tl_array_add(&http->headers, &http->n_headers, sizeof(*header));
		r = header ? read_header(d, key, header) : -ENOMEM;
	}
	return r;
}

/* ---- The whole ---- */

/* Names of the machine itself: nobody listens on the way. */
static bool is_local(const char *url)
{
	static const char *const hosts[] = { "localhost", "127.", "[::1]" };
	const char *host = url + scheme_size(url);

	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++)
		if (strncmp(host, hosts[i], strlen(hosts[i])) == 0)
			return true;
	return false;
}

int tl_policy_check_http(struct tl_draft *d, const struct tl_policy_http *http, const struct tl_yaml_node *url,
			 const struct tl_yaml_node *tls)
{
	int r = 0;

	if (!http->url || strncmp(http->url, "http://", 7) != 0)
		return 0;
	if (tls)
		r = tl_draft_problem(d, tls, "tls: the address begins with http://, which has none");
	for (size_t i = 0; i < http->n_headers && r >= 0 && !is_local(http->url); i++)
		if (strcasecmp(http->headers[i].name, "authorization") == 0)
			r = tl_draft_warning(d, url,
					     "url: the header Authorization goes over the network for all to read");
	return r;
}
