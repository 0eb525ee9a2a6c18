// SPDX-License-Identifier: GPL-2.0-or-later
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cgroup-name.h"
#include "process.h"
#include "record.h"
#include "util.h"

uint64_t tl_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return tl_timespec_ns(&ts);
}

uint64_t tl_now_steady(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return tl_timespec_ns(&ts);
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
		[TL_EVENT_STOP] = "stop", [TL_EVENT_RELOAD] = "reload", [TL_EVENT_TAMPER] = "tamper",
		[TL_EVENT_SEAL] = "seal",
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

static void read_executable(struct tl_requester *who)
{
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/exe", who->pid);
	n = readlink(path, who->executable, sizeof(who->executable));
	/* Half a path would be another one. */
	who->executable[n > 0 && n < (ssize_t)sizeof(who->executable) ? n : 0] = 0;
}

/* Of the hierarchy that systemd keeps its units in. */
static void read_unit(struct tl_requester *who)
{
	char path[64], line[1024], names[TL_CGROUP_NAMES_SIZE(sizeof(line))];
	const char *unit, *slice, *container;
	_cleanup_fclose_ FILE *file = NULL;

	snprintf(path, sizeof(path), "/proc/%" PRIu32 "/cgroup", who->pid);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		const char *cgroup = strncmp(line, "0::/", 4) == 0 ? line + 3 : strstr(line, ":name=systemd:/");

		if (!cgroup || !strchr(line, '\n'))
			continue;
		line[strcspn(line, "\n")] = 0;
		tl_cgroup_names(strchr(cgroup, '/'), names, &unit, &slice, &container);
		snprintf(who->unit, sizeof(who->unit), "%s", strlen(unit) < sizeof(who->unit) ? unit : "");
		if (*unit)
			return;
	}
}

/* What /proc says; whoever asked may be gone by now, and then it says nothing. */
static void describe(struct tl_sender *ret, const char *what, uint32_t pid, uint32_t uid)
{
	struct tl_requester *who = &ret->who;
	char login[16];
	int n;

	*ret = (struct tl_sender){ .who = { .pid = pid, .uid = uid, .loginuid = UINT32_MAX } };
	read_proc(pid, "comm", who->name, sizeof(who->name));
	read_proc(pid, "loginuid", login, sizeof(login));
	if (login[0])
		who->loginuid = (uint32_t)strtoul(login, NULL, 10);
	read_executable(who);
	read_unit(who);
	n = snprintf(ret->text, sizeof(ret->text), "%s from process %" PRIu32 "%s%s%s, user %" PRIu32, what, pid,
		     who->name[0] ? " (" : "", who->name, who->name[0] ? ")" : "", uid);
	if (n > 0 && n < TL_SENDER_SIZE && who->loginuid != UINT32_MAX)
		snprintf(ret->text + n, (size_t)(TL_SENDER_SIZE - n), ", login user %" PRIu32, who->loginuid);
}

void tl_record_sender(struct tl_sender *ret, const struct signalfd_siginfo *info)
{
	char what[16];

	snprintf(what, sizeof(what), "SIG%s", sigabbrev_np((int)info->ssi_signo));
	describe(ret, what, info->ssi_pid, info->ssi_uid);
}

void tl_record_peer(struct tl_sender *ret, const char *what, const struct ucred *peer)
{
	describe(ret, what, (uint32_t)peer->pid, peer->uid);
}

void tl_record_parent(struct tl_sender *ret)
{
	const pid_t pid = getppid();
	char path[32];
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	describe(ret, "start", (uint32_t)pid, stat(path, &st) == 0 ? st.st_uid : UINT32_MAX);
}
