// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "process.h"
#include "record.h"
#include "util.h"

uint64_t tl_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static const struct tl_process *self(void)
{
	static struct tl_process process;

	process = tl_process_nobody;
	process.pid = (uint32_t)getpid();
	return &process;
}

static const struct tl_event_type *type_of(enum tl_event_kind kind)
{
	static const char *const names[] = {
		[TL_EVENT_LOST] = "lost", [TL_EVENT_LEDGER] = "ledger", [TL_EVENT_START] = "start",
		[TL_EVENT_STOP] = "stop", [TL_EVENT_RELOAD] = "reload",
	};
	static const struct tl_event_type unknown = { .name = "record", .class = TL_CLASS_RECORD };
	const struct tl_event_type *type = tl_event_type_find(names[kind]);

	return type ? type : &unknown;
}

void tl_record_make(struct tl_event *ret, enum tl_event_kind kind, struct tl_session *session, const char *note)
{
	const struct tl_process *process = self();

	*ret = (struct tl_event){
		.kind = kind,
		.type = type_of(kind),
		.time = tl_now(),
		.pid = process->pid,
		.tid = process->pid,
		.uid = (uint32_t)getuid(),
		.euid = (uint32_t)geteuid(),
		.gid = (uint32_t)getgid(),
		.egid = (uint32_t)getegid(),
		.loginuid = UINT32_MAX,
		.audit_session = UINT32_MAX,
		.comm = "traceleftd",
		.process = process,
		.note = note,
		.session = session,
	};
}

void tl_record_lost(struct tl_event *ret, uint32_t cpu, const struct tl_lost *lost, const char *note)
{
	tl_record_make(ret, TL_EVENT_LOST, NULL, note);
	ret->cpu = cpu;
	ret->lost = lost;
}

/* First line of /proc/PID/NAME; "" if it cannot be read. */
static void read_proc(uint32_t pid, const char *name, char *ret, size_t size)
{
	char path[64];
	ssize_t n;
	_cleanup_close_ int fd = -1;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, ret, size - 1);
	ret[n > 0 ? n : 0] = 0;
	ret[strcspn(ret, "\n")] = 0;
}

static void put_asker(char ret[TL_SENDER_SIZE], const char *what, uint32_t pid, uint32_t uid)
{
	char comm[20], login[16];
	int n;

	read_proc(pid, "comm", comm, sizeof(comm));
	read_proc(pid, "loginuid", login, sizeof(login));
	n = snprintf(ret, TL_SENDER_SIZE, "%s from process %" PRIu32 "%s%s%s, user %" PRIu32, what, pid,
		     comm[0] ? " (" : "", comm, comm[0] ? ")" : "", uid);
	if (n > 0 && n < TL_SENDER_SIZE && login[0] && strcmp(login, "4294967295"))
		snprintf(ret + n, (size_t)(TL_SENDER_SIZE - n), ", login user %s", login);
}

void tl_record_sender(char ret[TL_SENDER_SIZE], const struct signalfd_siginfo *info)
{
	char what[16];

	snprintf(what, sizeof(what), "SIG%s", sigabbrev_np((int)info->ssi_signo));
	put_asker(ret, what, info->ssi_pid, info->ssi_uid);
}

void tl_record_peer(char ret[TL_SENDER_SIZE], const char *what, const struct ucred *peer)
{
	put_asker(ret, what, (uint32_t)peer->pid, peer->uid);
}
