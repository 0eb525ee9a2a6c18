// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields of auditd's rules as conditions. The kernel's filter compares 32 bits without a sign. */
#include <string.h>
#include <sys/stat.h>

#include "audit-fields.h"
#include "audit-path.h"

static const char *const signs[] = {
	[TL_AUDIT_EQUAL] = "==",      [TL_AUDIT_NOT_EQUAL] = "!=", [TL_AUDIT_LESS] = "<",
	[TL_AUDIT_LESS_EQUAL] = "<=", [TL_AUDIT_GREATER] = ">",	   [TL_AUDIT_GREATER_EQUAL] = ">=",
};

void tl_audit_put_and(struct tl_buffer *b)
{
	if (b->size)
		tl_put_text(b, " and ");
}

void tl_audit_put_string(struct tl_buffer *b, const char *text)
{
	static const char digits[] = "0123456789abcdef";

	tl_put_char(b, '"');
	for (const char *p = text; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (c == '"' || c == '\\') {
			tl_put_char(b, '\\');
			tl_put_char(b, *p);
		} else if (c < ' ' || c >= 0x7f) {
			tl_put_text(b, "\\x");
			tl_put_char(b, digits[c >> 4]);
			tl_put_char(b, digits[c & 15]);
		} else
			tl_put_char(b, *p);
	}
	tl_put_char(b, '"');
}

static void put(struct tl_buffer *b, const char *name, const char *sign, int64_t value)
{
	tl_put_text(b, name);
	tl_put_char(b, ' ');
	tl_put_text(b, sign);
	tl_put_char(b, ' ');
	tl_put_i64(b, value);
}

static void put_text(struct tl_buffer *b, const char *name, const char *rest)
{
	tl_put_text(b, name);
	tl_put_char(b, ' ');
	tl_put_text(b, rest);
}

static int refuse_never(struct tl_audit_draft *d, const struct tl_audit_field *f)
{
	return tl_audit_refuse(d->line, f->column, "auditd compares '%s' without a sign: this is never true",
			       f->type->name);
}

/* ---- Login users and sessions ---- */

/* Whether another field of the rule leaves out those that are unset. */
static bool is_set(const struct tl_audit_draft *d, const struct tl_audit_field_type *type)
{
	for (size_t i = 0; i < d->n_fields; i++)
		if (d->fields[i].type == type && !d->fields[i].other && d->fields[i].op == TL_AUDIT_NOT_EQUAL &&
		    d->fields[i].value == UINT32_MAX)
			return true;
	return false;
}

static int put_unset(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	if (f->op == TL_AUDIT_GREATER)
		return refuse_never(d, f);
	if (f->op == TL_AUDIT_LESS_EQUAL)
		return 0;
	tl_audit_put_and(b);
	put_text(b, f->type->ours,
		 f->op == TL_AUDIT_EQUAL || f->op == TL_AUDIT_GREATER_EQUAL ? "== unset" : "!= unset");
	return 0;
}

static int put_login(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	const char *name = f->type->ours;
	const bool above = f->op == TL_AUDIT_GREATER || f->op == TL_AUDIT_GREATER_EQUAL;
	const bool other = f->op > TL_AUDIT_NOT_EQUAL && !is_set(d, f->type);

	if (f->value == UINT32_MAX)
		return put_unset(d, f, b);
	tl_audit_put_and(b);
	if (other && above)
		tl_put_char(b, '(');
	put(b, name, signs[f->op], f->value);
	if (other) {
		tl_put_text(b, above ? " or " : " and ");
		put_text(b, name, above ? "== unset)" : "!= unset");
	}
	return 0;
}

/* ---- Results and arguments ---- */

/* All bits, or one of them. */
static int put_bits(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	const bool several = f->op == TL_AUDIT_MASK && (f->value & (f->value - 1));
	bool first = true;

	if (!f->value)
		return f->op == TL_AUDIT_TEST ? 0 : refuse_never(d, f);
	tl_audit_put_and(b);
	if (!several) {
		put(b, f->type->ours, "has", f->value);
		return 0;
	}
	for (unsigned i = 0; i < 32; i++) {
		if (!(f->value & 1U << i))
			continue;
		tl_put_text(b, first ? "(" : " or ");
		put(b, f->type->ours, "has", (int64_t)1 << i);
		first = false;
	}
	tl_put_char(b, ')');
	return 0;
}

/* What the kernel makes -EINTR of before auditd sees it: -ERESTARTSYS and the like. */
static void put_interrupted(const struct tl_audit_field *f, struct tl_buffer *b)
{
	tl_audit_put_and(b);
	put_text(b, f->type->ours, f->op == TL_AUDIT_EQUAL ? "in" : "not in");
	tl_put_text(b, " (-EINTR, -512, -513, -514, -516)");
}

static void put_equal(const struct tl_audit_field *f, struct tl_buffer *b)
{
	const int32_t value = (int32_t)f->value;

	if (f->type->kind == TL_AUDIT_RESULT && value == -EINTR) {
		put_interrupted(f, b);
		return;
	}
	tl_audit_put_and(b);
	if (f->type->kind == TL_AUDIT_RESULT && f->text[0] == '-' && f->text[1] == 'E') {
		tl_put_text(b, f->type->ours);
		tl_put_char(b, ' ');
		put_text(b, signs[f->op], f->text);
	} else if (f->type->kind == TL_AUDIT_ARGUMENT && value < 0) {
		/* The type of the argument tells which one it can be. */
		tl_put_char(b, '(');
		put(b, f->type->ours, signs[f->op], value);
		tl_put_text(b, f->op == TL_AUDIT_EQUAL ? " or " : " and ");
		put(b, f->type->ours, signs[f->op], f->value);
		tl_put_char(b, ')');
	} else
		put(b, f->type->ours, signs[f->op], value);
}

/* Numbers below 0 are the largest ones. */
static int put_order(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	const int32_t value = (int32_t)f->value;
	const bool above = f->op == TL_AUDIT_GREATER || f->op == TL_AUDIT_GREATER_EQUAL;
	const bool joined = above == (value >= 0);

	if (!value && f->op == TL_AUDIT_LESS)
		return refuse_never(d, f);
	if (!value && f->op == TL_AUDIT_GREATER_EQUAL) {
		tl_audit_warn(d->line, f->column, "auditd compares '%s' without a sign: this is always true",
			      f->type->name);
		return 0;
	}
	if (value < 0 && f->type->kind == TL_AUDIT_ARGUMENT)
		return tl_audit_refuse(d->line, f->column, "'%s' cannot be compared with so large a number",
				       f->type->name);
	tl_audit_put_and(b);
	if (joined)
		tl_put_char(b, '(');
	put(b, f->type->ours, signs[f->op], value);
	tl_put_text(b, joined ? " or " : " and ");
	put(b, f->type->ours, above ? "<" : ">=", 0);
	if (joined)
		tl_put_char(b, ')');
	return 0;
}

static int put_signed(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	if (f->op >= TL_AUDIT_MASK)
		return put_bits(d, f, b);
	if (f->op > TL_AUDIT_NOT_EQUAL)
		return put_order(d, f, b);
	put_equal(f, b);
	return 0;
}

/* ---- Others ---- */

/* All the bits of the type, and no other one that a type may have. */
static void put_filetype(const struct tl_audit_field *f, struct tl_buffer *b)
{
	tl_audit_put_and(b);
	tl_put_text(b, f->op == TL_AUDIT_NOT_EQUAL ? "not (" : "(");
	tl_put_text(b, "file.mode has ");
	tl_put_octal(b, f->value);
	for (uint32_t bit = 010000; bit <= 0100000; bit <<= 1)
		if (!(f->value & bit)) {
			tl_put_text(b, " and not file.mode has ");
			tl_put_octal(b, bit);
		}
	tl_put_char(b, ')');
}

static int put_exe(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	_cleanup_free_ char *path = NULL;
	int r = tl_audit_path_check(d->line, f->text, f->column + 4);

	if (r >= 0)
		r = tl_audit_path_resolve(f->text, &path);
	if (r < 0)
		return r;
	tl_audit_put_and(b);
	put_text(b, f->type->ours, signs[f->op]);
	tl_put_char(b, ' ');
	tl_audit_put_string(b, path);
	return 0;
}

int tl_audit_put_field(struct tl_audit_draft *d, const struct tl_audit_field *f, struct tl_buffer *b)
{
	if (f->other) {
		tl_audit_put_and(b);
		tl_put_text(b, f->type->ours);
		tl_put_char(b, ' ');
		put_text(b, signs[f->op], f->other->ours);
		return 0;
	}
	switch (f->type->kind) {
	case TL_AUDIT_LOGIN:
		return put_login(d, f, b);
	case TL_AUDIT_RESULT:
	case TL_AUDIT_ARGUMENT:
		return put_signed(d, f, b);
	case TL_AUDIT_EXE:
		return put_exe(d, f, b);
	case TL_AUDIT_FILETYPE:
		put_filetype(f, b);
		return 0;
	case TL_AUDIT_MSGTYPE:
		return 0;
	case TL_AUDIT_SUCCESS:
		tl_audit_put_and(b);
		tl_put_text(b, f->value ? "success" : "not success");
		return 0;
	default:
		tl_audit_put_and(b);
		put(b, f->type->ours, signs[f->op], f->value);
		return 0;
	}
}

/* ---- The whole condition ---- */

static void put_abi(const struct tl_audit_draft *d, struct tl_buffer *b)
{
	if (d->abi == TL_AUDIT_ANY)
		return;
	put_text(b, "abi", d->abi_not ? "!= " : "== ");
	tl_put_text(b, d->abi == TL_AUDIT_B64 ? "\"x86_64\"" : "\"i386\"");
}

/* What a file is opened for: O_RDONLY has no bit. */
static void put_flags(const struct tl_audit_draft *d, struct tl_buffer *b)
{
	const unsigned both = TL_AUDIT_PERM_READ | TL_AUDIT_PERM_WRITE;

	if (!d->has_perms || (d->perms & both) == both)
		return;
	tl_audit_put_and(b);
	tl_put_text(b, d->perms & TL_AUDIT_PERM_WRITE ? "(flags has O_WRONLY or flags has O_RDWR)" :
							"(not flags has O_WRONLY or flags has O_RDWR)");
}

static void put_is(const char *field, const char *text, struct tl_buffer *b)
{
	put_text(b, field, "== ");
	tl_audit_put_string(b, text);
}

/* Below the directory `text`; "/" ends with its slash. */
static void put_below(const char *field, const char *text, struct tl_buffer *b)
{
	const size_t size = b->size;

	put_text(b, field, "startswith ");
	tl_audit_put_string(b, text);
	if (b->size > size && text[1]) {
		b->size--; /* the quote */
		tl_put_text(b, "/\"");
	}
}

/* `made`: it may be an entry that is to be made, which auditd does not have where there is one of the name. */
static void put_name(const struct tl_audit_draft *d, const char *field, bool first, bool made, struct tl_buffer *b)
{
	tl_put_text(b, first ? "(" : " or ");
	put_is(field, d->path, b);
	if (made)
		tl_put_text(b, " and errno != EEXIST");
	if (!d->below)
		return;
	tl_put_text(b, " or ");
	put_below(field, d->path, b);
}

/* A script is known by the name that it was run by, from the working directory if that is not a
 * path; its object is its interpreter. So is a link, which some kernels look at when a program is run. */
static int put_script(const struct tl_audit_draft *d, struct tl_buffer *b)
{
	_cleanup_free_ char *directory = strndup(d->path, (size_t)MAX(strrchr(d->path, '/') - d->path, 1));
	_cleanup_(tl_buffer_done) struct tl_buffer here = {};
	const char *base = strrchr(d->path, '/') + 1;

	if (!directory)
		return -ENOMEM;
	put_name(d, "pathname", false, false, b);
	if (d->below) {
		tl_put_text(b, " or not pathname startswith \"/\" and (");
		put_is("cwd", d->path, b);
		tl_put_text(b, " or ");
		put_below("cwd", d->path, b);
		tl_put_char(b, ')');
	}
	if (d->directory)
		return 0;
	tl_put_text(b, " or ");
	put_is("cwd", directory, b);
	tl_put_text(b, " and pathname in (");
	tl_audit_put_string(b, base);
	tl_put_text(b, ", ");
	tl_put_text(&here, "./");
	tl_put_text(&here, base);
	tl_put_char(&here, '\0');
	if (here.failed)
		return -ENOMEM;
	tl_audit_put_string(b, here.data);
	tl_put_char(b, ')');
	return 0;
}

static int put_path(const struct tl_audit_draft *d, enum tl_audit_kind kind, struct tl_buffer *b)
{
	static const char *const fields[TL_AUDIT_KINDS][2] = {
		[TL_AUDIT_PLAIN] = { "path" },
		[TL_AUDIT_ENTRY] = { "path" },
		[TL_AUDIT_TWO] = { "path", "target_path" },
		[TL_AUDIT_OPEN] = { "path" },
		[TL_AUDIT_RUN] = { "path" },
		[TL_AUDIT_SOCKET] = { "socket_path" },
	};
	int r;

	if (!d->path)
		return 0;
	tl_audit_put_and(b);
	for (size_t i = 0; i < 2 && fields[kind][i]; i++)
		put_name(d, fields[kind][i], i == 0, kind == TL_AUDIT_ENTRY || i == 1, b);
	r = kind == TL_AUDIT_RUN && !(d->link && d->below) ? put_script(d, b) : 0;
	tl_put_char(b, ')');
	/* auditd has no object that is not there; but it has the directory in which an entry was to be made. */
	if (kind != TL_AUDIT_SOCKET && !(d->directory && (kind == TL_AUDIT_ENTRY || kind == TL_AUDIT_TWO)))
		tl_put_text(b, " and errno != ENOENT");
	return r;
}

int tl_audit_put_where(struct tl_audit_draft *d, enum tl_audit_kind kind, struct tl_buffer *b)
{
	int r = 0;

	put_abi(d, b);
	for (size_t i = 0; i < d->n_fields && r >= 0; i++)
		r = tl_audit_put_field(d, &d->fields[i], b);
	if (r < 0)
		return r;
	if (kind == TL_AUDIT_OPEN)
		put_flags(d, b);
	r = put_path(d, kind, b);
	return b->failed ? -ENOMEM : r;
}
