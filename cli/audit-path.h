/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Paths of auditd's rules. Used by cli/audit-*.c only. */
#ifndef TRACELEFT_AUDIT_PATH_H
#define TRACELEFT_AUDIT_PATH_H

#include "audit-internal.h"

/* Refuses what auditctl refuses. */
int tl_audit_path_check(struct tl_audit_line *line, const char *path, unsigned column);
/* The path by which events have the object that the kernel's filter takes: symbolic links are
 * followed on the way to it, but the last component stays. *ret is to be freed. */
int tl_audit_path_resolve(const char *path, char **ret);

#endif
