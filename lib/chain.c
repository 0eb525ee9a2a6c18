// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "chain.h"

void tl_chain_done(struct tl_chain *chain)
{
	free(chain->last);
	*chain = (struct tl_chain){ 0 };
}

int tl_chain_reserve(struct tl_chain *chain, const struct tl_event *event)
{
	uint32_t n = event->cpu + 1;
	uint64_t *grown;

	if (event->cpu < chain->n_cpus || event->kind >= TL_EVENT_LOST)
		return 0;
	grown = reallocarray(chain->last, n, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	memset(grown + chain->n_cpus, 0, (n - chain->n_cpus) * sizeof(*grown));
	chain->last = grown;
	chain->n_cpus = n;
	return 0;
}

void tl_chain_note(struct tl_chain *chain, const struct tl_event *event, const struct tl_annotation *annotation)
{
	if (tl_chain_is_record(event, annotation))
		chain->records++;
	else if (event->cpu < chain->n_cpus)
		chain->last[event->cpu] = event->seq;
}
