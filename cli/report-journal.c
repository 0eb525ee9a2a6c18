// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The journal, as journalctl(1) tells it: of the entries that root has written under our name, for
 * everybody may write some.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "cli.h"
#include "entry-fields.h"
#include "input.h"
#include "report-read.h"

#define FIELDS_MAX 512

/* ---- Fields ---- */

struct fields {
	const struct tl_entry_field *field[FIELDS_MAX]; /* n, by their names in the journal */
	size_t n;
};

static int field_order(const void *a, const void *b)
{
	const struct tl_entry_field *x = *(const struct tl_entry_field *const *)a;
	const struct tl_entry_field *y = *(const struct tl_entry_field *const *)b;
	int r = strcmp(x->journal, y->journal);

	return r ? r : (x > y) - (x < y);
}

static const struct tl_entry_field *find_field(const char *journal)
{
	static struct fields all;
	const struct tl_entry_field *field;
	size_t low = 0, high;

	for (size_t i = 0; !all.n || i; i++) {
		field = tl_entry_field_get(i);
		if (!field) {
			qsort(all.field, all.n, sizeof(all.field[0]), field_order);
			break;
		}
		if (field->journal && all.n < FIELDS_MAX)
			all.field[all.n++] = field;
	}
	for (high = all.n; low < high;) {
		size_t half = low + (high - low) / 2;

		if (strcmp(all.field[half]->journal, journal) < 0)
			low = half + 1;
		else
			high = half;
	}
	return low < all.n && strcmp(all.field[low]->journal, journal) == 0 ? all.field[low] : NULL;
}

/* ---- The line that an entry was made of ---- */

static bool is_number(const char *text)
{
	size_t n;

	text += *text == '-';
	n = strspn(text, "0123456789");
	return n && n < 21 && !text[n];
}

/* Where a value goes. */
struct place {
	struct tl_json *root, *object;
	const char *name;
	bool is_list; /* of objects: it is JSON in the journal, too */
};

/* "event.action": into the object "event", which is made. */
static int find_place(struct tl_json *root, const char *name, struct place *ret)
{
	struct place p = { .root = root, .object = root, .name = name };
	const char *dot;
	int r;

	for (; (dot = strchr(p.name, '.')); p.name = dot + 1) {
		struct tl_json *inner;
		char object[64];

		snprintf(object, sizeof(object), "%.*s", (int)(dot - p.name), p.name);
		inner = (struct tl_json *)tl_json_get(p.object, object);
		if (!inner) {
			r = tl_json_add(root, p.object, object, TL_JSON_OBJECT, NULL, &inner);
			if (r < 0)
				return r;
		}
		p.object = inner;
	}
	*ret = p;
	return 0;
}

/* What journalctl shows as numbers, byte by byte. */
static int put_bytes(const struct place *p, const struct tl_json *bytes)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	for (const struct tl_json *j = bytes->child; j; j = j->next) {
		if (j->type != TL_JSON_NUMBER)
			return 0;
		tl_put_char(&b, (char)strtol(j->string, NULL, 10));
	}
	tl_put_char(&b, 0);
	return b.failed ? -ENOMEM : tl_json_add(p->root, p->object, p->name, TL_JSON_STRING, b.data, NULL);
}

static int put_text(const struct place *p, const char *text)
{
	int r = p->is_list && *text == '[' ? tl_json_add_parsed(p->root, p->object, p->name, text) : -EINVAL;

	if (r != -EINVAL)
		return r;
	return tl_json_add(p->root, p->object, p->name, is_number(text) ? TL_JSON_NUMBER : TL_JSON_STRING, text, NULL);
}

/* Of fields that an entry has several times the first one is taken: more nobody here looks at. */
static int put_value(const struct place *p, const struct tl_json *value)
{
	if (value->type == TL_JSON_ARRAY && value->child && value->child->type != TL_JSON_NUMBER)
		value = value->child;
	if (value->type == TL_JSON_STRING)
		return put_text(p, value->string);
	return value->type == TL_JSON_ARRAY ? put_bytes(p, value) : 0;
}

static int put_field(struct tl_json *line, const struct tl_json *member)
{
	static const struct tl_entry_field host = { "host.name", "_HOSTNAME" };
	const struct tl_entry_field *field = strcmp(member->name, host.journal) == 0 ? &host : find_field(member->name);
	struct place place = { 0 };
	int r;

	if (!field || member->type == TL_JSON_NULL)
		return 0;
	r = find_place(line, field->name, &place);
	place.is_list = strncmp(field->name, "traceleft.ledger.", 17) == 0;
	return r < 0 ? r : put_value(&place, member);
}

int tl_report_entry(const struct tl_json *entry, struct tl_json **ret)
{
	_cleanup_(tl_json_freep) struct tl_json *line = NULL;
	int r = 0;

	if (!entry || entry->type != TL_JSON_OBJECT)
		return -EBADMSG;
	if (!tl_json_get(entry, "TRACELEFT_EVENT"))
		return -ENOENT;
	line = tl_json_new();
	if (!line)
		return -ENOMEM;
	for (const struct tl_json *j = entry->child; j && r >= 0; j = j->next)
		r = put_field(line, j);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(line);
	return 0;
}

/* ---- journalctl ---- */

static int take_entry(const char *text, size_t size, uint64_t number, bool torn, void *userdata)
{
	_cleanup_(tl_json_freep) struct tl_json *entry = NULL, *line = NULL;
	int r = text ? tl_json_parse(text, size, &entry) : -EBADMSG;

	(void)torn;
	if (r >= 0)
		r = tl_report_entry(entry, &line);
	if (r == -ENOENT)
		return 0;
	return r == -ENOMEM ? r : tl_report_stream_take(userdata, number, line);
}

extern char **environ;

/* Its standard output is *ret_out, its standard error goes to `errors`. */
static int start_journalctl(uint64_t since, int errors, pid_t *ret_pid, int *ret_out)
{
	char from[64];
	char *argv[] = {
		"journalctl", "-q", "--no-pager", "-a", "-o", "json", "-t", "traceleft", "_UID=0", from, NULL
	};
	_cleanup_close_ int ours = -1, theirs = -1;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t usual;
	int pipes[2], r;

	/* No event is in the journal before it has happened. */
	snprintf(from, sizeof(from), "--since=@%" PRIu64, since / 1000000000);
	argv[9] = since ? from : NULL;
	if (pipe2(pipes, O_CLOEXEC) < 0)
		return -errno;
	ours = pipes[0];
	theirs = pipes[1];
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, theirs, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO);
	sigemptyset(&usual);
	sigaddset(&usual, SIGPIPE);
	posix_spawnattr_setsigdefault(&attributes, &usual);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	r = posix_spawnp(ret_pid, argv[0], &actions, &attributes, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	if (r)
		return -r;
	*ret_out = TAKE_FD(ours);
	return 0;
}

/* What it says of a failure: its last line. */
static void complain(int errors, int status)
{
	char text[512];
	ssize_t n = pread(errors, text, sizeof(text) - 1, 0);

	while (n > 0 && text[n - 1] == '\n')
		n--;
	text[MAX(n, 0)] = 0;
	if (n > 0)
		tl_print_error("journalctl: %s", strrchr(text, '\n') ? strrchr(text, '\n') + 1 : text);
	else if (WIFSIGNALED(status))
		tl_print_error("journalctl: killed by signal %d", WTERMSIG(status));
	else
		tl_print_error("journalctl: exit status %d", WEXITSTATUS(status));
}

static int read_journal(struct tl_report_stream *s, int errors)
{
	_cleanup_fclose_ FILE *file = NULL;
	int out = -1, status = 0, r;
	pid_t pid;

	r = start_journalctl(s->report->since, errors, &pid, &out);
	if (r < 0)
		return r;
	file = fdopen(out, "r");
	r = file ? tl_report_lines(file, take_entry, s) : -ENOMEM;
	/* One that still writes ends by it. */
	if (file)
		fclose(TAKE_PTR(file));
	else
		close(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0 || status == 0)
		return r;
	complain(errors, status);
	s->report->unreadable++;
	return 0;
}

int tl_report_journal(struct tl_report *report)
{
	struct tl_report_stream s = { .report = report, .name = "journal" };
	_cleanup_close_ int errors = memfd_create("journalctl", MFD_CLOEXEC);
	int r = errors < 0 ? -errno : read_journal(&s, errors), end;

	report->sources++;
	report->journal = true;
	tl_report_stream_rest(&s);
	if (r < 0 && r != -ENOMEM) {
		tl_print_errno(r, "journalctl");
		report->unreadable++;
		r = 0;
	}
	end = tl_report_stream_end(&s);
	return r < 0 ? r : end;
}
