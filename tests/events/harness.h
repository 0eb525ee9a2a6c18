/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tests of events: a child makes real system calls while a session follows it,
 * and every field of every event is compared with what the child did.
 *
 * A test is a list of cases. Cases run in the child, one after the other. Each
 * call goes through call(), which keeps what was asked and what came of it;
 * what the event must say of objects is put into the struct call that it
 * returns. What is not said there must not be in the event. Events and calls
 * are compared when the child has ended; an event of no call is a failure, so
 * the child makes no call of the event under test but through call().
 */
#ifndef TRACELEFT_TEST_EVENTS_H
#define TRACELEFT_TEST_EVENTS_H

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/param.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "traceleft.h"

#define PROGRAM_ID 7
#define NOBODY 65534
#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
/* An address that no program can read. */
#define NOWHERE ((const char *)1)

/* A process at a time: a new one for each program that it runs. */
struct being {
	pid_t pid, ppid;
	uint64_t born_after, born_before; /* ns UTC */
	const char *executable;
	struct stat file; /* of the executable */
	const char *args; /* strings, a NUL after each */
	uint32_t args_size, n_args;
	const char *working_directory; /* when the program began */
	bool truncated; /* arguments: an event holds their beginning only */
	bool deleted; /* executable: it has no name any more */
	bool is_nowhere; /* executable: it never had one */
	const char *comm; /* that it begins with; NULL: not looked at */
	uint32_t inner_pid; /* in its own pid namespace; 0: pid */
	uint32_t mntns, netns, pidns; /* 0: those of the tester */
	const struct being *parent; /* NULL: not looked at */
};

struct bytes {
	const char *data;
	uint32_t size;
	uint32_t flags; /* TL_VALUE_*; 0: nothing */
};

/* What file.path is to say. Only `path`: that object, as a fact. Only `claim`:
 * what was asked for. Both: the fact where the kernel part can see it, else
 * the claim. None: nothing. */
struct object {
	const char *path;
	const char *claim;
	uint32_t flags; /* TL_VALUE_* of the path */
	bool has_facts;
	struct stat before, after; /* the facts, at the call's entry and exit */
};

/* The process that an argument of a call means. */
struct other {
	uint32_t pid, tid; /* pid 0: none */
	char executable[256]; /* "": it is not known */
};

/* A call and what its event must say. Strings belong to the run. */
struct call {
	int of; /* number of the case */
	const char *file;
	int line;
	enum tl_event_kind kind;
	const char *event;
	const struct tl_event_type *type; /* of a system call */
	const char *shown; /* the event as text, behind who made it; NULL: not looked at */
	bool matched;

	const struct being *being;
	pid_t pid, tid; /* tid 0: not looked at */
	uint32_t uid, gid, euid, egid;
	char comm[16]; /* "": not looked at */
	uint64_t before, after; /* ns UTC; after 0: it never returned */
	uint8_t abi;
	uint32_t nr;
	int64_t ret;
	uint64_t args[TL_ARGS_MAX];
	uint32_t unknown_args; /* bit per argument that is not looked at */
	bool is_of_other; /* made by a program that is not this one: ret is not looked at */
	struct bytes captured[TL_ARGS_MAX];
	uint32_t flags; /* TL_EVENT_TRUNCATED and _INCOMPLETE besides what captured says */

	struct object file_object, target_object;
	bool is_found; /* the kernel has come to the objects, although the call fails */
	bool has_socket;
	uint16_t socket_type, socket_protocol;
	struct tl_endpoint source, destination;
	const struct tl_endpoint *further; /* of several messages */
	size_t n_further;
	bool further_are_sources;
	struct other peer; /* of a unix socket */
	uint32_t peer_uid, peer_gid;
	bool has_bytes; /* net_close */
	uint64_t source_bytes, destination_bytes;
	const struct tl_dns *dns; /* question or answer */
	uint64_t lasted; /* network: at least that, ns */

	bool has_identities; /* the two: of calls that change them */
	struct tl_identity identity_before, identity_after;
	struct other other_before, other_after; /* the call */

	const struct being *child; /* fork */
	int exit_code; /* exit */
	uint64_t cpu_time; /* exit: it used at least that, ns */
};

struct test_case {
	const char *name;
	void (*body)(void);
};
#define CASE(function) {#function, function}

struct test {
	const char *event;
	const struct test_case *cases;
	size_t n_cases;
	void (*prepare)(void); /* before the child is made, in the folder; may be NULL */
	const char *const *events; /* that its cases are about, NULL after the last; NULL: `event` alone */
};

/* Everything; the exit status of main(). */
int run_test(const struct test *test);
/* The program has this test. One that has a single one runs it; `together` has them all, and runs those that
 * are named on its command line in one session. */
void test_enlist(const struct test *test);
#define ENLIST(...) \
	__attribute__((constructor)) static void enlist(void) \
	{ \
		static const struct test test = {__VA_ARGS__}; \
		test_enlist(&test); \
	}
#define TEST(name, prepare_function) ENLIST(name, cases, N_ELEMENTS(cases), prepare_function, NULL)
/* Cases about several events, whose names follow. */
#define TEST_OF(name, prepare_function, ...) \
	static const char *const events_of[] = {__VA_ARGS__, NULL}; \
	ENLIST(name, cases, N_ELEMENTS(cases), prepare_function, events_of)

/* ---- For prepare and cases ---- */

/* A string that stays, below 4 GiB, readable by child and tester. */
const char *text(const char *format, ...) __attribute__((format(printf, 1, 2)));
void *room(size_t n);
/* The working directory, and "FOLDER/name". */
const char *folder(void);
const char *in_folder(const char *name);
/* A new regular file, by mknod(2). With contents: in prepare only. */
const char *new_file(const char *name, mode_t mode);
void fill_file(const char *name, const char *contents);
/* Path of the program that the tests run: helper [FILE [STATUS]]. */
const char *helper(void);
/* A program that is the same but for its file; the bytes of a file into another one. */
const char *copy_of_helper(const char *name);
void copy_bytes(const char *from, int to);
struct stat stat_of(const char *path);
struct stat lstat_of(const char *path);
struct stat stat_of_fd(int fd);
uint64_t now(void); /* ns UTC */

/* system call `number`, raw */
#define call(number, ...) call_made(__FILE__, __LINE__, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call_made(const char *file, int line, long number, const long args[6]);
/* Same by the door of 32-bit programs, at most 5 arguments, with the i386 number. */
#define call32(number, ...) call32_made(__FILE__, __LINE__, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call32_made(const char *file, int line, long number, const long args[6]);
/* A call as the event that it is told as, by i386's socketcall(2) and its number there; its arguments lie
 * in memory. */
#define call_socket32(event, which, ...) \
	call_socket32_made(__FILE__, __LINE__, event, which, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call_socket32_made(const char *file, int line, const char *event, long which, const long args[6]);
/* Same by its ipc(2), whose arguments are `by`. */
#define ARGS32(...) ((const long[6]){LONGS(__VA_ARGS__)})
#define call_ipc32(event, args, by) call_ipc32_made(__FILE__, __LINE__, event, args, by)
struct call *call_ipc32_made(const char *file, int line, const char *event, const long args[6], const long by[6]);
bool has_call32(void);
/* What makes an event of another name, `c`, by the door of TL_TEST_DOOR; the kernel's result. */
#define through_door(c, number, ...) by_door(c, number, (const long[6]){LONGS(__VA_ARGS__)})
int64_t by_door(struct call *c, long number, const long args[6]);
/* In the case at hand TL_TEST_DOOR does not count: a request would wait. */
void by_system_call(void);
/* The door itself: nothing is noted. The kernel's result, negative for an error. */
int32_t int80(long number, const long args[6]);
/* Before 5.18 the kernel part climbs 32 steps at most. */
bool is_old_kernel(void);
/* Same with a number of x32, which the call gets with its bit 30. */
#define call_x32(number, ...) call_x32_made(__FILE__, __LINE__, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call_x32_made(const char *file, int line, long number, const long args[6]);
/* A call that does not return; in a child of its own, which it ends. */
void call_last_made(const char *file, int line, bool by_32, long number, const long args[6]);
/* One that makes a child, which ends at once with 0. */
struct call *call_fork_made(const char *file, int line, long number, const long args[6]);
/* A program: returns only if the call failed. `becomes`: what the process is if it succeeds;
 * then its executable is the call's object. */
#define call_exec(becomes, number, ...) \
	call_exec_made(__FILE__, __LINE__, becomes, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call_exec_made(const char *file, int line, const struct being *becomes, long number, const long args[6]);
#define call32_exec(becomes, number, ...) \
	call32_exec_made(__FILE__, __LINE__, becomes, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *call32_exec_made(const char *file, int line, const struct being *becomes, long number, const long args[6]);
/* An event that no call() makes, of this process. */
#define expect(kind, name) expect_made(__FILE__, __LINE__, kind, name)
struct call *expect_made(const char *file, int line, enum tl_event_kind kind, const char *event);
/* This process will run another program, and that is to be seen. */
#define runs(becomes) runs_made(__FILE__, __LINE__, becomes)
struct call *runs_made(const char *file, int line, const struct being *becomes);

/* The object behind a descriptor or a descriptor returned. */
void is_object(struct call *c, const char *path, struct stat facts);
void is_deleted(struct call *c, const char *path, struct stat facts);
/* The call named it; facts as they were before, NULL: it was not yet. */
void is_named(struct call *c, const char *claim, const char *path, const struct stat *before);
void is_asked(struct call *c, const char *claim); /* there is none */
void is_target(struct call *c, const char *claim, const char *path, const struct stat *before);

/* The object is the socket `fd`; its ends are those that it has now. */
void is_socket(struct call *c, int fd);
/* Of an event of a socket that has just come: the socket is `fd`, a connection that this
 * process began, or was asked for. It is as it is now. */
void is_connection(struct call *c, int fd, bool incoming);
/* As a socket address says it, a claim; of nothing if it is NULL. */
struct tl_endpoint endpoint(const void *address, size_t size);
struct tl_endpoint near_end(int fd);
struct tl_endpoint far_end(int fd);
/* A socket address in memory that stays. */
void *address4(uint16_t port);
void *address6(uint16_t port);
void *address_unix(const char *path, size_t *ret_size);
void *address_abstract(const char *name, size_t *ret_size);

/* A call of the program that was expected last, which this process or a child of it becomes; of its arguments
 * those are known whose bit is set. */
#define expect_call(becomes, known, number, ...) \
	expect_call_made(__FILE__, __LINE__, becomes, known, number, (const long[6]){LONGS(__VA_ARGS__)})
struct call *expect_call_made(const char *file, int line, const struct being *becomes, uint32_t known, long number,
			      const long args[6]);

/* This process, and one that runs another program with these arguments. */
const struct being *me(void);
/* comm is the last part of the executable's name until somebody says otherwise. */
struct being *becoming(const char *executable, const char *const *argv);
/* A child of this process that runs `body`, then exits with 0. */
pid_t spawn(void (*body)(void));
/* Around a fork by other means: the child's side calls born_here(). */
struct being *being_expected(void);
void born_here(struct being *b);
void was_born(struct being *b, pid_t pid);
const struct being *last_born(void);
/* Its wait status. */
int reap(pid_t pid);
/* Same in new namespaces (CLONE_NEW*), with CLONE_NEWPID as their process 1: `pid` of its being is the
 * one that we know it by, and is what is noted of its calls. */
void in_namespaces(int flags, void (*body)(void));
/* This process is in other namespaces than it was. */
void has_moved(void);
/* spawn and reap, and require a clean end. */
void in_child(void (*body)(void));
void become_nobody(void);

/* The case fails unless `condition`; goes on. */
#define require(condition) require_true(__FILE__, __LINE__, #condition, condition)
bool require_true(const char *file, int line, const char *what, bool condition);
/* The case cannot be tested here. */
void skip_case(const char *why);
/* From now on: the calls are of this case. For tests that make their cases themselves. */
void fail_case(int of, const char *file, int line, const char *format, ...) __attribute__((format(printf, 4, 5)));

#define LONGS_0()
#define LONGS_1(a) (long)(a)
#define LONGS_2(a, ...) (long)(a), LONGS_1(__VA_ARGS__)
#define LONGS_3(a, ...) (long)(a), LONGS_2(__VA_ARGS__)
#define LONGS_4(a, ...) (long)(a), LONGS_3(__VA_ARGS__)
#define LONGS_5(a, ...) (long)(a), LONGS_4(__VA_ARGS__)
#define LONGS_6(a, ...) (long)(a), LONGS_5(__VA_ARGS__)
#define LONGS_PICK(_0, _1, _2, _3, _4, _5, _6, name, ...) name
#define LONGS(...) \
	LONGS_PICK(_, ##__VA_ARGS__, LONGS_6, LONGS_5, LONGS_4, LONGS_3, LONGS_2, LONGS_1, LONGS_0)(__VA_ARGS__)

#endif
