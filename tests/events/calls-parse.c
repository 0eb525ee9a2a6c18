/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reads lines of tests/events/calls/: see README there. */
#include <ctype.h>
#include <stdarg.h>

#include "calls.h"
#include "values.h"

struct source {
	const char *file, *at;
	int line;
};

static struct variable {
	char name[32];
	long value;
} variables[128];
static size_t n_variables;

static void refuse(const struct source *s, const char *why)
{
	fprintf(stderr, "%s:%d: %s at '%s'\n", s->file, s->line, why, s->at);
	printf("not ok %s:%d: %s\n", s->file, s->line, why);
	exit(1);
}

void variable_set(const char *name, long value)
{
	for (size_t i = 0; i < n_variables; i++)
		if (strcmp(variables[i].name, name) == 0) {
			variables[i].value = value;
			return;
		}
	snprintf(variables[n_variables].name, sizeof(variables[0].name), "%s", name);
	variables[n_variables++].value = value;
}

static long variable_get(const struct source *s, const char *name)
{
	for (size_t i = 0; i < n_variables; i++)
		if (strcmp(variables[i].name, name) == 0)
			return variables[i].value;
	refuse(s, "unknown variable");
	return 0;
}

static void skip_spaces(struct source *s)
{
	s->at += strspn(s->at, " \t");
}

static size_t take_word(struct source *s, char *word, size_t size)
{
	size_t n = 0;

	while (isalnum((unsigned char)s->at[n]) || s->at[n] == '_')
		n++;
	if (!n || n >= size)
		refuse(s, "expected a word");
	memcpy(word, s->at, n);
	word[n] = '\0';
	s->at += n;
	return n;
}

static long read_value(struct source *s);

/* "text" with \n, \0 and the like; in memory that stays. */
static long read_string(struct source *s, const char *prefix)
{
	char *to = room(strlen(prefix) + strlen(s->at) + 2), *start = to;

	to = stpcpy(to, prefix);
	for (s->at++; *s->at && *s->at != '"'; s->at++) {
		if (*s->at != '\\') {
			*to++ = *s->at;
			continue;
		}
		s->at++;
		*to++ = *s->at == 'n' ? '\n' : *s->at == '0' ? '\0' : *s->at == 't' ? '\t' : *s->at;
	}
	if (!*s->at)
		refuse(s, "a string without end");
	s->at++;
	return (long)start;
}

/* q[1, 2]: numbers of that width, in memory that stays. */
static long read_array(struct source *s, size_t width)
{
	char *memory = room(256), *to = memory;

	for (s->at += 2; *s->at && *s->at != ']';) {
		long value = read_value(s);

		memcpy(to, &value, width);
		to += width;
		skip_spaces(s);
		if (*s->at == ',')
			s->at++;
		skip_spaces(s);
	}
	if (*s->at != ']' || to - memory > 256)
		refuse(s, "an array without end");
	s->at++;
	return (long)memory;
}

static long read_name(struct source *s)
{
	char word[64];
	int64_t value;

	take_word(s, word, sizeof(word));
	if (strcmp(word, "NULL") == 0)
		return 0;
	if (strcmp(word, "BAD") == 0)
		return (long)NOWHERE;
	if (strcmp(word, "PID") == 0)
		return getpid();
	if (strcmp(word, "TID") == 0)
		return gettid();
	if (tl_constant_find(word, &value) < 0)
		refuse(s, text("unknown name %s", word));
	return value;
}

static long read_one(struct source *s)
{
	static const char letters[] = "bhdq"; /* of 1, 2, 4 and 8 bytes */
	const char *width = s->at[0] ? strchr(letters, s->at[0]) : NULL;
	char *end;
	long value;

	if (s->at[0] == '"')
		return read_string(s, "");
	if (s->at[0] == '~' && s->at[1] == '"') {
		s->at++;
		return read_string(s, text("%s/", folder()));
	}
	if (width && s->at[1] == '[')
		return read_array(s, 1U << (width - letters));
	if (s->at[0] == '@') {
		value = (long)room(strtoul(s->at + 1, &end, 0));
		s->at = end;
		return value;
	}
	if (s->at[0] == '$') {
		char word[32];

		s->at++;
		take_word(s, word, sizeof(word));
		return variable_get(s, word);
	}
	if (isdigit((unsigned char)s->at[0]) || s->at[0] == '-') {
		value = (long)strtoull(s->at, &end, 0);
		s->at = end;
		return value;
	}
	return read_name(s);
}

static long read_value(struct source *s)
{
	long value;

	skip_spaces(s);
	value = read_one(s);
	while (*s->at == '|' && s->at[1] != ' ') {
		s->at++;
		value |= read_one(s);
	}
	while (*s->at == '+') {
		s->at++;
		value += read_one(s);
	}
	return value;
}

static size_t read_args(struct source *s, const char *until, long args[6])
{
	size_t n = 0;

	memset(args, 0, 6 * sizeof(args[0]));
	for (skip_spaces(s); *s->at && strncmp(s->at, until, strlen(until)) != 0; skip_spaces(s)) {
		if (n == 6)
			refuse(s, "too many arguments");
		args[n++] = read_value(s);
	}
	return n;
}

void parse(const char *file, int line, const char *given, struct parsed *ret)
{
	struct source s = { file, given, line };
	size_t n;

	*ret = (struct parsed){};
	if (*s.at == '[') {
		n = strcspn(s.at, "]");
		if (n >= sizeof(ret->how))
			refuse(&s, "too many words");
		memcpy(ret->how, s.at + 1, n - 1);
		s.at += n + 1;
	}
	skip_spaces(&s);
	if (*s.at == '!') {
		s.at++;
		ret->number = read_value(&s);
	}
	read_args(&s, "= ", ret->args);
	if (*s.at)
		s.at++;
	skip_spaces(&s);
	n = strcspn(s.at, " ");
	if (!n || n >= sizeof(ret->result))
		refuse(&s, "expected what it returns");
	memcpy(ret->result, s.at, n);
	s.at += n;
	skip_spaces(&s);
	if (strncmp(s.at, "-> $", 4) == 0) {
		s.at += 4;
		take_word(&s, ret->variable, sizeof(ret->variable));
		skip_spaces(&s);
	}
	if (*s.at != '|')
		refuse(&s, "expected | and the arguments as text");
	s.at++;
	skip_spaces(&s);
	ret->text = text("%s", s.at);
}

/* A handle of a file says itself how long it is. */
static size_t shown_size(const char *decoder, const void *from, size_t size)
{
	uint32_t length;

	memcpy(&length, from, sizeof(length));
	return strcmp(decoder, "file_handle") == 0 ? 8 + length : size;
}

/* "(name N)": what lies there and only the kernel knew; how it is shown is the unit tests' business. */
static char *put_shown(struct source *s, char *to, long from)
{
	const struct tl_decoder *decoder;
	struct tl_buffer text = {};
	struct tl_bytes bytes = { .data = (const char *)from, .flags = TL_VALUE_PRESENT };
	char word[32];

	s->at++;
	take_word(s, word, sizeof(word));
	decoder = tl_decoder_find(word);
	if (!decoder || !decoder->bytes)
		refuse(s, "unknown decoder");
	bytes.size = (uint32_t)shown_size(word, bytes.data, (size_t)read_value(s));
	s->at++;
	decoder->bytes(&text, &bytes);
	memcpy(to, text.data, text.size);
	to += text.size;
	tl_buffer_done(&text);
	return to;
}

/* %1 an argument as an address, %1d as a decimal number, %1s the text there, %1f as a descriptor with its
 * path, %1(name N) the N bytes there as that decoder shows them, %1[0] and %1{0} a number of 32 or 64 bits in what it points to, %~ the folder, %$name a variable, %x$name as an address, %p2 and %p$name the port
 * of a socket address, %* whatever follows, %% itself. */
const char *expanded(const struct parsed *parsed)
{
	char out[4096], *to = out, *limit = out + sizeof(out) - PATH_MAX / 2;
	struct source s = { "", parsed->text, 0 };
	bool deleted = false;

	for (; *s.at && to < limit;) {
		char word[32];
		bool hex = s.at[1] == 'x';
		const char *path;
		long value;

		if (*s.at != '%') {
			*to++ = *s.at++;
			continue;
		}
		s.at++;
		if (*s.at == '*')
			break;
		if (*s.at == '%' || *s.at == '~') {
			to += sprintf(to, "%s", *s.at == '~' ? folder() : "%");
			s.at++;
		} else if (*s.at == 'p') {
			s.at++;
			if (*s.at == '$') {
				s.at++;
				take_word(&s, word, sizeof(word));
				value = variable_get(&s, word);
			} else {
				value = parsed->args[*s.at++ - '1'];
			}
			to += sprintf(to, "%u", (unsigned)((uint8_t *)value)[2] << 8 | ((uint8_t *)value)[3]);
		} else if (hex || *s.at == '$') {
			s.at += 1 + hex;
			take_word(&s, word, sizeof(word));
			to += sprintf(to, hex ? "%#lx" : "%ld", variable_get(&s, word));
		} else if (*s.at >= '1' && *s.at <= '6') {
			value = parsed->args[*s.at - '1'];
			s.at++;
			if (*s.at == '[' || *s.at == '{') {
				to += sprintf(to, "%ld",
					      *s.at == '[' ? ((int32_t *)value)[atoi(s.at + 1)] :
							     ((long *)value)[atoi(s.at + 1)]);
				s.at += strcspn(s.at, "]}") + 1;
			} else if (*s.at == '(')
				to = put_shown(&s, to, value);
			else if (*s.at == 's')
				to += sprintf(to, "\"%.256s\"", (char *)value);
			else if (*s.at == 'd')
				to += sprintf(to, "%ld", value);
			else if (*s.at == 'f') {
				path = path_of_fd((int)value, &deleted);
				if ((int)value < 0) /* what could not be opened here */
					to += sprintf(to, "%d", (int)value);
				else
					to += sprintf(to, "%d<%.1000s%s>", (int)value, path ?: "?", deleted ? " (deleted)" : "");
			} else
				to += sprintf(to, "%#lx", value);
			s.at += *s.at == 'd' || *s.at == 'f' || *s.at == 's';
		} else {
			refuse(&s, "unknown letter after %");
		}
	}
	*to = '\0';
	return text("%s", out);
}

/* ".name ARGS", ".name ARGS -> $variable", ".set $variable VALUE", ".get $variable ADDRESS":
 * the number of 32 bits there; ".get8": of 64; ".trial name ARGS": it may fail. */
void prepared(const char *file, int line, const char *given)
{
	const struct tl_event_type *type;
	struct source s = { file, given, line };
	char name[64], variable[32];
	long args[6], r;
	int32_t number;
	bool is_trial;

	take_word(&s, name, sizeof(name));
	is_trial = strcmp(name, "trial") == 0;
	if (is_trial) {
		skip_spaces(&s);
		take_word(&s, name, sizeof(name));
	}
	if (strcmp(name, "set") == 0 || strcmp(name, "get") == 0 || strcmp(name, "get8") == 0) {
		skip_spaces(&s);
		s.at++;
		take_word(&s, variable, sizeof(variable));
		r = read_value(&s);
		if (name[0] == 'g' && !name[3]) {
			memcpy(&number, (void *)r, sizeof(number));
			r = number;
		} else if (name[0] == 'g') {
			memcpy(&r, (void *)r, sizeof(r));
		}
		variable_set(variable, r);
		return;
	}
	type = tl_event_type_find(name);
	if (!type || type->number[0] < 0)
		refuse(&s, "no such call");
	read_args(&s, "-> $", args);
	r = syscall(type->number[0], args[0], args[1], args[2], args[3], args[4], args[5]);
	if (r == -1 && !is_trial)
		require_true(file, line, name, false);
	if (*s.at) {
		s.at += 4;
		take_word(&s, variable, sizeof(variable));
		variable_set(variable, r);
	}
}
