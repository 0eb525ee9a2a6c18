// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "spec.h"

#define DIGITS "0123456789"
#define NAME_CHARACTERS "abcdefghijklmnopqrstuvwxyz" DIGITS "_-"
#define PID_LIMIT 4194304U /* of 64-bit kernels */

struct reader {
	const char *text; /* start of the SPEC, for columns */
	struct tl_spec_error *error;
};

static __attribute__((format(printf, 3, 4))) int refuse(const struct reader *r, const char *at, const char *format, ...)
{
	va_list ap;

	r->error->column = (size_t)(at - r->text) + 1;
	va_start(ap, format);
	vsnprintf(r->error->message, sizeof(r->error->message), format, ap);
	va_end(ap);
	return -EINVAL;
}

/* A decimal number of n digits that is not above `limit`. */
static int read_number(const struct reader *r, const char *at, size_t n, uint32_t limit, const char *what,
		       uint32_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		v = v * 10 + (uint64_t)(at[i] - '0');
		if (v > limit)
			return refuse(r, at, "%s is too large, the limit is %u", what, limit);
	}
	*ret = (uint32_t)v;
	return 0;
}

static bool pid_is_new(const uint32_t *pids, size_t n, uint32_t pid)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return false;
	return true;
}

/* PID[,PID...] in [at, at + n); what is named twice counts once. */
static int read_pids(const struct reader *r, const char *at, size_t n, uint32_t **ret_pids, size_t *ret_n)
{
	_cleanup_free_ uint32_t *pids = NULL;
	const char *end = at + n;
	size_t n_pids = 0;

	pids = calloc(n / 2 + 1, sizeof(*pids)); /* each takes a digit and a comma */
	if (!pids)
		return -ENOMEM;
	for (;; at++) {
		size_t digits = strspn(at, DIGITS);
		uint32_t pid = 0;
		int e;

		if (!digits)
			return refuse(r, at, "a process id is missing");
		e = read_number(r, at, digits, PID_LIMIT, "the process id", &pid);
		if (e < 0)
			return e;
		if (!pid)
			return refuse(r, at, "0 is no process id");
		if (pid_is_new(pids, n_pids, pid))
			pids[n_pids++] = pid;
		at += digits;
		if (at >= end)
			break;
		if (*at != ',')
			return refuse(r, at, "this is no process id");
	}
	*ret_pids = TAKE_PTR(pids);
	*ret_n = n_pids;
	return 0;
}

/* Length of a field of digits and commas that a ':' ends, -1 if this is none. */
static ssize_t id_field(const char *at)
{
	size_t n = strspn(at, DIGITS ",");

	return at[n] == ':' ? (ssize_t)n : -1;
}

/* [[PROGRAM_ID:]PID[,PID...]:] and where the handlers begin. */
static int read_who(const struct reader *r, struct tl_spec *spec, const char **ret_handlers)
{
	const char *at = r->text;
	ssize_t first = id_field(at), second;
	int e;

	*ret_handlers = at;
	if (first < 0)
		return 0;
	second = id_field(at + first + 1);
	if (second >= 0) {
		if (memchr(at, ',', (size_t)first))
			return refuse(r, at, "one program id at most");
		if (!first)
			return refuse(r, at, "the program id is missing");
		e = read_number(r, at, (size_t)first, UINT32_MAX, "the program id", &spec->program_id);
		if (e < 0)
			return e;
		at += first + 1;
		first = second;
	}
	*ret_handlers = at + first + 1;
	return read_pids(r, at, (size_t)first, &spec->pids, &spec->n_pids);
}

static bool is_file(const char *at, size_t n)
{
	return memchr(at, '/', n) || (n > 2 && memcmp(at + n - 2, ".o", 2) == 0);
}

static int read_name(const struct reader *r, const char *at, size_t n, const struct tl_spec *spec)
{
	size_t digits = strspn(at, DIGITS), good = strspn(at, NAME_CHARACTERS);

	if (!n)
		return refuse(r, at, "a name is missing");
	if (digits >= n && !spec->n_pids)
		return refuse(r, at, "a process id needs a handler behind it, as in %.*s:openat", (int)n, at);
	if (good < n && at[good] == ':')
		return refuse(r, at, "%.*s is no process id", (int)(good < 64 ? good : 64), at);
	if (good < n)
		return refuse(r, at + good, "this is not part of a name");
	return 0;
}

static int read_handler(const struct reader *r, const char *at, size_t n, struct tl_spec *spec)
{
	struct tl_spec_handler *h = &spec->handlers[spec->n_handlers];
	int e;

	if (!n)
		return refuse(r, at, "a handler is missing");
	if (*at == '@' || *at == '=') {
		h->kind = *at == '@' ? TL_SPEC_GROUP : TL_SPEC_EXACT;
		at++;
		n--;
	} else
		h->kind = is_file(at, n) ? TL_SPEC_FILE : TL_SPEC_EVENT;
	if (h->kind != TL_SPEC_FILE) {
		e = read_name(r, at, n, spec);
		if (e < 0)
			return e;
	}
	h->name = strndup(at, n);
	if (!h->name)
		return -ENOMEM;
	spec->n_handlers++;
	return 0;
}

static int read_handlers(const struct reader *r, const char *at, struct tl_spec *spec)
{
	size_t commas = 0;
	int e;

	for (const char *p = at; *p; p++)
		commas += *p == ',';
	spec->handlers = calloc(commas + 1, sizeof(*spec->handlers));
	if (!spec->handlers)
		return -ENOMEM;
	for (;; at++) {
		size_t n = strcspn(at, ",");

		e = read_handler(r, at, n, spec);
		if (e < 0)
			return e;
		at += n;
		if (!*at)
			return 0;
	}
}

int tl_spec_parse(const char *text, struct tl_spec **ret_spec, struct tl_spec_error *ret_error)
{
	struct reader r = { .text = text, .error = ret_error };
	_cleanup_(tl_spec_freep) struct tl_spec *spec = calloc(1, sizeof(*spec));
	const char *handlers;
	int e;

	if (!spec)
		return -ENOMEM;
	spec->text = strdup(text);
	if (!spec->text)
		return -ENOMEM;
	e = read_who(&r, spec, &handlers);
	if (e < 0)
		return e;
	e = read_handlers(&r, handlers, spec);
	if (e < 0)
		return e;
	*ret_spec = TAKE_PTR(spec);
	return 0;
}

int tl_spec_parse_pids(const char *text, uint32_t **ret_pids, size_t *ret_n, struct tl_spec_error *ret_error)
{
	struct reader r = { .text = text, .error = ret_error };

	return read_pids(&r, text, strlen(text), ret_pids, ret_n);
}

struct tl_spec *tl_spec_free(struct tl_spec *spec)
{
	if (!spec)
		return NULL;
	for (size_t i = 0; i < spec->n_handlers; i++)
		free(spec->handlers[i].name);
	free(spec->handlers);
	free(spec->pids);
	free(spec->text);
	free(spec);
	return NULL;
}
