// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft top: events per second by event, program and unit, as the daemon counts them. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "cli.h"
#include "daemon.h"
#include "escape.h"
#include "json.h"
#include "put.h"
#include "screen.h"

#define LINE_ROOM (1 << 20)
#define HEADS 2 /* lines above the rows */

enum { OPTION_JSON = 256, OPTION_SOCKET };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "the daemon's own JSON, a line per second" },
	{ 'n', "lines", "N", "end after so many seconds, a table or line each" },
	{ OPTION_SOCKET, "socket", "FILE", "ask there, not at " TL_DAEMON_SOCKET },
	{ 0 },
};

struct top {
	const char *socket;
	uint64_t left; /* seconds to be shown; 0: without end */
	bool json;
	bool screen;
	int fd;
	size_t size;
	char line[LINE_ROOM];
};

/* ---- The table ---- */

/* A value of the daemon's, in which names are harmless already: an escape in it stays what it is. Each piece ends at a
 * backslash, which then stands for itself. */
static void put_value(struct tl_buffer *b, const char *text)
{
	while (*text) {
		size_t n = strcspn(text, "\\");

		n += text[n] == '\\';
		tl_escape_value(b, text, n);
		text += n;
	}
}

/* In a column of that width. */
static void put_column(struct tl_buffer *b, const struct tl_json *row, const char *name, size_t width)
{
	const char *text = tl_json_get_text(row, name);
	const size_t begin = b->size;

	put_value(b, *text ? text : "-");
	for (size_t n = b->size - begin; n < width; n++)
		tl_put_char(b, ' ');
	tl_put_char(b, ' ');
}

static double per_second(uint64_t n, uint64_t nanoseconds)
{
	return nanoseconds ? (double)n * 1e9 / (double)nanoseconds : 0;
}

static void put_table(struct tl_buffer *b, const struct tl_json *j)
{
	const uint64_t ns = tl_json_get_unsigned(j, "nanoseconds"), others = tl_json_get_unsigned(j, "others");

	tl_put_format(b, "%.1f events per second\n", per_second(tl_json_get_unsigned(j, "events"), ns));
	tl_put_format(b, "%12s %-20s %-28s %s\n", "PER SECOND", "EVENT", "UNIT", "EXECUTABLE");
	for (const struct tl_json *row = tl_json_first(tl_json_get(j, "rows")); row; row = row->next) {
		tl_put_format(b, "%12.1f ", per_second(tl_json_get_unsigned(row, "count"), ns));
		put_column(b, row, "event", 20);
		put_column(b, row, "unit", 28);
		put_column(b, row, "executable", 0);
		b->data[b->size - 1] = '\n';
	}
	if (others)
		tl_put_format(b, "%12.1f others\n", per_second(others, ns));
	tl_put_char(b, 0);
}

/* ---- Second by second ---- */

static int show(struct top *t, const char *line, size_t size)
{
	_cleanup_(tl_json_freep) struct tl_json *j = NULL;
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	if (t->json) {
		printf("%.*s\n", (int)size, line);
		return fflush(stdout) ? -errno : 0;
	}
	if (tl_json_parse(line, size, &j) < 0)
		return -EBADMSG;
	put_table(&b, j);
	if (b.failed)
		return -ENOMEM;
	if (t->screen) {
		tl_screen_show(b.data, HEADS);
		return 0;
	}
	printf("%s\n", b.data);
	return fflush(stdout) ? -errno : 0;
}

/* Whole lines of what has come. Returns 1 when enough have been shown, 0, or a negative errno. */
static int show_lines(struct top *t)
{
	char *end;
	int r;

	while ((end = memchr(t->line, '\n', t->size))) {
		const size_t size = (size_t)(end - t->line);

		r = show(t, t->line, size);
		if (r < 0)
			return r;
		t->size -= size + 1;
		memmove(t->line, end + 1, t->size);
		if (t->left && --t->left == 0)
			return 1;
	}
	return t->size < sizeof(t->line) ? 0 : -EBADMSG;
}

static int take(struct top *t)
{
	ssize_t n = read(t->fd, t->line + t->size, sizeof(t->line) - t->size);

	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	t->size += (size_t)n;
	return show_lines(t);
}

/* Returns 0 at the end that was asked for. */
static int watch(struct top *t)
{
	struct pollfd p[] = {
		{ .fd = t->fd, .events = POLLIN },
		{ .fd = t->screen && isatty(STDIN_FILENO) ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = STDOUT_FILENO },
	};
	int r = 0;

	while (r == 0) {
		/* The screen's size may have changed as well. */
		if (poll(p, ARRAY_SIZE(p), -1) < 0 && errno != EINTR)
			return -errno;
		if ((t->screen && tl_screen_quit()) || ((p[1].revents | p[2].revents) & (POLLERR | POLLHUP)))
			return 0;
		if (p[0].revents)
			r = take(t);
	}
	return r < 0 && r != -EPIPE ? r : 0;
}

static int run_top(struct top *t)
{
	const struct tl_control_request request = { .verb = TL_CONTROL_TOP };
	struct tl_daemon_answer answer;
	int r;

	t->fd = tl_daemon_ask(t->socket, &request, &answer);
	if (t->fd < 0)
		return TL_EXIT_FAILED;
	if (!answer.done) {
		close(t->fd);
		return tl_print_error("top: %s", answer.text);
	}
	t->screen = !t->json && tl_screen_open();
	r = watch(t);
	tl_screen_close();
	close(t->fd);
	if (r == -ECONNRESET)
		return tl_print_error("traceleftd: ended");
	return r < 0 ? tl_print_errno(r, "traceleftd") : tl_finish_stdout(TL_EXIT_OK);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	static struct top t = { .socket = TL_DAEMON_SOCKET };
	int id, status;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		switch (id) {
		case OPTION_JSON:
			t.json = true;
			break;
		case OPTION_SOCKET:
			t.socket = optarg;
			break;
		case 'n':
			status = tl_parse_number_of(verb, "seconds", optarg, &t.left);
			if (status != TL_EXIT_OK)
				return status;
			break;
		default:
			return id == TL_OPTION_HELP ? TL_EXIT_OK : TL_EXIT_USAGE;
		}
	}
	if (optind < argc)
		return tl_usage_error(verb, "no argument is expected: %s", argv[optind]);
	return run_top(&t);
}

const struct tl_verb tl_verb_top = {
	.name = "top",
	.arguments = "[OPTIONS]",
	.summary = "Show how many events per second there are, of whom.",
	.options = options,
	.details = "Counts what reaches the daemon, before its rules, by event, unit and program; the most\n"
		   "frequent first. On a terminal it fills the screen until you type q; elsewhere a table\n"
		   "per second is printed. What the kernel part counts or filters by itself is not in it:\n"
		   "see traceleft status. For root and the group traceleft.\n",
	.run = run,
};
