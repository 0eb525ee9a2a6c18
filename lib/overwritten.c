/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "overwritten.h"
#include "util.h"
#include "values.h"
#include "wire.h"

#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

static bool is_interrupted(int64_t ret)
{
	return ret == -EINTR || ret == -ERESTARTNOHAND || ret == -ERESTART_RESTARTBLOCK;
}

/* Of `size` bytes, which programs of 64 bits have, those that the event's caller has. */
static uint64_t size_there(const struct tl_event *event, const struct tl_arg_type *arg, uint64_t size)
{
	const struct tl_decoder *decoder = event->abi == TL_ABI_X86_64 ? NULL : tl_decoder_find(arg->decoder);

	return decoder && decoder->size32 && tl_is_narrow(event, decoder) ? MIN(size, decoder->size32) : size;
}

/* Bytes behind the argument that the call has written; 0 if it has not. */
static uint64_t written_size(const struct tl_event *event, const struct tl_arg_type *arg)
{
	const struct tl_bytes *captured = &event->captured[arg->position - 1];

	if (!memcmp(arg->type, "const ", 6))
		return 0;
	switch ((enum tl_capture)arg->capture) {
	case TL_CAPTURE_OUTPUT:
		return event->ret >= 0 ? size_there(event, arg, arg->size) : 0;
	case TL_CAPTURE_SOCKADDR_POINTER:
		return event->ret >= 0 ? captured->size : 0;
	case TL_CAPTURE_BUFFER:
		if (arg->length_arg || event->ret < 0)
			return 0;
		return (uint64_t)event->ret * (arg->unit ? arg->unit : 1);
	case TL_CAPTURE_STRUCT: /* of sleep what is left of it */
		return is_interrupted(event->ret) ? size_there(event, arg, arg->size) : 0;
	default:
		return 0;
	}
}

/* Whether it is told of the argument what the process gave, not what it got. */
static bool is_given(const struct tl_arg_type *arg)
{
	switch ((enum tl_capture)arg->capture) {
	case TL_CAPTURE_STRING:
	case TL_CAPTURE_STRUCT:
	case TL_CAPTURE_SOCKADDR:
	case TL_CAPTURE_ARGV:
	case TL_CAPTURE_MASK:
		return true;
	case TL_CAPTURE_BUFFER:
		return arg->length_arg;
	default:
		return false;
	}
}

static void forget_below(struct tl_event *event, const struct tl_arg_type *written, uint64_t size)
{
	uint64_t begin = event->args[written->position - 1], end = begin + size;

	for (unsigned i = 0; i < event->type->n_args; i++) {
		const struct tl_arg_type *arg = &event->type->args[i];
		struct tl_bytes *captured = &event->captured[arg->position - 1];
		uint64_t at = event->args[arg->position - 1];

		if (arg == written || !is_given(arg) || !(captured->flags & TL_VALUE_PRESENT) ||
		    (written->capture == TL_CAPTURE_STRUCT && arg > written) || at >= end ||
		    begin >= at + size_there(event, arg, captured->size))
			continue;
		*captured = (struct tl_bytes){ 0 };
		event->flags |= TL_EVENT_INCOMPLETE;
	}
}

void tl_forget_overwritten(struct tl_event *event)
{
	for (unsigned i = 0; i < event->type->n_args; i++) {
		const struct tl_arg_type *arg = &event->type->args[i];
		uint64_t size;

		if (arg->position < 1 || arg->position > TL_ARGS_MAX || tl_capture_is_number(arg->capture) ||
		    !(event->captured[arg->position - 1].flags & TL_VALUE_PRESENT))
			continue;
		size = written_size(event, arg);
		if (size)
			forget_below(event, arg, size);
	}
}
