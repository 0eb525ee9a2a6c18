// SPDX-License-Identifier: GPL-2.0-or-later
#include "log.h"
#include "outage.h"
#include "record.h"
#include "tamper.h"
#include "util.h"

/* Whoever leaves its session to the next process says so; what else there is of it somebody may have removed. */
static bool was_lost(const struct tl_generation *g, const struct tl_runtime *before)
{
	return before->lost || (g->goes_on && !before->left);
}

/* What it had not written yet, and where its session does not go on, what has happened from
 * then on until now. */
static bool is_missing(const struct tl_generation *g, const struct tl_runtime *before, bool was_stored)
{
	bool has_ended = was_lost(g, before) || before->left;

	if (before->owed)
		return true;
	if (!g->goes_on)
		return has_ended || was_stored || before->cut;
	return g->has_gap || (has_ended && before->waited) || (was_lost(g, before) && tl_generation_holds_back(g));
}

static void tell(const struct tl_generation *g, const struct tl_runtime *before)
{
	bool is_since = !g->goes_on || g->has_gap || before->owed,
	     is_unwritten = was_lost(g, before) || before->waited || before->cut;

	tl_log(LOG_CRIT, "%s%s%s is missing from all outputs",
	       is_unwritten ? "what the process before this one had not written yet" : "",
	       is_unwritten && is_since ? ", and " : "",
	       is_since ? "what has happened since the process before this one ended" : "");
}

/* Whoever kills it says nothing, and of a session that goes on nothing is missing. */
static void tell_ended(struct tl_generation *g, const struct tl_runtime *before)
{
	char note[256], which[32] = "the process";

	if (before->lost)
		snprintf(which, sizeof(which), "process %d", (int)before->lost);
	snprintf(note, sizeof(note), "%s before this one ended without a stop, killed or failed%s", which,
		 g->goes_on ? ": its session goes on; the last events may come twice in the journal, in text and "
			      "to collectors, with the same traceleft.cpu and traceleft.seq" :
			      "");
	tl_tamper_tell_over(g, "ended", "traceleftd", before->last_heard, note);
}

void tl_outage_declare(struct tl_generation *g, struct tl_runtime *before, bool was_stored)
{
	const uint64_t now = tl_now(), since = before->last_heard; /* 0: nobody knows */
	const struct tl_lost lost = {
		.count = since && since < now ? (now - since + TL_NSEC_PER_SEC - 1) / TL_NSEC_PER_SEC : 1,
		.time_first = since,
		.time_last = now,
		.stage = "outage",
		.unit = "seconds",
	};

	if (was_lost(g, before))
		tell_ended(g, before);
	else if (before->cut)
		tl_log(LOG_WARNING, "the machine ended without a stop of the process before this one");
	if (!is_missing(g, before, was_stored))
		return;
	tell(g, before);
	tl_generation_lost(g, 0, &lost);
	tl_runtime_owe(before);
}
