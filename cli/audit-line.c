// SPDX-License-Identifier: GPL-2.0-or-later
/* The options of a line, with what auditctl demands of their order. */
#include <ctype.h>
#include <string.h>

#include "audit-internal.h"

/* What an option is given, and where that stands. */
struct argument {
	char *text;
	unsigned column; /* of it */
	unsigned option; /* column of the option */
	char letter;
};

struct option {
	char letter;
	bool takes;
	int (*run)(struct tl_audit_draft *d, const struct argument *arg);
	const char *why; /* of those that set auditd up: what there is instead */
};

static const struct {
	const char *name;
	enum tl_audit_list list;
} lists[] = {
	{ "exit", TL_AUDIT_LIST_EXIT },
	{ "task", TL_AUDIT_LIST_TASK },
	{ "user", TL_AUDIT_LIST_USER },
	{ "exclude", TL_AUDIT_LIST_EXCLUDE },
	{ "filesystem", TL_AUDIT_LIST_FILESYSTEM },
	{ "io_uring", TL_AUDIT_LIST_IO_URING },
};

static bool read_action(struct tl_audit_draft *d, const char *word)
{
	d->never = strcmp(word, "never") == 0;
	return d->never || strcmp(word, "always") == 0;
}

static bool read_list(struct tl_audit_draft *d, const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		if (strcmp(lists[i].name, word) == 0) {
			d->list = lists[i].list;
			return true;
		}
	return false;
}

/* "always,exit" or "exit,always". */
static int run_list(struct tl_audit_draft *d, const struct argument *arg)
{
	char *comma = strchr(arg->text, ',');
	const char *first = arg->text, *second = comma ? comma + 1 : "";

	if (d->has_list)
		return tl_audit_refuse(d->line, arg->option, "a line has one list, or one watch");
	if (comma)
		*comma = '\0';
	if (strcmp(first, "possible") == 0 || strcmp(second, "possible") == 0)
		return tl_audit_refuse(d->line, arg->column,
				       "'possible' is no action any more: auditctl ignores the line");
	if (strcmp(first, "entry") == 0 || strcmp(second, "entry") == 0)
		return tl_audit_refuse(d->line, arg->column, "the list 'entry' is no more: it has become 'exit'");
	if (!(read_action(d, first) && read_list(d, second)) && !(read_list(d, first) && read_action(d, second)))
		return tl_audit_refuse(d->line, arg->column,
				       "a list and an action are wanted, as in 'always,exit', not '%s%s%s'", first,
				       comma ? "," : "", second);
	if (d->list == TL_AUDIT_LIST_TASK && d->has_calls)
		return tl_audit_refuse(d->line, arg->column, "the list 'task' has no system calls");
	d->has_list = true;
	d->column = arg->option;
	d->prepend = arg->letter == 'A';
	d->remove = arg->letter == 'd';
	return 0;
}

static int run_watch(struct tl_audit_draft *d, const struct argument *arg)
{
	if (d->has_list)
		return tl_audit_refuse(d->line, arg->option, "a watch stands alone, without a list");
	d->has_list = true;
	d->watch = true;
	d->list = TL_AUDIT_LIST_EXIT;
	d->column = arg->option;
	d->remove = arg->letter == 'W';
	d->has_calls = true;
	d->all_calls = true;
	return tl_audit_set_watch(d, arg->text, arg->column);
}

static int run_calls(struct tl_audit_draft *d, const struct argument *arg)
{
	if (d->has_list && d->list == TL_AUDIT_LIST_IO_URING)
		return 0; /* the rule will be refused for its list */
	if (d->has_list && d->list != TL_AUDIT_LIST_EXIT)
		return tl_audit_refuse(d->line, arg->option, "only the list 'exit' has system calls");
	return tl_audit_add_calls(d, arg->text, arg->column);
}

static int run_field(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!d->has_list)
		return tl_audit_refuse(d->line, arg->option, "the list has to stand in front of a field");
	return tl_audit_add_field(d, arg->text, arg->column);
}

static int run_comparison(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!d->has_list)
		return tl_audit_refuse(d->line, arg->option, "the list has to stand in front of a comparison");
	return tl_audit_add_comparison(d, arg->text, arg->column);
}

static int run_perms(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!d->has_list)
		return tl_audit_refuse(d->line, arg->option, "the watch has to stand in front of its permissions");
	return tl_audit_set_perms(d, arg->text, arg->column);
}

static int run_key(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!d->has_list || !tl_audit_takes_key(d))
		return tl_audit_refuse(
			d->line, arg->option,
			"auditctl takes a key behind system calls, a watch, permissions or a program only");
	return tl_audit_add_key(d, arg->text, arg->column);
}

/* Alone, or with a key. */
static int run_remove_all(struct tl_audit_draft *d, const struct argument *arg)
{
	struct tl_audit_line *line = d->line;
	const bool first = strcmp(line->words[0].text, "-D") == 0;

	if (first && line->n == 3 && strcmp(line->words[1].text, "-k") == 0)
		tl_audit_remove_all(line->audit, line->words[2].text);
	else if (first && line->n == 1)
		tl_audit_remove_all(line->audit, NULL);
	else
		return tl_audit_refuse(line, arg->option, "-D stands alone, or with -k and a key");
	return tl_audit_add_comment(line, "the rules in front of it are no more");
}

static int run_rate(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!isdigit((unsigned char)arg->text[0]))
		return tl_audit_refuse(d->line, arg->column, "a number is wanted, not '%s'", arg->text);
	return 0;
}

static int run_switch(struct tl_audit_draft *d, const struct argument *arg)
{
	if (!arg->text[0] || arg->text[1] || arg->text[0] < '0' || arg->text[0] > '2')
		return tl_audit_refuse(d->line, arg->column, "0, 1 or 2 is wanted, not '%s'", arg->text);
	if (arg->letter == 'e' && arg->text[0] == '0')
		tl_audit_warn(d->line, arg->option, "auditd keeps nothing with -e 0, whatever its rules are");
	return 0;
}

static int run_message(struct tl_audit_draft *d, const struct argument *arg)
{
	return tl_audit_refuse(d->line, arg->option, "this is an order to auditctl, no rule");
}

static int run_nested(struct tl_audit_draft *d, const struct argument *arg)
{
	return tl_audit_refuse(d->line, arg->option, "a rule file names no other one: give both to import-audit");
}

static const struct option options[] = {
	{ 'a', true, run_list, NULL },
	{ 'A', true, run_list, NULL },
	{ 'd', true, run_list, NULL },
	{ 'w', true, run_watch, NULL },
	{ 'W', true, run_watch, NULL },
	{ 'S', true, run_calls, NULL },
	{ 'F', true, run_field, NULL },
	{ 'C', true, run_comparison, NULL },
	{ 'p', true, run_perms, NULL },
	{ 'k', true, run_key, NULL },
	{ 'D', false, run_remove_all, NULL },
	{ 'b', true, run_rate, "limits.buffer is the counterpart, and 16M by default" },
	{ 'r', true, run_rate, "limit of a rule is the counterpart" },
	{ 'f', true, run_switch, "what is lost is counted and told" },
	{ 'e', true, run_switch, "a policy is changed by a reload, which is recorded" },
	{ 'i', false, NULL, "every line is looked at" },
	{ 'c', false, NULL, "every line is looked at" },
	{ 'q', true, NULL, "what is mounted below a directory is below it" },
	{ 't', false, NULL, "there is nothing to trim" },
	{ 's', false, run_message, NULL },
	{ 'l', false, run_message, NULL },
	{ 'h', false, run_message, NULL },
	{ 'v', false, run_message, NULL },
	{ 'm', true, run_message, NULL },
	{ 'R', true, run_nested, NULL },
};

static const struct {
	const char *name;
	bool takes;
	const char *why; /* NULL: an order */
} long_options[] = {
	{ "loginuid-immutable", false, "it is for the kernel to set: auditctl --loginuid-immutable" },
	{ "backlog_wait_time", true, "nobody waits for the reader" },
	{ "reset-lost", false, NULL },
	{ "reset_backlog_wait_time_actual", false, NULL },
	{ "signal", true, NULL },
};

static int run_long(struct tl_audit_line *line, size_t *at)
{
	const struct tl_audit_word *word = &line->words[*at];
	const char *name = word->text + 2;
	size_t n = strcspn(name, "=");

	for (size_t i = 0; i < ARRAY_SIZE(long_options); i++) {
		if (strlen(long_options[i].name) != n || memcmp(long_options[i].name, name, n) != 0)
			continue;
		if (long_options[i].takes && !name[n] && ++*at == line->n)
			return tl_audit_refuse(line, word->column, "%s needs a value", word->text);
		if (!long_options[i].why)
			return tl_audit_refuse(line, word->column, "this is an order to auditctl, no rule");
		return tl_audit_add_comment(line, long_options[i].why);
	}
	return tl_audit_refuse(line, word->column, "auditctl has no option %s", word->text);
}

static const struct option *option_find(char letter)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].letter == letter)
			return &options[i];
	return NULL;
}

/* One option of a word, which may have several. */
static int run_option(struct tl_audit_draft *d, size_t *at, char **letters)
{
	struct tl_audit_line *line = d->line;
	const struct tl_audit_word *word = &line->words[*at];
	const struct option *o = option_find(**letters);
	struct argument arg = { .letter = **letters, .option = word->column };
	int r = 0;

	if (!o)
		return tl_audit_refuse(line, word->column, "auditctl has no option -%c", **letters);
	++*letters;
	if (o->takes && **letters) {
		arg.text = *letters;
		arg.column = word->column + (unsigned)(*letters - word->text);
		*letters += strlen(*letters);
	} else if (o->takes) {
		if (*at + 1 == line->n)
			return tl_audit_refuse(line, word->column, "-%c needs a value", o->letter);
		++*at;
		arg.text = line->words[*at].text;
		arg.column = line->words[*at].column;
	}
	if (o->run)
		r = o->run(d, &arg);
	if (r >= 0 && o->why)
		r = tl_audit_add_comment(line, o->why);
	if (o->letter == 'D')
		*at = line->n; /* with its key */
	return r;
}

static int run_word(struct tl_audit_draft *d, size_t *at)
{
	struct tl_audit_word *word = &d->line->words[*at];
	char *letters = word->text + 1;
	int r = 0;

	if (word->text[0] != '-' || !word->text[1])
		return tl_audit_refuse(d->line, word->column, "'%s' belongs to no option", word->text);
	if (word->text[1] == '-')
		return run_long(d->line, at);
	while (r >= 0 && *letters)
		r = run_option(d, at, &letters);
	return r;
}

int tl_audit_line(struct tl_audit_line *line)
{
	struct tl_audit_draft *d = calloc(1, sizeof(*d));
	int r = d ? tl_audit_split(line) : -ENOMEM;

	if (d) {
		d->line = line;
		d->abi = TL_AUDIT_ANY;
	}
	for (size_t i = 0; r >= 0 && i < line->n; i++)
		r = run_word(d, &i);
	if (r >= 0 && d->has_list)
		r = tl_audit_add(d);
	else if (r >= 0 && (d->has_calls || d->n_keys))
		r = tl_audit_refuse(line, 1, "a rule needs a list, as in '-a always,exit'");
	if (d)
		free(d->path);
	free(d);
	return line->failed ? -ENOMEM : r;
}
