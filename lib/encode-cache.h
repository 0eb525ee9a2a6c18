/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the encoders know about an event before they see it: text that depends
 * on its type alone, or on its process alone, rendered once and kept per
 * thread, in bounded memory.
 */
#ifndef TRACELEFT_ENCODE_CACHE_H
#define TRACELEFT_ENCODE_CACHE_H

#include "encode.h"
#include "values.h"

enum tl_encode_form {
	TL_FORM_NONE, /* not an argument that can be shown */
	TL_FORM_SIGNED,
	TL_FORM_UNSIGNED,
	TL_FORM_POINTER,
	TL_FORM_STRING, /* captured up to the NUL */
	TL_FORM_BYTES, /* captured, all of it */
	TL_FORM_ARGV,
	TL_FORM_TEXT, /* captured, shown as its decoder's text */
};

/* The last number that a decoder has seen, and its text. */
#define TL_MEMO_TEXT 64
struct tl_encode_memo {
	uint64_t value;
	uint8_t size; /* 0: none */
	char text[TL_MEMO_TEXT];
};

struct tl_encode_arg {
	const struct tl_decoder *decoder;
	struct tl_number number;
	uint8_t form; /* enum tl_encode_form */
	uint8_t key_size;
	uint8_t bit; /* in tl_variant.used */
	uint8_t unless; /* argument with open's flags, which say whether there is this one; 0: there is */
	bool is_string; /* what was captured is shown as a string in quotes */
	bool is_trimmed; /* without the NULs at its end */
	bool is_command; /* a number only where nothing was captured */
	char key[192]; /* "name": and in front of it the comma that the first one does not need */
	struct tl_encode_memo memo;
};

struct tl_encode_type {
	struct tl_event_type type; /* copy: the original may be another one by now */
	char head[512]; /* "event":{"action":"openat",...,"outcome":" */
	size_t head_size;
	struct tl_encode_arg args[TL_ARGS_MAX];
	struct tl_variants variants;
};

#define TL_ENCODE_ARGS_MAX 4096 /* bytes of a program's arguments in an event that is no process's */

/*
 * Text that depends on a process, its parent and its credentials. Of events that
 * tell of a process's life (exec, fork, exit) it has all arguments, and who each of
 * its ancestors is; of others the first arguments, and the ancestors' numbers.
 */
struct tl_encode_process {
	struct tl_buffer text; /* head, then tail */
	size_t head_size; /* ,"entity_id":... to the end of "container" */
	size_t tail_size; /* "cgroup":...,"mntns":N, */
	bool escaped;
	bool cut; /* there are more arguments, or the parent has them */
};

struct tl_encode_type *tl_encode_type_get(const struct tl_event_type *type); /* NULL: no memory */
const struct tl_encode_process *tl_encode_process_get(const struct tl_event *event); /* NULL: no memory */

/* Which of several calls in one the event is, or NULL. */
static inline const struct tl_variant *tl_encode_variant(const struct tl_encode_type *type,
							  const struct tl_event *event)
{
	return type->variants.n ? tl_variant_among(type->variants, event) : NULL;
}

/* Whether the event, which is `variant`, has the argument. */
static inline bool tl_encode_has(const struct tl_encode_arg *arg, const struct tl_event *event,
				 const struct tl_variant *variant)
{
	return arg->form != TL_FORM_NONE && (!arg->unless || tl_open_creates(event->args[arg->unless - 1])) &&
	       (!variant || (variant->used & arg->bit));
}

/* Whether it is shown as a number. */
static inline bool tl_encode_is_number(const struct tl_encode_arg *known, const struct tl_event *event,
				       const struct tl_arg_type *arg)
{
	return known->form <= TL_FORM_POINTER && !(known->is_command && tl_is_captured(event, arg));
}

/* A number's text through the memo: a decoder's, or a plain number. */
void tl_encode_number_text(struct tl_buffer *out, struct tl_encode_arg *arg, uint64_t value);

/* Appends an object's path as "</tmp/x>", with "(deleted)" or "(detached)"
 * behind it where the flags say so; a '>' in it is \x3e. */
void tl_encode_link(struct tl_buffer *out, const struct tl_bytes *path);

/* Appends the arguments as strace lists them, without the parentheses. fd_path:
 * what to show as a link behind the descriptor in argument `fd_position`, or NULL. */
/* " <query A example.org>" */
void tl_encode_dns_text(struct tl_buffer *b, const struct tl_dns *dns);
void tl_encode_arguments(struct tl_buffer *out, const struct tl_event *event, struct tl_encode_type *type,
			 unsigned fd_position, const struct tl_bytes *fd_path);

/* Same as the inside of a JSON string; of a buffer, its first 32 bytes: all of it is in "args". */
void tl_encode_arguments_json(struct tl_buffer *out, const struct tl_event *event, struct tl_encode_type *type);

/* TL_TIME_SIZE bytes, with the second's text kept from the last call. */
char *tl_encode_time(char *p, uint64_t ns);

/* Changes when names of users may have; looked at once per second of tl_encode_time(). */
uint64_t tl_encode_users(void);

/* Scratch of this thread, empty. */
struct tl_buffer *tl_encode_scratch(void);

/* For a whole JSON line that becomes something else, of this thread, empty. */
struct tl_buffer *tl_encode_line(void);

/* `"host":{"name":"...","id":"...","boot":{"id":"..."}}`; NULL: no memory. */
const struct tl_buffer *tl_encode_host(void);

/* LOST, LEDGER, START, STOP, RELOAD: members of "traceleft" after "cpu" and "seq", each with a comma before. */
void tl_encode_record_json(struct tl_buffer *b, const struct tl_event *event, const struct tl_chain *chain);
/* What it means that something else than events was lost. */
const char *tl_lost_reason(const struct tl_lost *lost);
void tl_encode_record_text(struct tl_buffer *b, const struct tl_event *event);

/* Where the balance comes from: a session, or a test. */
struct tl_ledger_source {
	const struct tl_event_type *(*event_type)(const struct tl_session *s, size_t i);
	int (*counters)(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret);
	const char *(*refusal)(struct tl_session *s, size_t i, uint64_t *ret_count);
	uint64_t (*unaudited)(struct tl_session *s);
};
/* view and chain may be NULL: there are no rules and outputs, nobody verifies. */
void tl_encode_ledger_json(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source,
			   const struct tl_ledger_view *view, const struct tl_chain *chain);
void tl_encode_ledger_text(struct tl_buffer *b, struct tl_session *s, const struct tl_ledger_source *source,
			   const char *note);

/* The key of a result, as ` path=/etc/passwd uid=0`, and its sum of bytes. */
void tl_encode_key(struct tl_buffer *b, const struct tl_annotation *annotation);

void tl_encode_types_done(void);
void tl_encode_processes_done(void);

/* Whether there may be flags besides "escaped" and those of what is said of the process. */
bool tl_encode_has_flags(const struct tl_event *event);
/* Words for flags of an event and its values, a comma between, in quotes. Returns how many.
 * cut: less is said of arguments than is known. */
unsigned tl_encode_flags(struct tl_buffer *b, const struct tl_event *event, bool escaped, bool cut);

#endif
