// SPDX-License-Identifier: GPL-2.0-or-later
/* Fields of auditd's rules: what they are called here, and how their values are read. */
#include <ctype.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>

#include "audit-fields.h"
#include "constants.h"
#include "suggest.h"

#define ON_EXIT 0x01 /* of the list exit alone */
#define EQUALITY 0x02 /* = and != alone */

#define NO_LABEL "labels of SELinux are not known here"

static const struct tl_audit_field_type types[] = {
	{ "pid", "pid", TL_AUDIT_NUMBER, 0, NULL },
	{ "ppid", "ppid", TL_AUDIT_NUMBER, ON_EXIT, NULL },
	{ "uid", "uid", TL_AUDIT_USER, 0, NULL },
	{ "euid", "euid", TL_AUDIT_USER, 0, NULL },
	{ "suid", NULL, TL_AUDIT_NONE, 0, "the saved user id is not known here" },
	{ "fsuid", "euid", TL_AUDIT_USER, 0, "the effective user stands for the one of the file system" },
	{ "gid", "gid", TL_AUDIT_GROUP, 0, NULL },
	{ "egid", "egid", TL_AUDIT_GROUP, 0, NULL },
	{ "sgid", NULL, TL_AUDIT_NONE, 0, "the saved group id is not known here" },
	{ "fsgid", "egid", TL_AUDIT_GROUP, 0, "the effective group stands for the one of the file system" },
	{ "auid", "loginuid", TL_AUDIT_LOGIN, 0, NULL },
	{ "loginuid", "loginuid", TL_AUDIT_LOGIN, 0, NULL },
	{ "sessionid", "session", TL_AUDIT_LOGIN, 0, NULL },
	{ "obj_uid", "file.uid", TL_AUDIT_OBJECT_USER, ON_EXIT, NULL },
	{ "obj_gid", "file.gid", TL_AUDIT_OBJECT_GROUP, ON_EXIT, NULL },
	{ "inode", "file.inode", TL_AUDIT_INODE, ON_EXIT | EQUALITY, NULL },
	{ "exit", "ret", TL_AUDIT_RESULT, ON_EXIT, NULL },
	{ "success", "success", TL_AUDIT_SUCCESS, ON_EXIT, NULL },
	{ "a0", "arg1", TL_AUDIT_ARGUMENT, ON_EXIT, NULL },
	{ "a1", "arg2", TL_AUDIT_ARGUMENT, ON_EXIT, NULL },
	{ "a2", "arg3", TL_AUDIT_ARGUMENT, ON_EXIT, NULL },
	{ "a3", "arg4", TL_AUDIT_ARGUMENT, ON_EXIT, NULL },
	{ "saddr_fam", "family", TL_AUDIT_FAMILY, ON_EXIT, NULL },
	{ "exe", "executable", TL_AUDIT_EXE, EQUALITY, NULL },
	{ "path", NULL, TL_AUDIT_PATH, ON_EXIT, NULL },
	{ "dir", NULL, TL_AUDIT_DIR, ON_EXIT, NULL },
	{ "perm", NULL, TL_AUDIT_PERM, ON_EXIT, NULL },
	{ "filetype", "file.mode", TL_AUDIT_FILETYPE, ON_EXIT | EQUALITY, NULL },
	{ "key", NULL, TL_AUDIT_KEY, 0, NULL },
	{ "arch", NULL, TL_AUDIT_ARCH, EQUALITY, NULL },
	{ "msgtype", NULL, TL_AUDIT_MSGTYPE, 0, NULL },
	{ "fstype", NULL, TL_AUDIT_NONE, 0, "the type of a file system is not known here" },
	{ "pers", NULL, TL_AUDIT_NONE, 0, "the personality is not known here" },
	{ "devmajor", NULL, TL_AUDIT_NONE, 0, "the device of an object cannot be asked for in a condition" },
	{ "devminor", NULL, TL_AUDIT_NONE, 0, "the device of an object cannot be asked for in a condition" },
	{ "subj_user", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "subj_role", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "subj_type", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "subj_sen", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "subj_clr", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "obj_user", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "obj_role", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "obj_type", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "obj_lev_low", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
	{ "obj_lev_high", NULL, TL_AUDIT_NONE, 0, NO_LABEL },
};

/* A pair that has been taken apart. */
struct pair {
	const struct tl_audit_field_type *type;
	enum tl_audit_op op;
	char *value;
	unsigned column; /* of the field */
	unsigned value_column;
};

static int find_type(struct tl_audit_draft *d, const char *name, unsigned column,
		     const struct tl_audit_field_type **ret)
{
	struct tl_suggest suggest;

	tl_suggest_init(&suggest, name, strlen(name));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (strcmp(types[i].name, name) == 0) {
			*ret = &types[i];
			return 0;
		}
		tl_suggest_offer(&suggest, types[i].name);
	}
	return tl_audit_refuse(d->line, column, "unknown field '%s'%s", name, tl_suggest_text(&suggest));
}

/* auditctl looks for the operators in this order, anywhere in the text. */
static char *cut_operator(char *text, enum tl_audit_op *ret)
{
	static const struct {
		const char *sign;
		enum tl_audit_op op;
	} signs[] = {
		{ "!=", TL_AUDIT_NOT_EQUAL }, { ">=", TL_AUDIT_GREATER_EQUAL }, { "<=", TL_AUDIT_LESS_EQUAL },
		{ "&=", TL_AUDIT_TEST },      { "=", TL_AUDIT_EQUAL },		{ ">", TL_AUDIT_GREATER },
		{ "<", TL_AUDIT_LESS },	      { "&", TL_AUDIT_MASK },
	};

	for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
		char *at = strstr(text, signs[i].sign);

		if (!at)
			continue;
		*at = '\0';
		*ret = signs[i].op;
		return at + strlen(signs[i].sign);
	}
	return NULL;
}

static int cut_pair(struct tl_audit_draft *d, char *text, unsigned column, struct pair *ret)
{
	int r;

	/* The whole rest is the key, whatever is in it. */
	if (strncmp(text, "key=", 4) == 0) {
		text[3] = '\0';
		ret->value = text + 4;
		ret->op = TL_AUDIT_EQUAL;
	} else
		ret->value = cut_operator(text, &ret->op);
	if (!ret->value)
		return tl_audit_refuse(d->line, column, "a field, an operator and a value are wanted, not '%s'", text);
	ret->column = column;
	ret->value_column = column + (unsigned)(ret->value - text);
	r = find_type(d, text, column, &ret->type);
	if (r >= 0 && !*ret->value)
		r = tl_audit_refuse(d->line, ret->value_column, "the value of '%s' is missing", text);
	return r;
}

/* ---- Values ---- */

/* As strtoul reads them, cut to 32 bits as the kernel has them; what follows the number
 * is left out by auditctl, and refused here. */
static bool read_number(const char *text, bool negative, uint32_t *ret)
{
	char *end;

	if (!isdigit((unsigned char)text[0]) && !(negative && text[0] == '-' && isdigit((unsigned char)text[1])))
		return false;
	errno = 0;
	*ret = (uint32_t)strtoll(text, &end, 0);
	return !errno && !*end;
}

static int read_user(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	const struct passwd *user;

	if (read_number(p->value, true, ret))
		return 0;
	if (strcmp(p->value, "unset") == 0) {
		*ret = UINT32_MAX;
		return 0;
	}
	user = getpwnam(p->value);
	if (!user)
		return tl_audit_refuse(d->line, p->value_column, "there is no user '%s' on this machine", p->value);
	*ret = user->pw_uid;
	return 0;
}

static int read_group(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	const struct group *group;

	if (read_number(p->value, false, ret))
		return 0;
	group = getgrnam(p->value);
	if (!group)
		return tl_audit_refuse(d->line, p->value_column, "there is no group '%s' on this machine", p->value);
	*ret = group->gr_gid;
	return 0;
}

/* A number, or a name with or without a sign: -EACCES. */
static int read_result(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	const char *name = p->value + (p->value[0] == '-');
	int64_t number;

	if (read_number(p->value, true, ret))
		return 0;
	if (name[0] != 'E' || tl_number_find(name, &number) < 0)
		return tl_audit_refuse(d->line, p->value_column, "'%s' is no number and no error", p->value);
	*ret = (uint32_t)(p->value[0] == '-' ? -number : number);
	return 0;
}

static int read_filetype(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	static const struct {
		const char *name;
		uint32_t mode;
	} names[] = {
		{ "file", S_IFREG },	  { "dir", S_IFDIR },	{ "socket", S_IFSOCK }, { "link", S_IFLNK },
		{ "character", S_IFCHR }, { "block", S_IFBLK }, { "fifo", S_IFIFO },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, p->value) == 0) {
			*ret = names[i].mode;
			return 0;
		}
	return tl_audit_refuse(d->line, p->value_column,
			       "'%s' is no type of file: file, dir, socket, link, character, block and fifo are",
			       p->value);
}

static int read_plain(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	if (read_number(p->value, p->type->kind == TL_AUDIT_ARGUMENT, ret))
		return 0;
	return tl_audit_refuse(d->line, p->value_column, "'%s' is a number, not '%s'", p->type->name, p->value);
}

static int read_value(struct tl_audit_draft *d, const struct pair *p, uint32_t *ret)
{
	switch (p->type->kind) {
	case TL_AUDIT_USER:
	case TL_AUDIT_LOGIN:
	case TL_AUDIT_OBJECT_USER:
		return read_user(d, p, ret);
	case TL_AUDIT_GROUP:
	case TL_AUDIT_OBJECT_GROUP:
		return read_group(d, p, ret);
	case TL_AUDIT_RESULT:
		return read_result(d, p, ret);
	case TL_AUDIT_FILETYPE:
		return read_filetype(d, p, ret);
	case TL_AUDIT_EXE:
	case TL_AUDIT_MSGTYPE:
		return 0;
	default:
		return read_plain(d, p, ret);
	}
}

/* ---- Fields of their own kind ---- */

static int set_arch(struct tl_audit_draft *d, const struct pair *p)
{
	static const struct {
		const char *name;
		enum tl_audit_abi abi;
	} names[] = {
		{ "b64", TL_AUDIT_B64 },  { "x86_64", TL_AUDIT_B64 }, { "b32", TL_AUDIT_B32 },
		{ "i386", TL_AUDIT_B32 }, { "i486", TL_AUDIT_B32 },   { "i586", TL_AUDIT_B32 },
		{ "i686", TL_AUDIT_B32 },
	};
	uint32_t number = 0;
	bool is_number = read_number(p->value, false, &number);

	if (d->has_calls)
		return tl_audit_refuse(d->line, p->column, "arch has to stand in front of the system calls");
	d->abi = TL_AUDIT_ANY;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i].name, p->value) == 0)
			d->abi = names[i].abi;
	if (is_number && number == 0xc000003e)
		d->abi = TL_AUDIT_B64;
	else if (is_number && number == 0x40000003)
		d->abi = TL_AUDIT_B32;
	if (d->abi == TL_AUDIT_ANY)
		return tl_audit_refuse(d->line, p->value_column, "'%s' is no architecture of this machine", p->value);
	d->abi_not = p->op == TL_AUDIT_NOT_EQUAL;
	return 0;
}

static int only_equal(struct tl_audit_draft *d, const struct pair *p)
{
	if (p->op == TL_AUDIT_EQUAL)
		return 0;
	return tl_audit_refuse(d->line, p->column + (unsigned)strlen(p->type->name), "'%s' takes = only",
			       p->type->name);
}

static int add_special(struct tl_audit_draft *d, const struct pair *p)
{
	int r = p->type->kind == TL_AUDIT_ARCH ? 0 : only_equal(d, p);

	if (r < 0)
		return r;
	switch (p->type->kind) {
	case TL_AUDIT_ARCH:
		return set_arch(d, p);
	case TL_AUDIT_PERM:
		return tl_audit_set_perms(d, p->value, p->value_column);
	case TL_AUDIT_KEY:
		if (!d->key_column)
			d->key_column = p->column;
		return tl_audit_add_key(d, p->value, p->value_column);
	default:
		return tl_audit_set_path(d, p->type->kind == TL_AUDIT_DIR, p->value, p->value_column);
	}
}

static bool is_special(const struct tl_audit_field_type *type)
{
	return type->kind == TL_AUDIT_ARCH || type->kind == TL_AUDIT_PERM || type->kind == TL_AUDIT_KEY ||
	       type->kind == TL_AUDIT_PATH || type->kind == TL_AUDIT_DIR;
}

static int check_operator(struct tl_audit_draft *d, const struct pair *p)
{
	const unsigned column = p->column + (unsigned)strlen(p->type->name);
	const bool is_bits = p->op == TL_AUDIT_MASK || p->op == TL_AUDIT_TEST;
	const bool is_equality = p->op == TL_AUDIT_EQUAL || p->op == TL_AUDIT_NOT_EQUAL;

	if ((p->type->flags & EQUALITY) && !is_equality)
		return tl_audit_refuse(d->line, column, "'%s' takes = and != only", p->type->name);
	if (is_bits && p->type->kind != TL_AUDIT_ARGUMENT && p->type->kind != TL_AUDIT_RESULT)
		return tl_audit_refuse(d->line, column, "of '%s' the kernel compares no bits", p->type->name);
	if (p->type->kind == TL_AUDIT_SUCCESS && p->op != TL_AUDIT_EQUAL)
		return tl_audit_refuse(
			d->line, column,
			"of 'success' the kernel looks at the value alone, whatever the operator: write =");
	return 0;
}

static int check_field(struct tl_audit_draft *d, const struct pair *p)
{
	if ((p->type->flags & ON_EXIT) && d->list != TL_AUDIT_LIST_EXIT)
		return tl_audit_refuse(d->line, p->column, "'%s' is for the list exit", p->type->name);
	if (p->type->kind == TL_AUDIT_MSGTYPE && d->list != TL_AUDIT_LIST_EXCLUDE && d->list != TL_AUDIT_LIST_USER)
		return tl_audit_refuse(d->line, p->column, "'msgtype' is for the lists exclude and user");
	return 0;
}

int tl_audit_add_field(struct tl_audit_draft *d, char *text, unsigned column)
{
	struct pair p;
	struct tl_audit_field f = {};
	int r = cut_pair(d, text, column, &p);

	/* The rule will be refused for its list. */
	if (r >= 0 &&
	    (d->list == TL_AUDIT_LIST_USER || d->list == TL_AUDIT_LIST_FILESYSTEM || d->list == TL_AUDIT_LIST_IO_URING))
		return 0;
	if (r >= 0)
		r = check_field(d, &p);
	if (r < 0 || is_special(p.type))
		return r < 0 ? r : add_special(d, &p);
	if (p.type->kind == TL_AUDIT_NONE)
		return tl_audit_refuse(d->line, column, "'%s': %s", p.type->name, p.type->why);
	if (d->n_fields == TL_AUDIT_FIELDS_MAX)
		return tl_audit_refuse(d->line, column, "a rule has %d fields at most", TL_AUDIT_FIELDS_MAX);
	f = (struct tl_audit_field){ .type = p.type, .op = p.op, .text = p.value, .column = column };
	r = check_operator(d, &p);
	if (r >= 0)
		r = read_value(d, &p, &f.value);
	if (r < 0)
		return r;
	if (p.type->why)
		tl_audit_warn(d->line, column, "'%s': %s", p.type->name, p.type->why);
	if (p.type->kind == TL_AUDIT_GROUP && p.op <= TL_AUDIT_NOT_EQUAL)
		tl_audit_warn(d->line, column,
			      "'%s': auditd looks at all groups of the process, a condition at this one", p.type->name);
	d->has_exe |= p.type->kind == TL_AUDIT_EXE;
	d->fields[d->n_fields++] = f;
	return 0;
}

/* ---- -C ---- */

static bool is_user(const struct tl_audit_field_type *type)
{
	return type->kind == TL_AUDIT_USER || type->kind == TL_AUDIT_OBJECT_USER || strcmp(type->name, "auid") == 0 ||
	       strcmp(type->name, "suid") == 0;
}

static bool is_group(const struct tl_audit_field_type *type)
{
	return type->kind == TL_AUDIT_GROUP || type->kind == TL_AUDIT_OBJECT_GROUP || strcmp(type->name, "sgid") == 0;
}

static int check_comparison(struct tl_audit_draft *d, const struct pair *p, const struct tl_audit_field_type *other)
{
	const struct tl_audit_field_type *const both[] = { p->type, other };

	if (p->op > TL_AUDIT_NOT_EQUAL)
		return tl_audit_refuse(d->line, p->column, "fields are compared by = and != only");
	if (d->list != TL_AUDIT_LIST_EXIT)
		return tl_audit_refuse(d->line, p->column, "fields are compared in the list exit only");
	if (!(is_user(p->type) && is_user(other)) && !(is_group(p->type) && is_group(other)))
		return tl_audit_refuse(d->line, p->column, "auditctl does not compare '%s' with '%s'", p->type->name,
				       other->name);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		if (both[i]->kind == TL_AUDIT_NONE)
			return tl_audit_refuse(d->line, p->column, "'%s': %s", both[i]->name, both[i]->why);
		else if (both[i]->why)
			tl_audit_warn(d->line, p->column, "'%s': %s", both[i]->name, both[i]->why);
	return 0;
}

int tl_audit_add_comparison(struct tl_audit_draft *d, char *text, unsigned column)
{
	const struct tl_audit_field_type *other = NULL;
	struct pair p;
	int r = cut_pair(d, text, column, &p);

	if (r >= 0)
		r = find_type(d, p.value, p.value_column, &other);
	if (r >= 0)
		r = check_comparison(d, &p, other);
	if (r >= 0 && d->n_fields == TL_AUDIT_FIELDS_MAX)
		r = tl_audit_refuse(d->line, column, "a rule has %d fields at most", TL_AUDIT_FIELDS_MAX);
	if (r < 0)
		return r;
	d->fields[d->n_fields++] = (struct tl_audit_field){ p.type, other, p.op, 0, p.value, column };
	return 0;
}

bool tl_audit_field_is_object(const struct tl_audit_field *f)
{
	const uint8_t kinds[] = { f->type->kind, f->other ? f->other->kind : f->type->kind };

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (kinds[i] == TL_AUDIT_OBJECT_USER || kinds[i] == TL_AUDIT_OBJECT_GROUP ||
		    kinds[i] == TL_AUDIT_INODE || kinds[i] == TL_AUDIT_FILETYPE)
			return true;
	return false;
}

bool tl_audit_field_is_family(const struct tl_audit_field *f)
{
	return f->type->kind == TL_AUDIT_FAMILY;
}
