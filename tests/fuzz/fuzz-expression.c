// SPDX-License-Identifier: GPL-2.0-or-later
/* A condition's text: refused with a place inside it, or good for every event. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "expression.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct tl_process process = {
	.pid = 1,
	.executable = "/usr/bin/x",
	.args = "x\0-y",
	.args_size = 5,
	.n_args = 2,
	.working_directory = "/",
	.cgroup = "/x.slice",
	.unit = "x.service",
	.container_id = "",
};

static void eval_all(const struct tl_expression *e)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	for (size_t i = 0; i < n; i++) {
		struct tl_event event = {
			.type = &types[i], .process = &process, .ret = -13, .comm = "0123456789abcde"
		};

		event.file.path = (struct tl_bytes){ "/etc/passwd", 11, TL_VALUE_PRESENT };
		for (int j = 0; j < TL_ARGS_MAX; j++)
			event.captured[j] = (struct tl_bytes){ "\2\0abcdefgh\0ijklmnopqrstu", 24, TL_VALUE_PRESENT };
		event.destination.family = 2;
		if (tl_expression_eval(e, &event) != tl_expression_eval(e, &event))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_expression_error error;
	struct tl_expression *e = NULL;
	char *text = malloc(size + 1);
	int r;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	r = tl_expression_compile(text, NULL, 0, &e, &error);
	if (r == -EINVAL && (e || !error.column || error.column > strlen(text) + 1 || !error.message[0]))
		abort();
	if (r >= 0 && (!e || error.column))
		abort();
	if (e)
		eval_all(e);
	tl_expression_free(e);
	free(text);
	return 0;
}
