/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "glob.h"

#include <string.h>

#include "glob-element.h"
#include "util.h"

const char *tl_component_next(const char **p, size_t *ret_size)
{
	const char *start = *p + strspn(*p, "/");

	if (!*start)
		return NULL;
	*ret_size = strcspn(start, "/");
	*p = start + *ret_size;
	return start;
}

bool tl_component_is_deep(const char *component, size_t size)
{
	return size == 2 && component[0] == '*' && component[1] == '*';
}

/* A byte of a set, maybe quoted. */
static bool read_member(const char **p, const char *end, uint8_t *ret)
{
	if (*p < end && **p == '\\')
		(*p)++;
	if (*p >= end)
		return false;
	*ret = (uint8_t) * (*p)++;
	return true;
}

/* Behind the '['. */
static const char *read_set(const char **p, const char *end, struct tl_glob_element *ret)
{
	static const char unclosed[] = "'[' without its ']'";
	bool negated = *p < end && (**p == '!' || **p == '^');
	const char *first;
	uint8_t low, high;

	memset(ret, 0, sizeof(*ret));
	ret->type = TL_ELEMENT_SET;
	*p += negated;
	for (first = *p; *p < end && (**p != ']' || *p == first);) {
		if (end - *p >= 2 && (*p)[0] == '[' && strchr(":.=", (*p)[1]))
			return "named classes such as [:alpha:] are not supported";
		if (!read_member(p, end, &low))
			return unclosed;
		high = low;
		if (end - *p >= 2 && (*p)[0] == '-' && (*p)[1] != ']') {
			(*p)++;
			if (!read_member(p, end, &high))
				return unclosed;
			if (high < low)
				return "a range in '[]' runs backwards";
		}
		for (unsigned byte = low; byte <= high; byte++)
			ret->set[byte >> 6] |= 1ULL << (byte & 63);
	}
	if (*p >= end)
		return unclosed;
	(*p)++;
	for (size_t i = 0; negated && i < 4; i++)
		ret->set[i] = ~ret->set[i];
	ret->set[0] &= ~(1ULL | 1ULL << '/');
	return NULL;
}

const char *tl_glob_element(const char **p, const char *end, struct tl_glob_element *ret)
{
	char c = *(*p)++;

	switch (c) {
	case '*':
		while (*p < end && **p == '*')
			(*p)++;
		ret->type = TL_ELEMENT_STAR;
		return NULL;
	case '?':
		ret->type = TL_ELEMENT_ANY;
		return NULL;
	case '[':
		return read_set(p, end, ret);
	case '\\':
		if (*p >= end)
			return "a backslash with nothing to quote behind it";
		c = *(*p)++;
		break;
	}
	ret->type = TL_ELEMENT_BYTE;
	ret->byte = (uint8_t)c;
	return NULL;
}

static const char *component_problem(const char *p, size_t size)
{
	const char *end = p + size, *problem = NULL;
	struct tl_glob_element element;

	if (p[0] == '.' && (size == 1 || (size == 2 && p[1] == '.')))
		return "'.' and '..' are in no path that the kernel knows";
	while (!problem && p < end)
		problem = tl_glob_element(&p, end, &element);
	return problem;
}

const char *tl_glob_problem(const char *glob)
{
	const char *p = glob, *component, *problem = NULL;
	size_t size;

	if (*p != '/')
		return "it does not begin with a slash";
	if (strnlen(glob, TL_GLOB_MAX) == TL_GLOB_MAX)
		return "it is too long";
	while (!problem && (component = tl_component_next(&p, &size)))
		problem = component_problem(component, size);
	return problem;
}

static bool element_takes(const struct tl_glob_element *element, uint8_t byte)
{
	switch (element->type) {
	case TL_ELEMENT_BYTE:
		return element->byte == byte;
	case TL_ELEMENT_SET:
		return tl_byte_in(element->set, byte);
	default:
		return true;
	}
}

/* Goes back to the last star only: what an earlier one could take more, it can. */
static bool component_match(const char *glob, size_t glob_size, const char *text, size_t size)
{
	const char *p = glob, *end = glob + glob_size, *star = NULL, *next;
	struct tl_glob_element element;
	size_t i = 0, star_at = 0;

	while (i < size || p < end) {
		next = p;
		if (p < end && tl_glob_element(&next, end, &element))
			return false;
		if (p < end && element.type == TL_ELEMENT_STAR) {
			star = p = next;
			star_at = i;
		} else if (p < end && i < size && element_takes(&element, (uint8_t)text[i])) {
			p = next;
			i++;
		} else if (star && star_at < size) {
			p = star;
			i = ++star_at;
		} else {
			return false;
		}
	}
	return true;
}

/* The same for components and `**`. */
static bool path_match(const char *glob, const char *path)
{
	const char *p = glob, *text = path, *deep = NULL, *deep_at = NULL, *next, *next_text, *component, *name;
	size_t size, name_size;

	for (;;) {
		next = p;
		next_text = text;
		component = tl_component_next(&next, &size);
		name = tl_component_next(&next_text, &name_size);
		if (!component && !name)
			return true;
		if (component && tl_component_is_deep(component, size)) {
			deep = p = next;
			deep_at = text;
		} else if (component && name && component_match(component, size, name, name_size)) {
			p = next;
			text = next_text;
		} else if (deep && tl_component_next(&deep_at, &name_size)) {
			p = deep;
			text = deep_at;
		} else {
			return false;
		}
	}
}

bool tl_glob_match(const char *glob, const char *path)
{
	return !tl_glob_problem(glob) && *path == '/' && path_match(glob, path);
}

/* A wildcard behind the last dot may stand for a suffix. */
static bool unit_has_suffix(const char *unit)
{
	static const char *const suffixes[] = { "service", "scope", "slice", "socket",	  "mount", "swap",
						"target",  "timer", "path",  "automount", "device" };
	const char *dot = strrchr(unit, '.');

	if (!dot)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (strcmp(dot + 1, suffixes[i]) == 0)
			return true;
	return dot[strcspn(dot, "*?[")];
}

int tl_glob_from_unit(const char *unit, char **ret_glob)
{
	_cleanup_free_ char *glob = NULL;
	size_t size = strlen(unit);
	char *p;

	if (!size || size > 255 || strchr(unit, '/'))
		return -EINVAL;
	glob = malloc(strlen("/**/") + 2 * size + sizeof(".service"));
	if (!glob)
		return -ENOMEM;
	p = stpcpy(glob, "/**/");
	for (const char *u = unit; *u; u++) {
		if (*u == '\\')
			*p++ = '\\';
		*p++ = *u;
	}
	strcpy(p, unit_has_suffix(unit) ? "" : ".service");
	if (tl_glob_problem(glob))
		return -EINVAL;
	*ret_glob = TAKE_PTR(glob);
	return 0;
}
