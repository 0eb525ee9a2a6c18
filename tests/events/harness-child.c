/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The side of the harness that makes calls and notes what their events must say. */
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/utsname.h>
#include <time.h>

#include "harness-inside.h"
#include "wire.h"

struct run *run;

#define X32_BIT 0x40000000U

static const struct being *myself, *born;

/* ---- Memory and files ---- */

void *room(size_t n)
{
	uint32_t at = __atomic_fetch_add(&run->used, (n + 63) & ~63UL, __ATOMIC_RELAXED);

	if (at + n > run->size)
		abort();
	return (char *)run + at;
}

const char *text(const char *format, ...)
{
	va_list arguments;
	char *copy;
	int n;

	va_start(arguments, format);
	n = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	copy = room((size_t)n + 1);
	va_start(arguments, format);
	vsnprintf(copy, (size_t)n + 1, format, arguments);
	va_end(arguments);
	return copy;
}

const char *folder(void)
{
	return run->folder;
}

const char *in_folder(const char *name)
{
	return text("%s/%s", run->folder, name);
}

const char *new_file(const char *name, mode_t mode)
{
	const char *path = in_folder(name);

	mode_t mask = umask(0);

	require(mknod(path, S_IFREG | mode, 0) == 0);
	umask(mask);
	return path;
}

void fill_file(const char *name, const char *contents)
{
	FILE *file = fopen(in_folder(name), "w");

	if (!file || fputs(contents, file) < 0 || fclose(file) != 0)
		require(!"write a file");
}

const char *helper(void)
{
	return text("%s/helper", run->program_folder);
}

void copy_bytes(const char *from, int to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	off_t size = lseek(in, 0, SEEK_END), at = 0;

	require(in >= 0 && sendfile(to, in, &at, (size_t)size) == size && close(in) == 0);
}

const char *copy_of_helper(const char *name)
{
	int to = open(in_folder(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);

	copy_bytes(helper(), to);
	require(close(to) == 0);
	return in_folder(name);
}

struct stat stat_of(const char *path)
{
	struct stat st = {};

	require(stat(path, &st) == 0);
	return st;
}

struct stat lstat_of(const char *path)
{
	struct stat st = {};

	require(lstat(path, &st) == 0);
	return st;
}

struct stat stat_of_fd(int fd)
{
	struct stat st = {};

	require(fstat(fd, &st) == 0);
	return st;
}

uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_REALTIME, &time);
	return (uint64_t)time.tv_sec * 1000000000ULL + (uint64_t)time.tv_nsec;
}

/* ---- Failures ---- */

void fail_case(int of, const char *file, int line, const char *format, ...)
{
	struct outcome *outcome = &run->outcomes[of];
	const char *name = strrchr(file, '/');
	char failure[sizeof(outcome->failure)];
	va_list arguments;
	int n;

	n = snprintf(failure, sizeof(failure), "%s:%d: ", name ? name + 1 : file, line);
	va_start(arguments, format);
	vsnprintf(failure + n, sizeof(failure) - (size_t)n, format, arguments);
	va_end(arguments);
	if (getenv("TL_TEST_VERBOSE"))
		fprintf(stderr, "# case %d: %s\n", of, failure);
	if (!outcome->n_failures++)
		memcpy(outcome->failure, failure, sizeof(failure));
}

bool require_true(const char *file, int line, const char *what, bool condition)
{
	int error = errno;

	if (!condition)
		fail_case(run->at_case, file, line, "wanted %s (%s)", what, strerror(error));
	return condition;
}

void skip_case(const char *why)
{
	snprintf(run->outcomes[run->at_case].skipped, sizeof(run->outcomes[0].skipped), "%s", why);
}

/* ---- Processes ---- */

static void set_arguments(struct being *b, const char *const *argv)
{
	char *args;

	for (b->n_args = 0; argv[b->n_args]; b->n_args++)
		b->args_size += strlen(argv[b->n_args]) + 1;
	b->args = args = room(b->args_size + 1);
	for (uint32_t i = 0; i < b->n_args; i++)
		args = stpcpy(args, argv[i]) + 1;
}

struct being *being_new(const char *executable, const char *const *argv)
{
	struct being *b = room(sizeof(*b));

	b->executable = text("%s", executable);
	b->comm = text("%.15s", strrchr(b->executable, '/') + 1);
	b->file = stat_of(executable);
	set_arguments(b, argv);
	return b;
}

const struct being *me(void)
{
	return myself;
}

struct being *becoming(const char *executable, const char *const *argv)
{
	struct being *b = being_new(executable, argv);
	char directory[PATH_MAX] = "";

	b->pid = myself->pid;
	b->ppid = myself->ppid;
	b->born_after = myself->born_after;
	b->born_before = myself->born_before;
	b->parent = myself->parent;
	require(getcwd(directory, sizeof(directory)) != NULL);
	b->working_directory = text("%s", directory);
	return b;
}

struct being *being_expected(void)
{
	struct being *b = room(sizeof(*b));

	*b = *myself;
	b->pid = 0;
	b->ppid = myself->pid;
	b->parent = myself;
	b->born_before = 0; /* until its parent says */
	b->born_after = now();
	return b;
}

void born_here(struct being *b)
{
	b->pid = getpid();
	myself = b;
}

void was_born(struct being *b, pid_t pid)
{
	require(pid > 0);
	b->pid = pid;
	b->born_before = now();
	born = b;
}

const struct being *last_born(void)
{
	return born;
}

pid_t spawn(void (*body)(void))
{
	struct being *b = being_expected();
	pid_t pid = fork();

	if (pid == 0) {
		born_here(b);
		body();
		_exit(0);
	}
	was_born(b, pid);
	return pid;
}

int reap(pid_t pid)
{
	int status = -1;

	require(pid > 0 && waitpid(pid, &status, 0) == pid);
	return status;
}

void in_child(void (*body)(void))
{
	require(reap(spawn(body)) == 0);
}

static void note_namespaces(struct being *b)
{
	b->mntns = (uint32_t)stat_of("/proc/self/ns/mnt").st_ino;
	b->netns = (uint32_t)stat_of("/proc/self/ns/net").st_ino;
	b->pidns = (uint32_t)stat_of("/proc/self/ns/pid").st_ino;
}

void has_moved(void)
{
	struct being *b = room(sizeof(*b));

	*b = *myself;
	note_namespaces(b);
	myself = b;
}

/* By the /proc of the namespace that we began in. */
static pid_t outer_pid(int proc)
{
	char pid[16] = "";

	require(readlinkat(proc, "self", pid, sizeof(pid) - 1) > 0);
	return (pid_t)atoi(pid);
}

void in_namespaces(int flags, void (*body)(void))
{
	static int outer_proc = -1;
	struct being *b = being_expected();
	pid_t pid;

	if (outer_proc < 0)
		outer_proc = open("/proc", O_PATH | O_CLOEXEC);
	pid = (pid_t)syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		born_here(b);
		b->pid = outer_pid(outer_proc);
		b->inner_pid = (uint32_t)getpid();
		if (flags & CLONE_NEWNS)
			require(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
		if (flags & CLONE_NEWPID)
			require(mount("proc", "/proc", "proc", 0, NULL) == 0);
		note_namespaces(b);
		body();
		_exit(0);
	}
	born = b;
	b->born_before = now();
	require(reap(pid) == 0);
}

void become_nobody(void)
{
	require(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	require(setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

/* ---- Calls ---- */

static void note_captured(struct call *c)
{
	for (unsigned i = 0; i < c->type->n_args; i++) {
		const struct tl_arg_type *arg = &c->type->args[i];

		c->captured[arg->position - 1] = captured_of(c, arg);
	}
}

static void note_task(struct call *c)
{
	c->pid = myself->inner_pid ? myself->pid : getpid();
	c->tid = myself->inner_pid ? myself->pid : gettid();
	c->uid = getuid();
	c->gid = getgid();
	c->euid = geteuid();
	c->egid = getegid();
	prctl(PR_GET_NAME, c->comm);
}

struct call *expect_made(const char *file, int line, enum tl_event_kind kind, const char *event)
{
	struct call *c = room(sizeof(*c));
	uint32_t number = __atomic_fetch_add(&run->n_calls, 1, __ATOMIC_RELAXED);

	if (number >= CALLS_MAX)
		abort();
	c->of = run->at_case;
	c->file = file;
	c->line = line;
	c->kind = kind;
	c->event = event;
	c->being = myself;
	c->before = now();
	note_task(c);
	run->calls[number] = c;
	return c;
}

/* The row of the table that has this number. */
const struct tl_event_type *type_of_number(uint8_t abi, long number)
{
	const struct tl_event_type *types;
	size_t n;

	types = tl_event_types(&n);
	for (size_t i = 0; i < n; i++)
		if (types[i].number[abi] == number || types[i].number2[abi] == number)
			return &types[i];
	return tl_event_type_find("unknown");
}

static struct call *begin(const char *file, int line, uint8_t abi, long number, const long args[6])
{
	const struct tl_event_type *type = run->type ?: type_of_number(abi, number);
	struct call *c = expect_made(file, line, TL_EVENT_SYSCALL, type->name);

	c->type = type;
	c->abi = abi;
	c->nr = abi == TL_ABI_X32 ? (uint32_t)number | X32_BIT : (uint32_t)number;
	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		c->args[i] = abi == TL_ABI_I386 ? (uint32_t)args[i] : (uint64_t)args[i];
	/* What is past the call's own arguments is whatever the registers hold. */
	for (unsigned i = type->n_args; i < TL_ARGS_MAX; i++)
		c->unknown_args |= 1U << i;
	note_captured(c);
	c->has_identities = type->flags & TL_TYPE_IDENTITY && read_identity(&c->identity_before);
	read_other(c, &c->other_before);
	c->before = now();
	return c;
}

static struct call *end(struct call *c, int64_t ret)
{
	c->after = now();
	c->ret = ret;
	note_captured(c);
	note_task(c);
	c->has_identities = c->has_identities && read_identity(&c->identity_after);
	read_other(c, &c->other_after);
	return c;
}

static struct call *made(const char *file, int line, uint8_t abi, long number, const long args[6])
{
	struct call *c = begin(file, line, abi, number, args);
	int64_t by_ring;
	long r;

	if (abi == TL_ABI_X86_64 && ring_call(c, &by_ring)) {
		end(c, by_ring);
		ring_actor(c);
		return c;
	}
	r = syscall(c->nr, args[0], args[1], args[2], args[3], args[4], args[5]);
	return end(c, r == -1 ? -errno : r);
}

struct call *call_made(const char *file, int line, long number, const long args[6])
{
	return made(file, line, TL_ABI_X86_64, number, args);
}

struct call *call_x32_made(const char *file, int line, long number, const long args[6])
{
	return made(file, line, TL_ABI_X32, number, args);
}

uint32_t run_calls(void)
{
	return run->n_calls;
}

struct call *run_call(uint32_t number)
{
	return run->calls[number];
}

int run_case(void)
{
	return run->at_case;
}

struct call *call_ended(struct call *c, int64_t ret)
{
	return end(c, ret);
}

struct call *call_noted(const char *file, int line, long number, const long args[6])
{
	return begin(file, line, TL_ABI_X86_64, number, args);
}

struct call *expect_call_made(const char *file, int line, const struct being *becomes, uint32_t known, long number,
			      const long args[6])
{
	struct call *c = begin(file, line, TL_ABI_X86_64, number, args);

	c->being = becomes;
	c->is_of_other = true;
	c->unknown_args = ~known;
	c->comm[0] = '\0';
	memset(c->captured, 0, sizeof(c->captured));
	return c;
}

struct call *call_fork_made(const char *file, int line, long number, const long args[6])
{
	struct call *c = begin(file, line, TL_ABI_X86_64, number, args);
	register long r10 __asm__("r10") = args[3];
	register long r8 __asm__("r8") = args[4];
	long r;

	/* The child may share this stack: it ends before it uses it. */
	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%edi, %%edi\n\t"
			 "mov %[exit], %%eax\n\t"
			 "syscall\n"
			 "1:"
			 : "=a"(r)
			 : "a"(number), "D"(args[0]), "S"(args[1]), "d"(args[2]), "r"(r10),
			   "r"(r8), [exit] "i"(SYS_exit_group)
			 : "memory", "rcx", "r11");
	if (r > 0)
		reap((pid_t)r);
	return end(c, r);
}

int32_t int80(long number, const long args[6])
{
	int32_t r;

	/* The sixth argument's register is the frame's. */
	__asm__ volatile("mov %%rbp, %%r12\n\t"
			 "mov %[sixth], %%rbp\n\t"
			 "int $0x80\n\t"
			 "mov %%r12, %%rbp"
			 : "=a"(r)
			 : "a"(number), "b"(args[0]), "c"(args[1]), "d"(args[2]), "S"(args[3]), "D"(args[4]),
			   [sixth] "r"(args[5])
			 : "memory", "r8", "r9", "r10", "r11", "r12");
	return r;
}

void call_last_made(const char *file, int line, bool by_32, long number, const long args[6])
{
	struct being *b = being_expected();
	pid_t pid = fork();

	if (pid == 0) {
		born_here(b);
		begin(file, line, by_32 ? TL_ABI_I386 : TL_ABI_X86_64, number, args);
		if (by_32)
			int80(number, args);
		syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
		_exit(1);
	}
	was_born(b, pid);
	reap(pid);
}

struct call *call32_made(const char *file, int line, long number, const long args[6])
{
	struct call *c = begin(file, line, TL_ABI_I386, number, args);

	return end(c, int80(number, args));
}

#define SOCKETCALL_32 102
#define IPC_32 117

struct call *call_ipc32_made(const char *file, int line, const char *event, const long args[6], const long by[6])
{
	const struct tl_event_type *type = tl_event_type_find(event);
	struct call *c = begin(file, line, TL_ABI_I386, IPC_32, args);

	c->event = event;
	c->type = type;
	c->nr = IPC_32;
	c->unknown_args = 0;
	return end(c, int80(IPC_32, by));
}

struct call *call_socket32_made(const char *file, int line, const char *event, long which, const long args[6])
{
	const struct tl_event_type *type = tl_event_type_find(event);
	struct call *c = begin(file, line, TL_ABI_I386, type->number[TL_ABI_I386], args);
	uint32_t *words = room(6 * sizeof(*words));

	/* Some have no number of their own there. */
	c->event = event;
	c->type = type;
	c->nr = SOCKETCALL_32;
	c->unknown_args = 0;
	for (unsigned i = 0; i < 6; i++)
		words[i] = (uint32_t)args[i];
	return end(c, int80(SOCKETCALL_32, (const long[6]){ which, (long)words }));
}

bool has_call32(void)
{
	return run->has_call32;
}

bool is_old_kernel(void)
{
	struct utsname name;
	unsigned major = 0, minor = 0;

	require(uname(&name) == 0 && sscanf(name.release, "%u.%u", &major, &minor) == 2);
	return major < 5 || (major == 5 && minor < 18) || strcmp(getenv("TRACELEFT_BUILD") ?: "", "base") == 0;
}

/* Bytes of arguments that an event of exec holds. */
#define EXEC_ARGS_MAX 131072U

/* What the call became. It is told how it was asked for; of arguments that are too
 * many for a call's own event there are more, since the new program has them. */
static void note_exec(struct call *c, const struct being *becomes)
{
	c->being = becomes;
	c->tid = c->pid;
	snprintf(c->comm, sizeof(c->comm), "%s", becomes->comm ?: "");
	is_object(c, becomes->executable, becomes->file);
	c->file_object.flags = becomes->deleted && !becomes->is_nowhere ? TL_VALUE_DELETED : 0;
	for (unsigned i = 0; i < c->type->n_args; i++)
		if (c->type->args[i].capture == TL_CAPTURE_ARGV && c->captured[i].flags & TL_VALUE_TRUNCATED)
			c->captured[i] = (struct bytes){ becomes->args, MIN(becomes->args_size, EXEC_ARGS_MAX),
							 TL_VALUE_PRESENT |
								 (becomes->truncated ? TL_VALUE_TRUNCATED : 0) };
}

static struct call *exec_made(const char *file, int line, uint8_t abi, const struct being *becomes, long number,
			      const long args[6])
{
	struct call *c = begin(file, line, abi, number, args);
	long r;

	for (unsigned i = c->type->n_args; i < TL_ARGS_MAX; i++)
		c->unknown_args |= 1U << i;
	note_exec(c, becomes);
	r = abi == TL_ABI_I386 ? int80(number, args) :
				 syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	/* It did not become that. */
	c->being = myself;
	c->file_object = (struct object){};
	return end(c, abi == TL_ABI_I386 ? r : r == -1 ? -errno : r);
}

struct call *call_exec_made(const char *file, int line, const struct being *becomes, long number, const long args[6])
{
	return exec_made(file, line, TL_ABI_X86_64, becomes, number, args);
}

struct call *call32_exec_made(const char *file, int line, const struct being *becomes, long number, const long args[6])
{
	return exec_made(file, line, TL_ABI_I386, becomes, number, args);
}

/* ---- What the objects are ---- */

void is_object(struct call *c, const char *path, struct stat facts)
{
	c->file_object.path = path;
	c->file_object.has_facts = true;
	c->file_object.before = c->file_object.after = facts;
}

struct call *runs_made(const char *file, int line, const struct being *becomes)
{
	struct call *c = expect_made(file, line, TL_EVENT_EXEC, "exec");

	c->being = becomes;
	c->tid = c->pid;
	snprintf(c->comm, sizeof(c->comm), "%s", becomes->comm ?: "");
	is_object(c, becomes->executable, becomes->file);
	c->file_object.flags = becomes->deleted && !becomes->is_nowhere ? TL_VALUE_DELETED : 0;
	return c;
}

void is_deleted(struct call *c, const char *path, struct stat facts)
{
	is_object(c, path, facts);
	c->file_object.flags = TL_VALUE_DELETED;
}

static void name_object(struct object *o, const char *claim, const char *path, const struct stat *before)
{
	o->claim = claim;
	o->path = path;
	if (!before)
		return;
	o->has_facts = true;
	o->before = o->after = *before;
	if (path)
		lstat(path, &o->after);
}

void is_named(struct call *c, const char *claim, const char *path, const struct stat *before)
{
	name_object(&c->file_object, claim, path, before);
}

void is_asked(struct call *c, const char *claim)
{
	name_object(&c->file_object, claim, NULL, NULL);
}

void is_target(struct call *c, const char *claim, const char *path, const struct stat *before)
{
	name_object(&c->target_object, claim, path, before);
}

/* ---- The child ---- */

static bool try_call32(void)
{
	static const long none[6] = {};
	pid_t pid = fork();
	int status = -1;

	if (pid == 0) {
		signal(SIGSEGV, SIG_DFL);
		_exit(int80(20 /* getpid */, none) == getpid() ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return status == 0;
}

void child_setup(size_t memory_size)
{
	void *memory = mmap(NULL, memory_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	if (memory == MAP_FAILED) {
		perror("mmap");
		exit(1);
	}
	run = memory;
	run->size = memory_size;
	run->used = (sizeof(*run) + 63) & ~63U;
	run->has_call32 = try_call32();
}

/* Waits without a read or a close: they would be events of their own. */
static void child_main(int gate)
{
	struct pollfd wait = { .fd = gate, .events = POLLIN };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	poll(&wait, 1, -1);
	born_here(run->child);
	for (size_t i = 0; i < run->test->n_cases; i++) {
		run->at_case = (int)i;
		run->test->cases[i].body();
	}
	_exit(0);
}

int child_gate(void)
{
	int gate = eventfd(0, 0);

	if (gate < 0)
		abort();
	return gate;
}

void open_gate(int gate)
{
	if (eventfd_write(gate, 1) < 0)
		abort();
}

pid_t child_make(int gate)
{
	pid_t pid;

	fflush(NULL);
	run->child->born_after = now();
	pid = fork();
	if (pid == 0)
		child_main(gate);
	run->child->pid = pid;
	run->child->born_before = now();
	return pid;
}

void child_end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
