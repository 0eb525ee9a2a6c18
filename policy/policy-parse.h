/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A policy while it is read. Whatever is wrong is reported with its place, and
 * reading goes on, so that one run shows all problems: the functions return
 * -ENOMEM or nothing but 0. Used by policy/policy*.c only.
 */
#ifndef TRACELEFT_POLICY_PARSE_H
#define TRACELEFT_POLICY_PARSE_H

#include "policy.h"
#include "yaml-tree.h"

#define TL_POLICY_KEYS_MAX 32 /* of an object */

/* A file of the policy; all are kept until the names in them are resolved. */
struct tl_policy_source {
	const char *name; /* owned by policy->files */
	char *text; /* owned */
	struct tl_yaml yaml;
};

/* What a rule says about others, by name. */
struct tl_policy_names {
	const struct tl_policy_source *source;
	const struct tl_yaml_node *targets, *outputs; /* NULL: not given */
};

struct tl_draft {
	struct tl_policy *policy;
	struct tl_problems *problems;
	struct tl_policy_source **sources; /* owned, n_sources */
	size_t n_sources;
	const struct tl_policy_source *source; /* the one that is read */
	struct tl_policy_names *names; /* one per rule */
	size_t n_names;
	const struct tl_policy_source *limits_source[2]; /* where buffer and memory were given */
	const struct tl_yaml_node *limits_node[2];
	size_t n_containers; /* of all targets */
	size_t too_many_targets; /* told once */
	bool has_rules, has_outputs; /* however wrong */
	int (*read_root)(struct tl_draft *d, const struct tl_yaml_node *root); /* NULL: it is a policy */
	bool broken; /* part of it could not be read at all */
};

/* Returns 0, or -ENOMEM. */
#define tl_draft_problem(d, node, ...) \
	tl_problems_add((d)->problems, false, (d)->source->name, (node)->line, (node)->column, __VA_ARGS__)
#define tl_draft_warning(d, node, ...) \
	tl_problems_add((d)->problems, true, (d)->source->name, (node)->line, (node)->column, __VA_ARGS__)

/* Same at a column of the node's text, from 1, of what `key` says. */
int tl_draft_note(struct tl_draft *d, const struct tl_yaml_node *node, bool warning, unsigned column, const char *key,
		  const char *message);

/* ---- Objects: mappings with fixed keys, read by tables ---- */

struct tl_policy_field {
	const char *name; /* of the key */
	const char *type, *summary; /* as in struct tl_policy_key */
	/* NULL: not available in this version. */
	int (*read)(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object);
	size_t offset, n_offset; /* in the object: of the value, of the number of values */
	uint64_t min, max; /* of a number; max 0: none */
	const char *(*check)(const char *text); /* of a string: NULL, or what is wrong */
	const char *const *words; /* one of these */
	unsigned of; /* output: bits of enum tl_output_type */
};

struct tl_policy_object {
	const char *name; /* "target", for messages and the manual */
	const struct tl_policy_field *fields;
	size_t n_fields;
	bool nothing; /* a key without a value is as good as none */
};

extern const struct tl_policy_object tl_policy_root, tl_policy_target, tl_policy_not, tl_policy_rule,
	tl_policy_aggregate, tl_policy_output, tl_policy_rotate, tl_policy_batch, tl_policy_headers, tl_policy_spool,
	tl_policy_tls, tl_policy_limits, tl_policy_untracked;

/* Reads a mapping. given (may be NULL): per field, the node of its key. */
int tl_policy_read_object(struct tl_draft *d, const struct tl_policy_object *object, const struct tl_yaml_node *node,
			  void *to, const struct tl_yaml_node **given);

/* Reads a mapping of names to objects: `read` gets each pair whose name is valid. */
int tl_policy_read_named(struct tl_draft *d, const struct tl_yaml_node *node, const char *what,
			 int (*read)(struct tl_draft *d, const struct tl_yaml_node *name,
				     const struct tl_yaml_node *value));

/* Whether the node is of the kind; reports "what: expected KIND". */
bool tl_policy_expect(struct tl_draft *d, const struct tl_yaml_node *node, enum tl_yaml_kind kind, const char *what);

/* ---- Values ---- */

/* The node itself, to be read when the other keys are known. */
int tl_read_node(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		 void *); /* const struct tl_yaml_node * */

int tl_read_bool(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *); /* bool */
int tl_read_number(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		   void *); /* uint32_t */
int tl_read_size(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *); /* uint64_t */
int tl_read_duration(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		     void *); /* uint64_t */
int tl_read_string(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *); /* char * */
int tl_read_word(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		 void *); /* uint32_t, its index */
/* A single value is a list of one. */
int tl_read_strings(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		    void *); /* char ** */
int tl_read_numbers(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *,
		    void *); /* uint32_t * */

/* policy-conditions.c: the field's name is that of an attribute of a task, the object
 * a struct tl_policy_target; what matches is left out by negative ones. */
int tl_read_conditions(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_read_negative_conditions(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);

/* "500ms", "10s", "5m", ... in ns. -EINVAL, -ERANGE. */
int tl_policy_duration(const char *text, size_t size, uint64_t *ret);
/* Digits. */
int tl_policy_number(const char *text, size_t size, uint64_t *ret);

/* Digits and K, M or G. -EINVAL, -ERANGE. */
int tl_policy_size(const char *text, uint64_t *ret);

/* Checks of strings. */
const char *tl_check_name(const char *text);
const char *tl_check_executable(const char *text);
const char *tl_check_cgroup(const char *text);
const char *tl_check_unit(const char *text);
const char *tl_check_file(const char *text);
const char *tl_check_tag(const char *text);

const char *tl_check_url(const char *text);
const char *tl_check_proxy(const char *text);
const char *tl_check_text(const char *text);

/* Whether it is a single value or a list that is not empty; reports what is wrong. */
bool tl_policy_expect_items(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value);

/* The i-th node of a value that is a list, or the value itself; NULL after the last. */
const struct tl_yaml_node *tl_policy_item(const struct tl_yaml_node *value, const struct tl_yaml_node *before);

/* Makes room for one more, zeroed, at the end; NULL without memory. */
void *tl_array_add(void *array, size_t *n, size_t item);

/* ---- Parts ---- */

int tl_policy_add_target(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value);
int tl_policy_add_output(struct tl_draft *d, const struct tl_yaml_node *name, const struct tl_yaml_node *value);
int tl_policy_add_rule(struct tl_draft *d, const struct tl_yaml_node *value);

/* policy-spec.c: the aggregation spec of the original. */
int tl_policy_read_spec(struct tl_draft *d, const struct tl_yaml_node *root);

/* ---- Rules ---- */

/* A rule while it is read: what needs the other keys is kept as it stands in the file. */
struct tl_rule_draft {
	struct tl_policy_rule rule;
	const struct tl_yaml_node *targets, *outputs, *where, *captures;
	const struct tl_yaml_node *distinct, *aggregate, *by, *every, *emit, *limit;
	uint32_t severity;
	bool has_events;
	bool guesses; /* some of its events are not known: nothing is said about fields and arguments */
};

#define TL_SAMPLE_MAX 1000000000U

/* policy-keep.c: what becomes of the events that a rule matches. Object: a struct tl_rule_draft. */
int tl_read_limit(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_read_aggregate(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_policy_check_keep(struct tl_draft *d, struct tl_rule_draft *draft, const struct tl_yaml_node *rule);
void tl_policy_keep_done(struct tl_policy_rule *r);

/* What can only be said when everything has been read. */
int tl_policy_check(struct tl_draft *d);

/* Parts of struct tl_policy_http, which is at the field's offset. */
int tl_read_batch(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_read_headers(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_read_spool(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
int tl_read_tls(struct tl_draft *, const struct tl_policy_field *, const struct tl_yaml_node *, void *);
void tl_policy_http_defaults(struct tl_policy_http *http);
/* What its keys say together; the nodes are those of url and tls, or NULL. */
int tl_policy_check_http(struct tl_draft *d, const struct tl_policy_http *http, const struct tl_yaml_node *url,
			 const struct tl_yaml_node *tls);
void tl_policy_http_done(struct tl_policy_http *http);

void tl_policy_target_done(struct tl_policy_target *t);
void tl_policy_rule_done(struct tl_policy_rule *r);
void tl_policy_output_done(struct tl_policy_output *o);

/* ---- The index of rules, see rules.c ---- */

int tl_rule_index_new(const struct tl_policy *p, struct tl_rule_index **ret);
/* Some events of that rule are counted in the kernel. -ENOMEM. */
int tl_rule_index_count(struct tl_rule_index *index, size_t rule);
/* What the kernel part has counted; userdata: the index. Returns an enum tl_fate, or an error. */
int tl_rule_index_take_count(const struct tl_count *count, void *userdata);
struct tl_rule_index *tl_rule_index_free(struct tl_rule_index *index);

#endif
