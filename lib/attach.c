// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Which hook for which call, and putting programs on them. The ladder: fexit
 * on the call's own function (costs nothing elsewhere), kretprobe on it, the
 * tracepoint of all calls. What a step cannot do falls to the next.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "attach.h"
#include "functions.h"
#include "kprobes.h"
#include "object-hooks.h"
#include "requests.h"
#include "multiplexed.h"
#include "twins.h"
#include "util.h"

/* A hook per call is worth it up to here; a policy that wants more pays the
 * tracepoint's price on every call anyway. */
#define TL_HOOKED_CALLS_MAX 96

/* What the kernel says of its types, and the functions of calls in it. */
static int read_types(struct tl_session *s)
{
	if (!tl_kernel_types(s))
		return tl_fail(s, -errno, "cannot read the description of the kernel's types: %s", strerror(errno));
	if (!s->functions)
		s->functions = tl_functions_new(s->btf);
	return s->functions ? 0 : -ENOMEM;
}

/* ---- What this kernel can do ---- */

/* A program that does nothing, loaded and put on a function. */
static bool try_fexit(struct tl_session *s)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_TRACE_FEXIT);
	struct tl_function function;
	int program, link;

	if (read_types(s) < 0 || !tl_function_find(s->functions, TL_ABI_X86_64, "personality", &function))
		return false;
	options.attach_btf_id = function.btf_id;
	program = bpf_prog_load(BPF_PROG_TYPE_TRACING, "tl_probe", "GPL", nothing, ARRAY_SIZE(nothing), &options);
	if (program < 0)
		return false;
	link = bpf_raw_tracepoint_open(NULL, program);
	if (link >= 0)
		close(link);
	close(program);
	return link >= 0;
}

/* Asked once in a plan: a program costs milliseconds. */
static bool fexit_works(struct tl_session *s, int *answer)
{
	if (*answer < 0)
		*answer = try_fexit(s);
	return *answer;
}

/* ---- The choice ---- */

/* The fexit kind of functions of this prototype; -1: more prototypes than kinds. */
static int fexit_kind(struct tl_session *s, const struct tl_function *function)
{
	static const enum tl_kind with_arguments[] = { TL_KIND_FEXIT, TL_KIND_FEXIT_OTHER, TL_KIND_FEXIT_THIRD };
	static const enum tl_kind without[] = { TL_KIND_FEXIT_BARE };
	const enum tl_kind *kinds = function->bare ? without : with_arguments;
	size_t n = function->bare ? ARRAY_SIZE(without) : ARRAY_SIZE(with_arguments);

	for (size_t i = 0; i < n; i++) {
		if (!s->prototypes[kinds[i]])
			s->prototypes[kinds[i]] = function->prototype;
		if (s->prototypes[kinds[i]] == function->prototype)
			return kinds[i];
	}
	return -1;
}

/* By functions, those of all ABIs; false: the kernel has none for the call. */
static bool choose_fexit(struct tl_session *s, struct tl_loaded *e)
{
	struct tl_function function, other;
	bool any = false;
	int kind;

	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++) {
		if (e->type.number[abi] < 0)
			continue;
		if (!tl_function_find(s->functions, abi, e->type.name, &function) ||
		    (kind = fexit_kind(s, &function)) < 0) {
			if (abi == TL_ABI_X86_64)
				return false;
			continue;
		}
		/* The other ABIs' functions may be of another prototype. */
		e->kinds[kind] = true;
		any = true;
		if (tl_function_find_other(s->functions, &function, &other) && (kind = fexit_kind(s, &other)) >= 0)
			e->kinds[kind] = true;
	}
	if (any && e->type.number2[TL_ABI_I386] > 0 && tl_function_find_older(s->functions, e->type.name, &function) &&
	    (kind = fexit_kind(s, &function)) >= 0)
		e->kinds[kind] = true;
	for (enum tl_multiplexer by = 0; any && by < TL_MULTIPLEXERS; by++) {
		if (!tl_is_multiplexed(e->type.name, by) ||
		    !tl_function_find(s->functions, TL_ABI_I386, tl_multiplexer_names[by], &function))
			continue;
		if ((kind = fexit_kind(s, &function)) >= 0)
			e->kinds[kind] = true;
		if (tl_function_find_other(s->functions, &function, &other) && (kind = fexit_kind(s, &other)) >= 0)
			e->kinds[kind] = true;
	}
	return any;
}

static const char *const symbol_formats[] = { [TL_ABI_X86_64] = "__x64_sys_%s", [TL_ABI_I386] = "__ia32_sys_%s" };

/* The function behind a call; some are not among the kernel's types, and yet it has them. */
static bool find_symbol(struct tl_session *s, enum tl_abi abi, const char *call, struct tl_function *ret)
{
	if (tl_function_find(s->functions, abi, call, ret))
		return true;
	if (abi > TL_ABI_I386)
		return false;
	*ret = (struct tl_function){};
	snprintf(ret->name, sizeof(ret->name), symbol_formats[abi], call); /* NOLINT: the formats are the table's */
	return tl_kprobe_works(s, ret->name);
}

/* Whether the kernel has a function for the call, if only one that takes no probes. */
static bool exists(struct tl_session *s, const struct tl_event_type *type)
{
	char name[64];

	for (enum tl_abi abi = 0; abi <= TL_ABI_I386; abi++) {
		if (type->number[abi] < 0)
			continue;
		snprintf(name, sizeof(name), symbol_formats[abi], type->name); /* NOLINT: the formats are the table's */
		if (tl_kprobe_exists(s, name))
			return true;
	}
	return false;
}

/* Of functions among the kernel's types hardly one takes no probes; where these are links, it is asked for all at once. */
static bool may_take_probes(struct tl_session *s, const struct tl_function *function)
{
	if (function->btf_id && tl_kprobes_of(s) == TL_KPROBES_LINKS)
		return !tl_kprobe_refused(s, function->name);
	return tl_kprobe_works(s, function->name);
}

static bool choose_kprobe(struct tl_session *s, struct tl_loaded *e)
{
	struct tl_function function;

	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++)
		if (e->type.number[abi] >= 0 && find_symbol(s, abi, e->type.name, &function))
			return e->kinds[TL_KIND_KPROBE] = may_take_probes(s, &function);
	return false;
}

static void choose_kind(struct tl_session *s, struct tl_loaded *e, bool fexit, bool kprobe)
{
	if ((fexit && choose_fexit(s, e)) || ((fexit || kprobe) && choose_kprobe(s, e)))
		return;
	/* A call that this kernel has not can only fail: not worth the tracepoint's
	 * price, unless nothing else is asked for. */
	e->absent = (fexit || kprobe) && !(e->type.flags & TL_TYPE_UNLISTED) && !exists(s, &e->type);
	e->kinds[TL_KIND_RAW_TP] = !e->absent;
}

/* If all calls asked for are such as this kernel has not. */
static void need_absent(struct tl_session *s)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (s->events[id].type.class == TL_CLASS_SYSCALL && !s->events[id].absent)
			return;
	for (uint32_t id = 1; id <= s->n_events; id++)
		s->events[id].kinds[TL_KIND_RAW_TP] |= s->events[id].absent;
}

/* What calls by the tracepoint name is seen by functions of their own all the same, where the kernel
 * lets them be hooked. Programs on fexit are skipped where they may be preempted: then what the process said
 * has to do, as it would have to without them. */
static void choose_object_hooks(struct tl_session *s, int *works)
{
	bool any = false, probes;

	for (uint32_t id = 1; id <= s->n_events; id++)
		any |= s->events[id].kinds[TL_KIND_RAW_TP] && tl_has_object_hook(&s->events[id].type);
	if (!any || s->options.no_objects)
		return;
	probes = tl_kprobes_of(s) != TL_KPROBES_NONE;
	s->object_fexit = (*works == 1 || !s->is_preempted || !probes) && fexit_works(s, works);
	s->object_kprobe = !s->object_fexit && probes;
}

int tl_attach_plan(struct tl_session *s)
{
	enum tl_attach asked = s->options.attach;
	int works = -1; /* fexit; -1: nobody has asked */
	size_t n_calls = 0;
	bool fexit, kprobe;
	int r;

	for (uint32_t id = 1; id <= s->n_events; id++)
		n_calls += s->events[id].type.class == TL_CLASS_SYSCALL;
	if (asked == TL_ATTACH_AUTO && n_calls > TL_HOOKED_CALLS_MAX)
		asked = TL_ATTACH_RAW_TP;
	/* Programs on fexit would be skipped, and there are none beside them. Kprobes need rights that not everybody has. */
	if (asked == TL_ATTACH_AUTO && s->is_preempted)
		asked = tl_kprobes_of(s) != TL_KPROBES_NONE ? TL_ATTACH_KPROBE : TL_ATTACH_RAW_TP;
	fexit = n_calls && (asked == TL_ATTACH_AUTO || asked == TL_ATTACH_FEXIT) && fexit_works(s, &works);
	if (asked == TL_ATTACH_FEXIT && !fexit && n_calls)
		return tl_fail(s, -EOPNOTSUPP, "this kernel refuses fexit programs: use --attach auto");
	kprobe = n_calls && (asked == TL_ATTACH_KPROBE || (asked == TL_ATTACH_AUTO && !fexit)) &&
		 tl_kprobes_of(s) != TL_KPROBES_NONE;
	if (asked == TL_ATTACH_KPROBE && !kprobe && n_calls)
		return tl_fail(s, -EOPNOTSUPP, "this kernel refuses kprobes: use --attach auto");
	if (kprobe && (r = read_types(s)) < 0)
		return r;
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (s->events[id].type.class == TL_CLASS_SYSCALL)
			choose_kind(s, &s->events[id], fexit, kprobe);
	need_absent(s);
	choose_object_hooks(s, &works);
	return tl_requests_plan(s);
}

/* ---- Putting programs on hooks ---- */

int tl_keep_link(struct tl_session *s, int fd)
{
	int *grown = reallocarray(s->links, s->n_links + 1, sizeof(int));

	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	s->links = grown;
	s->links[s->n_links++] = fd;
	return 0;
}

int tl_attach_trace(struct tl_session *s, int program, const char *tracepoint)
{
	int link = bpf_raw_tracepoint_open(tracepoint, program);

	if (link < 0)
		return tl_fail(s, -errno, "cannot attach to %s: %s", tracepoint ? tracepoint : "a function",
			       strerror(errno));
	return tl_keep_link(s, link);
}

int tl_chain(struct tl_session *s, enum tl_kind kind, uint32_t btf_id, const struct tl_stage_program *stages, size_t n)
{
	int r;

	for (size_t i = 0; i < n; i++) {
		uint32_t at = stages[i].stage;
		int program;

		if (!stages[i].name)
			continue;
		program = tl_program_of(s, stages[i].name, kind, btf_id, BPF_TRACE_FEXIT);
		if (program < 0)
			return program;
		if (bpf_map_update_elem(s->programs[kind], &at, &program, BPF_ANY) < 0)
			return tl_fail(s, -errno, "cannot chain %s: %s", stages[i].name, strerror(errno));
	}
	for (uint32_t slot = 1; slot < TL_EVENTS_MAX + s->n_extra_slots; slot++) {
		uint32_t at = TL_STAGES + slot;
		int program;

		if (!s->slots[slot].handler.insns || !s->events[s->slots[slot].event].kinds[kind])
			continue;
		program = tl_handler_load(s, &s->slots[slot].handler, kind, btf_id);
		if (program < 0)
			return program;
		r = bpf_map_update_elem(s->programs[kind], &at, &program, BPF_ANY);
		if (r < 0)
			return tl_fail(s, -errno, "cannot chain the handler of %s: %s",
				       s->slots[slot].handler.type.name, strerror(errno));
	}
	return 0;
}

/* Stages and handlers of a kind; their hook is only a matter of type there. */
static int fill_programs(struct tl_session *s, enum tl_kind kind, uint32_t btf_id)
{
	static const char *const call[TL_KINDS] = {
		[TL_KIND_RAW_TP] = "tl_call_raw_tp",	     [TL_KIND_FEXIT] = "tl_exit_fexit",
		[TL_KIND_FEXIT_OTHER] = "tl_exit_fexit",     [TL_KIND_FEXIT_THIRD] = "tl_exit_fexit",
		[TL_KIND_FEXIT_BARE] = "tl_exit_fexit_bare", [TL_KIND_KPROBE] = "tl_exit_kretprobe",
	};
	const struct tl_stage_program stages[] = {
		{ TL_STAGE_COLLECT, "tl_collect" },
		{ TL_STAGE_REFRESH, "tl_refresh" },
		{ TL_STAGE_SEND, s->n_filters ? "tl_send_filtered" : "tl_send" },
		{ TL_STAGE_CALL, call[kind] },
		{ TL_STAGE_FILTER, s->n_filters ? "tl_filter" : NULL },
		{ TL_STAGE_TALLIED, tl_tallies_wanted(s) ? "tl_tally_begin" : NULL },
	};

	return tl_chain(s, kind, btf_id, stages, ARRAY_SIZE(stages));
}

/* Numbers that come by a hook on functions, or by the tracepoint. */
enum door { DOOR_TRACEPOINT, DOOR_FUNCTION };

static void want_one(struct tl_session *s, enum door door, enum tl_abi abi, int number, uint32_t id)
{
	if (number < 0 || number >= TL_NR_MAX)
		return;
	s->config->event_of[door][abi][number] = id;
	if (door == DOOR_TRACEPOINT)
		s->config->traced[number] = 1;
}

static void want_number(struct tl_session *s, enum door door, enum tl_abi abi, uint32_t id)
{
	want_one(s, door, abi, s->events[id].type.number[abi], id);
}

/* The older number of a call, where it has one. */
static void want_number2(struct tl_session *s, enum door door, enum tl_abi abi, uint32_t id)
{
	if (s->events[id].type.number2[abi] > 0)
		want_one(s, door, abi, s->events[id].type.number2[abi], id);
}

/* The ways by which another call is that one. */
static void want_multiplexed(struct tl_session *s, enum door door, enum tl_multiplexer by, uint32_t id)
{
	static const uint16_t numbers[] = { [TL_BY_SOCKETCALL] = TL_NR_SOCKETCALL, [TL_BY_IPC] = TL_NR_IPC };

	for (unsigned i = 0; i < TL_MULTIPLEXED_CALLS; i++) {
		struct tl_multiplexed *to = &s->config->multiplexed[door][by][i];
		uint8_t from[TL_ARGS];
		const char *event = tl_multiplexed_event(by, i, from);

		if (!event || strcmp(event, s->events[id].type.name) != 0)
			continue;
		memcpy(to->from, from, sizeof(from));
		to->event = id;
		if (door == DOOR_TRACEPOINT)
			s->config->traced[numbers[by]] = 1;
	}
}

static void want_socketcall(struct tl_session *s, enum door door, enum tl_abi abi, uint32_t id)
{
	(void)abi;
	want_multiplexed(s, door, TL_BY_SOCKETCALL, id);
}

static void want_ipc(struct tl_session *s, enum door door, enum tl_abi abi, uint32_t id)
{
	(void)abi;
	want_multiplexed(s, door, TL_BY_IPC, id);
}

/* All numbers that no row of the table has; the last place is for those beyond. */
static void want_unlisted(struct tl_session *s, uint32_t id)
{
	static bool listed[TL_ABI_MAX][TL_NR_MAX];
	const struct tl_event_type *types;
	size_t n;

	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++)
		for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++) {
			if (types[i].number[abi] >= 0)
				listed[abi][types[i].number[abi]] = true;
			if (types[i].number2[abi] >= 0)
				listed[abi][types[i].number2[abi]] = true;
		}
	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++)
		for (unsigned number = 0; number < TL_NR_MAX; number++)
			if (!listed[abi][number] && !s->config->event_of[DOOR_TRACEPOINT][abi][number])
				want_one(s, DOOR_TRACEPOINT, abi, number, id);
}

/* All that it is by, through the tracepoint. */
static void want_by_tracepoint(struct tl_session *s, uint32_t id)
{
	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++) {
		want_number(s, DOOR_TRACEPOINT, abi, id);
		want_number2(s, DOOR_TRACEPOINT, abi, id);
	}
	want_socketcall(s, DOOR_TRACEPOINT, TL_ABI_I386, id);
	want_ipc(s, DOOR_TRACEPOINT, TL_ABI_I386, id);
}

/* Whether the functions of all ABIs are one: so it is for calls without arguments. */
static bool is_shared(const struct tl_event_type *type)
{
	const struct tl_event_type *row = tl_event_type_find(type->name);

	return row && row->n_args == 0;
}

const char *tl_entry_program(const struct tl_session *s, const struct tl_event_type *type)
{
	if (type->flags & TL_TYPE_EXEC)
		return tl_has_program(s, "tl_prepare_exec") ? NULL : "tl_enter_exec_hook";
	if (type->flags & (TL_TYPE_ENTRY | TL_TYPE_NO_RETURN) || tl_object_source(type) == TL_FROM_FD)
		return "tl_enter_hook";
	return NULL;
}

/* Calls of several ABIs may share a function; it is hooked once. */
static bool is_hooked_already(struct tl_session *s, const struct tl_function *function)
{
	uint32_t *grown;

	for (size_t i = 0; i < s->n_hooked; i++)
		if (function->btf_id && s->hooked[i] == function->btf_id)
			return true;
	grown = reallocarray(s->hooked, s->n_hooked + 1, sizeof(*grown));
	if (!grown)
		return false;
	s->hooked = grown;
	s->hooked[s->n_hooked++] = function->btf_id;
	return false;
}

/* One function: its own copy of the main program. */
static int hook_function(struct tl_session *s, const struct tl_function *function, enum tl_kind kind,
			 const struct tl_event_type *type)
{
	const char *entry = tl_entry_program(s, type);
	int program, r = 0;

	if (!(type->flags & TL_TYPE_NO_RETURN)) {
		program = tl_program_copy(s, function->bare ? "tl_exit_fexit_bare" : "tl_exit_fexit", kind,
					  function->btf_id, BPF_TRACE_FEXIT);
		r = program < 0 ? program : tl_attach_trace(s, program, NULL);
	}
	if (r < 0 || !entry)
		return r;
	program = tl_program_copy(s, entry, kind, function->btf_id, BPF_TRACE_FENTRY);
	return program < 0 ? program : tl_attach_trace(s, program, NULL);
}

/* 1: hooked, 0: of a prototype too many. */
static int hook_fexit(struct tl_session *s, const struct tl_function *function, const struct tl_event_type *type,
		      bool filled[TL_KINDS])
{
	int kind = fexit_kind(s, function), r;

	if (kind < 0)
		return 0;
	if (!filled[kind]) {
		/* Such a one takes no fexit programs; those behind it are none. */
		r = type->flags & TL_TYPE_NO_RETURN ? 0 : fill_programs(s, kind, function->btf_id);
		if (r < 0)
			return r;
		filled[kind] = !(type->flags & TL_TYPE_NO_RETURN);
	}
	if (is_hooked_already(s, function))
		return 1;
	r = hook_function(s, function, kind, type);
	return r < 0 ? r : 1;
}

/* What the functions do not cover goes by the tracepoint. */
static void choose_door(struct tl_session *s, enum tl_abi abi, uint32_t id, bool hooked,
			void (*want)(struct tl_session *, enum door, enum tl_abi, uint32_t))
{
	want(s, hooked ? DOOR_FUNCTION : DOOR_TRACEPOINT, abi, id);
	if (!hooked)
		s->needs_tracepoint |= abi != TL_ABI_I386 || s->has_ia32;
}

/* Puts programs on a function. 1: hooked, 0: not possible. */
typedef int hook_one(struct tl_session *s, const struct tl_function *function, const struct tl_event_type *type,
		     bool filled[TL_KINDS]);

/* The programs at the return and the entry of calls; one copy does for all of them. */
static int copy_kprobes(struct tl_session *s)
{
	static const char *const names[] = { "tl_exit_kretprobe", "tl_enter_kprobe" };
	int r = fill_programs(s, TL_KIND_KPROBE, 0);

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(names); i++)
		r = s->kprobe_programs[i] = tl_program_copy(s, names[i], TL_KIND_KPROBE, 0, 0);
	return r < 0 ? r : 0;
}

static int hook_kretprobe(struct tl_session *s, const struct tl_function *function, const struct tl_event_type *type,
			  bool filled[TL_KINDS])
{
	int entry, r = 0;

	if (!may_take_probes(s, function))
		return 0;
	if (is_hooked_already(s, function))
		return 1;
	if (!filled[TL_KIND_KPROBE]) {
		r = copy_kprobes(s);
		if (r < 0)
			return r;
		filled[TL_KIND_KPROBE] = true;
	}
	entry = s->kprobe_programs[1];
	/* A successful exec returns into another program: its return is not awaited. */
	if (type->flags & TL_TYPE_EXEC)
		entry = tl_entry_program(s, type) ?
				tl_program_copy(s, tl_entry_program(s, type), TL_KIND_KPROBE, 0, 0) :
				-1;
	if (!(type->flags & TL_TYPE_NO_RETURN))
		r = tl_kprobe_add(s, s->kprobe_programs[0], function->name, true);
	if (r >= 0 && entry >= 0)
		r = tl_kprobe_add(s, entry, function->name, false);
	return r < 0 ? r : 1;
}

static int hook_both(struct tl_session *s, const struct tl_function *function, const struct tl_event_type *type,
		     hook_one *hook, bool filled[TL_KINDS])
{
	struct tl_function other;
	int r = hook(s, function, type, filled);

	if (r > 0 && tl_function_find_other(s->functions, function, &other)) {
		int also = hook(s, &other, type, filled);

		return MIN(also, r);
	}
	return r;
}

/* The function of a call that is several, which their events share. */
static int attach_multiplexer(struct tl_session *s, uint32_t id, enum tl_multiplexer by, hook_one *hook,
			      bool filled[TL_KINDS])
{
	struct tl_event_type type = *tl_event_type_find(tl_multiplexer_names[by]);
	struct tl_function function;
	int r = 0;

	if (by == TL_BY_SOCKETCALL)
		type.flags |= TL_TYPE_ENTRY; /* as some of them need it */
	if (tl_function_find(s->functions, TL_ABI_I386, type.name, &function))
		r = hook_both(s, &function, &type, hook, filled);
	if (r >= 0)
		choose_door(s, TL_ABI_I386, id, r, by == TL_BY_SOCKETCALL ? want_socketcall : want_ipc);
	return r < 0 ? r : 0;
}

static int attach_functions(struct tl_session *s, uint32_t id, hook_one *hook, bool filled[TL_KINDS])
{
	const struct tl_event_type *type = &s->events[id].type;
	struct tl_function function;
	bool hooked = true; /* the function of x86-64 */
	int r;

	for (enum tl_abi abi = 0; abi < TL_ABI_MAX; abi++) {
		bool shared = abi == TL_ABI_I386 && type->number[TL_ABI_X86_64] >= 0 && is_shared(type);

		if (type->number[abi] < 0)
			continue;
		if (!shared && (hook == hook_kretprobe ? find_symbol(s, abi, type->name, &function) :
							 tl_function_find(s->functions, abi, type->name, &function)))
			r = hook_both(s, &function, type, hook, filled);
		else /* x32 enters by the functions of x86-64 but for a few */
			r = hooked && (abi == TL_ABI_X32 || shared);
		if (r < 0)
			return r;
		if (abi == TL_ABI_X86_64)
			hooked = r;
		choose_door(s, abi, id, r, want_number);
	}
	if (type->number2[TL_ABI_I386] > 0) {
		r = tl_function_find_older(s->functions, type->name, &function) ? hook(s, &function, type, filled) : 0;
		if (r < 0)
			return r;
		choose_door(s, TL_ABI_I386, id, r, want_number2);
	}
	for (enum tl_multiplexer by = 0; by < TL_MULTIPLEXERS; by++)
		if (tl_is_multiplexed(type->name, by) && (r = attach_multiplexer(s, id, by, hook, filled)) < 0)
			return r;
	return 0;
}

/* What the tracepoint of all calls' entries is needed for. */
struct entries {
	bool exec, other;
};

/* Events that a hook did not cover on some ABI need the tracepoint's copies, too. */
static bool needs_raw_tp(struct tl_session *s, struct entries *ret)
{
	bool any = s->needs_tracepoint;

	*ret = (struct entries){};
	for (uint32_t id = 1; id <= s->n_events; id++) {
		struct tl_loaded *e = &s->events[id];
		const char *entry;

		if (e->type.class != TL_CLASS_SYSCALL || !(any || e->kinds[TL_KIND_RAW_TP]))
			continue;
		any = true;
		entry = tl_entry_program(s, &e->type);
		ret->exec |= entry && e->type.flags & TL_TYPE_EXEC;
		ret->other |= entry && !(e->type.flags & TL_TYPE_EXEC);
	}
	return any;
}

/* Where its section says. */
static int attach_program(struct tl_session *s, const char *name)
{
	int program = tl_program_fd(s, name), r;

	if (program < 0)
		return tl_fail(s, program, "the kernel part has no program %s", name);
	r = tl_attach_trace(s, program, NULL);
	return r < 0 ? r : tl_twin_attach(s, name);
}

static int attach_raw_tp(struct tl_session *s)
{
	struct entries entries;
	int r;

	if (!needs_raw_tp(s, &entries))
		return 0;
	for (uint32_t id = 1; id <= s->n_events; id++)
		s->events[id].kinds[TL_KIND_RAW_TP] |= s->events[id].type.class == TL_CLASS_SYSCALL &&
						       (s->needs_tracepoint || s->events[id].absent);
	r = tl_tracepoint_type(s, "tl_exit_raw_tp");
	if (r < 0)
		return r;
	r = fill_programs(s, TL_KIND_RAW_TP, r);
	if (r < 0)
		return r;
	if (entries.other && (r = attach_program(s, "tl_enter_raw_tp")) < 0)
		return r;
	if (entries.exec && (r = attach_program(s, "tl_enter_exec_raw_tp")) < 0)
		return r;
	return attach_program(s, "tl_exit_raw_tp");
}

static int attach_hooks(struct tl_session *s)
{
	static const char *const names[] = {
		"tl_fork", "tl_exec", "tl_exit_process", "tl_cgroup_mkdir", "tl_cgroup_rmdir",
	};
	static const char *const optional[] = { "tl_prepare_exec", "tl_module_load", "tl_network_state_changed",
						"tl_network_call" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		int r = attach_program(s, names[i]);

		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(optional); i++) {
		int r = tl_has_program(s, optional[i]) ? attach_program(s, optional[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int attach_calls(struct tl_session *s, bool filled[TL_KINDS])
{
	int r = 0;

	for (uint32_t id = 1; id <= s->n_events; id++) {
		struct tl_loaded *e = &s->events[id];

		if (e->type.class != TL_CLASS_SYSCALL)
			continue;
		if (e->kinds[TL_KIND_FEXIT] || e->kinds[TL_KIND_FEXIT_OTHER] || e->kinds[TL_KIND_FEXIT_THIRD] ||
		    e->kinds[TL_KIND_FEXIT_BARE])
			r = attach_functions(s, id, hook_fexit, filled);
		else if (e->kinds[TL_KIND_KPROBE])
			r = attach_functions(s, id, hook_kretprobe, filled);
		else if (e->type.flags & TL_TYPE_UNLISTED)
			want_unlisted(s, id);
		else
			want_by_tracepoint(s, id);
		if (r < 0)
			return r;
	}
	return tl_kprobes_link(s);
}

/* As it was before attach_calls(). */
static void forget_doors(struct tl_session *s)
{
	memset(s->config->event_of, 0, sizeof(s->config->event_of));
	memset(s->config->multiplexed, 0, sizeof(s->config->multiplexed));
	memset(s->config->traced, 0, sizeof(s->config->traced));
	s->needs_tracepoint = false;
	s->n_hooked = 0;
}

int tl_attach_all(struct tl_session *s)
{
	bool filled[TL_KINDS] = {};
	struct tl_function function;
	size_t n_links;
	int r = attach_hooks(s);

	if (r < 0)
		return r;
	s->has_ia32 = !s->functions || tl_function_find(s->functions, TL_ABI_I386, "personality", &function);
	n_links = s->n_links;
	while ((r = attach_calls(s, filled)) > 0) { /* functions are known now that take no probes */
		tl_detach_from(s, n_links);
		forget_doors(s);
	}
	if (r < 0)
		return r;
	if ((r = tl_object_hooks_attach(s)) < 0 || (r = tl_requests_attach(s)) < 0)
		return r;
	return attach_raw_tp(s);
}

void tl_detach_from(struct tl_session *s, size_t n)
{
	while (s->n_links > n)
		close(s->links[--s->n_links]);
}

void tl_detach_all(struct tl_session *s)
{
	for (size_t i = 0; i < s->n_links; i++)
		close(s->links[i]);
	free(s->links);
	s->links = NULL;
	s->n_links = 0;
	tl_kprobes_free(s);
}

const char *tl_session_attach_kind(const struct tl_session *s, const struct tl_event_type *type)
{
	static const char *const names[] = { "raw_tp", "fexit", "fexit", "fexit", "fexit", "kprobe" };

	for (uint32_t id = 1; id <= s->n_events; id++) {
		const struct tl_loaded *e = &s->events[id];

		if (strcmp(e->type.name, type->name) != 0)
			continue;
		if (e->type.class != TL_CLASS_SYSCALL)
			return "tracepoint";
		for (int kind = TL_KIND_KPROBE; kind >= 0; kind--)
			if (e->kinds[kind])
				return names[kind];
		return e->absent ? "none" : NULL;
	}
	return NULL;
}
