/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Many processes that make calls without end, from before an audit begins until they are
 * told. Which phase it is says the call's argument: it is read before the call, which is
 * from then at the earliest.
 */
#include <sys/mman.h>
#include <sys/prctl.h>

#include "harness-inside.h"

/* Between calls: a thousand processes make 5,000 a second, which leaves even a slow machine time to start a session. */
#define PAUSE_US 200000
#define LASTS_US 1000000

static unsigned n_processes;
static pid_t *pids;
static uint64_t *n_seen_of; /* of the counted calls, by number of the process */

/* In memory that all share. */
static struct {
	unsigned phase;
	unsigned n_running, n_ended;
	uint64_t made[]; /* counted calls, by number of the process */
} * shared;

static void loop(unsigned number)
{
	unsigned phase;

	__atomic_fetch_add(&shared->n_running, 1, __ATOMIC_SEQ_CST);
	while ((phase = __atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST)) != RUNNING_END) {
		shared->made[number] += phase == RUNNING_COUNTED;
		syscall(SYS_getpgid, phase);
		usleep(PAUSE_US);
	}
	__atomic_fetch_add(&shared->n_ended, 1, __ATOMIC_SEQ_CST);
	_exit(0);
}

void running_start(unsigned n)
{
	n_processes = n;
	pids = calloc(n, sizeof(*pids));
	n_seen_of = calloc(n, sizeof(*n_seen_of));
	shared = mmap(NULL, sizeof(*shared) + n * sizeof(shared->made[0]), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	require(pids && n_seen_of && shared != MAP_FAILED);
	for (unsigned i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			loop(i);
		}
		require(pids[i] > 0);
	}
	while (__atomic_load_n(&shared->n_running, __ATOMIC_SEQ_CST) < n)
		usleep(PAUSE_US);
}

void running_phase(unsigned phase)
{
	__atomic_store_n(&shared->phase, phase, __ATOMIC_SEQ_CST);
}

void running_end(void)
{
	usleep(LASTS_US);
	/* However long the machine stood still: each has called. */
	for (unsigned i = 0; i < n_processes; i++)
		while (__atomic_load_n(&shared->phase, __ATOMIC_SEQ_CST) == RUNNING_COUNTED &&
		       !__atomic_load_n(&shared->made[i], __ATOMIC_SEQ_CST))
			usleep(PAUSE_US);
	running_phase(RUNNING_END);
	while (__atomic_load_n(&shared->n_ended, __ATOMIC_SEQ_CST) < n_processes)
		usleep(PAUSE_US);
}

void running_seen(uint32_t pid, uint64_t argument, int of)
{
	unsigned i = 0;

	if (argument != RUNNING_COUNTED)
		return;
	while (i < n_processes && (uint32_t)pids[i] != pid)
		i++;
	if (i < n_processes)
		n_seen_of[i]++;
	else
		fail_case(of, __FILE__, __LINE__, "a call of process %u", pid);
}

void running_verify(int of)
{
	for (unsigned i = 0; i < n_processes; i++) {
		require(waitpid(pids[i], NULL, 0) == pids[i]);
		if (!shared->made[i] || n_seen_of[i] != shared->made[i])
			fail_case(of, __FILE__, __LINE__, "process %d: %llu of %llu calls", pids[i],
				  (unsigned long long)n_seen_of[i], (unsigned long long)shared->made[i]);
	}
}
