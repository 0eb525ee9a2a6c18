/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../lib/seal.h"
#include "../lib/util.h"
#include "battery.h"
#include "generate.h"

#ifdef __x86_64__
#define MULTIARCH "/usr/include/x86_64-linux-gnu"
#else
#define MULTIARCH "/usr/include/aarch64-linux-gnu"
#endif

#define OUTPUT_MAX 65536 /* bytes kept of what a compiler says */
#define JOBS_MAX 256

extern char **environ;

/* ---- One compiler ---- */

struct compile {
	pid_t pid; /* 0: none */
	int output; /* a file without a name; valid while there is a process */
};

static int spawn(const char *clang, char *const argv[], int output, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int r;

	if (posix_spawn_file_actions_init(&actions))
		return -ENOMEM;
	r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	for (int fd = STDOUT_FILENO; !r && fd <= STDERR_FILENO; fd++)
		r = posix_spawn_file_actions_adddup2(&actions, output, fd);
	if (!r)
		r = posix_spawnp(ret_pid, clang, &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

static int compile_start(const char *clang, const char *include_dir, const char *folder, const char *source_path,
			 const char *object_path, struct compile *ret)
{
	_cleanup_free_ char *include = NULL, *map = NULL;
	_cleanup_close_ int output = -1;
	pid_t pid = 0;
	int r;

	if (!clang)
		clang = "clang";
	/* The object does not say where it was made. */
	if (asprintf(&include, "-I%s", include_dir) < 0)
		include = NULL;
	if (asprintf(&map, "-fdebug-prefix-map=%s=.", folder) < 0)
		map = NULL;
	if (!include || !map)
		return -ENOMEM;
	output = memfd_create("compiler output", MFD_CLOEXEC);
	if (output < 0)
		return -errno;
	r = spawn(clang,
		  (char *const[]){ (char *)clang, "-g", "-O2", "-target", "bpf", "-mcpu=v2", "-D__bpf__", include,
				   "-I" MULTIARCH, map, "-c", "-o", (char *)object_path, (char *)source_path, NULL },
		  output, &pid);
	if (r < 0)
		return r;
	*ret = (struct compile){ .pid = pid, .output = TAKE_FD(output) };
	return 0;
}

static char *read_output(int fd)
{
	char *text = malloc(OUTPUT_MAX + 1);
	ssize_t n;

	if (!text)
		return NULL;
	n = pread(fd, text, OUTPUT_MAX, 0);
	text[n < 0 ? 0 : n] = 0;
	return text;
}

/* Waits. *ret_output is what the compiler said, "" if nothing, owned by the
 * caller; it is written if the result is 0 or -EBADMSG: it refused the source. */
static int compile_finish(struct compile *c, char **ret_output)
{
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int output = TAKE_FD(c->output);
	int status, r = 0;

	while (waitpid(c->pid, &status, 0) < 0)
		if (errno != EINTR) {
			r = -errno;
			break;
		}
	c->pid = 0;
	if (!r && (!WIFEXITED(status) || WEXITSTATUS(status)))
		r = -EBADMSG;
	text = read_output(output);
	if (!r && !text)
		r = -ENOMEM;
	if (text && (!r || r == -EBADMSG))
		*ret_output = TAKE_PTR(text);
	return r;
}

/* ---- Several ---- */

struct job {
	const struct tl_event_type *type;
	char *source, *made; /* paths where they are made; owned */
	char *object; /* where it goes when it is whole; owned */
	struct compile compile;
};

struct build {
	const struct tl_battery_options *options;
	const char *out_dir;
	char *folder; /* in out_dir and nobody else's: where things are made; owned */
	struct job *jobs; /* a ring of the compilers that run */
	unsigned n_jobs, first, running;
	int built, error; /* error: the first one */
};

static void fail(struct build *b, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void fail(struct build *b, int error, const char *format, ...)
{
	_cleanup_free_ char *message = NULL;
	va_list ap;

	if (!b->error)
		b->error = error;
	va_start(ap, format);
	if (vasprintf(&message, format, ap) < 0)
		message = NULL;
	va_end(ap);
	for (char *c = message; c && *c; c++)
		if (*c < ' ' || *c > '~')
			*c = '?';
	if (b->options->problem && message)
		b->options->problem(b->options->userdata, 0, 0, message);
}

/* Cuts the compiler's text down to the line that says what is wrong. */
static const char *first_error(char *text)
{
	char *at = strstr(text, "error:");

	while (at && at > text && at[-1] != '\n')
		at--;
	if (!at)
		at = text;
	at[strcspn(at, "\n")] = 0;
	return *at ? at : "it was stopped";
}

static void job_done(struct job *job)
{
	if (job->source)
		unlink(job->source);
	if (job->made)
		unlink(job->made);
	free(job->source);
	free(job->made);
	free(job->object);
	*job = (struct job){};
}

/* What is made goes to its place, whatever was there: a link is not followed. */
static int put_in_place(const struct build *b, const struct job *job)
{
	_cleanup_free_ char *source = NULL;

	if (b->options->keep_source) {
		if (asprintf(&source, "%s/" TL_HANDLER_SOURCE, b->out_dir, job->type->name) < 0) {
			source = NULL;
			return -ENOMEM;
		}
		if (rename(job->source, source) < 0)
			return -errno;
	}
	return rename(job->made, job->object) < 0 ? -errno : 0;
}

/* Waits for the compiler that was started first. */
static void finish_job(struct build *b)
{
	struct job *job = &b->jobs[b->first];
	_cleanup_free_ char *output = NULL;
	int r = compile_finish(&job->compile, &output);

	if (!r)
		r = tl_seal_file(job->made);
	if (!r)
		r = put_in_place(b, job);
	if (r == -EBADMSG) {
		fail(b, r, "%s: the compiler refused the handler: %s", job->type->name, first_error(output));
	} else if (r < 0) {
		fail(b, r, "%s: %s", job->object, strerror(-r));
	} else {
		b->built++;
		if (b->options->built)
			b->options->built(b->options->userdata, job->type, job->object);
	}
	job_done(job);
	b->first = (b->first + 1) % b->n_jobs;
	b->running--;
}

static int write_source(const char *path, const struct tl_event_type *type)
{
	FILE *f = fopen(path, "we");
	int r;

	if (!f)
		return -errno;
	r = tl_generate_handler(f, type);
	if (fclose(f) && !r)
		r = -EIO;
	return r;
}

static int start_job(struct build *b, const struct tl_event_type *type)
{
	const struct tl_battery_options *o = b->options;
	struct job job = { .type = type };
	int r;

	if (asprintf(&job.object, "%s/" TL_HANDLER_OBJECT, b->out_dir, type->name) < 0)
		job.object = NULL;
	if (asprintf(&job.made, "%s/" TL_HANDLER_OBJECT, b->folder, type->name) < 0)
		job.made = NULL;
	if (asprintf(&job.source, "%s/" TL_HANDLER_SOURCE, b->folder, type->name) < 0)
		job.source = NULL;
	if (!job.object || !job.made || !job.source) {
		job_done(&job);
		fail(b, -ENOMEM, "%s: %s", type->name, strerror(ENOMEM));
		return -ENOMEM;
	}
	r = write_source(job.source, type);
	if (r < 0)
		fail(b, r, "%s: %s", job.source, strerror(-r));
	if (!r) {
		r = compile_start(o->clang, o->include_dir, b->folder, job.source, job.made, &job.compile);
		if (r < 0)
			fail(b, r, "the compiler %s cannot be run: %s", o->clang ? o->clang : "clang", strerror(-r));
	}
	if (r < 0) {
		job_done(&job);
		return r;
	}
	b->jobs[(b->first + b->running++) % b->n_jobs] = job;
	return 0;
}

/* In a folder of everybody somebody may have put a link in the way. */
static int check_folder(struct build *b)
{
	struct stat st;

	if (lstat(b->out_dir, &st) == 0 && S_ISLNK(st.st_mode) && st.st_uid != 0 && st.st_uid != geteuid()) {
		fail(b, -ELOOP, "%s: refused: it is somebody else's symbolic link", b->out_dir);
		return -ELOOP;
	}
	return 0;
}

static int make_folders(struct build *b)
{
	int r = -ENOMEM;

	if (mkdir(b->out_dir, 0755) == 0 || errno == EEXIST) {
		r = check_folder(b);
		if (r < 0)
			return r;
		if (asprintf(&b->folder, "%s/.build.XXXXXX", b->out_dir) < 0)
			b->folder = NULL;
		else if (mkdtemp(b->folder))
			return 0;
	}
	r = -errno;
	fail(b, r, "%s: %s", b->out_dir, strerror(-r));
	free(b->folder);
	return r;
}

int tl_battery_build_types(const struct tl_event_type *types, size_t n, const char *out_dir,
			   const struct tl_battery_options *options)
{
	long cpus = options->jobs ? options->jobs : sysconf(_SC_NPROCESSORS_ONLN);
	struct build b = { .options = options, .out_dir = out_dir, .n_jobs = cpus < 1 ? 1 : MIN(cpus, JOBS_MAX) };
	_cleanup_free_ struct job *jobs = b.jobs = calloc(b.n_jobs, sizeof(*b.jobs));

	if (!jobs) {
		fail(&b, -ENOMEM, "%s", strerror(ENOMEM));
		return b.error;
	}
	if (make_folders(&b) < 0)
		return b.error;
	for (size_t i = 0; i < n; i++) {
		if (types[i].class != TL_CLASS_SYSCALL)
			continue;
		if (b.running == b.n_jobs)
			finish_job(&b);
		if (start_job(&b, &types[i]) < 0)
			break;
	}
	while (b.running)
		finish_job(&b);
	rmdir(b.folder);
	free(b.folder);
	return b.error ? b.error : b.built;
}

int tl_battery_build(const char *config_path, const char *out_dir, const struct tl_battery_options *options)
{
	struct tl_table table;
	int r;

	r = tl_table_load(config_path, options->builtin, options->n_builtin, &table, options->problem,
			  options->userdata);
	if (r < 0)
		return r;
	r = tl_battery_build_types(table.types, table.n, out_dir, options);
	tl_table_done(&table);
	return r;
}
