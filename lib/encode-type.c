/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an event's type alone decides: rendered once, looked up by address, and
 * compared, because an address may have become another type's. */
#include <stdlib.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"

#define TYPE_SLOTS_FIRST 64

struct type_slot {
	const struct tl_event_type *type;
	struct tl_encode_type *cached;
};

static _Thread_local struct {
	struct type_slot *slots;
	size_t n, n_slots; /* n_slots: a power of two */
} cache;

static bool has_group(const struct tl_event_type *type, const char *group)
{
	size_t n = strlen(group);

	for (const char *p = type->groups; (p = strstr(p, group)); p += n)
		if ((p == type->groups || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

static const char *category_of(const struct tl_event_type *type)
{
	static const struct {
		const char *group, *category;
	} by_group[] = {
		{ "module", "driver" },	 { "network", "network" }, { "exec", "process" }, { "process", "process" },
		{ "signal", "process" }, { "priv", "process" },	   { "mount", "configuration" }, { "file", "file" },
	};

	if (type->class == TL_CLASS_RECORD)
		return "host";
	if (type->class == TL_CLASS_NETWORK)
		return "network";
	if (type->class == TL_CLASS_PROCESS)
		return "process";
	for (size_t i = 0; i < sizeof(by_group) / sizeof(by_group[0]); i++)
		if (has_group(type, by_group[i].group))
			return by_group[i].category;
	return "api";
}

/* The inside of event.type's array. */
static const char *type_of(const struct tl_event_type *type, const char *category)
{
	/* By category and how the name begins; the first that fits. */
	static const struct {
		const char *category, *name, *type;
	} rules[] = {
		{ "file", "creat", "\"creation\"" },	   { "file", "mk", "\"creation\"" },
		{ "file", "symlink", "\"creation\"" },	   { "file", "link", "\"creation\"" },
		{ "file", "unlink", "\"deletion\"" },	   { "file", "rmdir", "\"deletion\"" },
		{ "file", "rename", "\"change\"" },	   { "file", "chmod", "\"change\"" },
		{ "file", "fchmod", "\"change\"" },	   { "file", "chown", "\"change\"" },
		{ "file", "fchown", "\"change\"" },	   { "file", "lchown", "\"change\"" },
		{ "file", "truncate", "\"change\"" },	   { "file", "ftruncate", "\"change\"" },
		{ "file", "fallocate", "\"change\"" },	   { "file", "write", "\"change\"" },
		{ "file", "pwrite", "\"change\"" },	   { "file", "copy_file_range", "\"change\"" },
		{ "file", "set", "\"change\"" },	   { "file", "lset", "\"change\"" },
		{ "file", "fset", "\"change\"" },	   { "file", "remove", "\"change\"" },
		{ "file", "lremove", "\"change\"" },	   { "file", "fremove", "\"change\"" },
		{ "file", "utime", "\"change\"" },	   { "file", "futime", "\"change\"" },
		{ "file", "", "\"access\"" },		   { "network", "connect", "\"connection\",\"start\"" },
		{ "network", "accept", "\"connection\",\"start\"" }, { "network", "close", "\"connection\",\"end\"" },
		{ "network", "shutdown", "\"connection\",\"end\"" }, { "network", "", "\"info\"" },
		{ "process", "exec", "\"start\"" },	   { "process", "fork", "\"start\"" },
		{ "process", "vfork", "\"start\"" },	   { "process", "clone", "\"start\"" },
		{ "process", "exit", "\"end\"" },	   { "process", "ptrace", "\"access\"" },
		{ "process", "process_vm", "\"access\"" }, { "process", "set", "\"change\"" },
		{ "process", "cap", "\"change\"" },	   { "process", "prctl", "\"change\"" },
		{ "process", "unshare", "\"change\"" },	   { "process", "", "\"info\"" },
		{ "driver", "delete", "\"end\"" },	   { "driver", "", "\"start\"" },
		{ "configuration", "", "\"change\"" },	   { "", "", "\"info\"" },
	};
	const char *action = tl_event_type_action(type);
	size_t i = 0;

	while ((rules[i].category[0] && strcmp(rules[i].category, category)) ||
	       strncmp(action, rules[i].name, strlen(rules[i].name)))
		i++;
	return rules[i].type;
}

static enum tl_encode_form form_of(const struct tl_arg_type *arg, struct tl_number number,
				   const struct tl_decoder *decoder)
{
	if (arg->position < 1 || arg->position > TL_ARGS_MAX)
		return TL_FORM_NONE;
	if (arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER)
		return TL_FORM_TEXT;
	if (arg->capture == TL_CAPTURE_ARGV)
		return TL_FORM_ARGV;
	if (arg->capture == TL_CAPTURE_STRING)
		return TL_FORM_STRING;
	if (!tl_capture_is_number(arg->capture))
		return decoder && decoder->kind == TL_DECODE_BYTES && decoder->bytes != tl_string_text ? TL_FORM_TEXT :
													 TL_FORM_BYTES;
	if (number.is_pointer)
		return TL_FORM_POINTER;
	return number.is_signed ? TL_FORM_SIGNED : TL_FORM_UNSIGNED;
}

/* As tl_argument_text() shows what was captured. */
static void fill_string(struct tl_encode_arg *to)
{
	bool special = to->decoder && to->decoder->kind == TL_DECODE_BYTES && to->decoder->bytes != tl_string_text;

	to->is_trimmed = special && to->decoder->bytes == tl_path_text;
	to->is_string = to->form == TL_FORM_BYTES || (to->form == TL_FORM_STRING && (!special || to->is_trimmed));
}

static void fill_arg(struct tl_encode_type *cached, unsigned i, struct tl_buffer *scratch)
{
	const struct tl_arg_type *arg = &cached->type.args[i];
	struct tl_encode_arg *to = &cached->args[i];

	to->decoder = arg->decoder[0] ? tl_decoder_find(arg->decoder) : NULL;
	to->number = tl_number_of(arg);
	to->form = (uint8_t)form_of(arg, to->number, to->decoder);
	fill_string(to);
	to->is_command = arg->capture == TL_CAPTURE_COMMAND;
	to->bit = to->form == TL_FORM_NONE ? 0 : (uint8_t)(1U << (arg->position - 1));
	to->unless = tl_argument_conditional(&cached->type, i) ? arg[-1].position : 0;
	scratch->size = 0;
	tl_put_char(scratch, ',');
	tl_string_json(scratch, arg->name, strnlen(arg->name, sizeof(arg->name)));
	tl_put_char(scratch, ':');
	if (scratch->size <= sizeof(to->key)) {
		memcpy(to->key, scratch->data, scratch->size);
		to->key_size = (uint8_t)scratch->size;
	}
}

/* False: no memory. */
static bool fill_type(struct tl_encode_type *cached, const struct tl_event_type *type)
{
	const char *category = category_of(type), *action = tl_event_type_action(type);
	struct tl_buffer text = { 0 };
	bool failed;

	cached->type = *type;
	cached->variants = tl_variants_of(type);
	TL_PUT_LITERAL(&text, "\"event\":{\"action\":\"");
	tl_escape_json(&text, action, strlen(action));
	TL_PUT_LITERAL(&text, "\",\"category\":[\"");
	tl_put_text(&text, category);
	TL_PUT_LITERAL(&text, "\"],\"type\":[");
	tl_put_text(&text, type_of(type, category));
	TL_PUT_LITERAL(&text, "],\"outcome\":\"");
	if (!text.failed && text.size <= sizeof(cached->head)) {
		memcpy(cached->head, text.data, text.size);
		cached->head_size = text.size;
	}
	for (unsigned i = 0; i < type->n_args && i < TL_ARGS_MAX; i++)
		fill_arg(cached, i, &text);
	failed = text.failed;
	tl_buffer_done(&text);
	return !failed;
}

static bool same_type(const struct tl_encode_type *cached, const struct tl_event_type *type)
{
	unsigned n = type->n_args < TL_ARGS_MAX ? type->n_args : TL_ARGS_MAX;

	return !memcmp(cached->type.name, type->name, sizeof(type->name)) && cached->type.n_args == type->n_args &&
	       cached->type.flags == type->flags && !memcmp(cached->type.args, type->args, n * sizeof(type->args[0]));
}

static struct type_slot *type_slot(const struct tl_event_type *type)
{
	size_t i = ((uintptr_t)type >> 4) * 0x9e3779b97f4a7c15ULL >> 32;

	for (;; i++) {
		struct type_slot *slot = &cache.slots[i & (cache.n_slots - 1)];

		if (slot->type == type || !slot->type)
			return slot;
	}
}

static bool grow_types(void)
{
	struct type_slot *old = cache.slots;
	size_t n = cache.n_slots;
	struct type_slot *slots = calloc(n ? n * 2 : TYPE_SLOTS_FIRST, sizeof(*slots));

	if (!slots)
		return false;
	cache.slots = slots;
	cache.n_slots = n ? n * 2 : TYPE_SLOTS_FIRST;
	for (size_t i = 0; i < n; i++)
		if (old[i].type)
			*type_slot(old[i].type) = old[i];
	free(old);
	return true;
}

struct tl_encode_type *tl_encode_type_get(const struct tl_event_type *type)
{
	struct type_slot *slot;

	if (cache.n * 2 >= cache.n_slots && !grow_types())
		return NULL;
	slot = type_slot(type);
	if (slot->type && same_type(slot->cached, type))
		return slot->cached;
	if (!slot->type) {
		slot->cached = malloc(sizeof(*slot->cached));
		if (!slot->cached)
			return NULL;
		slot->type = type;
		cache.n++;
	}
	memset(slot->cached, 0, sizeof(*slot->cached));
	if (fill_type(slot->cached, type))
		return slot->cached;
	memset(slot->cached, 0, sizeof(*slot->cached)); /* no type's: filled anew for the next event */
	return NULL;
}

void tl_encode_types_done(void)
{
	for (size_t i = 0; i < cache.n_slots; i++)
		free(cache.slots[i].cached);
	free(cache.slots);
	memset(&cache, 0, sizeof(cache));
}
