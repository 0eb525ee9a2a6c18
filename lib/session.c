// SPDX-License-Identifier: LGPL-2.1-or-later
/* A session from beginning to end. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attach.h"
#include "battery.h"
#include "functions.h"
#include "kept.h"
#include "paths.h"
#include "util.h"

int tl_fail(struct tl_session *s, int r, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(s->error, sizeof(s->error), format, arguments);
	va_end(arguments);
	return r;
}

const char *tl_session_error(const struct tl_session *s)
{
	/* Whatever else fails says so. */
	return s && s->error[0] ? s->error : "no memory";
}

static void free_strings(char **strings, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(strings[i]);
	free(strings);
}

static void free_target(struct tl_target *t)
{
	free(t->name);
	free(t->pids);
	free_strings(t->executables, t->n_executables);
	free_strings(t->cgroups, t->n_cgroups);
	free_strings(t->units, t->n_units);
	free_strings(t->not_executables, t->n_not_executables);
	free(t->conditions);
}

struct tl_session *tl_session_free(struct tl_session *s)
{
	if (!s)
		return NULL;
	tl_takeover_abandon(s);
	if (s->started && !s->stopped && !tl_is_left(s)) {
		s->callback = NULL;
		tl_session_stop(s);
	}
	if (tl_is_left(s))
		tl_session_settle(s);
	else
		tl_keep_close(s); /* before the rest: others are not to be the last that let go of a hook */
	tl_guard_free(s);
	tl_detach_all(s);
	tl_ring_close(s);
	tl_takeover_close(s);
	tl_tallies_close(s);
	tl_kernel_close(s);
	tl_keep_close(s);
	tl_targets_free(s);
	tl_processes_free(s->processes);
	tl_cgroups_free(s->cgroups);
	tl_dns_cache_free(s->dns_names);
	tl_dns_streams_free(s->dns_streams);
	free(s->further);
	for (size_t i = 0; i < s->n_targets; i++)
		free_target(&s->targets[i]);
	for (uint32_t i = 0; s->slots && i < TL_EVENTS_MAX + s->n_extra_slots; i++)
		tl_handler_done(&s->slots[i].handler);
	free(s->targets);
	free(s->slots);
	free(s->registrations);
	free(s->filters);
	tl_sets_free(s);
	free(s->untracked);
	free_strings(s->untracked_executables, s->n_untracked_executables);
	free(s->text);
	free(s);
	return NULL;
}

static uint32_t add_event(struct tl_session *s, const struct tl_event_type *type)
{
	if (s->n_events + 1 >= TL_EVENTS_MAX)
		return 0;
	s->events[++s->n_events].type = *type;
	return s->n_events;
}

static uint32_t find_event(const struct tl_session *s, const char *name)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (strcmp(s->events[id].type.name, name) == 0)
			return id;
	return 0;
}

/* The process table lives from these, whether somebody asks for them or not. */
static int add_process_events(struct tl_session *s)
{
	static const char *const names[] = { "exec", "fork", "exit" };
	uint32_t ids[ARRAY_SIZE(names)];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct tl_event_type *type = tl_event_type_find(names[i]);

		if (!type)
			return tl_fail(s, -ENOENT, "the table has no event %s", names[i]);
		ids[i] = add_event(s, type);
	}
	s->exec_event = ids[0];
	s->fork_event = ids[1];
	s->exit_event = ids[2];
	return 0;
}

/* Its id, 0 if there is no room. */
static uint32_t add_network_event(struct tl_session *s, const struct tl_event_type *type)
{
	static const char *const names[TL_NET_EVENTS] = {
		[TL_NET_CONNECT] = "net_connect", [TL_NET_ACCEPT] = "net_accept", [TL_NET_CLOSE] = "net_close",
		[TL_NET_LISTEN] = "net_listen",	  [TL_NET_BIND] = "net_bind",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], type->name) == 0)
			return s->network_events[i] = add_event(s, type);
	return 0;
}

static int check_machine(struct tl_session *s)
{
	if (geteuid() != 0)
		return tl_fail(s, -EPERM, "not permitted: auditing needs root");
	if (access("/sys/kernel/btf/vmlinux", R_OK) < 0)
		return tl_fail(s, -EOPNOTSUPP,
			       "this kernel does not describe its types (no /sys/kernel/btf/vmlinux): "
			       "it must be built with CONFIG_DEBUG_INFO_BTF");
	return 0;
}

static int new_tables(struct tl_session *s)
{
	int r = tl_cgroups_new(&s->cgroups, &s->cgroup_layout);

	if (r < 0 && r != -ENOENT)
		return tl_fail(s, r, "cannot read the cgroups: %s", strerror(-r));
	r = tl_processes_new(s->options.processes_max, s->cgroups, &s->processes);
	return r < 0 ? tl_fail(s, r, "no memory") : 0;
}

const char *tl_session_cgroups(const struct tl_session *s)
{
	return tl_cgroup_layout_text(s->cgroup_layout);
}

int tl_session_new(const struct tl_options *options, struct tl_session **ret_session)
{
	struct tl_session *s = calloc(1, sizeof(*s));
	int r;

	*ret_session = NULL;
	if (!s)
		return -ENOMEM;
	if (options)
		s->options = *options;
	if (!s->options.battery)
		s->options.battery = tl_battery_default();
	s->default_target = UINT32_MAX;
	s->number = 1;
	s->ring_fd = s->epoll_fd = s->timer_fd = s->kept_socket = -1;
	for (int kind = 0; kind < TL_KINDS; kind++)
		s->programs[kind] = -1;
	s->slots = calloc(TL_EVENTS_MAX, sizeof(*s->slots));
	s->text = malloc(TL_TEXT_MAX);
	/* Even on failure the session is given back, for its error sentence. */
	*ret_session = s;
	if (!s->slots || !s->text)
		return tl_fail(s, -ENOMEM, "no memory");
	if ((r = check_machine(s)) < 0 || (r = new_tables(s)) < 0 || (r = tl_kernel_open(s)) < 0)
		return r;
	return add_process_events(s);
}

static int copy_strings(char ***ret, size_t *ret_n, const char *const *from, size_t n)
{
	char **strings = calloc(n + 1, sizeof(*strings));

	if (!strings)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++) {
		strings[i] = strdup(from[i]);
		if (!strings[i]) {
			free_strings(strings, i);
			return -ENOMEM;
		}
	}
	*ret = strings;
	*ret_n = n;
	return 0;
}

static int copy_conditions(struct tl_target *t, const struct tl_target_spec *spec)
{
	t->conditions = calloc(spec->n_conditions + 1, sizeof(*t->conditions));
	if (!t->conditions)
		return -ENOMEM;
	if (spec->n_conditions)
		memcpy(t->conditions, spec->conditions, spec->n_conditions * sizeof(*t->conditions));
	t->n_conditions = spec->n_conditions;
	return 0;
}

int tl_session_add_target(struct tl_session *s, const struct tl_target_spec *spec, uint32_t *ret_target)
{
	struct tl_target *grown, *t;

	if (s->started)
		return tl_fail(s, -EBUSY, "targets are added before the start");
	if (s->n_targets >= TL_TERMS_MAX)
		return tl_fail(s, -E2BIG, "more than %d targets", TL_TERMS_MAX);
	if (!spec->everything && !spec->n_pids && !spec->n_executables && !spec->n_cgroups && !spec->n_units &&
	    !spec->n_not_executables && !spec->n_conditions)
		return tl_fail(s, -EINVAL, "target %s selects nothing", spec->name ? spec->name : "");
	grown = reallocarray(s->targets, s->n_targets + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->targets = grown;
	t = &grown[s->n_targets];
	memset(t, 0, sizeof(*t));
	t->name = strdup(spec->name ? spec->name : "");
	t->everything = spec->everything;
	t->descendants = spec->descendants;
	t->pids = calloc(spec->n_pids + 1, sizeof(*t->pids));
	if (!t->name || !t->pids ||
	    copy_strings(&t->executables, &t->n_executables, spec->executables, spec->n_executables) < 0 ||
	    copy_strings(&t->cgroups, &t->n_cgroups, spec->cgroups, spec->n_cgroups) < 0 ||
	    copy_strings(&t->units, &t->n_units, spec->units, spec->n_units) < 0 ||
	    copy_strings(&t->not_executables, &t->n_not_executables, spec->not_executables, spec->n_not_executables) <
		    0 ||
	    copy_conditions(t, spec) < 0) {
		free_target(t);
		return -ENOMEM;
	}
	if (spec->n_pids)
		memcpy(t->pids, spec->pids, spec->n_pids * sizeof(*t->pids));
	t->n_pids = spec->n_pids;
	if (ret_target)
		*ret_target = s->n_targets;
	s->n_targets++;
	return 0;
}

int tl_session_add_untracked(struct tl_session *s, uint32_t pid)
{
	uint32_t *grown;

	if (s->started)
		return tl_fail(s, -EBUSY, "who is left alone is said before the start");
	grown = reallocarray(s->untracked, s->n_untracked + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->untracked = grown;
	grown[s->n_untracked++] = pid;
	return 0;
}

int tl_session_add_untracked_executable(struct tl_session *s, const char *executable)
{
	char **grown;

	if (s->started)
		return tl_fail(s, -EBUSY, "who is left alone is said before the start");
	grown = reallocarray(s->untracked_executables, s->n_untracked_executables + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->untracked_executables = grown;
	grown[s->n_untracked_executables] = strdup(executable);
	if (!grown[s->n_untracked_executables])
		return -ENOMEM;
	s->n_untracked_executables++;
	return 0;
}

void tl_session_set_callback(struct tl_session *s, tl_event_callback callback, void *userdata)
{
	s->callback = callback;
	s->userdata = userdata;
}

/* ---- Handlers ---- */

static int register_event(struct tl_session *s, uint32_t target, uint32_t event, uint32_t slot, uint32_t program_id)
{
	struct tl_registration *grown;
	uint64_t *word = &s->targets[target].registered[event / 64], bit = 1ULL << (event % 64);

	if (*word & bit)
		return 0; /* the first one stays */
	grown = reallocarray(s->registrations, s->n_registrations + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	s->registrations = grown;
	grown[s->n_registrations++] = (struct tl_registration){ target, event, slot, program_id };
	s->events[event].wanted = true;
	*word |= bit;
	return 0;
}

/* The slot that holds the handler of this file, taken over from *handler if it is new. */
static int place_handler(struct tl_session *s, uint32_t event, struct tl_handler *handler, uint32_t *ret_slot)
{
	struct tl_slot *grown;
	uint32_t slot = event;

	if (s->slots[event].handler.path) {
		for (slot = 0; slot < TL_EVENTS_MAX + s->n_extra_slots; slot++)
			if (s->slots[slot].handler.path && strcmp(s->slots[slot].handler.path, handler->path) == 0) {
				*ret_slot = slot;
				return 0;
			}
		if (s->n_extra_slots >= TL_EVENTS_MAX)
			return tl_fail(s, -E2BIG, "too many handlers");
		grown = reallocarray(s->slots, TL_EVENTS_MAX + s->n_extra_slots + 1, sizeof(*grown));
		if (!grown)
			return -ENOMEM;
		s->slots = grown;
		slot = TL_EVENTS_MAX + s->n_extra_slots++;
		memset(&s->slots[slot], 0, sizeof(s->slots[slot]));
	}
	s->slots[slot].event = event;
	s->slots[slot].handler = *handler;
	memset(handler, 0, sizeof(*handler));
	*ret_slot = slot;
	return 0;
}

bool tl_loads_module(const struct tl_event_type *type)
{
	return NAME_IS(type->name, "init_module") || NAME_IS(type->name, "finit_module");
}

enum tl_path_source tl_object_source(const struct tl_event_type *type)
{
	if (type->path_from || !(type->flags & TL_TYPE_SOCKET))
		return type->path_from;
	return type->flags & TL_TYPE_RETURNS_FD ? TL_FROM_RET : TL_FROM_FD;
}

/* Whether its duration is asked for and can be told: the kernel part looks at a
 * call's entry when it looks for a descriptor's object there. */
static bool is_measured(const struct tl_session *s, const struct tl_event_type *type)
{
	return s->options.durations && (s->options.no_objects || tl_object_source(type) == TL_FROM_FD);
}

/* name: of the event that it must be for; NULL: any. */
static int add_object(struct tl_session *s, uint32_t target, const char *path, const char *name, uint32_t program_id)
{
	struct tl_handler handler = {};
	const char *why = NULL;
	uint32_t event, slot = 0;
	int r = tl_handler_open(path, &handler, &why);

	if (r == -EBADMSG)
		return tl_fail(s, r, "%s cannot be used: %s", path, why ? why : "it is damaged");
	if (r < 0)
		return tl_fail(s, r, "cannot read handler %s: %s", path, strerror(-r));
	if (name && strcmp(handler.type.name, name) != 0) {
		r = tl_fail(s, -EBADMSG, "%s cannot be used: it is a handler of %s", path, handler.type.name);
		tl_handler_done(&handler);
		return r;
	}
	event = find_event(s, handler.type.name);
	if (!event)
		event = add_event(s, &handler.type);
	if (event && is_measured(s, &handler.type))
		s->events[event].type.flags |= TL_TYPE_ENTRY;
	r = event ? place_handler(s, event, &handler, &slot) : tl_fail(s, -E2BIG, "too many events");
	tl_handler_done(&handler);
	return r < 0 ? r : register_event(s, target, event, slot, program_id);
}

static bool is_file(const char *what)
{
	size_t n = strlen(what);

	return strchr(what, '/') || (n > 2 && strcmp(what + n - 2, ".o") == 0);
}

static int default_target(struct tl_session *s, uint32_t *target)
{
	struct tl_target_spec everything = { .name = "everything", .everything = true };
	int r = 0;

	if (*target != TL_TARGET_DEFAULT)
		return *target < s->n_targets ? 0 : tl_fail(s, -EINVAL, "no such target");
	if (s->default_target == UINT32_MAX)
		r = tl_session_add_target(s, &everything, &s->default_target);
	*target = s->default_target;
	return r;
}

int tl_session_add_handler(struct tl_session *s, uint32_t target, const char *what, uint32_t program_id)
{
	const struct tl_event_type *type;
	char path[4096];
	uint32_t event;
	int r;

	if (s->started)
		return tl_fail(s, -EBUSY, "handlers are added before the start");
	r = default_target(s, &target);
	if (r < 0)
		return r;
	if (is_file(what))
		return add_object(s, target, what, NULL, program_id);
	type = tl_event_type_find(what);
	if (!type || type->class == TL_CLASS_RECORD)
		return tl_fail(s, -ENOENT, "no event %s", what);
	if (type->class == TL_CLASS_NETWORK && !find_event(s, what) && !add_network_event(s, type))
		return tl_fail(s, -E2BIG, "too many events");
	if (type->class != TL_CLASS_SYSCALL)
		return register_event(s, target, find_event(s, what), find_event(s, what), program_id);
	snprintf(path, sizeof(path), "%s/handle_syscall_%s.bpf.o", s->options.battery, what);
	event = find_event(s, what);
	if (event && s->slots[event].handler.path && strcmp(s->slots[event].handler.path, path) == 0)
		return register_event(s, target, event, event, program_id);
	return add_object(s, target, path, what, program_id);
}

/* ---- Start ---- */

/* What is done with whatever object there may be is nothing but telling the time. */
static struct tl_plan plan_without_object(const struct tl_event_type *type)
{
	struct tl_plan plan = { .from = TL_FROM_FD, .fd = 1 };

	if (type->flags & TL_TYPE_ENTRY)
		plan.flags |= TL_PLAN_ENTRY;
	if (type->flags & TL_TYPE_EXEC) {
		plan.flags |= TL_PLAN_EXEC;
		plan.name = type->path_name; /* where its hook finds the program's name */
	}
	return plan;
}

/* Where what is sent or received is: in the second argument. */
enum tl_payload tl_payload_of(const struct tl_event_type *type)
{
	static const struct {
		const char *name;
		enum tl_payload payload;
	} calls[] = {
		{ "sendto", TL_PAYLOAD_BUFFER },  { "recvfrom", TL_PAYLOAD_BUFFER }, { "read", TL_PAYLOAD_PLAIN },
		{ "write", TL_PAYLOAD_PLAIN },	  { "readv", TL_PAYLOAD_VECTORS },   { "writev", TL_PAYLOAD_VECTORS },
	};
	const struct tl_arg_type *arg = &type->args[1];

	if (type->n_args < 2 || arg->position != 2)
		return TL_PAYLOAD_NONE;
	if (tl_capture_is_message(arg->capture))
		return arg->length_arg ? TL_PAYLOAD_MESSAGES : TL_PAYLOAD_MESSAGE;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (strcmp(type->name, calls[i].name) == 0)
			return calls[i].payload;
	return TL_PAYLOAD_NONE;
}

static struct tl_plan plan_of(const struct tl_event_type *type)
{
	bool is_fd = false;
	struct tl_plan plan = {
		.from = tl_object_source(type),
		.fd = type->path_fd,
		.name = type->path_name,
		.target_from = type->target_from,
		.target_fd = type->target_fd,
		.target_name = type->target_name,
		.other = tl_event_type_other(type, &is_fd),
	};

	if (type->flags & TL_TYPE_ENTRY)
		plan.flags |= TL_PLAN_ENTRY;
	if (type->flags & TL_TYPE_SOCKET)
		plan.flags |= TL_PLAN_SOCKET;
	if (type->flags & TL_TYPE_EXEC)
		plan.flags |= TL_PLAN_EXEC;
	if (type->flags & TL_TYPE_RETURNS_TWICE)
		plan.flags |= TL_PLAN_TWICE;
	if (type->flags & TL_TYPE_NO_RETURN)
		plan.flags |= TL_PLAN_NO_RETURN;
	if (type->flags & TL_TYPE_IDENTITY)
		plan.flags |= TL_PLAN_IDENTITY;
	if (tl_loads_module(type))
		plan.flags |= TL_PLAN_MODULE;
	if (is_fd)
		plan.flags |= TL_PLAN_OTHER_FD;
	if (plan.from != type->path_from)
		plan.fd = 1; /* a socket */
	plan.payload = tl_payload_of(type);
	return plan;
}

static void configure(struct tl_session *s)
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		s->config->plan[id] = (s->options.no_objects ? plan_without_object : plan_of)(&s->events[id].type);
	s->config->wake_bytes = s->ring_size / 4;
	s->config->exec_event = s->exec_event;
	s->config->fork_event = s->fork_event;
	s->config->exit_event = s->exit_event;
	memcpy(s->config->network_events, s->network_events, sizeof(s->config->network_events));
	s->config->number = s->number;
	s->config->record_flags = s->number & 1 ? TL_RECORD_ODD : 0;
	tl_i386_configure(s->config);
	s->config->telling = s->predecessor ? TL_TELLS_NOTHING : TL_TELLS_ALL;
}

static int start(struct tl_session *s)
{
	int r;

	if (!s->n_registrations)
		return tl_fail(s, -EINVAL, "nothing to audit: no event is wanted");
	if ((r = tl_attach_plan(s)) < 0 || (r = tl_targets_plan(s)) < 0 || (r = tl_targets_size(s)) < 0 ||
	    (r = tl_kernel_load(s)) < 0 || (r = tl_ring_open(s)) < 0 || (r = tl_takeover_open_gate(s)) < 0 ||
	    (r = tl_targets_install(s)) < 0)
		return r;
	tl_clock_adjust(s);
	configure(s);
	if ((r = tl_filters_install(s)) < 0 || (r = tl_tallies_install(s)) < 0 || (r = tl_attach_all(s)) < 0 ||
	    (s->predecessor && (r = tl_takeover_find_order(s)) < 0))
		return r;
	s->functions = tl_functions_free(s->functions);
	btf__free(s->btf);
	s->btf = NULL;
	return tl_targets_mark(s);
}

int tl_session_start(struct tl_session *s)
{
	int r;

	if (s->started)
		return tl_fail(s, -EBUSY, "started already");
	s->fingerprint = tl_fingerprint(s);
	r = start(s);
	if (r < 0) {
		tl_detach_all(s);
		return r;
	}
	s->started = true;
	return 0;
}

int tl_session_fd(const struct tl_session *s)
{
	return s->epoll_fd;
}

int tl_session_timeout_ms(const struct tl_session *s)
{
	return s->options.wake_ns ? (int)((s->options.wake_ns + 999999) / 1000000) : 100;
}

/* ---- Stop ---- */

int tl_session_stop(struct tl_session *s)
{
	int r = 0, n;

	if (!s->started || s->stopped)
		return 0;
	if (s->predecessor) { /* it has told of nothing yet, and the ring has a reader */
		s->stopped = true;
		return 0;
	}
	/* Not by detaching: a hook may take a tenth of a second, while nobody reads the ring. */
	tl_takeover_silence(s);
	do {
		n = tl_ring_read(s, 0);
		if (n < 0)
			r = n;
	} while (n > 0);
	n = tl_ring_declare(s, true);
	s->stopped = true;
	return r < 0 ? r : n;
}
