// SPDX-License-Identifier: LGPL-2.1-or-later
/* Loads the kernel part and makes the copies of its programs that each hook
 * needs. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "attach.h"
#include "fnv.h"
#include "functions.h"
#include "kprobes.h"
#include "object-hooks.h"
#include "multiplexed.h"
#include "twins.h"
#include "util.h"

extern const char tl_object_base[], tl_object_base_end[];
extern const char tl_object_task[], tl_object_task_end[];
extern const char tl_object_typed[], tl_object_typed_end[];

static const struct {
	const char *name;
	const char *begin, *end;
	unsigned version; /* first kernel that has all that it needs, major * 1000 + minor */
} builds[TL_BUILDS] = {
	[TL_BUILD_BASE] = { "base", tl_object_base, tl_object_base_end, 5008 },
	[TL_BUILD_TASK] = { "task", tl_object_task, tl_object_task_end, 5018 },
	[TL_BUILD_TYPED] = { "typed", tl_object_typed, tl_object_typed_end, 6002 },
};

/* Last words of libbpf: kept for the error, never shown as they are. */
static char last_words[512];

static int keep_words(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char line[sizeof(last_words)];

	if (getenv("TRACELEFT_DEBUG"))
		return vfprintf(stderr, format, arguments);
	if (level != LIBBPF_WARN)
		return 0;
	vsnprintf(line, sizeof(line), format, arguments);
	line[strcspn(line, "\n")] = '\0';
	/* The verifier's log is many lines; what comes first says which program. */
	if (!last_words[0])
		snprintf(last_words, sizeof(last_words), "%s", line + (strncmp(line, "libbpf: ", 8) == 0 ? 8 : 0));
	return 0;
}

unsigned tl_kernel_version(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	if (uname(&name) < 0 || sscanf(name.release, "%u.%u", &major, &minor) != 2)
		return 0;
	return major * 1000 + minor;
}

/* What is in the program's file need not stay in memory: it is read once or twice in a session's life. */
static void forget_build(enum tl_build build)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const uintptr_t begin = ((uintptr_t)builds[build].begin + page - 1) & ~(page - 1);
	const uintptr_t end = (uintptr_t)builds[build].end & ~(page - 1);

	if (begin < end)
		madvise((void *)begin, end - begin, MADV_DONTNEED);
}

uint64_t tl_kernel_hash(const struct tl_session *s)
{
	const uint64_t hash = tl_fnv1a(TL_FNV_BASIS, builds[s->build].begin,
				       (size_t)(builds[s->build].end - builds[s->build].begin));

	forget_build(s->build);
	return hash;
}

static int open_build(struct tl_session *s, enum tl_build build)
{
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "traceleft");
	struct bpf_object *object;

	object = bpf_object__open_mem(builds[build].begin, builds[build].end - builds[build].begin, &options);
	if (!object) {
		const int error = errno;

		return tl_fail(s, -error, "cannot read the built-in kernel part: %s%s%s", last_words,
			       last_words[0] ? ": " : "", strerror(error));
	}
	s->object = object;
	s->build = build;
	forget_build(build);
	return 0;
}

int tl_kernel_open(struct tl_session *s)
{
	unsigned version = tl_kernel_version();
	enum tl_build build = TL_BUILD_TYPED;
	const char *forced = getenv("TRACELEFT_BUILD"); /* for tests: an older build on a newer kernel */
	int n;

	libbpf_set_print(keep_words);
	last_words[0] = '\0';
	if (version < builds[TL_BUILD_BASE].version)
		return tl_fail(s, -EOPNOTSUPP, "this kernel is too old: 5.8 or later is needed");
	while (build > TL_BUILD_BASE &&
	       (version < builds[build].version || (forced && strcmp(forced, builds[build].name) != 0)))
		build--;
	n = libbpf_num_possible_cpus();
	if (n <= 0)
		return tl_fail(s, n ? n : -EIO, "cannot tell the number of CPUs");
	s->n_cpus = n;
	s->is_preempted = tl_programs_are_preempted();
	return open_build(s, build);
}

int tl_map_fd(const struct tl_session *s, const char *name)
{
	struct bpf_map *map = bpf_object__find_map_by_name(s->object, name);

	return map ? bpf_map__fd(map) : -ENOENT;
}

int tl_program_fd(const struct tl_session *s, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);

	return program ? tl_program_fd_of(s, program) : -ENOENT;
}

int tl_program_fd_of(const struct tl_session *s, const struct bpf_program *program)
{
	struct bpf_program *other;
	size_t i = 0;

	if (!s->adopted)
		return bpf_program__fd(program);
	bpf_object__for_each_program(other, s->object)
	{
		if (other == program)
			return s->adopted[i];
		i++;
	}
	return -ENOENT;
}

bool tl_has_program(const struct tl_session *s, const char *name)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);

	return program && bpf_program__autoload(program);
}

void tl_choose_program(const struct tl_session *s, const char *name, bool wanted)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);

	if (program)
		bpf_program__set_autoload(program, wanted);
}

static int set_map_size(struct tl_session *s, const char *name, size_t n)
{
	struct bpf_map *map = bpf_object__find_map_by_name(s->object, name);
	int r = !map		       ? -ENOENT :
		bpf_map__fd(map) >= 0 ? 0 : /* that of the predecessor, as it is */
					 bpf_map__set_max_entries(map, n);

	return r < 0 ? tl_fail(s, r, "cannot size map %s", name) : 0;
}

static size_t ring_bytes(size_t wanted)
{
	size_t size = sysconf(_SC_PAGESIZE);

	while (size < wanted && size < (1UL << 30))
		size *= 2;
	return size;
}

int tl_set_constant(struct tl_session *s, const char *name, const void *value, size_t n)
{
	char section[64];
	struct bpf_map *map;
	int r = 0;

	snprintf(section, sizeof(section), ".rodata.%s", name);
	bpf_object__for_each_map(map, s->object)
		if (strstr(bpf_map__name(map), section))
			r = bpf_map__set_initial_value(map, value, n);
	return r < 0 ? tl_fail(s, r, "cannot tell the kernel part its constant %s", name) : 0;
}

static bool runs_programs(const struct tl_event_type *type)
{
	return type->flags & TL_TYPE_EXEC;
}

/* Is one of the events such a one? */
static bool audits(const struct tl_session *s, bool (*is_such)(const struct tl_event_type *type))
{
	for (uint32_t id = 1; id <= s->n_events; id++)
		if (is_such(&s->events[id].type))
			return true;
	return false;
}

struct btf *tl_kernel_types(struct tl_session *s)
{
	if (!s->btf)
		s->btf = btf__load_vmlinux_btf();
	return s->btf;
}

int tl_tracepoint_id(struct tl_session *s, const char *tracepoint)
{
	char type[128];

	snprintf(type, sizeof(type), "btf_trace_%s", tracepoint);
	return tl_kernel_types(s) ? btf__find_by_name_kind(s->btf, type, BTF_KIND_TYPEDEF) : -ENOENT;
}

int tl_tracepoint_type(struct tl_session *s, const char *program)
{
	const struct bpf_program *p = bpf_object__find_program_by_name(s->object, program);
	struct bpf_prog_info info = {};
	uint32_t size = sizeof(info);
	const char *tracepoint;
	int id;

	if (bpf_obj_get_info_by_fd(bpf_program__fd(p), &info, &size) == 0 && info.attach_btf_id)
		return info.attach_btf_id;
	/* Older kernels do not tell it of a loaded program. */
	tracepoint = strchr(bpf_program__section_name(p), '/') + 1;
	id = tl_tracepoint_id(s, tracepoint);
	return id < 0 ? tl_fail(s, id, "this kernel does not describe tracepoint %s", tracepoint) : id;
}

static bool has_tracepoint(struct tl_session *s, const char *tracepoint)
{
	return tl_tracepoint_id(s, tracepoint) > 0;
}

/* Programs at calls' entries are large and often needed by none. */
static bool is_needed(const struct tl_session *s, const char *name)
{
	bool exec = strncmp(name, "tl_enter_exec_", strlen("tl_enter_exec_")) == 0;
	bool hook = strcmp(name, "tl_enter_hook") == 0;

	if (!exec && !hook && strcmp(name, "tl_enter_raw_tp") != 0)
		return true;
	for (uint32_t id = 1; id <= s->n_events; id++) {
		const struct tl_event_type *type = &s->events[id].type;

		if (tl_entry_program(s, type) && !!(type->flags & TL_TYPE_EXEC) == exec)
			return true;
		if (hook && tl_is_multiplexed(type->name, TL_BY_SOCKETCALL))
			return true; /* that call's function is hooked at its entry, too */
	}
	return false;
}

static bool asks_for(const struct tl_session *s, enum tl_network_event which)
{
	return s->network_events[which];
}

bool tl_watches_socket_calls(const struct tl_session *s)
{
	return asks_for(s, TL_NET_ACCEPT) || asks_for(s, TL_NET_CLOSE) || asks_for(s, TL_NET_LISTEN) ||
	       asks_for(s, TL_NET_BIND);
}

static void choose_network_programs(struct tl_session *s)
{
	tl_choose_program(s, "tl_network_state_changed", asks_for(s, TL_NET_CONNECT) || asks_for(s, TL_NET_CLOSE));
	tl_choose_program(s, "tl_network_call", tl_watches_socket_calls(s));
}

static void choose_programs(struct tl_session *s)
{
	static const struct {
		const char *name;
		enum tl_kind kind;
	} of_kind[] = {
		{ "tl_exit_fexit", TL_KIND_FEXIT },	  { "tl_exit_fexit", TL_KIND_FEXIT_OTHER },
		{ "tl_exit_fexit", TL_KIND_FEXIT_THIRD }, { "tl_exit_fexit_bare", TL_KIND_FEXIT_BARE },
		{ "tl_exit_kretprobe", TL_KIND_KPROBE },  { "tl_enter_kprobe", TL_KIND_KPROBE },
		{ "tl_enter_hook", TL_KIND_FEXIT },	  { "tl_enter_hook", TL_KIND_KPROBE },
		{ "tl_enter_exec_hook", TL_KIND_FEXIT },  { "tl_enter_exec_hook", TL_KIND_KPROBE },
		{ "tl_enter_raw_tp", TL_KIND_RAW_TP },	  { "tl_enter_exec_raw_tp", TL_KIND_RAW_TP },
	};
	bool used[TL_KINDS] = { [TL_KIND_RAW_TP] = true };
	struct bpf_program *program;

	for (uint32_t id = 1; id <= s->n_events; id++)
		for (int kind = 0; kind < TL_KINDS; kind++)
			used[kind] |= s->events[id].kinds[kind];
	tl_choose_program(s, "tl_prepare_exec", audits(s, runs_programs) && has_tracepoint(s, "sched_prepare_exec"));
	tl_choose_program(s, "tl_module_load", audits(s, tl_loads_module) && has_tracepoint(s, "module_load"));
	for (size_t i = 0; i < ARRAY_SIZE(of_kind); i++)
		tl_choose_program(s, of_kind[i].name, false);
	for (size_t i = 0; i < ARRAY_SIZE(of_kind); i++)
		if (used[of_kind[i].kind] && is_needed(s, of_kind[i].name))
			tl_choose_program(s, of_kind[i].name, true);
	choose_network_programs(s);
	tl_choose_program(s, "tl_filter", s->n_filters);
	tl_choose_program(s, "tl_send_filtered", s->n_filters);
	tl_choose_program(s, "tl_send", !s->n_filters);
	bpf_object__for_each_program(program, s->object) if (tl_object_program_is(bpf_program__name(program)))
		bpf_program__set_autoload(program, tl_object_program_needed(s, bpf_program__name(program)));
	for (int kind = 0; kind < TL_KINDS; kind++)
		s->programs[kind] = used[kind] ? -2 : -1;
}

static struct bpf_map *find_bss(struct tl_session *s)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, s->object) if (strstr(bpf_map__name(map), ".bss")) return map;
	return NULL;
}

/* The map of a kind whose programs can be used as they were written; NULL: they are copied. */
static const char *array_of_originals(int kind)
{
	return kind == TL_KIND_RAW_TP  ? "tracepoint_programs" :
	       kind == TL_KIND_REQUEST ? "programs" :
					 NULL;
}

bool tl_programs_are_originals(int kind)
{
	return array_of_originals(kind);
}

static int make_program_arrays(struct tl_session *s)
{
	for (int kind = 0; kind < TL_KINDS; kind++) {
		const char *array = array_of_originals(kind);

		if (s->programs[kind] != -2)
			continue; /* unused, or it is there */
		s->programs[kind] = array ? tl_map_fd(s, array) :
					    bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "programs", sizeof(uint32_t),
							   sizeof(uint32_t), TL_STAGES + 2 * TL_EVENTS_MAX, NULL);
		if (s->programs[kind] < 0)
			return tl_fail(s, s->programs[kind], "cannot make a map of programs");
	}
	return 0;
}

/* Then the kernel refuses programs that read its memory, and says no more than that they are invalid. */
static bool is_locked_down(void)
{
	_cleanup_fclose_ FILE *file = fopen("/sys/kernel/security/lockdown", "re");
	char levels[64] = "";

	return file && fgets(levels, sizeof(levels), file) && strstr(levels, "[confidentiality]");
}

static size_t pages(size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (bytes + page - 1) / page * page;
}

/* An array's memory; NULL with errno. */
static void *map_array(struct tl_session *s, const char *name, size_t bytes, int protection)
{
	void *memory = mmap(NULL, pages(bytes), protection, MAP_SHARED, tl_map_fd(s, name), 0);

	return memory == MAP_FAILED ? NULL : memory;
}

static int load_error(struct tl_session *s, int r)
{
	if (is_locked_down())
		return tl_fail(s, -EPERM,
			       "not permitted to load eBPF programs: the kernel is locked down "
			       "(lockdown=confidentiality)");
	if (r == -EPERM)
		return tl_fail(s, r,
			       "not permitted to load eBPF programs: run as root (or with CAP_BPF, CAP_PERFMON "
			       "and CAP_SYS_RESOURCE), and without lockdown=confidentiality");
	if (r == -EMFILE || r == -ENFILE || r == -ENOMEM)
		return tl_fail(s, r, "cannot load the programs: %s", strerror(-r));
	return tl_fail(s, r, "the kernel refuses the programs: %s", last_words[0] ? last_words : strerror(-r));
}

int tl_kernel_map(struct tl_session *s)
{
	struct bpf_map *bss = find_bss(s);
	void *memory;

	if (!bss || bpf_map__value_size(bss) < sizeof(*s->config))
		return tl_fail(s, -EIO, "the kernel part has no configuration");
	s->config_size = bpf_map__value_size(bss);
	memory = mmap(NULL, s->config_size, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(bss), 0);
	if (memory == MAP_FAILED)
		return tl_fail(s, -errno, "cannot map the configuration: %s", strerror(errno));
	s->config = memory;
	s->ledger = map_array(s, "ledger", (size_t)s->n_cpus * TL_EVENTS_MAX * sizeof(*s->ledger), PROT_READ);
	s->refusals = map_array(s, "refusals", (size_t)s->n_cpus * TL_REFUSALS * sizeof(*s->refusals),
				PROT_READ | PROT_WRITE);
	if (!s->ledger || !s->refusals)
		return tl_fail(s, -errno, "cannot map the accounts: %s", strerror(errno));
	return make_program_arrays(s);
}

int tl_kernel_load(struct tl_session *s)
{
	size_t slots = (size_t)s->n_cpus * TL_CALL_SLOTS;
	int r;

	choose_programs(s);
	if ((r = tl_twins_choose(s)) < 0 || (r = tl_tallies_choose(s)) < 0)
		return r;
	s->ring_size = ring_bytes(s->options.buffer ? s->options.buffer : 16U << 20);
	if (s->predecessor && (r = tl_takeover_share_maps(s)) < 0)
		return r;
	if ((r = set_map_size(s, "calls", slots)) < 0 || (r = set_map_size(s, "works", slots)) < 0 ||
	    (r = set_map_size(s, "cpus", s->n_cpus)) < 0 ||
	    (r = set_map_size(s, "ledger", (size_t)s->n_cpus * TL_EVENTS_MAX)) < 0 ||
	    (r = set_map_size(s, "refusals", (size_t)s->n_cpus * TL_REFUSALS)) < 0 ||
	    (r = set_map_size(s, "ring", s->ring_size)) < 0 ||
	    (r = set_map_size(s, "filters", s->n_filters + 1)) < 0 ||
	    (r = set_map_size(s, "sockets", tl_has_program(s, "tl_network_state_changed") ? TL_SOCKETS_MAX : 1)) < 0)
		return r;
	r = bpf_object__load(s->object);
	if (r < 0)
		return load_error(s, r);
	r = tl_kernel_map(s);
	return r < 0 ? r : tl_guard_freeze(s);
}

/* The kernel empties an array of programs when its last descriptor is closed, a
 * while later, and forgets to free it if somebody (bpftool) opens and closes it
 * meanwhile. One that is empty already it is done with at once. */
void tl_program_array_empty(int fd, uint32_t n)
{
	for (uint32_t at = 0; at < n; at++)
		bpf_map_delete_elem(fd, &at);
}

void tl_kernel_close(struct tl_session *s)
{
	for (int kind = 0; kind < TL_KINDS && !tl_is_left(s); kind++)
		if (s->programs[kind] >= 0)
			tl_program_array_empty(s->programs[kind], TL_STAGES + 2 * TL_EVENTS_MAX);
	for (size_t i = 0; i < s->n_loaded_programs; i++)
		close(s->loaded_programs[i]);
	for (size_t i = 0; i < s->n_adopted; i++)
		if (s->adopted[i] >= 0)
			close(s->adopted[i]);
	free(s->adopted);
	s->adopted = NULL;
	s->n_adopted = 0;
	free(s->twins);
	s->twins = NULL;
	s->n_twins = 0;
	free(s->loaded_programs);
	s->loaded_programs = NULL;
	s->n_loaded_programs = 0;
	for (int kind = 0; kind < TL_KINDS; kind++)
		if (!array_of_originals(kind) && s->programs[kind] >= 0)
			close(s->programs[kind]);
	if (s->object)
		bpf_object__close(s->object);
	s->object = NULL;
	if (s->config)
		munmap(s->config, s->config_size);
	if (s->ledger)
		munmap((void *)s->ledger, pages((size_t)s->n_cpus * TL_EVENTS_MAX * sizeof(*s->ledger)));
	if (s->refusals)
		munmap(s->refusals, pages((size_t)s->n_cpus * TL_REFUSALS * sizeof(*s->refusals)));
	s->config = NULL;
	s->ledger = NULL;
	s->refusals = NULL;
	s->functions = tl_functions_free(s->functions);
	free(s->hooked);
	s->hooked = NULL;
	s->n_hooked = 0;
	btf__free(s->btf);
	s->btf = NULL;
}

/* ---- Copies ---- */

#define TL_SUBPROGRAMS_MAX 32

/* Where the program's functions begin; the first is the program itself. */
static size_t find_functions(const struct bpf_insn *insns, size_t n, uint32_t starts[TL_SUBPROGRAMS_MAX])
{
	size_t n_starts = 1;

	starts[0] = 0;
	for (size_t i = 0; i < n; i++) {
		bool call = insns[i].code == (BPF_JMP | BPF_CALL) && insns[i].src_reg == BPF_PSEUDO_CALL;
		bool address = insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && insns[i].src_reg == BPF_PSEUDO_FUNC;
		uint32_t to = i + insns[i].imm + 1;
		size_t at;

		if (!call && !address)
			continue;
		for (at = 0; at < n_starts && starts[at] < to; at++)
			;
		if ((at < n_starts && starts[at] == to) || n_starts == TL_SUBPROGRAMS_MAX)
			continue;
		memmove(&starts[at + 1], &starts[at], (n_starts - at) * sizeof(starts[0]));
		starts[at] = to;
		n_starts++;
	}
	return n_starts;
}

/* The functions' types, as the kernel has them for the program already loaded;
 * their places there are those after its own rewriting, so ours are put in. */
static size_t function_info(int fd, const struct bpf_insn *insns, size_t n, struct bpf_func_info *ret)
{
	uint32_t starts[TL_SUBPROGRAMS_MAX];
	size_t n_starts = find_functions(insns, n, starts);
	struct bpf_prog_info info = { .nr_func_info = TL_SUBPROGRAMS_MAX,
				      .func_info_rec_size = sizeof(*ret),
				      .func_info = (uint64_t)(uintptr_t)ret };
	uint32_t size = sizeof(info);

	if (bpf_obj_get_info_by_fd(fd, &info, &size) < 0 || info.nr_func_info != n_starts)
		return 0;
	for (size_t i = 0; i < n_starts; i++)
		ret[i].insn_off = starts[i];
	return n_starts;
}

static int keep_program(struct tl_session *s, int fd)
{
	int *grown = reallocarray(s->loaded_programs, s->n_loaded_programs + 1, sizeof(int));

	if (!grown) {
		close(fd);
		return -ENOMEM;
	}
	s->loaded_programs = grown;
	s->loaded_programs[s->n_loaded_programs++] = fd;
	return fd;
}

void tl_programs_drop_from(struct tl_session *s, size_t n)
{
	while (s->n_loaded_programs > n)
		close(s->loaded_programs[--s->n_loaded_programs]);
}

/* The verifier's reason: its last line but for the statistics. */
static const char *last_reason(char *log)
{
	char *end = strstr(log, "\nprocessed "), *line;

	if (!end)
		return log;
	*end = '\0';
	line = strrchr(log, '\n');
	return line ? line + 1 : log;
}

int tl_load_insns(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		  enum bpf_attach_type attach_type, const struct bpf_insn *insns, size_t n,
		  const struct bpf_func_info *functions, size_t n_functions)
{
	static const enum bpf_prog_type types[TL_KINDS] = {
		[TL_KIND_RAW_TP] = BPF_PROG_TYPE_TRACING,	  [TL_KIND_FEXIT] = BPF_PROG_TYPE_TRACING,
		[TL_KIND_FEXIT_OTHER] = BPF_PROG_TYPE_TRACING,	  [TL_KIND_FEXIT_THIRD] = BPF_PROG_TYPE_TRACING,
		[TL_KIND_FEXIT_BARE] = BPF_PROG_TYPE_TRACING,	  [TL_KIND_KPROBE] = BPF_PROG_TYPE_KPROBE,
		[TL_KIND_REQUEST] = BPF_PROG_TYPE_RAW_TRACEPOINT,
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options);
	char log[65536] = "";
	int fd;

	/* The kernel wants all programs that follow each other to be for the same. */
	if (kind == TL_KIND_KPROBE && tl_kprobes_of(s) == TL_KPROBES_LINKS)
		options.expected_attach_type = BPF_TRACE_KPROBE_MULTI;
	if (types[kind] == BPF_PROG_TYPE_TRACING) {
		options.expected_attach_type = kind == TL_KIND_RAW_TP ? BPF_TRACE_RAW_TP : attach_type;
		options.attach_btf_id = attach_btf_id;
	}
	if (n_functions) {
		options.prog_btf_fd = bpf_object__btf_fd(s->object);
		options.func_info = functions;
		options.func_info_cnt = n_functions;
		options.func_info_rec_size = sizeof(*functions);
	}
	fd = bpf_prog_load(types[kind], name, "GPL", insns, n, &options);
	if (fd < 0) {
		int r = -errno;

		options.log_level = 1;
		options.log_buf = log;
		options.log_size = sizeof(log);
		if (r != -EPERM)
			bpf_prog_load(types[kind], name, "GPL", insns, n, &options);
		return tl_fail(s, r, "the kernel refuses program %s: %s%s%.200s", name, strerror(-r),
			       log[0] ? ": " : "", last_reason(log));
	}
	return keep_program(s, fd);
}

int tl_program_copy(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		    enum bpf_attach_type attach_type)
{
	struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);
	struct bpf_func_info functions[TL_SUBPROGRAMS_MAX] = {};
	_cleanup_free_ struct bpf_insn *insns = NULL;
	size_t n, n_functions;
	int array = tl_map_fd(s, "programs"), own = tl_map_fd(s, "tracepoint_programs");

	if (!program)
		return tl_fail(s, -ENOENT, "the kernel part has no program %s", name);
	n = bpf_program__insn_cnt(program);
	insns = calloc(n, sizeof(*insns));
	if (!insns)
		return -ENOMEM;
	memcpy(insns, bpf_program__insns(program), n * sizeof(*insns));
	for (size_t i = 0; i < n; i++)
		if (insns[i].code == (BPF_LD | BPF_IMM | BPF_DW) && insns[i].src_reg == BPF_PSEUDO_MAP_FD &&
		    (insns[i].imm == array || insns[i].imm == own))
			insns[i].imm = s->programs[kind];
	n_functions = function_info(bpf_program__fd(program), insns, n, functions);
	return tl_load_insns(s, name, kind, attach_btf_id, attach_type, insns, n, functions, n_functions);
}

int tl_program_of(struct tl_session *s, const char *name, enum tl_kind kind, uint32_t attach_btf_id,
		  enum bpf_attach_type attach_type)
{
	const struct bpf_program *program = bpf_object__find_program_by_name(s->object, name);
	bool is_tracepoint = program && bpf_program__type(program) == BPF_PROG_TYPE_TRACING &&
			     bpf_program__expected_attach_type(program) == BPF_TRACE_RAW_TP;
	bool is_raw = program && bpf_program__type(program) == BPF_PROG_TYPE_RAW_TRACEPOINT;

	if ((kind == TL_KIND_RAW_TP && is_tracepoint) || (kind == TL_KIND_REQUEST && is_raw))
		return bpf_program__fd(program);
	return tl_program_copy(s, name, kind, attach_btf_id, attach_type);
}

int tl_handler_load(struct tl_session *s, const struct tl_handler *h, enum tl_kind kind, uint32_t attach_btf_id)
{
	_cleanup_free_ struct bpf_insn *insns = calloc(h->n_insns, sizeof(*insns));
	char name[16];

	if (!insns)
		return -ENOMEM;
	memcpy(insns, h->insns, h->n_insns * sizeof(*insns));
	for (size_t i = 0; i < h->n_references; i++) {
		const char *map = h->references[i].map;

		insns[h->references[i].insn].src_reg = BPF_PSEUDO_MAP_FD;
		insns[h->references[i].insn].imm = strcmp(map, "programs") == 0 ? s->programs[kind] : tl_map_fd(s, map);
		insns[h->references[i].insn + 1].imm = 0;
	}
	snprintf(name, sizeof(name), "%.15s", h->type.name);
	return tl_load_insns(s, name, kind, attach_btf_id, BPF_TRACE_FEXIT, insns, h->n_insns, NULL, 0);
}
