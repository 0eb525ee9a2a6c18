/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of many events: the calls are lines of a file, see tests/events/calls/README.
 * What their events must say of objects follows from the descriptors and names
 * that were given, as /proc and stat(2) know them.
 */
#include <ctype.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "calls.h"
#include "wire.h"

#define ROWS_MAX 448
#define LINES_MAX 64
#define FILES_MAX 32

struct row {
	char name[32];
	struct line {
		const char *text;
		int number;
	} lines[LINES_MAX];
	size_t n_lines;
};

static struct file {
	char name[32]; /* without its folder and ending: the test's */
	const char *path;
	struct row rows[ROWS_MAX];
	struct test_case cases[ROWS_MAX];
	const char *events[ROWS_MAX + 1]; /* a case each */
	size_t n_rows;
	struct test test;
} * files[FILES_MAX], *at_file;

/* ---- What must be said of objects ---- */

/* A path without "." and "..", made of what was asked for. */
static const char *cleaned(const char *path)
{
	char *copy = room(strlen(path) + 2), *end = copy;

	for (const char *at = path; *at;) {
		size_t n;

		at += strspn(at, "/");
		n = strcspn(at, "/");
		if (n == 2 && at[0] == '.' && at[1] == '.') {
			while (end > copy && *--end != '/')
				;
		} else if (n && !(n == 1 && at[0] == '.')) {
			*end++ = '/';
			memcpy(end, at, n);
			end += n;
		}
		at += n;
	}
	if (end == copy)
		*end++ = '/';
	*end = '\0';
	return copy;
}

const char *path_of_fd(int fd, bool *ret_deleted)
{
	char path[PATH_MAX] = "";
	ssize_t n = readlink(text("/proc/self/fd/%d", fd), path, sizeof(path) - 1);
	char *deleted = n > 0 ? strstr(path, " (deleted)") : NULL;

	*ret_deleted = deleted && !deleted[10];
	if (*ret_deleted)
		*deleted = '\0';
	return n > 0 ? text("%s", path) : NULL;
}

static const char *asked_path(const struct call *c, unsigned at, unsigned name)
{
	const struct bytes *asked = &c->captured[name - 1];
	char cwd[PATH_MAX] = "";
	bool deleted;
	const char *base;

	if (!asked->size || asked->flags & TL_VALUE_FAULT)
		return NULL;
	if (asked->data[0] == '/')
		return cleaned(text("%.*s", (int)asked->size, asked->data));
	base = at && (int)c->args[at - 1] != AT_FDCWD ? path_of_fd((int)c->args[at - 1], &deleted) :
							getcwd(cwd, sizeof(cwd));
	return base ? cleaned(text("%s/%.*s", base, (int)asked->size, asked->data)) : NULL;
}

static void object_of_fd(struct call *c, struct object *o, int fd)
{
	bool deleted = false;
	const char *path = fd >= 0 ? path_of_fd(fd, &deleted) : NULL;

	(void)c;
	if (!path)
		return;
	*o = (struct object){ .path = path, .has_facts = true, .before = stat_of_fd(fd) };
	o->after = o->before;
	if (strcmp(path, "anon_inode:[pidfd]") == 0)
		o->after.st_mode |= S_IFREG; /* stat(2) does not tell */
	/* These have no name in any tree. */
	if (strncmp(path, "/memfd:", 7) == 0 || strcmp(path, "/secretmem") == 0)
		o->path = path + 1;
	else if (deleted)
		o->flags = TL_VALUE_DELETED;
}

static void object_of_name(struct call *c, struct object *o, unsigned at, unsigned name)
{
	const char *path = asked_path(c, at, name);

	*o = (struct object){ .path = path, .claim = path };
	o->has_facts = path && lstat(path, &o->before) == 0;
	o->after = o->before;
}

static bool is_empty_name(const struct call *c, unsigned name)
{
	return c->args[name - 1] > 1 && !c->captured[name - 1].size && !(c->captured[name - 1].flags & TL_VALUE_FAULT);
}

static void object_before(struct call *c, struct object *o, uint8_t from, uint8_t fd, uint8_t name)
{
	if (from == FROM_FD || (from == FROM_AT && is_empty_name(c, name)))
		object_of_fd(c, o, (int)c->args[fd - 1]);
	else if (name)
		object_of_name(c, o, fd, name);
}

static void object_after(struct call *c, struct object *o, uint8_t from)
{
	struct stat st;
	char cwd[PATH_MAX];

	if (from == FROM_RET && c->ret >= 0) {
		*o = (struct object){};
		object_of_fd(c, o, (int)c->ret);
	} else if (from == FROM_CWD && c->ret == 0 && getcwd(cwd, sizeof(cwd))) {
		*o = (struct object){ .path = text("%s", cwd), .has_facts = true, .before = stat_of(".") };
		o->after = o->before;
	} else if (o->has_facts && o->path && lstat(o->path, &st) == 0 && st.st_ino == o->before.st_ino) {
		o->after = st;
	}
}

static bool is_a_socket(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

/* What a call's argument says of the far end, of messages the first one's. */
static struct tl_endpoint asked_end(const struct call *c, const struct tl_arg_type *arg)
{
	const struct bytes *captured = &c->captured[arg->position - 1];
	const struct tl_message *message = (const void *)captured->data;

	if (!captured->flags || captured->flags & TL_VALUE_FAULT)
		return (struct tl_endpoint){};
	if (!tl_capture_is_message(arg->capture))
		return endpoint(captured->data, captured->size);
	return captured->size ? endpoint(message + 1, message->name_size) : (struct tl_endpoint){};
}

/* Where the kernel knows no far end it is the one that was asked for. A datagram
 * goes where it is sent to. */
static void ends_after(struct call *c, int fd)
{
	const char *name = c->event;
	bool incoming = false, sends = strncmp(name, "send", 4) == 0;

	if (!is_a_socket(fd)) {
		if (strcmp(name, "connect") == 0)
			c->destination = asked_end(c, &c->type->args[1]);
		return;
	}
	is_socket(c, fd);
	/* Of such a socket the kernel part knows but the family; the rest is as the call names it. */
	if (c->source.family == AF_VSOCK) {
		c->source = (struct tl_endpoint){ .family = AF_VSOCK };
		c->destination = c->source;
	}
	if (strcmp(name, "bind") == 0) {
		c->destination = (struct tl_endpoint){};
		return;
	}
	for (unsigned i = 0; i < c->type->n_args; i++) {
		const struct tl_arg_type *arg = &c->type->args[i];
		struct tl_endpoint asked;

		if (arg->capture != TL_CAPTURE_SOCKADDR && arg->capture != TL_CAPTURE_SOCKADDR_POINTER &&
		    !tl_capture_is_message(arg->capture))
			continue;
		incoming = c->type->flags & TL_TYPE_RETURNS_FD || strncmp(name, "recv", 4) == 0;
		asked = asked_end(c, arg);
		if (!(asked.path.flags & TL_VALUE_CLAIM) || strcmp(name, "getsockname") == 0)
			continue;
		if (asked.family == c->destination.family && asked.family != AF_INET && asked.family != AF_INET6 &&
		    asked.family != AF_UNIX && asked.family != AF_VSOCK)
			continue; /* of others there is nothing but the family */
		if (!c->destination.port && !c->destination.path.size &&
		    (c->socket_type != SOCK_RAW || !c->destination.address[0]))
			c->destination = asked;
		else if (sends && c->socket_type == SOCK_DGRAM && asked.port != c->destination.port)
			c->destination = asked;
	}
	if (incoming) {
		struct tl_endpoint near = c->source;

		c->source = c->destination;
		c->destination = near;
	}
}

/* ---- One call ---- */

static const char *result_text(const struct call *c)
{
	if (c->type->flags & TL_TYPE_NO_RETURN)
		return "?";
	if (c->ret < 0 && c->ret >= -4095)
		return c->ret == -514 ? "? ERESTARTNOHAND (To be restarted if no handler)" :
		       c->ret == -516 ? "? ERESTART_RESTARTBLOCK (Interrupted by signal)" :
					text("-1 %s (%s)", strerrorname_np((int)-c->ret), strerror((int)-c->ret));
	return c->type->flags & TL_TYPE_RETURNS_POINTER ? text("0x%lx", (long)c->ret) : text("%ld", (long)c->ret);
}

/* result: unless TEXT says it behind "=>". */
static const char *shown_text(const char *name, const struct parsed *parsed, const char *result)
{
	const char *arguments = expanded(parsed), *failed = strstr(arguments, " || "), *other;

	if (failed)
		arguments = result[0] == '-' ? failed + 4 : text("%.*s", (int)(failed - arguments), arguments);
	other = strstr(arguments, " => ");

	return other ? text("%s(%.*s) = %s", name, (int)(other - arguments), arguments, other + 4) :
		       text("%s(%s) = %s", name, arguments, result);
}

/* "0", "-3", "EINVAL", "any" (not an error), "fd" (the same), with "/" between. */
static bool is_wanted(const char *wanted, int64_t ret)
{
	for (const char *at = wanted; *at;) {
		size_t n = strcspn(at, "/ ");
		const char *word = text("%.*s", (int)n, at), *name = ret < 0 ? strerrorname_np((int)-ret) : NULL;

		if (strcmp(word, "any") == 0 || strcmp(word, "fd") == 0 ? ret >= 0 || ret < -4095 :
		    isdigit((unsigned char)*word) || *word == '-'	? ret == strtoll(word, NULL, 0) :
									  name && strcmp(word, name) == 0)
			return true;
		at += n;
		at += strspn(at, "/ ");
	}
	return false;
}

struct made {
	const struct row *row;
	const struct line *line;
	const struct parsed *parsed;
	bool by_32;
};

static long number_of(const struct made *m)
{
	const struct tl_event_type *type = tl_event_type_find(m->row->name);

	if (strcmp(m->row->name, "unknown") == 0)
		return m->parsed->number;
	return type ? type->number[m->by_32] : -1;
}

static void on_signal(int number)
{
	(void)number;
}

static struct call *make(const struct made *m)
{
	const char *how = m->parsed->how;
	long number = number_of(m);

	if (strstr(how, "alarm")) {
		sigaction(SIGALRM, &(const struct sigaction){ .sa_handler = on_signal }, NULL);
		setitimer(ITIMER_REAL, &(const struct itimerval){ .it_value = { .tv_usec = 50000 } }, NULL);
	}
	if (strstr(how, "signalled"))
		signal(SIGILL, on_signal);
	if (strstr(how, "fork"))
		return call_fork_made(at_file->path, m->line->number, number, m->parsed->args);
	if (m->by_32)
		return call32_made(at_file->path, m->line->number, number, m->parsed->args);
	return call_made(at_file->path, m->line->number, number, m->parsed->args);
}

/* Everything as it is before the call, by a call that is not made. */
static void look_before(const struct made *m, struct call *before)
{
	const struct tl_event_type *type = tl_event_type_find(m->row->name);

	*before = (struct call){ .type = type, .abi = m->by_32 };
	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		before->args[i] = (uint64_t)m->parsed->args[i];
	for (unsigned i = 0; i < type->n_args; i++)
		before->captured[type->args[i].position - 1] = captured_of(before, &type->args[i]);
	object_before(before, &before->file_object, type->path_from, type->path_fd, type->path_name);
	object_before(before, &before->target_object, type->target_from, type->target_fd, type->target_name);
}

static void tested(const struct made *m)
{
	bool is_listed = strcmp(m->row->name, "unknown") != 0;
	const char *how = m->parsed->how;
	struct call before, *c;

	look_before(m, &before);
	c = make(m);
	if (m->by_32 && c->type->flags & TL_TYPE_RETURNS_POINTER && c->ret < -4095)
		c->ret = (uint32_t)c->ret;
	if (strstr(how, "alarm") && c->ret == -EINTR)
		/* ERESTART_RESTARTBLOCK, ERESTARTNOHAND, which become EINTR on the way back */
		c->ret = strcmp(m->row->name, "nanosleep") == 0 ? -516 : -514;
	c->shown = shown_text(is_listed ? m->row->name : text("syscall_%ld", m->parsed->number), m->parsed,
			      result_text(c));
	for (unsigned i = 0; i < TL_ARGS_MAX; i++) {
		if (!strstr(how, text("lost%u", i + 1)))
			continue;
		c->captured[i] = (struct bytes){};
		c->flags |= TL_EVENT_INCOMPLETE;
	}
	if (strstr(m->parsed->text, "%*")) { /* a register that the door does not set */
		c->shown = text("%s(%s", m->row->name, expanded(m->parsed));
		c->unknown_args |= 1U << 5;
	}
	if (!is_wanted(m->parsed->result, c->ret == -514 || c->ret == -516 ? -EINTR : c->ret))
		fail_case(c->of, at_file->path, m->line->number, "wanted %s, it returned %ld (%s)", m->parsed->result,
			  (long)c->ret, c->ret < 0 ? strerror((int)-c->ret) : "");
	c->file_object = before.file_object;
	c->target_object = before.target_object;
	object_after(c, &c->file_object, c->type->path_from);
	c->is_found = strstr(how, "found") && c->ret != -ENOSYS;
	if (strstr(how, "detached")) {
		c->file_object.flags |= TL_VALUE_DETACHED;
		if (c->ret < 0 && c->type->path_from == FROM_AT) /* its name is empty: nothing to claim */
			c->file_object = (struct object){};
	}
	if (c->type->flags & TL_TYPE_SOCKET)
		ends_after(c, c->type->path_from == FROM_RET ? (int)c->ret : (int)c->args[0]);
	if (m->parsed->variable[0])
		variable_set(m->parsed->variable, c->ret);
	else if (c->type->flags & TL_TYPE_RETURNS_FD && c->ret > 2 && strncmp(m->row->name, "dup", 3) != 0)
		close((int)c->ret);
}

static const struct made *at_hand;

static void tested_by_nobody(void)
{
	become_nobody();
	tested(at_hand);
}

static void tested_by_child(void)
{
	tested(at_hand);
}

/* Where nobody else sees what becomes of mounts: a file system is on "point". */
static void tested_by_mounter(void)
{
	require(unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	require(mount("none", "point", "tmpfs", 0, "size=64k") == 0 && mkdir("point/old", 0755) == 0);
	has_moved();
	tested(at_hand);
}

/* What the call does not return from says nothing of its own: all is known before. */
static void tested_last(const struct made *m)
{
	uint32_t number = run_calls();

	call_last_made(at_file->path, m->line->number, m->by_32, number_of(m), m->parsed->args);
	run_call(number)->shown = text("%s(%s) = ?", m->row->name, expanded(m->parsed));
}

/* Out of a signal's handler, by the call that the C library has put there. */
static void tested_return(const struct made *m)
{
	static const long none[6];
	struct call *c;

	signal(SIGUSR2, on_signal);
	c = call_noted(at_file->path, m->line->number, number_of(m), none);
	c->shown = text("%s() = ?", m->row->name);
	raise(SIGUSR2);
	c->after = now();
}

static void run_line(const struct row *row, const struct line *line)
{
	const struct tl_event_type *type = tl_event_type_find(row->name);
	struct parsed parsed;
	struct made m = { .row = row, .line = line, .parsed = &parsed };

	if (line->text[0] == '.') {
		prepared(at_file->path, line->number, line->text + 1);
		return;
	}
	parse(at_file->path, line->number, line->text, &parsed);
	m.by_32 = strstr(parsed.how, "32") || (type->number[0] < 0 && !(type->flags & TL_TYPE_UNLISTED));
	at_hand = &m;
	if (m.by_32 && !has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		if (parsed.variable[0])
			variable_set(parsed.variable, -1);
	} else if (strstr(parsed.how, "last"))
		tested_last(&m);
	else if (strstr(parsed.how, "handler"))
		tested_return(&m);
	else if (strstr(parsed.how, "nobody"))
		in_child(tested_by_nobody);
	else if (strstr(parsed.how, "mounted"))
		in_child(tested_by_mounter);
	else if (strstr(parsed.how, "child"))
		in_child(tested_by_child);
	else
		tested(&m);
}

static void run_row(void)
{
	const struct row *row = &at_file->rows[run_case()];

	for (size_t i = 0; i < row->n_lines; i++)
		run_line(row, &row->lines[i]);
}

/* ---- The file ---- */

static void read_rows(struct file *f)
{
	FILE *file = fopen(f->path, "r");
	char line[1024];
	int number = 0;

	if (!file) {
		perror(f->path);
		exit(2);
	}
	while (fgets(line, sizeof(line), file)) {
		char *at = line + strspn(line, " \t");
		struct row *row = f->n_rows ? &f->rows[f->n_rows - 1] : NULL;

		number++;
		at[strcspn(at, "\n")] = '\0';
		if (!*at || *at == '#')
			continue;
		if (sscanf(at, "row %31s", f->rows[f->n_rows].name) == 1) {
			f->events[f->n_rows] = f->rows[f->n_rows].name;
			f->cases[f->n_rows] = (struct test_case){ f->rows[f->n_rows].name, run_row };
			f->n_rows++;
		} else if (row && row->n_lines < LINES_MAX) {
			row->lines[row->n_lines++] = (struct line){ strdup(at), number };
		}
	}
	fclose(file);
}

/* Whose rows are run in this process. */
static void choose_file(void)
{
	for (size_t i = 0; files[i]; i++)
		if (run->test == &files[i]->test)
			at_file = files[i];
}

static struct file *file_new(const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	struct file *f = calloc(1, sizeof(*f));

	if (!f)
		abort();
	snprintf(f->name, sizeof(f->name), "%.*s", (int)strcspn(name, "."), name);
	f->path = path;
	read_rows(f);
	f->test = (struct test){ f->name, f->cases, f->n_rows, choose_file, f->events };
	return f;
}

int main(int argc, char **argv)
{
	if (argc < 2 || argc > FILES_MAX) {
		fprintf(stderr, "usage: calls FILE...\n");
		return 2;
	}
	for (int i = 0; i < argc - 1; i++) {
		files[i] = file_new(argv[i + 1]);
		test_enlist(&files[i]->test);
	}
	return argc == 2 ? run_test(&files[0]->test) : run_together(NULL);
}
