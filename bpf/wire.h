/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The record that goes through the ring, and the maps' values that both sides
 * read. Shared by bpf/ and lib/, and by nobody else. Everything is fixed-width
 * and padded by hand, so that clang for BPF and gcc for the host agree.
 */
#ifndef TRACELEFT_WIRE_H
#define TRACELEFT_WIRE_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/* Limits that both sides build on. */
#define TL_EVENTS_MAX 512 /* event ids: 0 is "none" */
#define TL_EVENT_WORDS (TL_EVENTS_MAX / 64)
#define TL_NR_MAX 1024 /* syscall numbers looked at, per ABI */
#define TL_TERM_WORDS_MAX 256 /* words in a set of target terms, at most */
#define TL_TERMS_MAX (TL_TERM_WORDS_MAX * 64)
#define TL_BASE_FILL_MAX 512 /* words, and terms that a task matches, on kernels without bpf_loop */
#define TL_ARGS 6
#define TL_COMM_LEN 16
#define TL_NAME_MAX 256 /* a path component with its NUL */
#define TL_PATH_MAX 4096 /* a path, as components with a NUL each */
#define TL_RECORD_MAX 49152 /* bytes of a record, but of an exec with many arguments */
#define TL_ARGV_MAX 131072 /* bytes of a program's arguments, a NUL after each */
#define TL_OVERRIDING_MAX 8 /* targets of one task that have handlers of their own */
#define TL_CALL_SLOTS 4 /* records under construction per CPU */

enum tl_abi {
	TL_ABI_X86_64 = 0,
	TL_ABI_I386 = 1,
	TL_ABI_X32 = 2,
	TL_ABI_MAX,
};

enum tl_record_kind {
	TL_RECORD_EVENT = 1, /* a syscall */
	TL_RECORD_EXEC = 2, /* a process has a new program */
	TL_RECORD_FORK = 3, /* a new process; the header is the parent's */
	TL_RECORD_EXIT = 4, /* a process ended */
	TL_RECORD_NETWORK = 5, /* of a socket; the header is of the process that owns it */
};

/* tl_record.flags */
#define TL_RECORD_TRUNCATED 0x0001 /* a section holds less than there was */
#define TL_RECORD_INCOMPLETE 0x0002 /* user memory could not be read */
#define TL_RECORD_THREAD 0x0004 /* FORK, EXIT: a thread, not a process */
#define TL_RECORD_IO_URING 0x0008 /* made by way of io_uring */
#define TL_RECORD_UNKNOWN_RESULT 0x0010 /* nobody will say how it ended; ret is 0 */
#define TL_RECORD_TALLIED 0x0020 /* more of its kind are counted, and that by its number: see struct tl_tally */
#define TL_RECORD_ODD 0x8000 /* made by a session of odd number, see enum tl_telling */

struct tl_record {
	__u32 size; /* of all: header and sections; a multiple of 8 */
	__u16 event; /* event id */
	__u8 kind; /* enum tl_record_kind */
	__u8 abi; /* enum tl_abi */
	__u16 flags; /* TL_RECORD_* */
	__u16 cpu;
	__u32 program_id; /* of the registration that asked for the event */
	__u64 seq; /* per cpu, from 1, without holes unless lost */
	__u64 time; /* CLOCK_BOOTTIME, ns */
	__u64 duration; /* ns from entry; 0 where only the exit is hooked */
	__u64 set; /* hash of the matching terms: key of map sets */
	__u64 start; /* the process's start, CLOCK_BOOTTIME, ns */
	__u64 cgroup; /* cgroup v2 id */
	__u32 pid; /* tgid in the initial pid namespace */
	__u32 tid;
	__u32 uid;
	__u32 gid;
	__u32 euid;
	__u32 egid;
	__u32 loginuid; /* (__u32)-1: unset */
	__u32 session; /* audit session, (__u32)-1: unset */
	char comm[TL_COMM_LEN];
	__s64 ret;
	__u64 args[TL_ARGS];
	__u32 nr; /* syscall number as the process gave it */
	__u32 handler; /* slot of the handler that filled the record */
};

_Static_assert(sizeof(struct tl_record) == 176, "wire: record header");

/* The reader's view of a CPU's numbering; map cpus is mapped into its memory. */
struct tl_cpu {
	__u64 seq; /* last number given */
	__u64 lost; /* numbers that did not get into the ring */
	__u64 pad[6]; /* its own cache line */
};

/* What follows the header: sections, each padded to 8 bytes. */
enum tl_section_type {
	TL_SECTION_ARG = 1, /* index: argument 1..6; captured user memory */
	TL_SECTION_PATH = 2, /* index: enum tl_path_index; components, leaf first */
	TL_SECTION_FILE = 3, /* index: enum tl_path_index; struct tl_file_facts */
	TL_SECTION_SOCKET = 4, /* struct tl_socket_facts */
	TL_SECTION_TASK = 5, /* struct tl_task_facts */
	TL_SECTION_ARGV = 6, /* NUL-terminated strings, one after the other */
	TL_SECTION_DNS = 12, /* a message to or from port 53 */
	TL_SECTION_TRAFFIC = 13, /* struct tl_traffic_facts */
	TL_SECTION_NAME = 8, /* index: enum tl_path_index; a kernel string. FILE: of a module */
	TL_SECTION_NAMESPACES = 9, /* struct tl_namespaces */
	TL_SECTION_IDENTITY = 10, /* index: 0 before the call, 1 after it; struct tl_identity_facts */
	TL_SECTION_OTHER = 11, /* struct tl_other_facts */
	TL_SECTION_PEER = 14, /* struct tl_other_facts: who is at the other end of a unix socket */
	TL_SECTION_ADDRESSES = 15, /* of messages that argument `index` has no room for */
};

enum tl_path_index {
	TL_PATH_FILE = 0, /* the object */
	TL_PATH_TARGET = 1, /* the other side of rename, link */
	TL_PATH_EXE = 2,
	TL_PATH_CWD = 3,
	TL_PATH_PARENT_EXE = 4,
	TL_PATH_BASE = 5, /* the directory that a relative name starts from */
	TL_PATH_BASE_TARGET = 6, /* same, for the second name */
	TL_PATH_SCRIPT = 7, /* exec: the file that was asked for */
	TL_PATH_OTHER_EXE = 8, /* program of the process that the call is about */
	TL_PATH_NEAR = 9, /* where a unix socket is bound; as a name: an abstract one */
	TL_PATH_FAR = 10, /* same, of the socket at its other end */
	TL_PATH_PEER_EXE = 11, /* program of the process there */
	TL_PATH_INDEXES,
};

/* tl_section.flags */
#define TL_SECTION_TRUNCATED 0x0001
#define TL_SECTION_FAULT 0x0002 /* memory could not be read */
#define TL_SECTION_DELETED 0x0004 /* path: the object has no name any more */
#define TL_SECTION_DETACHED 0x0008 /* path: ends at a mount outside the tree */
#define TL_SECTION_PSEUDO 0x0010 /* path: pipe, socket, anon inode */
#define TL_SECTION_COPIED 0x0020 /* argument: the kernel's own copy; its next section is the process's memory */

struct tl_section {
	__u8 type; /* enum tl_section_type */
	__u8 index;
	__u16 flags;
	__u32 size; /* of the data, without padding */
};

_Static_assert(sizeof(struct tl_section) == 8, "wire: section header");

/* What a section TL_SECTION_ARG of vectors holds, one after the other: this, and
 * `size` bytes of what is there, padded to 8 bytes. */
struct tl_vector {
	__u64 length; /* as the process gave it */
	__u32 size; /* bytes that follow */
	__u32 pad;
};

_Static_assert(sizeof(struct tl_vector) == 16, "wire: vector");

#define TL_VECTORS_MAX 8 /* of one argument */
#define TL_VECTOR_MAX 64 /* bytes of one */

/* What a section TL_SECTION_ARG of messages holds, one after the other: this, the
 * address padded to 8 bytes, and vectors as above. */
struct tl_message {
	__u64 name; /* pointers as the process gave them */
	__u64 control;
	__u64 control_size;
	__u64 vectors; /* how many it gave */
	__u64 length; /* bytes that went through; 0: none, the call failed */
	__u32 name_length; /* as given, or as the kernel wrote it */
	__u32 flags; /* msg_flags */
	__u32 name_size; /* bytes of the address that follow, without padding */
	__u32 control_taken; /* bytes of control data that follow these, without padding */
	__u32 vectors_size; /* bytes of vectors that follow these */
	__u32 pad;
};

_Static_assert(sizeof(struct tl_message) == 64, "wire: message");

#define TL_CONTROL_MAX 120 /* bytes of control data of one message */

#define TL_MESSAGES_MAX 8 /* of one argument */
#define TL_MESSAGE_VECTORS_MAX 4 /* of one of several */
#define TL_ADDRESS_MAX 128 /* sizeof(struct sockaddr_storage) */

/* A section TL_SECTION_ADDRESSES: of each message its 32-bit length and that many bytes,
 * padded to 4 bytes; 0: the message has none. */
#define TL_ADDRESSES_MAX 120 /* the verifier goes through the loop once for each: 1,024 took it 600,000 instructions */
#define TL_ADDRESSES_SIZE 16384 /* bytes, a power of two */
_Static_assert(TL_ADDRESSES_MAX * (sizeof(__u32) + TL_ADDRESS_MAX) <= TL_ADDRESSES_SIZE, "wire: addresses");

struct tl_file_facts {
	__u64 inode;
	__u32 major;
	__u32 minor;
	__u32 mode; /* st_mode */
	__u32 uid; /* owner */
	__u32 gid;
	__u32 nlink;
	__u64 magic; /* of the file system */
};

_Static_assert(sizeof(struct tl_file_facts) == 40, "wire: file facts");

struct tl_socket_facts {
	__u16 family; /* AF_* */
	__u16 type; /* SOCK_* */
	__u16 protocol; /* IPPROTO_* */
	__u16 state; /* TCP_* */
	__u16 local_port; /* host byte order */
	__u16 remote_port;
	__u32 netns; /* inode number of the namespace */
	__u8 local[16]; /* v4: first four bytes */
	__u8 remote[16];
};

_Static_assert(sizeof(struct tl_socket_facts) == 48, "wire: socket facts");

/* Of a thread that is in others than its process was when it was last told of. */
struct tl_namespaces {
	__u32 mntns; /* inode numbers */
	__u32 netns;
};

_Static_assert(sizeof(struct tl_namespaces) == 8, "wire: namespaces");
/* What a connection carried, and which end began it. */
struct tl_traffic_facts {
	__u64 sent; /* bytes of data, each counted once */
	__u64 received;
	__u32 incoming; /* 1: the other end began it */
	__u32 ended; /* 1: the bytes are all of them */
};

_Static_assert(sizeof(struct tl_traffic_facts) == 24, "wire: traffic facts");

/* What happens to sockets; the order of tl_config.network_events. */
enum tl_network_event {
	TL_NET_CONNECT,
	TL_NET_ACCEPT,
	TL_NET_CLOSE,
	TL_NET_LISTEN,
	TL_NET_BIND,
	TL_NET_EVENTS,
};

#define TL_SOCKETS_MAX 65536 /* connections whose owner is remembered */

struct tl_task_facts {
	__u32 pid; /* FORK: the child's */
	__u32 tid;
	__u32 ppid;
	__u32 inner_pid; /* in its own pid namespace */
	__u64 start; /* CLOCK_BOOTTIME ns */
	__u64 parent_start;
	__u64 cgroup;
	__u64 set; /* FORK: the child's */
	__u32 mntns;
	__u32 netns;
	__u32 pidns;
	__s32 exit_code; /* EXIT: as wait(2) gives it */
	__u64 utime; /* EXIT: ns */
	__u64 stime;
	char comm[TL_COMM_LEN];
	char parent_comm[TL_COMM_LEN];
	__u64 exe_inode;
	__u32 exe_major;
	__u32 exe_minor;
	__u32 argc; /* EXEC: as given to the kernel */
	__u32 session;
};

_Static_assert(sizeof(struct tl_task_facts) == 136, "wire: task facts");

/* As whom a task acts, and where. */
struct tl_identity_facts {
	__u32 uid, gid, euid, egid, suid, sgid, fsuid, fsgid;
	__u64 inheritable, permitted, effective, bounding, ambient; /* capabilities, a bit each */
	__u32 mntns, netns, utsns, ipcns, cgroupns, userns; /* inode numbers of namespaces; 0: unknown */
	__u32 child_pidns, child_timens; /* of children that it will have */
};

_Static_assert(sizeof(struct tl_identity_facts) == 104, "wire: identity");

/* The process that a call is about: that an argument means, or at a socket's other end. */
struct tl_other_facts {
	__u32 pid; /* in the initial pid namespace */
	__u32 tid; /* the thread that was meant */
	__u32 uid;
	__u32 gid;
	__u64 start; /* CLOCK_BOOTTIME ns; 0: the process is gone, and has no name any more */
	char comm[TL_COMM_LEN];
};

_Static_assert(sizeof(struct tl_other_facts) == 40, "wire: other facts");

/* Accounts of one event on one CPU; seen = filtered + aggregated + emitted + lost. */
struct tl_account {
	__u64 seen;
	__u64 filtered;
	__u64 aggregated;
	__u64 emitted;
	__u64 lost;
};

/* Bytes of a cgroup's path, with its end, that is kept for when the cgroup has gone. */
#define TL_CGROUP_NAME_MAX 512

/* Refusals that are no event of their own; each is a row of map refusals. */
enum tl_refusal {
	TL_REFUSED_TASK_STATE = 0, /* no memory for a task's state */
	TL_REFUSED_SET = 1, /* map sets is full */
	TL_REFUSED_SLOT = 2, /* no free record under construction */
	TL_REFUSED_HANDLER = 3, /* tail call to an empty slot */
	TL_REFUSED_STASH = 4, /* no memory for what the entry hook found */
	TL_REFUSED_CGROUP = 5, /* map cgroups is full */
	TL_REFUSED_PENDING = 6, /* kretprobe that never came */
	TL_REFUSED_OVERRIDE = 7, /* too many targets of one task have handlers of their own */
	TL_REFUSED_REQUEST = 8, /* no memory for a request of io_uring until it ends */
	TL_REFUSED_SOCKET = 9, /* map sockets is full: the connection's end will not be told */
	TL_REFUSED_OBJECT = 10, /* map objects is full: a program is not followed by its other names */
	TL_REFUSALS,
};

/* First keys of the map of programs; behind them come the handlers. */
enum tl_stage {
	TL_STAGE_COLLECT = 0, /* paths, sockets: what needs kernel types */
	TL_STAGE_REFRESH = 1, /* the task's targets have to be worked out again */
	TL_STAGE_SEND = 2,
	TL_STAGE_CALL = 3, /* a call that somebody wants */
	TL_STAGE_FINISH = 4, /* io_uring: a request that has ended */
	TL_STAGE_FILTER = 5, /* may somebody want this very event? */
	TL_STAGE_TALLIED = 6, /* a record of those that are counted is in the ring: those like it are, from now on */
	TL_STAGES = 7,
};

/* What the iterator over tasks says of each one that is followed, or that there was no memory for. */
struct tl_marked {
	__u32 pid, tid;
	__u64 start;
	__u64 set;
	__u32 changed; /* 1: by this round */
	__u32 refused; /* 1: it has no state; the reader counts it, or goes round again */
};

/* Where file.path comes from. */
enum tl_path_source {
	TL_FROM_NONE = 0,
	TL_FROM_RET = 1, /* descriptor returned */
	TL_FROM_FD = 2, /* descriptor in argument `fd` */
	TL_FROM_AT = 3, /* name in argument `name`, from descriptor `fd` */
	TL_FROM_NAME = 4, /* name in argument `name`, from the working directory */
	TL_FROM_CWD = 5, /* working directory after the call; the name in argument `name` if it failed */
};

/* tl_plan.flags */
#define TL_PLAN_ENTRY 0x01 /* the object is gone at exit: resolve at entry */
#define TL_PLAN_SOCKET 0x02 /* descriptor `fd` (or ret) is a socket */
#define TL_PLAN_IDENTITY 0x04 /* who the task is is told as it was before and after */
#define TL_PLAN_EXEC 0x08 /* success is reported by the exec hook */
#define TL_PLAN_TWICE 0x10 /* returns 0 in a child that did not make the call */
#define TL_PLAN_NO_RETURN 0x20 /* reported at entry, without a handler */
#define TL_PLAN_OTHER_FD 0x40 /* argument `other` is a descriptor */
#define TL_PLAN_MODULE 0x80 /* the kernel tells the name of the module that is loaded */

/* Where what a call sends or receives is, by argument 2. */
enum tl_payload {
	TL_PAYLOAD_NONE = 0,
	TL_PAYLOAD_BUFFER = 1, /* there; the other end's address in argument 5, if it is given */
	TL_PAYLOAD_MESSAGE = 2, /* in the first vector of a struct msghdr */
	TL_PAYLOAD_MESSAGES = 3, /* same, of an array of struct mmsghdr */
	TL_PAYLOAD_PLAIN = 4, /* there; the call may be about something else than a socket */
	TL_PAYLOAD_VECTORS = 5, /* same, behind vectors */
};

#define TL_DNS_SIZE_MAX 512 /* bytes of one */
#define TL_DNS_MESSAGES_MAX 2 /* of one call */

/* What the main program collects for an event before it calls the handler. */
struct tl_plan {
	__u8 from; /* enum tl_path_source */
	__u8 fd; /* argument 1..6 */
	__u8 name;
	__u8 flags;
	__u8 target_from; /* the second object */
	__u8 target_fd;
	__u8 target_name;
	__u8 other; /* argument that means another process; 0: none */
	__u8 payload; /* enum tl_payload */
	__u8 tally; /* TL_TALLY_*; 0: each event is told */
	__u16 filter; /* key of map filters; 0: none */
	__u16 late_filter; /* same, for when what is to be collected is there */
	__u16 last_filter; /* same, for when the handler has added the arguments */
};

_Static_assert(sizeof(struct tl_plan) == 16, "wire: plan");

/* tl_plan.tally */
#define TL_TALLY_EVENTS 0x01
#define TL_TALLY_OBJECTS 0x02 /* of each object apart, which is where its path comes from */
#define TL_TALLY_BYTES 0x04 /* the result is some */

/*
 * Events that agree in all of this are told once, and then counted. An object is known by
 * its name and those of all the folders above it, as they are in the kernel's memory: if
 * one of them is renamed, or used for another one, this is another key.
 */
#define TL_TALLY_DEPTH 24 /* names; what is deeper is not counted */
struct tl_tally_key {
	__u64 set; /* of the task: as in the record */
	__u64 start;
	__u64 cgroup;
	__u64 vfsmount; /* of the object: addresses, */
	__u64 inode;
	__u64 number; /* number of the inode, */
	__u64 names; /* a hash of its dentry and those above it */
	__u32 generation; /* of the inode */
	__u32 deleted;
	__u32 event;
	__s32 error; /* negative; 0: it succeeded */
	__u32 pid;
	__u32 exec; /* number of the exec since the process was born */
	__u32 uid, gid, euid, egid;
	__u32 loginuid, session;
};

struct tl_tally {
	__u64 events;
	__u64 bytes;
	__u64 last; /* CLOCK_BOOTTIME ns */
	__u64 seq; /* of the record that told of the first one */
	__u32 cpu; /* same */
	__u32 event;
};

/* The tally of the key that is all zeros is of no events: its `bytes` is 1 when another kind has found no room. */

_Static_assert(sizeof(struct tl_tally_key) == 104 && sizeof(struct tl_tally) == 40, "wire: tallies");

#define TL_TALLIES_MAX 8192 /* keys between two times that they are read */

/*
 * A filter: what an event has to be for somebody to want it. Tests, each of which
 * says which one to go on with, always one behind it, or what the answer is.
 */
#define TL_CHECKS_MAX 64 /* TL_FILTER_TESTS_MAX of the public header */
#define TL_CHECK_UNMET 254
#define TL_CHECK_MET 255

/* What a test looks at: the record's header, or what a section holds. Without the
 * section, or if that is not all of it, the answer is that the filter is met. */
enum tl_part {
	TL_PART_HEADER = 0,
	TL_PART_FILE = 1, /* facts of the object */
	TL_PART_PATH = 2, /* of the object */
	TL_PART_TARGET = 3, /* path of the other side of rename, link */
	TL_PART_ENDS = 4, /* struct tl_ends */
	TL_PART_SOCKET = 5, /* what that is made of: facts of the socket, */
	TL_PART_ADDRESS = 6, /* the argument with an address, */
	TL_PART_TRAFFIC = 7, /* what a connection carried */
	TL_PART_DNS = 8,
	TL_PART_OTHER = 15, /* what no test looks at */
	TL_PARTS = 16,
};

/* What an address is. */
enum tl_end_kind {
	TL_END_NONE = 0, /* not known, or of another family */
	TL_END_V4 = 4,
	TL_END_V6 = 6,
};

#define TL_END_NO_V4 (1ULL << 32)

struct tl_end {
	__u64 v4; /* as a number; TL_END_NO_V4: it is none */
	__u64 high, low; /* V6: halves of it; else all bits */
	__u32 kind; /* enum tl_end_kind */
	__u32 port;
	__u32 family;
	__u32 pad;
};

/* Who is at the ends of what an event is about, as the reader tells it. */
struct tl_ends {
	struct tl_end source, destination;
	__u32 family; /* of the addresses */
	__u32 type, protocol; /* of the socket */
	__u32 pad;
};

_Static_assert(sizeof(struct tl_ends) == 96, "wire: ends");

/* tl_filter.ends: of an event, where its ends stand in its record. */
#define TL_ENDS_ADDRESS 0x07 /* the argument with an address; 0: none */
#define TL_ENDS_MESSAGE 0x08 /* it is in the first message there */
#define TL_ENDS_INCOMING 0x10 /* the far end is the source */
#define TL_ENDS_BIND 0x20 /* the address is the near end's */
#define TL_ENDS_CONNECT 0x40 /* the address is the far end's only until the socket has one */
#define TL_ENDS_NETWORK 0x80 /* no system call */
#define TL_ENDS_WANTED 0x100 /* a test looks at them */
#define TL_ENDS_KEEP_DNS 0x200 /* what carries messages of the domain name system is wanted by the reader itself */

enum tl_check_kind {
	TL_CHECK_RANGE = 0, /* low <= number <= high */
	TL_CHECK_BITS = 1, /* all bits of low are in it */
	TL_CHECK_END = 2, /* the section's data ends with text number low */
	TL_CHECK_WHOLE = 3, /* it is that */
};

struct tl_check {
	__u16 offset; /* of 64 bits with the number in that part; a multiple of 4 */
	__u8 part; /* enum tl_part */
	__u8 left, right; /* shifts, one after the other, that leave the number alone */
	__u8 kind; /* enum tl_check_kind */
	__u8 is_signed; /* then the highest bit of low and high is turned over */
	__u8 if_true, if_false;
	__u8 pad[7];
	__u64 low, high;
};

_Static_assert(sizeof(struct tl_check) == 32, "wire: check");

#define TL_CHECK_TEXTS 16
#define TL_CHECK_TEXT_WORDS 8
#define TL_CHECK_TEXT_MAX (8 * TL_CHECK_TEXT_WORDS) /* TL_FILTER_TEXT_MAX of the public header */

struct tl_check_text {
	__u64 size; /* bytes */
	__u64 word[TL_CHECK_TEXT_WORDS], mask[TL_CHECK_TEXT_WORDS]; /* the bytes, and which of them count */
};

struct tl_filter {
	__u64 ends; /* TL_ENDS_* */
	struct tl_check checks[TL_CHECKS_MAX];
	struct tl_check_text texts[TL_CHECK_TEXTS];
};

/*
 * Conditions on what a task is besides program, cgroup and pid: who it is, where,
 * how it is called. The values of an attribute are numbers of 128 bits, names
 * those that their bytes make. They are divided into ranges, which follow one
 * another in map ranges; each goes on to where the next one of its attribute begins.
 */
#define TL_ATTRIBUTE_KINDS 8 /* enum tl_attribute of the public header */
#define TL_RANGES_MAX (1U << 17) /* of all attributes */
#define TL_RANGE_STEPS 18 /* to look for one */

struct tl_range {
	__u64 high, low; /* where it begins */
	__u32 terms; /* that it does not rule out: key of map terms */
	__u32 pad;
};

/* A set of target terms. In maps only the first words are there, as many as the
 * targets need. */
struct tl_terms {
	__u64 word[TL_TERM_WORDS_MAX];
};

/* What a term asks for; key: term. */
struct tl_term_wants {
	__u64 events[TL_EVENT_WORDS];
	__u32 override; /* 1: look in map overrides with this term */
	__u32 pad;
};

/* Key and value of map overrides. */
struct tl_override_key {
	__u32 term;
	__u32 event;
};

struct tl_override {
	__u32 slot; /* in the handler array */
	__u32 program_id;
};

/* A combination of terms that some task matches; key of map sets: its hash. */
struct tl_set {
	__u64 events[TL_EVENT_WORDS];
	__u16 overriding[TL_OVERRIDING_MAX]; /* 1 + each term that has overrides; 0: no more */
	__u32 n_overriding;
	__u32 ready; /* events and overriding are worked out */
	struct tl_terms terms;
};

/*
 * An automaton over the bytes of a path, made from all globs of the policy:
 * one row per state. Row 0 is dead: nothing can match any more.
 */
#define TL_DFA_CLASSES 128
struct tl_dfa_row {
	__u32 terms; /* what a path that ends here matches: key of map terms */
	__u32 pad;
	__u16 next[TL_DFA_CLASSES];
};

/* Paths without wildcards are looked up by two hashes of their bytes. */
struct tl_path_key {
	__u64 fnv; /* 64-bit FNV-1a */
	__u64 other; /* x = x * 0x9e3779b97f4a7c15 + byte + 1, from 0 */
};

/* A program as an object of its file system; key of map objects. */
struct tl_object_key {
	__u64 inode;
	__u32 device; /* as the kernel numbers them for itself */
	__u32 generation; /* another one where the inode's number is used again */
};

struct tl_object {
	__u32 terms; /* that its path does not rule out: key of map terms */
	__u32 any_generation; /* its own is not known, and 0 stands in the key */
};

_Static_assert(sizeof(struct tl_object_key) == 16, "wire: object");

/* A key of map terms whose set is of targets' units only. */
#define TL_BY_UNIT (1U << 31)

/* Calls that i386 has by another one, whose first argument says which one it is. */
enum tl_multiplexer {
	TL_BY_SOCKETCALL = 0,
	TL_BY_IPC = 1,
	TL_MULTIPLEXERS,
};

#define TL_NR_SOCKETCALL 102
#define TL_NR_IPC 117
#define TL_MULTIPLEXED_CALLS 32
#define TL_IPC_MSGRCV 12
#define TL_IPC_MSGRCV_OLD 31 /* no number of ipc(2): the same, of version 0 */

/* Where an argument of such a call is: in one of the other's, or in memory that it points to. */
#define TL_WORD_ARG 0x07 /* which one, from 1, of those after the first; 0: the call has none here */
#define TL_WORD_INDEX 0x38 /* word of that memory */
#define TL_WORD_IN_MEMORY 0x80
#define TL_WORD_SIGNED 0x40 /* of the fourth: a number that may be negative */
#define TL_WORD_RESULT 0x40 /* of the last one: no argument, but where a call that succeeds puts its result */

struct tl_multiplexed {
	__u16 event; /* 0: not wanted, or not known */
	__u8 from[TL_ARGS];
};

_Static_assert(sizeof(struct tl_multiplexed) == 8, "wire: multiplexed");

/*
 * Where an argument of a system call lies in a request of io_uring: the place in
 * the queue's entry, and how many bytes of it, with or without a sign.
 */
#define TL_SQE_SIZE 64
#define TL_SQE_WIDTHS 0xc0
#define TL_SQE_U64 0x00
#define TL_SQE_U32 0x40
#define TL_SQE_S32 0x80
#define TL_SQE_U16 0xc0

#define TL_OPCODES_MAX 128 /* those of the kernel, and behind them second choices */
#define TL_OPCODES_KERNEL_MAX 96

/* tl_opcode.flags */
#define TL_OPCODE_LATE 0x01 /* its memory is written by the kernel: the handler is called at the end */
#define TL_OPCODE_SLOT 0x02 /* it may return a place in the ring's own table of files */
#define TL_OPCODE_NUMBER 0x04 /* its object is that of an argument, not of the request's own file */
#define TL_OPCODE_MANY 0x08 /* it may end many times: not in the table, by the kernel's number */

#define TL_REQUEST_SIZE 128 /* of the beginning of the kernel's request, where what it has noted lies */
#define TL_REQUEST_COPIES 2 /* names of one request */
#define TL_REQUEST_TEXT 0x80

/* The system call that a request stands for. */
struct tl_opcode {
	__u16 event; /* 0: not wanted */
	__u16 nr;
	__u8 next; /* the one that it is if nobody wants this event; 0: none */
	__u8 flags;
	__u8 field[TL_ARGS]; /* 0: the call's argument has no counterpart */
	/* Where in its own request the kernel has noted what it has read, 32 bits; 0: nowhere. */
	__u8 own[TL_ARGS]; /* the argument, a descriptor */
	__u8 slot; /* TL_OPCODE_SLOT: more than 0 if it is so */
	__u8 slot_shift; /* of bits from this one on */
	/* Same, of pointers to names that the kernel has copied: */
	__u8 copy_of[TL_REQUEST_COPIES]; /* argument 1..6; 0: no more */
	__u8 copy_at[TL_REQUEST_COPIES]; /* and TL_REQUEST_TEXT if the name itself is there, no struct filename */
};

_Static_assert(sizeof(struct tl_opcode) == 24, "wire: opcode");

/*
 * A session may take over from another one, and both put their records into one ring. For
 * a while both have programs on the hooks; each event is to be told by one of them. The
 * gate, which both know, holds the number of the session whose turn it is. It may change
 * while what happens has come to the programs of one and not yet to those of the other:
 * so whoever comes first at a hook notes whose turn it was, and the second goes by that.
 * Between two steps of the following all programs that go by the earlier one have ended.
 */
enum tl_telling {
	TL_TELLS_ALL = 0, /* there is nobody else */
	TL_TELLS_NOTHING = 1, /* it follows tasks and waits */
	TL_TELLS_BY_GATE = 2, /* and the first leaves a note */
	TL_TELLS_IN_TURN = 3, /* and the second goes by the note, if there is one */
};

/* What notes are about. */
enum tl_turn {
	TL_TURN_CALL,
	TL_TURN_LAST_CALL, /* one that never returns, at its entry */
	TL_TURN_FORK,
	TL_TURN_EXEC,
	TL_TURN_EXIT,
	TL_TURN_CONNECTION,
	TL_TURN_NETWORK_CALL,
	TL_TURN_REQUEST, /* of io_uring */
	TL_TURN_NETWORK_REQUEST,
	TL_TURNS = 10,
};

/* A task's notes: what exactly it was (0: nothing), and the session's number in the low byte. */
struct tl_notes {
	__u64 note[TL_TURNS];
};

/* tl_config.i386_forms: what is narrower than in 64-bit programs; of arguments from 0 on. */
#define TL_I386_WIDENED 4 /* arguments that may be */
#define TL_I386_ID(arg) (1U << (arg)) /* a user or group of 16 bits */
#define TL_I386_SIGNED(arg) (0x10U << (arg)) /* a number that may be negative */
#define TL_I386_MEMORY 0x100U /* all five are in memory, where the first says */
#define TL_I386_MMAP 0x200U /* same, six: those of mmap */

/* Bits of tl_config.call_second: the other session's programs come before at that hook. */
#define TL_SECOND_AT_EXIT 0x01
#define TL_SECOND_AT_ENTRY 0x02

/* What user space may change while programs run. */
#define TL_DOORS 2 /* 0: tracepoints of all system calls; 1: hooks on one */
struct tl_config {
	__u16 event_of[TL_DOORS][TL_ABI_MAX][TL_NR_MAX]; /* by number; 0: not wanted */
	struct tl_multiplexed multiplexed[TL_DOORS][TL_MULTIPLEXERS][TL_MULTIPLEXED_CALLS];
	__u8 traced[TL_NR_MAX]; /* 1: the tracepoint's event_of has this number for some ABI */
	__u8 class_of[256]; /* byte -> class of the automaton */
	struct tl_plan plan[TL_EVENTS_MAX];
	__u32 exe_start; /* state of the automaton */
	__u32 cgroup_start;
	__u32 exe_none; /* terms of an executable that no glob names */
	__u32 cgroup_none; /* terms of a cgroup that no glob names */
	__u32 no_cgroups; /* terms without cgroups among their conditions */
	__u32 no_units; /* same for units */
	__u32 pid_none;
	__u32 executables; /* terms with executables among their conditions */
	__u32 by_object; /* 1: the targets have paths of programs without wildcards */
	__u32 descendants; /* terms that children inherit */
	__u32 nobody; /* terms of who is to be left alone, whatever it descends from */
	struct {
		__u32 first, n; /* rows of map ranges; none: no target asks for the attribute */
	} ranges[TL_ATTRIBUTE_KINDS];
	__u32 first_mntns; /* number of the machine's; in others a path says nothing of an object elsewhere */
	__u32 wake_bytes; /* wake the reader at this fill of the ring */
	__u32 exec_event; /* ids of the process events; 0: not wanted */
	__u32 fork_event;
	__u32 exit_event;
	struct tl_opcode opcodes[TL_OPCODES_MAX];
	__u32 request_creds; /* io_uring, bits of a request's flags: it has identities of its own */
	__u32 request_many; /* it may end many times; 0, of either: it is not known */
	__u32 network_events[TL_NET_EVENTS];
	__u32 telling; /* enum tl_telling */
	__u32 number; /* of the session, in a byte */
	__u16 record_flags; /* TL_RECORD_ODD or 0: on every record */
	__u16 second; /* bit per enum tl_turn: the other session's programs come before */
	__u8 call_second[TL_DOORS][TL_ABI_MAX][TL_NR_MAX]; /* TL_SECOND_*, of calls */
	__u16 i386_forms[TL_NR_MAX]; /* TL_I386_* */
};

#endif
