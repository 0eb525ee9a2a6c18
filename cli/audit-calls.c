// SPDX-License-Identifier: GPL-2.0-or-later
/* Which system calls a rule of auditd is about. */
#include <ctype.h>
#include <string.h>

#include "audit-internal.h"
#include "suggest.h"
#include "wire.h"

static const struct tl_event_type *type_at(size_t i)
{
	size_t n;
	const struct tl_event_type *types = tl_event_types(&n);

	return i < MIN(n, (size_t)TL_AUDIT_TYPES_MAX) ? &types[i] : NULL;
}

static bool is_call(const struct tl_event_type *type)
{
	return type->class == TL_CLASS_SYSCALL;
}

static bool is_of(const struct tl_event_type *type, enum tl_audit_abi abi)
{
	return type->number[abi] >= 0 || type->number2[abi] >= 0;
}

static void add(struct tl_audit_calls *calls, const struct tl_event_type *type)
{
	size_t i = (size_t)(type - type_at(0));

	if (i < TL_AUDIT_TYPES_MAX)
		calls->has[i] = true;
}

/* ---- -S ---- */

/* Whose names and numbers are meant: auditctl looks them up for its own machine if the rule has no arch. */
static enum tl_audit_abi abi_of_names(const struct tl_audit_draft *d)
{
	return d->abi == TL_AUDIT_ANY ? TL_AUDIT_B64 : d->abi;
}

static const char *abi_name(enum tl_audit_abi abi)
{
	return abi == TL_AUDIT_B32 ? "i386" : "x86_64";
}

/* Names that auditctl has and the table of events does not. */
static const char *name_here(const char *name)
{
	static const char *const names[][2] = {
		{ "fork", "sys_fork" },	  { "exit", "sys_exit" },  { "pread", "pread64" },
		{ "pwrite", "pwrite64" }, { "sysctl", "_sysctl" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i][0], name) == 0)
			return names[i][1];
	return name;
}

/* chown32 of i386 is a number of chown. */
static const struct tl_event_type *find_wide(const char *name)
{
	size_t n = strlen(name);
	char base[32];

	if (n < 3 || n >= sizeof(base) || strcmp(name + n - 2, "32") != 0)
		return NULL;
	memcpy(base, name, n - 2);
	base[n - 2] = '\0';
	return tl_event_type_find(base);
}

static int add_name(struct tl_audit_draft *d, const char *name, unsigned column)
{
	const enum tl_audit_abi abi = abi_of_names(d);
	const struct tl_event_type *type = tl_event_type_find(name_here(name));
	struct tl_suggest suggest;

	if (!type && abi == TL_AUDIT_B32)
		type = find_wide(name);
	if (type && is_call(type) && is_of(type, abi)) {
		add(&d->calls, type);
		return 0;
	}
	if (type && is_call(type))
		return tl_audit_refuse(d->line, column, "%s has no system call '%s'", abi_name(abi), name);
	tl_suggest_init(&suggest, name, strlen(name));
	for (size_t i = 0; (type = type_at(i)); i++)
		if (is_call(type) && is_of(type, abi))
			tl_suggest_offer(&suggest, type->name);
	return tl_audit_refuse(d->line, column, "unknown system call '%s'%s", name, tl_suggest_text(&suggest));
}

static int add_number(struct tl_audit_draft *d, const char *text, unsigned column)
{
	const enum tl_audit_abi abi = abi_of_names(d);
	const struct tl_event_type *type;
	char *end;
	unsigned long number = strtoul(text, &end, 0);

	for (size_t i = 0; !*end && (type = type_at(i)); i++)
		if (is_call(type) && ((long)number == type->number[abi] || (long)number == type->number2[abi])) {
			add(&d->calls, type);
			return 0;
		}
	return tl_audit_refuse(d->line, column, "%s has no system call of the number %s", abi_name(abi), text);
}

int tl_audit_add_calls(struct tl_audit_draft *d, char *text, unsigned column)
{
	const char *begin = text;
	char *saved;
	int r = 0;

	if (!strtok_r(text, ",", &saved))
		return tl_audit_refuse(d->line, column, "-S needs a system call");
	for (char *name = text + strspn(text, ","); name && r >= 0; name = strtok_r(NULL, ",", &saved)) {
		unsigned at = column + (unsigned)(name - begin);

		if (strcmp(name, "all") == 0)
			d->all_calls = true;
		else if (isdigit((unsigned char)*name))
			r = add_number(d, name, at);
		else
			r = add_name(d, name, at);
	}
	if (!d->calls_column)
		d->calls_column = column;
	if (d->all_calls)
		d->calls_column = 0;
	d->has_calls = true;
	return r;
}

/* ---- Permissions ---- */

/* What the kernel takes for what; of open, openat and openat2 it looks at the flags. */
static const struct {
	unsigned perm;
	const char *calls;
} classes[] = {
	{ TL_AUDIT_PERM_READ | TL_AUDIT_PERM_WRITE, " open openat openat2 quotactl " },
	{ TL_AUDIT_PERM_READ, " readlink readlinkat listxattr llistxattr flistxattr listxattrat getxattr lgetxattr "
			      "fgetxattr getxattrat " },
	{ TL_AUDIT_PERM_WRITE, " rename renameat renameat2 mkdir mkdirat rmdir creat link linkat unlink unlinkat "
			       "symlink symlinkat mknod mknodat acct swapon truncate truncate64 ftruncate "
			       "ftruncate64 fallocate bind " },
	{ TL_AUDIT_PERM_ATTR, " chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat setxattr lsetxattr "
			      "fsetxattr setxattrat removexattr lremovexattr fremovexattr removexattrat link linkat " },
	{ TL_AUDIT_PERM_EXEC, " execve execveat " },
};

static bool stands_in(const char *list, const char *name)
{
	char word[40];

	snprintf(word, sizeof(word), " %s ", name);
	return strstr(list, word) != NULL;
}

static bool has_perm(const struct tl_event_type *type, unsigned perms)
{
	for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
		if ((classes[i].perm & perms) && stands_in(classes[i].calls, type->name))
			return true;
	return false;
}

int tl_audit_set_perms(struct tl_audit_draft *d, const char *text, unsigned column)
{
	static const char letters[] = "xwra"; /* bits 0 to 3 */

	if (strlen(text) > 4)
		return tl_audit_refuse(d->line, column, "permissions are up to four of r, w, x and a, not '%s'", text);
	d->perms = 0;
	for (size_t i = 0; text[i]; i++) {
		const char *at = strchr(letters, tolower((unsigned char)text[i]));

		if (!at)
			return tl_audit_refuse(d->line, column + (unsigned)i,
					       "'%c' is no permission: r, w, x and a are", text[i]);
		d->perms |= 1U << (at - letters);
	}
	d->has_perms = true;
	return 0;
}

/* ---- What is asked of them ---- */

enum tl_audit_kind tl_audit_kind_of(const struct tl_event_type *type)
{
	if (stands_in(" open openat openat2 creat ", type->name))
		return TL_AUDIT_OPEN;
	if (stands_in(" execve execveat ", type->name))
		return TL_AUDIT_RUN;
	if (stands_in(" bind connect ", type->name))
		return TL_AUDIT_SOCKET;
	if (type->target_from != TL_FROM_NONE)
		return TL_AUDIT_TWO;
	if (stands_in(" mkdir mkdirat rmdir unlink unlinkat symlink symlinkat mknod mknodat ", type->name))
		return TL_AUDIT_ENTRY;
	return TL_AUDIT_PLAIN;
}

/* Of what a call does by a descriptor alone auditd notes the object of few. */
bool tl_audit_has_names(const struct tl_event_type *type)
{
	if (stands_in(" fchmod fchown fsetxattr fgetxattr flistxattr fremovexattr "
		      "execve execveat bind connect ",
		      type->name))
		return true;
	return (type->path_from != TL_FROM_NONE && type->path_name) ||
	       (type->target_from != TL_FROM_NONE && type->target_name);
}

static bool needs(const struct tl_audit_draft *d, bool (*is)(const struct tl_audit_field *f))
{
	for (size_t i = 0; i < d->n_fields; i++)
		if (is(&d->fields[i]))
			return true;
	return false;
}

static bool is_selected(const struct tl_audit_draft *d, const struct tl_event_type *type, size_t i)
{
	if (!is_call(type))
		return false;
	if (d->has_calls && !d->all_calls && !d->calls.has[i])
		return false;
	if (d->abi != TL_AUDIT_ANY && !d->abi_not && !is_of(type, d->abi) && !(type->flags & TL_TYPE_UNLISTED))
		return false;
	if (d->has_perms && !has_perm(type, d->perms))
		return false;
	if (d->path && !tl_audit_has_names(type))
		return false;
	if (needs(d, tl_audit_field_is_object) && (!type->path_from || !tl_audit_has_names(type)))
		return false;
	return !needs(d, tl_audit_field_is_family) || stands_in(" bind connect sendto sendmsg ", type->name);
}

void tl_audit_select(const struct tl_audit_draft *d, struct tl_audit_calls *ret)
{
	const struct tl_event_type *type;

	for (size_t i = 0; (type = type_at(i)); i++)
		ret->has[i] = is_selected(d, type, i);
}
