/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What somebody changes while there is no process: the files of outputs, and the policy. A session that
 * outlives its process has a note of how they were; the next process compares.
 */
#ifndef TRACELEFT_DAEMON_MEANWHILE_H
#define TRACELEFT_DAEMON_MEANWHILE_H

#include "generation.h"

#define TL_MEANWHILE_FILES 64

/* The note; all zeros: nothing is known. */
struct tl_meanwhile {
	uint64_t version;
	uint64_t policy; /* hash */
	struct {
		uint64_t path; /* hash; 0: not in use */
		struct tl_file_identity facts;
	} files[TL_MEANWHILE_FILES];
};

/* Brings the note up to date. After each time that outputs were written to, so it costs little. */
void tl_meanwhile_note(struct tl_generation *g);

/* What the process before this one has noted. To be asked before its session is adopted or discarded. */
void tl_meanwhile_read(const struct tl_store *store, struct tl_meanwhile *ret);

/* Tells every output what is not as it was then; since: when that process was heard of last, ns since the epoch. */
void tl_meanwhile_tell(struct tl_generation *g, const struct tl_meanwhile *before, uint64_t since);

#endif
