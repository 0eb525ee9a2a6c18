// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "problems.h"
#include "put.h"

void tl_problems_print(const struct tl_problems *p)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	for (size_t i = 0; i < p->n; i++) {
		const struct tl_problem *problem = &p->problem[i];

		b.size = 0;
		/* Of a file that cannot be read; what has a place in it is as compilers tell it. */
		if (!problem->line && !problem->warning)
			tl_put_text(&b, "traceleft: ");
		tl_escape_value(&b, problem->file, strlen(problem->file));
		if (problem->line) {
			tl_put_char(&b, ':');
			tl_put_u64(&b, problem->line);
			tl_put_char(&b, ':');
			tl_put_u64(&b, problem->column);
		}
		tl_put_text(&b, problem->warning ? ": warning: " : ": ");
		tl_escape_value(&b, problem->message, strlen(problem->message));
		tl_put_char(&b, '\n');
		fwrite(b.data, 1, b.size, stderr);
	}
}
