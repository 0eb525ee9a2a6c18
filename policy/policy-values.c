// SPDX-License-Identifier: GPL-2.0-or-later
/* Values of keys: what they may be, and how they are read. */
#include <string.h>

#include "glob.h"
#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

void *tl_array_add(void *array, size_t *n, size_t item)
{
	char **items = array;

	if ((*n & (*n - 1)) == 0) {
		char *grown = reallocarray(*items, *n ? 2 * *n : 1, item);

		if (!grown)
			return NULL;
		*items = grown;
	}
	return memset(*items + item * (*n)++, 0, item);
}

bool tl_policy_expect(struct tl_draft *d, const struct tl_yaml_node *node, enum tl_yaml_kind kind, const char *what)
{
	if (node->kind == kind)
		return true;
	tl_draft_problem(d, node, "%s: expected %s, not %s", what, tl_yaml_kind_name(kind),
			 tl_yaml_kind_name(node->kind));
	return false;
}

const struct tl_yaml_node *tl_policy_item(const struct tl_yaml_node *value, const struct tl_yaml_node *before)
{
	if (value->kind == TL_YAML_LIST)
		return before ? before->next : value->first;
	return before ? NULL : value;
}

/* ---- Single values ---- */

int tl_read_bool(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		 void *object)
{
	static const char *const words[2][3] = { { "false", "no", "off" }, { "true", "yes", "on" } };

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return 0;
	for (size_t i = 0; i < 2; i++)
		for (size_t j = 0; j < ARRAY_SIZE(words[i]); j++)
			if (strcmp(value->text, words[i][j]) == 0) {
				*(bool *)((char *)object + field->offset) = i;
				return 0;
			}
	return tl_draft_problem(d, value, "%s: expected true or false, not '%.60s'", field->name, value->text);
}

int tl_policy_number(const char *text, size_t size, uint64_t *ret)
{
	uint64_t n = 0;

	if (!size)
		return -EINVAL;
	for (const char *p = text; p < text + size; p++) {
		if (*p < '0' || *p > '9')
			return -EINVAL;
		if (__builtin_mul_overflow(n, 10U, &n) || __builtin_add_overflow(n, (unsigned)(*p - '0'), &n))
			return -ERANGE;
	}
	*ret = n;
	return 0;
}

static int parse_number(const char *text, uint64_t *ret)
{
	return tl_policy_number(text, strlen(text), ret);
}

/* False: it was reported. */
static bool number_of(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		      uint32_t *ret)
{
	uint64_t n, max = field->max ? field->max : UINT32_MAX;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return false;
	if (parse_number(value->text, &n) < 0 || n < field->min || n > max) {
		tl_draft_problem(d, value, "%s: expected a number from %llu to %llu, not '%.60s'", field->name,
				 (unsigned long long)field->min, (unsigned long long)max, value->text);
		return false;
	}
	*ret = (uint32_t)n;
	return true;
}

int tl_read_number(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		   void *object)
{
	number_of(d, field, value, (uint32_t *)((char *)object + field->offset));
	return 0;
}

int tl_policy_size(const char *text, uint64_t *ret)
{
	static const char units[] = "KMG";
	char digits[24];
	const char *unit = text + strspn(text, "0123456789");
	size_t n = (size_t)(unit - text);
	uint64_t size;
	int r;

	if (n >= sizeof(digits))
		return -ERANGE;
	memcpy(digits, text, n);
	digits[n] = '\0';
	r = parse_number(digits, &size);
	if (r < 0)
		return r;
	if (*unit) {
		const char *found = strchr(units, *unit);

		if (!found || unit[1])
			return -EINVAL;
		if (__builtin_mul_overflow(size, 1ULL << (10 * (found - units + 1)), &size))
			return -ERANGE;
	}
	*ret = size;
	return 0;
}

int tl_read_size(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		 void *object)
{
	uint64_t size;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return 0;
	if (tl_policy_size(value->text, &size) < 0)
		return tl_draft_problem(d, value, "%s: expected a size such as 64M (K, M and G are known), not '%.60s'",
					field->name, value->text);
	if (size < field->min || (field->max && size > field->max))
		return tl_draft_problem(d, value, "%s: '%s' is too %s", field->name, value->text,
					size < field->min ? "small" : "large");
	*(uint64_t *)((char *)object + field->offset) = size;
	return 0;
}

int tl_policy_duration(const char *text, size_t size, uint64_t *ret)
{
	static const struct {
		const char *unit;
		uint64_t ns;
	} units[] = { { "ms", 1000000 },
		      { "s", TL_NSEC_PER_SEC },
		      { "m", 60 * TL_NSEC_PER_SEC },
		      { "h", 3600 * TL_NSEC_PER_SEC },
		      { "d", 86400 * TL_NSEC_PER_SEC },
		      { "w", 604800 * TL_NSEC_PER_SEC } };
	size_t digits = 0;
	uint64_t n;
	int r;

	while (digits < size && text[digits] >= '0' && text[digits] <= '9')
		digits++;
	r = tl_policy_number(text, digits, &n);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (strlen(units[i].unit) != size - digits || memcmp(units[i].unit, text + digits, size - digits) != 0)
			continue;
		if (!n)
			return -EINVAL;
		return __builtin_mul_overflow(n, units[i].ns, ret) ? -ERANGE : 0;
	}
	return -EINVAL;
}

int tl_read_duration(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		     void *object)
{
	uint64_t ns;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return 0;
	if (tl_policy_duration(value->text, value->size, &ns) < 0 || ns % TL_NSEC_PER_SEC)
		return tl_draft_problem(d, value,
					"%s: expected a time such as 12h (s, m, h, d and w are known), not '%.60s'",
					field->name, value->text);
	*(uint64_t *)((char *)object + field->offset) = ns / TL_NSEC_PER_SEC;
	return 0;
}

int tl_read_word(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		 void *object)
{
	struct tl_suggest suggest;

	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return 0;
	tl_suggest_init(&suggest, value->text, value->size);
	for (uint32_t i = 0; field->words[i]; i++) {
		if (strcmp(field->words[i], value->text) == 0) {
			*(uint32_t *)((char *)object + field->offset) = i;
			return 0;
		}
		tl_suggest_offer(&suggest, field->words[i]);
	}
	return tl_draft_problem(d, value, "%s: unknown word '%.60s'%s%s%s", field->name, value->text,
				suggest.best ? "" : ", expected ", suggest.best ? "" : field->type,
				tl_suggest_text(&suggest));
}

/* NULL and *ret_r: it was reported, or there is no memory. */
static char *string_of(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		       int *ret_r)
{
	const char *wrong;
	char *copy;

	*ret_r = 0;
	if (!tl_policy_expect(d, value, TL_YAML_SCALAR, field->name))
		return NULL;
	wrong = value->size ? field->check ? field->check(value->text) : NULL : "it is empty";
	if (wrong) {
		*ret_r = tl_draft_problem(d, value, "%s: '%.100s': %s", field->name, value->text, wrong);
		return NULL;
	}
	copy = strdup(value->text);
	if (!copy)
		*ret_r = -ENOMEM;
	return copy;
}

int tl_read_string(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		   void *object)
{
	char **to = (char **)((char *)object + field->offset);
	int r;

	/* A key that is there twice has been reported. */
	free(*to);
	*to = string_of(d, field, value, &r);
	return r;
}

/* ---- Lists ---- */

bool tl_policy_expect_items(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value)
{
	if (value->kind == TL_YAML_MAPPING) {
		tl_draft_problem(d, value, "%s: expected a list or a single value, not a mapping", field->name);
		return false;
	}
	if (value->kind == TL_YAML_LIST && !value->first) {
		tl_draft_problem(d, value, "%s: the list is empty", field->name);
		return false;
	}
	return true;
}

int tl_read_strings(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object)
{
	size_t *n = (size_t *)((char *)object + field->n_offset);
	const struct tl_yaml_node *item = NULL;
	int r = 0;

	if (!tl_policy_expect_items(d, field, value))
		return 0;
	while (r >= 0 && (item = tl_policy_item(value, item))) {
		char *text = string_of(d, field, item, &r), **to;

		if (!text)
			continue;
		to = tl_array_add((char *)object + field->offset, n, sizeof(*to));
		if (!to) {
			free(text);
			return -ENOMEM;
		}
		*to = text;
	}
	return r;
}

int tl_read_numbers(struct tl_draft *d, const struct tl_policy_field *field, const struct tl_yaml_node *value,
		    void *object)
{
	size_t *n = (size_t *)((char *)object + field->n_offset);
	const struct tl_yaml_node *item = NULL;

	if (!tl_policy_expect_items(d, field, value))
		return 0;
	while ((item = tl_policy_item(value, item))) {
		uint32_t number, *to;

		if (!number_of(d, field, item, &number))
			continue;
		to = tl_array_add((char *)object + field->offset, n, sizeof(*to));
		if (!to)
			return -ENOMEM;
		*to = number;
	}
	return 0;
}

/* ---- Checks ---- */

const char *tl_check_name(const char *text)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.:@-";
	size_t size = strlen(text);

	if (size > 64)
		return "a name has at most 64 characters";
	return strspn(text, allowed) == size ? NULL : "a name has letters, digits and _.:@- only";
}

const char *tl_check_executable(const char *text)
{
	return text[0] == '/' ? tl_glob_problem(text) : "a program is given by its absolute path";
}

const char *tl_check_cgroup(const char *text)
{
	return text[0] == '/' ? tl_glob_problem(text) : "a cgroup is given by its path, which begins with a slash";
}

const char *tl_check_unit(const char *text)
{
	_cleanup_free_ char *glob = NULL;

	return tl_glob_from_unit(text, &glob) == -EINVAL ? "this is no name of a systemd unit" : NULL;
}

const char *tl_check_file(const char *text)
{
	size_t size = strlen(text);

	if (text[0] != '/')
		return "the path of a file is absolute";
	if (text[size - 1] == '/')
		return "this is the path of a directory";
	if (strstr(text, "/../") || (size >= 3 && strcmp(text + size - 3, "/..") == 0))
		return "there is '..' in the path";
	return size < 4096 ? NULL : "it is too long";
}

const char *tl_check_tag(const char *text)
{
	for (const char *p = text; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return "there are control characters in it";
	return strlen(text) <= 64 ? NULL : "a tag has at most 64 bytes";
}
