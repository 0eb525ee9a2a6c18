/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * As already-running, of the daemon: from the moment when it tells its service manager that
 * it is ready, every call of the processes that ran before is in its output.
 */
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "harness-inside.h"

enum { OF_READY, OF_COUNTS, OF_BALANCE };

#define READY_SECONDS 120

/* Where it writes to who waits for it; its name, which begins with @ where that has NUL. */
static int notify_socket(const char *name)
{
	const struct timeval patience = { .tv_sec = READY_SECONDS };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	size_t n = strlen(name);

	memcpy(address.sun_path + 1, name + 1, n - 1);
	require(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0 &&
		bind(fd, (struct sockaddr *)&address, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) == 0);
	return fd;
}

static bool await_ready(int fd)
{
	char message[4096];
	ssize_t n;

	while ((n = recv(fd, message, sizeof(message) - 1, 0)) > 0) {
		message[n] = '\0';
		if (strncmp(message, "READY=1\n", strlen("READY=1\n")) == 0 || strstr(message, "\nREADY=1"))
			return true;
	}
	return false;
}

/* This program, and the daemon, which lies two folders above. */
static const char *program_path(const char *beside)
{
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	require(n > 0);
	path[MAX(n, 0)] = '\0';
	for (int i = 0; beside && i < 3; i++)
		*strrchr(path, '/') = '\0';
	return beside ? text("%s/%s", path, beside) : text("%s", path);
}

static void write_policy(void)
{
	fill_file("policy.yaml",
		  text("version: 1\n"
		       "targets: {mine: {executable: %s}}\n"
		       "rules: [{name: calls, target: mine, events: [getpgid], where: arg1 == %d, to: [log]}]\n"
		       "outputs: {log: {type: file, path: %s, format: json}}\n"
		       "limits: {buffer: 64M}\n",
		       program_path(NULL), RUNNING_COUNTED, in_folder("events.jsonl")));
	require(chmod(in_folder("policy.yaml"), 0600) == 0);
}

static pid_t start_daemon(const char *socket_name)
{
	const char *const daemon = program_path("traceleftd"), *const attach = getenv("TL_TEST_ATTACH");
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setenv("NOTIFY_SOCKET", socket_name, 1);
		setenv("RUNTIME_DIRECTORY", run->folder, 1);
		execl(daemon, daemon, "--foreground", "--policy", in_folder("policy.yaml"), "--attach",
		      attach ? attach : "auto", NULL);
		_exit(127);
	}
	require(pid > 0);
	return pid;
}

static uint64_t number_behind(const char *line, const char *key)
{
	const char *at = strstr(line, key);

	return at ? strtoull(at + strlen(key), NULL, 10) : UINT64_MAX;
}

/* What the kernel may do to us on a bad day; who runs the tests tries again then. */
static void tell_refusals(const char *ledger)
{
	static const char *const names[] = { "task-state", "skipped-program" };

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		uint64_t n = number_behind(ledger, text("\"name\":\"%s\",\"count\":", names[i]));

		if (n && n != UINT64_MAX)
			printf("# refused: %s %llu\n", names[i], (unsigned long long)n);
	}
}

/* How many balances there were that told of no loss, or -1 if one told of some. */
static int read_output(void)
{
	FILE *file = fopen(in_folder("events.jsonl"), "r");
	char *line = NULL;
	size_t size = 0;
	int n = 0;

	while (file && n >= 0 && getline(&line, &size, file) > 0) {
		if (strstr(line, "\"action\":\"getpgid\""))
			running_seen((uint32_t)number_behind(line, "\"process\":{\"pid\":"),
				     number_behind(line, "\"args\":{\"pid\":"), OF_COUNTS);
		else if (strstr(line, "\"action\":\"lost\""))
			n = -1;
		else if (strstr(line, "\"action\":\"ledger\"")) {
			tell_refusals(line);
			n++;
		}
	}
	free(line);
	if (file)
		fclose(file);
	return n;
}

static void follow_with_daemon(void)
{
	const char *const name = text("@traceleft-ready-%d", getpid());
	int status = -1, fd = notify_socket(name);
	pid_t pid;

	write_policy();
	pid = start_daemon(name);
	if (!await_ready(fd))
		fail_case(OF_READY, __FILE__, __LINE__, "it does not say that it is ready");
	running_phase(RUNNING_COUNTED);
	running_end();
	require(kill(pid, SIGTERM) == 0 && waitpid(pid, &status, 0) == pid);
	if (status != 0)
		fail_case(OF_READY, __FILE__, __LINE__, "it ended with status %#x", status);
	if (read_output() < 1)
		fail_case(OF_BALANCE, __FILE__, __LINE__, "a loss, or no balance");
	running_verify(OF_COUNTS);
	close(fd);
}

int main(void)
{
	static const struct test test = { .event = "getpgid" }, named = { .event = "daemon-ready" };
	const char *wanted = getenv("TL_TEST_RUNNING");
	unsigned n = wanted ? (unsigned)strtoul(wanted, NULL, 10) : 1000;
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	run->test = &named;
	running_start(n);
	follow_with_daemon();
	remove_folder();
	report(OF_READY, "the daemon is ready and ends", &all_ok);
	report(OF_COUNTS, text("of %u processes that ran before every call from READY=1 on", n), &all_ok);
	report(OF_BALANCE, "nothing is lost", &all_ok);
	return all_ok ? 0 : 1;
}
