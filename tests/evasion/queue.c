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
} t;

static void *changer(void *unused)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	struct uffd_msg message;

	if (read(t.faults, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_copy copy = { .dst = message.arg.pagefault.address & ~(page - 1),
					    .src = (uintptr_t)t.contents,
					    .len = page };

		*t.entry = t.other;
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
	t.name = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	range.range.start = (uintptr_t)t.name;
	range.range.len = page;
	return require(ioctl(t.faults, UFFDIO_API, &api) == 0 && ioctl(t.faults, UFFDIO_REGISTER, &range) == 0);
}

/* t.other: what the entry will say when the kernel has read it; not yet where the name is. */
static void make_changed(struct request *r)
{
	pthread_t thread;

	r->entry.addr = r->call->args[1] = (uintptr_t)t.name;
	t.other.addr = (uintptr_t)t.name;
	ring_push(&r->entry);
	t.entry = ring_pushed();
	require(pthread_create(&thread, NULL, changer, NULL) == 0);
	require(ring_enter(1, 0) == 0);
	call_ended(r->call, end_of());
	require(pthread_join(thread, NULL) == 0 && close(t.faults) == 0);
}

static void name_in_another_directory(void)
{
	struct request r = {};
	const char *path;
	int good, evil;

	require(ring_open(false) && mkdir("good", 0755) == 0 && mkdir("evil", 0755) == 0);
	path = new_file("evil/file", 0600);
	new_file("good/file", 0600);
	good = open("good", O_PATH);
	evil = open("evil", O_PATH);
	if (!name_will_come("file"))
		return;
	ask(&r, SYS_unlinkat, evil, t.contents, 0);
	t.other = r.entry;
	t.other.fd = good;
	make_changed(&r);
	require(r.call->ret == 0 && access("evil/file", F_OK) < 0 && access("good/file", F_OK) == 0);
	is_asked(r.call, path); /* of a request's name there is no fact */
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
	make_changed(&r);
	r.call->uid = r.call->gid = r.call->euid = r.call->egid = 0;
	require(r.call->ret >= 0);
	is_object(r.call, path, stat_of_fd((int)r.call->ret));
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
	CASE(name_in_another_directory),
	CASE(whose_it_is),
	CASE(opened_here_or_there),
	CASE(accepted_once_or_often),
};

TEST_OF("queue", NULL, "openat", "unlinkat", "net_accept")
