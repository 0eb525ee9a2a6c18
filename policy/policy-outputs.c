// SPDX-License-Identifier: GPL-2.0-or-later
/* outputs: where events go. */
#include <string.h>

#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

#define ROTATE_KEEP_DEFAULT 8

static const char *const type_words[] = { "journald", "file", "stdout", "http", NULL };
static const char *const format_words[] = { "json", "text", "proto", "otlp", "ndjson", NULL };

/* What is read of an output besides the output itself. */
struct output_draft {
	struct tl_policy_output output;
	uint32_t type, format;
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
	{ "format", "json, text or proto", "how an event is written", .read = tl_read_word,
	  .offset = offsetof(struct output_draft, format), .words = format_words, .of = OF_FILE | OF_STDOUT | OF_HTTP },
	{ "rotate", "a mapping", "when a new file is begun, and what becomes of the old ones", .read = read_rotate,
	  .of = OF_FILE },
	{ "fsync", "true or false", "wait for the disk after each batch of events", .read = tl_read_bool,
	  .offset = offsetof(struct output_draft, output.fsync), .of = OF_FILE },
	/* Not yet: those of http. */
	{ .name = "url", .type = "an address", .of = OF_HTTP },
	{ .name = "spool", .type = "a mapping", .of = OF_HTTP },
	{ .name = "tls", .type = "a mapping", .of = OF_HTTP },
	{ .name = "headers", .type = "a mapping", .of = OF_HTTP },
	{ .name = "batch", .type = "a mapping", .of = OF_HTTP },
};

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

/* Two that rotate the same file would lose events. */
static int check_path(struct tl_draft *d, const struct tl_policy_output *output, const struct tl_yaml_node *value)
{
	for (size_t i = 0; output->path && i < d->policy->n_outputs; i++) {
		const struct tl_policy_output *o = &d->policy->outputs[i];

		if (o != output && o->path && strcmp(o->path, output->path) == 0)
			return tl_draft_problem(d, value, "output '%s' in %s:%u:%u writes the same file", o->name,
						o->file, o->line, o->column);
	}
	return 0;
}

static int check_format(struct tl_draft *d, const struct tl_policy_output *o, const struct tl_yaml_node *key)
{
	if (!key || o->type == TL_OUTPUT_HTTP || o->format == TL_FORMAT_JSON || o->format == TL_FORMAT_TEXT ||
	    (o->format == TL_FORMAT_PROTO && o->type == TL_OUTPUT_FILE))
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
	if (r >= 0 && o->type == TL_OUTPUT_FILE && !given[1])
		r = tl_draft_problem(d, name, "output '%s' has no path", name->text);
	if (r >= 0)
		r = check_format(d, o, given[2]);
	return r < 0 || !given[1] ? r : check_path(d, o, given[1]->next);
}

/* The type decides what the other keys mean: it is looked for first. */
static const struct tl_yaml_node *find_type(const struct tl_yaml_node *value)
{
	for (const struct tl_yaml_node *key = value->first; value->kind == TL_YAML_MAPPING && key;
	     key = key->next->next)
		if (strcmp(key->text, "type") == 0 && key->next->kind == TL_YAML_SCALAR)
			return key->next;
	return NULL;
}

static int read_output(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value,
		       struct tl_policy_output *o)
{
	const struct tl_yaml_node *given[ARRAY_SIZE(fields)] = {}, *type = find_type(value);
	struct output_draft draft = { .output = *o, .type = UINT32_MAX, .format = UINT32_MAX };
	int r;

	if (type && strcmp(type->text, "http") == 0)
		return tl_draft_problem(d, type, "outputs of type http are not available in this version");
	r = tl_policy_read_object(d, &tl_policy_output, value, &draft, given);
	*o = draft.output;
	if (r < 0 || value->kind != TL_YAML_MAPPING)
		return r;
	if (!given[0])
		return tl_draft_problem(d, name, "output '%s' has no type: %s", name->text, fields[0].type);
	if (draft.type == UINT32_MAX)
		return 0;
	o->type = (enum tl_output_type)draft.type;
	o->format = o->type == TL_OUTPUT_STDOUT ? TL_FORMAT_TEXT : TL_FORMAT_JSON;
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
