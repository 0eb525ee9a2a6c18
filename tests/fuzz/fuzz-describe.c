/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a handler's file says of itself: whatever is accepted can be written
 * again and then says the same. */
#include <stdlib.h>
#include <string.h>

#include "describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tl_event_type type, again;
	char text[TL_DESCRIPTION_MAX];
	const char *why = NULL;
	int n;

	if (tl_describe_parse((const char *)data, size, &type, &why) < 0) {
		if (!why)
			abort();
		return 0;
	}
	n = tl_describe_write(&type, text, sizeof(text));
	if (n < 0 || tl_describe_parse(text, n, &again, NULL) < 0 || memcmp(&type, &again, sizeof(type)))
		abort();
	return 0;
}
