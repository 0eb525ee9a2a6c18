/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A command that is started but waits before its first instruction until
 * whoever watches it is ready.
 *
 * It waits twice: asleep, for as long as it takes to load what watches it,
 * and then for a moment awake and outside of any system call, so that the one
 * in which it slept is over before it is watched: the first call that is seen
 * of it is its execve.
 */
#ifndef TRACELEFT_COMMAND_H
#define TRACELEFT_COMMAND_H

#include <signal.h>
#include <sys/types.h>

struct tl_command;

/* Forks; argv ends with NULL and stays the caller's. The command gets the
 * signal mask `mask`. -ENOENT: no such program, -EACCES: not executable. */
int tl_command_new(char *const argv[], const sigset_t *mask, struct tl_command **ret_command);
/* Kills it if it still waits, leaves it alone if it runs. Returns NULL. */
struct tl_command *tl_command_free(struct tl_command *c);

pid_t tl_command_pid(const struct tl_command *c);

/* Descriptor that poll(2) finds readable when the command has ended. */
int tl_command_fd(const struct tl_command *c);

/* Ends the sleep; returns when the command is outside of any system call.
 * Go on with tl_command_run() within seconds. -ESRCH: it is dead. */
int tl_command_wake(struct tl_command *c);
/* Lets it execute its program; wakes it before if that was not done. */
int tl_command_run(struct tl_command *c);

/* Passes a signal on. */
void tl_command_signal(const struct tl_command *c, int signal);

/* Waits for the end. Returns 0 and the exit status as a shell has it (128 +
 * signal; 127 not found, 126 not executable). *ret_error is the errno of the
 * execve that failed, 0 if it did not. */
int tl_command_wait(struct tl_command *c, int *ret_status, int *ret_error);

/* Status 127 or 126 for the errno of a failed execve. */
int tl_command_status_of(int error);

static inline void tl_command_freep(struct tl_command **c)
{
	tl_command_free(*c);
}

#endif
