// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "escape.h"
#include "journal.h"
#include "log.h"
#include "put.h"
#include "util.h"

#define IDENTIFIER "traceleftd"

static bool plain; /* to standard error in any case */

void tl_log_setup(bool foreground)
{
	plain = foreground;
}

/* systemd says in JOURNAL_STREAM which file is the journal. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long device, inode;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 &&
	       st.st_dev == device && st.st_ino == inode;
}

static int to_journal(int priority, const char *message_id, const struct tl_buffer *message)
{
	_cleanup_(tl_buffer_done) struct tl_buffer entry = { 0 };
	_cleanup_close_ int fd = -1;
	char digit = (char)('0' + priority);
	int r = tl_journal_open(TL_JOURNAL_SOCKET, &fd);

	if (r < 0)
		return r;
	tl_journal_field(&entry, "MESSAGE", message->data, message->size);
	tl_journal_field(&entry, "PRIORITY", &digit, 1);
	tl_journal_field(&entry, "SYSLOG_IDENTIFIER", IDENTIFIER, strlen(IDENTIFIER));
	if (message_id)
		tl_journal_field(&entry, "MESSAGE_ID", message_id, strlen(message_id));
	return entry.failed ? -ENOMEM : tl_journal_send(fd, entry.data, entry.size);
}

static void to_stderr(bool journal, int priority, const char *text, size_t size)
{
	if (journal)
		fprintf(stderr, "<%d>%.*s\n", priority, (int)size, text);
	else
		fprintf(stderr, IDENTIFIER ": %.*s\n", (int)size, text);
}

/* What has to be said may be that there is no memory. */
static void say_without_memory(bool journal, int priority, const char *format, va_list ap)
{
	char text[1024];

	vsnprintf(text, sizeof(text), format, ap);
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			*c = '?';
	to_stderr(journal, priority, text, strlen(text));
}

static void say(int priority, const char *message_id, const char *format, va_list ap)
{
	_cleanup_(tl_buffer_done) struct tl_buffer message = { 0 };
	_cleanup_free_ char *text = NULL;
	bool journal = !plain && stderr_is_journal();
	va_list again;

	va_copy(again, ap);
	if (vasprintf(&text, format, ap) < 0)
		text = NULL;
	else
		tl_escape_value(&message, text, strlen(text));
	if (!text || message.failed)
		say_without_memory(journal, priority, format, again);
	else if (!journal || to_journal(priority, message_id, &message) < 0)
		to_stderr(journal, priority, message.data, message.size);
	va_end(again);
}

void tl_log(int priority, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(priority, NULL, format, ap);
	va_end(ap);
}

void tl_log_id(int priority, const char *message_id, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say(priority, message_id, format, ap);
	va_end(ap);
}
