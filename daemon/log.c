// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "escape.h"
#include "journal.h"
#include "log.h"
#include "put.h"
#include "util.h"

#define IDENTIFIER "traceleftd"

static bool plain; /* to standard error in any case */
static _Atomic unsigned untold; /* messages that found no room, and are not declared yet */
static _Atomic bool torn; /* the last one on standard error has no end */

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

/* As much as there is room for now. A pipe that can be written to takes so much at once. */
static ssize_t write_some(const char *data, size_t size)
{
	struct pollfd pipe = { .fd = STDERR_FILENO, .events = POLLOUT };
	ssize_t n = send(STDERR_FILENO, data, size, MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n >= 0 || errno != ENOTSOCK)
		return n;
	if (poll(&pipe, 1, 0) != 1)
		return -1;
	return write(STDERR_FILENO, data, MIN(size, (size_t)PIPE_BUF));
}

/* Whether all of it went out. */
static bool write_all(const char *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write_some(data + done, size - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			torn = torn || done > 0;
			return false;
		}
		done += (size_t)n;
	}
	return true;
}

static bool write_line(bool journal, int priority, const char *text, size_t size)
{
	char begin[32];
	int n = snprintf(begin, sizeof(begin), journal ? "%s<%d>" : "%s" IDENTIFIER ": ", torn ? "\n" : "", priority);
	char line[PIPE_BUF];

	/* In one piece, where it fits into one. */
	if ((size_t)n + size + 1 <= sizeof(line)) {
		memcpy(line, begin, (size_t)n);
		memcpy(line + n, text, size);
		line[(size_t)n + size] = '\n';
		if (!write_all(line, (size_t)n + size + 1))
			return false;
	} else if (!write_all(begin, (size_t)n) || !write_all(text, size) || !write_all("\n", 1)) {
		torn = true;
		return false;
	}
	torn = false;
	return true;
}

/* Says of messages before this one that they found no room. Whether there is none left now. */
static bool declare_untold(bool journal)
{
	unsigned n = atomic_exchange(&untold, 0);
	char text[96];

	if (!n)
		return true;
	snprintf(text, sizeof(text), "%u messages before this one found no room here and are missing", n);
	if (write_line(journal, LOG_WARNING, text, strlen(text)))
		return true;
	untold += n;
	return false;
}

static void to_stderr(bool journal, int priority, const char *text, size_t size)
{
	if (!declare_untold(journal) || !write_line(journal, priority, text, size))
		untold++;
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

void tl_log_catch_up(void)
{
	declare_untold(!plain && stderr_is_journal());
}

void tl_log_bare(int priority, const char *message_id, const char *text)
{
	bool journal = !plain && stderr_is_journal();
	_cleanup_close_ int fd = -1;
	char entry[1024];
	int n = snprintf(entry, sizeof(entry), "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=" IDENTIFIER "\nMESSAGE_ID=%s\n",
			 text, priority, message_id);

	if (journal && (size_t)n < sizeof(entry) && tl_journal_open(TL_JOURNAL_SOCKET, &fd) >= 0 &&
	    tl_journal_send(fd, entry, (size_t)n) >= 0)
		return;
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
