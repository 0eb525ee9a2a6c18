// SPDX-License-Identifier: GPL-2.0-or-later
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "curl-library.h"
#include "util.h"

#define LIBRARY "libcurl.so.4"

struct tl_curl tl_curl;

#define TL_CURL_SYMBOL(name) { "curl_" #name, offsetof(struct tl_curl, name) },
static const struct {
	const char *name;
	size_t offset;
} functions[] = { TL_CURL_FUNCTIONS(TL_CURL_SYMBOL) };

int tl_curl_load(const char **ret_why)
{
	static void *library;

	if (library)
		return 0;
	library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; library && i < ARRAY_SIZE(functions); i++) {
		void *symbol = dlsym(library, functions[i].name);

		*(void **)((char *)&tl_curl + functions[i].offset) = symbol;
		if (!symbol)
			library = NULL; /* it stays loaded: that harms nobody */
	}
	if (library && tl_curl.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
		return 0;
	library = NULL;
	*ret_why = dlerror();
	return -ELIBACC;
}
