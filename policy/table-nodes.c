/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "table-nodes.h"

void tl_reader_problem(struct tl_reader *r, unsigned line, unsigned column, const char *format, ...)
{
	char message[256];
	va_list ap;

	if (r->n_problems++ > TL_TABLE_PROBLEMS_MAX || !r->problem)
		return;
	va_start(ap, format);
	vsnprintf(message, sizeof(message), format, ap);
	va_end(ap);
	/* Words of the file are in it: none of them may reach a terminal. */
	for (char *c = message; *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	r->problem(r->userdata, line, column,
		   r->n_problems > TL_TABLE_PROBLEMS_MAX ? "more problems follow; only the first are shown" : message);
}

void tl_reader_done(struct tl_reader *r)
{
	tl_yaml_done(&r->yaml);
}

static void yaml_problem(void *reader, unsigned line, unsigned column, const char *message)
{
	tl_reader_problem(reader, line, column, "%s", message);
}

int tl_reader_parse(struct tl_reader *r, const char *text, size_t size)
{
	int error = tl_yaml_parse(text, size, &r->yaml, yaml_problem, r);

	/* What was reported on the way to the end counts, and there may be more. */
	return error == -EINVAL && r->yaml.complete ? 0 : error;
}

/* ---- Values ---- */

bool tl_node_expect(struct tl_reader *r, const struct tl_yaml_node *node, enum tl_yaml_kind kind, const char *what)
{
	if (node->kind == kind)
		return true;
	tl_node_problem(r, node, "%s: expected %s, not %s", what, tl_yaml_kind_name(kind),
			tl_yaml_kind_name(node->kind));
	return false;
}

static bool to_number(const struct tl_yaml_node *node, unsigned long max, unsigned long *ret)
{
	char *end;

	if (node->kind != TL_YAML_SCALAR || node->text[0] < '0' || node->text[0] > '9' || node->size > 12)
		return false;
	*ret = strtoul(node->text, &end, 10);
	return !*end && *ret <= max;
}

bool tl_node_number(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, unsigned long min,
		    unsigned long max, unsigned long *ret)
{
	unsigned long n;

	if (!tl_node_expect(r, node, TL_YAML_SCALAR, what))
		return false;
	if (!to_number(node, max, &n) || n < min) {
		tl_node_problem(r, node, "%s: expected a number from %lu to %lu, not " TL_QUOTED, what, min, max,
				node->text);
		return false;
	}
	*ret = n;
	return true;
}

int tl_node_word(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, const char *const *words)
{
	char known[160] = "";
	size_t used = 0;
	int found;

	if (!tl_node_expect(r, node, TL_YAML_SCALAR, what))
		return -EINVAL;
	found = tl_name_find(words, node->text, node->size);
	if (found >= 0)
		return found;
	for (size_t i = 0; words[i] && used < sizeof(known); i++)
		used += snprintf(known + used, sizeof(known) - used, "%s%s", i ? ", " : "", words[i]);
	if (used < sizeof(known))
		tl_node_problem(r, node, "%s: unknown word " TL_QUOTED " (known: %s)", what, node->text, known);
	else
		tl_node_problem(r, node, "%s: unknown word " TL_QUOTED, what, node->text);
	return -EINVAL;
}

bool tl_node_name(struct tl_reader *r, const struct tl_yaml_node *node, const char *what, size_t size, char *ret)
{
	if (!tl_node_expect(r, node, TL_YAML_SCALAR, what))
		return false;
	if (node->size >= size || !tl_name_valid(node->text, node->size)) {
		tl_node_problem(r, node, "%s: " TL_QUOTED " is no name (lower-case letters, digits and _, at most %zu)",
				what, node->text, size - 1);
		return false;
	}
	memcpy(ret, node->text, node->size + 1);
	return true;
}

void tl_node_names(struct tl_reader *r, const struct tl_yaml_node *list, const char *what, size_t size, char *ret)
{
	size_t used = 0;

	if (!tl_node_expect(r, list, TL_YAML_LIST, what))
		return;
	for (const struct tl_yaml_node *node = list->first; node; node = node->next) {
		char one[32];

		if (!tl_node_name(r, node, what, sizeof(one), one))
			continue;
		if (used + 1 + node->size >= size) {
			tl_node_problem(r, node, "%s: too many of them", what);
			return;
		}
		used += sprintf(ret + used, "%s%s", used ? " " : "", one);
	}
}

unsigned tl_node_mapping(struct tl_reader *r, const struct tl_yaml_node *mapping, const char *what,
			 const struct tl_node_key *keys, size_t n_keys, void *to)
{
	unsigned given = 0;

	if (!tl_node_expect(r, mapping, TL_YAML_MAPPING, what))
		return 0;
	for (const struct tl_yaml_node *key = mapping->first; key; key = key->next->next) {
		const struct tl_yaml_node *value = key->next;
		size_t i;

		for (i = 0; i < n_keys && strcmp(keys[i].name, key->text); i++)
			;
		if (i == n_keys) {
			tl_node_problem(r, key, "%s: unknown key " TL_QUOTED, what, key->text);
			continue;
		}
		if (tl_yaml_is_null(value))
			continue;
		given |= keys[i].given;
		if (keys[i].read)
			keys[i].read(r, value, to);
		else
			*(const struct tl_yaml_node **)((char *)to + keys[i].offset) = value;
	}
	return given;
}
