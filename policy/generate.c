/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "describe.h"
#include "generate.h"
#include "opcodes.h"
#include "values.h"
#include "wire.h"

static int finish(FILE *out)
{
	return fflush(out) || ferror(out) ? -EIO : 0;
}

/* Text as a C string literal; for what is printable ASCII and newlines. */
static void put_literal(FILE *out, const char *text, size_t size)
{
	fputc('"', out);
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', out);
		if (text[i] == '\n')
			fputs("\\n", out);
		else
			fputc(text[i], out);
	}
	fputc('"', out);
}

/* ---- A handler ---- */

static void put_messages(FILE *out, const struct tl_arg_type *arg)
{
	int received = arg->capture == TL_CAPTURE_MESSAGES_RECEIVED;

	if (arg->length_arg)
		fprintf(out, "\ttl_capture_messages(call, %u, %u, %d, %u);\n", arg->position, arg->length_arg, received,
			arg->size);
	else
		fprintf(out, "\ttl_capture_message(call, %u, %d, %u);\n", arg->position, received, arg->size);
}

/* What the command makes of the argument: one turn of the switch for each that puts something behind it. */
static void put_command(FILE *out, const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	const struct tl_variant *v = NULL;
	unsigned n = 0;

	while ((v = tl_variant_next(t, v))) {
		if (v->behind.position != arg->position)
			continue;
		if (!n++)
			fprintf(out, "\tsize = 0;\n\tswitch ((__u32)call->record.args[%u] & 0x%x) {\n", v->selector - 1, v->mask);
		fprintf(out, "\tcase 0x%x:\n", v->value);
		if (v->behind.is_string)
			fprintf(out, "\t\tif (tl_command_size(call, 1, 1, %u))\n\t\t\ttl_capture_string(call, %u, %u);\n",
				v->behind.failed, arg->position, v->behind.size);
		else
			fprintf(out, "\t\tsize = tl_command_size(call, %u, %u, %u);\n", v->behind.size, v->behind.size32,
				v->behind.failed);
		fprintf(out, "\t\tbreak;\n");
	}
	if (n)
		fprintf(out, "\t}\n\tif (size)\n\t\ttl_capture_bytes(call, %u, size, %u);\n", arg->position, arg->size);
}

static bool has_command(const struct tl_event_type *t)
{
	for (unsigned i = 0; i < t->n_args; i++)
		if (t->args[i].capture == TL_CAPTURE_COMMAND)
			return true;
	return false;
}

/* Users or groups that are narrower in an older call of 32-bit programs. */
static bool is_narrow_once(const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	return t->number2[TL_ABI_I386] > 0 && strcmp(arg->decoder, "ids") == 0;
}

static void put_ids(FILE *out, const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	if (arg->capture == TL_CAPTURE_BUFFER)
		fprintf(out, "\ttl_capture_buffer(call, %u, %u, tl_id_size(call, %d), %u);\n", arg->position,
			arg->length_arg, t->number2[TL_ABI_I386], arg->size);
	else
		fprintf(out, "\ttl_capture_output(call, %u, tl_id_size(call, %d));\n", arg->position,
			t->number2[TL_ABI_I386]);
}

/* Whether the call says how much it has written where an argument points to. */
static bool has_length_behind(const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	for (unsigned i = 0; arg->length_arg && i < t->n_args; i++)
		if (t->args[i].position == arg->length_arg)
			return strchr(t->args[i].type, '*');
	return false;
}

static void put_buffer(FILE *out, const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	if (has_length_behind(t, arg))
		fprintf(out, "\ttl_capture_written(call, %u, %u, %u);\n", arg->position, arg->length_arg, arg->size);
	else if (strcmp(arg->decoder, "vectors") == 0)
		fprintf(out, "\ttl_capture_buffer(call, %u, %u, 2 * tl_address_width(call), %u);\n", arg->position,
			arg->length_arg, arg->size);
	else
		fprintf(out, "\ttl_capture_buffer(call, %u, %u, %u, %u);\n", arg->position, arg->length_arg,
			arg->unit ? arg->unit : 1, arg->size);
}

static void put_capture(FILE *out, const struct tl_event_type *t, const struct tl_arg_type *arg)
{
	if (is_narrow_once(t, arg)) {
		put_ids(out, t, arg);
		return;
	}
	if (strcmp(arg->decoder, "file_handle") == 0) { /* it says itself how long it is */
		fprintf(out, "\ttl_capture_handle(call, %u, %d);\n", arg->position, arg->capture == TL_CAPTURE_OUTPUT);
		return;
	}
	switch (arg->capture) {
	case TL_CAPTURE_COMMAND:
		put_command(out, t, arg);
		break;
	case TL_CAPTURE_BITS:
		fprintf(out, "\ttl_capture_bits(call, %u, %u, %u);\n", arg->position, arg->length_arg, arg->size);
		break;
	case TL_CAPTURE_STRING:
		fprintf(out, "\ttl_capture_string(call, %u, %u);\n", arg->position, arg->size);
		break;
	case TL_CAPTURE_BUFFER:
		put_buffer(out, t, arg);
		break;
	case TL_CAPTURE_MASK:
		fprintf(out, "\ttl_capture_mask(call, %u);\n", arg->position);
		break;
	case TL_CAPTURE_LETTER:
		fprintf(out, "\ttl_capture_letter(call, %u, %u, %u);\n", arg->position, arg->length_arg, arg->size);
		break;
	case TL_CAPTURE_STRUCT:
		fprintf(out, "\ttl_capture_struct(call, %u, %u);\n", arg->position, arg->size);
		break;
	case TL_CAPTURE_OUTPUT:
		fprintf(out, "\ttl_capture_output(call, %u, %u);\n", arg->position, arg->size);
		break;
	case TL_CAPTURE_SOCKADDR:
		fprintf(out, "\ttl_capture_sockaddr(call, %u, %u, 0);\n", arg->position, arg->length_arg);
		break;
	case TL_CAPTURE_SOCKADDR_POINTER:
		/* The kernel writes it, and only if the call succeeds. */
		fprintf(out, "\tif (call->record.ret >= 0)\n\t\ttl_capture_sockaddr(call, %u, %u, 1);\n", arg->position,
			arg->length_arg);
		break;
	case TL_CAPTURE_ARGV:
		fprintf(out, "\ttl_capture_argv(call, %u, %u);\n", arg->position, arg->size);
		break;
	case TL_CAPTURE_IOVEC:
		fprintf(out, "\ttl_capture_iovec(call, %u, %u, %u);\n", arg->position, arg->length_arg, arg->size);
		break;
	case TL_CAPTURE_MESSAGES_SENT:
	case TL_CAPTURE_MESSAGES_RECEIVED:
		put_messages(out, arg);
		break;
	}
}

/* What was written is read back: whatever is generated can be loaded. */
static int describe(const struct tl_event_type *t, char text[static TL_DESCRIPTION_MAX])
{
	struct tl_event_type back;
	int n;

	if (t->class != TL_CLASS_SYSCALL)
		return -EINVAL;
	n = tl_describe_write(t, text, TL_DESCRIPTION_MAX);
	if (n < 0 || tl_describe_parse(text, n, &back, NULL) < 0)
		return -EINVAL;
	return n;
}

int tl_generate_handler(FILE *out, const struct tl_event_type *t)
{
	char text[TL_DESCRIPTION_MAX];
	int n = describe(t, text);

	if (n < 0)
		return n;
	fprintf(out, "/* SPDX-License-Identifier: GPL-2.0 */\n");
	fprintf(out, "/* Made from the row of %s in a table of events. */\n", t->name);
	fprintf(out, "#include \"handler.h\"\n\nTL_DESCRIPTION(\n");
	for (const char *line = text; *line;) {
		size_t size = strcspn(line, "\n") + 1;

		fputc('\t', out);
		put_literal(out, line, size);
		line += size;
		fputs(*line ? "\n" : ");\n", out);
	}
	fprintf(out, "\nTL_HANDLER\n{\n\tstruct tl_call *call = tl_handler_begin();\n%s\n\tif (!call)\n\t\treturn 0;\n",
		has_command(t) ? "\t__u32 size;\n" : "");
	for (unsigned i = 0; i < t->n_args; i++)
		put_capture(out, t, &t->args[i]);
	fprintf(out, "\treturn tl_handler_end(call);\n}\n");
	return finish(out);
}

/* ---- The built-in table ---- */

static void put_field(FILE *out, const char *indent, const char *field, const char *value)
{
	if (!value[0])
		return;
	fprintf(out, "%s.%s = ", indent, field);
	put_literal(out, value, strlen(value));
	fputs(",\n", out);
}

static void put_numbers(FILE *out, const char *field, const int16_t number[static TL_ABIS])
{
	fprintf(out, "\t\t.%s = { %d, %d, %d, %d },\n", field, number[0], number[1], number[2], number[3]);
}

static void put_arg(FILE *out, const struct tl_arg_type *arg)
{
	fprintf(out, "\t\t\t{\n");
	put_field(out, "\t\t\t\t", "name", arg->name);
	put_field(out, "\t\t\t\t", "type", arg->type);
	put_field(out, "\t\t\t\t", "decoder", arg->decoder);
	fprintf(out, "\t\t\t\t.position = %u,\n\t\t\t\t.capture = %u, /* %s */\n", arg->position, arg->capture,
		tl_capture_names[arg->capture]);
	fprintf(out,
		"\t\t\t\t.hash = %u, /* %s */\n\t\t\t\t.length_arg = %u,\n\t\t\t\t.size = %u,\n\t\t\t\t.unit = %u,\n",
		arg->hash, tl_hash_names[arg->hash], arg->length_arg, arg->size, arg->unit);
	fprintf(out, "\t\t\t},\n");
}

static void put_bytes(FILE *out, const char *field, const uint8_t *bytes, size_t n)
{
	fprintf(out, ".%s = {", field);
	for (size_t i = 0; i < n; i++)
		fprintf(out, " %u,", bytes[i]);
	fputs(" }, ", out);
}

static void put_request(FILE *out, const struct tl_request_type *request)
{
	fputs("\t\t.request = { ", out);
	put_bytes(out, "opcodes", request->opcodes, sizeof(request->opcodes));
	put_bytes(out, "fields", request->fields, sizeof(request->fields));
	fprintf(out, ".flags = %u },\n", request->flags);
}

static void put_type(FILE *out, const struct tl_event_type *t)
{
	fprintf(out, "\t{\n");
	put_field(out, "\t\t", "name", t->name);
	put_field(out, "\t\t", "groups", t->groups);
	put_field(out, "\t\t", "summary", t->summary);
	put_field(out, "\t\t", "spellings", t->spellings);
	fprintf(out, "\t\t.class = %u, /* %s */\n\t\t.n_args = %u,\n", t->class, tl_class_names[t->class], t->n_args);
	fprintf(out, "\t\t.path_from = %u,\n\t\t.path_fd = %u,\n\t\t.path_name = %u,\n", t->path_from, t->path_fd,
		t->path_name);
	fprintf(out, "\t\t.target_from = %u,\n\t\t.target_fd = %u,\n\t\t.target_name = %u,\n", t->target_from,
		t->target_fd, t->target_name);
	fprintf(out, "\t\t.flags = 0x%x,\n", t->flags);
	put_numbers(out, "number", t->number);
	put_numbers(out, "number2", t->number2);
	if (t->request.opcodes[0])
		put_request(out, &t->request);
	if (t->n_args) {
		fprintf(out, "\t\t.args = {\n");
		for (unsigned i = 0; i < t->n_args; i++)
			put_arg(out, &t->args[i]);
		fprintf(out, "\t\t},\n");
	}
	fprintf(out, "\t},\n");
}

int tl_generate_table(FILE *out, const struct tl_event_type *types, size_t n)
{
	fprintf(out, "/* SPDX-License-Identifier: LGPL-2.1-or-later */\n");
	fprintf(out, "/* Made from policy/events.yaml. */\n#include \"types.h\"\n\n");
	fprintf(out, "const struct tl_event_type tl_builtin_types[] = {\n");
	for (size_t i = 0; i < n; i++)
		put_type(out, &types[i]);
	fprintf(out,
		"};\n\nconst size_t tl_n_builtin_types = sizeof(tl_builtin_types) / sizeof(tl_builtin_types[0]);\n");
	return finish(out);
}

/* ---- The manual page ---- */

/* Groups in the order of the page; one that is not here is shown as it is. */
static const struct group {
	const char *name, *title, *text;
} groups[] = {
	{ "file", "Files", "What is done to files, by name or by descriptor." },
	{ "network", "Network", "Sockets and what goes through them." },
	{ "process", "Processes", "Programs that are run, processes that begin and end." },
	{ "ipc", "Communication between processes", "Pipes, queues, shared memory, semaphores, futexes." },
	{ "memory", "Memory", "Mappings and their protection." },
	{ "time", "Time", "Clocks, timers, sleeping." },
	{ "signal", "Signals", "Signals sent, awaited and handled." },
	{ "security", "Security", "Identities, capabilities, and power over other processes." },
	{ "module", "Kernel modules", "Code that is loaded into the kernel." },
	{ "mount", "Mounts", "File systems that are mounted, moved and unmounted." },
	{ "system", "The system", "Names, figures and power of the machine." },
	{ "record", "TraceLeft's own records", "They are in every output; no rule asks for them." },
};

#define N_GROUPS (sizeof(groups) / sizeof(groups[0]))

/* Text of a paragraph: nothing of it may be taken for a request or escape. */
static void put_roff(FILE *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		fputs("\\&", out);
	for (; *text; text++) {
		if (*text == '\\')
			fputs("\\e", out);
		else if (*text == '-')
			fputs("\\-", out);
		else if (*text == '\'')
			fputs("\\(aq", out);
		else
			fputc(*text, out);
	}
}

static bool first_group_is(const struct tl_event_type *t, const char *group)
{
	size_t n = strcspn(t->groups, " ");

	return strlen(group) == n && !memcmp(t->groups, group, n);
}

static const struct group *group_of(const struct tl_event_type *t)
{
	for (size_t i = 0; i < N_GROUPS; i++)
		if (first_group_is(t, groups[i].name))
			return &groups[i];
	return NULL;
}

/* "const char *pathname", with the name in italics */
static void put_parameter(FILE *out, const struct tl_arg_type *arg)
{
	size_t n = strlen(arg->type);

	fprintf(out, "%s%s\\fI%s\\fP", arg->type, n && arg->type[n - 1] == '*' ? "" : " ", arg->name);
}

static void put_synopsis(FILE *out, const struct tl_event_type *t)
{
	static const char *const results[] = { "a descriptor", "a number of bytes", "an address" };
	static const uint32_t bits[] = { TL_TYPE_RETURNS_FD, TL_TYPE_RETURNS_BYTES, TL_TYPE_RETURNS_POINTER };

	fprintf(out, ".IP\n.nh\n.ad l\n\\fB%s\\fP(", t->name);
	for (unsigned i = 0; i < t->n_args; i++) {
		fputs(i ? ", " : "", out);
		put_parameter(out, &t->args[i]);
	}
	fprintf(out, t->n_args ? ")" : "void)");
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (t->flags & bits[i])
			fprintf(out, "; returns %s", results[i]);
	fprintf(out, "\n.ad\n.hy\n");
}

static const char *arg_name(const struct tl_event_type *t, unsigned position)
{
	for (unsigned i = 0; i < t->n_args; i++)
		if (t->args[i].position == position)
			return t->args[i].name;
	return "?";
}

static void put_object(FILE *out, const struct tl_event_type *t, const char *field, uint8_t from, uint8_t fd,
		       uint8_t name)
{
	if (from == TL_FROM_NONE)
		return;
	fprintf(out, "\\fB%s\\fP: ", field);
	switch (from) {
	case TL_FROM_RET:
		fputs(t->flags & TL_TYPE_SOCKET ? "the socket of the descriptor returned" : "the file that was opened",
		      out);
		if (name)
			fprintf(out, "; if the call failed, what \\fI%s\\fP asked for", arg_name(t, name));
		break;
	case TL_FROM_FD:
		fprintf(out, "the %s of descriptor \\fI%s\\fP", t->flags & TL_TYPE_SOCKET ? "socket" : "file",
			arg_name(t, fd));
		break;
	case TL_FROM_AT:
		fprintf(out, "what \\fI%s\\fP names, from directory \\fI%s\\fP", arg_name(t, name), arg_name(t, fd));
		break;
	case TL_FROM_CWD:
		fprintf(out, "the working directory after the call; if it failed, what \\fI%s\\fP asked for",
			arg_name(t, name));
		break;
	case TL_FROM_NAME:
		fprintf(out, "what \\fI%s\\fP names", arg_name(t, name));
		break;
	}
	fputs(".\n", out);
}

static bool is_cut(const struct tl_arg_type *arg)
{
	return arg->capture == TL_CAPTURE_BUFFER || arg->capture == TL_CAPTURE_LETTER || arg->capture == TL_CAPTURE_IOVEC ||
	       tl_capture_is_message(arg->capture) ||
	       (arg->capture == TL_CAPTURE_STRING && arg->size < TL_CAPTURE_SIZE_MAX);
}

static bool has_captures(const struct tl_event_type *t)
{
	for (unsigned i = 0; i < t->n_args; i++)
		if (is_cut(&t->args[i]))
			return true;
	return false;
}

static void put_captures(FILE *out, const struct tl_event_type *t)
{
	for (unsigned i = 0; i < t->n_args; i++) {
		const struct tl_arg_type *arg = &t->args[i];

		if (is_cut(arg))
			fprintf(out, "Of \\fI%s\\fP at most %u bytes are collected%s.\n", arg->name, arg->size,
				arg->capture == TL_CAPTURE_STRING ? ", with the NUL" : "");
	}
}

static void put_numbers_man(FILE *out, const struct tl_event_type *t)
{
	const char *separator = "";

	if (t->flags & TL_TYPE_UNLISTED) {
		fputs("Number: any that no other event has; it is shown with the event.\n", out);
		return;
	}
	fputs("Number: ", out);
	for (unsigned i = 0; i < TL_ABIS; i++) {
		if (t->number[i] < 0)
			continue;
		fprintf(out, "%s%s %d", separator, tl_abi_names[i], t->number[i]);
		if (t->number2[i] >= 0)
			fprintf(out, " and %d", t->number2[i]);
		separator = ", ";
	}
	fputs(".\n", out);
}

/* "a b" -> "\fBa\fP, \fBb\fP", each with `prefix` */
static void put_names(FILE *out, const char *names, const char *prefix)
{
	for (const char *at = names; *at;) {
		size_t n = strcspn(at, " ");

		fprintf(out, "%s\\fB%s%.*s\\fP", at == names ? "" : ", ", prefix, (int)n, at);
		at += n;
		at += strspn(at, " ");
	}
}

static void put_requests_man(FILE *out, const struct tl_request_type *request)
{
	if (!request->opcodes[0])
		return;
	fputs("Also by way of io_uring: ", out);
	for (size_t i = 0; i < sizeof(request->opcodes) && request->opcodes[i]; i++)
		fprintf(out, "%s\\fB%s\\fP", i ? ", " : "", tl_opcode_names[request->opcodes[i]]);
	fputs(".\n", out);
}

static void put_event(FILE *out, const struct tl_event_type *t)
{
	bool is_fd;
	unsigned other = tl_event_type_other(t, &is_fd);
	char summary[sizeof(t->summary)];

	memcpy(summary, t->summary, sizeof(summary));
	summary[0] = toupper((unsigned char)summary[0]);
	fprintf(out, ".TP\n.B %s\n", t->name);
	put_roff(out, summary);
	fputs(".\n", out);
	if (t->class == TL_CLASS_SYSCALL)
		put_synopsis(out, t);
	if (t->path_from || t->target_from || t->flags & (TL_TYPE_EXEC | TL_TYPE_NO_RETURN | TL_TYPE_IDENTITY) ||
	    t->spellings[0] || t->request.opcodes[0] || other || has_captures(t))
		fputs(".IP\n", out);
	put_object(out, t, "file.path", t->path_from, t->path_fd, t->path_name);
	put_object(out, t, "file.target_path", t->target_from, t->target_fd, t->target_name);
	put_captures(out, t);
	if (t->flags & TL_TYPE_ENTRY && (t->path_from || t->target_from))
		fputs("It is looked at before the call.\n", out);
	if (t->flags & TL_TYPE_IDENTITY)
		fputs("\\fBtraceleft.before\\fP and \\fBtraceleft.after\\fP: who the process was before and after "
		      "it.\n", out);
	if (other)
		fprintf(out, "\\fBtraceleft.target\\fP: the process that argument %u means.\n", other);
	if (t->flags & TL_TYPE_NO_RETURN)
		fputs("The call does not return to where it was made: it is reported when it is made.\n", out);
	if (t->flags & TL_TYPE_EXEC)
		fputs("A call that succeeds is reported as \\fBexec\\fP, too.\n", out);
	if (t->spellings[0]) {
		fputs("The C library may make this call as ", out);
		put_names(out, t->spellings, "");
		fputs(".\n", out);
	}
	put_requests_man(out, &t->request);
	if (t->class != TL_CLASS_RECORD) {
		fputs(".IP\nGroups: ", out);
		put_names(out, t->groups, "@");
		fputs(".\n", out);
	}
	if (t->class == TL_CLASS_SYSCALL)
		put_numbers_man(out, t);
}

static void put_group_list(FILE *out, const struct tl_event_type *types, size_t n)
{
	char seen[1024] = " ";
	size_t used = 1;

	for (size_t i = 0; i < n; i++) {
		const char *at = types[i].class == TL_CLASS_RECORD ? "" : types[i].groups;

		while (*at) {
			size_t size = strcspn(at, " ");
			char word[34];

			snprintf(word, sizeof(word), " %.*s ", (int)size, at);
			if (!strstr(seen, word) && used + size + 2 < sizeof(seen))
				used += sprintf(seen + used, "%.*s ", (int)size, at);
			at += size;
			at += strspn(at, " ");
		}
	}
	if (used > 1)
		seen[used - 1] = 0;
	put_names(out, seen + 1, "@");
}

static void put_intro(FILE *out, const struct tl_event_type *types, size_t n)
{
	fputs(".\\\" SPDX-License-Identifier: GPL-2.0-or-later\n"
	      ".\\\" Made from the table of events.\n"
	      ".TH TRACELEFT.EVENTS 7 \"\" \"TraceLeft " TL_VERSION "\" \"TraceLeft\"\n"
	      ".SH NAME\n"
	      "traceleft.events \\- events that TraceLeft knows, and their arguments\n"
	      ".SH DESCRIPTION\n"
	      "This page lists the events that can be named on the command line of\n"
	      ".BR traceleft (1)\n"
	      "and in the rules of\n"
	      ".BR traceleft\\-policy.yaml (5).\n"
	      "An event of a system call has the name of the call and is reported when the call returns,\n"
	      "with its result, whether it succeeded or failed.\n"
	      ".PP\n"
	      "Instead of a name, a group can be given:\n",
	      out);
	put_group_list(out, types, n);
	fputs(".\n"
	      "Group \\fB@all\\fP is every event of every group.\n"
	      ".PP\n"
	      "Arguments appear in an event under \\fBtraceleft.args\\fP, by the names given here.\n"
	      "They are what the process asked for.\n"
	      "\\fBfile.path\\fP and \\fBfile.target_path\\fP are the objects that the call was really about,\n"
	      "as absolute paths in the mount namespace of the process.\n"
	      "If a path follows from what was asked for only, because the call failed,\n"
	      "\\fBtraceleft.flags\\fP has the word \\fBclaim\\fP.\n"
	      ".PP\n"
	      "Events of group \\fB@net\\fP tell what becomes of sockets of IP, whatever call or packet did it;\n"
	      "\\fBevent.action\\fP is their name without \\fBnet_\\fP.\n"
	      "The process is the one that the socket belongs to: it began to connect, has accepted the connection,\n"
	      "or ends it.\n"
	      "What requests of io_uring accept, bind and let listen is told from kernel 5.18 on, but not what a request\n"
	      "accepts into the ring's own table of files, nor one that asks not to be told of a success: these are counted as lost.\n"
	      "\\fBnet_connect\\fP comes when a TCP connection is there or has failed, with the time that this took;\n"
	      "its error is ETIMEDOUT if nobody answered, and ECONNABORTED if the process gave up.\n"
	      "What fails before a packet is sent, because there is no route, say, is told as the system call\n"
	      "\\fBconnect\\fP alone.\n"
	      "\\fBnet_close\\fP comes when it has ended, with the bytes that each end has sent and the time that it was\n"
	      "there, from its acceptance if it was accepted.\n"
	      "Of a connection that is older than the audit it is told only if the process ends it, and without a time.\n"
	      "Of one that was reset before it was accepted there is none for the end that accepts it.\n"
	      ".PP\n"
	      "A program calls functions of its C library, and the library chooses the system call.\n"
	      "A rule about\n"
	      ".BR open ,\n"
	      "for instance, hardly ever sees an event where the library makes an\n"
	      ".B openat\n"
	      "of every\n"
	      ".BR open (3).\n"
	      "Where this is so, the other calls are named with the event.\n"
	      "Groups contain all of them.\n"
	      ".PP\n"
	      "Numbers are those that the kernel gives a system call, per architecture and calling convention:\n"
	      "x86_64, i386 (32\\-bit programs on x86), x32 (without its bit 30) and arm64.\n"
	      "A call that is missing in one is not listed with it.\n",
	      out);
}

static void put_group(FILE *out, const struct group *group, const struct tl_event_type *types, size_t n)
{
	bool begun = false;

	for (size_t i = 0; i < n; i++) {
		if (group_of(&types[i]) != group)
			continue;
		if (!begun) {
			fprintf(out, ".SS %s\n", group ? group->title : "Others");
			fprintf(out, "%s\n", group ? group->text : "What belongs to none of the groups above.");
			if (group && types[i].class != TL_CLASS_RECORD)
				fprintf(out, "Group\n.BR @%s .\n", group->name);
		}
		begun = true;
		put_event(out, &types[i]);
	}
}

int tl_generate_man(FILE *out, const struct tl_event_type *types, size_t n)
{
	put_intro(out, types, n);
	fputs(".SH EVENTS\n", out);
	for (size_t i = 0; i + 1 < N_GROUPS; i++)
		put_group(out, &groups[i], types, n);
	put_group(out, NULL, types, n);
	put_group(out, &groups[N_GROUPS - 1], types, n);
	tl_generate_man_fields(out);
	tl_generate_man_limits(out);
	fputs(".SH SEE ALSO\n"
	      ".BR traceleft (1),\n"
	      ".BR traceleft\\-policy.yaml (5),\n"
	      ".BR traceleftd (8),\n"
	      ".BR syscalls (2)\n",
	      out);
	return finish(out);
}
