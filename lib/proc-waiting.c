/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "proc-waiting.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "process-proc.h"
#include "rights.h"
#include "util.h"

#define STACK_SIZE (256 * 1024)

/* ---- What is read ---- */

/* A file may really be called "x (deleted)". */
static void read_program(int proc_fd, struct tl_proc_waiting *ret)
{
	size_t n = strlen(ret->executable), unmarked = tl_proc_unmarked(ret->executable, n);
	struct stat st, named;

	if (fstatat(proc_fd, "exe", &st, 0) < 0)
		return;
	ret->inode = st.st_ino;
	ret->major = major(st.st_dev);
	ret->minor = minor(st.st_dev);
	if (unmarked == n)
		return;
	if (st.st_nlink && stat(ret->executable, &named) == 0 && named.st_ino == st.st_ino && named.st_dev == st.st_dev)
		return;
	ret->executable[unmarked] = '\0';
	ret->deleted = true;
}

/* A process that writes its own title leaves a tail of NULs, or none at all. */
static void read_args(int proc_fd, struct tl_proc_waiting *ret)
{
	ssize_t n = tl_proc_read_file(proc_fd, "cmdline", ret->args, sizeof(ret->args));

	ret->args_known = n >= 0;
	if (n <= 0)
		return;
	ret->args_truncated = n == TL_PROC_ARGS_MAX;
	while (n > 1 && !ret->args[n - 1] && !ret->args[n - 2])
		n--;
	if (ret->args[n - 1] && n < TL_PROC_ARGS_MAX)
		n++;
	ret->args_size = (uint32_t)n;
	ret->args[n - 1] = '\0';
}

void tl_proc_read_waiting(int proc_fd, struct tl_proc_waiting *ret)
{
	memset((char *)ret + sizeof(ret->executable), 0,
	       offsetof(struct tl_proc_waiting, args) - sizeof(ret->executable));
	ret->args[0] = '\0';
	read_program(proc_fd, ret);
	read_args(proc_fd, ret);
}

/* ---- The thread ---- */

enum state { IDLE, ASKED, ANSWERED, LEFT_ALONE };

struct tl_proc_reader {
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	pthread_t thread;
	pid_t tid; /* 0: it has not begun yet */
	enum state state;
	bool ends;
	int proc_fd; /* owned while ASKED */
	struct tl_proc_waiting answer; /* the thread's while ASKED and LEFT_ALONE */
};

static atomic_uint n_stuck;

static void reader_done(struct tl_proc_reader *r)
{
	pthread_cond_destroy(&r->changed);
	pthread_mutex_destroy(&r->mutex);
	free(r);
}

static void *read_for_others(void *argument)
{
	struct tl_proc_reader *r = argument;
	bool alone;

	tl_rights_limit(TL_RIGHTS_LOOK, TL_RIGHTS_LOOK);
	pthread_mutex_lock(&r->mutex);
	r->tid = gettid();
	for (;;) {
		while (r->state != ASKED && !r->ends)
			pthread_cond_wait(&r->changed, &r->mutex);
		if (r->state != ASKED)
			break;
		pthread_mutex_unlock(&r->mutex);
		tl_proc_read_waiting(r->proc_fd, &r->answer);
		close(r->proc_fd);
		pthread_mutex_lock(&r->mutex);
		if (r->state == LEFT_ALONE)
			break;
		r->state = ANSWERED;
		pthread_cond_signal(&r->changed);
	}
	alone = r->state == LEFT_ALONE;
	pthread_mutex_unlock(&r->mutex);
	reader_done(r);
	if (alone)
		atomic_fetch_sub(&n_stuck, 1);
	return NULL;
}

/* Signals are for the threads that expect them. */
static int start_thread(struct tl_proc_reader *r)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	int error;

	if (pthread_attr_init(&attributes))
		return -ENOMEM;
	pthread_attr_setstacksize(&attributes, STACK_SIZE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(&r->thread, &attributes, read_for_others, r);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return -error;
}

static struct tl_proc_reader *reader_new(void)
{
	struct tl_proc_reader *r = malloc(sizeof(*r));
	pthread_condattr_t attributes;

	if (!r)
		return NULL;
	memset(r, 0, offsetof(struct tl_proc_reader, answer));
	pthread_mutex_init(&r->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&r->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	if (start_thread(r) < 0) {
		reader_done(r);
		return NULL;
	}
	return r;
}

struct tl_proc_reader *tl_proc_reader_free(struct tl_proc_reader *r)
{
	pthread_t thread;

	if (!r)
		return NULL;
	thread = r->thread;
	pthread_mutex_lock(&r->mutex);
	r->ends = true;
	pthread_cond_signal(&r->changed);
	pthread_mutex_unlock(&r->mutex);
	pthread_join(thread, NULL);
	return NULL;
}

/* For an answer, meanwhile without the mutex. */
static void wait_for(struct tl_proc_reader *r, unsigned ms)
{
	struct timespec until;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ms * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (r->state == ASKED && !error)
		error = pthread_cond_timedwait(&r->changed, &r->mutex, &until);
}

/* On a machine that is busy it may not have had its turn. */
static bool wants_cpu(const struct tl_proc_reader *r)
{
	char path[64], text[128], *end;

	if (!r->tid)
		return true;
	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", r->tid);
	if (tl_proc_read_file(AT_FDCWD, path, text, sizeof(text)) < 0)
		return false;
	end = strrchr(text, ')');
	return end && end[1] == ' ' && end[2] == 'R';
}

/* Whether there is an answer; if not, the thread has been left to itself. */
static bool wait_for_answer(struct tl_proc_reader *r)
{
	bool answered;

	for (unsigned i = 0; r->state == ASKED && i < TL_PROC_PATIENCE_BUSY && (!i || wants_cpu(r)); i++)
		wait_for(r, TL_PROC_PATIENCE_MS);
	/* It may have slept for nothing but the mutex. */
	if (r->state == ASKED)
		wait_for(r, TL_PROC_PATIENCE_MS / 2);
	answered = r->state == ANSWERED;
	if (!answered) {
		r->state = LEFT_ALONE;
		pthread_detach(r->thread);
		atomic_fetch_add(&n_stuck, 1);
	}
	return answered;
}

const struct tl_proc_waiting *tl_proc_ask(struct tl_proc_reader **reader, int proc_fd, const char *executable)
{
	struct tl_proc_reader *r;
	bool answered;
	int fd;

	if (atomic_load(&n_stuck) >= TL_PROC_STUCK_MAX)
		return NULL;
	if (!*reader)
		*reader = reader_new();
	r = *reader;
	fd = r ? fcntl(proc_fd, F_DUPFD_CLOEXEC, 0) : -1;
	if (fd < 0)
		return NULL;
	pthread_mutex_lock(&r->mutex);
	snprintf(r->answer.executable, sizeof(r->answer.executable), "%s", executable);
	r->proc_fd = fd;
	r->state = ASKED;
	pthread_cond_signal(&r->changed);
	answered = wait_for_answer(r);
	pthread_mutex_unlock(&r->mutex);
	if (answered)
		return &r->answer;
	*reader = NULL;
	return NULL;
}
