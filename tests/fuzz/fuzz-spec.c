// SPDX-License-Identifier: GPL-2.0-or-later
/* What may come from a command line or a status file: SPECs, sizes, JSON. */
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_spec(const char *text)
{
	struct tl_spec_error error = { 0 };
	struct tl_spec *spec = NULL;
	uint32_t *pids = NULL;
	size_t n;

	if (tl_spec_parse(text, &spec, &error) >= 0) {
		if (!spec->n_handlers)
			abort();
		for (size_t i = 0; i < spec->n_handlers; i++)
			if (!*spec->handlers[i].name)
				abort();
		for (size_t i = 0; i < spec->n_pids; i++)
			if (!spec->pids[i])
				abort();
		tl_spec_free(spec);
	} else if (error.column < 1 || error.column > strlen(text) + 1 || !*error.message)
		abort();
	if (tl_spec_parse_pids(text, &pids, &n, &error) >= 0)
		free(pids);
}

static void fuzz_json(const char *text, size_t size)
{
	struct tl_json *j = NULL;

	if (tl_json_parse(text, size, &j) < 0)
		return;
	tl_json_get_unsigned(j, "pid");
	tl_json_get_text(tl_json_first(tl_json_get(j, "events")), "name");
	tl_json_free(j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	fuzz_spec(text);
	/* Without the NUL: a byte too many is seen by the sanitizer. */
	memcpy(text, data, size);
	text = realloc(text, size ? size : 1);
	if (text)
		fuzz_json(text, size);
	free(text);
	return 0;
}
