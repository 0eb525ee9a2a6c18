// SPDX-License-Identifier: GPL-2.0-or-later
#include <string.h>

#include "expression-internal.h"
#include "policy-parse.h"
#include "rules-keys.h"
#include "util.h"

#define WORTH_IT 8 /* rules that ask for values of the same field */
#define NO_ENTRY UINT32_MAX

/* How much of a text an entry is; the rest is any. */
enum part { WHOLE, HEAD, TAIL, PARTS };

struct entry {
	struct tl_value value; /* number or text, which belongs to the rule */
	uint32_t rule;
	uint32_t next; /* of the same bucket */
	enum part part;
};

/* Rules that ask for values of one field. */
struct group {
	struct tl_reference field;
	uint64_t *rules; /* a bit each */
	size_t n_rules;
	struct entry *entries;
	size_t n_entries;
	uint32_t *buckets;
	size_t n_buckets; /* power of two */
	size_t *lengths[PARTS]; /* of heads and of tails, n_lengths, the shortest first, each once */
	size_t n_lengths[PARTS];
};

struct tl_rule_keys {
	size_t words; /* of a set of rules */
	struct group *groups;
	size_t n_groups;
	uint64_t *unkeyed; /* rules of no group */
	uint64_t *found; /* the answer */
};

static void group_done(struct group *g)
{
	free(g->rules);
	free(g->entries);
	free(g->buckets);
	for (int part = 0; part < PARTS; part++)
		free(g->lengths[part]);
}

struct tl_rule_keys *tl_rule_keys_free(struct tl_rule_keys *k)
{
	if (!k)
		return NULL;
	for (size_t i = 0; i < k->n_groups; i++)
		group_done(&k->groups[i]);
	free(k->groups);
	free(k->unkeyed);
	free(k->found);
	free(k);
	return NULL;
}

#define HASH_BEGIN 0xcbf29ce484222325ULL

static uint64_t hash_byte(uint64_t hash, char byte)
{
	return (hash ^ (unsigned char)byte) * 0x100000001b3ULL;
}

static uint64_t hash_end(uint64_t hash)
{
	return hash ^ hash >> 32;
}

/* Byte i from where a part begins to grow: a tail grows from the end. */
static char byte_of(const struct tl_text *text, enum part part, size_t i)
{
	return text->data[part == TAIL ? text->size - 1 - i : i];
}

static uint64_t hash_of(const struct group *g, const struct tl_value *value, enum part part)
{
	uint64_t hash = HASH_BEGIN;

	if (g->field.kind == TL_FIELD_NUMBER)
		return ((uint64_t)value->number * 0x9e3779b97f4a7c15ULL) >> 32;
	for (size_t i = 0; i < value->text.size; i++)
		hash = hash_byte(hash, byte_of(&value->text, part, i));
	return hash_end(hash);
}

static bool same(const struct group *g, const struct tl_value *a, const struct tl_value *b)
{
	if (g->field.kind == TL_FIELD_NUMBER)
		return a->number == b->number;
	return a->text.size == b->text.size && (!a->text.size || memcmp(a->text.data, b->text.data, a->text.size) == 0);
}

/* ---- Making ---- */

static struct group *group_of(struct tl_rule_keys *k, const struct tl_reference *field)
{
	struct group *g;

	for (size_t i = 0; i < k->n_groups; i++)
		if (k->groups[i].field.field == field->field)
			return &k->groups[i];
	g = tl_array_add(&k->groups, &k->n_groups, sizeof(*g));
	if (!g)
		return NULL;
	g->field = *field;
	g->rules = calloc(k->words, sizeof(uint64_t));
	return g->rules ? g : NULL;
}

static int add_length(struct group *g, enum part part, size_t length)
{
	size_t **lengths = &g->lengths[part], *n = &g->n_lengths[part], *to, i;

	for (i = 0; i < *n && (*lengths)[i] < length;)
		i++;
	if (i < *n && (*lengths)[i] == length)
		return 0;
	to = tl_array_add(lengths, n, sizeof(*to));
	if (!to)
		return -ENOMEM;
	memmove(*lengths + i + 1, *lengths + i, (*n - 1 - i) * sizeof(*to));
	(*lengths)[i] = length;
	return 0;
}

static int add_entry(struct group *g, size_t rule, const struct tl_value *value, enum part part)
{
	struct entry *entry = tl_array_add(&g->entries, &g->n_entries, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	*entry = (struct entry){ .value = *value, .rule = (uint32_t)rule, .part = part };
	return part == WHOLE ? 0 : add_length(g, part, value->text.size);
}

static int add_values(struct group *g, size_t rule, const struct tl_expression_key *key)
{
	int r = 0;

	if (key->head.data)
		return add_entry(g, rule, &(struct tl_value){ .text = key->head }, HEAD);
	if (key->tail.data)
		return add_entry(g, rule, &(struct tl_value){ .text = key->tail }, TAIL);
	if (key->value)
		return add_entry(g, rule, key->value, WHOLE);
	if (key->set->kind == TL_FIELD_NUMBER) {
		for (size_t i = 0; i < key->set->n && r >= 0; i++)
			r = add_entry(g, rule, &(struct tl_value){ .number = key->set->numbers[i] }, WHOLE);
		return r;
	}
	for (size_t i = 0; i < key->set->table_size && r >= 0; i++)
		if (key->set->table[i].data)
			r = add_entry(g, rule, &(struct tl_value){ .text = key->set->table[i] }, WHOLE);
	return r;
}

static int add_rule(struct tl_rule_keys *k, size_t i, const struct tl_policy_rule *rule)
{
	struct tl_expression_key key;
	struct group *g;

	k->unkeyed[i / 64] |= 1ULL << (i % 64);
	if (!rule->where || !tl_expression_key(rule->where, &key))
		return 0;
	g = group_of(k, key.field);
	if (!g)
		return -ENOMEM;
	g->rules[i / 64] |= 1ULL << (i % 64);
	g->n_rules++;
	return add_values(g, i, &key);
}

static int fill_buckets(struct tl_rule_keys *k, struct group *g)
{
	for (g->n_buckets = 8; g->n_buckets < 2 * g->n_entries;)
		g->n_buckets *= 2;
	g->buckets = malloc(g->n_buckets * sizeof(*g->buckets));
	if (!g->buckets)
		return -ENOMEM;
	memset(g->buckets, 0xff, g->n_buckets * sizeof(*g->buckets));
	for (size_t i = 0; i < g->n_entries; i++) {
		uint64_t hash = hash_of(g, &g->entries[i].value, g->entries[i].part);
		uint32_t *bucket = &g->buckets[hash & (g->n_buckets - 1)];

		g->entries[i].next = *bucket;
		*bucket = (uint32_t)i;
	}
	for (size_t w = 0; w < k->words; w++)
		k->unkeyed[w] &= ~g->rules[w];
	return 0;
}

/* Few rules of a field are as well looked at. */
static int finish(struct tl_rule_keys *k)
{
	size_t kept = 0;
	int r = 0;

	for (size_t i = 0; i < k->n_groups && r >= 0; i++) {
		struct group *g = &k->groups[i], swap;

		if (g->n_rules < WORTH_IT)
			continue;
		r = fill_buckets(k, g);
		swap = k->groups[kept];
		k->groups[kept++] = *g;
		*g = swap;
	}
	for (size_t i = kept; i < k->n_groups && r >= 0; i++)
		group_done(&k->groups[i]);
	if (r >= 0)
		k->n_groups = kept;
	return r;
}

static void keys_freep(struct tl_rule_keys **k)
{
	tl_rule_keys_free(*k);
}

int tl_rule_keys_new(const struct tl_policy *p, struct tl_rule_keys **ret)
{
	_cleanup_(keys_freep) struct tl_rule_keys *k = calloc(1, sizeof(*k));
	int r = 0;

	if (!k)
		return -ENOMEM;
	k->words = p->n_rules / 64 + 1;
	k->unkeyed = calloc(k->words, sizeof(uint64_t));
	k->found = calloc(k->words, sizeof(uint64_t));
	if (!k->unkeyed || !k->found)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_rules && r >= 0; i++)
		r = add_rule(k, i, &p->rules[i]);
	if (r >= 0)
		r = finish(k);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(k);
	return 0;
}

/* ---- Finding ---- */

static bool any_of(const struct group *g, const uint64_t *candidates, size_t words)
{
	for (size_t w = 0; w < words; w++)
		if (g->rules[w] & candidates[w])
			return true;
	return false;
}

/* Rules of the entries that are this value, or this part of it. */
static void find_value(const struct group *g, const struct tl_value *value, uint64_t hash, enum part part,
		       uint64_t *found)
{
	uint32_t i;

	for (i = g->buckets[hash & (g->n_buckets - 1)]; i != NO_ENTRY; i = g->entries[i].next)
		if (g->entries[i].part == part && same(g, &g->entries[i].value, value))
			found[g->entries[i].rule / 64] |= 1ULL << (g->entries[i].rule % 64);
}

/* The hash of each head or tail that some rule asks for, in one pass. */
static void find_parts(const struct group *g, const struct tl_value *value, enum part part, uint64_t *found)
{
	const struct tl_text *text = &value->text;
	uint64_t hash = HASH_BEGIN;
	size_t at = 0;

	for (size_t i = 0; i < g->n_lengths[part] && g->lengths[part][i] <= text->size; i++) {
		size_t length = g->lengths[part][i], from = part == TAIL ? text->size - length : 0;
		const struct tl_value cut = { .text = { text->data + from, length } };

		for (; at < length; at++)
			hash = hash_byte(hash, byte_of(text, part, at));
		find_value(g, &cut, hash_end(hash), part, found);
	}
}

static void find_in(const struct group *g, const struct tl_event *event, uint64_t *found)
{
	struct tl_value value;

	if (!tl_reference_get(&g->field, event, &value))
		return;
	find_value(g, &value, hash_of(g, &value, WHOLE), WHOLE, found);
	if (g->n_lengths[HEAD])
		find_parts(g, &value, HEAD, found);
	if (g->n_lengths[TAIL])
		find_parts(g, &value, TAIL, found);
}

const uint64_t *tl_rule_keys_find(struct tl_rule_keys *k, const uint64_t *candidates, const struct tl_event *event)
{
	if (!k->n_groups)
		return NULL;
	memcpy(k->found, k->unkeyed, k->words * sizeof(uint64_t));
	for (size_t i = 0; i < k->n_groups; i++)
		if (any_of(&k->groups[i], candidates, k->words))
			find_in(&k->groups[i], event, k->found);
	return k->found;
}
