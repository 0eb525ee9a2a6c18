// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * State i of the automaton: the first i elements have been taken. The states
 * that are possible are a set of bits that every byte of the text moves on.
 */
#include <stdint.h>
#include <string.h>

#include "glob-element.h"
#include "pattern.h"
#include "util.h"

#define WORDS_MAX (TL_PATTERN_MAX / 64 + 1)

enum element_type {
	ONE, /* a byte of the set */
	STAR, /* any number of bytes of the set */
	DEEP, /* nothing, or any bytes and a slash */
	REST, /* whatever follows */
};

struct element {
	enum element_type type;
	uint64_t set[4]; /* ONE, STAR */
};

struct tl_pattern {
	size_t n; /* elements */
	size_t words; /* of a set of states */
	size_t prefix_size; /* elements at the beginning that are plain bytes */
	size_t early; /* a state that matches too: in front of the slash of a last "**"; 0: none */
	bool rest; /* the last element is REST */
	char *prefix;
	size_t suffix_size; /* elements at the end that are plain bytes */
	char *suffix;
	uint64_t skip[WORDS_MAX]; /* states that include the next one */
	uint64_t both[WORDS_MAX]; /* states that include the next one when they are entered */
	uint64_t *take, *stay; /* [byte][word]: states that go to the next, or remain */
};

/* The elements of a glob while it is read. */
struct reading {
	const char *p, *end;
	bool path;
	struct element element[TL_PATTERN_MAX];
	size_t n;
	size_t early;
	const char *why;
};

static void set_bit(uint64_t *words, size_t i)
{
	words[i / 64] |= 1ULL << (i % 64);
}

static bool has_bit(const uint64_t *words, size_t i)
{
	return words[i / 64] >> (i % 64) & 1;
}

static void fill_set(struct element *e, bool path)
{
	memset(e->set, 0xff, sizeof(e->set));
	if (path)
		e->set['/' / 64] &= ~(1ULL << ('/' % 64));
}

static int refuse(struct reading *r, const char *why)
{
	r->why = why;
	return -EINVAL;
}

static int add(struct reading *r, enum element_type type, struct element **ret)
{
	if (r->n == TL_PATTERN_MAX)
		return refuse(r, "it is too long");
	*ret = &r->element[r->n++];
	(*ret)->type = type;
	return 0;
}

static bool last_is(const struct reading *r, enum element_type type)
{
	return r->n && r->element[r->n - 1].type == type;
}

static bool at_component(const struct reading *r)
{
	return r->n == 0 || (last_is(r, ONE) && has_bit(r->element[r->n - 1].set, '/')) || last_is(r, DEEP);
}

static int add_plain(struct reading *r, const struct tl_glob_element *plain)
{
	static const struct tl_glob_element any = { .type = TL_ELEMENT_ANY };
	struct element *e;
	int error;

	if (plain->type == TL_ELEMENT_STAR && last_is(r, STAR))
		return 0;
	/* No component is empty. */
	if (plain->type == TL_ELEMENT_STAR && r->path && at_component(r) && (r->p == r->end || *r->p == '/')) {
		error = add_plain(r, &any);
		if (error)
			return error;
	}
	error = add(r, plain->type == TL_ELEMENT_STAR ? STAR : ONE, &e);
	if (error)
		return error;
	if (plain->type == TL_ELEMENT_SET)
		memcpy(e->set, plain->set, sizeof(e->set));
	else if (plain->type == TL_ELEMENT_BYTE)
		set_bit(e->set, plain->byte);
	else
		fill_set(e, r->path);
	return 0;
}

/* "**" as a whole component at r->p. Takes it and its slash. */
static bool take_deep(struct reading *r)
{
	if (!r->path || !at_component(r) || r->end - r->p < 2 || r->p[0] != '*' || r->p[1] != '*')
		return false;
	if (r->p + 2 < r->end && r->p[2] != '/')
		return false;
	r->p += 2;
	while (r->p < r->end && *r->p == '/')
		r->p++;
	return true;
}

static int add_deep(struct reading *r)
{
	struct element *e;

	if (r->p < r->end)
		return last_is(r, DEEP) ? 0 : add(r, DEEP, &e);
	/* The last one, which has those before it in it: what is in front of its slash will do. */
	r->n -= last_is(r, DEEP);
	if (last_is(r, ONE))
		r->early = r->n - 1;
	return add(r, REST, &e);
}

static int read_elements(struct reading *r)
{
	while (r->p < r->end) {
		struct tl_glob_element plain = {};
		int error;

		if (take_deep(r)) {
			error = add_deep(r);
		} else {
			bool slash = r->path && *r->p == '/';

			r->why = tl_glob_element(&r->p, r->end, &plain);
			if (r->why)
				return -EINVAL;
			while (slash && r->p < r->end && *r->p == '/')
				r->p++;
			/* A slash at the end does not count. */
			if (slash && r->p == r->end && r->n)
				return 0;
			error = add_plain(r, &plain);
		}
		if (error)
			return error;
	}
	return 0;
}

static void make_element(struct tl_pattern *p, const struct element *e, size_t i)
{
	for (size_t byte = 0; byte < 256; byte++) {
		uint64_t *take = p->take + byte * p->words, *stay = p->stay + byte * p->words;

		if (e->type == ONE ? has_bit(e->set, byte) : e->type == DEEP && byte == '/')
			set_bit(take, i);
		if (e->type == STAR ? has_bit(e->set, byte) : e->type == DEEP || e->type == REST)
			set_bit(stay, i);
	}
	if (e->type == STAR || e->type == REST)
		set_bit(p->skip, i);
	if (e->type == DEEP)
		set_bit(p->both, i);
}

/* The byte that an element stands for, -1 if it is not a single one. */
static int only_byte(const struct element *e)
{
	int byte = -1;

	if (e->type != ONE)
		return -1;
	for (int i = 0; i < 4; i++) {
		if (!e->set[i])
			continue;
		if (byte >= 0 || (e->set[i] & (e->set[i] - 1)))
			return -1;
		byte = i * 64 + __builtin_ctzll(e->set[i]);
	}
	return byte;
}

/* What every text begins with, as far as it is plain. Not beyond the state that matches early. */
static void make_prefix(const struct reading *r, struct tl_pattern *p)
{
	while (p->prefix_size < (r->early ? r->early : r->n)) {
		int byte = only_byte(&r->element[p->prefix_size]);

		if (byte < 0)
			break;
		p->prefix[p->prefix_size++] = (char)byte;
	}
	p->prefix[p->prefix_size] = '/';
}

/* Same at the end, where no text ends early. */
static void make_suffix(const struct reading *r, struct tl_pattern *p)
{
	size_t i = r->n;

	while (!r->early && i && only_byte(&r->element[i - 1]) >= 0)
		i--;
	for (; i < r->n; i++)
		p->suffix[p->suffix_size++] = (char)only_byte(&r->element[i]);
}

static int make(const struct reading *r, struct tl_pattern *p)
{
	p->n = r->n;
	p->words = r->n / 64 + 1;
	p->early = r->early;
	p->rest = last_is(r, REST);
	p->take = calloc(256 * p->words, sizeof(uint64_t));
	p->stay = calloc(256 * p->words, sizeof(uint64_t));
	p->prefix = malloc(r->n + 1);
	p->suffix = malloc(r->n + 1);
	if (!p->take || !p->stay || !p->prefix || !p->suffix)
		return -ENOMEM;
	for (size_t i = 0; i < r->n; i++)
		make_element(p, &r->element[i], i);
	make_prefix(r, p);
	make_suffix(r, p);
	return 0;
}

int tl_pattern_compile(const char *glob, size_t size, bool path, struct tl_pattern **ret, const char **ret_why)
{
	_cleanup_free_ struct reading *r = calloc(1, sizeof(*r));
	struct tl_pattern *p;
	int error;

	if (!r)
		return -ENOMEM;
	r->p = glob;
	r->end = glob + size;
	r->path = path;
	error = read_elements(r);
	if (error) {
		if (r->why)
			*ret_why = r->why;
		return error;
	}
	p = calloc(1, sizeof(*p));
	if (!p)
		return -ENOMEM;
	error = make(r, p);
	if (error) {
		tl_pattern_free(p);
		return error;
	}
	*ret = p;
	return 0;
}

struct tl_pattern *tl_pattern_free(struct tl_pattern *p)
{
	if (!p)
		return NULL;
	free(p->take);
	free(p->stay);
	free(p->prefix);
	free(p->suffix);
	free(p);
	return NULL;
}

/* states |= (states & mask) << 1 */
static void spread(uint64_t *states, const uint64_t *mask, size_t words)
{
	uint64_t carry = 0;

	for (size_t w = 0; w < words; w++) {
		uint64_t moved = states[w] & mask[w];

		states[w] |= moved << 1 | carry;
		carry = moved >> 63;
	}
}

/* Returns whether any state is left. */
static bool step(const struct tl_pattern *p, uint64_t *states, unsigned char byte)
{
	const uint64_t *take = p->take + byte * p->words, *stay = p->stay + byte * p->words;
	uint64_t kept[WORDS_MAX], carry = 0, any = 0;

	for (size_t w = 0; w < p->words; w++) {
		uint64_t moved = states[w] & take[w];

		kept[w] = states[w] & stay[w];
		states[w] = moved << 1 | carry;
		carry = moved >> 63;
	}
	spread(states, p->both, p->words);
	for (size_t w = 0; w < p->words; w++)
		states[w] |= kept[w];
	spread(states, p->skip, p->words);
	for (size_t w = 0; w < p->words; w++)
		any |= states[w];
	return any;
}

bool tl_pattern_match(const struct tl_pattern *p, const char *text, size_t size)
{
	uint64_t states[WORDS_MAX] = {};

	if (size < p->prefix_size || memcmp(text, p->prefix, p->prefix_size) != 0)
		return false;
	if (size < p->suffix_size || memcmp(text + size - p->suffix_size, p->suffix, p->suffix_size) != 0)
		return false;
	set_bit(states, p->prefix_size);
	spread(states, p->both, p->words);
	spread(states, p->skip, p->words);
	for (size_t i = p->prefix_size; i < size; i++) {
		if (p->rest && has_bit(states, p->n - 1))
			return true;
		if (!step(p, states, (unsigned char)text[i]))
			return false;
	}
	return has_bit(states, p->n) || (p->early && has_bit(states, p->early));
}

size_t tl_pattern_directory(const struct tl_pattern *p, const char **ret_directory, bool *ret_all)
{
	size_t n = p->prefix_size;

	/* The slash is there, behind the prefix. */
	if (p->early && n == p->early)
		n++;
	*ret_all = n > p->prefix_size && p->rest && p->n == n + 1;
	while (n && p->prefix[n - 1] != '/')
		n--;
	*ret_directory = p->prefix;
	return n;
}

size_t tl_pattern_head(const struct tl_pattern *p, const char **ret_head)
{
	size_t n = p->prefix_size;

	/* "/a/" followed by any number of components is also "/a". */
	while (n && p->prefix[n - 1] == '/')
		n--;
	*ret_head = p->prefix;
	return n;
}

size_t tl_pattern_tail(const struct tl_pattern *p, const char **ret_tail)
{
	*ret_tail = p->suffix;
	return p->suffix_size;
}
