// SPDX-License-Identifier: GPL-2.0-or-later
/* Messages, small texts and JSON: what every verb says something with. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "put.h"

static const char no_memory[] = "traceleft: no memory, not even to say for what\n";

/* "traceleft: KIND: MESSAGE: WHY", without those that are NULL. What a message
 * quotes may come from outside: nothing in it moves the terminal. */
static void say(const char *kind, const char *format, va_list ap, const char *why)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	_cleanup_free_ char *text = NULL;

	if (vasprintf(&text, format, ap) < 0) {
		text = NULL;
		fputs(no_memory, stderr);
		return;
	}
	tl_put_text(&b, "traceleft: ");
	if (kind) {
		tl_put_text(&b, kind);
		tl_put_text(&b, ": ");
	}
	tl_escape_value(&b, text, strlen(text));
	if (why) {
		tl_put_text(&b, ": ");
		tl_put_text(&b, why);
	}
	tl_put_char(&b, '\n');
	if (b.failed)
		fputs(no_memory, stderr);
	else
		fwrite(b.data, 1, b.size, stderr);
}

int tl_print_errno(int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(NULL, format, ap, strerror(error < 0 ? -error : error));
	va_end(ap);
	return TL_EXIT_FAILED;
}

int tl_print_error(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(NULL, format, ap, NULL);
	va_end(ap);
	return TL_EXIT_FAILED;
}

int tl_usage_error(const struct tl_verb *verb, const char *format, ...)
{
	_cleanup_free_ char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, format);
	n = vasprintf(&text, format, ap);
	va_end(ap);
	if (n < 0) {
		text = NULL;
		fputs(no_memory, stderr);
	} else {
		tl_print_error("%s: %s (see traceleft %s --help)", verb->name, text, verb->name);
	}
	return TL_EXIT_USAGE;
}

void tl_print_note(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("note", format, ap, NULL);
	va_end(ap);
}

void tl_print_warning(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say("warning", format, ap, NULL);
	va_end(ap);
}

const char *tl_style(FILE *out, enum tl_style style)
{
	static const char *const sequence[] = {
		[TL_STYLE_PLAIN] = "",	       [TL_STYLE_BOLD] = "\033[1m",    [TL_STYLE_RED] = "\033[31m",
		[TL_STYLE_GREEN] = "\033[32m", [TL_STYLE_YELLOW] = "\033[33m", [TL_STYLE_END] = "\033[0m",
	};
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if ((no_color && *no_color) || (term && strcmp(term, "dumb") == 0) || !isatty(fileno(out)))
		return "";
	return sequence[style];
}

static char *next_text(size_t *ret_size)
{
	static char text[4][32];
	static unsigned n;

	*ret_size = sizeof(text[0]);
	return text[n++ % 4];
}

const char *tl_size_text(uint64_t bytes)
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	size_t size, i = 0;
	char *text = next_text(&size);
	double v = (double)bytes;

	for (; v >= 1024 && i < ARRAY_SIZE(unit) - 1; i++)
		v /= 1024;
	snprintf(text, size, i && v < 100 ? "%.1f %s" : "%.0f %s", v, unit[i]);
	return text;
}

const char *tl_duration_text(uint64_t seconds)
{
	size_t size;
	char *text = next_text(&size);

	if (seconds >= 86400)
		snprintf(text, size, "%" PRIu64 " d %" PRIu64 " h", seconds / 86400, seconds % 86400 / 3600);
	else if (seconds >= 3600)
		snprintf(text, size, "%" PRIu64 " h %" PRIu64 " min", seconds / 3600, seconds % 3600 / 60);
	else if (seconds >= 60)
		snprintf(text, size, "%" PRIu64 " min %" PRIu64 " s", seconds / 60, seconds % 60);
	else
		snprintf(text, size, "%" PRIu64 " s", seconds);
	return text;
}

void tl_put_format(struct tl_buffer *b, const char *format, ...)
{
	char text[256];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	tl_put_text(b, text);
}

time_t tl_seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
	return now.tv_sec;
}

int tl_parse_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	const char *unit;
	uint64_t v;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	v = strtoull(text, &end, 10);
	if (errno)
		return -errno;
	if (*end) {
		unit = strchr(units, *end);
		if (!unit || end[1])
			return -EINVAL;
		for (; unit >= units; unit--) {
			if (v > UINT64_MAX / 1024)
				return -ERANGE;
			v *= 1024;
		}
	}
	*ret = v;
	return 0;
}

int tl_finish_stdout(int status)
{
	int error = 0;

	if (fflush(stdout) != 0)
		error = errno;
	else if (ferror(stdout))
		error = EIO;
	if (!error || error == EPIPE)
		return status;
	tl_print_errno(error, "standard output");
	return status == TL_EXIT_OK ? TL_EXIT_FAILED : status;
}

int tl_json_print(struct tl_buffer *b)
{
	tl_put_char(b, '\n');
	if (b->failed)
		return tl_print_errno(ENOMEM, "JSON");
	fwrite(b->data, 1, b->size, stdout);
	b->size = 0;
	return tl_finish_stdout(TL_EXIT_OK);
}
