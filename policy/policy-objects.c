// SPDX-License-Identifier: GPL-2.0-or-later
/* Mappings with fixed keys, read by their tables. */
#include <string.h>

#include "policy-parse.h"
#include "suggest.h"
#include "util.h"

static const struct tl_policy_object *const objects[] = {
	&tl_policy_root,   &tl_policy_target, &tl_policy_not,	    &tl_policy_rule,	&tl_policy_aggregate,
	&tl_policy_output, &tl_policy_rotate, &tl_policy_batch,	    &tl_policy_headers, &tl_policy_spool,
	&tl_policy_tls,	   &tl_policy_limits, &tl_policy_untracked,
};

const char *tl_policy_object_get(size_t i)
{
	return i < ARRAY_SIZE(objects) ? objects[i]->name : NULL;
}

int tl_policy_key_get(const char *object, size_t i, struct tl_policy_key *ret)
{
	for (size_t o = 0; o < ARRAY_SIZE(objects); o++) {
		const struct tl_policy_field *field = &objects[o]->fields[i];

		if (strcmp(objects[o]->name, object) != 0)
			continue;
		if (i >= objects[o]->n_fields)
			return -ENOENT;
		*ret = (struct tl_policy_key){ field->name, field->type, field->read ? field->summary : NULL };
		return 0;
	}
	return -ENOENT;
}

static int unknown_key(struct tl_draft *d, const struct tl_policy_object *object, const struct tl_yaml_node *key)
{
	struct tl_suggest suggest;

	tl_suggest_init(&suggest, key->text, key->size);
	for (size_t i = 0; i < object->n_fields; i++)
		if (object->fields[i].read)
			tl_suggest_offer(&suggest, object->fields[i].name);
	return tl_draft_problem(d, key, "unknown key '%.60s'%s", key->text, tl_suggest_text(&suggest));
}

static int read_key(struct tl_draft *d, const struct tl_policy_object *object, const struct tl_yaml_node *key, void *to,
		    const struct tl_yaml_node **given)
{
	const struct tl_yaml_node *value = key->next;
	const struct tl_policy_field *field;
	size_t i;

	for (i = 0; i < object->n_fields && strcmp(object->fields[i].name, key->text) != 0; i++)
		;
	if (i == object->n_fields)
		return unknown_key(d, object, key);
	field = &object->fields[i];
	if (given)
		given[i] = key;
	if (!field->read)
		return tl_draft_problem(d, key, "%s: key '%s' is not available in this version", object->name,
					field->name);
	if (tl_yaml_is_null(value))
		return object->nothing ? 0 : tl_draft_problem(d, key, "key '%s' has no value", field->name);
	return field->read(d, field, value, to);
}

int tl_policy_read_object(struct tl_draft *d, const struct tl_policy_object *object, const struct tl_yaml_node *node,
			  void *to, const struct tl_yaml_node **given)
{
	int r = 0;

	if (!tl_policy_expect(d, node, TL_YAML_MAPPING, object->name))
		return 0;
	for (const struct tl_yaml_node *key = node->first; key && r >= 0; key = key->next->next)
		r = read_key(d, object, key, to, given);
	return r;
}

int tl_policy_read_named(struct tl_draft *d, const struct tl_yaml_node *node, const char *what,
			 int (*read)(struct tl_draft *d, const struct tl_yaml_node *name,
				     const struct tl_yaml_node *value))
{
	int r = 0;

	if (!tl_policy_expect(d, node, TL_YAML_MAPPING, what))
		return 0;
	for (const struct tl_yaml_node *key = node->first; key && r >= 0; key = key->next->next) {
		const char *wrong = key->size ? tl_check_name(key->text) : "it is empty";

		if (wrong)
			r = tl_draft_problem(d, key, "%s: '%.100s': %s", what, key->text, wrong);
		else
			r = read(d, key, key->next);
	}
	return r;
}
