/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the targets of a policy match on this machine now. */
#ifndef TRACELEFT_MATCHES_H
#define TRACELEFT_MATCHES_H

#include "encode.h"
#include "policy.h"

#define TL_MATCHES_SHOWN 5 /* processes named per target; the others are counted */

struct tl_match_shown {
	uint32_t pid;
	char name[16];
	char *executable; /* owned */
};

struct tl_matches {
	uint64_t n;
	struct tl_match_shown shown[TL_MATCHES_SHOWN];
};

/* *ret is one per target of the policy. -EPERM: that needs root; other negative errno. */
int tl_matches_find(const struct tl_policy *p, struct tl_matches **ret);
void tl_matches_free(struct tl_matches *m, size_t n);

/* "2 processes: 17 sh (/bin/dash), ..."; as members "count" and "processes" of an object. */
void tl_matches_text(struct tl_buffer *b, const struct tl_matches *m);
void tl_matches_json(struct tl_buffer *b, const struct tl_matches *m);

#endif
