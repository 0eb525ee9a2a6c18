// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of auditd's rule files, and what is said about them. */
#include <stdarg.h>
#include <string.h>

#include "audit-internal.h"

static void note(struct tl_audit_line *line, bool warning, unsigned column, const char *format, va_list ap)
{
	char message[512];

	vsnprintf(message, sizeof(message), format, ap);
	if (tl_problems_add(line->problems, warning, line->file, line->number, column, "%s", message) < 0)
		line->failed = true;
}

int tl_audit_refuse(struct tl_audit_line *line, unsigned column, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	note(line, false, column, format, ap);
	va_end(ap);
	return -EINVAL;
}

void tl_audit_warn(struct tl_audit_line *line, unsigned column, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	note(line, true, column, format, ap);
	va_end(ap);
}

bool tl_audit_is_blank(const char *text, size_t size)
{
	size_t i = 0;

	while (i < size && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r'))
		i++;
	return i == size || text[i] == '#';
}

static int check_text(struct tl_audit_line *line)
{
	if (line->size > TL_AUDIT_LINE_MAX)
		return tl_audit_refuse(line, TL_AUDIT_LINE_MAX + 1,
				       "the line is too long: auditctl takes %d bytes of one", TL_AUDIT_LINE_MAX);
	for (size_t i = 0; i < line->size; i++) {
		unsigned char c = (unsigned char)line->source[i];

		if (c == '\t')
			return tl_audit_refuse(line, (unsigned)i + 1,
					       "words stand apart by spaces: with this tab auditctl refuses the line");
		if (c < ' ' || c == 0x7f)
			return tl_audit_refuse(line, (unsigned)i + 1, "the byte 0x%02x is no text", c);
	}
	return 0;
}

int tl_audit_split(struct tl_audit_line *line)
{
	char *to = line->text;
	size_t i = 0;
	int r;

	line->n = 0;
	while (line->size && line->source[line->size - 1] == '\r')
		line->size--;
	r = check_text(line);
	if (r < 0)
		return r;
	for (;;) {
		while (i < line->size && line->source[i] == ' ')
			i++;
		if (i == line->size)
			return 0;
		line->words[line->n++] = (struct tl_audit_word){ to, (unsigned)i + 1 };
		for (; i < line->size && line->source[i] != ' '; i++) {
			if (line->source[i] == '\\' && i + 1 < line->size && strchr(" \\", line->source[i + 1]))
				i++;
			*to++ = line->source[i];
		}
		*to++ = '\0';
	}
}
