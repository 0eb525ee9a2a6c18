/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "describe.h"
#include "opcodes.h"
#include "wire.h"

#define HEADER "traceleft-handler 1"

const char *const tl_class_names[] = { "syscall", "process", "network", "record", NULL };
const char *const tl_capture_names[] = { "none", "string", "buffer", "struct", "sockaddr", "sockaddr_pointer",
					 "argv", "iovec", "messages_sent", "messages_received", "output", "bits", "command", "mask",
					 "letter", NULL };
const char *const tl_hash_names[] = { "value", "string", "skip", NULL };
const char *const tl_flag_names[] = { "entry",		 "socket",	  "returns_fd", "returns_bytes", "exec",
				      "returns_pointer", "returns_twice", "no_return",	"unlisted",	 "identity", NULL };
const char *const tl_abi_names[] = { "x86_64", "i386", "x32", "arm64", NULL };
/* clang-format off */
const char *const tl_decoder_names[] = {
	"access_mode", "address_family", "arch_prctl_code", "area_command", "argv", "at_flags",
	"bpf_attach", "bpf_cmd", "bpf_element", "bpf_map_create", "bpf_map_type", "bpf_object",
	"bpf_prog_load", "bpf_prog_type", "bytes", "call_accept", "call_accept4", "call_address",
	"call_getsockopt", "call_message", "call_messages", "call_number", "call_pair",
	"call_recvfrom", "call_send", "call_sendto", "call_setsockopt", "call_socket",
	"cap_ambient", "cap_header", "capabilities", "capability", "clock_id", "cloexec_flags",
	"clone3_flags", "clone_args", "clone_flags", "close_range_flags", "cpu_set", "decimal",
	"delete_module_flags", "device", "dirfd", "dumpable", "epoll_create_flags", "epoll_ctl_op",
	"epoll_event", "epoll_event_list", "epoll_events", "errno", "errno_pointer",
	"eventfd_flags", "execveat_flags", "faccessat_flags", "fadvise_advice", "fallocate_flags",
	"fanotify_flags", "fanotify_mark_flags", "fanotify_mask", "fcntl_cmd", "fd", "fd_flags",
	"fd_pair", "fd_set", "file_clone_range", "file_handle", "file_mode", "flock", "flock64",
	"flock64_found", "flock_found", "flock_op", "fsconfig_cmd", "fsmount_flags",
	"fsopen_flags", "fspick_flags", "futex2_flags", "futex_bits", "futex_op", "futex_waiters",
	"gid", "group_member", "handle_flags", "hex", "ids", "ifreq_address", "ifreq_flags",
	"ifreq_hwaddr", "ifreq_index", "ifreq_mtu", "ifreq_name", "ifreq_newname", "ifreq_tunnel",
	"inode_flags", "inotify_flags", "inotify_mask", "int_pointer", "ioctl_request",
	"ioprio_which", "iovec", "ip_option", "ipc_call", "ipc_cmd", "ipc_flags", "ipc_key",
	"ipv6_option", "itimer_which", "itimerspec", "itimerspec64", "itimerval", "kcmp_type",
	"kexec_file_flags", "kexec_flags", "key_move_flags", "key_request_keyring",
	"key_rights", "key_serial", "keyctl_cmd", "landlock_create",
	"landlock_path", "landlock_port", "landlock_restrict", "landlock_rule", "landlock_rules",
	"letter", "linger", "lock_type", "lsm_attr", "madvise_advice", "mbind_flags",
	"membarrier_cmd", "memfd_flags", "memory_field", "mempolicy_flags", "mempolicy_mode",
	"message", "messages", "mlock_flags", "mlockall_flags", "mmap_flags", "mode",
	"module_flags", "mount_attr", "mount_attributes", "mount_flags", "mount_request",
	"move_mount_flags", "mq_attr", "mremap_flags", "msg_cmd", "msg_flags", "msg_rcv_flags",
	"msg_set", "msqid_ds", "msync_flags", "namespace_flags", "netlink_option",
	"netlink_protocol", "notify_flags", "offset64_pointer", "offset_pointer", "old_sigaction",
	"old_sigset", "old_sigset_word", "open_flags", "open_how", "open_tree_flags",
	"option_value", "owner_ex", "packet_option", "packet_protocol", "path", "peer_credentials", "perf_attr", "perf_flags",
	"personality", "pid", "pidfd_flags", "pidfd_signal_flags", "pipe_flags", "pkey_rights",
	"pointer", "poll_events", "pollfds", "prctl_option", "priority_which", "prot", "protocol",
	"ptrace_options", "ptrace_request", "ptracer", "quota_cmd", "random_flags", "reboot_cmd",
	"reboot_magic", "rename_flags", "resolve_flags", "rlimit", "rlimit64", "rlimit_resource",
	"rseq_flags", "rusage", "rusage_who", "rwf_flags", "sched_attr", "sched_policy", "seals",
	"seccomp_action", "seccomp_flags", "seccomp_mode", "seccomp_op", "secure_bits", "seek_whence", "sem_cmd",
	"sem_set", "sembufs", "semid_ds", "shadow_stack_flags", "shm_cmd", "shm_set",
	"shmat_flags", "shmid_ds", "shutdown_how", "sigaction", "sigevent", "siginfo", "sigmask",
	"sigmask_how", "signal", "signal_pointer", "signalfd_flags", "sigset", "sockaddr",
	"socket_filter", "socket_flags", "socket_type", "socketcall", "sockopt_level",
	"sockopt_name", "speculation", "speculation_state", "splice_flags", "stack", "stat", "stat64", "statfs", "statfs64", "statx",
	"statx_flags", "statx_mask", "string", "swap_flags", "sync_range_flags", "sysinfo",
	"syslog_action", "tcp_option", "termios", "timer_flags", "timerfd_flags",
	"timerfd_set_flags", "timespec", "timespec64", "timespec64_pair", "timespec_pair",
	"timeval", "timeval64", "timeval_pair", "timex", "timex64", "tms", "udp_option", "uid",
	"umask", "umount_flags", "unlink_flags", "unsigned", "uring_enter_flags", "uring_params",
	"uring_register_op", "userfaultfd_flags", "utimbuf", "utsname", "vectors", "wait_options",
	"wait_status", "waitid_type", "winsize", "word_pointer", "write_hint", "xattr_args",
	"xattr_flags", NULL,
};
/* clang-format on */

uint8_t tl_event_type_other(const struct tl_event_type *type, bool *ret_is_fd)
{
	for (size_t i = 0; i < type->n_args; i++) {
		const struct tl_arg_type *arg = &type->args[i];

		*ret_is_fd = strcmp(arg->name, "pidfd") == 0;
		if (*ret_is_fd || strcmp(arg->decoder, "pid") == 0)
			return arg->position;
	}
	return 0;
}

int tl_name_find(const char *const *names, const char *name, size_t size)
{
	for (int i = 0; names[i]; i++)
		if (strlen(names[i]) == size && !memcmp(names[i], name, size))
			return i;
	return -ENOENT;
}

static bool is_lower(char c)
{
	return (c >= 'a' && c <= 'z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool tl_name_valid(const char *name, size_t size)
{
	if (!size || size >= sizeof(((struct tl_event_type *)0)->name) || !is_lower(name[0]))
		return false;
	for (size_t i = 1; i < size; i++)
		if (!is_lower(name[i]) && !is_digit(name[i]))
			return false;
	return true;
}

bool tl_type_name_valid(const char *type, size_t size)
{
	if (!size || size >= sizeof(((struct tl_arg_type *)0)->type) || type[0] == ' ' || type[size - 1] == ' ')
		return false;
	for (size_t i = 0; i < size; i++)
		if (!is_lower(type[i]) && !is_digit(type[i]) && !(type[i] >= 'A' && type[i] <= 'Z') && type[i] != ' ' &&
		    type[i] != '*')
			return false;
	return true;
}

bool tl_summary_valid(const char *text, size_t size)
{
	if (size >= sizeof(((struct tl_event_type *)0)->summary))
		return false;
	for (size_t i = 0; i < size; i++)
		if (text[i] < ' ' || text[i] > '~')
			return false;
	return true;
}

/* ---- Writing ---- */

struct writer {
	char *buf;
	size_t size, used;
	bool full;
};

static void put(struct writer *w, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct writer *w, const char *format, ...)
{
	size_t left = w->size - w->used;
	va_list ap;
	int n;

	if (w->full)
		return;
	va_start(ap, format);
	n = vsnprintf(w->buf + w->used, left, format, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		w->full = true;
	else
		w->used += n;
}

static void put_line(struct writer *w, const char *key, const char *value)
{
	if (value[0])
		put(w, "%s %s\n", key, value);
}

static void put_number(struct writer *w, int16_t number, int16_t number2)
{
	if (number < 0)
		put(w, " -");
	else if (number2 < 0)
		put(w, " %d", number);
	else
		put(w, " %d,%d", number, number2);
}

static void put_path(struct writer *w, const char *key, uint8_t from, uint8_t fd, uint8_t name)
{
	switch (from) {
	case TL_FROM_RET:
		put(w, fd || name ? "%s ret:%u,%u\n" : "%s ret\n", key, fd, name);
		break;
	case TL_FROM_FD:
		put(w, "%s fd:%u\n", key, fd);
		break;
	case TL_FROM_AT:
		put(w, "%s at:%u,%u\n", key, fd, name);
		break;
	case TL_FROM_NAME:
		put(w, "%s name:%u\n", key, name);
		break;
	case TL_FROM_CWD:
		put(w, "%s cwd:%u\n", key, name);
		break;
	}
}

/* Words between commas, by their codes. */
static void put_words(struct writer *w, const uint8_t *codes, size_t n, const char *(*word)(uint8_t code))
{
	for (size_t i = 0; i < n; i++)
		put(w, "%c%s", i ? ',' : ' ', word(codes[i]));
}

static const char *opcode_name(uint8_t opcode)
{
	return tl_opcode_names[opcode];
}

static void put_request(struct writer *w, const struct tl_request_type *request)
{
	size_t n = 0, n_fields = TL_ARGS_MAX;
	char separator = ' ';

	if (!request->opcodes[0])
		return;
	while (n < sizeof(request->opcodes) && request->opcodes[n])
		n++;
	while (n_fields > 1 && !request->fields[n_fields - 1])
		n_fields--;
	put(w, "io_uring");
	put_words(w, request->opcodes, n, opcode_name);
	put_words(w, request->fields, n_fields, tl_sqe_field_name);
	for (unsigned i = 0; tl_request_flag_names[i]; i++)
		if (request->flags & (1U << i)) {
			put(w, "%c%s", separator, tl_request_flag_names[i]);
			separator = ',';
		}
	put(w, "\n");
}

int tl_describe_write(const struct tl_event_type *t, char *buf, size_t size)
{
	struct writer w = { .buf = buf, .size = size };

	put(&w, HEADER "\nevent %s\nclass %s\n", t->name, tl_class_names[t->class]);
	put_line(&w, "groups", t->groups);
	put_line(&w, "summary", t->summary);
	if (t->class == TL_CLASS_SYSCALL) {
		put(&w, "numbers");
		for (unsigned i = 0; i < TL_ABIS; i++)
			put_number(&w, t->number[i], t->number2[i]);
		put(&w, "\n");
	}
	if (t->flags) {
		put(&w, "flags");
		for (unsigned i = 0; tl_flag_names[i]; i++)
			if (t->flags & (1U << i))
				put(&w, " %s", tl_flag_names[i]);
		put(&w, "\n");
	}
	put_path(&w, "path", t->path_from, t->path_fd, t->path_name);
	put_path(&w, "target", t->target_from, t->target_fd, t->target_name);
	put_line(&w, "spellings", t->spellings);
	put_request(&w, &t->request);
	for (unsigned i = 0; i < t->n_args && i < TL_ARGS_MAX; i++) {
		const struct tl_arg_type *arg = &t->args[i];

		put(&w, "arg %u %s capture=%s size=%u length=%u ", arg->position, arg->name,
		    tl_capture_names[arg->capture], arg->size, arg->length_arg);
		if (arg->unit)
			put(&w, "unit=%u ", arg->unit);
		put(&w, "hash=%s decoder=%s type=%s\n", tl_hash_names[arg->hash], arg->decoder, arg->type);
	}
	return w.full ? -ENOBUFS : (int)w.used;
}

/* ---- Reading ---- */

/* A piece of the text; never empty unless it says so. */
struct piece {
	const char *at;
	size_t size;
};

/* Cuts off what is before the next `separator`, or all. False: nothing left. */
static bool take(struct piece *from, char separator, struct piece *ret)
{
	const char *end;

	if (!from->size)
		return false;
	end = memchr(from->at, separator, from->size);
	ret->at = from->at;
	ret->size = end ? (size_t)(end - from->at) : from->size;
	from->at += ret->size + !!end;
	from->size -= ret->size + !!end;
	return true;
}

static bool is(struct piece p, const char *text)
{
	return p.size == strlen(text) && !memcmp(p.at, text, p.size);
}

/* Copies into a field that was zero; the caller has checked the size. */
static void copy(char *to, struct piece p)
{
	memcpy(to, p.at, p.size);
}

/* Decimal, without sign or leading zeros. */
static bool to_number(struct piece p, uint32_t max, uint32_t *ret)
{
	uint64_t n = 0;

	if (!p.size || p.size > 9 || (p.size > 1 && p.at[0] == '0'))
		return false;
	for (size_t i = 0; i < p.size; i++) {
		if (!is_digit(p.at[i]))
			return false;
		n = n * 10 + (p.at[i] - '0');
	}
	if (n > max)
		return false;
	*ret = n;
	return true;
}

/* Names with one space between. */
static bool valid_names(struct piece p, size_t max)
{
	struct piece name;

	if (!p.size || p.size >= max || p.at[p.size - 1] == ' ')
		return false;
	while (take(&p, ' ', &name))
		if (!tl_name_valid(name.at, name.size))
			return false;
	return true;
}

static const char *read_event(struct tl_event_type *t, struct piece value)
{
	if (!tl_name_valid(value.at, value.size))
		return "the name of the event is not well-formed";
	copy(t->name, value);
	return NULL;
}

static const char *read_class(struct tl_event_type *t, struct piece value)
{
	int class = tl_name_find(tl_class_names, value.at, value.size);

	if (class < 0)
		return "unknown class";
	t->class = class;
	return NULL;
}

static const char *read_groups(struct tl_event_type *t, struct piece value)
{
	if (!valid_names(value, sizeof(t->groups)))
		return "the groups are not well-formed";
	copy(t->groups, value);
	return NULL;
}

static const char *read_summary(struct tl_event_type *t, struct piece value)
{
	if (!tl_summary_valid(value.at, value.size))
		return "the summary is not well-formed";
	copy(t->summary, value);
	return NULL;
}

static const char *read_spellings(struct tl_event_type *t, struct piece value)
{
	if (!valid_names(value, sizeof(t->spellings)))
		return "the spellings are not well-formed";
	copy(t->spellings, value);
	return NULL;
}

/* The next word between commas, by its place in a list; *ret < 0: it is not there. False: none left. */
static bool take_word(struct piece *from, const char *const *names, int *ret)
{
	struct piece word;

	if (!take(from, ',', &word))
		return false;
	*ret = tl_name_find(names, word.at, word.size);
	return true;
}

static const char *read_request(struct tl_event_type *t, struct piece value)
{
	static const char why[] = "the requests are not well-formed";
	struct piece opcodes, fields, flags;
	int found;

	if (!take(&value, ' ', &opcodes) || !take(&value, ' ', &fields))
		return why;
	for (size_t i = 0; take_word(&opcodes, tl_opcode_names, &found); i++) {
		if (found < 1 || i == sizeof(t->request.opcodes))
			return why;
		t->request.opcodes[i] = found;
	}
	for (size_t i = 0; take_word(&fields, tl_sqe_field_names, &found); i++) {
		if (found < 0 || i == TL_ARGS_MAX)
			return why;
		t->request.fields[i] = tl_sqe_field_codes[found];
	}
	if (!take(&value, ' ', &flags))
		return NULL;
	while (take_word(&flags, tl_request_flag_names, &found)) {
		if (found < 0)
			return why;
		t->request.flags |= 1U << found;
	}
	return value.size ? why : NULL;
}

static const char *read_numbers(struct tl_event_type *t, struct piece value)
{
	static const char why[] = "the numbers are not well-formed";
	struct piece abi, part;
	uint32_t number;

	for (unsigned i = 0; i < TL_ABIS; i++) {
		if (!take(&value, ' ', &abi) || !take(&abi, ',', &part))
			return why;
		if (is(part, "-") && !abi.size)
			continue;
		if (!to_number(part, TL_NR_MAX - 1, &number))
			return why;
		t->number[i] = number;
		if (!abi.size)
			continue;
		if (!to_number(abi, TL_NR_MAX - 1, &number))
			return why;
		t->number2[i] = number;
	}
	return value.size ? why : NULL;
}

static const char *read_flags(struct tl_event_type *t, struct piece value)
{
	struct piece flag;

	while (take(&value, ' ', &flag)) {
		int bit = tl_name_find(tl_flag_names, flag.at, flag.size);

		if (bit < 0 || (t->flags & (1U << bit)))
			return "unknown or repeated flag";
		t->flags |= 1U << bit;
	}
	return NULL;
}

static const char *read_source(struct piece value, uint8_t *ret_from, uint8_t *ret_fd, uint8_t *ret_name)
{
	static const char why[] = "the path or target is not well-formed";
	struct piece kind, part;
	uint32_t fd = 0, name = 0;

	if (!take(&value, ':', &kind))
		return why;
	if (is(kind, "ret")) {
		*ret_from = TL_FROM_RET;
		if (!value.size)
			return NULL;
		if (!take(&value, ',', &part) || !to_number(part, TL_ARGS_MAX, &fd) ||
		    !to_number(value, TL_ARGS_MAX, &name) || !name)
			return why;
	} else if (is(kind, "fd")) {
		*ret_from = TL_FROM_FD;
		if (!to_number(value, TL_ARGS_MAX, &fd) || !fd)
			return why;
	} else if (is(kind, "at")) {
		*ret_from = TL_FROM_AT;
		if (!take(&value, ',', &part) || !to_number(part, TL_ARGS_MAX, &fd) || !fd ||
		    !to_number(value, TL_ARGS_MAX, &name) || !name)
			return why;
	} else if (is(kind, "name") || is(kind, "cwd")) {
		*ret_from = is(kind, "name") ? TL_FROM_NAME : TL_FROM_CWD;
		if (!to_number(value, TL_ARGS_MAX, &name) || !name)
			return why;
	} else {
		return why;
	}
	*ret_fd = fd;
	*ret_name = name;
	return NULL;
}

static const char *read_path(struct tl_event_type *t, struct piece value)
{
	return read_source(value, &t->path_from, &t->path_fd, &t->path_name);
}

static const char *read_target(struct tl_event_type *t, struct piece value)
{
	return read_source(value, &t->target_from, &t->target_fd, &t->target_name);
}

/* "capture=string" -> "string" */
static bool take_setting(struct piece *from, const char *key, struct piece *ret)
{
	struct piece setting, name;

	if (!take(from, ' ', &setting) || !take(&setting, '=', &name) || !is(name, key))
		return false;
	*ret = setting;
	return true;
}

static bool read_arg_words(struct tl_arg_type *arg, struct piece value)
{
	struct piece word;
	uint32_t number;
	int found;

	if (!take(&value, ' ', &word) || !to_number(word, TL_ARGS_MAX, &number) || !number)
		return false;
	arg->position = number;
	if (!take(&value, ' ', &word) || !tl_name_valid(word.at, word.size))
		return false;
	copy(arg->name, word);
	if (!take_setting(&value, "capture", &word) || (found = tl_name_find(tl_capture_names, word.at, word.size)) < 0)
		return false;
	arg->capture = found;
	if (!take_setting(&value, "size", &word) || !to_number(word, TL_CAPTURE_SIZE_MAX, &arg->size) || !arg->size)
		return false;
	if (!take_setting(&value, "length", &word) || !to_number(word, TL_ARGS_MAX, &number))
		return false;
	arg->length_arg = number;
	if (value.size > 5 && !memcmp(value.at, "unit=", 5)) {
		if (!take_setting(&value, "unit", &word) || !to_number(word, UINT8_MAX, &number) || !number)
			return false;
		arg->unit = number;
	}
	if (!take_setting(&value, "hash", &word) || (found = tl_name_find(tl_hash_names, word.at, word.size)) < 0)
		return false;
	arg->hash = found;
	if (!take_setting(&value, "decoder", &word))
		return false;
	/* Of a newer generator perhaps: a decoder that is not known is none. */
	if (word.size) {
		if (word.size >= sizeof(arg->decoder) || !tl_name_valid(word.at, word.size))
			return false;
		copy(arg->decoder, word);
	}
	if (value.size < 6 || memcmp(value.at, "type=", 5))
		return false;
	value.at += 5;
	value.size -= 5;
	if (!tl_type_name_valid(value.at, value.size))
		return false;
	copy(arg->type, value);
	return true;
}

static const char *read_arg(struct tl_event_type *t, struct piece value)
{
	struct tl_arg_type *arg = &t->args[t->n_args];

	if (t->n_args >= TL_ARGS_MAX)
		return "too many arguments";
	if (!read_arg_words(arg, value))
		return "an argument is not well-formed";
	if (t->n_args && arg->position <= arg[-1].position)
		return "the arguments are not in order";
	if (arg->capture == TL_CAPTURE_NONE && arg->size > 8)
		return "a number has more than 8 bytes";
	if ((arg->capture == TL_CAPTURE_SOCKADDR || arg->capture == TL_CAPTURE_SOCKADDR_POINTER) && !arg->length_arg)
		return "a socket address has no length";
	if (arg->capture == TL_CAPTURE_IOVEC && !arg->length_arg)
		return "vectors have no length";
	t->n_args++;
	return NULL;
}

/* In the order in which they are written. */
static const struct line {
	const char *key;
	const char *(*read)(struct tl_event_type *t, struct piece value);
	bool needed, repeats;
} lines[] = {
	{ "event", read_event, true, false },	       { "class", read_class, true, false },
	{ "groups", read_groups, false, false },       { "summary", read_summary, false, false },
	{ "numbers", read_numbers, false, false },     { "flags", read_flags, false, false },
	{ "path", read_path, false, false },	       { "target", read_target, false, false },
	{ "spellings", read_spellings, false, false }, { "io_uring", read_request, false, false },
	{ "arg", read_arg, false, true },
};

#define N_LINES (sizeof(lines) / sizeof(lines[0]))

static const char *read_lines(struct piece text, struct tl_event_type *t)
{
	struct piece line, key;
	bool numbers = false;
	size_t next = 0;

	if (!take(&text, '\n', &line) || !is(line, HEADER))
		return "it is of another format, or not a handler";
	while (take(&text, '\n', &line)) {
		const char *why;
		size_t i;

		if (!take(&line, ' ', &key) || !line.size)
			return "a line says nothing";
		for (i = next; i < N_LINES && !is(key, lines[i].key); i++)
			if (lines[i].needed)
				return "the name or class of the event is missing";
		if (i == N_LINES)
			return "a line is unknown, repeated or in the wrong place";
		next = i + !lines[i].repeats;
		numbers |= lines[i].read == read_numbers;
		why = lines[i].read(t, line);
		if (why)
			return why;
	}
	if (next < 2)
		return "the name or class of the event is missing";
	if (t->class != TL_CLASS_SYSCALL && (numbers || t->n_args))
		return "only a system call has numbers and arguments";
	return NULL;
}

int tl_describe_parse(const char *text, size_t size, struct tl_event_type *ret, const char **ret_why)
{
	struct tl_event_type t = {};
	const char *why;

	memset(t.number, 0xff, sizeof(t.number));
	memset(t.number2, 0xff, sizeof(t.number2));
	while (size && !text[size - 1])
		size--;
	if (size > TL_DESCRIPTION_MAX)
		why = "it is too long";
	else if (!size || text[size - 1] != '\n')
		why = "it is empty or cut";
	else
		why = read_lines((struct piece){ text, size }, &t);
	if (why) {
		if (ret_why)
			*ret_why = why;
		return -EBADMSG;
	}
	*ret = t;
	return 0;
}
