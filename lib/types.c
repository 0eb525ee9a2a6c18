/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "types.h"

const struct tl_event_type *tl_event_types(size_t *ret_n)
{
	*ret_n = tl_n_builtin_types;
	return tl_builtin_types;
}

const struct tl_event_type *tl_event_type_find(const char *name)
{
	for (size_t i = 0; i < tl_n_builtin_types; i++)
		if (!strcmp(tl_builtin_types[i].name, name))
			return &tl_builtin_types[i];
	return NULL;
}

bool tl_event_type_in_group(const struct tl_event_type *type, const char *group)
{
	size_t n = strlen(group);

	/* What TraceLeft says about itself is nothing that one asks for. */
	if (!strcmp(group, "all"))
		return type->class != TL_CLASS_RECORD;
	for (const char *at = type->groups; n && *at;) {
		size_t length = strcspn(at, " ");

		if (length == n && !memcmp(at, group, n))
			return true;
		at += length;
		at += strspn(at, " ");
	}
	return false;
}

int tl_session_attach_find(const char *name, enum tl_attach *ret_attach)
{
	static const char *const names[] = {
		[TL_ATTACH_AUTO] = "auto",
		[TL_ATTACH_FEXIT] = "fexit",
		[TL_ATTACH_KPROBE] = "kprobe",
		[TL_ATTACH_RAW_TP] = "raw_tp",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(names[i], name) == 0) {
			*ret_attach = (enum tl_attach)i;
			return 0;
		}
	return -EINVAL;
}

const char *tl_event_type_action(const struct tl_event_type *type)
{
	static const char prefix[] = "net_";

	return type->class == TL_CLASS_NETWORK && !strncmp(type->name, prefix, strlen(prefix)) ?
		       type->name + strlen(prefix) :
		       type->name;
}
