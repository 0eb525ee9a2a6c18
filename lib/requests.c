// SPDX-License-Identifier: LGPL-2.1-or-later
#include "requests.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <string.h>

#include "attach.h"
#include "object-hooks.h"
#include "opcodes.h"
#include "request-members.h"
#include "util.h"

/* How this kernel's tracepoints tell of requests; NULL: not at all. */
struct hooks {
	const char *taken, *taken_program;
	const char *refused; /* its program has the same name everywhere */
	const char *ended_program;
};

static const char *const programs[] = {
	"tl_request_taken_plain", "tl_request_taken_ring",   "tl_request_refused",     "tl_request_collect",
	"tl_request_send",	  "tl_request_ended_result", "tl_request_ended_entry", "tl_request_finish",
	"tl_request_ended_named",
};
/* Those of events of sockets, which have no handlers. */
static const char *const network_programs[] = {
	"tl_network_taken_plain", "tl_network_ended_result", "tl_network_ended_entry",
};
static const char *const maps[] = { "requests", "requests_long" };

/* Operations that may end many times, if the process asks for that. */
static const char *const repeating[] = { "ACCEPT", "RECV", "RECVMSG", "READ_MULTISHOT" };

/* Number of arguments that a tracepoint's programs get; 0: there is no such one. */
static unsigned count_arguments(struct tl_session *s, const char *tracepoint)
{
	int id = tl_tracepoint_id(s, tracepoint);
	const struct btf_type *type;

	if (id <= 0)
		return 0;
	type = btf__type_by_id(s->btf, btf__type_by_id(s->btf, id)->type);
	if (btf_is_ptr(type))
		type = btf__type_by_id(s->btf, type->type);
	return btf_is_func_proto(type) && btf_vlen(type) ? btf_vlen(type) - 1 : 0; /* the first is the hook's own */
}

static bool find_hooks(struct tl_session *s, struct hooks *ret)
{
	unsigned ended = count_arguments(s, "io_uring_complete");

	*ret = (struct hooks){ .taken = "io_uring_submit_req", .taken_program = "tl_request_taken_plain" };
	if (!count_arguments(s, ret->taken)) {
		ret->taken = "io_uring_submit_sqe";
		if (count_arguments(s, ret->taken) > 2)
			ret->taken_program = "tl_request_taken_ring";
	}
	if (ended == 3)
		ret->ended_program = "tl_request_ended_entry";
	else if (ended == 7)
		ret->ended_program = "tl_request_ended_result";
	else if (ended == 4) /* the request itself is not told */
		ret->ended_program = "tl_request_ended_named";
	if (count_arguments(s, "io_uring_req_failed"))
		ret->refused = "io_uring_req_failed";
	return ret->ended_program && count_arguments(s, ret->taken);
}

static const struct tl_request_type *request_of(const struct tl_loaded *e)
{
	return e->type.request.opcodes[0] ? &e->type.request : NULL;
}

/* Whether sockets are to be looked at that a request binds, lets listen or accepts. Kernels
 * before 5.18 know but accept, and tell of its end by a name that is not its alone. */
static bool wants_network(const struct tl_session *s)
{
	return s->build != TL_BUILD_BASE && tl_watches_socket_calls(s);
}

/* "_ended_result" of tl_request_ended_result and tl_network_ended_result. */
static const char *kind_of(const char *program)
{
	return strchr(program + strlen("tl_"), '_');
}

/* Whether this kernel's hooks have another program for the same. */
static bool is_of_other_hook(const struct hooks *hooks, const char *program)
{
	const char *kind = kind_of(program);

	return (strncmp(kind, "_taken_", strlen("_taken_")) == 0 && strcmp(kind, kind_of(hooks->taken_program)) != 0) ||
	       (strncmp(kind, "_ended_", strlen("_ended_")) == 0 && strcmp(kind, kind_of(hooks->ended_program)) != 0);
}

static void choose(struct tl_session *s, const struct hooks *hooks, const char *const *names, size_t n, bool wanted)
{
	for (size_t i = 0; i < n; i++)
		tl_choose_program(s, names[i], wanted && !is_of_other_hook(hooks, names[i]));
}

static void choose_map(struct tl_session *s, const char *name, bool wanted)
{
	struct bpf_map *map = bpf_object__find_map_by_name(s->object, name);

	if (map)
		bpf_map__set_autocreate(map, wanted);
}

/* Who sees the objects of calls looks for requests, too: those programs name the maps, if nothing comes there. */
static void choose_maps(struct tl_session *s, bool any)
{
	bool is_named = any;

	for (uint32_t id = 1; id <= s->n_events; id++)
		is_named |= tl_has_object_hook(&s->events[id].type);
	for (size_t i = 0; i < ARRAY_SIZE(maps); i++) {
		choose_map(s, maps[i], is_named);
		if (is_named && !any)
			bpf_map__set_max_entries(bpf_object__find_map_by_name(s->object, maps[i]), 1);
	}
	choose_map(s, "requests_named", any);
}

int tl_requests_plan(struct tl_session *s)
{
	struct hooks hooks = {};
	bool any = false, network = wants_network(s), found;

	for (uint32_t id = 1; id <= s->n_events; id++)
		any |= request_of(&s->events[id]) != NULL;
	found = (any || network) && find_hooks(s, &hooks);
	any = any && found;
	network = network && found;
	for (uint32_t id = 1; id <= s->n_events; id++)
		s->events[id].kinds[TL_KIND_REQUEST] = any && request_of(&s->events[id]);
	choose(s, &hooks, programs, ARRAY_SIZE(programs), any);
	choose(s, &hooks, network_programs, ARRAY_SIZE(network_programs), network);
	choose_maps(s, any);
	choose_map(s, "network_requests", network);
	return tl_set_constant(s, "requests", &any, sizeof(any));
}

/* ---- What the kernel part is told ---- */

/* Behind the kernel's own numbers; 0: there is no room. */
static uint8_t free_place(const struct tl_config *config)
{
	for (unsigned at = TL_OPCODES_KERNEL_MAX; at < TL_OPCODES_MAX; at++)
		if (!config->opcodes[at].event)
			return at;
	return 0;
}

/* The call with more arguments tells more; the other is for whom wants only that one. */
static int add_opcode(struct tl_session *s, uint8_t opcode, const struct tl_opcode *entry, unsigned n_args)
{
	struct tl_opcode *first = &s->config->opcodes[opcode], *second;
	uint8_t place;

	if (!first->event) {
		*first = *entry;
		return 0;
	}
	place = first->next ? 0 : free_place(s->config);
	if (!place)
		return tl_fail(s, -E2BIG, "too many events are made by the same request of io_uring");
	second = &s->config->opcodes[place];
	*second = *entry;
	if (n_args > s->events[first->event].type.n_args) {
		*second = *first;
		*first = *entry;
	}
	first->next = place;
	return 0;
}

static bool is_repeating(uint8_t opcode)
{
	for (size_t i = 0; i < ARRAY_SIZE(repeating); i++)
		if (strcmp(tl_opcode_names[opcode], repeating[i]) == 0)
			return true;
	return false;
}

static int configure(struct tl_session *s, uint32_t id, const struct tl_request_type *request)
{
	const struct tl_event_type *type = &s->events[id].type;
	struct tl_opcode entry = { .event = id, .nr = type->number[0] };
	int r = 0;

	memcpy(entry.field, request->fields, sizeof(entry.field));
	for (size_t i = 0; r >= 0 && i < sizeof(request->opcodes) && request->opcodes[i]; i++) {
		entry.flags = request->flags | (is_repeating(request->opcodes[i]) ? TL_OPCODE_MANY : 0);
		tl_request_members(tl_kernel_types(s), request->opcodes[i],
				   type->path_from == TL_FROM_FD ? type->path_fd : 0, &entry);
		r = add_opcode(s, request->opcodes[i], &entry, type->n_args);
	}
	return r;
}

/* ---- Putting them on ---- */

static int attach_program(struct tl_session *s, const char *name, const char *tracepoint)
{
	int program = tl_program_of(s, name, TL_KIND_REQUEST, 0, 0);

	return program < 0 ? program : tl_attach_trace(s, program, tracepoint);
}

/* The programs for sockets have the same kinds as the others. */
static int attach_network(struct tl_session *s, const struct hooks *hooks)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < ARRAY_SIZE(network_programs); i++)
		if (tl_has_program(s, network_programs[i]))
			r = attach_program(s, network_programs[i],
					   strstr(network_programs[i], "_taken_") ? hooks->taken : "io_uring_complete");
	return r;
}

int tl_requests_attach(struct tl_session *s)
{
	struct hooks hooks;
	bool any = false;
	int r = 0;

	for (uint32_t id = 1; r >= 0 && id <= s->n_events; id++) {
		if (!s->events[id].kinds[TL_KIND_REQUEST])
			continue;
		r = configure(s, id, request_of(&s->events[id]));
		any = true;
	}
	if (r < 0 || (!any && !wants_network(s)))
		return r;
	s->config->request_creds = tl_request_flag(tl_kernel_types(s), "CREDS");
	s->config->request_many = tl_request_flag(tl_kernel_types(s), "APOLL_MULTISHOT");
	find_hooks(s, &hooks);
	if ((r = attach_network(s, &hooks)) < 0 || !any)
		return r;
	const struct tl_stage_program stages[] = {
		{ TL_STAGE_COLLECT, "tl_request_collect" }, { TL_STAGE_REFRESH, "tl_refresh" },
		{ TL_STAGE_SEND, "tl_request_send" },	    { TL_STAGE_CALL, hooks.taken_program },
		{ TL_STAGE_FINISH, "tl_request_finish" },
	};
	if ((r = tl_chain(s, TL_KIND_REQUEST, 0, stages, ARRAY_SIZE(stages))) < 0 ||
	    (r = attach_program(s, hooks.ended_program, "io_uring_complete")) < 0)
		return r;
	if (hooks.refused && (r = attach_program(s, "tl_request_refused", hooks.refused)) < 0)
		return r;
	return attach_program(s, hooks.taken_program, hooks.taken);
}
