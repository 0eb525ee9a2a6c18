// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "util.h"
#include "yaml-tree.h"

struct reading {
	struct tl_yaml *y;
	tl_yaml_problem problem;
	void *userdata;
	struct tl_yaml_node *open[TL_YAML_DEPTH_MAX]; /* not closed yet, outermost first */
	size_t n_open;
	unsigned documents;
	bool ended;
	bool failed; /* something was reported; reading goes on */
};

static __attribute__((format(printf, 4, 5))) int report(struct reading *r, unsigned line, unsigned column,
							const char *format, ...)
{
	char message[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	r->failed = true;
	if (r->problem)
		r->problem(r->userdata, line, column, message);
	return -EINVAL;
}

#define report_at(r, mark, ...) report(r, (unsigned)(mark)->line + 1, (unsigned)(mark)->column + 1, __VA_ARGS__)

void tl_yaml_done(struct tl_yaml *y)
{
	while (y->nodes) {
		struct tl_yaml_node *node = y->nodes;

		y->nodes = node->all;
		free(node->text);
		free(node);
	}
	*y = (struct tl_yaml){};
}

const char *tl_yaml_kind_name(enum tl_yaml_kind kind)
{
	static const char *const names[] = { "a single value", "a list", "a mapping" };

	return names[kind];
}

bool tl_yaml_is_null(const struct tl_yaml_node *node)
{
	return node->kind == TL_YAML_SCALAR && node->style == TL_YAML_PLAIN &&
	       (!node->size || strcmp(node->text, "~") == 0 || strcmp(node->text, "null") == 0);
}

/* ---- Nodes ---- */

static struct tl_yaml_node *new_node(struct reading *r, enum tl_yaml_kind kind, const yaml_mark_t *mark)
{
	struct tl_yaml_node *node = calloc(1, sizeof(*node));

	if (!node)
		return NULL;
	node->kind = kind;
	node->line = (unsigned)mark->line + 1;
	node->column = (unsigned)mark->column + 1;
	node->all = r->y->nodes;
	r->y->nodes = node;
	r->y->n_nodes++;
	return node;
}

static int place_node(struct reading *r, struct tl_yaml_node *node)
{
	struct tl_yaml_node *parent = r->n_open ? r->open[r->n_open - 1] : NULL;

	if (r->y->n_nodes > TL_YAML_NODES_MAX)
		return report(r, node->line, node->column, "more than %u values", TL_YAML_NODES_MAX);
	if (parent) {
		if (parent->kind == TL_YAML_MAPPING && parent->size % 2 == 0 && node->kind != TL_YAML_SCALAR)
			return report(r, node->line, node->column, "a key is a single value, not %s",
				      tl_yaml_kind_name(node->kind));
		*(parent->last ? &parent->last->next : &parent->first) = node;
		parent->last = node;
		parent->size++;
	} else {
		r->y->root = node;
	}
	if (node->kind == TL_YAML_SCALAR)
		return 0;
	if (r->n_open == TL_YAML_DEPTH_MAX)
		return report(r, node->line, node->column, "nested more than %d deep", TL_YAML_DEPTH_MAX);
	r->open[r->n_open++] = node;
	return 0;
}

static enum tl_yaml_style style_of(yaml_scalar_style_t style)
{
	switch (style) {
	case YAML_SINGLE_QUOTED_SCALAR_STYLE:
		return TL_YAML_SINGLE;
	case YAML_DOUBLE_QUOTED_SCALAR_STYLE:
		return TL_YAML_DOUBLE;
	case YAML_LITERAL_SCALAR_STYLE:
		return TL_YAML_LITERAL;
	case YAML_FOLDED_SCALAR_STYLE:
		return TL_YAML_FOLDED;
	default:
		return TL_YAML_PLAIN;
	}
}

static int place_scalar(struct reading *r, const yaml_event_t *event)
{
	size_t size = event->data.scalar.length;
	struct tl_yaml_node *node;

	/* What follows a NUL would be hidden. */
	if (memchr(event->data.scalar.value, '\0', size))
		return report_at(r, &event->start_mark, "a value has a NUL character in it");
	node = new_node(r, TL_YAML_SCALAR, &event->start_mark);
	if (!node)
		return -ENOMEM;
	node->style = style_of(event->data.scalar.style);
	node->text = strndup((const char *)event->data.scalar.value, size);
	if (!node->text)
		return -ENOMEM;
	node->size = size;
	return place_node(r, node);
}

static int place_collection(struct reading *r, enum tl_yaml_kind kind, const yaml_event_t *event)
{
	struct tl_yaml_node *node = new_node(r, kind, &event->start_mark);

	return node ? place_node(r, node) : -ENOMEM;
}

/* ---- Keys given twice ---- */

static int compare_keys(const void *a, const void *b)
{
	const struct tl_yaml_node *x = *(const struct tl_yaml_node *const *)a;
	const struct tl_yaml_node *y = *(const struct tl_yaml_node *const *)b;
	int order = strcmp(x->text, y->text);

	if (order)
		return order;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	return x->column < y->column ? -1 : x->column > y->column;
}

static int check_keys(struct reading *r, const struct tl_yaml_node *mapping)
{
	_cleanup_free_ const struct tl_yaml_node **keys = NULL;
	size_t n = 0;

	if (mapping->kind != TL_YAML_MAPPING || mapping->size < 4)
		return 0;
	keys = calloc(mapping->size / 2, sizeof(*keys));
	if (!keys)
		return -ENOMEM;
	for (const struct tl_yaml_node *key = mapping->first; key && key->next; key = key->next->next)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (strcmp(keys[i]->text, keys[i - 1]->text) == 0)
			report(r, keys[i]->line, keys[i]->column,
			       "key '%.60s' is given twice, first in line %u, column %u", keys[i]->text,
			       keys[i - 1]->line, keys[i - 1]->column);
	return 0;
}

/* ---- Events of libyaml ---- */

static int refuse_decoration(struct reading *r, const yaml_event_t *event, const yaml_char_t *anchor,
			     const yaml_char_t *tag)
{
	if (anchor)
		return report_at(r, &event->start_mark, "anchors are not supported");
	if (tag)
		return report_at(r, &event->start_mark, "tags are not supported");
	return 0;
}

static int handle_start(struct reading *r, const yaml_event_t *event)
{
	int error;

	switch (event->type) {
	case YAML_SCALAR_EVENT:
		error = refuse_decoration(r, event, event->data.scalar.anchor, event->data.scalar.tag);
		return error ? error : place_scalar(r, event);
	case YAML_SEQUENCE_START_EVENT:
		error = refuse_decoration(r, event, event->data.sequence_start.anchor, event->data.sequence_start.tag);
		return error ? error : place_collection(r, TL_YAML_LIST, event);
	default:
		error = refuse_decoration(r, event, event->data.mapping_start.anchor, event->data.mapping_start.tag);
		return error ? error : place_collection(r, TL_YAML_MAPPING, event);
	}
}

static int handle_event(struct reading *r, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_SCALAR_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return handle_start(r, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		return check_keys(r, r->open[--r->n_open]);
	case YAML_ALIAS_EVENT:
		return report_at(r, &event->start_mark, "aliases are not supported");
	case YAML_DOCUMENT_START_EVENT:
		return r->documents++ ? report_at(r, &event->start_mark, "more than one document") : 0;
	case YAML_STREAM_END_EVENT:
		r->ended = r->y->complete = true;
		return 0;
	default:
		return 0;
	}
}

static bool is_inside_character(char c)
{
	return (c & 0xc0) == 0x80;
}

/* The character that a mark stands at; NUL at the end. */
static char character_at(const struct reading *r, const yaml_mark_t *mark)
{
	const char *p = r->y->source, *end = p + r->y->source_size;

	for (size_t line = 0; p && line < mark->line; line++) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	for (size_t column = 0; p && p < end && column < mark->column; column++)
		for (p++; p < end && is_inside_character(*p);)
			p++;
	return p && p < end ? *p : '\0';
}

/* What is most often behind it that libyaml finds something; "" if nothing is known. */
static const char *hint(const struct reading *r, const yaml_parser_t *parser)
{
	if (!parser->problem)
		return "";
	if (strstr(parser->problem, "cannot start any token"))
		return character_at(r, &parser->problem_mark) == '\t' ?
			       "; spaces indent here, not tabs" :
			       "; a value that begins like this stands in quotes";
	if (strstr(parser->problem, "mapping values are not allowed"))
		return "; a line is indented too far or lacks its colon, or a value with a colon in it is not in "
		       "quotes";
	return "";
}

static yaml_mark_t place_of_byte(const struct reading *r, size_t offset)
{
	yaml_mark_t mark = { 0 };

	for (size_t i = 0; i < offset && i < r->y->source_size; i++)
		if (r->y->source[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (!is_inside_character(r->y->source[i])) {
			mark.column++;
		}
	return mark;
}

static void report_syntax(struct reading *r, const yaml_parser_t *parser)
{
	yaml_mark_t mark = parser->problem_mark;

	/* The reader of characters has no mark of its own, and reads ahead. */
	if (parser->error == YAML_READER_ERROR)
		mark = place_of_byte(r, parser->problem_offset);
	report_at(r, &mark, "not valid YAML: %s%s%s%s", parser->problem ? parser->problem : "unknown error",
		  parser->context ? ", " : "", parser->context ? parser->context : "", hint(r, parser));
}

static int read_events(struct reading *r, yaml_parser_t *parser)
{
	while (!r->ended) {
		yaml_event_t event;
		int error;

		if (!yaml_parser_parse(parser, &event)) {
			if (parser->error == YAML_MEMORY_ERROR)
				return -ENOMEM;
			report_syntax(r, parser);
			return -EINVAL;
		}
		error = handle_event(r, &event);
		yaml_event_delete(&event);
		if (error)
			return error;
	}
	return r->failed ? -EINVAL : 0;
}

/* libyaml compares each %TAG with all before it. */
static int refuse_directives(struct reading *r, const char *text, size_t size)
{
	const char *end = text + size;
	unsigned line = 1;

	for (const char *p = text; p; line++) {
		if (end - p > 4 && memcmp(p, "%TAG", 4) == 0)
			return report(r, line, 1, "tags are not supported");
		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p + 1 : NULL;
	}
	return 0;
}

int tl_yaml_parse(const char *text, size_t size, struct tl_yaml *ret, tl_yaml_problem problem, void *userdata)
{
	struct reading r = { .y = ret, .problem = problem, .userdata = userdata };
	yaml_parser_t parser;
	int error;

	*ret = (struct tl_yaml){ .source = text, .source_size = size };
	if (size > TL_YAML_SIZE_MAX)
		return report(&r, 1, 1, "larger than %u MiB", TL_YAML_SIZE_MAX >> 20);
	error = refuse_directives(&r, text, size);
	if (error)
		return error;
	if (!yaml_parser_initialize(&parser))
		return -ENOMEM;
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
	error = read_events(&r, &parser);
	yaml_parser_delete(&parser);
	return error;
}

/* ---- Places inside scalars ---- */

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* A character of the source, with what is quoted in front of it. */
struct walk {
	const char *p, *end;
	unsigned line, column;
};

static void walk_byte(struct walk *w)
{
	if (*w->p == '\n') {
		w->line++;
		w->column = 1;
	} else {
		w->column += (w->p + 1 == w->end || (w->p[1] & 0xc0) != 0x80);
	}
	w->p++;
}

/* Length in bytes of the escape at a backslash. */
static size_t escape_size(const struct walk *w)
{
	char c = w->end - w->p > 1 ? w->p[1] : '\0';
	size_t size = c == 'x' ? 4 : c == 'u' ? 6 : c == 'U' ? 10 : 2;

	return MIN(size, (size_t)(w->end - w->p));
}

/* Over one character of the text that is no white space. */
static void walk_character(struct walk *w, enum tl_yaml_style style)
{
	size_t n = 1;

	if (w->p == w->end)
		return;
	if (style == TL_YAML_DOUBLE && *w->p == '\\')
		n = escape_size(w);
	else if (style == TL_YAML_SINGLE && *w->p == '\'')
		n = MIN(2, w->end - w->p);
	else
		while (w->p + n < w->end && (w->p[n] & 0xc0) == 0x80)
			n++;
	while (n--)
		walk_byte(w);
}

static void walk_spaces(struct walk *w)
{
	while (w->p < w->end && is_space(*w->p))
		walk_byte(w);
}

static bool find_scalar(const struct tl_yaml *y, const struct tl_yaml_node *scalar, struct walk *ret)
{
	struct walk w = { .p = y->source, .end = y->source + y->source_size, .line = 1, .column = 1 };

	/* Only UTF-8. */
	if (y->source_size >= 2 && ((unsigned char)y->source[0] >= 0xfe || !y->source[0] || !y->source[1]))
		return false;
	while (w.p < w.end && (w.line < scalar->line || w.column < scalar->column))
		walk_byte(&w);
	if (w.line != scalar->line || w.column != scalar->column || w.p == w.end)
		return false;
	if (scalar->style == TL_YAML_SINGLE || scalar->style == TL_YAML_DOUBLE)
		walk_byte(&w);
	/* The text begins in the line behind the '|'. */
	while (scalar->style >= TL_YAML_LITERAL && w.line == scalar->line && w.p < w.end)
		walk_byte(&w);
	*ret = w;
	return true;
}

void tl_yaml_place(const struct tl_yaml *y, const struct tl_yaml_node *scalar, size_t at, unsigned *ret_line,
		   unsigned *ret_column)
{
	struct walk w = { .line = scalar->line, .column = scalar->column };
	const char *p = scalar->text, *end = p + scalar->size;

	*ret_line = w.line;
	*ret_column = w.column;
	if (!find_scalar(y, scalar, &w))
		return;
	/* White space may have been folded, all else is there in the same order. */
	while (p < end && at) {
		bool first = (*p & 0xc0) != 0x80;

		at -= first;
		if (is_space(*p)) {
			p++;
			if (at && !is_space(*p))
				walk_spaces(&w);
			else if (w.p < w.end && is_space(*w.p))
				walk_byte(&w);
			continue;
		}
		if (first) {
			walk_spaces(&w);
			walk_character(&w, scalar->style);
		}
		p++;
	}
	if (p < end && !is_space(*p))
		walk_spaces(&w);
	*ret_line = w.line;
	*ret_column = w.column;
}
