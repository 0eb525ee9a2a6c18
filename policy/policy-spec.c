// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The aggregation spec of the original TraceLeft: channels, and events with a
 * rule, a processing function and an output function. JSON is YAML, so that it
 * is read like a policy, and what is wrong has its place.
 */
#include <stdlib.h>
#include <string.h>

#include "expression.h"
#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

#define SECOND UINT64_C(1000000000)

/* What stands in the file; strings are owned. */
struct channel {
	char *id, *path;
	uint32_t type;
};

struct function {
	const struct tl_yaml_node *id_node, *parameters_node;
};

struct output {
	char *format;
	const struct tl_yaml_node *metrics_node;
};

struct event {
	char *stream, *group;
	const struct tl_yaml_node *name, *channel, *rule, *function, *output;
};

struct spec {
	const struct tl_yaml_node *channels, *events;
};

enum { CHANNEL_FILE, CHANNEL_GRPC };
static const char *const channel_types[] = { "file", "grpc", NULL };

static const struct tl_policy_field channel_fields[] = {
	{ "id", "a name", "of the channel", .read = tl_read_string, .offset = offsetof(struct channel, id) },
	{ "type", "file or grpc", "kind of the channel", .read = tl_read_word, .offset = offsetof(struct channel, type),
	  .words = channel_types },
	{ "path", "a path or HOST:PORT", "where to", .read = tl_read_string, .offset = offsetof(struct channel, path) },
};

static const struct tl_policy_field function_fields[] = {
	{ "id", "sigma", "processing function", .read = tl_read_node, .offset = offsetof(struct function, id_node) },
	{ "parameters", "frequency=N;threshold=N", "of it", .read = tl_read_node,
	  .offset = offsetof(struct function, parameters_node) },
};

static const struct tl_policy_field output_fields[] = {
	{ "metrics", "alerts_per_sec", "output function", .read = tl_read_node,
	  .offset = offsetof(struct output, metrics_node) },
	{ "format", "a word", "of the message; not looked at", .read = tl_read_string,
	  .offset = offsetof(struct output, format) },
};

static const struct tl_policy_field event_fields[] = {
	{ "name", "an event", "which", .read = tl_read_node, .offset = offsetof(struct event, name) },
	{ "channel", "a channel's id", "where to", .read = tl_read_node, .offset = offsetof(struct event, channel) },
	{ "stream", "a word", "put on the event", .read = tl_read_string, .offset = offsetof(struct event, stream) },
	{ "group", "a word", "put on the event", .read = tl_read_string, .offset = offsetof(struct event, group) },
	{ "rule", "a condition", "which of them", .read = tl_read_node, .offset = offsetof(struct event, rule) },
	{ "function", "a mapping", "what is done with them", .read = tl_read_node,
	  .offset = offsetof(struct event, function) },
	{ "output", "a mapping", "what is told of them", .read = tl_read_node,
	  .offset = offsetof(struct event, output) },
};

static const struct tl_policy_field spec_fields[] = {
	{ "channels", "a list", "where events go", .read = tl_read_node, .offset = offsetof(struct spec, channels) },
	{ "events", "a list", "which events, and what becomes of them", .read = tl_read_node,
	  .offset = offsetof(struct spec, events) },
};

static const struct tl_policy_object channel_object = { "channel", channel_fields, ARRAY_SIZE(channel_fields), false };
static const struct tl_policy_object function_object = { "function", function_fields, ARRAY_SIZE(function_fields),
							 false };
static const struct tl_policy_object output_object = { "output", output_fields, ARRAY_SIZE(output_fields), false };
static const struct tl_policy_object event_object = { "event", event_fields, ARRAY_SIZE(event_fields), false };
static const struct tl_policy_object spec_object = { "spec", spec_fields, ARRAY_SIZE(spec_fields), false };

/* ---- Channels ---- */

static int add_output(struct tl_draft *d, const struct tl_yaml_node *node, struct channel *c)
{
	struct tl_policy_output *to = tl_array_add(&d->policy->outputs, &d->policy->n_outputs, sizeof(*to));

	if (!to)
		return -ENOMEM;
	to->name = TAKE_PTR(c->id);
	to->path = TAKE_PTR(c->path);
	to->type = c->type == CHANNEL_FILE ? TL_OUTPUT_FILE : TL_OUTPUT_HTTP;
	to->file = d->source->name;
	to->line = node->line;
	to->column = node->column;
	if (c->type == CHANNEL_FILE)
		return 0;
	return tl_draft_warning(
		d, node,
		"channel '%.60s': grpc is spoken no more; for a collector at %.100s use traceleftd with an output "
		"{type: http, url: \"http://%.100s/v1/logs\"}; here its events go to the output of the trace",
		to->name, to->path, to->path);
}

static int check_twice(struct tl_draft *d, const struct tl_yaml_node *node, const struct channel *c)
{
	for (size_t i = 0; i < d->policy->n_outputs; i++) {
		const struct tl_policy_output *o = &d->policy->outputs[i];

		if (strcmp(o->name, c->id) == 0)
			return tl_draft_problem(d, node, "channel '%.60s' is there twice, first in line %u", c->id,
						o->line);
		if (c->type == CHANNEL_FILE && o->type == TL_OUTPUT_FILE && strcmp(o->path, c->path) == 0)
			return tl_draft_problem(d, node, "channel '%.60s' has the file of channel '%.60s'", c->id,
						o->name);
	}
	return 0;
}

static int read_channel(struct tl_draft *d, const struct tl_yaml_node *node)
{
	struct channel c = { 0 };
	int r = tl_policy_read_object(d, &channel_object, node, &c, NULL);

	if (r >= 0 && node->kind == TL_YAML_MAPPING && (!c.id || !c.path))
		r = tl_draft_problem(d, node, "a channel without %s", c.id ? "a path" : "an id");
	else if (r >= 0 && c.id && c.path && (r = check_twice(d, node, &c)) >= 0)
		r = add_output(d, node, &c);
	free(c.id);
	free(c.path);
	return r;
}

static int find_channel(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	struct tl_suggest suggest;
	uint32_t *to;

	if (!tl_policy_expect(d, node, TL_YAML_SCALAR, "channel"))
		return 0;
	tl_suggest_init(&suggest, node->text, node->size);
	for (size_t i = 0; i < d->policy->n_outputs; i++) {
		tl_suggest_offer(&suggest, d->policy->outputs[i].name);
		if (strcmp(d->policy->outputs[i].name, node->text) != 0)
			continue;
		to = tl_array_add(&rule->outputs, &rule->n_outputs, sizeof(*to));
		if (!to)
			return -ENOMEM;
		*to = (uint32_t)i;
		return 0;
	}
	return tl_draft_problem(d, node, "there is no channel '%.60s'%s", node->text, tl_suggest_text(&suggest));
}

/* ---- Functions ---- */

static int read_parameter(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node,
			  const char *text, size_t size)
{
	const char *equals = memchr(text, '=', size);
	size_t name = equals ? (size_t)(equals - text) : size;
	uint64_t value = 0;

	if (!equals || tl_policy_number(equals + 1, size - name - 1, &value) < 0)
		return tl_draft_problem(d, node, "parameters: expected NAME=NUMBER, not '%.*s'", (int)MIN(size, 60UL),
					text);
	if (name == strlen("frequency") && memcmp(text, "frequency", name) == 0) {
		if (!value || value > TL_SAMPLE_MAX)
			return tl_draft_problem(d, node, "parameters: frequency is from 1 to %u", TL_SAMPLE_MAX);
		rule->sample = (uint32_t)value;
		return 0;
	}
	if (name == strlen("threshold") && memcmp(text, "threshold", name) == 0)
		return value ? tl_draft_warning(d, node, "parameters: threshold has no effect") : 0;
	return tl_draft_problem(d, node, "parameters: unknown parameter '%.*s', expected frequency or threshold",
				(int)MIN(name, 60UL), text);
}

static int read_function(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	struct function f = { 0 };
	int r = tl_policy_read_object(d, &function_object, node, &f, NULL);

	if (r < 0 || node->kind != TL_YAML_MAPPING)
		return r;
	if (!f.id_node)
		return tl_draft_problem(d, node, "a function without an id");
	if (f.id_node->kind != TL_YAML_SCALAR || strcmp(f.id_node->text, "sigma") != 0)
		return tl_draft_problem(d, f.id_node, "function: the only one is sigma");
	if (!f.parameters_node)
		return tl_draft_warning(d, node, "function: without a frequency sigma keeps every event");
	if (!tl_policy_expect(d, f.parameters_node, TL_YAML_SCALAR, "parameters"))
		return 0;
	for (const char *p = f.parameters_node->text; *p && r >= 0;) {
		size_t n = strcspn(p, ";");

		if (n)
			r = read_parameter(d, rule, f.parameters_node, p, n);
		p += n + (p[n] == ';');
	}
	if (r >= 0 && !strstr(f.parameters_node->text, "frequency"))
		r = tl_draft_warning(d, f.parameters_node, "parameters: without a frequency sigma keeps every event");
	return r;
}

/* One event per second with a counter. */
static int read_output(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	struct output o = { 0 };
	int r = tl_policy_read_object(d, &output_object, node, &o, NULL);

	free(o.format);
	if (r < 0 || !o.metrics_node)
		return r;
	if (o.metrics_node->kind != TL_YAML_SCALAR || strcmp(o.metrics_node->text, "alerts_per_sec") != 0)
		return tl_draft_problem(d, o.metrics_node, "output: the only function is alerts_per_sec");
	rule->counts = true;
	rule->every = SECOND;
	rule->emit = TL_EMIT_LAST;
	return 0;
}

/* ---- Events ---- */

static int find_event(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	const struct tl_event_type **to, *type;
	struct tl_suggest suggest;
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	if (!tl_policy_expect(d, node, TL_YAML_SCALAR, "name"))
		return 0;
	type = tl_event_type_find(node->text);
	if (!type || type->class == TL_CLASS_RECORD) {
		tl_suggest_init(&suggest, node->text, node->size);
		for (size_t i = 0; i < n; i++)
			if (types[i].class != TL_CLASS_RECORD)
				tl_suggest_offer(&suggest, types[i].name);
		return tl_draft_problem(d, node, "unknown event '%.60s'%s", node->text, tl_suggest_text(&suggest));
	}
	to = tl_array_add(&rule->events, &rule->n_events, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = type;
	rule->name = strdup(type->name);
	if (!rule->name)
		return -ENOMEM;
	if (!type->spellings[0])
		return 0;
	return tl_draft_warning(d, node, "the C library may do '%s' by '%s', which are events of their own", type->name,
				type->spellings);
}

static int compile_rule(struct tl_draft *d, struct tl_policy_rule *rule, const struct tl_yaml_node *node)
{
	struct tl_expression_error error;
	int r;

	if (!tl_policy_expect(d, node, TL_YAML_SCALAR, "rule") || !rule->n_events || !node->size)
		return 0;
	rule->where_text = strdup(node->text);
	if (!rule->where_text)
		return -ENOMEM;
	r = tl_expression_compile(node->text, rule->events, rule->n_events, &rule->where, &error);
	return r == -EINVAL ? tl_draft_note(d, node, false, error.column, "rule", error.message) : r;
}

static int fill_rule(struct tl_draft *d, struct tl_policy_rule *rule, const struct event *e,
		     const struct tl_yaml_node *node)
{
	int r = 0;

	rule->file = d->source->name;
	rule->line = node->line;
	rule->column = node->column;
	rule->keys = TL_POLICY_KEYS;
	rule->severity = strdup("info");
	if (!rule->severity)
		return -ENOMEM;
	if (!e->name || !e->channel)
		r = tl_draft_problem(d, node, "an event without a %s", e->name ? "channel" : "name");
	if (r >= 0 && e->name)
		r = find_event(d, rule, e->name);
	if (r >= 0 && e->channel)
		r = find_channel(d, rule, e->channel);
	if (r >= 0 && e->rule)
		r = compile_rule(d, rule, e->rule);
	if (r >= 0 && e->function)
		r = read_function(d, rule, e->function);
	return r >= 0 && e->output ? read_output(d, rule, e->output) : r;
}

static int read_event(struct tl_draft *d, const struct tl_yaml_node *node)
{
	struct event e = { 0 };
	struct tl_policy_rule *rule;
	int r = tl_policy_read_object(d, &event_object, node, &e, NULL);

	rule = r < 0 ? NULL : tl_array_add(&d->policy->rules, &d->policy->n_rules, sizeof(*rule));
	if (!rule) {
		free(e.stream);
		free(e.group);
		return r < 0 ? r : -ENOMEM;
	}
	rule->stream = e.stream;
	rule->group = e.group;
	return node->kind == TL_YAML_MAPPING ? fill_rule(d, rule, &e, node) : 0;
}

/* ---- The whole ---- */

static int read_list(struct tl_draft *d, const struct tl_yaml_node *root, const struct tl_yaml_node *list,
		     const char *name, int (*read)(struct tl_draft *, const struct tl_yaml_node *))
{
	int r = 0;

	if (!list || (list->kind == TL_YAML_LIST && !list->first))
		return tl_draft_problem(d, list ? list : root, "there are no %s", name);
	if (!tl_policy_expect(d, list, TL_YAML_LIST, name))
		return 0;
	for (const struct tl_yaml_node *item = list->first; item && r >= 0; item = item->next)
		r = read(d, item);
	return r;
}

int tl_policy_read_spec(struct tl_draft *d, const struct tl_yaml_node *root)
{
	struct spec spec = { 0 };
	int r = tl_policy_read_object(d, &spec_object, root, &spec, NULL);

	if (r < 0 || root->kind != TL_YAML_MAPPING)
		return r;
	r = read_list(d, root, spec.channels, "channels", read_channel);
	return r < 0 ? r : read_list(d, root, spec.events, "events", read_event);
}
