/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tables of events: what is refused has a problem, and for each system call of
 * what is accepted there is a handler. */
#include <stdio.h>
#include <stdlib.h>

#include "generate.h"
#include "table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void count(void *userdata, unsigned line, unsigned column, const char *message)
{
	(void)line;
	(void)column;
	for (; *message; message++)
		if (*message < ' ' || *message > '~')
			abort();
	++*(unsigned *)userdata;
}

static void try(const char *text, size_t size, const struct tl_event_type *builtin, size_t n_builtin)
{
	static FILE *null;
	struct tl_table table;
	unsigned problems = 0;
	int r = tl_table_parse(text, size, builtin, n_builtin, &table, count, &problems);

	if (!r != !problems)
		abort();
	if (r < 0)
		return;
	if (!null)
		null = fopen("/dev/null", "w");
	for (size_t i = 0; i < table.n; i++)
		if (table.types[i].class == TL_CLASS_SYSCALL && tl_generate_handler(null, &table.types[i]) < 0)
			abort();
	tl_table_done(&table);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t n;
	const struct tl_event_type *builtin = tl_event_types(&n);

	try((const char *)data, size, builtin, n);
	try((const char *)data, size, NULL, 0);
	return 0;
}
