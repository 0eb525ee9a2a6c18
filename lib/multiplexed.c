// SPDX-License-Identifier: LGPL-2.1-or-later
#include <stddef.h>
#include <string.h>

#include "multiplexed.h"
#include "util.h"

/* In memory, one after the other. */
#define WORD(arg, index) (TL_WORD_IN_MEMORY | (arg) | (index) << 3)
#define WORDS2 WORD(1, 0), WORD(1, 1)
#define WORDS3 WORDS2, WORD(1, 2)
#define WORDS4 WORDS3, WORD(1, 3)
#define WORDS5 WORDS4, WORD(1, 4)
#define WORDS6 WORDS5, WORD(1, 5)

/* ipc(call, first, second, third, ptr, fifth) */
enum { FIRST = 1, SECOND, THIRD, POINTER, FIFTH };

const char *const tl_multiplexer_names[TL_MULTIPLEXERS] = { [TL_BY_SOCKETCALL] = "socketcall", [TL_BY_IPC] = "ipc" };

static const struct {
	const char *event;
	uint8_t from[TL_ARGS]; /* send and recv have less than those that they are told as */
} calls[TL_MULTIPLEXERS][TL_MULTIPLEXED_CALLS] = {
	[TL_BY_SOCKETCALL] = {
		[1] = { "socket", { WORDS3 } },
		[2] = { "bind", { WORDS3 } },
		[3] = { "connect", { WORDS3 } },
		[4] = { "listen", { WORDS2 } },
		[5] = { "accept", { WORDS3 } },
		[6] = { "getsockname", { WORDS3 } },
		[7] = { "getpeername", { WORDS3 } },
		[8] = { "socketpair", { WORDS4 } },
		[9] = { "sendto", { WORDS4 } },
		[10] = { "recvfrom", { WORDS4 } },
		[11] = { "sendto", { WORDS6 } },
		[12] = { "recvfrom", { WORDS6 } },
		[13] = { "shutdown", { WORDS2 } },
		[14] = { "setsockopt", { WORDS5 } },
		[15] = { "getsockopt", { WORDS5 } },
		[16] = { "sendmsg", { WORDS3 } },
		[17] = { "recvmsg", { WORDS3 } },
		[18] = { "accept4", { WORDS4 } },
		[19] = { "recvmmsg", { WORDS5 } },
		[20] = { "sendmmsg", { WORDS4 } },
	},
	[TL_BY_IPC] = {
		[1] = { "semop", { FIRST, POINTER, SECOND } },
		[2] = { "semget", { FIRST, SECOND, THIRD } },
		[3] = { "semctl", { FIRST, SECOND, THIRD, WORD(POINTER, 0) } },
		[4] = { "semtimedop", { FIRST, POINTER, SECOND, FIFTH } },
		[11] = { "msgsnd", { FIRST, POINTER, SECOND, THIRD } },
		[TL_IPC_MSGRCV] = { "msgrcv", { FIRST, POINTER, SECOND, TL_WORD_SIGNED | FIFTH, THIRD } },
		[TL_IPC_MSGRCV_OLD] = { "msgrcv", { FIRST, WORD(POINTER, 0), SECOND, TL_WORD_SIGNED | WORD(POINTER, 1), THIRD } },
		[13] = { "msgget", { FIRST, SECOND } },
		[14] = { "msgctl", { FIRST, SECOND, POINTER } },
		[21] = { "shmat", { FIRST, POINTER, SECOND, 0, 0, TL_WORD_RESULT | THIRD } },
		[22] = { "shmdt", { POINTER } },
		[23] = { "shmget", { FIRST, SECOND, THIRD } },
		[24] = { "shmctl", { FIRST, SECOND, POINTER } },
	},
};

const char *tl_multiplexed_event(enum tl_multiplexer by, unsigned call, uint8_t ret_from[TL_ARGS])
{
	if (call >= TL_MULTIPLEXED_CALLS || !calls[by][call].event)
		return NULL;
	memcpy(ret_from, calls[by][call].from, TL_ARGS);
	return calls[by][call].event;
}

bool tl_is_multiplexed(const char *event, enum tl_multiplexer by)
{
	for (size_t i = 0; i < TL_MULTIPLEXED_CALLS; i++)
		if (calls[by][i].event && strcmp(calls[by][i].event, event) == 0)
			return true;
	return false;
}
