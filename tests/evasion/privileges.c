/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who may not trace is told so: there is no session that sees nothing and says nothing. */
#include <linux/capability.h>
#include <sys/prctl.h>

#include "../events/harness-inside.h"

static const char *given_up; /* sentence of the session that could not be had */

static void drop_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = {};

	require(syscall(SYS_capset, &header, none) == 0);
}

/* A session that follows this process alone; its error, and in given_up its sentence. */
static int session_of_our_own(void)
{
	const uint32_t pid = (uint32_t)getpid();
	const struct tl_target_spec target = { .name = "self", .pids = &pid, .n_pids = 1 };
	const struct tl_options options = { .attach = attach_wanted() };
	struct tl_session *s = NULL;
	uint32_t id = 0;
	int r = tl_session_new(&options, &s);

	if (r >= 0)
		r = tl_session_add_target(s, &target, &id);
	if (r >= 0)
		r = tl_session_add_handler(s, id, "openat", PROGRAM_ID);
	if (r >= 0)
		r = tl_session_start(s);
	given_up = text("%s", tl_session_error(s));
	tl_session_free(s);
	return r;
}

static void is_refused(void)
{
	int r = session_of_our_own();

	require(r == -EPERM || r == -EACCES);
	require(strlen(given_up) > 10 && strchr(given_up, ' '));
}

static void nobody(void)
{
	become_nobody();
	is_refused();
}

static void root_without_capabilities(void)
{
	drop_capabilities();
	is_refused();
}

/* Some are not enough: what only needs to load programs cannot look at the kernel's memory. */
static void network_administrator(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct some[2] = { { .permitted = 1 << CAP_NET_ADMIN,
						    .effective = 1 << CAP_NET_ADMIN } };

	require(syscall(SYS_capset, &header, some) == 0);
	is_refused();
}

static void root_is_not_refused(void)
{
	require(session_of_our_own() == 0);
}

int main(void)
{
	static const struct test_case cases[] = {
		CASE(nobody),
		CASE(root_without_capabilities),
		CASE(network_administrator),
		CASE(root_is_not_refused),
	};
	static const char *const none[] = { NULL };
	static const struct test test = { "privileges", cases, N_ELEMENTS(cases), NULL, none };
	bool all_ok = true;

	if (!prepare_run(&test))
		return 77;
	for (size_t i = 0; i < N_ELEMENTS(cases); i++) {
		pid_t pid;

		run->at_case = (int)i;
		fflush(NULL);
		pid = fork();
		if (pid == 0) {
			cases[i].body();
			_exit(0);
		}
		require(reap(pid) == 0);
	}
	remove_folder();
	for (size_t i = 0; i < N_ELEMENTS(cases); i++)
		report((int)i, cases[i].name, &all_ok);
	return all_ok ? 0 : 1;
}
