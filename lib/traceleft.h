/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libtraceleft: audit what processes do, with eBPF.
 *
 * A session loads handlers, follows targets and calls back with decoded
 * events. All functions return 0 or a positive value on success and a negative
 * errno on failure; what a `ret_` parameter points to is written on success
 * only. Nothing is logged: tl_session_error() gives the sentence that goes
 * with the last failure. A session is for one thread at a time.
 */
#ifndef TRACELEFT_H
#define TRACELEFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TL_VERSION "0.1.0"
#define TL_ARGS_MAX 6

struct tl_session;

/* ---- What an event is: from the table of events or from a handler's own description ---- */

/* How an argument's number is to be read; names as in policy/events.yaml. */
struct tl_arg_type {
	char name[32]; /* name of the argument in the man page */
	char type[32]; /* C type, "char *" for a string in user memory */
	char decoder[24]; /* name of the value decoder, "" for none: see lib/values.h */
	uint8_t position; /* 1..6 */
	uint8_t capture; /* enum tl_capture: what the handler reads from user memory */
	uint8_t hash; /* enum tl_hash_function */
	uint8_t length_arg; /* TL_CAPTURE_BUFFER: argument that holds the length in bytes; 0: the result */
	uint32_t size; /* bytes captured at most, or the size of the integer */
	uint8_t unit; /* TL_CAPTURE_BUFFER: bytes of what the length counts; 0: it counts bytes */
};

enum tl_capture {
	TL_CAPTURE_NONE = 0, /* a number: it is in args[] */
	TL_CAPTURE_STRING = 1, /* NUL-terminated string */
	TL_CAPTURE_BUFFER = 2, /* bytes, length in another argument or in the result */
	TL_CAPTURE_STRUCT = 3, /* `size` bytes */
	TL_CAPTURE_SOCKADDR = 4, /* length in `length_arg`, by value */
	TL_CAPTURE_SOCKADDR_POINTER = 5, /* length in `length_arg`, by pointer to socklen_t, after the call */
	TL_CAPTURE_ARGV = 6, /* NULL-terminated array of strings */
	TL_CAPTURE_IOVEC = 7, /* vectors, as many as `length_arg` says, as struct tl_vector of bpf/wire.h has them */
	/* A struct msghdr, or, as many as `length_arg` says, struct mmsghdr; as struct tl_message of bpf/wire.h has them. */
	TL_CAPTURE_MESSAGES_SENT = 8,
	TL_CAPTURE_MESSAGES_RECEIVED = 9, /* filled by the kernel, after the call */
	TL_CAPTURE_OUTPUT = 10, /* `size` bytes that the call writes; nothing if it fails */
	TL_CAPTURE_BITS = 11, /* a bit for each of as many numbers as `length_arg` says */
	TL_CAPTURE_COMMAND = 12, /* a number, or, where the call's command says so, what it points to */
	TL_CAPTURE_MASK = 13, /* address and size of a set of signals as 64-bit words, and the set, if it can be read */
	TL_CAPTURE_LETTER = 14, /* a long and a text, whose length is in another argument or in the result */
};

/* Whether the argument is a number, at least until something is captured. */
static inline bool tl_capture_is_number(unsigned capture)
{
	return capture == TL_CAPTURE_NONE || capture == TL_CAPTURE_COMMAND;
}

/* Whether it is a struct msghdr or several struct mmsghdr. */
static inline bool tl_capture_is_message(unsigned capture)
{
	return capture == TL_CAPTURE_MESSAGES_SENT || capture == TL_CAPTURE_MESSAGES_RECEIVED;
}

enum tl_hash_function {
	TL_HASH_VALUE = 0, /* the number, or the bytes captured */
	TL_HASH_STRING = 1, /* the characters up to the NUL */
	TL_HASH_SKIP = 2,
};

enum tl_event_class {
	TL_CLASS_SYSCALL = 0,
	TL_CLASS_PROCESS = 1, /* exec, fork, exit */
	TL_CLASS_NETWORK = 2,
	TL_CLASS_RECORD = 3, /* TraceLeft's own: lost, ledger, start, stop, reload, tamper, seal */
};

/* The requests of io_uring that stand for a system call. */
struct tl_request_type {
	uint8_t opcodes[4]; /* IORING_OP_*; 0: no more */
	uint8_t fields[TL_ARGS_MAX]; /* where its arguments lie: codes of lib/opcodes.h */
	uint8_t flags; /* TL_OPCODE_* of bpf/wire.h */
};

struct tl_event_type {
	char name[32];
	char groups[96]; /* space-separated, without '@' */
	char summary[120];
#ifdef __cplusplus
	uint8_t event_class; /* enum tl_event_class */
#else
	uint8_t class; /* enum tl_event_class */
#endif
	uint8_t n_args;
	uint8_t path_from; /* enum tl_path_source of bpf/wire.h */
	uint8_t path_fd;
	uint8_t path_name;
	uint8_t target_from;
	uint8_t target_fd;
	uint8_t target_name;
	uint32_t flags; /* TL_TYPE_* */
	int16_t number[4]; /* per ABI: x86-64, i386, x32, arm64; -1 where there is none */
	int16_t number2[4]; /* an older number of the same call (chown beside chown32); -1 where there is none */
	char spellings[96]; /* newer calls by which a C library does the same, names with spaces between */
	struct tl_arg_type args[TL_ARGS_MAX];
	struct tl_request_type request;
};

#define TL_TYPE_ENTRY 0x01 /* needs a hook at the call's entry */
#define TL_TYPE_SOCKET 0x02 /* about a socket */
#define TL_TYPE_RETURNS_FD 0x04 /* the result is a descriptor */
#define TL_TYPE_RETURNS_BYTES 0x08 /* the result is a count of bytes */
#define TL_TYPE_EXEC 0x10 /* a success is seen by the exec hook */
#define TL_TYPE_RETURNS_POINTER 0x20 /* the result is an address */
#define TL_TYPE_RETURNS_TWICE 0x40 /* also in a child, with 0: that is none of its calls */
#define TL_TYPE_NO_RETURN 0x80 /* never returns to where it was made: reported at its entry */
#define TL_TYPE_UNLISTED 0x100 /* all numbers that no other row has */
#define TL_TYPE_IDENTITY 0x200 /* changes who the process is, or where: tells both states */

/* All rows of the built-in table, n of them. Static storage. */
const struct tl_event_type *tl_event_types(size_t *ret_n);

/* Row by name, NULL if there is none. */
const struct tl_event_type *tl_event_type_find(const char *name);

/* What an event of the type is called in event.action: its name, without the
 * "net_" of those of sockets. Part of the type. */
const char *tl_event_type_action(const struct tl_event_type *type);

/* Whether `type` is in `group` ("file", or "all"). */
bool tl_event_type_in_group(const struct tl_event_type *type, const char *group);

/* Argument 1..6 that means another process, 0: none; *ret_is_fd: as a descriptor of it. */
uint8_t tl_event_type_other(const struct tl_event_type *type, bool *ret_is_fd);

/* Whether the kernel part can leave out events of the type, see tl_session_set_filter():
 * at any time, or _late: with TL_FILTER_WITH_OBJECT. */
bool tl_event_type_filterable(const struct tl_event_type *type);
bool tl_event_type_filterable_late(const struct tl_event_type *type);
/* Whether the kernel part can count events of the type; objects: of each object apart. */
bool tl_event_type_countable(const struct tl_event_type *type, bool objects);
/* Whether a test takes the text: of TL_FILTER_BELOW (a directory) or TL_FILTER_IS. */
bool tl_filter_takes_text(const char *text, size_t size, bool is_directory);

/* ---- Processes ---- */

struct tl_process {
	uint32_t pid;
	uint32_t inner_pid; /* in its own pid namespace */
	uint32_t ppid;
	uint64_t start; /* ns since boot: with pid the identity */
	uint64_t start_time; /* ns since the epoch, UTC */
	uint64_t parent_start; /* 0: unknown */
	char entity_id[64]; /* boot id-pid-start */
	const char *executable; /* path of the program file, "" if unknown */
	uint64_t executable_inode;
	uint32_t executable_major;
	uint32_t executable_minor;
	const char *args; /* n_args strings, a NUL after each */
	uint32_t args_size; /* bytes of them */
	uint32_t n_args;
	const char *working_directory; /* at exec */
	const char *cgroup; /* path of the cgroup, "" if unknown */
	const char *unit; /* systemd unit, "" if none */
	const char *container_id; /* "" if none */
	uint32_t mntns, netns, pidns; /* inode numbers */
	uint32_t flags; /* TL_PROCESS_* */
	char comm[16];
	const struct tl_process *parent; /* NULL: unknown; owned by the table, at most TL_ANCESTORS_MAX in a row are told */
	uint64_t generation; /* grows with each change */
};

#define TL_ANCESTORS_MAX 32 /* of a process: its parent, that one's parent and so on */

#define TL_PROCESS_UNKNOWN 0x01 /* nothing but the pid is known */
#define TL_PROCESS_ARGS_TRUNCATED 0x02
#define TL_PROCESS_DELETED 0x04 /* program file has no name any more */
#define TL_PROCESS_EXITED 0x08
#define TL_PROCESS_FROM_PROC 0x10 /* facts come from /proc, not from an event */

/* As whom a thread acts, and where. */
struct tl_identity {
	uint32_t uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	uint64_t inheritable, permitted, effective, bounding, ambient; /* capabilities, a bit each */
	uint32_t mntns, netns, utsns, ipcns, cgroupns, userns; /* inode numbers of namespaces; 0: unknown */
	uint32_t child_pidns, child_timens; /* of children that it will have */
};

/* ---- Events ---- */

struct tl_bytes {
	const char *data; /* not necessarily NUL-terminated */
	uint32_t size;
	uint32_t flags; /* TL_VALUE_* */
};

#define TL_VALUE_PRESENT 0x01 /* something was captured, or is known */
#define TL_VALUE_TRUNCATED 0x02
#define TL_VALUE_FAULT 0x04 /* could not be read: "incomplete" */
#define TL_VALUE_DELETED 0x08 /* path of an object without a name */
#define TL_VALUE_CLAIM 0x10 /* composed from what the process asked for */
#define TL_VALUE_DETACHED 0x20 /* path ends at a mount outside of the tree */

struct tl_file {
	struct tl_bytes path; /* NUL-terminated, absolute */
	bool has_facts; /* the numbers below are known */
	uint64_t inode;
	uint32_t major, minor;
	uint32_t mode;
	uint32_t uid, gid;
};

struct tl_endpoint {
	uint16_t family; /* AF_INET, AF_INET6, AF_UNIX, ...; 0: unknown */
	uint32_t port; /* host byte order */
	uint8_t address[16]; /* v4: first four bytes; AF_VSOCK: the context's number in host byte order */
	const char *domain; /* of the other end: the name under which an answer had it; NULL: not known */
	/* AF_UNIX: absolute, or, with a NUL in front, an abstract name. Of any family flags has TL_VALUE_CLAIM if
	 * the end is as the process gave it: then a path may be relative. */
	struct tl_bytes path;
};

/* A message of the domain name system: the first question, and of an answer the
 * addresses; all of it as whoever sent it says. */
#define TL_DNS_NAME_MAX 512 /* with the NUL; a dot inside of a label has a backslash */
#define TL_DNS_ADDRESSES_MAX 8
struct tl_dns {
	bool is_answer;
	uint8_t code; /* of an answer: 0, or why there is none */
	uint16_t type; /* of the question */
	uint16_t n_addresses;
	char name[TL_DNS_NAME_MAX];
	struct tl_endpoint addresses[TL_DNS_ADDRESSES_MAX]; /* family and address alone */
};

enum tl_event_kind {
	TL_EVENT_SYSCALL,
	TL_EVENT_EXEC,
	TL_EVENT_FORK,
	TL_EVENT_EXIT,
	TL_EVENT_NETWORK, /* of a socket; the process is the one that owns it */
	TL_EVENT_LOST,
	TL_EVENT_LEDGER,
	TL_EVENT_START,
	TL_EVENT_STOP,
	TL_EVENT_RELOAD,
	TL_EVENT_TAMPER,
	TL_EVENT_SEAL,
};

/* tl_event.flags */
#define TL_EVENT_TRUNCATED 0x01
#define TL_EVENT_INCOMPLETE 0x02
#define TL_EVENT_CLAIM 0x04 /* file.path is composed from a claim */
#define TL_EVENT_UNKNOWN_PROCESS 0x08
#define TL_EVENT_THREAD 0x10 /* fork, exit: of a thread */
#define TL_EVENT_IO_URING 0x40 /* the call was made by way of io_uring */
#define TL_EVENT_UNKNOWN_RESULT 0x80 /* the process asked not to be told of a success; ret is 0 */
#define TL_EVENT_COUNTED 0x100 /* more like it are counted: see tl_session_set_counted() */
#define TL_EVENT_AGAIN 0x200 /* it has been told, to a process before: what counts are about that are still to come */
#define TL_EVENT_RESULT 0x20 /* stands for several: of its type and times only is anything known */

/* One row of the ledger, stage by stage. In the kernel seen = filtered +
 * aggregated + emitted + lost; emitted = received + still in the ring; and
 * received = malformed + internal + reader_filtered + reader_aggregated +
 * reader_lost + delivered. */
struct tl_counters {
	uint64_t seen;
	uint64_t filtered;
	uint64_t aggregated;
	uint64_t emitted; /* into the ring */
	uint64_t lost; /* did not get into the ring */
	uint64_t received; /* by the reader */
	uint64_t malformed; /* records that the reader refused */
	uint64_t internal; /* for the process table alone: nobody asked for them */
	uint64_t reader_filtered, reader_aggregated, reader_lost; /* as the callback said, see enum tl_fate */
	uint64_t delivered;
};

/* The same in the words of the promise: seen = delivered + filtered +
 * aggregated + lost + under_way, and nothing is under way once all is read. */
struct tl_balance {
	uint64_t seen, delivered, filtered, aggregated, lost;
	int64_t under_way; /* between the kernel's counters and the reader's */
};

static inline struct tl_balance tl_balance_of(const struct tl_counters *c)
{
	struct tl_balance b;

	b.seen = c->seen;
	b.delivered = c->delivered;
	b.filtered = c->filtered + c->internal + c->reader_filtered;
	b.aggregated = c->aggregated + c->reader_aggregated;
	b.lost = c->lost + c->malformed + c->reader_lost;
	b.under_way = (int64_t)(b.seen - b.delivered - b.filtered - b.aggregated - b.lost);
	return b;
}

struct tl_lost {
	uint64_t count;
	uint64_t seq_first, seq_last; /* on cpu of the event */
	uint64_t time_first, time_last; /* ns UTC */
	const char *stage; /* "ring", "malformed", "journal", ... */
	const char *unit; /* what count counts; NULL: events */
};

/* Who asked for what a record is about, as much as is known: "" and UINT32_MAX where nothing is. */
struct tl_requester {
	uint32_t pid, uid;
	uint32_t loginuid; /* UINT32_MAX too: nobody logged in */
	char name[16];
	char unit[256]; /* of systemd */
	char executable[1024];
};

/* Somebody has meddled with TraceLeft. */
struct tl_tamper {
	const char *kind; /* "hook", "switch", "program", "map", "output", "policy", "stopped", "hung" or "ended" */
	const char *object; /* with what of that kind */
	const char *state; /* "found": it is so, "mended": no longer, or "over": it was so when it was noticed */
	uint64_t time_first, time_last; /* ns UTC: when all was well last, when that was noticed */
};

/* What a file held when it was sealed. */
#define TL_FILE_SEAL_HEX 64
struct tl_file_seal {
	const char *file; /* its path; NULL in the file itself */
	const char *kind; /* "begin", "resume", "interval", "rotate" or "close" */
	const char *format; /* "json" or "proto": as what the bytes were sealed */
	uint64_t number; /* in the chain, from 1 */
	uint64_t offset, bytes; /* of what is sealed, in the file */
	uint64_t time; /* ns UTC */
	char previous[TL_FILE_SEAL_HEX + 1]; /* the hash of the seal before it; zeros: there is none */
	char hash[TL_FILE_SEAL_HEX + 1];
};

struct tl_ledger_view; /* of the programs' own: rules and outputs */

/* Valid during the callback only; pointers belong to the session. */
struct tl_event {
	enum tl_event_kind kind;
	const struct tl_event_type *type; /* never NULL */
	uint64_t time; /* ns since the epoch, UTC */
	uint64_t duration; /* ns, 0: unknown */
	uint64_t seq; /* per cpu */
	uint32_t cpu;
	uint32_t program_id;
	uint32_t flags;
	uint32_t pid, tid;
	uint32_t uid, gid, euid, egid;
	uint32_t loginuid, audit_session; /* UINT32_MAX: unset */
	uint64_t cgroup_id;
	char comm[16];
	uint8_t abi; /* enum tl_abi of bpf/wire.h */
	uint32_t nr; /* system call number as given */
	int64_t ret;
	uint64_t args[TL_ARGS_MAX]; /* raw, in the order of the call */
	struct tl_bytes captured[TL_ARGS_MAX]; /* user memory, by position - 1 */
	struct tl_file file;
	struct tl_file target; /* rename, link: the new name */
	struct tl_endpoint source, destination;
	/* Of several messages at once, sendmmsg and recvmmsg, the far ends other than that of the first; each once. */
	const struct tl_endpoint *further;
	size_t n_further;
	bool further_are_sources; /* else they are destinations */
	uint16_t socket_type, socket_protocol; /* SOCK_*, IPPROTO_* */
	uint32_t socket_netns;
	bool has_socket;
	bool has_peer; /* who is at the other end of a unix socket is known, as of when that was connected: */
	uint32_t peer_pid, peer_uid, peer_gid; /* pid in the initial namespace; effective user and group */
	const struct tl_process *peer; /* NULL: it is gone */
	struct tl_bytes peer_executable; /* from the kernel; empty: see `peer` */
	const struct tl_dns *dns; /* what was sent to port 53, or came from it; NULL: nothing */
	bool has_bytes; /* what the connection carried is known: */
	uint64_t source_bytes, destination_bytes; /* that each end sent */
	const struct tl_process *process; /* never NULL */
	const struct tl_process *child; /* FORK: the new one */
	const struct tl_identity *before, *after; /* the call; NULL: it does not change them, or unknown */
	const struct tl_process *other; /* that the call is about; NULL: none */
	uint32_t other_tid, other_uid; /* the thread that was meant, the real user */
	struct tl_bytes module; /* init_module, finit_module: name of what was loaded, from the kernel */
	struct tl_bytes other_executable; /* from the kernel; empty: see `other` */
	int exit_code; /* EXIT: status as wait(2) gives it */
	uint64_t utime, stime; /* EXIT: ns */
	const uint64_t *targets; /* bit per target id, n_target_words words */
	uint32_t n_target_words;
	uint64_t hash; /* FNV-1a of the arguments, by their hash functions */
	const struct tl_lost *lost; /* LOST */
	const char *note; /* START, STOP, RELOAD: who and why; TAMPER: what it means */
	const struct tl_requester *requester; /* START, STOP, RELOAD, TAMPER: NULL: unknown */
	const struct tl_tamper *tamper; /* TAMPER */
	const struct tl_file_seal *seal; /* SEAL */
	struct tl_session *session; /* LEDGER: ask it */
	const struct tl_ledger_view *ledger; /* LEDGER: what the session does not know; may be NULL */
	/* What the encoders may reuse: the bytes of the record */
	const void *record;
	uint32_t record_size;
};

/* What a callback has done with an event, for the ledger. */
enum tl_fate {
	TL_FATE_DELIVERED = 0,
	TL_FATE_FILTERED = 1, /* nobody wanted it */
	TL_FATE_AGGREGATED = 2, /* it is in a count */
	TL_FATE_LOST = 3,
};

/* Returns an enum tl_fate (of a record of TraceLeft's own it means nothing), or
 * a negative errno to end tl_session_dispatch() with it: the event is lost. */
typedef int (*tl_event_callback)(const struct tl_event *event, void *userdata);

/* ---- Sessions ---- */

enum tl_attach {
	TL_ATTACH_AUTO = 0,
	TL_ATTACH_FEXIT = 1,
	TL_ATTACH_KPROBE = 2,
	TL_ATTACH_RAW_TP = 3,
	TL_ATTACH_TRACEPOINT = 4, /* process events: not a choice */
};

/* The kind of that name: "auto", "fexit", "kprobe" or "raw_tp"; -EINVAL: none of them. */
int tl_session_attach_find(const char *name, enum tl_attach *ret_attach);

struct tl_options {
	size_t buffer; /* ring, bytes; rounded up to a power of two of pages; 0: 16 MiB */
	enum tl_attach attach;
	const char *battery; /* folder of handlers; NULL: found beside the program */
	uint32_t processes_max; /* bound of the process table; 0: 65536 */
	uint64_t wake_ns; /* timer of the reader; 0: 100 ms */
	bool no_objects; /* system calls come without the files and sockets that they were about */
	bool durations; /* measure system calls: all if no_objects, else those on descriptors */
	/* Bounds of what the kernel part keeps at the same time; what does not fit is counted and declared: */
	uint32_t tasks_max; /* of the whole machine, kernels before 5.18 alone; 0: 65536 */
	uint32_t cgroups_max; /* that are a target's; 0: 65536 */
	uint32_t programs_max; /* put in the place of those that targets name; 0: 4096, the latest stay */
};

/* Properties of a task that a target may be chosen by. */
enum tl_attribute {
	TL_ATTRIBUTE_UID, /* real user id */
	TL_ATTRIBUTE_GID, /* real group id */
	TL_ATTRIBUTE_LOGINUID, /* 4294967295: none */
	TL_ATTRIBUTE_SESSION, /* of the login, 4294967295: none */
	TL_ATTRIBUTE_PIDNS, /* inode number of the namespace, as in /proc/PID/ns */
	TL_ATTRIBUTE_MNTNS,
	TL_ATTRIBUTE_COMM, /* name of the thread */
	TL_ATTRIBUTE_TTY, /* controlling terminal: its major number << 20 | its minor number; 0: none */
	TL_ATTRIBUTES,
};

/* A value from low to high, both included; of a COMM the name, at most 15 bytes,
 * or with '*' at its end what it begins with. Those of one attribute are
 * alternatives; negative ones leave out whom they match. */
struct tl_condition {
	uint8_t attribute; /* enum tl_attribute */
	bool negative;
	uint64_t low, high;
	char comm[17];
};

/* Who. A process matches when it matches every selector that is given, and a
 * selector when it matches one of its values. Strings are copied. */
struct tl_target_spec {
	const char *name;
	bool everything;
	bool descendants; /* children of what matches, too */
	const uint32_t *pids;
	size_t n_pids;
	const char *const *executables; /* absolute paths or globs: * ? [] ** */
	size_t n_executables;
	const char *const *cgroups; /* paths or globs below the cgroup root; what is below matches too */
	size_t n_cgroups;
	const char *const *units; /* systemd unit names or globs */
	size_t n_units;
	const char *const *not_executables; /* as executables: programs that are left out */
	size_t n_not_executables;
	const struct tl_condition *conditions;
	size_t n_conditions;
};

/* ---- Filters: which events of a kind are not wanted after all ---- */

/* What a test looks at. */
enum tl_filter_field {
	TL_FILTER_RET,
	TL_FILTER_ARG, /* argument `index`, 1 to TL_ARGS_MAX */
	TL_FILTER_PID,
	TL_FILTER_TID,
	TL_FILTER_UID,
	TL_FILTER_GID,
	TL_FILTER_EUID,
	TL_FILTER_EGID,
	TL_FILTER_LOGINUID,
	TL_FILTER_SESSION,
	TL_FILTER_PROGRAM_ID,
	TL_FILTER_CPU,
	/* Of the object, and not before it has been found out: */
	TL_FILTER_FILE_INODE,
	TL_FILTER_FILE_MODE,
	TL_FILTER_FILE_UID,
	TL_FILTER_FILE_GID,
	TL_FILTER_PATH,
	TL_FILTER_TARGET_PATH,
	/* Of a socket, likewise. KIND: 0: the address is not known, or no IP; 4, 6. V4: the address
	 * as a number; above 32 bits: it is none. HIGH, LOW: halves of a V6 address, all
	 * bits if it is none. An IPv4 address in IPv6 is an IPv4 address. */
	TL_FILTER_SOURCE_PORT,
	TL_FILTER_SOURCE_KIND,
	TL_FILTER_SOURCE_V4,
	TL_FILTER_SOURCE_HIGH,
	TL_FILTER_SOURCE_LOW,
	TL_FILTER_DESTINATION_PORT,
	TL_FILTER_DESTINATION_KIND,
	TL_FILTER_DESTINATION_V4,
	TL_FILTER_DESTINATION_HIGH,
	TL_FILTER_DESTINATION_LOW,
	TL_FILTER_FAMILY,
	TL_FILTER_SOCKET_TYPE,
	TL_FILTER_PROTOCOL,
	/* At any time: the thread's name, `width` bytes of it from byte 8 * index on, the first one the lowest. */
	TL_FILTER_COMM,
	TL_FILTER_FIELDS,
};

enum tl_filter_kind {
	TL_FILTER_RANGE, /* is it from low to high, both included? */
	TL_FILTER_BITS, /* has it all bits of low? */
	TL_FILTER_BELOW, /* does the path begin with the text, that of a directory with its slash? */
	TL_FILTER_IS, /* is the path the text? */
};

#define TL_FILTER_TEXTS_MAX 16 /* tests of texts in a filter */
#define TL_FILTER_TEXT_MAX 64 /* bytes of a text */

#define TL_FILTER_TESTS_MAX 64
#define TL_FILTER_UNMET 0xfffe
#define TL_FILTER_MET 0xffff

/* One test of a filter. The first one decides which comes next, and so on. */
struct tl_filter_test {
	uint8_t field; /* enum tl_filter_field */
	uint8_t index;
	uint8_t width; /* ARG: bytes of it that count, 1, 2, 4 or 8; COMM: 1 to 8; of other fields it is known */
	bool is_signed; /* ARG: so are these bytes, and low and high */
	uint8_t kind; /* enum tl_filter_kind */
	uint16_t if_true, if_false; /* index of the next test, larger than its own, or an answer: TL_FILTER_MET, _UNMET */
	uint64_t low, high;
	const char *text; /* absolute, each slash once; BELOW: with a slash at its end, IS: without; not kept */
	size_t text_size;
};

/* When a filter is looked at. */
enum tl_filter_time {
	TL_FILTER_AT_ONCE, /* before anything is found out for the event */
	TL_FILTER_WITH_OBJECT, /* behind that */
	TL_FILTER_TIMES,
};

#define TL_TARGET_DEFAULT UINT32_MAX

/* Why the last call failed, one sentence without a full stop. Never NULL. */
const char *tl_session_error(const struct tl_session *s);

/* options: NULL for the defaults. Errors: -EPERM without the privileges,
 * -EOPNOTSUPP without kernel BTF. */
int tl_session_new(const struct tl_options *options, struct tl_session **ret_session);
/* Stops if needed, frees, returns NULL. */
struct tl_session *tl_session_free(struct tl_session *s);

/* Follows `spec`; *ret_target is its id, from 0, the bit in tl_event.targets. Before start. */
int tl_session_add_target(struct tl_session *s, const struct tl_target_spec *spec, uint32_t *ret_target);

/* Wants event `what` (an event's name or the path of a handler object) of
 * `target`. The first handler that is given for an event and a target stays.
 * Before start. -ENOENT: no such event or file, -EBADMSG: not a handler. */
int tl_session_add_handler(struct tl_session *s, uint32_t target, const char *what, uint32_t program_id);

/* Events `event` of which the tests say "unmet" are left out in the kernel, and
 * counted as filtered. Others may come all the same: where the kernel part cannot
 * tell, or would miss what it needs to know for other events. Each time has its own
 * filter. Before start, once the event has a handler; the last filter counts.
 * -ENOENT: nobody asked for the event; -EINVAL: the tests are none. */
int tl_session_set_filter(struct tl_session *s, const char *event, enum tl_filter_time time,
			  const struct tl_filter_test *tests, size_t n);

/*
 * Events `event` need not come each: one that has TL_EVENT_COUNTED in its flags stands for
 * more like it, of which tl_session_collect() tells how many there were. They agree with
 * it in process and program (until it runs another), users, groups, login, cgroup, targets,
 * name, and success or error, and, if `objects`, in the object, its path, and whether that
 * still has a name; not in thread, time, result and arguments. Before start, once the
 * event has a handler. -ENOENT: nobody asked for the event; -EOPNOTSUPP: see
 * tl_event_type_countable().
 */
int tl_session_set_counted(struct tl_session *s, const char *event, bool objects);

/* Never follow this process: the caller itself is never followed. */
int tl_session_add_untracked(struct tl_session *s, uint32_t pid);

/* Never follow who runs one of these: an absolute path or a glob. Before start. */
int tl_session_add_untracked_executable(struct tl_session *s, const char *executable);

/* The callback for every event. Before start. */
void tl_session_set_callback(struct tl_session *s, tl_event_callback callback, void *userdata);

/* Loads, attaches, marks what already runs. When it returns, every event from
 * now on is accounted for. */
int tl_session_start(struct tl_session *s);

/*
 * Taking over from a session that runs, without a gap and without a double: `s` goes on
 * with its ring and its numbering, and each event is told by one of the two: until the
 * moment of the change by `old`, from then on by `s`. Before start, once both have been
 * made by tl_session_new(). Starting `s` may be done in another thread while `old` is
 * dispatched; it tells of nothing until tl_session_take_over(). The size of the ring
 * stays as it is. -EINVAL: `old` does not run.
 */
int tl_session_set_predecessor(struct tl_session *s, struct tl_session *old);

/* The change, once `s` is started. 1: it is under way: the predecessor is to be dispatched,
 * which calls back for what either tells of, and this to be called again, until 0: it is made.
 * Then the predecessor is stopped, its counters final, and is to be freed by the caller, in
 * another thread if that is to keep nobody waiting.
 * Errors are those of callbacks: the change is made all the same; or -EINVAL. If `s` is
 * freed in the middle of it the predecessor goes on. */
int tl_session_take_over(struct tl_session *s);

/*
 * Outliving the process. *ret_fd, which stays the session's, is a socket in which all lies
 * that the session has in the kernel: as long as any process has a copy of it the audit goes on
 * and events wait in the ring. Once it is started, and after each take-over again.
 * From then on what a call of tl_session_dispatch() called back for counts as dealt with when
 * the next one is made, or that of tl_session_take_over() or _stop(). tl_session_free() leaves
 * the session to whoever adopts it, unless it was stopped before.
 */
int tl_session_keep(struct tl_session *s, int *ret_fd);

/* What was called back for until now counts as dealt with already, rather than from the next of these calls on: by then
 * a process that has written it down may have been killed, and another one writes it down again. Of no effect unless
 * the session is kept. */
void tl_session_settle(struct tl_session *s);

/* Instead of tl_session_start(): `s` goes on with the session in that socket, which stays the
 * caller's, with its ring, its numbers and its counters, and is kept as that was. All has to be
 * as it was there: kernel part, handlers, targets, filters and options. Events that the process
 * before was called back for and had not dealt with come once more, with the same numbers.
 * 1: that process ended in the middle of tl_session_take_over(): what has happened since then
 * may be missing, uncounted. -ESTALE: it is another session, or several processes have ended
 * that went on with it and came no further, and it is untouched; -ENOMEM, -ENOBUFS, -EMFILE,
 * -ENFILE, -EAGAIN, -EINTR: another session may try again, in this process or the next;
 * others: it cannot be used. After an error `s` is to be freed. */
int tl_session_adopt(struct tl_session *s, int socket);

/* Memory of the caller's own that is kept with a session, TL_SESSION_NOTE_SIZE bytes, zeros at first and
 * aligned for anything: whoever adopts it finds there what was written last, however this process
 * ends. NULL: the session is not kept. */
#define TL_SESSION_NOTE_SIZE 4096
void *tl_session_note(struct tl_session *s);
/* A copy of it, from the socket of a session, which need not be one that can be adopted. */
int tl_session_read_note(int socket, void *ret);

/* Ends the session in that socket, which nobody reads. */
int tl_session_discard(int socket);

/* Descriptor for poll(2) (EPOLLIN); call dispatch at least every
 * tl_session_timeout_ms() even if it is silent. */
int tl_session_fd(const struct tl_session *s);
int tl_session_timeout_ms(const struct tl_session *s);

/* Calls back for what is in the ring, at most `max` records (0: all).
 * Returns how many, or the callback's error. */
int tl_session_dispatch(struct tl_session *s, size_t max);

/* Events that were counted since the last time. */
struct tl_count {
	const struct tl_event_type *type;
	uint32_t cpu; /* of the event that told what they are, */
	uint64_t seq; /* and its number */
	uint64_t events; /* how many more, at least 1 */
	uint64_t bytes; /* sum of results, if these are sizes */
	uint64_t last; /* when the last one was, ns UTC */
};

/* Returns what has become of the events, an enum tl_fate, or a negative errno: they are lost. */
typedef int (*tl_count_callback)(const struct tl_count *count, void *userdata);

/* Calls back for all counts, once the events that they are about have been dispatched. 1: that
 * is not so yet: they are final, the session is to be dispatched, and this to be called
 * again, until 0. The first of these calls waits until no program uses them any more, some
 * ten milliseconds. Not from within a callback. Also once the session is stopped: whoever
 * does not ask then never learns the last ones. Else the callback's first error: those
 * counts are lost, and declared. */
int tl_session_collect(struct tl_session *s, tl_count_callback callback, void *userdata);

/* Whether that is under way: it returned 1, or the session was adopted, and it should be called soon. */
bool tl_session_collects(const struct tl_session *s);

/* What is counted from now on is for whoever adopts the session (see tl_session_keep()): what
 * tl_session_collect() then collects is complete, and this process is to end. The other one is called
 * back again for some events, which have TL_EVENT_AGAIN, before any other and any count.
 * -EBUSY: tl_session_collect() has returned 1. */
int tl_session_leave_counts(struct tl_session *s);

/* What is wrong with what a session has in the kernel. */
enum tl_damage {
	TL_DAMAGE_HOOK, /* its program is off a function or tracepoint, or another program is in its place */
	TL_DAMAGE_PROGRAM, /* the program for an event, or for all calls, is gone, or another is in its place */
	TL_DAMAGE_MAP, /* somebody has written to a map that says what is to be audited, or to the ring's, or has made one read-only */
	TL_DAMAGE_SWITCH, /* the kernel runs no programs on some hooks, though they are there */
};
/* object: the function or tracepoint, the event, the map, the switch; valid during the callback only. */
typedef void (*tl_damage_callback)(enum tl_damage damage, const char *object, void *userdata);

/* Takes note of what the session has in the kernel, for the next function: once it is started,
 * and has taken over from whomever it was to. Of a session that was adopted, at the first time, it is what the
 * process before took note of, so that what happened since is told. -EINVAL: it does not run. */
int tl_session_guard(struct tl_session *s);

/* Calls back for all that is not as it was then. Maps that change by
 * themselves are looked at for whether they are read-only, and those of control groups and of combinations of targets
 * for what does not follow from the targets; a probe of perf (TL_ATTACH_KPROBE) only at whether it is there. Some
 * thousand short system calls at most. Finds nothing while another session takes over. */
void tl_session_check(struct tl_session *s, tl_damage_callback callback, void *userdata);

/* Ends the audit at once: reads the rest of the ring (callbacks run), declares what was lost.
 * The programs, which do nothing any more, are detached by tl_session_free(): that can take
 * a tenth of a second for each hooked function. */
int tl_session_stop(struct tl_session *s);

/* Follow process `pid` from now on as `target`, e.g. a child that waits to exec. After start. */
int tl_session_follow(struct tl_session *s, uint32_t target, uint32_t pid);

/* ---- What it does: ledger and plan ---- */

/* Whole balance; type NULL: sum of all events. */
int tl_session_counters(struct tl_session *s, const struct tl_event_type *type, struct tl_counters *ret);

/* Versions of cgroups that the machine has, and what that means for targets: one line, static. */
const char *tl_session_cgroups(const struct tl_session *s);

/* How event `type` is attached; NULL if it is not loaded: "fexit", "kprobe", "raw_tp", "tracepoint". */
const char *tl_session_attach_kind(const struct tl_session *s, const struct tl_event_type *type);

/* Loaded types, from 0; NULL after the last. */
const struct tl_event_type *tl_session_event_type(const struct tl_session *s, size_t i);

/* How often there was no room to find out whether a task or cgroup matches a
 * target: events that nobody has seen are missing if it is not 0. Each is
 * declared by a lost record, too, whose stage is the name of the refusal. */
uint64_t tl_session_unaudited(struct tl_session *s);

/* Number of live tasks that match a target; -1: unknown. */
int64_t tl_session_target_tasks(struct tl_session *s, uint32_t target);

/* What the kernel part refused besides events, by name; NULL after the last. */
const char *tl_session_refusal(struct tl_session *s, size_t i, uint64_t *ret_count);

/* ---- Handler files ---- */

/* Reads the description from a handler object. Errors: -ENOENT, -EBADMSG; ret_why (static or NULL) says what. */
int tl_handler_describe(const char *path, struct tl_event_type *ret_type, const char **ret_why);

#ifdef __cplusplus
}
#endif
#endif
