/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names in memory that cannot be read when the call begins, or when it ends:
 * who looks at them there and does not wait for the page sees nothing.
 */
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../events/harness-inside.h"

static const char *secret;
static size_t page;

static void prepare(void)
{
	page = (size_t)sysconf(_SC_PAGESIZE);
	secret = new_file("secret", 0600);
}

/* A file of `n` bytes whose last ones are `name`, mapped; for the door of 32-bit programs, too. */
static char *mapped(const char *file, size_t n, const char *name, int flags)
{
	int fd = (int)syscall(SYS_open, new_file(file, 0600), O_RDWR);
	size_t length = strlen(name) + 1;
	char *memory;

	require(ftruncate(fd, (off_t)n) == 0 && pwrite(fd, name, length, (off_t)(n - length)) == (ssize_t)length);
	require(fsync(fd) == 0);
	memory = mmap(NULL, n, PROT_READ, flags, fd, 0);
	require(memory != MAP_FAILED && close(fd) == 0);
	return memory + n - length;
}

/* Out of this process's memory, and where that is possible out of the machine's. */
static void forget(const char *file, const char *name, size_t length)
{
	uintptr_t begin = (uintptr_t)name & ~(page - 1), end = ((uintptr_t)name + length + page - 1) & ~(page - 1);
	int fd = (int)syscall(SYS_open, file, O_RDONLY);

	require(madvise((void *)begin, end - begin, MADV_DONTNEED) == 0);
	require(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) == 0 && close(fd) == 0);
}

/* The call as it is noted has looked at the name already; that is undone before it is made. */
#define noted(name, flags) call_noted(__FILE__, __LINE__, SYS_openat, (const long[6]){ AT_FDCWD, (long)(name), flags })
static void make(struct call *c, const char *path)
{
	long r = syscall(SYS_openat, c->args[0], c->args[1], c->args[2], c->args[3]);

	c->ret = r < 0 ? -errno : r;
	c->after = now();
	require(r >= 0);
	is_object(c, path, stat_of_fd((int)r));
	require(close((int)r) == 0);
}

static void name_in_a_file_that_is_not_in_memory(void)
{
	const char *name = mapped("names", 2 * page, secret, MAP_PRIVATE);
	struct call *c = noted(name, O_RDONLY);

	forget("names", name, strlen(secret));
	make(c, secret);
}

static void name_on_two_pages_of_which_one_is_there(void)
{
	const char *name = mapped("halves", page + 4, secret, MAP_PRIVATE);
	struct call *c = noted(name, O_RDONLY);
	volatile char first;

	forget("halves", name, strlen(secret));
	first = *name;
	(void)first;
	make(c, secret);
}

/* The file that it empties is the one that its name was in. The name is gone when the call
 * returns, and the event says so; what was opened it tells all the same. */
static void name_that_goes_with_the_call(void)
{
	const char *name = mapped("self", page, in_folder("self"), MAP_SHARED);
	struct call *c = noted(name, O_WRONLY | O_TRUNC);

	make(c, in_folder("self"));
	c->captured[1] = (struct bytes){ .flags = TL_VALUE_PRESENT | TL_VALUE_FAULT };
}

/* ---- A page that another thread gives when the kernel asks for the name ---- */

static int faults;
static char *given; /* what it is given */

static void *giver(void *unused)
{
	struct uffd_msg message;

	if (read(faults, &message, sizeof(message)) == sizeof(message)) {
		struct uffdio_copy copy = { .dst = message.arg.pagefault.address & ~(page - 1),
					    .src = (uintptr_t)given,
					    .len = page };

		require(ioctl(faults, UFFDIO_COPY, &copy) == 0);
	}
	return unused;
}

static void name_that_is_given_when_it_is_read(void)
{
	char *name = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct uffdio_register range = { { (uintptr_t)name, page }, UFFDIO_REGISTER_MODE_MISSING, 0 };
	struct uffdio_api api = { .api = UFFD_API };
	struct call *c;
	pthread_t thread;

	faults = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (faults < 0) {
		skip_case("this kernel has no userfaultfd");
		return;
	}
	given = room(page);
	strcpy(given, secret);
	c = noted(given, O_RDONLY);
	c->args[1] = (uintptr_t)name;
	require(ioctl(faults, UFFDIO_API, &api) == 0 && ioctl(faults, UFFDIO_REGISTER, &range) == 0);
	require(pthread_create(&thread, NULL, giver, NULL) == 0);
	make(c, secret);
	require(pthread_join(thread, NULL) == 0 && close(faults) == 0);
}

static const struct test_case cases[] = {
	CASE(name_in_a_file_that_is_not_in_memory),
	CASE(name_on_two_pages_of_which_one_is_there),
	CASE(name_that_goes_with_the_call),
	CASE(name_that_is_given_when_it_is_read),
};

TEST_OF("absent-page", prepare, "openat")
