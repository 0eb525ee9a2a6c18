// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <string.h>

#include "socketcall.h"
#include "util.h"

static const struct {
	const char *event;
	uint8_t n_args; /* send and recv have less than those that they are told as */
} calls[] = {
	{},
	{ "socket", 3 },
	{ "bind", 3 },
	{ "connect", 3 },
	{ "listen", 2 },
	{ "accept", 3 },
	{ "getsockname", 3 },
	{ "getpeername", 3 },
	{ "socketpair", 4 },
	{ "sendto", 4 },
	{ "recvfrom", 4 },
	{ "sendto", 6 },
	{ "recvfrom", 6 },
	{ "shutdown", 2 },
	{ "setsockopt", 5 },
	{ "getsockopt", 5 },
	{ "sendmsg", 3 },
	{ "recvmsg", 3 },
	{ "accept4", 4 },
	{ "recvmmsg", 5 },
	{ "sendmmsg", 4 },
};

const char *tl_socketcall_event(unsigned call, uint8_t *ret_n_args)
{
	if (call >= ARRAY_SIZE(calls) || !calls[call].event)
		return NULL;
	*ret_n_args = calls[call].n_args;
	return calls[call].event;
}

bool tl_is_by_socketcall(const char *event)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].event && strcmp(calls[i].event, event) == 0)
			return true;
	return false;
}
