/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that are run from where nobody looks for them: memory, /dev/shm, a
 * file without a name, a script without one, and as an argument of the loader.
 */
#include <elf.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>

#include "../events/harness.h"

#define ARGV(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const char *script, *dynamic;

static void copy_to(const char *from, int out)
{
	int in = open(from, O_RDONLY);
	off_t size = lseek(in, 0, SEEK_END), at = 0;

	require(sendfile(out, in, &at, (size_t)size) == size);
	require(close(in) == 0);
}

static void copy_file(const char *from, const char *to)
{
	int out = open(to, O_WRONLY | O_CREAT, 0755);

	copy_to(from, out);
	require(close(out) == 0);
}

static void prepare(void)
{
	script = in_folder("script");
	fill_file("script", text("#!%s\n", helper()));
	dynamic = in_folder("dynamic");
	copy_file("/bin/true", dynamic);
	if (chmod("script", 0755))
		abort();
}

/* What the helper does: it opens a file, and the event says which program that was. */
static void opens(const struct being *becomes, const char *path)
{
	struct call *c = expect_call(becomes, 1 << 0 | 1 << 2, SYS_openat, AT_FDCWD, 0, O_RDONLY);

	c->captured[1] = (struct bytes){ .data = text("%s", path),
					 .size = (uint32_t)strlen(path),
					 .flags = TL_VALUE_PRESENT };
	is_object(c, path, stat_of(path));
}

static void memory_child(void)
{
	int fd = memfd_create("kworker/0:1", MFD_CLOEXEC);
	const char *const *argv = ARGV("[kworker/0:1]", script, "0");
	struct being *b;

	copy_to(helper(), fd);
	b = becoming(text("/proc/self/fd/%d", fd), argv);
	b->executable = "memfd:kworker/0:1";
	b->deleted = b->is_nowhere = true;
	b->comm = NULL;
	runs(b);
	opens(b, script);
	syscall(SYS_execve, text("/proc/self/fd/%d", fd), argv, environ);
}

static void from_memory(void)
{
	in_child(memory_child);
}

static void shared_memory_child(void)
{
	const char *path = text("/dev/shm/traceleft-test-%d", getpid()), *const *argv = ARGV("sshd", script, "0");
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL, 0755);
	struct being *b;

	if (out < 0) {
		skip_case("there is no /dev/shm");
		return;
	}
	copy_to(helper(), out);
	require(close(out) == 0);
	b = becoming(path, argv);
	runs(b);
	opens(b, script);
	syscall(SYS_execve, path, argv, environ);
}

static void from_shared_memory(void)
{
	in_child(shared_memory_child);
	unlink(text("/dev/shm/traceleft-test-%d", last_born()->pid));
}

/* The name is taken away before the program runs, and another file gets it. */
static void replaced_child(void)
{
	int fd = open("replaced", O_PATH | O_CLOEXEC);
	const char *const *argv = ARGV("replaced", script, "0");
	struct being *b = becoming(in_folder("replaced"), argv);

	require(unlink("replaced") == 0);
	new_file("replaced", 0755);
	b->deleted = true;
	b->comm = NULL;
	runs(b);
	opens(b, script);
	syscall(SYS_execveat, fd, text("%s", ""), argv, environ, AT_EMPTY_PATH);
}

static void without_a_name(void)
{
	copy_file(helper(), "replaced");
	in_child(replaced_child);
}

/* Its interpreter is told a number only; which file it is says the interpreter's opening it. */
static void script_child(void)
{
	int fd = open(script, O_RDONLY);
	struct being *b = becoming(helper(), ARGV(helper(), text("/dev/fd/%d", fd)));
	struct call *c;

	b->comm = NULL;
	runs(b);
	c = expect_call(b, 1 << 0 | 1 << 2, SYS_openat, AT_FDCWD, 0, O_RDONLY);
	c->captured[1] = (struct bytes){ .data = text("/dev/fd/%d", fd), .flags = TL_VALUE_PRESENT };
	c->captured[1].size = (uint32_t)strlen(c->captured[1].data);
	is_object(c, script, stat_of(script));
	syscall(SYS_execveat, fd, text("%s", ""), ARGV("harmless"), environ, AT_EMPTY_PATH);
}

static void script_by_descriptor(void)
{
	in_child(script_child);
}

/* The program that the loader of this one is. */
static const char *loader(void)
{
	ElfW(Ehdr) header;
	ElfW(Phdr) part;
	char name[PATH_MAX] = "", path[PATH_MAX] = "";
	int fd = open("/bin/true", O_RDONLY);

	require(pread(fd, &header, sizeof(header), 0) == sizeof(header));
	for (unsigned i = 0; i < header.e_phnum; i++) {
		off_t at = (off_t)(header.e_phoff + i * sizeof(part));

		require(pread(fd, &part, sizeof(part), at) == sizeof(part));
		if (part.p_type == PT_INTERP)
			require(pread(fd, name, MIN(part.p_filesz, sizeof(name) - 1), (off_t)part.p_offset) > 0);
	}
	require(close(fd) == 0 && realpath(name, path));
	return text("%s", path);
}

/* The executable is the loader; the program is its argument, and mapped to be executed. */
static void loader_child(void)
{
	const char *path = loader(), *const *argv = ARGV("/usr/bin/true", text("./dynamic"));
	struct being *b = becoming(path, argv);
	struct call *c;

	runs(b);
	c = expect_call(b, 1 << 2, SYS_mmap, 0, 0, PROT_READ | PROT_EXEC, 0, 0, 0);
	is_object(c, dynamic, stat_of(dynamic));
	syscall(SYS_execve, path, argv, environ);
}

static void by_the_loader(void)
{
	in_child(loader_child);
}

/* Neither the name of the thread nor the first argument say what is run. */
static void disguised_child(void)
{
	const char *const *argv = ARGV("/sbin/init", script, "0");
	struct being *b = becoming(helper(), argv);

	require(prctl(PR_SET_NAME, "systemd") == 0 && symlink(helper(), "init") == 0);
	b->comm = "init";
	runs(b);
	opens(b, script);
	syscall(SYS_execve, "init", argv, environ);
}

static void in_disguise(void)
{
	in_child(disguised_child);
}

static const struct test_case cases[] = {
	CASE(from_memory),	    CASE(from_shared_memory), CASE(without_a_name),
	CASE(script_by_descriptor), CASE(by_the_loader),      CASE(in_disguise),
};

TEST_OF("execution", prepare, "exec", "openat", "mmap")
