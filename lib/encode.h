/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Events as one JSON object a line, one strace-like line, or protobuf. Hot: no
 * allocation per event once the buffer has grown, no printf. */
#ifndef TRACELEFT_ENCODE_H
#define TRACELEFT_ENCODE_H

#include "traceleft.h"

/* Bytes that grow at the end. Zero-initialised is empty; data is owned. */
struct tl_buffer {
	char *data;
	size_t size;
	size_t capacity;
	bool failed; /* something did not fit, since whoever looks cleared it */
};

void tl_buffer_done(struct tl_buffer *b);
/* Room for n more bytes; -ENOMEM, and then b is as before. */
int tl_buffer_reserve(struct tl_buffer *b, size_t n);
int tl_buffer_append(struct tl_buffer *b, const void *data, size_t n);

/* A field of a result's key. */
struct tl_key_value {
	const char *name; /* as in conditions: "path" */
	const char *text; /* borrowed, not NUL-terminated */
	size_t size;
	bool is_number; /* text is its digits; or it is true or false, which has no quotes either */
	bool is_missing; /* the events have none */
};

struct tl_chain;

/* What the rules add to an event. All may be NULL or 0. Strings are borrowed. */
struct tl_annotation {
	const char *rule; /* rule.name */
	const char *const *tags; /* n_tags */
	size_t n_tags;
	const char *severity; /* syslog word for log.level: "warning" */
	const struct tl_buffer *rule_json; /* what tl_encode_rule_json() makes of the above; NULL: not made */
	const char *stream, *group; /* of the original's aggregation spec */
	const char *const *target_names; /* by bit of event->targets */
	size_t n_target_names;
	/* Of a result that stands for several events, see below: */
	const char *result; /* "count", "first", "last", "top", "rest"; NULL: it is an event */
	uint64_t count; /* how many; 0: none */
	uint64_t first, last; /* ns UTC */
	uint64_t bytes; /* sum of what they read or wrote */
	const struct tl_key_value *key; /* what they have in common, n_key */
	size_t n_key;
	const struct tl_chain *chain; /* of the output that it goes to, see chain.h; NULL: nobody verifies it */
};

/* What became of the events that a rule matched: delivered, or in a count, or
 * filtered by `drop`, `sample`, `limit` or `distinct`. */
struct tl_ledger_rule {
	const char *name;
	uint64_t matched;
	uint64_t delivered, filtered, aggregated, lost;
	uint64_t results; /* records that the counts became */
	uint64_t overflow; /* events whose key had no room of its own */
};

/* Lines of an output, results among them: accepted = delivered + lost + waiting. */
struct tl_ledger_output {
	const char *name;
	uint64_t accepted, delivered, lost, waiting;
};

/* The part of the balance behind the library. */
struct tl_ledger_view {
	const struct tl_ledger_rule *rules;
	size_t n_rules;
	const struct tl_ledger_output *outputs;
	size_t n_outputs;
};

/* Appends one object and a newline. annotation may be NULL. -ENOMEM. */
int tl_encode_json(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);
/* Appends the members of such a line that are of its rule: "rule", "tags" and "log", each with a comma before. */
void tl_encode_rule_json(struct tl_buffer *b, const struct tl_annotation *annotation);
/* Appends the event's length and an Event of event.proto. Errors as above. */
int tl_encode_proto(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);
/* Appends one line: "[pid comm] openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3 </etc/passwd>". */
int tl_encode_text(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);

/* Any of these. */
typedef int (*tl_encoder)(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation);

/* The event's host facts, read once: host.name, host.id, boot id. */
struct tl_host {
	char name[256];
	char machine_id[40];
	char boot_id[40];
};
const struct tl_host *tl_host(void);

/* Ends the message of a `start` record where nothing is missing between that process and the one before. */
#define TL_RECORD_GOES_ON "goes on with the session of the process before"

/* event.id: first 8 digits of the boot id, cpu, sequence, low half of the time
 * in hex; the last keeps two sessions of one boot apart. Not NUL-terminated;
 * returns its length. */
#define TL_EVENT_ID_MAX 64
size_t tl_event_id(char ret[TL_EVENT_ID_MAX], const struct tl_event *event);

/* "2026-11-26T04:00:00.123456789Z" of ns since the epoch; not NUL-terminated. */
#define TL_TIME_SIZE 30
void tl_time_text(char ret[TL_TIME_SIZE], uint64_t ns);
/* The other way round; -EINVAL for anything else. */
int tl_time_parse(const char *text, size_t size, uint64_t *ret_ns);

/* Frees what the encoders of this thread keep between events. */
void tl_encode_done(void);

#endif
