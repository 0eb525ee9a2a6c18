// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft events: the table of events, or all about one. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "describe.h"
#include "nearest.h"
#include "opcodes.h"
#include "probe.h"
#include "suggest.h"

enum { OPTION_JSON = 256 };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "an array of objects instead of text" },
	{ 0 },
};

static const char *capture_text(const struct tl_arg_type *arg, char *text, size_t size)
{
	static const char *const what[] = {
		[TL_CAPTURE_NONE] = "number",
		[TL_CAPTURE_STRING] = "string",
		[TL_CAPTURE_BUFFER] = "bytes",
		[TL_CAPTURE_STRUCT] = "structure",
		[TL_CAPTURE_SOCKADDR] = "socket address",
		[TL_CAPTURE_SOCKADDR_POINTER] = "socket address",
		[TL_CAPTURE_ARGV] = "list of strings",
		[TL_CAPTURE_IOVEC] = "vectors",
		[TL_CAPTURE_MESSAGES_SENT] = "messages",
		[TL_CAPTURE_MESSAGES_RECEIVED] = "messages",
		[TL_CAPTURE_OUTPUT] = "structure",
		[TL_CAPTURE_BITS] = "bits",
		[TL_CAPTURE_COMMAND] = "number, or what it points to",
		[TL_CAPTURE_MASK] = "set of signals",
		[TL_CAPTURE_LETTER] = "number and text",
	};
	const char *kind = arg->capture < ARRAY_SIZE(what) ? what[arg->capture] : "?";

	if (arg->capture == TL_CAPTURE_NONE)
		snprintf(text, size, "%s", kind);
	else
		snprintf(text, size, "%s, up to %u bytes", kind, arg->size);
	return text;
}

static void print_numbers(const struct tl_event_type *type)
{
	const char *separator = "";

	printf("numbers:   ");
	if (type->flags & TL_TYPE_UNLISTED)
		printf("any that no other event has");
	for (int abi = 0; abi < TL_ABIS; abi++) {
		if (type->number[abi] < 0)
			continue;
		printf("%s%s %d", separator, tl_abi_names[abi], type->number[abi]);
		if (type->number2[abi] >= 0)
			printf(" and %d", type->number2[abi]);
		separator = ", ";
	}
	printf("\n");
}

static void print_arguments(const struct tl_event_type *type)
{
	char text[64];

	if (!type->n_args)
		return;
	printf("arguments:\n");
	for (int i = 0; i < type->n_args; i++) {
		const struct tl_arg_type *arg = &type->args[i];

		printf("  %u %-14s %-24s %s", arg->position, arg->name, arg->type,
		       capture_text(arg, text, sizeof(text)));
		if (arg->decoder[0])
			printf(", shown as %s", arg->decoder);
		if (arg->hash == TL_HASH_SKIP)
			printf(", not in the hash");
		printf("\n");
	}
}

/* The requests of io_uring that make this event. */
static void print_requests(const struct tl_request_type *request)
{
	for (size_t i = 0; i < sizeof(request->opcodes) && request->opcodes[i]; i++)
		printf("%s%s", i ? ", " : "io_uring:  ", tl_opcode_names[request->opcodes[i]]);
	if (request->opcodes[0])
		printf("\n");
}

static void print_event(const struct tl_event_type *type, const char *kind)
{
	printf("%s%s%s: %s\n", tl_style(stdout, TL_STYLE_BOLD), type->name, tl_style(stdout, TL_STYLE_END),
	       type->summary);
	printf("class:     %s\n", tl_class_names[type->class]);
	printf("groups:    %s\n", type->groups);
	if (type->class == TL_CLASS_SYSCALL)
		print_numbers(type);
	if (type->spellings[0])
		printf("also as:   %s\n", type->spellings);
	print_requests(&type->request);
	if (type->class == TL_CLASS_SYSCALL)
		printf("result:    %s\n", type->flags & TL_TYPE_RETURNS_FD	? "descriptor" :
					  type->flags & TL_TYPE_RETURNS_BYTES	? "number of bytes" :
					  type->flags & TL_TYPE_RETURNS_POINTER ? "address" :
					  type->flags & TL_TYPE_NO_RETURN	? "none, the call does not return" :
										  "number");
	if (kind)
		printf("attached:  %s, on this machine\n", kind);
	print_arguments(type);
}

static void json_arguments(struct tl_buffer *b, const struct tl_event_type *type)
{
	tl_json_open(b, "args", '[');
	for (int i = 0; i < type->n_args; i++) {
		const struct tl_arg_type *arg = &type->args[i];

		tl_json_open(b, NULL, '{');
		tl_json_unsigned(b, "position", arg->position);
		tl_json_string(b, "name", arg->name);
		tl_json_string(b, "type", arg->type);
		tl_json_string(b, "capture", tl_capture_names[arg->capture]);
		tl_json_unsigned(b, "size", arg->size);
		if (arg->unit)
			tl_json_unsigned(b, "unit", arg->unit);
		tl_json_string(b, "decoder", arg->decoder);
		tl_json_string(b, "hash", tl_hash_names[arg->hash]);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
}

/* Words with spaces between, as an array. */
static void json_words(struct tl_buffer *b, const char *name, const char *words)
{
	char word[128];

	tl_json_open(b, name, '[');
	for (;;) {
		size_t n = strcspn(words, " ");

		if (n && n < sizeof(word)) {
			memcpy(word, words, n);
			word[n] = 0;
			tl_json_string(b, NULL, word);
		}
		if (!words[n])
			break;
		words += n + 1;
	}
	tl_json_close(b, ']');
}

static void json_numbers(struct tl_buffer *b, const struct tl_event_type *type)
{
	tl_json_open(b, "numbers", '{');
	for (int abi = 0; abi < TL_ABIS; abi++) {
		if (type->number[abi] < 0)
			continue;
		tl_json_open(b, tl_abi_names[abi], '[');
		tl_json_number(b, NULL, type->number[abi]);
		if (type->number2[abi] >= 0)
			tl_json_number(b, NULL, type->number2[abi]);
		tl_json_close(b, ']');
	}
	tl_json_close(b, '}');
}

static void json_event(struct tl_buffer *b, const struct tl_event_type *type)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "name", type->name);
	tl_json_string(b, "class", tl_class_names[type->class]);
	tl_json_string(b, "summary", type->summary);
	json_words(b, "groups", type->groups);
	json_words(b, "spellings", type->spellings);
	tl_json_open(b, "io_uring", '[');
	for (size_t i = 0; i < sizeof(type->request.opcodes) && type->request.opcodes[i]; i++)
		tl_json_string(b, NULL, tl_opcode_names[type->request.opcodes[i]]);
	tl_json_close(b, ']');
	json_numbers(b, type);
	json_arguments(b, type);
	tl_json_close(b, '}');
}

static int print_table(const struct tl_event_type *const *chosen, size_t n)
{
	printf("%s%-20s %6s  %-24s %s%s\n", tl_style(stdout, TL_STYLE_BOLD), "NAME", "NUMBER", "GROUPS", "SUMMARY",
	       tl_style(stdout, TL_STYLE_END));
	for (size_t i = 0; i < n; i++) {
		int number = chosen[i]->number[0];

		printf("%-20s ", chosen[i]->name);
		if (chosen[i]->class == TL_CLASS_SYSCALL && number >= 0)
			printf("%6d", number);
		else
			printf("%6s", "-");
		printf("  %-24s %s\n", chosen[i]->groups, chosen[i]->summary);
	}
	return tl_finish_stdout(TL_EXIT_OK);
}

static int print_json(const struct tl_event_type *const *chosen, size_t n)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	tl_json_open(&b, NULL, '[');
	for (size_t i = 0; i < n; i++)
		json_event(&b, chosen[i]);
	tl_json_close(&b, ']');
	return tl_json_print(&b);
}

/* Adds what `name` or @GROUP means to the list; returns how many, negative when it means nothing. */
static ssize_t choose(const char *name, const struct tl_event_type **chosen, size_t n)
{
	const struct tl_event_type *types, *type;
	size_t n_types, found = 0;

	if (*name != '@') {
		type = tl_event_type_find(name);
		if (!type)
			return -ENOENT;
		chosen[n] = type;
		return 1;
	}
	types = tl_event_types(&n_types);
	for (size_t i = 0; i < n_types; i++)
		if (types[i].class != TL_CLASS_RECORD && tl_event_type_in_group(&types[i], name + 1))
			chosen[n + found++] = &types[i];
	return found ? (ssize_t)found : -ENOENT;
}

static int describe(const struct tl_event_type *const *chosen, size_t n)
{
	_cleanup_free_ const char **kinds = calloc(n + 1, sizeof(*kinds));

	if (!kinds)
		return tl_print_errno(ENOMEM, "events");
	/* Without the privileges to ask the kernel this one line is left out. */
	(void)tl_probe_attach(chosen, n, kinds);
	for (size_t i = 0; i < n; i++) {
		if (i)
			printf("\n");
		print_event(chosen[i], kinds[i]);
	}
	return tl_finish_stdout(TL_EXIT_OK);
}

static int unknown(const char *name)
{
	struct tl_suggest suggestion;

	if (*name == '@')
		tl_print_error("%s: no such group of events%s", name, tl_nearest_group(name + 1, &suggestion));
	else
		tl_print_error("%s: no such event%s", name, tl_nearest_event(name, &suggestion));
	return TL_EXIT_USAGE;
}

static int show(char **names, int n_names, bool json)
{
	_cleanup_free_ const struct tl_event_type **chosen = NULL;
	size_t n_types, n = 0;
	bool table = !n_names;

	tl_event_types(&n_types);
	chosen = calloc(n_types * (size_t)(n_names + 1) + 1, sizeof(*chosen));
	if (!chosen)
		return tl_print_errno(ENOMEM, "events");
	for (int i = 0; i < n_names || (i == 0 && !n_names); i++) {
		const char *name = n_names ? names[i] : "@all";
		ssize_t r = choose(name, chosen, n);

		if (r < 0)
			return unknown(name);
		table = table || *name == '@';
		n += (size_t)r;
	}
	if (json)
		return print_json(chosen, n);
	return table ? print_table(chosen, n) : describe(chosen, n);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	bool json = false;
	int id;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		if (id == TL_OPTION_BAD)
			return TL_EXIT_USAGE;
		json = true;
	}
	return show(argv + optind, argc - optind, json);
}

const struct tl_verb tl_verb_events = {
	.name = "events",
	.arguments = "[OPTIONS] [NAME|@GROUP...]",
	.summary = "List the events that can be traced, or describe some.",
	.options = options,
	.run = run,
};
