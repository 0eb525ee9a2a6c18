// SPDX-License-Identifier: GPL-2.0-or-later
/* The fields of events, and how their values are found. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "describe.h"
#include "expression-internal.h"
#include "util.h"

enum of { OF_ALL, OF_PATH, OF_TARGET, OF_SOCKET, OF_CONNECTION, OF_EXIT, OF_FORK };

static const char *const of_words[] = {
	[OF_ALL] = "all events",
	[OF_PATH] = "events on files",
	[OF_TARGET] = "events on two files, such as rename",
	[OF_SOCKET] = "events on sockets",
	[OF_CONNECTION] = "net_close",
	[OF_EXIT] = "exit",
	[OF_FORK] = "fork",
};

enum get {
	GET_PATH,
	GET_TARGET_PATH,
	GET_FILE_INODE,
	GET_FILE_MODE,
	GET_FILE_UID,
	GET_FILE_GID,
	GET_EXECUTABLE,
	GET_COMM,
	GET_ARGS,
	GET_CWD,
	GET_PID,
	GET_TID,
	GET_PPID,
	GET_PARENT_EXECUTABLE,
	GET_PARENT_COMM,
	GET_PARENT_ARGS,
	GET_UID,
	GET_GID,
	GET_EUID,
	GET_EGID,
	GET_LOGINUID,
	GET_SESSION,
	GET_RET,
	GET_ERRNO,
	GET_SUCCESS,
	GET_DURATION,
	GET_EXIT_CODE,
	GET_CHILD_PID,
	GET_SADDR,
	GET_SPORT,
	GET_DADDR,
	GET_DPORT,
	GET_SBYTES,
	GET_DBYTES,
	GET_FAMILY,
	GET_PROTOCOL,
	GET_SOCKET_TYPE,
	GET_SOCKET_PATH,
	GET_PEER_PID,
	GET_PEER_UID,
	GET_PEER_GID,
	GET_DOMAIN,
	GET_DNS_NAME,
	GET_CGROUP,
	GET_UNIT,
	GET_CONTAINER,
	GET_NETNS,
	GET_MNTNS,
	GET_PIDNS,
	GET_EVENT,
	GET_ACTION,
	GET_ABI,
	GET_PROGRAM_ID,
	GET_CPU,
};

#define NUMBER TL_FIELD_NUMBER
#define STRING TL_FIELD_STRING
#define ADDRESS TL_FIELD_ADDRESS
#define PATHLIKE TL_FIELD_PATHLIKE
#define JOINED TL_FIELD_JOINED
#define UNSET TL_FIELD_UNSET
#define COUNTED TL_FIELD_COUNTED
#define OBJECT TL_FIELD_OBJECT

static const struct tl_expression_field fields[] = {
	{ "path", STRING, OF_PATH, PATHLIKE | OBJECT, GET_PATH, "the object that was really used, absolute" },
	{ "target_path", STRING, OF_TARGET, PATHLIKE, GET_TARGET_PATH,
	  "second object: the new name of a rename or link" },
	{ "file.inode", NUMBER, OF_PATH, OBJECT, GET_FILE_INODE, "inode number of the object" },
	{ "file.mode", NUMBER, OF_PATH, 0, GET_FILE_MODE, "type and permissions of the object, as S_ISUID" },
	{ "file.uid", NUMBER, OF_PATH, 0, GET_FILE_UID, "owner of the object" },
	{ "file.gid", NUMBER, OF_PATH, 0, GET_FILE_GID, "group of the object" },
	{ "executable", STRING, OF_ALL, PATHLIKE | COUNTED, GET_EXECUTABLE, "program file of the process" },
	{ "comm", STRING, OF_ALL, 0, GET_COMM, "name of the thread, at most 15 bytes" },
	{ "args", STRING, OF_ALL, JOINED | COUNTED, GET_ARGS,
	  "command line of the process, with spaces between the arguments" },
	{ "cwd", STRING, OF_ALL, PATHLIKE | COUNTED, GET_CWD, "where the program was started" },
	{ "pid", NUMBER, OF_ALL, COUNTED, GET_PID, "process" },
	{ "tid", NUMBER, OF_ALL, 0, GET_TID, "thread" },
	{ "ppid", NUMBER, OF_ALL, 0, GET_PPID, "parent of the process" },
	{ "parent.executable", STRING, OF_ALL, PATHLIKE, GET_PARENT_EXECUTABLE, "program file of the parent" },
	{ "parent.comm", STRING, OF_ALL, 0, GET_PARENT_COMM, "name of the parent" },
	{ "parent.args", STRING, OF_ALL, JOINED, GET_PARENT_ARGS, "command line of the parent" },
	{ "uid", NUMBER, OF_ALL, COUNTED, GET_UID, "real user" },
	{ "gid", NUMBER, OF_ALL, COUNTED, GET_GID, "real group" },
	{ "euid", NUMBER, OF_ALL, COUNTED, GET_EUID, "effective user" },
	{ "egid", NUMBER, OF_ALL, COUNTED, GET_EGID, "effective group" },
	{ "loginuid", NUMBER, OF_ALL, UNSET | COUNTED, GET_LOGINUID,
	  "who logged in, whatever he became; -1 (unset) for a service" },
	{ "session", NUMBER, OF_ALL, UNSET | COUNTED, GET_SESSION, "session of the login; -1 (unset) for a service" },
	{ "ret", NUMBER, OF_ALL, 0, GET_RET, "result as the kernel has it: negative for an error" },
	{ "errno", NUMBER, OF_ALL, COUNTED, GET_ERRNO, "error of a call that failed, as EACCES; 0 if it did not" },
	{ "success", TL_FIELD_BOOL, OF_ALL, COUNTED, GET_SUCCESS, "whether the call succeeded" },
	{ "duration", NUMBER, OF_ALL, 0, GET_DURATION,
	  "nanoseconds that the call took, where the entry was seen; else 0" },
	{ "exit_code", NUMBER, OF_EXIT, 0, GET_EXIT_CODE, "status of the process, or 128 and the signal's number" },
	{ "child.pid", NUMBER, OF_FORK, 0, GET_CHILD_PID, "the new process" },
	{ "saddr", ADDRESS, OF_SOCKET, 0, GET_SADDR, "address of who began the connection, or of this end" },
	{ "sport", NUMBER, OF_SOCKET, 0, GET_SPORT, "its port" },
	{ "daddr", ADDRESS, OF_SOCKET, 0, GET_DADDR, "address of who was called" },
	{ "dport", NUMBER, OF_SOCKET, 0, GET_DPORT, "its port" },
	{ "sbytes", NUMBER, OF_CONNECTION, 0, GET_SBYTES, "bytes that who began the connection has sent" },
	{ "dbytes", NUMBER, OF_CONNECTION, 0, GET_DBYTES, "bytes that who was called has sent" },
	{ "family", NUMBER, OF_SOCKET, 0, GET_FAMILY, "kind of the addresses, as AF_INET6" },
	{ "protocol", NUMBER, OF_SOCKET, 0, GET_PROTOCOL, "protocol of the socket, as IPPROTO_UDP" },
	{ "socket_type", NUMBER, OF_SOCKET, 0, GET_SOCKET_TYPE, "type of the socket, as SOCK_STREAM" },
	{ "socket_path", STRING, OF_SOCKET, PATHLIKE, GET_SOCKET_PATH, "path of a unix socket" },
	{ "peer.pid", NUMBER, OF_SOCKET, 0, GET_PEER_PID, "process at the other end of a unix socket; 0: none is known" },
	{ "peer.uid", NUMBER, OF_SOCKET, UNSET, GET_PEER_UID, "its effective user; -1 (unset) if none is known" },
	{ "peer.gid", NUMBER, OF_SOCKET, UNSET, GET_PEER_GID, "its effective group; -1 (unset) if none is known" },
	{ "domain", STRING, OF_SOCKET, 0, GET_DOMAIN, "name under which the other end was found, if that was seen" },
	{ "dns.name", STRING, OF_SOCKET, 0, GET_DNS_NAME, "name that is asked of the domain name system" },
	{ "cgroup", STRING, OF_ALL, PATHLIKE | COUNTED, GET_CGROUP, "path of the control group" },
	{ "unit", STRING, OF_ALL, COUNTED, GET_UNIT, "systemd unit, as nginx.service" },
	{ "container", STRING, OF_ALL, COUNTED, GET_CONTAINER, "id of the container; empty outside of one" },
	{ "netns", NUMBER, OF_ALL, 0, GET_NETNS, "network namespace of the process" },
	{ "mntns", NUMBER, OF_ALL, 0, GET_MNTNS, "mount namespace of the process" },
	{ "pidns", NUMBER, OF_ALL, COUNTED, GET_PIDNS, "pid namespace of the process" },
	{ "event", STRING, OF_ALL, COUNTED, GET_EVENT, "name of the event" },
	{ "event.action", STRING, OF_ALL, COUNTED, GET_ACTION, "name of the event, of one of the network without net_" },
	{ "abi", STRING, OF_ALL, COUNTED, GET_ABI, "system call interface: x86_64, i386, x32" },
	{ "program_id", NUMBER, OF_ALL, COUNTED, GET_PROGRAM_ID, "number given with the handler" },
	{ "cpu", NUMBER, OF_ALL, 0, GET_CPU, "processor that the call ran on" },
};

const struct tl_expression_field *tl_expression_field_get(size_t i)
{
	return i < ARRAY_SIZE(fields) ? &fields[i] : NULL;
}

const struct tl_expression_field *tl_expression_field_find(const char *name, size_t size)
{
	const char *meant = tl_expression_field_shown(name, size);

	if (meant) {
		name = meant;
		size = strlen(meant);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (strlen(fields[i].name) == size && memcmp(fields[i].name, name, size) == 0)
			return &fields[i];
	return NULL;
}

bool tl_expression_field_of(const struct tl_expression_field *field, const struct tl_event_type *type)
{
	switch ((enum of)field->of) {
	case OF_ALL:
		return true;
	case OF_PATH:
		return type->path_from || (type->class == TL_CLASS_PROCESS && strcmp(type->name, "exec") == 0);
	case OF_TARGET:
		return type->target_from;
	case OF_SOCKET:
		return (type->flags & TL_TYPE_SOCKET) || type->class == TL_CLASS_NETWORK;
	case OF_CONNECTION:
		return type->class == TL_CLASS_NETWORK && strcmp(type->name, "net_close") == 0;
	case OF_EXIT:
		return type->class == TL_CLASS_PROCESS && strcmp(type->name, "exit") == 0;
	case OF_FORK:
		return type->class == TL_CLASS_PROCESS && strcmp(type->name, "fork") == 0;
	}
	return false;
}

const char *tl_expression_field_events(const struct tl_expression_field *field)
{
	return of_words[field->of];
}

const char *tl_field_kind_name(enum tl_field_kind kind)
{
	static const char *const names[] = {
		[TL_FIELD_NUMBER] = "a number",
		[TL_FIELD_STRING] = "a string",
		[TL_FIELD_ADDRESS] = "an address",
		[TL_FIELD_BOOL] = "true or false",
	};

	return names[kind];
}

/* ---- Values of fields ---- */

static bool is_error(int64_t ret)
{
	return ret < 0 && ret >= -4095;
}

static int64_t unset(uint32_t id)
{
	return id == UINT32_MAX ? -1 : (int64_t)id;
}

static uint16_t family_of(const struct tl_event *e)
{
	return e->destination.family ? e->destination.family : e->source.family;
}

static unsigned exit_code(int status)
{
	return WIFSIGNALED(status) ? 128U + (unsigned)WTERMSIG(status) : (unsigned)WEXITSTATUS(status);
}

static __int128 get_number(enum get get, const struct tl_event *e)
{
	switch (get) {
	case GET_FILE_INODE:
		return e->file.inode;
	case GET_FILE_MODE:
		return e->file.mode;
	case GET_FILE_UID:
		return e->file.uid;
	case GET_FILE_GID:
		return e->file.gid;
	case GET_PID:
		return e->pid;
	case GET_TID:
		return e->tid;
	case GET_PPID:
		return e->process->ppid;
	case GET_UID:
		return e->uid;
	case GET_GID:
		return e->gid;
	case GET_EUID:
		return e->euid;
	case GET_EGID:
		return e->egid;
	case GET_LOGINUID:
		return unset(e->loginuid);
	case GET_SESSION:
		return unset(e->audit_session);
	case GET_RET:
		return e->ret;
	case GET_ERRNO:
		return is_error(e->ret) ? -e->ret : 0;
	case GET_SUCCESS:
		return !is_error(e->ret);
	case GET_DURATION:
		return e->duration;
	case GET_EXIT_CODE:
		return exit_code(e->exit_code);
	case GET_CHILD_PID:
		return e->child ? e->child->pid : 0;
	case GET_SPORT:
		return e->source.port;
	case GET_DPORT:
		return e->destination.port;
	case GET_SBYTES:
		return (int64_t)e->source_bytes;
	case GET_DBYTES:
		return (int64_t)e->destination_bytes;
	case GET_FAMILY:
		return family_of(e);
	case GET_PROTOCOL:
		return e->socket_protocol;
	case GET_SOCKET_TYPE:
		return e->socket_type;
	case GET_PEER_PID:
		return e->peer_pid;
	case GET_PEER_UID:
		return e->has_peer ? (int64_t)e->peer_uid : -1;
	case GET_PEER_GID:
		return e->has_peer ? (int64_t)e->peer_gid : -1;
	case GET_NETNS:
		return e->process->netns;
	case GET_MNTNS:
		return e->process->mntns;
	case GET_PIDNS:
		return e->process->pidns;
	case GET_PROGRAM_ID:
		return e->program_id;
	case GET_CPU:
		return e->cpu;
	default:
		return 0;
	}
}

static struct tl_text text_of(const char *s)
{
	return (struct tl_text){ .data = s ? s : "", .size = s ? strlen(s) : 0 };
}

static struct tl_text comm_of(const char *comm, size_t size)
{
	return (struct tl_text){ .data = comm, .size = strnlen(comm, size) };
}

static struct tl_text bytes_of(const struct tl_bytes *bytes)
{
	if (!(bytes->flags & TL_VALUE_PRESENT) || (bytes->flags & TL_VALUE_FAULT))
		return text_of("");
	return (struct tl_text){ .data = bytes->data, .size = bytes->size };
}

static struct tl_text get_text(enum get get, const struct tl_event *e)
{
	const struct tl_process *p = e->process;

	switch (get) {
	case GET_PATH:
		return bytes_of(&e->file.path);
	case GET_TARGET_PATH:
		return bytes_of(&e->target.path);
	case GET_EXECUTABLE:
		return text_of(p->executable);
	case GET_COMM:
		return comm_of(e->comm, sizeof(e->comm));
	case GET_CWD:
		return text_of(p->working_directory);
	case GET_PARENT_EXECUTABLE:
		return text_of(p->parent ? p->parent->executable : NULL);
	case GET_PARENT_COMM:
		return p->parent ? comm_of(p->parent->comm, sizeof(p->parent->comm)) : text_of(NULL);
	case GET_SOCKET_PATH:
		return bytes_of(e->destination.path.flags & TL_VALUE_PRESENT ? &e->destination.path : &e->source.path);
	case GET_DOMAIN:
		return text_of(e->destination.domain ? e->destination.domain : e->source.domain);
	case GET_DNS_NAME:
		return text_of(e->dns ? e->dns->name : NULL);
	case GET_CGROUP:
		return text_of(p->cgroup);
	case GET_UNIT:
		return text_of(p->unit);
	case GET_CONTAINER:
		return text_of(p->container_id);
	case GET_EVENT:
		return text_of(e->type->name);
	case GET_ACTION:
		return text_of(tl_event_type_action(e->type));
	case GET_ABI:
		return text_of(e->abi < TL_ABIS ? tl_abi_names[e->abi] : NULL);
	default:
		return text_of("");
	}
}

static bool get_field(const struct tl_expression_field *field, const struct tl_event *e, struct tl_value *ret)
{
	const struct tl_endpoint *endpoint;

	if (!tl_expression_field_of(field, e->type))
		return false;
	switch ((enum tl_field_kind)field->kind) {
	case TL_FIELD_NUMBER:
	case TL_FIELD_BOOL:
		ret->number = get_number(field->get, e);
		return true;
	case TL_FIELD_STRING:
		ret->text = get_text(field->get, e);
		return true;
	case TL_FIELD_ADDRESS:
		endpoint = field->get == GET_SADDR ? &e->source : &e->destination;
		return tl_endpoint_known(endpoint) && tl_ip_of(endpoint->family, endpoint->address, &ret->ip);
	}
	return false;
}

/* ---- Values of arguments ---- */

enum special { SPECIAL_NONE, SPECIAL_OPEN_HOW, SPECIAL_CREAT_FLAGS };

struct argument {
	const struct tl_arg_type *type; /* NULL: CREAT_FLAGS */
	unsigned index; /* of it in the event's type */
	enum special special;
	unsigned offset; /* OPEN_HOW: of the number */
};

/* What openat2 and creat do not have as an argument and yet are asked for. */
static bool find_special(const char *name, const struct tl_event_type *type, struct argument *ret)
{
	static const char *const how[] = { "flags", "mode", "resolve" };

	if (strcmp(name, "flags") == 0 && strcmp(type->name, "creat") == 0) {
		*ret = (struct argument){ .special = SPECIAL_CREAT_FLAGS };
		return true;
	}
	for (unsigned i = 0; i < type->n_args; i++)
		for (unsigned j = 0; j < ARRAY_SIZE(how); j++)
			if (strcmp(type->args[i].decoder, "open_how") == 0 && strcmp(name, how[j]) == 0) {
				*ret = (struct argument){ &type->args[i], i, SPECIAL_OPEN_HOW, 8 * j };
				return true;
			}
	return false;
}

static bool is_argument(const struct tl_reference *r, const struct tl_arg_type *arg)
{
	if (arg->position < 1 || arg->position > TL_ARGS_MAX)
		return false;
	if (r->source == TL_REFERENCE_POSITION)
		return arg->position == r->position;
	return arg->name[0] == r->name[0] && strcmp(arg->name, r->name) == 0;
}

static bool find_argument(const struct tl_reference *r, const struct tl_event_type *type, struct argument *ret)
{
	for (unsigned i = 0; i <= type->n_args && i <= TL_ARGS_MAX; i++) {
		/* Where it was found first. */
		unsigned index = i ? i - 1 : r->hint;

		if (index < type->n_args && index < TL_ARGS_MAX && is_argument(r, &type->args[index])) {
			*ret = (struct argument){ .type = &type->args[index], .index = index };
			return true;
		}
	}
	return r->source == TL_REFERENCE_NAME && find_special(r->name, type, ret);
}

static struct tl_resolved resolve_argument(const struct argument *a)
{
	struct tl_resolved resolved = { .kind = TL_FIELD_NUMBER };

	if (a->special != SPECIAL_NONE)
		return resolved;
	switch ((enum tl_capture)a->type->capture) {
	case TL_CAPTURE_STRING:
		resolved.kind = TL_FIELD_STRING;
		if (strcmp(a->type->decoder, "path") == 0)
			resolved.flags = TL_FIELD_PATHLIKE;
		break;
	case TL_CAPTURE_BUFFER:
		resolved.kind = TL_FIELD_STRING;
		break;
	case TL_CAPTURE_ARGV:
		resolved.kind = TL_FIELD_STRING;
		resolved.flags = TL_FIELD_JOINED;
		break;
	case TL_CAPTURE_SOCKADDR:
	case TL_CAPTURE_SOCKADDR_POINTER:
		resolved.kind = TL_FIELD_ADDRESS;
		break;
	case TL_CAPTURE_NONE:
	case TL_CAPTURE_STRUCT:
	case TL_CAPTURE_OUTPUT:
	case TL_CAPTURE_BITS:
	case TL_CAPTURE_COMMAND:
	case TL_CAPTURE_MASK:
	case TL_CAPTURE_LETTER:
	case TL_CAPTURE_IOVEC:
	case TL_CAPTURE_MESSAGES_SENT:
	case TL_CAPTURE_MESSAGES_RECEIVED:
		if (strcmp(a->type->decoder, "uid") == 0 || strcmp(a->type->decoder, "gid") == 0)
			resolved.flags = TL_FIELD_UNSET;
		break;
	}
	return resolved;
}

bool tl_reference_resolve(const struct tl_reference *r, const struct tl_event_type *type, struct tl_resolved *ret)
{
	struct argument argument;

	if (r->source == TL_REFERENCE_FIELD) {
		*ret = (struct tl_resolved){ .kind = r->field->kind, .flags = r->field->flags };
		return tl_expression_field_of(r->field, type);
	}
	if (!find_argument(r, type, &argument))
		return false;
	*ret = resolve_argument(&argument);
	return true;
}

void tl_reference_prepare(struct tl_reference *r, const struct tl_event_type *const *types, size_t n_types)
{
	struct argument argument;

	if (r->source == TL_REFERENCE_FIELD)
		return;
	for (size_t i = 0; i < n_types; i++)
		if (find_argument(r, types[i], &argument) && argument.special == SPECIAL_NONE) {
			r->hint = argument.index;
			r->hint_type = *argument.type;
			r->hint_number = tl_number_of(argument.type);
			return;
		}
}

/* How to read it takes a look at the words of its type. */
static struct tl_number number_of(const struct tl_reference *r, const struct tl_arg_type *arg)
{
	const struct tl_arg_type *hint = &r->hint_type;

	if (hint->size == arg->size && hint->capture == arg->capture && hint->position &&
	    strcmp(hint->type, arg->type) == 0)
		return r->hint_number;
	return tl_number_of(arg);
}

static bool get_open_how(const struct tl_event *e, const struct argument *a, struct tl_value *ret)
{
	const struct tl_bytes *bytes = &e->captured[a->type->position - 1];
	uint64_t number;

	if (!(bytes->flags & TL_VALUE_PRESENT) || (bytes->flags & TL_VALUE_FAULT) ||
	    bytes->size < a->offset + sizeof(number))
		return false;
	memcpy(&number, bytes->data + a->offset, sizeof(number));
	ret->number = number;
	return true;
}

static bool get_argument_number(const struct tl_reference *r, const struct tl_event *e, const struct argument *a,
				uint8_t flags, struct tl_value *ret)
{
	struct tl_number number;
	uint64_t value;

	if (a->special == SPECIAL_OPEN_HOW)
		return get_open_how(e, a, ret);
	if (a->special == SPECIAL_CREAT_FLAGS) {
		ret->number = O_CREAT | O_WRONLY | O_TRUNC;
		return true;
	}
	if (!tl_argument_used(e, a->index))
		return false;
	number = number_of(r, a->type);
	value = tl_number_value(number, e->args[a->type->position - 1]);
	ret->number = number.is_signed ? (__int128)(int64_t)value : (__int128)value;
	if ((flags & TL_FIELD_UNSET) && value == UINT32_MAX)
		ret->number = -1;
	return true;
}

static struct tl_text get_argument_text(const struct tl_event *e, const struct tl_arg_type *arg)
{
	struct tl_text text = bytes_of(&e->captured[arg->position - 1]);

	if (arg->capture == TL_CAPTURE_STRING)
		text.size = strnlen(text.data, text.size);
	return text;
}

static bool get_argument_ip(const struct tl_event *e, const struct tl_arg_type *arg, struct tl_ip *ret)
{
	struct tl_text text = bytes_of(&e->captured[arg->position - 1]);
	uint8_t address[16] = {};
	uint16_t family;

	if (text.size < sizeof(family))
		return false;
	memcpy(&family, text.data, sizeof(family));
	if (family == AF_INET && text.size >= 8)
		memcpy(address, text.data + 4, 4);
	else if (family == AF_INET6 && text.size >= 24)
		memcpy(address, text.data + 8, 16);
	else
		return false;
	return tl_ip_of(family, address, ret);
}

static bool get_argument(const struct tl_reference *r, const struct tl_event *e, struct tl_value *ret)
{
	struct argument argument;
	struct tl_resolved resolved;

	if (!find_argument(r, e->type, &argument))
		return false;
	resolved = resolve_argument(&argument);
	/* Of another kind in other events: arg1 is a name here and a descriptor there. */
	if (resolved.kind != r->kind)
		return false;
	switch ((enum tl_field_kind)resolved.kind) {
	case TL_FIELD_STRING:
		ret->text = get_argument_text(e, argument.type);
		return true;
	case TL_FIELD_ADDRESS:
		return get_argument_ip(e, argument.type, &ret->ip);
	default:
		return get_argument_number(r, e, &argument, resolved.flags, ret);
	}
}

bool tl_reference_get(const struct tl_reference *r, const struct tl_event *event, struct tl_value *ret)
{
	return r->source == TL_REFERENCE_FIELD ? get_field(r->field, event, ret) : get_argument(r, event, ret);
}

/* ---- What the kernel part has of it ---- */

static enum tl_view view_field(enum get get, struct tl_filter_test *test)
{
	static const struct {
		enum get get;
		enum tl_filter_field field;
		uint8_t width;
		enum tl_view view;
	} views[] = {
		{ GET_RET, TL_FILTER_RET, 8, TL_VIEW_PLAIN },
		{ GET_ERRNO, TL_FILTER_RET, 8, TL_VIEW_ERRNO },
		{ GET_SUCCESS, TL_FILTER_RET, 8, TL_VIEW_SUCCESS },
		{ GET_PID, TL_FILTER_PID, 4, TL_VIEW_PLAIN },
		{ GET_TID, TL_FILTER_TID, 4, TL_VIEW_PLAIN },
		{ GET_UID, TL_FILTER_UID, 4, TL_VIEW_PLAIN },
		{ GET_GID, TL_FILTER_GID, 4, TL_VIEW_PLAIN },
		{ GET_EUID, TL_FILTER_EUID, 4, TL_VIEW_PLAIN },
		{ GET_EGID, TL_FILTER_EGID, 4, TL_VIEW_PLAIN },
		{ GET_LOGINUID, TL_FILTER_LOGINUID, 4, TL_VIEW_UNSET },
		{ GET_SESSION, TL_FILTER_SESSION, 4, TL_VIEW_UNSET },
		{ GET_PROGRAM_ID, TL_FILTER_PROGRAM_ID, 4, TL_VIEW_PLAIN },
		{ GET_CPU, TL_FILTER_CPU, 2, TL_VIEW_PLAIN },
		{ GET_COMM, TL_FILTER_COMM, 8, TL_VIEW_NAME },
		{ GET_FILE_INODE, TL_FILTER_FILE_INODE, 8, TL_VIEW_PLAIN },
		{ GET_FILE_MODE, TL_FILTER_FILE_MODE, 4, TL_VIEW_PLAIN },
		{ GET_FILE_UID, TL_FILTER_FILE_UID, 4, TL_VIEW_PLAIN },
		{ GET_FILE_GID, TL_FILTER_FILE_GID, 4, TL_VIEW_PLAIN },
		{ GET_PATH, TL_FILTER_PATH, 0, TL_VIEW_TEXT },
		{ GET_TARGET_PATH, TL_FILTER_TARGET_PATH, 0, TL_VIEW_TEXT },
		{ GET_SADDR, TL_FILTER_SOURCE_KIND, 4, TL_VIEW_ADDRESS },
		{ GET_SPORT, TL_FILTER_SOURCE_PORT, 4, TL_VIEW_PLAIN },
		{ GET_DADDR, TL_FILTER_DESTINATION_KIND, 4, TL_VIEW_ADDRESS },
		{ GET_DPORT, TL_FILTER_DESTINATION_PORT, 4, TL_VIEW_PLAIN },
		{ GET_FAMILY, TL_FILTER_FAMILY, 4, TL_VIEW_PLAIN },
		{ GET_SOCKET_TYPE, TL_FILTER_SOCKET_TYPE, 4, TL_VIEW_PLAIN },
		{ GET_PROTOCOL, TL_FILTER_PROTOCOL, 4, TL_VIEW_PLAIN },
	};

	for (size_t i = 0; i < ARRAY_SIZE(views); i++)
		if (views[i].get == get) {
			*test = (struct tl_filter_test){ .field = (uint8_t)views[i].field,
							 .width = views[i].width,
							 .is_signed = views[i].field == TL_FILTER_RET };
			return views[i].view;
		}
	return TL_VIEW_NONE;
}

enum tl_view tl_reference_view(const struct tl_reference *r, const struct tl_event_type *type,
			       struct tl_filter_test *ret_test)
{
	struct argument argument;
	struct tl_resolved resolved;
	struct tl_number number;

	if (r->source == TL_REFERENCE_FIELD) {
		/* An address is not always what the kernel part has: see tl_decode(). */
		if (r->field->get == GET_RET && type->flags & TL_TYPE_RETURNS_POINTER)
			return TL_VIEW_NONE;
		return view_field(r->field->get, ret_test);
	}
	if (!find_argument(r, type, &argument) || argument.special != SPECIAL_NONE ||
	    tl_argument_conditional(type, argument.index))
		return TL_VIEW_NONE;
	resolved = resolve_argument(&argument);
	if (resolved.kind != TL_FIELD_NUMBER)
		return TL_VIEW_NONE;
	number = tl_number_of(argument.type);
	*ret_test = (struct tl_filter_test){ .field = TL_FILTER_ARG,
					     .index = argument.type->position,
					     .width = number.width,
					     .is_signed = number.is_signed };
	if (!(resolved.flags & TL_FIELD_UNSET))
		return TL_VIEW_PLAIN;
	return number.width == 4 && !number.is_signed ? TL_VIEW_UNSET : TL_VIEW_NONE;
}

/* ---- Lists of strings ---- */

static struct tl_text args_of(const struct tl_process *p)
{
	if (!p || !p->args)
		return text_of("");
	return (struct tl_text){ .data = p->args, .size = p->args_size };
}

bool tl_reference_join(const struct tl_reference *r, const struct tl_event *event, char *buf, struct tl_text *ret)
{
	struct tl_value value;
	struct tl_text list;

	if (r->source != TL_REFERENCE_FIELD) {
		if (!get_argument(r, event, &value))
			return false;
		list = value.text;
	} else {
		list = args_of(r->field->get == GET_ARGS ? event->process : event->process->parent);
	}
	list.size = MIN(list.size, (size_t)TL_JOIN_MAX);
	/* The NUL of the last one. */
	if (list.size && !list.data[list.size - 1])
		list.size--;
	for (size_t i = 0; i < list.size; i++)
		buf[i] = list.data[i] ? list.data[i] : ' ';
	*ret = (struct tl_text){ .data = buf, .size = list.size };
	return true;
}
