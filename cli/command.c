// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cli.h"
#include "command.h"

#define AWAKE_SECONDS 10 /* an orphan does not spin for ever */

enum stage {
	STAGE_ASLEEP,
	STAGE_AWAKE, /* by the child: outside of any call */
	STAGE_GO, /* by us: execute */
};

/* On a page that both processes have. */
struct shared {
	_Atomic int stage;
	int error; /* of the execve that failed */
};

struct tl_command {
	char *path;
	char *const *argv;
	struct shared *shared;
	pid_t pid;
	int pidfd;
	int sleep_fd; /* a byte in this pipe ends the sleep */
	bool running, ended;
};

static void pause_cpu(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#else
	atomic_signal_fence(memory_order_seq_cst);
#endif
}

/* 0, or why the file cannot be executed. */
static int executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0 ? -errno : 0;
}

/* As execvp(3), but here, so that failed attempts are not seen as the command's. */
static int find_program(const char *name, char **ret_path)
{
	const char *path = getenv("PATH");
	int error = -ENOENT;

	if (strchr(name, '/')) {
		int r = executable(name);

		if (r < 0)
			return r;
		*ret_path = strdup(name);
		return *ret_path ? 0 : -ENOMEM;
	}
	if (!*name)
		return -ENOENT;
	for (const char *at = path ? path : "/usr/local/bin:/usr/bin:/bin";; at++) {
		int n = (int)strcspn(at, ":"), r;
		_cleanup_free_ char *file = NULL;

		if (asprintf(&file, "%.*s%s%s", n, at, n ? "/" : "./", name) < 0) {
			file = NULL;
			return -ENOMEM;
		}
		r = executable(file);
		if (r == 0) {
			*ret_path = TAKE_PTR(file);
			return 0;
		}
		if (r == -EACCES)
			error = r;
		at += n;
		if (!*at)
			return error;
	}
}

static _Noreturn void child(struct tl_command *c, int sleep_fd, const sigset_t *mask)
{
	time_t begun;
	char byte;
	ssize_t n;

	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, mask, NULL);
	do
		n = read(sleep_fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	if (n != 1)
		_exit(TL_EXIT_FAILED); /* whoever was to watch us is gone */
	begun = tl_seconds_now();
	atomic_store(&c->shared->stage, STAGE_AWAKE);
	for (unsigned i = 1; atomic_load(&c->shared->stage) != STAGE_GO; i++) {
		pause_cpu();
		if (i % 4096 == 0 && tl_seconds_now() - begun > AWAKE_SECONDS)
			_exit(TL_EXIT_FAILED);
	}
	execve(c->path, c->argv, environ);
	c->shared->error = errno;
	_exit(tl_command_status_of(errno));
}

static int command_fork(struct tl_command *c, const sigset_t *mask)
{
	_cleanup_close_ int sleep_fd = -1;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	sleep_fd = fds[0];
	c->sleep_fd = fds[1];
	c->pid = fork();
	if (c->pid < 0)
		return -errno;
	if (c->pid == 0) {
		close(c->sleep_fd);
		child(c, sleep_fd, mask);
	}
	c->pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
	return c->pidfd < 0 ? -errno : 0;
}

int tl_command_new(char *const argv[], const sigset_t *mask, struct tl_command **ret_command)
{
	_cleanup_(tl_command_freep) struct tl_command *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->argv = argv;
	c->pid = c->pidfd = c->sleep_fd = -1;
	r = find_program(argv[0], &c->path);
	if (r < 0)
		return r;
	c->shared = mmap(NULL, sizeof(*c->shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (c->shared == MAP_FAILED) {
		c->shared = NULL;
		return -errno;
	}
	r = command_fork(c, mask);
	if (r < 0)
		return r;
	*ret_command = TAKE_PTR(c);
	return 0;
}

struct tl_command *tl_command_free(struct tl_command *c)
{
	int status, error;

	if (!c)
		return NULL;
	tl_closep(&c->sleep_fd);
	if (c->pid > 0 && !c->ended && !c->running) {
		kill(c->pid, SIGKILL);
		tl_command_wait(c, &status, &error);
	}
	tl_closep(&c->pidfd);
	if (c->shared)
		munmap(c->shared, sizeof(*c->shared));
	free(c->path);
	free(c);
	return NULL;
}

pid_t tl_command_pid(const struct tl_command *c)
{
	return c->pid;
}

int tl_command_fd(const struct tl_command *c)
{
	return c->pidfd;
}

int tl_command_wake(struct tl_command *c)
{
	const struct timespec moment = { .tv_nsec = 50000 };
	siginfo_t info = { 0 };

	if (write(c->sleep_fd, "", 1) != 1)
		return errno == EPIPE ? -ESRCH : -errno;
	while (atomic_load(&c->shared->stage) != STAGE_AWAKE) {
		if (waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
			return -errno;
		if (info.si_pid)
			return -ESRCH;
		nanosleep(&moment, NULL);
	}
	return 0;
}

int tl_command_run(struct tl_command *c)
{
	if (atomic_load(&c->shared->stage) == STAGE_ASLEEP) {
		int r = tl_command_wake(c);

		if (r < 0)
			return r;
	}
	c->running = true;
	atomic_store(&c->shared->stage, STAGE_GO);
	return 0;
}

void tl_command_signal(const struct tl_command *c, int signal)
{
	if (!c->ended)
		kill(c->pid, signal);
}

int tl_command_wait(struct tl_command *c, int *ret_status, int *ret_error)
{
	int status;
	pid_t pid;

	do
		pid = waitpid(c->pid, &status, 0);
	while (pid < 0 && errno == EINTR);
	if (pid < 0)
		return -errno;
	c->ended = true;
	*ret_error = c->shared->error;
	*ret_status = WIFSIGNALED(status) ? TL_EXIT_SIGNAL + WTERMSIG(status) : WEXITSTATUS(status);
	return 0;
}

int tl_command_status_of(int error)
{
	return abs(error) == ENOENT || abs(error) == ENOTDIR ? TL_EXIT_NOT_FOUND : TL_EXIT_NOT_EXECUTABLE;
}
