// SPDX-License-Identifier: GPL-2.0-or-later
/* To be preloaded: allocations fail, when the file $FAILING_ALLOCATIONS says so. It is numbers of 64 bits,
 * that who tests may write at any time: after how many more the first fails (0: none does), how many then
 * fail; how many there have been, how many have failed; the place in the program's code that alone counts
 * for the first two (0: all do); how many places have allocated since who tests wrote 0 there, and these.
 * What the program asks for counts, by whatever function of libc; with $FAILING_EVERYWHERE what libraries
 * ask for, too. A program with AddressSanitizer gets its memory from that. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PLACES_MAX 1000

struct plan {
	_Atomic int64_t left, fail;
	_Atomic uint64_t seen, failed;
	_Atomic uint64_t place, n_places;
	_Atomic uint64_t places[PLACES_MAX];
};

/* glibc's own or the sanitizer's, so that nothing has to be found before the first allocation. */
#define BELOW(name, parameters, arguments)                                                            \
	extern void *__libc_##name parameters;                                                        \
	extern void *__interceptor_##name parameters __attribute__((weak));                           \
	static void *below_##name parameters                                                          \
	{                                                                                             \
		return __interceptor_##name ? __interceptor_##name arguments : __libc_##name arguments; \
	}

BELOW(malloc, (size_t size), (size))
BELOW(calloc, (size_t n, size_t size), (n, size))
BELOW(realloc, (void *old, size_t size), (old, size))
BELOW(memalign, (size_t alignment, size_t size), (alignment, size))

static struct plan *plan;
static uintptr_t program_begin, program_end;
static bool everywhere;
static __thread unsigned inside; /* of one of ours that calls another */

static int note_program(struct dl_phdr_info *info, size_t size, void *userdata)
{
	(void)size;
	(void)userdata;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *segment = &info->dlpi_phdr[i];

		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_X))
			continue;
		program_begin = info->dlpi_addr + segment->p_vaddr;
		program_end = program_begin + segment->p_memsz;
	}
	return 1; /* the first is the program */
}

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("FAILING_ALLOCATIONS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (map == MAP_FAILED) {
		fputs("failing-allocations: $FAILING_ALLOCATIONS has to be a file\n", stderr);
		_exit(99);
	}
	close(fd);
	everywhere = getenv("FAILING_EVERYWHERE");
	dl_iterate_phdr(note_program, NULL);
	plan = map;
}

/* Two threads may both note it. */
static void note_place(uint64_t place)
{
	uint64_t n = plan->n_places;

	for (uint64_t i = 0; i < n && i < PLACES_MAX; i++)
		if (plan->places[i] == place)
			return;
	n = plan->n_places++;
	if (n < PLACES_MAX)
		plan->places[n] = place;
}

/* Whether this one fails; errno is set. */
static bool fails(const void *caller)
{
	const uintptr_t from = (uintptr_t)caller;
	const uint64_t place = from - program_begin;

	if (!plan || inside || (!everywhere && (from < program_begin || from >= program_end)))
		return false;
	plan->seen++;
	note_place(place);
	if ((plan->place && plan->place != place) || plan->left <= 0 || --plan->left > 0)
		return false;
	if (--plan->fail > 0)
		plan->left = 1;
	plan->failed++;
	errno = ENOMEM;
	return true;
}

#define CALLER __builtin_return_address(0)

void *malloc(size_t size)
{
	return fails(CALLER) ? NULL : below_malloc(size);
}

void *calloc(size_t n, size_t size)
{
	return fails(CALLER) ? NULL : below_calloc(n, size);
}

void *realloc(void *old, size_t size)
{
	return fails(CALLER) ? NULL : below_realloc(old, size);
}

void *reallocarray(void *old, size_t n, size_t size)
{
	size_t total;

	if (fails(CALLER))
		return NULL;
	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return below_realloc(old, total);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails(CALLER) ? NULL : below_memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *p = fails(CALLER) ? NULL : below_memalign(alignment, size);

	if (!p)
		return ENOMEM;
	*ret = p;
	return 0;
}

/* ---- What libc allocates for the program ---- */

char *strdup(const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = fails(CALLER) ? NULL : below_malloc(size);

	return copy ? memcpy(copy, text, size) : NULL;
}

char *strndup(const char *text, size_t n)
{
	size_t length = strnlen(text, n);
	char *copy = fails(CALLER) ? NULL : below_malloc(length + 1);

	if (!copy)
		return NULL;
	copy[length] = 0;
	return memcpy(copy, text, length);
}

/* Calls NAME of libc, whose own allocations are part of this one. */
#define NEXT(name, ...)                                                                 \
	({                                                                              \
		__auto_type next_ = (__typeof__(&name))dlsym(RTLD_NEXT, #name);         \
		inside++;                                                               \
		__auto_type result_ = next_(__VA_ARGS__);                               \
		inside--;                                                               \
		result_;                                                                \
	})

int vasprintf(char **ret, const char *format, va_list ap)
{
	return fails(CALLER) ? -1 : NEXT(vasprintf, ret, format, ap);
}

int asprintf(char **ret, const char *format, ...)
{
	va_list ap;
	int n;

	if (fails(CALLER))
		return -1;
	va_start(ap, format);
	n = NEXT(vasprintf, ret, format, ap);
	va_end(ap);
	return n;
}

FILE *fopen(const char *path, const char *mode)
{
	return fails(CALLER) ? NULL : NEXT(fopen, path, mode);
}

FILE *fdopen(int fd, const char *mode)
{
	return fails(CALLER) ? NULL : NEXT(fdopen, fd, mode);
}
