/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Globs of containers' cgroups: the patterns of cgroup-name.c the other way round.
 */
#include "container-globs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cgroup-name.h"
#include "util.h"

#define DIGIT "[0-9a-f]"
#define ID_GLOB_SIZE (TL_CONTAINER_ID_LENGTH * (sizeof(DIGIT) - 1) + 1)

struct globs {
	char **items;
	size_t n;
	int r;
};

static void globs_done(struct globs *g)
{
	for (size_t i = 0; i < g->n; i++)
		free(g->items[i]);
	free(g->items);
}

/* Takes over the text; NULL: there was no memory for it. */
static void add_text(struct globs *g, char *text)
{
	char **grown = text ? reallocarray(g->items, g->n + 1, sizeof(*grown)) : NULL;

	if (!grown) {
		free(text);
		g->r = -ENOMEM;
		return;
	}
	g->items = grown;
	grown[g->n++] = text;
}

__attribute__((format(printf, 2, 3))) static void add(struct globs *g, const char *format, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, format);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	va_end(ap);
	add_text(g, text);
}

bool tl_container_is_id(const char *text)
{
	size_t n = strlen(text);

	return n >= TL_CONTAINER_ID_MIN && n <= TL_CONTAINER_ID_LENGTH && strspn(text, "0123456789abcdef") == n;
}

/* ---- Runtimes that name cgroups by ids ---- */

/* The digits that are given, and any for those that are not. */
static void make_id_glob(const char *prefix, char ret[ID_GLOB_SIZE])
{
	char *p = stpcpy(ret, prefix);

	for (size_t i = strlen(prefix); i < TL_CONTAINER_ID_LENGTH; i++)
		p = stpcpy(p, DIGIT);
}

/* "ID", "PREFIX-ID", "PREFIX-ID.scope". */
static void add_ids(struct globs *g, const char *prefix)
{
	char id[ID_GLOB_SIZE];

	make_id_glob(prefix, id);
	add(g, "/**/%s", id);
	add(g, "/**/*[!%c]-%s", TL_CONTAINER_MONITOR_END, id);
	add(g, "/**/*[!%c]-%s.scope", TL_CONTAINER_MONITOR_END, id);
}

void tl_container_tail(const char *name, char ret[TL_CONTAINER_TAIL_MAX])
{
	const char *tail = name;

	for (const char *c = name; *c; c++)
		if (*c == '-' && c > name && c[-1] != TL_CONTAINER_MONITOR_END)
			tail = c + 1;
	snprintf(ret, TL_CONTAINER_TAIL_MAX, "%s%s", tail == name ? "/" : "//", tail);
}

/* The text behind the prefix; NULL: it begins otherwise. */
static const char *behind(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}

bool tl_container_glob_tail(const char *glob, char ret[TL_CONTAINER_TAIL_MAX])
{
	static const char of_runtime[] = {
		'/', '*', '*', '/', '*', '[', '!', TL_CONTAINER_MONITOR_END, ']', '-', '\0'
	};
	const char *by_runtime = behind(glob, of_runtime), *id = by_runtime ? by_runtime : behind(glob, "/**/");
	size_t n = id ? strspn(id, "0123456789abcdef") : 0;

	if (n != TL_CONTAINER_ID_LENGTH || (id[n] && !(by_runtime && strcmp(id + n, ".scope") == 0)))
		return false;
	snprintf(ret, TL_CONTAINER_TAIL_MAX, "%s%s", by_runtime ? "//" : "/", id);
	return true;
}

/* ---- Those that name them by names ---- */

/* As systemd escapes a name in that of a unit, and then a backslash is one in a glob. */
static char *escape_name(const char *name)
{
	char *escaped = malloc(5 * strlen(name) + 1), *p = escaped;

	for (const char *c = name; escaped && *c; c++) {
		if (*c == '-' || *c == '@' || (*c == '.' && c == name))
			p += sprintf(p, "\\\\x%02x", (unsigned)*c);
		else
			*p++ = *c;
	}
	if (escaped)
		*p = '\0';
	return escaped;
}

static void add_name_as(struct globs *g, const char *name, bool of_virtual_machine)
{
	add(g, "/**/lxc.payload.%s", name);
	add(g, "/**/lxc/%s", name);
	add(g, "/**/lxc.payload/%s", name);
	add(g, "/**/machine.slice/systemd-nspawn@%s.service", name);
	if (!of_virtual_machine)
		add(g, "/**/machine.slice/machine-%s.scope", name);
}

static void add_name(struct globs *g, const char *name)
{
	static const char qemu[] = "qemu-";
	_cleanup_free_ char *escaped = escape_name(name);

	if (!escaped) {
		g->r = -ENOMEM;
		return;
	}
	add_name_as(g, name, false);
	if (strcmp(escaped, name) != 0)
		add_name_as(g, escaped, strncmp(name, qemu, strlen(qemu)) == 0 && name[strlen(qemu)]);
}

/* A glob has no "but not": what does not begin with the name of virtual machines
 * differs in one of its letters. */
static void add_any_name(struct globs *g)
{
	static const char *const qemu[] = { "q", "e", "m", "u", "\\\\", "x", "2", "d" };
	char same[2 * sizeof(qemu)] = "";

	add(g, "/**/lxc.payload.?*");
	add(g, "/**/lxc/*");
	add(g, "/**/lxc.payload/*");
	add(g, "/**/machine.slice/systemd-nspawn@?*.service");
	for (size_t i = 0; i < ARRAY_SIZE(qemu); i++) {
		add(g, "/**/machine.slice/machine-%s[!%s]*.scope", same, qemu[i]);
		strcat(same, qemu[i]);
		add(g, "/**/machine.slice/machine-%s.scope", same);
	}
}

int tl_container_globs(const char *container, char ***ret_globs, size_t *ret_n)
{
	_cleanup_(globs_done) struct globs g = {};

	if (strcmp(container, "any") == 0) {
		add_ids(&g, "");
		add_any_name(&g);
	} else {
		if (tl_container_is_id(container))
			add_ids(&g, container);
		add_name(&g, container);
	}
	if (g.r < 0)
		return g.r;
	*ret_n = g.n;
	g.n = 0;
	*ret_globs = TAKE_PTR(g.items);
	return 0;
}
