/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rule files of auditd, as auditctl(8) reads them, and the policy that keeps
 * the same events. What a line means is decided as auditctl and the kernel's
 * filter decide it; where a policy cannot say that, the line is refused.
 */
#ifndef TRACELEFT_AUDIT_H
#define TRACELEFT_AUDIT_H

#include "encode.h"
#include "policy.h"

struct tl_audit;

/* NULL without memory. */
struct tl_audit *tl_audit_new(void);
/* NULL is fine. Returns NULL. */
struct tl_audit *tl_audit_free(struct tl_audit *a);

/* Reads the rules of one more file, `name` of it for messages. Lines that are not, or not
 * quite, translated are added to `problems`, the latter as warnings. -ENOMEM. */
int tl_audit_read(struct tl_audit *a, const char *name, const char *text, size_t size, struct tl_problems *problems);

/* Whether a rule so far keeps events: without one there is no policy. */
bool tl_audit_keeps(const struct tl_audit *a);

/* Appends the policy as YAML, when all files have been read. -ENOMEM. */
int tl_audit_write(struct tl_audit *a, struct tl_buffer *b);

static inline void tl_audit_freep(struct tl_audit **a)
{
	tl_audit_free(*a);
}

#endif
