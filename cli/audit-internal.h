/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The inside of the import of auditd's rules. Used by cli/audit-*.c only.
 *
 * Functions return 0, -EINVAL when the line is refused and the reason has been
 * noted, or -ENOMEM.
 */
#ifndef TRACELEFT_AUDIT_INTERNAL_H
#define TRACELEFT_AUDIT_INTERNAL_H

#include "audit.h"
#include "put.h"
#include "util.h"

#define TL_AUDIT_LINE_MAX 6143 /* bytes that auditctl reads at once */
#define TL_AUDIT_WORDS_MAX (TL_AUDIT_LINE_MAX / 2 + 1)
#define TL_AUDIT_FIELDS_MAX 63 /* of a rule, for auditctl */
#define TL_AUDIT_KEY_MAX 256 /* bytes of a rule's keys together */
#define TL_AUDIT_KEYS_MAX 16
#define TL_AUDIT_TAG_MAX 64 /* bytes of a key that becomes a tag */
#define TL_AUDIT_TYPES_MAX 1024 /* rows of the table of events */

/* ---- A line and its words ---- */

struct tl_audit_word {
	char *text; /* ends with a NUL */
	unsigned column; /* in bytes, from 1 */
};

struct tl_audit_line {
	struct tl_audit *audit;
	struct tl_problems *problems;
	const char *file;
	unsigned number;
	const char *source; /* as it was read, `size` bytes */
	size_t size;
	char text[TL_AUDIT_LINE_MAX + 1];
	struct tl_audit_word words[TL_AUDIT_WORDS_MAX];
	size_t n;
	bool failed; /* a note had no memory */
};

/* Splits line->source as auditctl does: at spaces, with backslashes in front of those that stay. */
int tl_audit_split(struct tl_audit_line *line);
/* Whether there is nothing to do: nothing but spaces, or a comment. */
bool tl_audit_is_blank(const char *text, size_t size);

/* Notes why the line is not translated; returns -EINVAL. */
int tl_audit_refuse(struct tl_audit_line *line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
/* Notes in what the translation differs. */
void tl_audit_warn(struct tl_audit_line *line, unsigned column, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* ---- A rule as it stands in its line ---- */

enum tl_audit_list {
	TL_AUDIT_LIST_TASK,
	TL_AUDIT_LIST_EXCLUDE,
	TL_AUDIT_LIST_EXIT,
	TL_AUDIT_LIST_USER,
	TL_AUDIT_LIST_FILESYSTEM,
	TL_AUDIT_LIST_IO_URING,
};

enum tl_audit_abi { TL_AUDIT_ANY = -1, TL_AUDIT_B64 = 0, TL_AUDIT_B32 = 1 }; /* as in tl_event_type.number */

enum tl_audit_op {
	TL_AUDIT_EQUAL,
	TL_AUDIT_NOT_EQUAL,
	TL_AUDIT_LESS,
	TL_AUDIT_LESS_EQUAL,
	TL_AUDIT_GREATER,
	TL_AUDIT_GREATER_EQUAL,
	TL_AUDIT_MASK, /* one of the bits */
	TL_AUDIT_TEST, /* all of the bits */
};

#define TL_AUDIT_PERM_EXEC 1
#define TL_AUDIT_PERM_WRITE 2
#define TL_AUDIT_PERM_READ 4
#define TL_AUDIT_PERM_ATTR 8

struct tl_audit_field_type;

struct tl_audit_field {
	const struct tl_audit_field_type *type;
	const struct tl_audit_field_type *other; /* of -C; NULL: it is compared with the value */
	enum tl_audit_op op;
	uint32_t value;
	const char *text; /* the value as it was written; lives as long as the line */
	unsigned column;
};

struct tl_audit_calls {
	bool has[TL_AUDIT_TYPES_MAX];
};

struct tl_audit_draft {
	struct tl_audit_line *line;
	bool has_list, never, prepend, remove, watch;
	enum tl_audit_list list;
	unsigned column; /* of the list, or the watch */

	enum tl_audit_abi abi;
	bool abi_not;
	bool has_calls, all_calls;
	unsigned calls_column; /* of the first that are named; 0: none are */
	struct tl_audit_calls calls;

	bool has_perms;
	unsigned perms;

	char *path; /* owned; NULL: of any object */
	bool below; /* what is below it, too */
	bool directory; /* it is one */
	bool link; /* it is a symbolic link */

	bool has_exe;
	struct tl_audit_field fields[TL_AUDIT_FIELDS_MAX];
	size_t n_fields;
	const char *keys[TL_AUDIT_KEYS_MAX];
	size_t n_keys, key_size;
	unsigned key_column; /* of the first one given by -F; 0: there is none */
};

/* Whether auditctl has been told of calls, permissions or a program by now. */
bool tl_audit_takes_key(const struct tl_audit_draft *d);

/* -S, -F, -C, -p, -w, -k; `text` may be cut into pieces. */
int tl_audit_add_calls(struct tl_audit_draft *d, char *text, unsigned column);
int tl_audit_add_field(struct tl_audit_draft *d, char *text, unsigned column);
int tl_audit_add_comparison(struct tl_audit_draft *d, char *text, unsigned column);
int tl_audit_set_perms(struct tl_audit_draft *d, const char *text, unsigned column);
int tl_audit_set_watch(struct tl_audit_draft *d, const char *text, unsigned column);
int tl_audit_set_path(struct tl_audit_draft *d, bool directory, const char *text, unsigned column);
int tl_audit_add_key(struct tl_audit_draft *d, const char *text, unsigned column);

/* ---- Calls ---- */

/* Those that the rule is about, by -S, arch and permissions. */
void tl_audit_select(const struct tl_audit_draft *d, struct tl_audit_calls *ret);

/* What is asked of an event depends on what kind of call it is. */
enum tl_audit_kind {
	TL_AUDIT_PLAIN, /* has a path */
	TL_AUDIT_ENTRY, /* makes or removes an entry of a directory */
	TL_AUDIT_TWO, /* has two paths */
	TL_AUDIT_OPEN, /* has flags that say for what; creat has those of open that it stands for */
	TL_AUDIT_RUN, /* has a name that may be a script's */
	TL_AUDIT_SOCKET, /* has the path of a socket */
	TL_AUDIT_KINDS,
};
enum tl_audit_kind tl_audit_kind_of(const struct tl_event_type *type);
/* Whether auditd has names of the objects of such calls. */
bool tl_audit_has_names(const struct tl_event_type *type);

/* ---- Conditions ---- */

/* Appends the condition of calls of the kind. */
int tl_audit_put_where(struct tl_audit_draft *d, enum tl_audit_kind kind, struct tl_buffer *b);
/* Appends a comparison of one field, with "and" in front if there is something. */
int tl_audit_put_field(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b);
void tl_audit_put_and(struct tl_buffer *b);
/* A string of a condition, any bytes. */
void tl_audit_put_string(struct tl_buffer *b, const char *text);
bool tl_audit_field_is_object(const struct tl_audit_field *f);
bool tl_audit_field_is_family(const struct tl_audit_field *f);

/* ---- Lines and rules ---- */

/* A line with something in it. */
int tl_audit_line(struct tl_audit_line *line);

/* Adds the rule, or removes the one that is like it. */
int tl_audit_add(struct tl_audit_draft *d);
/* -D; key NULL: all rules. */
void tl_audit_remove_all(struct tl_audit *a, const char *key);
/* A line that has no counterpart, and needs none: why. */
int tl_audit_add_comment(struct tl_audit_line *line, const char *why);

#endif
