/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The queue of io_uring lies in memory of the process, which changes an entry when
 * the kernel has read it: what is told must be what the kernel goes by. Either the
 * kernel waits meanwhile for a page with a name, or another thread changes the entry
 * without end, and what the kernel has read is known from what came of it.
 */
#include <linux/userfaultfd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "../events/harness-request.h"

#define ROUNDS 48

static int32_t end_of(void)
{
	struct io_uring_cqe end = {};

	return require(ring_enter(0, 1) == 0 && ring_pop(&end)) ? end.res : -1;
}

/* ---- Changed while the kernel waits for the name ---- */

static struct {
	int faults;
	char *name; /* a page that is not there */
	const char *contents; /* what it will hold */
	struct io_uring_sqe *entry; /* that lies in the queue */
	struct io_uring_sqe other; /* what it is changed into */
	char *before; /* a page before it, which is there, with names: that are changed, too */
} t;

static void change_names(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (char *at = t.before; at && (at = memmem(at, page - (size_t)(at - t.before), "good", 4));)
		memcpy(at, "evil", 4);
}

static void *changer(void *unused)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct uffd_msg message;

	if (read(t.faults, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_copy copy = { .dst = message.arg.pagefault.address & ~(page - 1),
					    .src = (uintptr_t)t.contents,
					    .len = page };

		*t.entry = t.other;
		change_names();
		require(ioctl(t.faults, UFFDIO_COPY, &copy) == 0);
	}
	return unused;
}

static bool name_will_come(const char *name)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct uffdio_register range = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	struct uffdio_api api = { .api = UFFD_API };
	char *contents = room(page);

	t.faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (t.faults < 0) {
		skip_case("this kernel has no userfaultfd");
		return false;
	}
	t.contents = strcpy(contents, name);
	t.before = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t.name = t.before + page;
	range.range.start = (uintptr_t)t.name;
	range.range.len = page;
	return require(ioctl(t.faults, UFFDIO_API, &api) == 0 && ioctl(t.faults, UFFDIO_REGISTER, &range) == 0);
}

/* t.other: what the entry will say when the kernel has read it. */
static void make_changed(struct request *r)
{
	pthread_t thread;

	ring_push(&r->entry);
	t.entry = ring_pushed();
	require(pthread_create(&thread, NULL, changer, NULL) == 0);
	require(ring_enter(1, 0) == 0);
	call_ended(r->call, end_of());
	require(pthread_join(thread, NULL) == 0 && close(t.faults) == 0);
}

/* t.other: same; not yet where the name is. */
static void make_named(struct request *r)
{
	r->entry.addr = r->call->args[1] = t.other.addr = (uintptr_t)t.name;
	make_changed(r);
}

static void name_in_another_directory(void)
{
	struct request r = {};
	struct stat before;
	const char *path;
	int good, evil;

	require(ring_open(false) && mkdir("good", 0755) == 0 && mkdir("evil", 0755) == 0);
	path = new_file("evil/file", 0600);
	new_file("good/file", 0600);
	good = open("good", O_PATH);
	evil = open("evil", O_PATH);
	before = lstat_of(path);
	if (!name_will_come("file"))
		return;
	ask(&r, SYS_unlinkat, evil, t.contents, 0);
	t.other = r.entry;
	t.other.fd = good;
	make_named(&r);
	require(r.call->ret == 0 && access("evil/file", F_OK) < 0 && access("good/file", F_OK) == 0);
	is_named(r.call, path, path, &before);
}

static void in_the_name_of_root(void)
{
	const char *path = new_file("of root", 0600);
	struct request r = {};
	int identity;

	require(ring_open(false) && name_will_come(path));
	identity = ring_register(IORING_REGISTER_PERSONALITY, NULL, 0);
	require(identity > 0);
	become_nobody();
	ask(&r, SYS_openat, AT_FDCWD, t.contents, O_RDONLY, 0);
	r.entry.personality = (uint16_t)identity;
	t.other = r.entry;
	t.other.personality = 0;
	make_named(&r);
	r.call->uid = r.call->gid = r.call->euid = r.call->egid = 0;
	require(r.call->ret >= 0);
	is_object(r.call, path, stat_of_fd((int)r.call->ret));
}

/* ---- Changed when the kernel has copied it ---- */

/* Calls with names. The kernel copies that of argument `last` behind the other one, if there is one. */
static const struct named {
	long number;
	uint8_t opcode;
	int last, first; /* arguments, from 0; first -1: there is none */
	long args[6];
	bool is_newer; /* before 5.18 the name was copied when the call was made */
	const char *path; /* of the object, in the test's folder */
	const char *target; /* NULL: the call has none */
} named[] = {
	{ SYS_openat, IORING_OP_OPENAT, 1, -1, { AT_FDCWD, 0, O_RDONLY }, false, "good/one", NULL },
	{ SYS_mkdirat, IORING_OP_MKDIRAT, 1, -1, { AT_FDCWD, 0, 0700 }, false, "good/one", NULL },
	{ SYS_unlinkat, IORING_OP_UNLINKAT, 1, -1, { AT_FDCWD, 0, AT_REMOVEDIR }, false, "good/one", NULL },
	{ SYS_symlinkat, IORING_OP_SYMLINKAT, 2, 0, { 0, AT_FDCWD, 0 }, false, "good/one", NULL },
	{ SYS_linkat, IORING_OP_LINKAT, 3, 1, { AT_FDCWD, 0, AT_FDCWD, 0, 0 }, false, "good/two", "good/one" },
	{ SYS_renameat2, IORING_OP_RENAMEAT, 3, 1, { AT_FDCWD, 0, AT_FDCWD, 0, 0 }, false, "good/two", "good/one" },
	{ SYS_statx, IORING_OP_STATX, 1, -1, { AT_FDCWD, 0, 0, STATX_SIZE, 0 }, true, "good/one", NULL },
	{ SYS_setxattr, IORING_OP_SETXATTR, 0, 1, { 0, 0, 0, 0, 0 }, true, "good/one", NULL },
	{ SYS_getxattr, IORING_OP_GETXATTR, 0, 1, { 0, 0, 0, 0 }, true, "good/one", NULL },
};

#define HALF "good////" /* so many bytes are copied at once */

/* The first name, and half of the last one, are in a page that is there. */
static void copy_then_change(const struct named *n)
{
	bool is_attribute = n->number == SYS_setxattr || n->number == SYS_getxattr;
	const char *first = is_attribute ? "user.good" : "good/two";
	const char *path = in_folder(text("names/%s", n->path));
	const char *target = n->target ? in_folder(text("names/%s", n->target)) : NULL;
	struct stat before, other;
	bool is_there = lstat(path, &before) == 0, is_other_there = target && lstat(target, &other) == 0;
	size_t half = sizeof(HALF) - 1;
	struct bytes asked[TL_ARGS_MAX];
	struct request r = {};
	long args[6];

	if (!name_will_come("one"))
		return;
	memcpy(t.name - half, HALF, half);
	strcpy(t.before, first);
	memcpy(args, n->args, sizeof(args));
	args[n->last] = (long)text(HALF "one");
	if (n->first >= 0)
		args[n->first] = (long)text("%s", first);
	ask(&r, n->number, args[0], args[1], args[2], args[3], args[4], args[5]);
	memcpy(asked, r.call->captured, sizeof(asked));
	r.call->args[n->last] = (uintptr_t)t.name - half;
	if (n->first >= 0)
		r.call->args[n->first] = (uintptr_t)t.before;
	require(ring_prepare(r.call, &r.entry));
	t.other = r.entry;
	make_changed(&r);
	r.call->captured[n->last] = asked[n->last];
	if (n->first >= 0)
		r.call->captured[n->first] = asked[n->first];
	is_named(r.call, path, path, is_there ? &before : NULL);
	if (target)
		is_target(r.call, target, target, is_other_there ? &other : NULL);
}

static void names_that_were_copied(void)
{
	require(ring_open(false) && mkdir("names", 0755) == 0 && chdir("names") == 0);
	require(mkdir("good", 0755) == 0 && mkdir("evil", 0755) == 0);
	new_file("names/good/two", 0600);
	for (size_t i = 0; i < N_ELEMENTS(named); i++)
		if (ring_knows(named[i].opcode) && !(named[i].is_newer && is_old_kernel()))
			copy_then_change(&named[i]);
	require(access("good/one", F_OK) == 0 && chdir("..") == 0);
}

static void whose_it_is(void)
{
	int faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);

	if (faults < 0) {
		skip_case("this kernel has no userfaultfd");
		return;
	}
	close(faults);
	in_child(in_the_name_of_root);
}

/* ---- Changed without end ---- */

static struct {
	struct io_uring_sqe *entry; /* NULL: rest */
	void (*flip)(struct io_uring_sqe *entry, unsigned turn);
	unsigned turns;
	bool over;
} flips;

static void *flipper(void *unused)
{
	struct io_uring_sqe *entry;

	for (unsigned turn = 0; !__atomic_load_n(&flips.over, __ATOMIC_ACQUIRE); turn++) {
		entry = __atomic_load_n(&flips.entry, __ATOMIC_ACQUIRE);
		if (entry)
			flips.flip(entry, turn);
		else
			sched_yield();
		__atomic_store_n(&flips.turns, turn, __ATOMIC_RELEASE);
	}
	return unused;
}

static pthread_t flipping(void (*flip)(struct io_uring_sqe *entry, unsigned turn))
{
	pthread_t thread = 0;

	memset(&flips, 0, sizeof(flips));
	flips.flip = flip;
	require(pthread_create(&thread, NULL, flipper, NULL) == 0);
	return thread;
}

static void flipping_ends(pthread_t thread)
{
	__atomic_store_n(&flips.over, true, __ATOMIC_RELEASE);
	require(pthread_join(thread, NULL) == 0);
}

/* Has it taken while the other thread changes it. */
static void take_flipped(const struct io_uring_sqe *entry)
{
	unsigned turn;

	ring_push(entry);
	__atomic_store_n(&flips.entry, ring_pushed(), __ATOMIC_RELEASE);
	turn = __atomic_load_n(&flips.turns, __ATOMIC_ACQUIRE);
	for (int i = 0; i < 1000 && __atomic_load_n(&flips.turns, __ATOMIC_ACQUIRE) - turn < 3; i++)
		sched_yield();
	require(ring_enter(1, 0) == 0);
	__atomic_store_n(&flips.entry, NULL, __ATOMIC_RELEASE);
}

static void flip_place(struct io_uring_sqe *entry, unsigned turn)
{
	__atomic_store_n(&entry->file_index, turn & 1, __ATOMIC_RELAXED);
}

/* Into the ring's table, which there is none of, or to a descriptor. */
static void opened_here_or_there(void)
{
	const char *path = new_file("here", 0600);
	pthread_t thread;

	require(ring_open(false));
	thread = flipping(flip_place);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct request r = {};

		ask(&r, SYS_openat, AT_FDCWD, path, O_RDONLY, 0);
		take_flipped(&r.entry);
		call_ended(r.call, end_of());
		if (r.call->ret >= 0) {
			is_object(r.call, path, stat_of(path));
			close((int)r.call->ret);
		} else {
			is_asked(r.call, path);
		}
	}
	flipping_ends(thread);
}

static void flip_often(struct io_uring_sqe *entry, unsigned turn)
{
	__atomic_store_n(&entry->ioprio, turn & 1 ? IORING_ACCEPT_MULTISHOT : 0, __ATOMIC_RELAXED);
}

static void accept_once(const struct sockaddr_in *address)
{
	struct io_uring_sqe cancel = { .opcode = IORING_OP_ASYNC_CANCEL, .user_data = 1, .addr = 7 };
	struct call *accepted = expect(TL_EVENT_NETWORK, "net_accept");
	int caller = socket(AF_INET, SOCK_STREAM, 0);
	struct io_uring_cqe end;

	require(connect(caller, (const void *)address, sizeof(*address)) == 0);
	if (!require(ring_enter(0, 1) == 0 && ring_pop(&end) && end.user_data == 7 && end.res >= 0))
		return;
	accepted->after = now();
	accepted->flags = TL_EVENT_IO_URING;
	is_connection(accepted, end.res, true);
	close(end.res);
	close(caller);
	if (!(end.flags & IORING_CQE_F_MORE))
		return;
	ring_push(&cancel);
	require(ring_enter(1, 2) == 0 && ring_pop(&end) && ring_pop(&end));
}

/* For one caller or for all that come: each is told. */
static void accepted_once_or_often(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct io_uring_sqe entry = { .opcode = IORING_OP_ACCEPT, .user_data = 7 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t size = sizeof(address);
	pthread_t thread;

	require(ring_open(false));
	if (!ring_has(IORING_FEAT_LINKED_FILE) || is_old_kernel()) {
		skip_case("this kernel has no such requests");
		return;
	}
	require(bind(fd, (void *)&address, size) == 0 && listen(fd, 8) == 0);
	require(getsockname(fd, (void *)&address, &size) == 0);
	entry.fd = fd;
	thread = flipping(flip_often);
	for (unsigned i = 0; i < ROUNDS; i++) {
		take_flipped(&entry);
		accept_once(&address);
	}
	flipping_ends(thread);
}

static const struct test_case cases[] = {
	CASE(name_in_another_directory), CASE(names_that_were_copied), CASE(whose_it_is),
	CASE(opened_here_or_there),	 CASE(accepted_once_or_often),
};

TEST_OF("queue", NULL, "openat", "unlinkat", "net_accept", "mkdirat", "symlinkat", "linkat", "renameat2", "statx",
	"setxattr", "getxattr")
