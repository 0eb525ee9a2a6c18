/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Fields of auditd's rules. Used by cli/audit-*.c only. */
#ifndef TRACELEFT_AUDIT_FIELDS_H
#define TRACELEFT_AUDIT_FIELDS_H

#include "audit-internal.h"

enum tl_audit_field_kind {
	TL_AUDIT_NONE, /* cannot be said here: why */
	TL_AUDIT_NUMBER,
	TL_AUDIT_USER,
	TL_AUDIT_GROUP,
	TL_AUDIT_LOGIN, /* may be unset: the largest number for auditd, -1 here */
	TL_AUDIT_OBJECT_USER,
	TL_AUDIT_OBJECT_GROUP,
	TL_AUDIT_INODE,
	TL_AUDIT_RESULT,
	TL_AUDIT_SUCCESS,
	TL_AUDIT_ARGUMENT,
	TL_AUDIT_FAMILY,
	TL_AUDIT_EXE,
	TL_AUDIT_PATH,
	TL_AUDIT_DIR,
	TL_AUDIT_PERM,
	TL_AUDIT_FILETYPE,
	TL_AUDIT_KEY,
	TL_AUDIT_ARCH,
	TL_AUDIT_MSGTYPE,
};

struct tl_audit_field_type {
	const char *name;
	const char *ours; /* field of conditions; NULL: it is none */
	uint8_t kind; /* enum tl_audit_field_kind */
	uint8_t flags;
	const char *why; /* it is not, or not quite, the same */
};

#endif
