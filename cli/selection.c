// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "cli.h"
#include "nearest.h"
#include "selection.h"

#ifdef __aarch64__
#define NATIVE_FIRST 3
#define NATIVE_LAST 3
#else
#define NATIVE_FIRST 0
#define NATIVE_LAST 2
#endif

static __attribute__((format(printf, 3, 4))) int refuse(struct tl_selection *s, int error, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->message, sizeof(s->message), format, ap);
	va_end(ap);
	return error;
}

/* Appends to a list in a fixed text; what does not fit ends in dots. */
static __attribute__((format(printf, 3, 4))) void list_add(char *list, size_t size, const char *format, ...)
{
	size_t n = strlen(list);
	va_list ap;
	int more;

	if (n) {
		if (n + 8 > size)
			return;
		memcpy(list + n, "; ", 3);
		n += 2;
	}
	va_start(ap, format);
	more = vsnprintf(list + n, size - n, format, ap);
	va_end(ap);
	if (more < 0 || (size_t)more >= size - n)
		memcpy(list + size - 4, "...", 4);
}

/* ---- Handlers of one SPEC ---- */

/* An event that this machine can have and that a rule can ask for. */
static bool can_happen(const struct tl_event_type *type)
{
	if (type->class != TL_CLASS_SYSCALL || type->flags & TL_TYPE_UNLISTED)
		return type->class != TL_CLASS_RECORD;
	for (int abi = NATIVE_FIRST; abi <= NATIVE_LAST; abi++)
		if (type->number[abi] >= 0)
			return true;
	return false;
}

static bool wants_type(const struct tl_want *wants, size_t n, const struct tl_event_type *type)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(wants[i].type->name, type->name) == 0)
			return true;
	return false;
}

static int resolved_add(struct tl_selection *s, size_t spec, const char *what, const struct tl_event_type *type,
			bool spelling)
{
	size_t n = s->n_resolved[spec];
	struct tl_want *more;

	if (wants_type(s->resolved[spec], n, type))
		return 0;
	more = reallocarray(s->resolved[spec], n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	more[n] = (struct tl_want){
		.what = what,
		.type = type,
		.program_id = s->specs[spec]->program_id,
		.spec = spec,
		.spelling = spelling,
	};
	s->resolved[spec] = more;
	s->n_resolved[spec] = n + 1;
	return 1;
}

static int resolve_file(struct tl_selection *s, size_t spec, const char *path)
{
	_cleanup_free_ struct tl_event_type *type = calloc(1, sizeof(*type));
	struct tl_event_type **more;
	const char *why = NULL;
	int r;

	if (!type)
		return -ENOMEM;
	r = tl_handler_describe(path, type, &why);
	if (r < 0)
		return refuse(s, r, "%s: %s", path, why ? why : strerror(-r));
	more = reallocarray(s->described, s->n_described + 1, sizeof(struct tl_event_type *));
	if (!more)
		return -ENOMEM;
	s->described = more;
	s->described[s->n_described++] = type;
	return resolved_add(s, spec, path, TAKE_PTR(type), false);
}

static int resolve_group(struct tl_selection *s, size_t spec, const char *group)
{
	const struct tl_event_type *types;
	struct tl_suggest suggestion;
	size_t n, found = 0;
	int r;

	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++) {
		if (!tl_event_type_in_group(&types[i], group) || !can_happen(&types[i]))
			continue;
		found++;
		r = resolved_add(s, spec, types[i].name, &types[i], false);
		if (r < 0)
			return r;
	}
	if (!found)
		return refuse(s, -EINVAL, "@%s: no such group of events%s", group,
			      tl_nearest_group(group, &suggestion));
	return 0;
}

static int resolve_event(struct tl_selection *s, size_t spec, const char *name)
{
	const struct tl_event_type *type = tl_event_type_find(name);
	struct tl_suggest suggestion;

	if (!type || type->class == TL_CLASS_RECORD)
		return refuse(s, -EINVAL, "%s: no such event%s", name, tl_nearest_event(name, &suggestion));
	if (!can_happen(type))
		return refuse(s, -EINVAL, "%s: this machine has no such system call", name);
	return resolved_add(s, spec, type->name, type, false);
}

/* The other calls by which the C library does what `type` is asked for. */
static int resolve_spellings(struct tl_selection *s, size_t spec, const struct tl_event_type *type)
{
	char added[sizeof(type->spellings)] = "";
	char words[sizeof(type->spellings)];
	char *at = NULL;
	int r;

	memcpy(words, type->spellings, sizeof(words));
	words[sizeof(words) - 1] = 0;
	for (char *word = strtok_r(words, " ", &at); word; word = strtok_r(NULL, " ", &at)) {
		const struct tl_event_type *other = tl_event_type_find(word);

		if (!other || !can_happen(other))
			continue;
		r = resolved_add(s, spec, other->name, other, true);
		if (r < 0)
			return r;
		if (r > 0) {
			if (*added)
				strcat(added, ", ");
			strcat(added, other->name);
		}
	}
	if (*added)
		list_add(s->spellings, sizeof(s->spellings), "%s: %s", type->name, added);
	return 0;
}

static int resolve_spec(struct tl_selection *s, size_t spec)
{
	const struct tl_spec *given = s->specs[spec];
	int r = 0;

	for (size_t i = 0; i < given->n_handlers && r >= 0; i++) {
		const struct tl_spec_handler *h = &given->handlers[i];

		if (h->kind == TL_SPEC_FILE)
			r = resolve_file(s, spec, h->name);
		else if (h->kind == TL_SPEC_GROUP)
			r = resolve_group(s, spec, h->name);
		else
			r = resolve_event(s, spec, h->name);
	}
	for (size_t i = 0; i < given->n_handlers && r >= 0; i++)
		if (given->handlers[i].kind == TL_SPEC_EVENT)
			r = resolve_spellings(s, spec, tl_event_type_find(given->handlers[i].name));
	return r;
}

/* ---- Targets ---- */

static bool names_pid(const struct tl_spec *spec, uint32_t pid)
{
	for (size_t i = 0; i < spec->n_pids; i++)
		if (spec->pids[i] == pid)
			return true;
	return false;
}

static struct tl_selection_target *target_new(struct tl_selection *s, const char *name)
{
	struct tl_selection_target *more = reallocarray(s->targets, s->n_targets + 1, sizeof(*more));

	if (!more)
		return NULL;
	s->targets = more;
	more = &s->targets[s->n_targets];
	*more = (struct tl_selection_target){ .name = strdup(name) };
	if (!more->name)
		return NULL;
	s->n_targets++;
	return more;
}

/* The target of the processes that the same SPECs name as they name `pid`, NULL if there is none yet. */
static struct tl_selection_target *target_like(struct tl_selection *s, uint32_t pid)
{
	for (size_t t = 0; t < s->n_targets; t++) {
		bool same = true;

		for (size_t i = 0; i < s->n_specs && same; i++)
			same = names_pid(s->specs[i], pid) == names_pid(s->specs[i], s->targets[t].pids[0]);
		if (same)
			return &s->targets[t];
	}
	return NULL;
}

static int target_add_pid(struct tl_selection *s, const struct tl_spec *spec, uint32_t pid)
{
	struct tl_selection_target *t;
	uint32_t *more;

	for (size_t i = 0; i < s->n_targets; i++)
		for (size_t j = 0; j < s->targets[i].n_pids; j++)
			if (s->targets[i].pids[j] == pid)
				return 0;
	t = target_like(s, pid);
	if (!t)
		t = target_new(s, spec->text);
	if (!t)
		return -ENOMEM;
	more = reallocarray(t->pids, t->n_pids + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->pids = more;
	t->pids[t->n_pids++] = pid;
	return 0;
}

static int target_add_wants(struct tl_selection *s, struct tl_selection_target *t, size_t spec, bool spelling)
{
	size_t n = s->n_resolved[spec];
	struct tl_want *more;

	more = reallocarray(t->wants, t->n_wants + n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->wants = more;
	for (size_t i = 0; i < n; i++) {
		const struct tl_want *w = &s->resolved[spec][i];

		if (w->spelling != spelling)
			continue;
		if (!wants_type(t->wants, t->n_wants, w->type))
			t->wants[t->n_wants++] = *w;
		else if (w->what != w->type->name && !t->n_pids == !s->specs[spec]->n_pids)
			list_add(s->hidden, sizeof(s->hidden), "%s", w->what);
	}
	return 0;
}

/* First the SPECs that name the processes, then the default ones; of each what
 * was asked for before what comes with it. */
static int target_fill(struct tl_selection *s, struct tl_selection_target *t)
{
	int r = 0;

	for (int pass = t->n_pids ? 0 : 2; pass < 4; pass++)
		for (size_t i = 0; i < s->n_specs && r >= 0; i++) {
			const struct tl_spec *spec = s->specs[i];
			bool applies = pass < 2 ? names_pid(spec, t->pids[0]) : !spec->n_pids;

			if (applies)
				r = target_add_wants(s, t, i, pass % 2);
		}
	return r;
}

static int make_targets(struct tl_selection *s)
{
	bool has_default = false;
	int r = 0;

	for (size_t i = 0; i < s->n_specs; i++) {
		has_default = has_default || !s->specs[i]->n_pids;
		for (size_t j = 0; j < s->specs[i]->n_pids && r >= 0; j++)
			r = target_add_pid(s, s->specs[i], s->specs[i]->pids[j]);
	}
	if (r >= 0 && has_default && !target_new(s, "default"))
		r = -ENOMEM;
	for (size_t i = 0; i < s->n_targets && r >= 0; i++)
		r = target_fill(s, &s->targets[i]);
	return r < 0 ? r : 0;
}

int tl_selection_make(const struct tl_spec *const *specs, size_t n_specs, struct tl_selection *ret)
{
	int r = 0;

	*ret = (struct tl_selection){ .specs = specs, .n_specs = n_specs };
	ret->resolved = calloc(n_specs + 1, sizeof(struct tl_want *));
	ret->n_resolved = calloc(n_specs + 1, sizeof(size_t));
	if (!ret->resolved || !ret->n_resolved)
		r = -ENOMEM;
	for (size_t i = 0; i < n_specs && r >= 0; i++)
		r = resolve_spec(ret, i);
	if (r >= 0)
		r = make_targets(ret);
	if (r == -ENOMEM)
		refuse(ret, r, "%s", strerror(ENOMEM));
	return r < 0 ? r : 0;
}

void tl_selection_done(struct tl_selection *s)
{
	for (size_t i = 0; s->resolved && i < s->n_specs; i++)
		free(s->resolved[i]);
	for (size_t i = 0; i < s->n_targets; i++) {
		free(s->targets[i].name);
		free(s->targets[i].pids);
		free(s->targets[i].wants);
	}
	for (size_t i = 0; i < s->n_described; i++)
		free(s->described[i]);
	free(s->resolved);
	free(s->n_resolved);
	free(s->targets);
	free(s->described);
	*s = (struct tl_selection){ 0 };
}

bool tl_selection_has_default(const struct tl_selection *s)
{
	return s->n_targets && !s->targets[s->n_targets - 1].n_pids;
}

/* ---- Use ---- */

static int apply_target(struct tl_selection *s, struct tl_session *session, struct tl_selection_target *t,
			uint32_t default_target)
{
	struct tl_target_spec spec = { .name = t->name, .pids = t->pids, .n_pids = t->n_pids };
	int r;

	t->id = default_target;
	if (t->n_pids || default_target == TL_TARGET_DEFAULT) {
		spec.everything = !t->n_pids;
		r = tl_session_add_target(session, &spec, &t->id);
		if (r < 0)
			return refuse(s, r, "%s", t->name);
	}
	for (size_t i = 0; i < t->n_wants; i++) {
		r = tl_session_add_handler(session, t->id, t->wants[i].what, t->wants[i].program_id);
		if (r < 0)
			return refuse(s, r, "%s", t->wants[i].what);
	}
	return 0;
}

int tl_selection_apply(struct tl_selection *s, struct tl_session *session, uint32_t default_target)
{
	int r = 0;

	for (size_t i = 0; i < s->n_targets && r >= 0; i++)
		r = apply_target(s, session, &s->targets[i], default_target);
	return r;
}

bool tl_selection_wants(const struct tl_selection *s, const struct tl_event *event)
{
	for (size_t i = 0; i < s->n_targets; i++) {
		const struct tl_selection_target *t = &s->targets[i];

		if (t->id / 64 < event->n_target_words && event->targets[t->id / 64] >> (t->id % 64) & 1 &&
		    wants_type(t->wants, t->n_wants, event->type))
			return true;
	}
	return false;
}
