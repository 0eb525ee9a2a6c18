// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where the ends of what an event on a socket is about stand in it. */
#include <string.h>

#include "session.h"
#include "values.h"

const struct tl_arg_type *tl_address_argument(const struct tl_event_type *type)
{
	/* What getsockname is told is what the kernel has of the near end. */
	if (strcmp(type->name, "getsockname") == 0)
		return NULL;
	for (size_t i = 0; i < type->n_args; i++) {
		const struct tl_arg_type *arg = &type->args[i];

		if (arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER ||
		    tl_capture_is_message(arg->capture))
			return arg;
	}
	return NULL;
}

bool tl_is_incoming(const struct tl_event_type *type)
{
	const struct tl_arg_type *asked = tl_address_argument(type);

	if (!asked)
		return strcmp(type->name, "read") == 0 || strcmp(type->name, "readv") == 0;
	return type->flags & TL_TYPE_RETURNS_FD || asked->capture == TL_CAPTURE_MESSAGES_RECEIVED ||
	       strcmp(type->name, "recvfrom") == 0;
}

/* Whether what comes and goes has to be looked at for answers of the domain name system. */
static bool carries_dns(const struct tl_event_type *type)
{
	enum tl_payload payload = tl_payload_of(type);

	return payload == TL_PAYLOAD_BUFFER || payload == TL_PAYLOAD_MESSAGE || payload == TL_PAYLOAD_MESSAGES;
}

uint64_t tl_ends_form(const struct tl_event_type *type)
{
	const struct tl_arg_type *asked = tl_address_argument(type);
	uint64_t form = 0;

	/* Of what could not be bound, where to. */
	if (type->class == TL_CLASS_NETWORK)
		return TL_ENDS_NETWORK | 2;
	if (asked)
		form = asked->position | (tl_capture_is_message(asked->capture) ? TL_ENDS_MESSAGE : 0);
	if (tl_is_incoming(type))
		form |= TL_ENDS_INCOMING;
	else if (asked && strcmp(type->name, "bind") == 0)
		form |= TL_ENDS_BIND;
	else if (asked && strcmp(type->name, "connect") == 0)
		form |= TL_ENDS_CONNECT;
	return form | (carries_dns(type) ? TL_ENDS_KEEP_DNS : 0);
}
