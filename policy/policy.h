/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The policy language: YAML text -> struct tl_policy, checked, -> a session's
 * targets and handlers, and the rules that an event goes through afterwards.
 */
#ifndef TRACELEFT_POLICY_H
#define TRACELEFT_POLICY_H

#include "encode.h"
#include "traceleft.h"

#define TL_COMM_MAX 15 /* bytes of a name that the kernel keeps */

#define TL_POLICY_PATH "/etc/traceleft/policy.yaml"
#define TL_POLICY_DIR "/etc/traceleft/policy.d"

/* Problems found, in order; several per run. Zero-initialised is empty. */
struct tl_problem {
	char *file;
	unsigned line, column; /* from 1; 0: the file as a whole */
	char *message;
	bool warning;
};
struct tl_problems {
	struct tl_problem *problem;
	size_t n;
	size_t n_errors; /* those that are no warnings */
};
void tl_problems_done(struct tl_problems *p);
int tl_problems_add(struct tl_problems *p, bool warning, const char *file, unsigned line, unsigned column,
		    const char *format, ...) __attribute__((format(printf, 6, 7)));
/* Puts those from `first` on in the order of their places, file by file. */
void tl_problems_sort(struct tl_problems *p, size_t first);

struct tl_policy_target {
	char *name;
	bool everything, descendants;
	uint32_t *pids;
	size_t n_pids;
	char **executables;
	size_t n_executables;
	char **cgroups; /* those of containers, too */
	size_t n_cgroups;
	char **containers; /* as they were written */
	size_t n_containers;
	char **units;
	size_t n_units;
	struct tl_condition *conditions;
	size_t n_conditions;
	char **not_executables;
	size_t n_not_executables;
	const char *file;
	unsigned line, column;
};

struct tl_expression; /* expression.h */
struct tl_reference;

struct tl_policy_capture {
	char *argument;
	uint32_t size;
};

/* What a result is. */
enum tl_emit { TL_EMIT_COUNT, TL_EMIT_FIRST, TL_EMIT_LAST, TL_EMIT_TOP };

#define TL_POLICY_KEYS 10000 /* by default */
#define TL_POLICY_BY_MAX 8

struct tl_policy_rule {
	char *name;
	uint32_t *targets; /* indexes into policy->targets */
	size_t n_targets;
	const struct tl_event_type **events;
	size_t n_events;
	struct tl_expression *where; /* NULL: every event */
	char *where_text;
	char **tags;
	size_t n_tags;
	char *severity; /* syslog word; "info" by default */
	char *stream, *group; /* words of the original's, for whoever collects the events; NULL: none */
	uint32_t *outputs; /* indexes into policy->outputs */
	size_t n_outputs;
	struct tl_policy_capture *captures;
	size_t n_captures;
	bool final, drop;
	uint32_t sample; /* 1 of N per hash; 0: all */
	uint64_t limit, limit_per; /* at most `limit` per key in limit_per ns; 0: all */
	char *distinct; /* field of which only new values pass; NULL: all */
	struct tl_reference *distinct_field;
	char **by; /* fields that make a key */
	size_t n_by;
	struct tl_reference **by_fields; /* n_by */
	uint64_t every; /* ns: of counts, or until a value is new again; 0: for ever */
	bool counts; /* events become results each `every` */
	enum tl_emit emit;
	uint32_t top; /* results of TL_EMIT_TOP */
	uint32_t keys; /* that are told apart */
	const char *file;
	unsigned line, column;
};

enum tl_output_type { TL_OUTPUT_JOURNALD, TL_OUTPUT_FILE, TL_OUTPUT_STDOUT, TL_OUTPUT_HTTP };
enum tl_fsync { TL_FSYNC_NEVER, TL_FSYNC_INTERVAL, TL_FSYNC_ALWAYS };
enum tl_output_format { TL_FORMAT_JSON, TL_FORMAT_TEXT, TL_FORMAT_PROTO, TL_FORMAT_OTLP, TL_FORMAT_NDJSON };

/* A header of requests: its value, or the file whose first line that is. */
struct tl_policy_header {
	char *name, *value, *file;
};

struct tl_policy_http {
	char *url;
	char *proxy; /* NULL: none */
	char *line_before; /* each event; NULL: none */
	struct tl_policy_header *headers;
	size_t n_headers;
	char *tls_ca, *tls_cert, *tls_key; /* files; NULL: the system's, none, none */
	uint32_t tls_version; /* 0: 1.2 at least, 1: 1.3 */
	uint32_t batch_events;
	uint64_t batch_size; /* bytes */
	uint64_t batch_time, timeout; /* seconds */
	bool compress;
	char *spool_path; /* folder, NULL: in memory */
	uint64_t spool_size; /* bytes */
	uint32_t spool_drop; /* when it is full; 0: what is new, 1: the oldest */
};
/* Whether an output of the first serves the second as it is. */
bool tl_policy_http_same(const struct tl_policy_http *a, const struct tl_policy_http *b);

struct tl_policy_output {
	char *name;
	enum tl_output_type type;
	enum tl_output_format format;
	char *path; /* file */
	uint64_t rotate_size; /* bytes, 0: never */
	uint32_t rotate_keep;
	uint64_t rotate_age; /* seconds, 0: never */
	bool rotate_compress;
	enum tl_fsync fsync; /* file */
	bool seal; /* file */
	struct tl_policy_http http;
	const char *file;
	unsigned line, column;
};

struct tl_policy {
	struct tl_policy_target *targets;
	size_t n_targets;
	struct tl_policy_rule *rules;
	size_t n_rules;
	struct tl_policy_output *outputs;
	size_t n_outputs;
	uint64_t limit_buffer; /* bytes; 0: default */
	uint64_t limit_memory;
	uint32_t *untracked_pids; /* never followed */
	size_t n_untracked_pids;
	char **untracked_executables; /* paths or globs: their events are kept by no rule */
	size_t n_untracked_executables;
	char **files; /* read for it, in order */
	size_t n_files;
	char *directory; /* whose files were; NULL: of none */
	/* What was in them; none of what did not come from a file. */
	struct tl_policy_text {
		char *data;
		size_t size;
	} * texts;
	size_t n_texts;
	struct tl_rule_index *index; /* of tl_policy_filter() */
};

/* Reads `path` (NULL: TL_POLICY_PATH) and, if path is NULL, TL_POLICY_DIR's
 * *.yaml in name order, merged. On -EINVAL the problems say what is wrong and
 * *ret is untouched; warnings may be there on success. Other errors (-ENOENT,
 * -EACCES, -EPERM for a file that others may write, -ENOMEM) are a problem too. */
int tl_policy_load(const char *path, struct tl_policy **ret, struct tl_problems *problems);
/* Same, of any file and folder; dir NULL, or not there: only the file. */
int tl_policy_load_from(const char *path, const char *dir, struct tl_policy **ret, struct tl_problems *problems);
/* Files that would be read, too, if it were loaded again: new ones in its directory. Returns how many
 * there are, or a negative errno of that; each path is given to found(). */
int tl_policy_find_new(const struct tl_policy *p, void (*found)(const char *path, void *userdata), void *userdata);
/* Same, from memory; `name` stands for the file. */
int tl_policy_parse(const char *name, const char *text, size_t size, struct tl_policy **ret,
		    struct tl_problems *problems);
/* Same, an aggregation spec of the original, in JSON: a rule for each of its
 * events, whose one output is the channel. */
int tl_policy_load_spec(const char *path, struct tl_policy **ret, struct tl_problems *problems);
int tl_policy_parse_spec(const char *name, const char *text, size_t size, struct tl_policy **ret,
			 struct tl_problems *problems);
struct tl_policy *tl_policy_free(struct tl_policy *p);

/* The keys of a policy, for help, the manual and the test that compares them. */
struct tl_policy_key {
	const char *name; /* "*": any name */
	const char *type; /* what its value is: "a path or a list of paths" */
	const char *summary; /* one line without a full stop; NULL: not available in this version */
};
/* The i-th key of an object ("policy", "target", "rule", "output", ...); *ret is written on success.
 * -ENOENT: there is no such object or no such key. */
int tl_policy_key_get(const char *object, size_t i, struct tl_policy_key *ret);
/* The i-th object, NULL after the last. */
const char *tl_policy_object_get(size_t i);

/* The key of targets for an attribute: "uid". */
const char *tl_policy_attribute_name(enum tl_attribute attribute);

/* The value of a condition as a policy has it, numbers for names: ">=1000", "sshd*". */
#define TL_CONDITION_TEXT 32
void tl_policy_condition_text(const struct tl_condition *c, char ret[TL_CONDITION_TEXT]);

/* Adds the policy's targets and handlers to a session that has not started;
 * target ids become 0..n_targets-1, and n_targets is "everything" if a rule
 * that keeps events names no target. */
int tl_policy_apply(const struct tl_policy *p, struct tl_session *s);

/* The targets alone, and who is left alone. */
int tl_policy_apply_targets(const struct tl_policy *p, struct tl_session *s);

/* Whether events of the type that none of the rules that keep events can want are left
 * out in the kernel: more than 0; 0: they are not; -E2BIG: that would take too many tests. */
int tl_policy_filter_of(const struct tl_policy *p, const struct tl_event_type *type);

/* Has them left out of all that the session has been asked for. What a rule drops that
 * no other one wants is not seen by it any more. */
int tl_policy_apply_filters(const struct tl_policy *p, struct tl_session *s);

/* Whether rule number i names events of the type. */
bool tl_policy_rule_names(const struct tl_policy *p, size_t i, const struct tl_event_type *type);

/* Calls `deliver` for each rule that keeps the event, in order, until one is
 * final or drops. Returns what became of the event, an enum tl_fate: delivered
 * if some rule did that, else aggregated, else filtered; or deliver's negative
 * error. TraceLeft's own records are not for rules: filtered. */
typedef int (*tl_rule_deliver)(const struct tl_policy_rule *rule, const struct tl_event *event,
			       const struct tl_annotation *annotation, void *userdata);
int tl_policy_filter(struct tl_policy *p, const struct tl_event *event, tl_rule_deliver deliver, void *userdata);

/* Has events counted in the kernel that rules want no more of than that. Before the
 * session's start, after tl_policy_apply(); then tl_policy_collect() comes before each
 * tl_policy_flush(). -ENOMEM. */
int tl_policy_apply_counts(struct tl_policy *p, struct tl_session *s);
/* Whether that can be done for events of the type; *ret_objects: of each object apart. */
bool tl_policy_counts(const struct tl_policy *p, const struct tl_event_type *type, bool *ret_objects);
/* Has the counts that are due at `now` (ns UTC), or all, as tl_session_collect(). 1: they
 * are under way, and nothing is to be flushed before this has been called again. */
int tl_policy_collect(struct tl_policy *p, struct tl_session *s, uint64_t now, bool all);

/* Tells the results whose period is over at `now` (ns UTC), or all: `deliver` gets
 * them as events with annotation->result. Rules that count tell them before the
 * next event, too. Returns 0, or deliver's first error, after which the others
 * are told all the same. */
int tl_policy_flush(struct tl_policy *p, uint64_t now, bool all, tl_rule_deliver deliver, void *userdata);

/* The accounts of all rules, n_rules rows, in their order; valid until the
 * policy is freed, and brought up to date by each call. */
const struct tl_ledger_rule *tl_policy_ledger(struct tl_policy *p);

#endif
