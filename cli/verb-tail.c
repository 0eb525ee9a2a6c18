// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft tail: the daemon's events as they happen. */
#include <inttypes.h>
#include <poll.h>
#include <string.h>

#include "cli.h"
#include "daemon.h"
#include "where.h"

#define CHUNK (64 * 1024)

enum { OPTION_JSON = 256, OPTION_WHERE, OPTION_SOCKET };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "JSON lines instead of text" },
	{ OPTION_WHERE, "where", "EXPRESSION", "only events for which it is true" },
	{ 'n', "lines", "N", "end after so many lines" },
	{ OPTION_SOCKET, "socket", "FILE", "ask there, not at " TL_DAEMON_SOCKET },
	{ 0 },
};

struct settings {
	struct tl_control_request request;
	const char *socket;
	uint64_t lines; /* 0: without end */
};

/* Here already: with the column, and the status of wrong usage. */
static int check_where(const struct tl_verb *verb, const char *where)
{
	struct tl_expression *e = NULL;
	int status = tl_where_compile(verb, where, NULL, 0, &e);

	tl_expression_free(e);
	return status;
}

static int parse(const struct tl_verb *verb, int argc, char **argv, struct settings *s, bool *ret_help)
{
	int id, status = TL_EXIT_OK;

	while (status == TL_EXIT_OK && (id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		switch (id) {
		case OPTION_JSON:
			s->request.json = true;
			break;
		case OPTION_WHERE:
			s->request.where = optarg;
			break;
		case OPTION_SOCKET:
			s->socket = optarg;
			break;
		case 'n':
			status = tl_parse_number_of(verb, "lines", optarg, &s->lines);
			break;
		default:
			*ret_help = id == TL_OPTION_HELP;
			return *ret_help ? TL_EXIT_OK : TL_EXIT_USAGE;
		}
	}
	if (status == TL_EXIT_OK && optind < argc)
		return tl_usage_error(verb, "no argument is expected: %s", argv[optind]);
	if (status == TL_EXIT_OK && s->request.where)
		return check_where(verb, s->request.where);
	return status;
}

/* Waits for the daemon; false: nobody reads what we write any more. */
static bool await(int fd)
{
	struct pollfd p[] = { { .fd = fd, .events = POLLIN }, { .fd = STDOUT_FILENO } };

	while (poll(p, ARRAY_SIZE(p), -1) < 0 && errno == EINTR)
		;
	return !(p[1].revents & (POLLERR | POLLHUP));
}

/* Up to the end of the last line that is wanted; *left, if it is not 0, becomes less. */
static size_t wanted(const char *data, size_t size, uint64_t *left, bool *ret_last)
{
	const char *at = data;

	while (*left && (at = memchr(at, '\n', size - (size_t)(at - data)))) {
		at++;
		if (--*left == 0) {
			*ret_last = true;
			return (size_t)(at - data);
		}
	}
	return size;
}

static int copy(int fd, uint64_t lines)
{
	static char chunk[CHUNK];
	bool last = false;
	ssize_t n;

	while (!last) {
		if (!await(fd))
			return TL_EXIT_OK;
		n = read(fd, chunk, sizeof(chunk));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return tl_print_errno(errno, "traceleftd");
		if (n == 0)
			return tl_print_error("traceleftd: ended");
		if (fwrite(chunk, 1, wanted(chunk, (size_t)n, &lines, &last), stdout) == 0 || fflush(stdout) != 0)
			break;
	}
	return tl_finish_stdout(TL_EXIT_OK);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	struct settings s = { .request.verb = TL_CONTROL_TAIL, .socket = TL_DAEMON_SOCKET };
	struct tl_daemon_answer answer;
	_cleanup_close_ int fd = -1;
	bool help = false;
	int status = parse(verb, argc, argv, &s, &help);

	if (status != TL_EXIT_OK || help)
		return status;
	fd = tl_daemon_ask(s.socket, &s.request, &answer);
	if (fd < 0)
		return TL_EXIT_FAILED;
	return answer.done ? copy(fd, s.lines) : tl_print_error("tail: %s", answer.text);
}

const struct tl_verb tl_verb_tail = {
	.name = "tail",
	.arguments = "[OPTIONS]",
	.summary = "Show the daemon's events as they happen.",
	.options = options,
	.details = "Shows what the rules of the policy in force keep, whatever outputs they name, as a text\n"
		   "or JSON output would have it. A reader that is too slow loses events, is told how many\n"
		   "in place of them, and delays nobody else. With --where TraceLeft's own records are left\n"
		   "out, but for losses. For root and the group traceleft.\n\n"
		   "  traceleft tail --where 'path startswith \"/etc/\" and not success'\n",
	.run = run,
};
