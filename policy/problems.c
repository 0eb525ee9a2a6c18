// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "policy.h"
#include "util.h"

#define PROBLEMS_MAX 200 /* of a run; whoever has more mends these first */

static void problem_done(struct tl_problem *p)
{
	free(p->file);
	free(p->message);
}

void tl_problems_done(struct tl_problems *p)
{
	for (size_t i = 0; i < p->n; i++)
		problem_done(&p->problem[i]);
	free(p->problem);
	*p = (struct tl_problems){};
}

/* Words of the file are in it: none of them may forge a line or reach a terminal. */
static void make_printable(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
}

static int append(struct tl_problems *p, struct tl_problem *problem)
{
	struct tl_problem *grown;

	if ((p->n & (p->n - 1)) == 0) {
		grown = reallocarray(p->problem, p->n ? 2 * p->n : 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		p->problem = grown;
	}
	p->problem[p->n++] = *problem;
	return 0;
}

int tl_problems_add(struct tl_problems *p, bool warning, const char *file, unsigned line, unsigned column,
		    const char *format, ...)
{
	struct tl_problem problem = { .line = line, .column = column, .warning = warning };
	va_list ap;
	int r;

	if (!warning)
		p->n_errors++;
	if (p->n > PROBLEMS_MAX)
		return 0;
	if (p->n == PROBLEMS_MAX) {
		problem.line = problem.column = 0;
		format = "more problems follow; only the first are shown";
	}
	va_start(ap, format);
	r = vasprintf(&problem.message, format, ap);
	va_end(ap);
	if (r < 0)
		return -ENOMEM;
	make_printable(problem.message);
	problem.file = strdup(file);
	r = problem.file ? append(p, &problem) : -ENOMEM;
	if (r < 0)
		problem_done(&problem);
	return r;
}

static bool is_before(const struct tl_problem *a, const struct tl_problem *b)
{
	if (a->line != b->line)
		return a->line < b->line;
	return a->column < b->column;
}

/* Few, and almost in order: those of the same place stay as they were found. */
void tl_problems_sort(struct tl_problems *p, size_t first)
{
	/* That more follow stays the last word. */
	for (size_t i = first + 1; i < MIN(p->n, (size_t)PROBLEMS_MAX); i++) {
		struct tl_problem problem = p->problem[i];
		size_t to = i;

		/* Behind the last one of its file that is not behind it. */
		for (size_t j = i; j > first; j--)
			if (strcmp(p->problem[j - 1].file, problem.file) == 0) {
				if (!is_before(&problem, &p->problem[j - 1]))
					break;
				to = j - 1;
			}
		memmove(&p->problem[to + 1], &p->problem[to], (i - to) * sizeof(problem));
		p->problem[to] = problem;
	}
}
