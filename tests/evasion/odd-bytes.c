/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names and arguments made to break lines, fields, terminals or the reader. The
 * event has them byte for byte; its JSON and its text are one valid line each,
 * which the harness verifies.
 */
#include <sys/prctl.h>

#include "../events/harness.h"

static void opened(struct call *c, const char *path)
{
	require(c->ret >= 0);
	is_object(c, path, stat_of_fd((int)c->ret));
	require(close((int)c->ret) == 0);
}

static void names_of_all_bytes(void)
{
	char name[200];
	size_t n = 0;

	for (unsigned byte = 1; byte < 256; byte++) {
		if (byte != '/')
			name[n++] = (char)byte;
		if (n < sizeof(name) - 1 && byte < 255)
			continue;
		name[n] = '\0';
		opened(call(SYS_openat, AT_FDCWD, text("%s", name), O_CREAT | O_RDONLY, 0600), in_folder(name));
		n = 0;
	}
}

/* Each would be a record, a field or an order of its own. */
static void names_that_forge(void)
{
	static const char *const names[] = {
		"a\nevent.action=ledger",
		"\",\"event\":{\"action\":\"none\"},\"x\":\"",
		"\033]0;title\a\033[2J\033[1A",
		"\\x2fetc\\x2fpasswd",
		"%n%s%p",
		"\xc3\x28 \xa0\xa1 \xe2\x28\xa1 \xf0\x28\x8c\x28 \xed\xa0\x80 \xc0\xaf \xfe\xff",
		"\xe2\x80\xae"
		"txt.exe", /* right to left */
		") = 0 <etc>",
		"-> x (deleted)",
		"...",
		" ",
	};

	for (size_t i = 0; i < N_ELEMENTS(names); i++) {
		opened(call(SYS_openat, AT_FDCWD, text("%s", names[i]), O_CREAT | O_RDWR, 0600), in_folder(names[i]));
		is_asked(call(SYS_openat, AT_FDCWD, text("%s?", names[i]), O_RDONLY, 0),
			 in_folder(text("%s?", names[i])));
	}
}

/* As long as a path can be, in few and in many parts. */
static void longest_path(void)
{
	char part[256] = "", *path = room(PATH_MAX);
	size_t n = strlen(folder());

	memset(part, 'd', 255);
	strcpy(path, folder());
	for (size_t left; (left = PATH_MAX - 2 - n) > 255; n = strlen(path)) {
		sprintf(path + n, "/%.*s", (int)MIN(255, left - 2), part);
		require(mkdir(path, 0755) == 0);
	}
	sprintf(path + n, "/%.*s", (int)(PATH_MAX - 2 - n), part);
	require(strlen(path) == PATH_MAX - 1);
	opened(call(SYS_openat, AT_FDCWD, path, O_CREAT | O_WRONLY, 0600), path);
}

static void set_name(const char *name)
{
	require(prctl(PR_SET_NAME, name) == 0);
	opened(call(SYS_openat, AT_FDCWD, text("plain"), O_CREAT | O_WRONLY, 0600), in_folder("plain"));
}

static void names_of_threads(void)
{
	char was[16];

	require(prctl(PR_GET_NAME, was) == 0);
	set_name("a\nb\t\"\\'\033[31m");
	set_name("\xff\xfe\x80");
	set_name("] = 0 [pid 1 ");
	require(prctl(PR_SET_NAME, was) == 0);
}

static void arguments_child(void)
{
	const char *const argv[] = {
		"-\033[2Jname\n", "", "0", "a b", "\"quoted\" 'twice' \\", "\xc3\x28\xff", "\n\r\t\v\f\a\b\x7f", NULL,
	};
	struct being *b = becoming(helper(), argv);
	struct call *c = expect(TL_EVENT_EXEC, "exec");

	c->being = b;
	strcpy(c->comm, b->comm);
	is_object(c, b->executable, b->file);
	syscall(SYS_execve, helper(), argv, environ);
}

static void arguments(void)
{
	in_child(arguments_child);
}

static const struct test_case cases[] = {
	CASE(names_of_all_bytes), CASE(names_that_forge), CASE(longest_path), CASE(names_of_threads), CASE(arguments),
};

TEST_OF("odd-bytes", NULL, "openat", "exec")
