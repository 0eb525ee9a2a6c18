// SPDX-License-Identifier: LGPL-2.1-or-later
#include "opcodes.h"

#include <stddef.h>

#include "wire.h"

const char *const tl_opcode_names[] = {
	"NOP",		 "READV",	 "WRITEV",	   "FSYNC",	     "READ_FIXED",
	"WRITE_FIXED",	 "POLL_ADD",	 "POLL_REMOVE",	   "SYNC_FILE_RANGE", "SENDMSG",
	"RECVMSG",	 "TIMEOUT",	 "TIMEOUT_REMOVE", "ACCEPT",	     "ASYNC_CANCEL",
	"LINK_TIMEOUT",	 "CONNECT",	 "FALLOCATE",	   "OPENAT",	     "CLOSE",
	"FILES_UPDATE",	 "STATX",	 "READ",	   "WRITE",	     "FADVISE",
	"MADVISE",	 "SEND",	 "RECV",	   "OPENAT2",	     "EPOLL_CTL",
	"SPLICE",	 "PROVIDE_BUFFERS", "REMOVE_BUFFERS", "TEE",	     "SHUTDOWN",
	"RENAMEAT",	 "UNLINKAT",	 "MKDIRAT",	   "SYMLINKAT",	     "LINKAT",
	"MSG_RING",	 "FSETXATTR",	 "SETXATTR",	   "FGETXATTR",	     "GETXATTR",
	"SOCKET",	 "URING_CMD",	 "SEND_ZC",	   "SENDMSG_ZC",     "READ_MULTISHOT",
	"WAITID",	 "FUTEX_WAIT",	 "FUTEX_WAKE",	   "FUTEX_WAITV",    "FIXED_FD_INSTALL",
	"FTRUNCATE",	 "BIND",	 "LISTEN",	   "RECV_ZC",	     "EPOLL_WAIT",
	"READV_FIXED",	 "WRITEV_FIXED", "PIPE",	   NULL,
};

const char *const tl_sqe_field_names[] = {
	"none", "fd", "off", "addr", "len", "len_fd", "op_flags", "addr_len", "file_index", "in_fd", "addr3", NULL,
};

const uint8_t tl_sqe_field_codes[] = {
	0, /* none */
	4 | TL_SQE_S32, /* fd */
	8 | TL_SQE_U64, /* off: addr2 */
	16 | TL_SQE_U64, /* addr: splice_off_in */
	24 | TL_SQE_U32, /* len */
	24 | TL_SQE_S32, /* len_fd: a descriptor there */
	28 | TL_SQE_U32, /* op_flags: rw_flags, open_flags, ... */
	44 | TL_SQE_U16, /* addr_len */
	44 | TL_SQE_U32, /* file_index */
	44 | TL_SQE_S32, /* in_fd: splice_fd_in */
	48 | TL_SQE_U64, /* addr3 */
};

const char *const tl_request_flag_names[] = { "late", "slot", "number", NULL };

const char *tl_sqe_field_name(uint8_t code)
{
	for (size_t i = 1; tl_sqe_field_names[i]; i++)
		if (tl_sqe_field_codes[i] == code)
			return tl_sqe_field_names[i];
	return tl_sqe_field_names[0];
}
