/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "harness.h"

static void gives_up_root_child(void)
{
	struct call *c = call(SYS_setuid, NOBODY);

	require(c->ret == 0 && c->uid == NOBODY && c->euid == NOBODY);
	c = call(SYS_setuid, 0);
	require(c->ret == -EPERM && c->uid == NOBODY);
	c = call(SYS_setuid, 0);
	require(c->ret == -EPERM);
	c = call(SYS_setuid, NOBODY);
	require(c->ret == 0);
}

static void root_given_up_does_not_come_back(void)
{
	in_child(gives_up_root_child);
}

static void effective_child(void)
{
	struct call *c;

	require(setresuid(NOBODY, 0, NOBODY) == 0);
	c = call(SYS_setuid, 1234);
	require(c->ret == 0 && c->uid == 1234 && c->euid == 1234);
}

/* The event shows who the process is after the call. */
static void real_and_effective_user_differ(void)
{
	in_child(effective_child);
}

static void kept_child(void)
{
	struct call *c;

	require(setresuid(NOBODY, NOBODY, 0) == 0);
	c = call(SYS_setuid, 0);
	require(c->ret == 0 && c->uid == NOBODY && c->euid == 0);
}

static void saved_user(void)
{
	in_child(kept_child);
}

static void user_that_is_none(void)
{
	require(call(SYS_setuid, -1)->ret == -EINVAL);
	require(call(SYS_setuid, 0)->ret == 0);
}

static void child32(void)
{
	require(call32(213, 100000)->ret == 0);
	require(call32(213, 0)->ret == -EPERM);
	require(call32(23, 0)->ret == -EPERM);
}

static void by_the_32_bit_door(void)
{
	if (!has_call32()) {
		skip_case("this kernel runs no 32-bit programs");
		return;
	}
	in_child(child32);
}

static const struct test_case cases[] = {
	CASE(root_given_up_does_not_come_back),
	CASE(real_and_effective_user_differ),
	CASE(saved_user),
	CASE(user_that_is_none),
	CASE(by_the_32_bit_door),
};

TEST("setuid", NULL)
