// SPDX-License-Identifier: GPL-2.0-or-later
/* Rules of auditd become rules of a policy. Of auditd's rules the first one that matches counts,
 * whether it keeps or drops: so each one is final. */
#include <string.h>

#include "audit-fields.h"
#include "escape.h"
#include "expression.h"

#define LINE_WIDTH 100

/* Calls of which the same is asked. */
struct part {
	const struct tl_event_type **types; /* n of them */
	size_t n;
	char *where; /* empty: whatever they are */
};

struct rule {
	enum tl_audit_list list;
	bool drops;
	int64_t order; /* within the list */
	char *source; /* FILE:LINE: the line */
	char *name; /* beginning of it */
	char **keys;
	size_t n_keys;
	struct part parts[TL_AUDIT_KINDS];
	size_t n_parts;
	uint64_t hash; /* of the parts */
};

struct tl_audit {
	struct rule **rules;
	size_t n;
	char **comments;
	size_t n_comments;
	int64_t first, last; /* orders that are taken */
};

static struct rule *rule_free(struct rule *rule)
{
	if (!rule)
		return NULL;
	for (size_t i = 0; i < rule->n_keys; i++)
		free(rule->keys[i]);
	free(rule->keys);
	free(rule->source);
	free(rule->name);
	for (size_t i = 0; i < rule->n_parts; i++) {
		free(rule->parts[i].types);
		free(rule->parts[i].where);
	}
	free(rule);
	return NULL;
}

static void rule_freep(struct rule **rule)
{
	rule_free(*rule);
}

struct tl_audit *tl_audit_new(void)
{
	return calloc(1, sizeof(struct tl_audit));
}

struct tl_audit *tl_audit_free(struct tl_audit *a)
{
	if (!a)
		return NULL;
	tl_audit_remove_all(a, NULL);
	free(a->rules);
	for (size_t i = 0; i < a->n_comments; i++)
		free(a->comments[i]);
	free(a->comments);
	free(a);
	return NULL;
}

bool tl_audit_keeps(const struct tl_audit *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (!a->rules[i]->drops)
			return true;
	return false;
}

static void *grown(void *array, size_t n, size_t item)
{
	/* Room for a power of two. */
	return n & (n - 1) ? array : reallocarray(array, n ? n * 2 : 1, item);
}

/* ---- What stands behind a rule's name ---- */

/* A fact of the line for who reads the policy: one line of text. */
static char *source_text(const struct tl_audit_line *line, const char *why)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = {};

	tl_escape_value(&b, line->file, strlen(line->file));
	tl_put_char(&b, ':');
	tl_put_u64(&b, line->number);
	tl_put_text(&b, ": ");
	tl_escape_value(&b, line->source, line->size);
	if (why) {
		tl_put_text(&b, " -- ");
		tl_put_text(&b, why);
	}
	tl_put_char(&b, '\0');
	return b.failed ? NULL : TAKE_PTR(b.data);
}

static void put_event(struct tl_buffer *b, const char *name, bool first, size_t *column)
{
	if (first)
		tl_put_char(b, '[');
	else if (*column + strlen(name) + 2 > LINE_WIDTH) {
		tl_put_text(b, "\n      ");
		*column = 5;
	} else
		tl_put_char(b, ' ');
	tl_put_text(b, name);
	tl_put_char(b, ',');
	*column += strlen(name) + 2;
}

static void put_events(struct tl_buffer *b, const struct tl_event_type *const *types, size_t n)
{
	size_t column = 13;

	tl_put_text(b, "    events: ");
	for (size_t i = 0; i < n; i++)
		put_event(b, types[i]->name, i == 0, &column);
	if (b->size)
		b->data[b->size - 1] = ']';
	tl_put_char(b, '\n');
}

/* In single quotes, where a quote is written twice. */
static void put_where(struct tl_buffer *b, const char *where)
{
	if (!*where)
		return;
	tl_put_text(b, "    where: '");
	for (const char *p = where; *p; p++) {
		if (*p == '\'')
			tl_put_char(b, '\'');
		tl_put_char(b, *p);
	}
	tl_put_text(b, "'\n");
}

static void put_tags(struct tl_buffer *b, const struct rule *rule)
{
	for (size_t i = 0; i < rule->n_keys; i++) {
		tl_put_text(b, i ? ", " : "    tags: [");
		tl_string_json(b, rule->keys[i], strlen(rule->keys[i]));
	}
	if (rule->n_keys)
		tl_put_text(b, "]\n");
}

/* The language has the last word: a condition that it refuses is not written. */
static int check_where(const char *where, const struct tl_event_type *const *types, size_t n,
		       struct tl_expression_error *error)
{
	struct tl_expression *e = NULL;
	int r = *where ? tl_expression_compile(where, types, n, &e, error) : 0;

	tl_expression_free(e);
	return r;
}

/* Takes `types` over if it succeeds. */
static int add_part(struct tl_audit_draft *d, enum tl_audit_kind kind, const struct tl_event_type **types, size_t n,
		    struct rule *rule)
{
	_cleanup_(tl_buffer_done) struct tl_buffer where = {};
	struct tl_expression_error error;
	int r = tl_audit_put_where(d, kind, &where);

	if (r < 0)
		return r;
	tl_put_char(&where, '\0');
	if (where.failed)
		return -ENOMEM;
	r = check_where(where.data, types, n, &error);
	if (r == -EINVAL)
		return tl_audit_refuse(d->line, d->column, "no condition can say this: %s", error.message);
	if (r < 0)
		return r;
	rule->parts[rule->n_parts++] = (struct part){ types, n, TAKE_PTR(where.data) };
	where = (struct tl_buffer){};
	return 0;
}

/* Calls of which the same is asked stand together. */
static enum tl_audit_kind kind_of(const struct tl_audit_draft *d, const struct tl_event_type *type)
{
	enum tl_audit_kind kind = tl_audit_kind_of(type);

	if (d->path)
		return kind;
	return d->has_perms && kind == TL_AUDIT_OPEN ? kind : TL_AUDIT_PLAIN;
}

/* The selected calls of the kind; *ret_n 0: there are none, and nothing to be freed. -ENOMEM. */
static int types_of(const struct tl_audit_draft *d, const struct tl_audit_calls *calls, enum tl_audit_kind kind,
		    const struct tl_event_type ***ret, size_t *ret_n)
{
	size_t n_all, n = 0;
	const struct tl_event_type *all = tl_event_types(&n_all);
	const struct tl_event_type **types = calloc(TL_AUDIT_TYPES_MAX, sizeof(struct tl_event_type *));

	if (!types)
		return -ENOMEM;
	for (size_t i = 0; i < MIN(n_all, (size_t)TL_AUDIT_TYPES_MAX); i++)
		if (calls->has[i] && kind_of(d, &all[i]) == kind)
			types[n++] = &all[i];
	if (!n) {
		free(types);
		types = NULL;
	}
	*ret = types;
	*ret_n = n;
	return 0;
}

static int add_parts(struct tl_audit_draft *d, struct rule *rule)
{
	_cleanup_free_ struct tl_audit_calls *calls = calloc(1, sizeof(*calls));
	int r = calls ? 0 : -ENOMEM;

	if (calls)
		tl_audit_select(d, calls);
	for (int kind = 0; kind < TL_AUDIT_KINDS && r >= 0; kind++) {
		const struct tl_event_type **types;
		size_t n;

		r = types_of(d, calls, (enum tl_audit_kind)kind, &types, &n);
		if (r < 0 || !n)
			continue;
		r = add_part(d, (enum tl_audit_kind)kind, types, n, rule);
		if (r < 0)
			free(types);
	}
	if (r >= 0 && !rule->n_parts)
		r = tl_audit_refuse(d->line, d->column, "none of these calls can meet the rule");
	return r;
}

/* ---- Rules ---- */

/* The key, as far as it is a name. */
static char *name_of(const struct tl_audit_draft *d)
{
	char *name = strndup(d->n_keys ? d->keys[0] : d->never ? "never" : "audit", 40);

	for (char *p = name; p && *p; p++)
		if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-", *p))
			*p = '-';
	return name;
}

static void add_hash(struct rule *rule, const void *data, size_t size)
{
	const unsigned char *p = data;

	for (size_t i = 0; i < size; i++)
		rule->hash = (rule->hash ^ p[i]) * 0x100000001b3;
}

static int fill(struct tl_audit_draft *d, struct rule *rule)
{
	int r;

	rule->list = d->list;
	rule->drops = d->never || d->list != TL_AUDIT_LIST_EXIT;
	r = add_parts(d, rule);
	if (r < 0)
		return r;
	rule->source = source_text(d->line, NULL);
	rule->name = name_of(d);
	rule->keys = calloc(d->n_keys + 1, sizeof(*rule->keys));
	if (!rule->source || !rule->name || !rule->keys)
		return -ENOMEM;
	for (size_t i = 0; i < d->n_keys; i++) {
		rule->keys[i] = strdup(d->keys[i]);
		if (!rule->keys[i])
			return -ENOMEM;
		rule->n_keys++;
	}
	rule->hash = 0xcbf29ce484222325;
	for (size_t i = 0; i < rule->n_parts; i++) {
		add_hash(rule, rule->parts[i].types, rule->parts[i].n * sizeof(*rule->parts[i].types));
		add_hash(rule, rule->parts[i].where, strlen(rule->parts[i].where) + 1);
	}
	return 0;
}

static bool is_same_part(const struct part *a, const struct part *b)
{
	return a->n == b->n && memcmp(a->types, b->types, a->n * sizeof(*a->types)) == 0 &&
	       strcmp(a->where, b->where) == 0;
}

static bool is_same(const struct rule *a, const struct rule *b)
{
	if (a->hash != b->hash || a->list != b->list || a->drops != b->drops || a->n_parts != b->n_parts ||
	    a->n_keys != b->n_keys)
		return false;
	for (size_t i = 0; i < a->n_keys; i++)
		if (strcmp(a->keys[i], b->keys[i]) != 0)
			return false;
	for (size_t i = 0; i < a->n_parts; i++)
		if (!is_same_part(&a->parts[i], &b->parts[i]))
			return false;
	return true;
}

static void remove_at(struct tl_audit *a, size_t i)
{
	rule_free(a->rules[i]);
	memmove(&a->rules[i], &a->rules[i + 1], (a->n - i - 1) * sizeof(*a->rules));
	a->n--;
}

static size_t find_same(const struct tl_audit *a, const struct rule *rule)
{
	size_t i = 0;

	while (i < a->n && !is_same(a->rules[i], rule))
		i++;
	return i;
}

static bool has_key(const struct rule *rule, const char *key)
{
	for (size_t i = 0; i < rule->n_keys; i++)
		if (strcmp(rule->keys[i], key) == 0)
			return true;
	return false;
}

void tl_audit_remove_all(struct tl_audit *a, const char *key)
{
	for (size_t i = a->n; i > 0; i--)
		if (!key || has_key(a->rules[i - 1], key))
			remove_at(a, i - 1);
}

int tl_audit_add_comment(struct tl_audit_line *line, const char *why)
{
	struct tl_audit *a = line->audit;
	char **comments = grown(a->comments, a->n_comments, sizeof(*comments));
	char *text = comments ? source_text(line, why) : NULL;

	if (comments)
		a->comments = comments;
	if (!text)
		return -ENOMEM;
	a->comments[a->n_comments++] = text;
	return 0;
}

/* ---- Lists ---- */

/* Records of a type are left out; here an event is one record. */
static int check_excluded(struct tl_audit_draft *d)
{
	if (!d->n_fields)
		return tl_audit_refuse(d->line, d->column, "the list exclude needs a field");
	for (size_t i = 0; i < d->n_fields; i++) {
		const struct tl_audit_field *f = &d->fields[i];

		if (f->type->kind != TL_AUDIT_MSGTYPE)
			continue;
		if (f->op != TL_AUDIT_EQUAL || strcmp(f->text, "SYSCALL") == 0 || strcmp(f->text, "1300") == 0)
			return tl_audit_refuse(d->line, f->column,
					       "an event is one record here, which has no parts to leave out");
		return 1;
	}
	return 0;
}

/* 1: there is nothing to translate. */
static int check_list(struct tl_audit_draft *d)
{
	switch (d->list) {
	case TL_AUDIT_LIST_USER:
		return tl_audit_refuse(d->line, d->column, "what programs tell auditd themselves is not seen here");
	case TL_AUDIT_LIST_FILESYSTEM:
		return tl_audit_refuse(d->line, d->column, "the type of a file system is not known here");
	case TL_AUDIT_LIST_IO_URING:
		return tl_audit_refuse(d->line, d->column,
				       "requests of io_uring are told as the calls that they stand for: name those");
	case TL_AUDIT_LIST_EXCLUDE:
		return check_excluded(d);
	case TL_AUDIT_LIST_TASK:
		if (!d->never)
			return tl_audit_refuse(d->line, d->column, "in the list task only never can be said");
		tl_audit_warn(d->line, d->column,
			      "auditd looks at this when a process is made, here it is looked at with each event");
		return 0;
	default:
		return 0;
	}
}

static int add_rule(struct tl_audit_draft *d, struct rule *rule)
{
	struct tl_audit *a = d->line->audit;
	struct rule **rules = grown(a->rules, a->n, sizeof(struct rule *));

	if (!rules)
		return -ENOMEM;
	a->rules = rules;
	rule->order = d->prepend ? --a->first : ++a->last;
	a->rules[a->n++] = rule;
	return 0;
}

int tl_audit_add(struct tl_audit_draft *d)
{
	struct tl_audit *a = d->line->audit;
	_cleanup_(rule_freep) struct rule *rule = calloc(1, sizeof(*rule));
	size_t same;
	int r = rule ? check_list(d) : -ENOMEM;

	if (r > 0)
		return tl_audit_add_comment(d->line, "no event here has such a record");
	if (r >= 0 && d->key_column && !tl_audit_takes_key(d))
		r = tl_audit_refuse(d->line, d->key_column,
				    "auditctl takes a key with system calls, a watch, permissions or a program only");
	if (r >= 0)
		r = fill(d, rule);
	if (r < 0)
		return r;
	if (d->calls_column && d->abi == TL_AUDIT_ANY)
		tl_audit_warn(
			d->line, d->calls_column,
			"without arch auditd takes calls of 32-bit programs by these calls' numbers; here they are "
			"taken by their names");
	same = find_same(a, rule);
	if (d->remove && same == a->n)
		return tl_audit_refuse(d->line, d->column, "no rule in front of it is the same");
	if (d->remove) {
		remove_at(a, same);
		return tl_audit_add_comment(d->line, "that rule is no more");
	}
	if (same < a->n) {
		tl_audit_warn(d->line, d->column, "the same rule is there already");
		return 0;
	}
	r = add_rule(d, rule);
	if (r >= 0)
		(void)TAKE_PTR(rule);
	return r;
}

/* ---- Files ---- */

int tl_audit_read(struct tl_audit *a, const char *name, const char *text, size_t size, struct tl_problems *problems)
{
	_cleanup_free_ struct tl_audit_line *line = calloc(1, sizeof(*line));
	const char *end = text + size;

	if (!line)
		return -ENOMEM;
	line->audit = a;
	line->problems = problems;
	line->file = name;
	for (const char *at = text; at < end; at += line->size + 1) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((newline ? newline : end) - at);

		line->number++;
		line->source = at;
		line->size = length;
		if (!tl_audit_is_blank(at, length) && tl_audit_line(line) == -ENOMEM)
			return -ENOMEM;
		line->size = length;
	}
	return 0;
}

/* ---- The policy ---- */

static int compare_rules(const void *left, const void *right)
{
	const struct rule *a = *(const struct rule *const *)left, *b = *(const struct rule *const *)right;

	if (a->list != b->list)
		return a->list < b->list ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static size_t index_of(const struct tl_event_type *type)
{
	size_t n;

	return (size_t)(type - tl_event_types(&n));
}

/* Events that a rule behind this one keeps; only those are worth dropping. */
static void take_kept(const struct rule *rule, struct tl_audit_calls *kept)
{
	for (size_t i = 0; i < rule->n_parts && !rule->drops; i++)
		for (size_t k = 0; k < rule->parts[i].n; k++)
			kept->has[index_of(rule->parts[i].types[k])] = true;
}

/* Takes out of a rule that drops what no rule behind it keeps, and what cannot meet its condition then. */
static int narrow(struct rule *rule, const struct tl_audit_calls *kept)
{
	for (size_t i = 0; i < rule->n_parts; i++) {
		struct part part = rule->parts[i];
		size_t n = 0;
		int r;

		for (size_t k = 0; k < part.n; k++)
			if (kept->has[index_of(part.types[k])])
				part.types[n++] = part.types[k];
		part.n = n;
		r = n ? check_where(part.where, part.types, n, NULL) : -EINVAL;
		if (r == -ENOMEM)
			return r;
		if (r < 0)
			part.n = 0;
		rule->parts[i] = part;
	}
	return 0;
}

/* The rules stand in their order. */
static int narrow_all(struct rule *const *rules, size_t n)
{
	_cleanup_free_ struct tl_audit_calls *kept = calloc(1, sizeof(*kept));
	int r = kept ? 0 : -ENOMEM;

	for (size_t i = n; i > 0 && r >= 0; i--) {
		take_kept(rules[i - 1], kept);
		if (rules[i - 1]->drops)
			r = narrow(rules[i - 1], kept);
	}
	return r;
}

static void write_part(const struct rule *rule, const struct part *part, size_t number, struct tl_buffer *b)
{
	tl_put_text(b, "  - name: \"");
	tl_put_text(b, rule->name);
	tl_put_char(b, '-');
	tl_put_u64(b, number);
	tl_put_text(b, "\"\n");
	put_events(b, part->types, part->n);
	put_where(b, part->where);
	if (!rule->drops)
		put_tags(b, rule);
	tl_put_text(b, rule->drops ? "    drop: true\n" : "    final: true\n");
}

static void write_rule(const struct rule *rule, size_t *number, struct tl_buffer *b)
{
	bool any = false;

	for (size_t i = 0; i < rule->n_parts; i++)
		any |= rule->parts[i].n > 0;
	tl_put_text(b, "\n  # ");
	tl_put_text(b, rule->source);
	tl_put_text(b, any ? "\n" : " -- no rule behind it keeps such events\n");
	for (size_t i = 0; i < rule->n_parts; i++)
		if (rule->parts[i].n)
			write_part(rule, &rule->parts[i], ++*number, b);
}

int tl_audit_write(struct tl_audit *a, struct tl_buffer *b)
{
	size_t number = 0;
	int r;

	if (a->n)
		qsort(a->rules, a->n, sizeof(struct rule *), compare_rules);
	r = narrow_all(a->rules, a->n);
	if (r < 0)
		return r;
	tl_put_text(b, "# From rules of auditd. An event goes to the first rule that wants it, as it does there.\n");
	for (size_t i = 0; i < a->n_comments; i++) {
		tl_put_text(b, i ? "#   " : "#\n# What needs no rule:\n#   ");
		tl_put_text(b, a->comments[i]);
		tl_put_char(b, '\n');
	}
	tl_put_text(b, "version: 1\nrules:");
	for (size_t i = 0; i < a->n; i++)
		write_rule(a->rules[i], &number, b);
	tl_put_text(b, "\noutputs:\n  journal: {type: journald}\n");
	return b->failed ? -ENOMEM : 0;
}
