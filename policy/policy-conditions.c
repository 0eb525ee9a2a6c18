// SPDX-License-Identifier: GPL-2.0-or-later
/* Conditions of targets on users, groups, sessions, namespaces and names. */
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

#define UNSET UINT32_MAX /* no login user or session */
#define DEVICE_SHIFT 20 /* of the major number, behind which is the minor one */
#define PSEUDO_TERMINALS_BEGIN ((uint64_t)136 << DEVICE_SHIFT) /* their first major number */
#define PSEUDO_TERMINALS (1U << DEVICE_SHIFT)
#define LOOKUP_SIZE_MAX (16U << 20) /* members of a group */

/* Names that stand for numbers. */
struct names {
	const char *of; /* "user" */
	const char *file; /* where the usual ones are */
	/* 0 or an errno; *ret_found and *ret_id are written on success. */
	int (*find)(const char *name, char *buffer, size_t size, bool *ret_found, uint32_t *ret_id);
};

static int find_user(const char *name, char *buffer, size_t size, bool *ret_found, uint32_t *ret_id)
{
	struct passwd entry, *found = NULL;
	int error = getpwnam_r(name, &entry, buffer, size, &found);

	*ret_found = found;
	if (found)
		*ret_id = found->pw_uid;
	return error;
}

static int find_group(const char *name, char *buffer, size_t size, bool *ret_found, uint32_t *ret_id)
{
	struct group entry, *found = NULL;
	int error = getgrnam_r(name, &entry, buffer, size, &found);

	*ret_found = found;
	if (found)
		*ret_id = found->gr_gid;
	return error;
}

static const struct names users = { "user", "/etc/passwd", find_user };
static const struct names groups = { "group", "/etc/group", find_group };

#define NUMBERS "a number, a range such as 1000-1999 or a comparison such as '>=1000'"

static const struct attribute {
	const char *key;
	const char *expected;
	const struct names *names; /* NULL: none */
	bool has_unset;
	uint32_t max; /* of numbers; what is unset is none */
} attributes[TL_ATTRIBUTES] = {
	[TL_ATTRIBUTE_UID] = { "uid", "a user, " NUMBERS, &users, .max = UNSET - 1 },
	[TL_ATTRIBUTE_GID] = { "gid", "a group, " NUMBERS, &groups, .max = UNSET - 1 },
	[TL_ATTRIBUTE_LOGINUID] = { "loginuid", "a user, unset, " NUMBERS, &users, .has_unset = true,
				    .max = UNSET - 1 },
	[TL_ATTRIBUTE_SESSION] = { "session", "unset, " NUMBERS, .has_unset = true, .max = UNSET - 1 },
	[TL_ATTRIBUTE_PIDNS] = { "pidns", NUMBERS, .max = UINT32_MAX },
	[TL_ATTRIBUTE_MNTNS] = { "mntns", NUMBERS, .max = UINT32_MAX },
	[TL_ATTRIBUTE_COMM] = { "comm", "a name" },
	[TL_ATTRIBUTE_TTY] = { "tty", "any or a terminal such as /dev/pts/3", .max = UINT32_MAX },
};

/* ---- Names ---- */

/* 0, -ENOENT or another negative errno. */
static int find_id(const struct names *names, const char *name, uint32_t *ret_id)
{
	int error = ERANGE;

	for (size_t size = 4096; error == ERANGE && size <= LOOKUP_SIZE_MAX; size *= 4) {
		_cleanup_free_ char *buffer = malloc(size);
		bool found;

		if (!buffer)
			return -ENOMEM;
		error = names->find(name, buffer, size, &found, ret_id);
		if (!error)
			return found ? 0 : -ENOENT;
	}
	/* So name services say that, too. */
	return error == ESRCH || error == EBADF || error == EPERM ? -ENOENT : -error;
}

/* The nearest one is looked for in the file alone: others may be a network away. */
static int unknown_name(struct tl_draft *d, const struct attribute *a, const struct tl_yaml_node *value)
{
	_cleanup_fclose_ FILE *file = fopen(a->names->file, "re");
	_cleanup_free_ char *text = NULL;
	struct tl_suggest suggest;
	size_t room = 0;

	tl_suggest_init(&suggest, value->text, value->size);
	if (a->has_unset)
		tl_suggest_offer(&suggest, "unset");
	if (file && getdelim(&text, &room, '\0', file) > 0) {
		char *state;

		for (char *line = strtok_r(text, "\n", &state); line; line = strtok_r(NULL, "\n", &state)) {
			line[strcspn(line, ":")] = '\0';
			tl_suggest_offer(&suggest, line);
		}
	}
	return tl_draft_problem(d, value, "%s: there is no %s '%.60s'%s", a->key, a->names->of, value->text,
				tl_suggest_text(&suggest));
}

/* ---- Values: 0: *ret is written, 1: the problem was reported, or -ENOMEM ---- */

static int reported(int r)
{
	return r < 0 ? r : 1;
}

/* -EINVAL: that are no numbers; -ERANGE: too large; -EDOM: there are none between them. */
static int parse_numbers(const char *text, uint32_t max, uint64_t *ret_low, uint64_t *ret_high)
{
	uint64_t low = 0, high = max, n;
	int r;

	if (*text == '<' || *text == '>') {
		bool equal = text[1] == '=';
		const char *digits = text + 1 + equal;

		digits += strspn(digits, " ");
		r = tl_policy_number(digits, strlen(digits), &n);
		if (r < 0)
			return r;
		if (n > max)
			return -ERANGE;
		if (*text == '<' && !equal && !n)
			return -EDOM;
		*(*text == '<' ? &high : &low) = equal ? n : *text == '<' ? n - 1 : n + 1;
	} else {
		const char *dash = strchrnul(text, '-');

		r = tl_policy_number(text, (size_t)(dash - text), &low);
		high = low;
		if (r >= 0 && *dash)
			r = tl_policy_number(dash + 1, strlen(dash + 1), &high);
		if (r < 0)
			return r;
		if (MAX(low, high) > max)
			return -ERANGE;
	}
	if (low > high)
		return -EDOM;
	*ret_low = low;
	*ret_high = high;
	return 0;
}

static bool is_unset(const struct attribute *a, const char *text)
{
	return a->has_unset && (strcmp(text, "unset") == 0 || strcmp(text, "4294967295") == 0);
}

static int read_numbers(struct tl_draft *d, const struct attribute *a, const struct tl_yaml_node *value,
			struct tl_condition *ret)
{
	const char *text = value->text;
	uint32_t id;
	int r;

	if (is_unset(a, text)) {
		ret->low = ret->high = UNSET;
		return 0;
	}
	if (a->names && !strchr("<>=!", *text) && text[strspn(text, "0123456789-")]) {
		r = find_id(a->names, text, &id);
		if (r == -ENOMEM)
			return r;
		if (r == -ENOENT)
			return reported(unknown_name(d, a, value));
		if (r < 0)
			return reported(tl_draft_problem(d, value, "%s: %s '%.60s' cannot be looked up: %s", a->key,
							 a->names->of, text, strerror(-r)));
		ret->low = ret->high = id;
		return 0;
	}
	r = parse_numbers(text, a->max, &ret->low, &ret->high);
	if (r == -ERANGE)
		return reported(tl_draft_problem(d, value, "%s: '%.60s' is more than %u", a->key, text, a->max));
	if (r == -EDOM)
		return reported(tl_draft_problem(d, value, "%s: there is no number in '%.60s'", a->key, text));
	if (r < 0)
		return reported(tl_draft_problem(d, value, "%s: expected %s, not '%.60s'", a->key, a->expected, text));
	return 0;
}

static int read_comm(struct tl_draft *d, const struct attribute *a, const struct tl_yaml_node *value,
		     struct tl_condition *ret)
{
	const char *text = value->text, *star = strchr(text, '*');
	size_t n = star ? (size_t)(star - text) : value->size;

	if (!value->size)
		return reported(tl_draft_problem(d, value, "%s: the name is empty", a->key));
	if (star && star[1])
		return reported(tl_draft_problem(d, value, "%s: '%.60s': '*' may stand at the end only", a->key, text));
	if (!n)
		return reported(tl_draft_problem(d, value, "%s: '*' is every name", a->key));
	if (n > TL_COMM_MAX)
		return reported(tl_draft_problem(d, value,
						 "%s: '%.60s' is longer than the %d bytes that the kernel keeps: "
						 "write '%.*s'",
						 a->key, text, TL_COMM_MAX, TL_COMM_MAX, text));
	memcpy(ret->comm, text, value->size + 1);
	return 0;
}

/* A terminal need not be there yet: those that come and go are known by number. */
static int read_tty(struct tl_draft *d, const struct attribute *a, const struct tl_yaml_node *value,
		    struct tl_condition *ret)
{
	static const char pseudo[] = "/dev/pts/";
	const char *text = value->text;
	uint64_t number = 0;
	struct stat facts;

	if (strcmp(text, "any") == 0) {
		ret->low = 1;
		ret->high = a->max;
		return 0;
	}
	if (strncmp(text, pseudo, strlen(pseudo)) == 0 &&
	    tl_policy_number(text + strlen(pseudo), strlen(text + strlen(pseudo)), &number) == 0 &&
	    number < PSEUDO_TERMINALS) {
		ret->low = ret->high = PSEUDO_TERMINALS_BEGIN + number;
		return 0;
	}
	if (*text != '/')
		return reported(tl_draft_problem(d, value, "%s: expected %s, not '%.60s'", a->key, a->expected, text));
	if (stat(text, &facts) < 0 || !S_ISCHR(facts.st_mode))
		return reported(tl_draft_problem(d, value, "%s: there is no terminal '%.60s'", a->key, text));
	ret->low = ret->high = (uint64_t)major(facts.st_rdev) << DEVICE_SHIFT | minor(facts.st_rdev);
	return 0;
}

static int read_item(struct tl_draft *d, enum tl_attribute attribute, const struct tl_yaml_node *value, bool negative,
		     struct tl_policy_target *t)
{
	const struct attribute *a = &attributes[attribute];
	struct tl_condition condition = { .attribute = attribute, .negative = negative }, *to;
	int r;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, a->key))
		return 0;
	r = (attribute == TL_ATTRIBUTE_COMM ? read_comm :
	     attribute == TL_ATTRIBUTE_TTY  ? read_tty :
					      read_numbers)(d, a, value, &condition);
	if (r)
		return MIN(r, 0);
	to = tl_array_add(&t->conditions, &t->n_conditions, sizeof(*to));
	if (!to)
		return -ENOMEM;
	*to = condition;
	return 0;
}

static int read_conditions(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
			   bool negative, struct tl_policy_target *t)
{
	const struct tl_yaml_node *item = NULL;
	enum tl_attribute attribute = 0;
	int r = 0;

	while (strcmp(attributes[attribute].key, field->name) != 0)
		attribute++;
	if (!tl_policy_expect_items(d, field, value))
		return 0;
	while (r >= 0 && (item = tl_policy_item(value, item)))
		r = read_item(d, attribute, item, negative, t);
	return r;
}

int tl_read_conditions(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       void *object)
{
	return read_conditions(d, field, value, false, object);
}

int tl_read_negative_conditions(struct tl_draft *d, const struct tl_policy_field *field,
				const struct tl_yaml_node *value, void *object)
{
	return read_conditions(d, field, value, true, object);
}

/* ---- As text ---- */

const char *tl_policy_attribute_name(enum tl_attribute attribute)
{
	return attributes[attribute].key;
}

void tl_policy_condition_text(const struct tl_condition *c, char ret[TL_CONDITION_TEXT])
{
	const struct attribute *a = &attributes[c->attribute];
	unsigned long long low = c->low, high = c->high;

	if (c->attribute == TL_ATTRIBUTE_COMM)
		snprintf(ret, TL_CONDITION_TEXT, "%s", c->comm);
	else if (c->attribute == TL_ATTRIBUTE_TTY && low != high)
		snprintf(ret, TL_CONDITION_TEXT, "any");
	else if (c->attribute == TL_ATTRIBUTE_TTY && low >= PSEUDO_TERMINALS_BEGIN &&
		 low - PSEUDO_TERMINALS_BEGIN < PSEUDO_TERMINALS)
		snprintf(ret, TL_CONDITION_TEXT, "/dev/pts/%llu", low - PSEUDO_TERMINALS_BEGIN);
	else if (c->attribute == TL_ATTRIBUTE_TTY)
		snprintf(ret, TL_CONDITION_TEXT, "%llu:%llu", low >> DEVICE_SHIFT, low & (PSEUDO_TERMINALS - 1));
	else if (a->has_unset && low == UNSET)
		snprintf(ret, TL_CONDITION_TEXT, "unset");
	else if (low == high)
		snprintf(ret, TL_CONDITION_TEXT, "%llu", low);
	else if (high == a->max)
		snprintf(ret, TL_CONDITION_TEXT, ">=%llu", low);
	else if (!low)
		snprintf(ret, TL_CONDITION_TEXT, "<=%llu", high);
	else
		snprintf(ret, TL_CONDITION_TEXT, "%llu-%llu", low, high);
}
