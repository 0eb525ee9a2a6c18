/* SPDX-License-Identifier: GPL-2.0-or-later */
/* libcurl, loaded when an output needs it: it brings thirty other libraries, and
 * most daemons talk to no collector. */
#ifndef TRACELEFT_DAEMON_CURL_LIBRARY_H
#define TRACELEFT_DAEMON_CURL_LIBRARY_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#define TL_CURL_FUNCTIONS(f)                                                                                         \
	f(global_init) f(easy_init) f(easy_cleanup) f(easy_setopt) f(easy_getinfo) f(easy_strerror) f(slist_append)  \
		f(slist_free_all) f(multi_init) f(multi_cleanup) f(multi_setopt) f(multi_assign) f(multi_add_handle) \
			f(multi_remove_handle) f(multi_socket_action) f(multi_perform) f(multi_poll)                 \
				f(multi_info_read)

#define TL_CURL_POINTER(name) typeof(curl_##name) *name;
struct tl_curl {
	TL_CURL_FUNCTIONS(TL_CURL_POINTER)
};

/* Its functions, once tl_curl_load() has succeeded. */
extern struct tl_curl tl_curl;

/* -ELIBACC: it is not installed. *ret_why: what the loader says (static). */
int tl_curl_load(const char **ret_why);

#endif
