// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "matches.h"
#include "put.h"
#include "target-match.h"

static void add(uint32_t target, const struct tl_matched *process, void *userdata)
{
	struct tl_matches *m = (struct tl_matches *)userdata + target;
	struct tl_match_shown *shown;

	if (m->n >= TL_MATCHES_SHOWN) {
		m->n++;
		return;
	}
	shown = &m->shown[m->n++];
	shown->pid = process->pid;
	memcpy(shown->name, process->comm, sizeof(shown->name));
	shown->executable = strdup(process->executable);
}

static void session_freep(struct tl_session **s)
{
	tl_session_free(*s);
}

int tl_matches_find(const struct tl_policy *p, struct tl_matches **ret)
{
	_cleanup_(session_freep) struct tl_session *s = NULL;
	struct tl_matches *m;
	int r;

	if (geteuid() != 0)
		return -EPERM; /* programs of others are hidden */
	/* Whatever else this machine lacks, the session has its targets. */
	r = tl_session_new(NULL, &s);
	if (!s)
		return r;
	r = tl_policy_apply_targets(p, s);
	if (r < 0)
		return r;
	m = calloc(p->n_targets + 1, sizeof(*m));
	if (!m)
		return -ENOMEM;
	r = tl_targets_match(s, add, m);
	if (r < 0) {
		tl_matches_free(m, p->n_targets);
		return r;
	}
	*ret = m;
	return 0;
}

void tl_matches_free(struct tl_matches *m, size_t n)
{
	for (size_t i = 0; m && i < n; i++)
		for (size_t j = 0; j < TL_MATCHES_SHOWN; j++)
			free(m[i].shown[j].executable);
	free(m);
}

static void put_value(struct tl_buffer *b, const char *text)
{
	tl_escape_value(b, text, strlen(text));
}

void tl_matches_text(struct tl_buffer *b, const struct tl_matches *m)
{
	tl_put_u64(b, m->n);
	tl_put_text(b, m->n == 1 ? " process" : " processes");
	for (size_t i = 0; i < MIN(m->n, (uint64_t)TL_MATCHES_SHOWN); i++) {
		const char *executable = m->shown[i].executable;

		tl_put_text(b, i ? ", " : ": ");
		tl_put_u64(b, m->shown[i].pid);
		tl_put_char(b, ' ');
		put_value(b, m->shown[i].name);
		if (!executable || !*executable)
			continue;
		tl_put_text(b, " (");
		put_value(b, executable);
		tl_put_char(b, ')');
	}
	if (m->n > TL_MATCHES_SHOWN) {
		tl_put_text(b, " and ");
		tl_put_u64(b, m->n - TL_MATCHES_SHOWN);
		tl_put_text(b, " more");
	}
}

void tl_matches_json(struct tl_buffer *b, const struct tl_matches *m)
{
	tl_json_unsigned(b, "count", m->n);
	tl_json_open(b, "processes", '[');
	for (size_t i = 0; i < MIN(m->n, (uint64_t)TL_MATCHES_SHOWN); i++) {
		tl_json_open(b, NULL, '{');
		tl_json_unsigned(b, "pid", m->shown[i].pid);
		tl_json_string(b, "name", m->shown[i].name);
		tl_json_string(b, "executable", m->shown[i].executable ? m->shown[i].executable : "");
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}
