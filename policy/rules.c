// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which rules get an event. Rules are bits: those of the event's type, of one
 * of its targets (or of none) and of the values that it has are looked at in
 * their order, so that a rule that cannot match costs a 64th of a word.
 */
#include <string.h>

#include "expression.h"
#include "glob.h"
#include "policy-parse.h"
#include "rules-aggregate.h"
#include "rules-counted.h"
#include "rules-hold.h"
#include "rules-keys.h"
#include "util.h"

#define TYPES_CACHE 256 /* power of two */

/* A handler's own description stands for the type of its name. */
struct cached_type {
	const struct tl_event_type *type;
	char name[sizeof(((struct tl_event_type *)NULL)->name)];
	size_t index;
};

struct rule_state {
	struct tl_hold *hold; /* NULL: nothing is held back */
	struct tl_aggregate *aggregate; /* NULL: it does not count */
	struct tl_annotation annotation;
	struct tl_buffer json; /* the annotation's rule_json */
	struct tl_ledger_rule *account;
	bool in_kernel; /* some of its events are counted there */
};

struct tl_rule_index {
	size_t words; /* of a set of rules */
	size_t n_types;
	uint64_t *by_type; /* [type][word] */
	uint64_t *by_target; /* [target][word]; the last one: of rules without a target */
	struct rule_state *rules;
	struct tl_ledger_rule *accounts; /* n_rules */
	size_t n_rules;
	const char **target_names;
	struct tl_rule_keys *keys;
	bool counts; /* some rule does */
	struct tl_counted_events *counted; /* in the kernel; NULL: none are */
	struct cached_type cache[TYPES_CACHE];
};

struct tl_rule_index *tl_rule_index_free(struct tl_rule_index *index)
{
	if (!index)
		return NULL;
	for (size_t i = 0; i < index->n_rules && index->rules; i++) {
		tl_hold_free(index->rules[i].hold);
		tl_aggregate_free(index->rules[i].aggregate);
		tl_buffer_done(&index->rules[i].json);
	}
	free(index->rules);
	free(index->accounts);
	free(index->by_type);
	free(index->by_target);
	free(index->target_names);
	tl_rule_keys_free(index->keys);
	tl_counted_free(index->counted);
	free(index);
	return NULL;
}

static void set_bit(uint64_t *words, size_t i)
{
	words[i / 64] |= 1ULL << (i % 64);
}

static int add_rule(const struct tl_policy *p, struct tl_rule_index *index, size_t i)
{
	const struct tl_event_type *types = tl_event_types(&(size_t){ 0 });
	const struct tl_policy_rule *rule = &p->rules[i];
	struct rule_state *state = &index->rules[i];
	int r;

	for (size_t j = 0; j < rule->n_events; j++)
		set_bit(index->by_type + (size_t)(rule->events[j] - types) * index->words, i);
	for (size_t j = 0; j < rule->n_targets; j++)
		set_bit(index->by_target + rule->targets[j] * index->words, i);
	if (!rule->n_targets)
		set_bit(index->by_target + p->n_targets * index->words, i);
	state->account = &index->accounts[i];
	state->account->name = rule->name ? rule->name : "";
	state->annotation = (struct tl_annotation){
		.rule = rule->name,
		.tags = (const char *const *)rule->tags,
		.n_tags = rule->n_tags,
		.severity = rule->severity,
		.stream = rule->stream,
		.group = rule->group,
		.target_names = index->target_names,
		.n_target_names = p->n_targets + 1,
	};
	tl_encode_rule_json(&state->json, &state->annotation);
	if (state->json.failed)
		return -ENOMEM;
	state->annotation.rule_json = state->json.size ? &state->json : NULL;
	r = tl_hold_new(rule, &state->hold);
	if (r >= 0 && rule->counts)
		r = tl_aggregate_new(rule, &state->aggregate);
	index->counts |= rule->counts;
	return r;
}

static void index_freep(struct tl_rule_index **index)
{
	tl_rule_index_free(*index);
}

int tl_rule_index_new(const struct tl_policy *p, struct tl_rule_index **ret)
{
	_cleanup_(index_freep) struct tl_rule_index *index = calloc(1, sizeof(*index));
	int r = 0;

	if (!index)
		return -ENOMEM;
	index->n_rules = p->n_rules;
	index->words = p->n_rules / 64 + 1;
	tl_event_types(&index->n_types);
	index->by_type = calloc(index->n_types * index->words + 1, sizeof(uint64_t));
	index->by_target = calloc((p->n_targets + 1) * index->words, sizeof(uint64_t));
	index->rules = calloc(p->n_rules + 1, sizeof(*index->rules));
	index->accounts = calloc(p->n_rules + 1, sizeof(*index->accounts));
	index->target_names = calloc(p->n_targets + 1, sizeof(*index->target_names));
	if (!index->by_type || !index->by_target || !index->rules || !index->accounts || !index->target_names)
		return -ENOMEM;
	for (size_t i = 0; i < p->n_targets; i++)
		index->target_names[i] = p->targets[i].name;
	index->target_names[p->n_targets] = "everything";
	for (size_t i = 0; i < p->n_rules && r >= 0; i++)
		r = add_rule(p, index, i);
	if (r >= 0)
		r = tl_rule_keys_new(p, &index->keys);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(index);
	return 0;
}

/* ---- Types ---- */

static size_t find_type(const struct tl_rule_index *index, const struct tl_event_type *type)
{
	const struct tl_event_type *types = tl_event_types(&(size_t){ 0 }), *found = tl_event_type_find(type->name);

	return found ? (size_t)(found - types) : index->n_types;
}

/* n_types: no rule can name it. */
static size_t type_index(struct tl_rule_index *index, const struct tl_event_type *type)
{
	struct cached_type *cached = &index->cache[((uintptr_t)type >> 4) * 0x9e3779b1U >> 8 & (TYPES_CACHE - 1)];

	/* Another session may have another type at the same address. */
	if (cached->type != type || strcmp(cached->name, type->name) != 0) {
		cached->type = type;
		memcpy(cached->name, type->name, sizeof(cached->name));
		cached->index = find_type(index, type);
	}
	return cached->index;
}

bool tl_policy_rule_names(const struct tl_policy *p, size_t i, const struct tl_event_type *type)
{
	size_t of = type_index(p->index, type);

	return of < p->index->n_types && p->index->by_type[of * p->index->words + i / 64] >> (i % 64) & 1;
}

/* ---- Captures ---- */

static void trim(const struct tl_policy_rule *rule, struct tl_event *event)
{
	const struct tl_event_type *type = event->type;

	for (size_t i = 0; i < rule->n_captures; i++)
		for (size_t j = 0; j < type->n_args && j < TL_ARGS_MAX; j++) {
			struct tl_bytes *bytes = &event->captured[(type->args[j].position - 1U) % TL_ARGS_MAX];

			if (strcmp(type->args[j].name, rule->captures[i].argument) != 0 ||
			    bytes->size <= rule->captures[i].size)
				continue;
			bytes->size = rule->captures[i].size;
			bytes->flags |= TL_VALUE_TRUNCATED;
			event->flags |= TL_EVENT_TRUNCATED;
		}
}

static int deliver_trimmed(const struct tl_policy_rule *rule, const struct tl_event *event,
			   const struct tl_annotation *annotation, tl_rule_deliver deliver, void *userdata)
{
	struct tl_event trimmed = *event;

	trim(rule, &trimmed);
	/* The record has it all. */
	trimmed.record = NULL;
	trimmed.record_size = 0;
	return deliver(rule, &trimmed, annotation, userdata);
}

/* ---- Filtering ---- */

static bool is_untracked(const struct tl_policy *p, const struct tl_event *event)
{
	const char *executable = event->process->executable;

	for (size_t i = 0; i < p->n_untracked_executables && executable && *executable; i++)
		if (tl_glob_match(p->untracked_executables[i], executable))
			return true;
	return false;
}

/* Rules of word w that the event's type and targets let in. */
static uint64_t candidates(const struct tl_policy *p, const uint64_t *of_type, const struct tl_event *event, size_t w)
{
	const struct tl_rule_index *index = p->index;
	uint64_t let_in = index->by_target[p->n_targets * index->words + w];

	if (!of_type[w])
		return 0;
	for (size_t i = 0; i < event->n_target_words; i++)
		for (uint64_t bits = event->targets[i]; bits; bits &= bits - 1) {
			size_t target = i * 64 + (size_t)__builtin_ctzll(bits);

			if (target >= p->n_targets)
				break;
			let_in |= index->by_target[target * index->words + w];
		}
	return of_type[w] & let_in;
}

static int hand_on(const struct tl_policy_rule *rule, struct rule_state *state, const struct tl_event *event,
		   tl_rule_deliver deliver, void *userdata)
{
	int r = rule->n_captures ? deliver_trimmed(rule, event, &state->annotation, deliver, userdata) :
				   deliver(rule, event, &state->annotation, userdata);

	if (r < 0) {
		state->account->lost++;
		return r;
	}
	state->account->delivered++;
	return TL_FATE_DELIVERED;
}

struct flush {
	const struct tl_policy_rule *rule;
	struct tl_ledger_rule *account;
	tl_rule_deliver deliver;
	void *userdata;
};

static int emit(const struct tl_event *event, const struct tl_annotation *annotation, void *userdata)
{
	struct flush *f = userdata;

	f->account->results++;
	return f->deliver(f->rule, event, annotation, f->userdata);
}

static int flush(const struct tl_policy_rule *rule, struct rule_state *state, tl_rule_deliver deliver, void *userdata)
{
	struct flush f = { rule, state->account, deliver, userdata };

	return tl_aggregate_flush(state->aggregate, &state->annotation, emit, &f);
}

/* Whether the period is over. One that begins later than a whole period from now is of a clock that was set back. */
static bool is_due(const struct tl_policy_rule *rule, const struct rule_state *state, uint64_t now)
{
	uint64_t due = tl_aggregate_due(state->aggregate);

	return due != UINT64_MAX && (now >= due || now + 2 * rule->every < due);
}

static int counted(struct rule_state *state, uint64_t n, bool in_rest)
{
	state->account->overflow += in_rest ? n : 0;
	state->account->aggregated += n;
	return TL_FATE_AGGREGATED;
}

static int count_event(const struct tl_policy_rule *rule, struct rule_state *state, const struct tl_event *event,
		       tl_rule_deliver deliver, void *userdata)
{
	/* What the kernel part has counted belongs to the period, too: see tl_policy_collect(). */
	if (!state->in_kernel && is_due(rule, state, event->time))
		flush(rule, state, deliver, userdata);
	return counted(state, 1, tl_aggregate_add(state->aggregate, event));
}

/* One that a process before has dealt with: what it is counted by, without counting. */
static int know_again(const struct tl_policy_rule *rule, struct rule_state *state, const struct tl_event *event)
{
	if (rule->drop || !state->aggregate || tl_aggregate_make_key(state->aggregate, event) < 0)
		return TL_FATE_FILTERED;
	return TL_FATE_AGGREGATED;
}

/* An event that the rule matches. Returns what it has done with it, an enum tl_fate, or an error. */
static int apply_rule(const struct tl_policy_rule *rule, struct rule_state *state, const struct tl_event *event,
		      tl_rule_deliver deliver, void *userdata)
{
	if (event->flags & TL_EVENT_AGAIN)
		return know_again(rule, state, event);
	state->account->matched++;
	if (rule->drop || (state->hold && !tl_hold_passes(state->hold, event, &state->account->overflow))) {
		state->account->filtered++;
		return TL_FATE_FILTERED;
	}
	if (state->aggregate)
		return count_event(rule, state, event, deliver, userdata);
	return hand_on(rule, state, event, deliver, userdata);
}

/* The better one for the event: what is delivered somewhere is delivered. */
static int better_fate(int a, int b)
{
	if (a == TL_FATE_DELIVERED || b == TL_FATE_DELIVERED)
		return TL_FATE_DELIVERED;
	return MAX(a, b);
}

static bool matches(const struct tl_policy_rule *rule, const struct tl_event *event)
{
	return !rule->where || tl_expression_eval(rule->where, event);
}

/* What the event stands for is to go where it goes. */
static void begin_counted(struct tl_rule_index *index, const struct tl_event *event)
{
	if (index->counted && event->flags & TL_EVENT_COUNTED)
		tl_counted_begin(index->counted, event);
}

static void note_counted(struct tl_rule_index *index, const struct tl_event *event, size_t rule, int fate)
{
	struct tl_aggregate_key key;

	if (!index->counted || !(event->flags & TL_EVENT_COUNTED) || fate != TL_FATE_AGGREGATED)
		return;
	key = tl_aggregate_last_key(index->rules[rule].aggregate);
	tl_counted_note(index->counted, event, rule, &key);
}

int tl_policy_filter(struct tl_policy *p, const struct tl_event *event, tl_rule_deliver deliver, void *userdata)
{
	struct tl_rule_index *index = p->index;
	size_t type = event->kind >= TL_EVENT_LOST ? index->n_types : type_index(index, event->type);
	const uint64_t *of_type = index->by_type + type * index->words, *worth;
	int fate = TL_FATE_FILTERED;

	/* Also of a program that no rule is for: what is counted with the event is no loss. */
	begin_counted(index, event);
	if (type == index->n_types || (p->n_untracked_executables && is_untracked(p, event)))
		return TL_FATE_FILTERED;
	worth = tl_rule_keys_find(index->keys, of_type, event);
	for (size_t w = 0; w < index->words; w++)
		for (uint64_t bits = candidates(p, of_type, event, w) & (worth ? worth[w] : UINT64_MAX); bits;
		     bits &= bits - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(bits);
			const struct tl_policy_rule *rule = &p->rules[i];
			int r;

			if (!matches(rule, event))
				continue;
			r = apply_rule(rule, &index->rules[i], event, deliver, userdata);
			if (r < 0)
				return r;
			note_counted(index, event, i, r);
			fate = better_fate(fate, r);
			if (rule->drop || (rule->final && r != TL_FATE_FILTERED))
				return fate;
		}
	return fate;
}

int tl_policy_flush(struct tl_policy *p, uint64_t now, bool all, tl_rule_deliver deliver, void *userdata)
{
	struct tl_rule_index *index = p->index;
	int result = 0;

	for (size_t i = 0; index->counts && i < index->n_rules; i++) {
		struct rule_state *state = &index->rules[i];
		int r = 0;

		if (state->aggregate && (all || is_due(&p->rules[i], state, now)))
			r = flush(&p->rules[i], state, deliver, userdata);
		/* The first events of kinds that are being counted were in this period: none need come in the next. */
		if (r && state->in_kernel)
			tl_aggregate_begin(state->aggregate, now);
		if (r < 0 && result >= 0)
			result = r;
	}
	return result;
}

/* ---- What the kernel part counts ---- */

int tl_rule_index_count(struct tl_rule_index *index, size_t rule)
{
	index->rules[rule].in_kernel = true;
	return index->counted ? 0 : tl_counted_new(&index->counted);
}

static int add_counted(size_t rule, const struct tl_aggregate_key *key, const struct tl_count *count, void *userdata)
{
	struct tl_rule_index *index = userdata;
	struct rule_state *state = &index->rules[rule];

	state->account->matched += count->events;
	return counted(state, count->events, tl_aggregate_add_more(state->aggregate, key, count));
}

int tl_rule_index_take_count(const struct tl_count *count, void *userdata)
{
	struct tl_rule_index *index = userdata;

	return tl_counted_each(index->counted, count, add_counted, index);
}

int tl_policy_collect(struct tl_policy *p, struct tl_session *s, uint64_t now, bool all)
{
	struct tl_rule_index *index = p->index;
	bool due = all || tl_session_collects(s);
	int r;

	for (size_t i = 0; index->counted && i < index->n_rules && !due; i++)
		due = index->rules[i].in_kernel && is_due(&p->rules[i], &index->rules[i], now);
	if (!index->counted || !due)
		return 0;
	r = tl_session_collect(s, tl_rule_index_take_count, index);
	if (r == 0)
		tl_counted_collected(index->counted);
	return r;
}

const struct tl_ledger_rule *tl_policy_ledger(struct tl_policy *p)
{
	return p->index->accounts;
}
