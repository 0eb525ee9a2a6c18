// SPDX-License-Identifier: GPL-2.0-or-later
/* outputs: where events go. */
#include <string.h>

#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

#define ROTATE_KEEP_DEFAULT 8

static const char *const type_words[] = { "journald", "file", "stdout", "http", NULL };
static const char *const fsync_words[] = { "never", "interval", "always", NULL };
static const char *const format_words[] = { "json", "text", "proto", "otlp", "ndjson", NULL };

/* What is read of an output besides the output itself. */
struct output_draft {
	struct tl_policy_output output;
	uint32_t type, format, fsync;
};

static int read_rotate(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *object);

enum {
	OF_FILE = 1 << TL_OUTPUT_FILE,
	OF_STDOUT = 1 << TL_OUTPUT_STDOUT,
	OF_HTTP = 1 << TL_OUTPUT_HTTP,
	OF_ANY = -1,
};

static const struct tl_policy_field fields[] = {
	{ "type", "journald, file, stdout or http", "the kind of output", .read = tl_read_word,
	  .offset = offsetof(struct output_draft, type), .words = type_words, .of = (unsigned)OF_ANY },
	{ "path", "an absolute path", "the file", .read = tl_read_string,
	  .offset = offsetof(struct output_draft, output.path), .check = tl_check_file, .of = OF_FILE },
	{ "format", "json, text, proto, otlp or ndjson", "how an event is written", .read = tl_read_word,
	  .offset = offsetof(struct output_draft, format), .words = format_words, .of = OF_FILE | OF_STDOUT | OF_HTTP },
	{ "rotate", "a mapping", "when a new file is begun, and what becomes of the old ones", .read = read_rotate,
	  .of = OF_FILE },
	{ "fsync", "never, interval or always", "when to wait for the disk", .read = tl_read_word,
	  .offset = offsetof(struct output_draft, fsync), .words = fsync_words, .of = OF_FILE },
	{ "seal", "true or false", "make a later change of the file show", .read = tl_read_bool,
	  .offset = offsetof(struct output_draft, output.seal), .of = OF_FILE },
	{ "url", "an address", "where requests go", .read = tl_read_string,
	  .offset = offsetof(struct output_draft, output.http.url), .check = tl_check_url, .of = OF_HTTP },
	{ "tls", "a mapping", "whom to trust, and who we are", .read = tl_read_tls,
	  .offset = offsetof(struct output_draft, output.http), .of = OF_HTTP },
	{ "headers", "a mapping of names to values or files", "more headers of each request", .read = tl_read_headers,
	  .offset = offsetof(struct output_draft, output.http), .of = OF_HTTP },
	{ "batch", "a mapping", "how much goes into one request", .read = tl_read_batch,
	  .offset = offsetof(struct output_draft, output.http), .of = OF_HTTP },
	{ "compress", "true or false", "compress requests with gzip", .read = tl_read_bool,
	  .offset = offsetof(struct output_draft, output.http.compress), .of = OF_HTTP },
	{ "spool", "a mapping", "where on the disk events wait for the collector", .read = tl_read_spool,
	  .offset = offsetof(struct output_draft, output.http), .of = OF_HTTP },
	{ "timeout", "a time", "how long a request may take", .read = tl_read_duration,
	  .offset = offsetof(struct output_draft, output.http.timeout), .of = OF_HTTP },
	{ "proxy", "an address", "proxy on the way", .read = tl_read_string,
	  .offset = offsetof(struct output_draft, output.http.proxy), .check = tl_check_proxy, .of = OF_HTTP },
	{ "template", "a line", "written before each event", .read = tl_read_string,
	  .offset = offsetof(struct output_draft, output.http.line_before), .check = tl_check_text, .of = OF_HTTP },
};

/* Of some of them, the place in the table. */
enum { KEY_TYPE, KEY_PATH, KEY_FORMAT, KEY_ROTATE, KEY_FSYNC, KEY_SEAL, KEY_URL, KEY_TLS, KEY_HEADERS, KEY_BATCH };
enum { KEY_COMPRESS = KEY_BATCH + 1, KEY_SPOOL, KEY_TIMEOUT, KEY_PROXY, KEY_TEMPLATE };

_Static_assert(ARRAY_SIZE(fields) == KEY_TEMPLATE + 1, "the last of them");

const struct tl_policy_object tl_policy_output = { "output", fields, ARRAY_SIZE(fields), .nothing = false };

static const struct tl_policy_field rotate_fields[] = {
	{ "size", "a size", "begin a new file before this one grows beyond", .read = tl_read_size,
	  .offset = offsetof(struct tl_policy_output, rotate_size), .min = 4096 },
	{ "age", "a time", "begin a new file after this time", .read = tl_read_duration,
	  .offset = offsetof(struct tl_policy_output, rotate_age) },
	{ "keep", "a number", "old files that are kept", .read = tl_read_number,
	  .offset = offsetof(struct tl_policy_output, rotate_keep), .max = 10000 },
	{ "compress", "true or false", "compress old files", .read = tl_read_bool,
	  .offset = offsetof(struct tl_policy_output, rotate_compress) },
};

const struct tl_policy_object tl_policy_rotate = { "rotate", rotate_fields, ARRAY_SIZE(rotate_fields),
						   .nothing = false };

static int read_rotate(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *object)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(rotate_fields)] = {};
	struct output_draft *draft = object;
	int r;

	(void)field;
	draft->output.rotate_keep = ROTATE_KEEP_DEFAULT;
	r = tl_policy_read_object(d, &tl_policy_rotate, value, &draft->output, given);
	if (r >= 0 && value->kind == TL_YAML_MAPPING && !given[0] && !given[1])
		r = tl_draft_problem(d, value, "rotate: neither size nor age says when");
	return r;
}

void tl_policy_output_done(struct tl_policy_output *o)
{
	free(o->name);
	free(o->path);
	tl_policy_http_done(&o->http);
}

/* ---- Checks ---- */

static int check_name(struct tl_draft *d, const struct tl_yaml_node *name)
{
	for (size_t i = 0; i < d->policy->n_outputs; i++) {
		const struct tl_policy_output *o = &d->policy->outputs[i];

		/* In the same file, the key has been reported. */
		if (strcmp(o->name, name->text) == 0 && o->file != d->source->name)
			return tl_draft_problem(d, name, "output '%s' is there twice, first in %s:%u:%u", name->text,
						o->file, o->line, o->column);
	}
	return 0;
}

static const char *place_of(const struct tl_policy_output *o)
{
	return o->path ? o->path : o->http.spool_path;
}

/* Two that rotate the same file, or have one spool, would lose events. */
static int check_path(struct tl_draft *d, const struct tl_policy_output *output, const struct tl_yaml_node *value)
{
	const char *place = place_of(output);

	for (size_t i = 0; place && i < d->policy->n_outputs; i++) {
		const struct tl_policy_output *o = &d->policy->outputs[i];

		if (o != output && place_of(o) && strcmp(place_of(o), place) == 0)
			return tl_draft_problem(d, value, "output '%s' in %s:%u:%u writes the same file", o->name,
						o->file, o->line, o->column);
	}
	return 0;
}

static enum tl_output_format default_format(enum tl_output_type type)
{
	return type == TL_OUTPUT_STDOUT ? TL_FORMAT_TEXT : type == TL_OUTPUT_HTTP ? TL_FORMAT_NDJSON : TL_FORMAT_JSON;
}

static int check_format(struct tl_draft *d, const struct tl_policy_output *o, const struct tl_yaml_node *key)
{
	static const unsigned formats[] = {
		[TL_OUTPUT_FILE] = 1 << TL_FORMAT_JSON | 1 << TL_FORMAT_TEXT | 1 << TL_FORMAT_PROTO,
		[TL_OUTPUT_STDOUT] = 1 << TL_FORMAT_JSON | 1 << TL_FORMAT_TEXT,
		[TL_OUTPUT_HTTP] = 1 << TL_FORMAT_NDJSON | 1 << TL_FORMAT_PROTO | 1 << TL_FORMAT_OTLP,
	};

	if (!key || o->type == TL_OUTPUT_JOURNALD || formats[o->type] & 1U << o->format)
		return 0;
	return tl_draft_problem(d, key->next, "format: '%s' is not for outputs of type %s", format_words[o->format],
				type_words[o->type]);
}

static int check_keys(struct tl_draft *d, const struct tl_policy_output *o, const struct tl_yaml_node *name,
		      const struct tl_yaml_node *const *given)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fields) && r >= 0; i++)
		if (given[i] && fields[i].read && !(fields[i].of & 1U << o->type))
			r = tl_draft_problem(d, given[i], "key '%s' is not for outputs of type %s", fields[i].name,
					     type_words[o->type]);
	if (r >= 0 && o->type == TL_OUTPUT_FILE && !given[KEY_PATH])
		r = tl_draft_problem(d, name, "output '%s' has no path", name->text);
	if (r >= 0 && o->type == TL_OUTPUT_HTTP && !given[KEY_URL])
		r = tl_draft_problem(d, name, "output '%s' has no url", name->text);
	if (r >= 0)
		r = check_format(d, o, given[KEY_FORMAT]);
	if (r >= 0 && given[KEY_TEMPLATE] && o->type == TL_OUTPUT_HTTP && o->format != TL_FORMAT_NDJSON)
		r = tl_draft_problem(d, given[KEY_TEMPLATE], "template: there are lines in format ndjson only");
	if (r >= 0 && o->seal && o->type == TL_OUTPUT_FILE && o->format == TL_FORMAT_TEXT)
		r = tl_draft_problem(d, given[KEY_SEAL], "seal: there are seals in the formats json and proto only");
	if (r >= 0 && o->type == TL_OUTPUT_HTTP)
		r = tl_policy_check_http(d, &o->http, given[KEY_URL], given[KEY_TLS]);
	if (r >= 0 && given[KEY_PATH])
		r = check_path(d, o, given[KEY_PATH]->next);
	return r >= 0 && given[KEY_SPOOL] ? check_path(d, o, given[KEY_SPOOL]->next) : r;
}

static int read_output(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value,
		       struct tl_policy_output *o)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {};
	struct output_draft draft = { .output = *o, .type = UINT32_MAX, .format = UINT32_MAX, .fsync = TL_FSYNC_NEVER };
	int r;

	tl_policy_http_defaults(&draft.output.http);
	r = tl_policy_read_object(d, &tl_policy_output, value, &draft, given);
	*o = draft.output;
	if (r < 0 || value->kind != TL_YAML_MAPPING)
		return r;
	if (!given[KEY_TYPE])
		return tl_draft_problem(d, name, "output '%s' has no type: %s", name->text, fields[0].type);
	if (draft.type == UINT32_MAX)
		return 0;
	o->type = (enum tl_output_type)draft.type;
	o->fsync = (enum tl_fsync)draft.fsync;
	o->format = default_format(o->type);
	if (draft.format != UINT32_MAX)
		o->format = (enum tl_output_format)draft.format;
	return check_keys(d, o, name, given);
}

int tl_policy_add_output(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value)
{
	struct tl_policy_output *o;
	int r = check_name(d, name);

	if (r < 0)
		return r;
	o = tl_array_add(&d->policy->outputs, &d->policy->n_outputs, sizeof(*o));
	if (!o)
		return -ENOMEM;
	o->file = d->source->name;
	o->line = name->line;
	o->column = name->column;
	o->name = strdup(name->text);
	return o->name ? read_output(d, name, value, o) : -ENOMEM;
}
