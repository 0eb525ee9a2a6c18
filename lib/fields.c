/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "fields.h"

static const struct tl_field fields[] = {
	{ "@timestamp", "date", "when the call returned, UTC, with nanoseconds" },
	{ "message", "text", "of a record of TraceLeft's own: who did it and why" },

	{ "event.action", "keyword", "name of the system call, or exec, fork, exit, connect, accept, close, listen, "
				     "bind; lost, ledger, start, stop, reload, tamper, seal" },
	{ "event.category", "keyword", "one of api, configuration, driver, file, host, network, process; an array" },
	{ "event.type", "keyword", "access, change, connection, creation, deletion, end, info, start; an array" },
	{ "event.outcome", "keyword", "success, failure, or unknown for a call that is not over and for a count" },
	{ "event.sequence", "long", "same as traceleft.seq" },
	{ "event.id", "keyword", "unique: boot id, cpu, sequence, time; the same whenever the event is sent again" },
	{ "event.duration", "long", "nanoseconds from entry to return, where the entry was seen; connect of a "
				 "connection: until it was there, or failed; close: how long it was there" },

	{ "process.pid", "long", "process in the initial pid namespace" },
	{ "process.thread.id", "long", "thread in the initial pid namespace" },
	{ "process.thread.name", "keyword", "name of the thread, where it is not the process's" },
	{ "process.entity_id", "keyword", "unique: boot id, pid, start in hundredths of a second since the boot" },
	{ "process.name", "keyword", "name of the process as the kernel has it, at most 15 bytes" },
	{ "process.executable", "keyword", "path of the program file, from the kernel" },
	{ "process.args", "keyword", "arguments of the program, an array; but for exec, fork and exit "
				"its first 4096 bytes, and the flag args_truncated if there are more" },
	{ "process.command_line", "text", "the arguments with spaces between" },
	{ "process.working_directory", "keyword", "where the program was started" },
	{ "process.start", "date", "when the process began" },
	{ "process.exit_code", "long", "exit: status, or 128 and the signal's number" },
	{ "process.parent.pid", "long", "process that started this one" },
	{ "process.parent.entity_id", "keyword", "same as process.entity_id, of the parent" },
	{ "process.parent.name", "keyword", "same as process.name, of the parent" },
	{ "process.parent.executable", "keyword", "same as process.executable, of the parent" },
	{ "process.parent.command_line", "text", "same as process.command_line, of the parent; as long" },

	{ "user.id", "keyword", "real user id" },
	{ "user.name", "keyword", "its name in /etc/passwd, if it has one" },
	{ "user.effective.id", "keyword", "effective user id" },
	{ "user.effective.name", "keyword", "its name" },
	{ "user.effective.group.id", "keyword", "effective group id" },
	{ "user.audit.id", "keyword", "login uid: who logged in, whatever he became; absent for what no login began" },
	{ "user.audit.name", "keyword", "its name" },
	{ "group.id", "keyword", "real group id" },

	{ "file.path", "keyword", "object that the call was really about, absolute, from the kernel; with the flag "
				  "claim, of a call that failed: what was asked for" },
	{ "file.inode", "keyword", "its inode number" },
	{ "file.device", "keyword", "its device, MAJOR:MINOR" },
	{ "file.mode", "keyword", "its permissions in octal: 0644" },
	{ "file.type", "keyword", "file, dir, symlink, socket, fifo, character_device, block_device" },
	{ "file.target_path", "keyword", "second object: new name of a rename or a link" },

	{ "source.ip", "ip", "address of who began the connection, or of this end" },
	{ "source.port", "long", "its port" },
	{ "source.bytes", "long", "close of a connection: bytes of data that this end sent" },
	{ "source.domain", "keyword", "name under which source.ip was found, of who calls from there" },
	{ "source.address", "keyword", "where a unix socket is bound: its file's path, absolute, from the kernel; with @ "
				       "in front an abstract name. Of vsock the number of the machine's context" },
	{ "destination.ip", "ip", "address of who was called" },
	{ "destination.port", "long", "its port" },
	{ "destination.bytes", "long", "same as source.bytes, of the other end" },
	{ "destination.address", "keyword", "same as source.address; with the flag address_claim, what was asked for" },
	{ "destination.domain", "keyword", "name under which destination.ip was found, as an answer says that came to a "
					   "process before" },
	{ "dns.type", "keyword", "of what went to port 53 or came from there: query or answer" },
	{ "dns.question.name", "keyword", "name that is asked for" },
	{ "dns.question.type", "keyword", "what of it: A, AAAA, MX, ...; TYPE and a number" },
	{ "dns.response_code", "keyword", "answer: NOERROR, NXDOMAIN, ..." },
	{ "dns.resolved_ip", "ip", "answer: the addresses, at most 8, an array" },
	{ "network.transport", "keyword", "tcp, udp, icmp, ipv6-icmp, sctp, udplite" },
	{ "network.type", "keyword", "ipv4, ipv6, unix, netlink, packet, vsock" },

	{ "container.id", "keyword", "container, as the cgroup's path tells it" },
	{ "rule.name", "keyword", "rule of the policy that kept the event" },
	{ "tags", "keyword", "the rule's tags, an array" },
	{ "log.level", "keyword", "the rule's severity" },
	{ "host.name", "keyword", "name of the machine" },
	{ "host.id", "keyword", "its machine id" },
	{ "host.boot.id", "keyword", "which of its boots: the kernel's boot id" },

	{ "traceleft.args.*", "object", "arguments by name: a number, a string, an array of strings; an address as a "
					"string 0x...; null for an address of 0 and for what could not be read" },
	{ "traceleft.args_text", "text", "the arguments as strace lists them, numbers decoded" },
	{ "traceleft.ret", "long", "result as the kernel returns it: negative for an error" },
	{ "traceleft.errno", "keyword", "name of the error: EACCES; its number is -traceleft.ret" },
	{ "traceleft.signal", "keyword", "exit: signal that ended the process" },
	{ "traceleft.utime", "long", "exit: nanoseconds of processor time in user mode" },
	{ "traceleft.stime", "long", "exit: nanoseconds of processor time in the kernel" },
	{ "traceleft.child.pid", "long", "fork: the new process" },
	{ "traceleft.child.entity_id", "keyword", "fork: its process.entity_id" },
	{ "traceleft.program_id", "long", "number given with the handler that made the event" },
#define IDENTITY(prefix, when)                                                                                   \
	{ prefix "uid", "long", when "real user; of a call that changes who the process is" },                    \
	{ prefix "euid", "long", when "effective user" },                                                         \
	{ prefix "suid", "long", when "saved user" },                                                             \
	{ prefix "fsuid", "long", when "user for the access to files" },                                          \
	{ prefix "gid", "long", when "real group" },                                                              \
	{ prefix "egid", "long", when "effective group" },                                                        \
	{ prefix "sgid", "long", when "saved group" },                                                            \
	{ prefix "fsgid", "long", when "group for the access to files" },                                         \
	{ prefix "cap_effective", "keyword", when "effective capabilities, if they change; none: absent; an array" },  \
	{ prefix "cap_permitted", "keyword", when "permitted ones, likewise" },                                   \
	{ prefix "cap_inheritable", "keyword", when "inheritable ones, likewise" },                               \
	{ prefix "cap_bounding", "keyword", when "bounding set, likewise" },                                      \
	{ prefix "cap_ambient", "keyword", when "ambient ones, likewise" },                                       \
	{ prefix "mntns", "long", when "mount namespace, if it changes" },                                        \
	{ prefix "netns", "long", when "network namespace, likewise" },                                           \
	{ prefix "utsns", "long", when "namespace of the host's name, likewise" },                                \
	{ prefix "ipcns", "long", when "namespace of interprocess communication, likewise" },                     \
	{ prefix "cgroupns", "long", when "cgroup namespace, likewise" },                                         \
	{ prefix "userns", "long", when "user namespace, likewise" },                                             \
	{ prefix "child_pidns", "long", when "pid namespace of its children, likewise" },                         \
	{ prefix "child_timens", "long", when "time namespace of its children, likewise" }
	IDENTITY("traceleft.before.", "before the call: "),
	IDENTITY("traceleft.after.", "after the call: "),
	{ "traceleft.target.pid", "long", "the process that an argument means by number or descriptor, in the initial pid namespace" },
	{ "traceleft.target.tid", "long", "the thread of it, if it is not the first" },
	{ "traceleft.target.entity_id", "keyword", "same as process.entity_id, of that process" },
	{ "traceleft.target.name", "keyword", "same as process.name" },
	{ "traceleft.target.executable", "keyword", "same as process.executable" },
	{ "traceleft.target.uid", "long", "its real user" },
	{ "traceleft.module", "keyword", "init_module, finit_module: name of the module that was loaded, from the kernel" },
	{ "traceleft.peer.pid", "long", "the process at the other end of a unix socket when that was connected, or "
					"began to listen, as SO_PEERCRED has it, in the initial pid namespace" },
	{ "traceleft.peer.entity_id", "keyword", "same as process.entity_id, of that process; if it is not gone, like "
						 "the next two" },
	{ "traceleft.peer.name", "keyword", "same as process.name" },
	{ "traceleft.peer.executable", "keyword", "same as process.executable" },
	{ "traceleft.peer.uid", "long", "its effective user at that time" },
	{ "traceleft.peer.gid", "long", "its effective group" },
	{ "traceleft.endpoints", "keyword", "sendmmsg and recvmmsg whose messages went to, or came from, several: address "
					   "and port, or path, of each, the first one too; an array. Of the first 128 messages" },
	{ "traceleft.targets", "keyword", "targets that the process belongs to, an array" },
	{ "traceleft.cpu", "long", "processor that the call ran on" },
	{ "traceleft.seq", "long", "counts events per traceleft.cpu without holes, but for those that a lost record "
				   "declares" },
	{ "traceleft.hash", "keyword", "64-bit FNV-1a of the arguments, 16 hexadecimal digits" },
	{ "traceleft.flags", "keyword", "what to know about the values: truncated, incomplete, escaped, claim, "
					"address_claim (source, destination or one of the endpoints is what the process asked for, or was "
					"told), deleted, detached, unknown_process, thread, args_truncated, executable_deleted; absent if "
					"none" },
	{ "traceleft.abi", "keyword", "i386 or x32: system call of another ABI than x86_64" },
	{ "traceleft.nr", "long", "system call number, where it is not the one of the table" },
	{ "traceleft.cgroup", "keyword", "path of the control group" },
	{ "traceleft.unit", "keyword", "systemd unit" },
	{ "traceleft.netns", "long", "network namespace: of the socket, or of the process" },
	{ "traceleft.mntns", "long", "mount namespace" },
	{ "traceleft.pidns", "long", "pid namespace" },
	{ "traceleft.inner_pid", "long", "process in its own pid namespace, where it is another number" },
	{ "traceleft.ancestors.pid", "long", "who is above process.parent, nearest first, up to process 1 or 32 in all; an array" },
	{ "traceleft.ancestors.entity_id", "keyword", "exec, fork, exit: same as process.entity_id" },
	{ "traceleft.ancestors.executable", "keyword", "exec, fork, exit: same as process.executable" },
	{ "traceleft.audit_session", "long", "session of the login" },
	{ "traceleft.stream", "keyword", "of the aggregation spec" },
	{ "traceleft.group", "keyword", "of the aggregation spec" },
	{ "traceleft.result", "keyword", "of a result: count, first, last or top, and rest for keys without one of their own" },
	{ "traceleft.key.*", "object", "of a result: fields that its events have in common, as the rule's by names them" },
	{ "traceleft.count", "long", "events that this one stands for; of a lost record: events lost" },
	{ "traceleft.first", "date", "time of the first of them; tamper: when all was well last" },
	{ "traceleft.last", "date", "time of the last of them; tamper: when it was noticed" },
	{ "traceleft.bytes", "long", "bytes that they read or wrote" },
	{ "traceleft.seq_previous", "long", "number of the event before it on traceleft.cpu in this output, if it is not one less" },
	{ "traceleft.record", "long", "of results and TraceLeft's own records: counted from 1 in each output" },
	{ "traceleft.seq_first", "long", "lost: first missing sequence number on traceleft.cpu" },
	{ "traceleft.seq_last", "long", "lost: last missing sequence number" },
	{ "traceleft.stage", "keyword", "lost: where, such as ring or an output's name" },
	{ "traceleft.counted", "keyword", "lost: what traceleft.count counts; events if it is not there" },
	{ "traceleft.requester.pid", "long", "start, stop, reload: who asked for it, as /proc had it at that time: the "
					     "process that sent the signal or the request, or started the daemon; "
					     "tamper, stopped: who made it go on" },
	{ "traceleft.requester.name", "keyword", "same as process.name, of that process" },
	{ "traceleft.requester.executable", "keyword", "path of its program file" },
	{ "traceleft.requester.unit", "keyword", "its systemd unit" },
	{ "traceleft.requester.uid", "long", "its user" },
	{ "traceleft.requester.loginuid", "long", "who logged in, whatever he became; absent for what no login began" },

	{ "traceleft.tamper.kind", "keyword", "tamper: what somebody has meddled with: hook, program, map (in the kernel), "
					      "output, policy, stopped (the daemon did not run)" },
	{ "traceleft.tamper.object", "keyword", "tamper: which ones: functions and tracepoints, events, maps, a file" },
	{ "traceleft.tamper.state", "keyword", "tamper: found, mended, or over, if that was so when it was noticed" },
	{ "traceleft.seal.file", "keyword", "seal: the file that was sealed; absent in the file itself" },
	{ "traceleft.seal.kind", "keyword", "seal: begin (of a file), resume (by another process), interval, rotate or close" },
	{ "traceleft.seal.format", "keyword", "seal: json or proto: as which the bytes in the file were sealed" },
	{ "traceleft.seal.number", "long", "seal: counted from 1 over all files that follow each other" },
	{ "traceleft.seal.offset", "long", "seal: where in the file begins what is sealed" },
	{ "traceleft.seal.bytes", "long", "seal: its length" },
	{ "traceleft.seal.previous", "keyword", "seal: traceleft.seal.hash of the seal before it, zeros if there is none" },
	{ "traceleft.seal.hash", "keyword", "seal: SHA-256 of what is sealed and of the seal itself" },

#define COUNTERS(prefix)                                                                                          \
	{ prefix "seen", "long", "calls that a hook saw" },                                                       \
	{ prefix "filtered", "long", "of those, what no rule wanted" },                                           \
	{ prefix "aggregated", "long", "of those, what was counted in the kernel" },                              \
	{ prefix "emitted", "long", "of those, what went into the ring; seen = filtered + aggregated + emitted + lost" }, \
	{ prefix "lost", "long", "of those, what found no room" },                                                \
	{ prefix "received", "long", "events that came out of the ring" },                                        \
	{ prefix "malformed", "long", "of those, what the reader refused" },                                      \
	{ prefix "internal", "long", "of those, what was for the process table alone" },                          \
	{ prefix "reader_filtered", "long", "of those, what no rule kept" },                                      \
	{ prefix "reader_aggregated", "long", "of those, what the rules counted" },                               \
	{ prefix "reader_lost", "long", "of those, what was lost for want of memory" },                           \
	{ prefix "delivered", "long", "of those, what went to an output" }
	COUNTERS("traceleft.ledger.total."),
	{ "traceleft.ledger.balance.seen", "long", "the sum of the four, and of what is under way" },
	{ "traceleft.ledger.balance.delivered", "long", "handed to an output" },
	{ "traceleft.ledger.balance.filtered", "long", "in the kernel, for the process table, or by rules" },
	{ "traceleft.ledger.balance.aggregated", "long", "counted in the kernel or by rules" },
	{ "traceleft.ledger.balance.lost", "long", "no room in the ring, malformed, or no memory" },
	{ "traceleft.ledger.balance.under_way", "long", "between the kernel's counters and the reader's" },
	{ "traceleft.ledger.balance.unaudited", "long", "times that there was no room to find out what to audit" },
	{ "traceleft.ledger.events.name", "keyword", "event of this row; one row per event, an array" },
	COUNTERS("traceleft.ledger.events."),
	{ "traceleft.ledger.rules.name", "keyword", "rule of this row, an array" },
	{ "traceleft.ledger.rules.matched", "long", "events that met its conditions; the sum of the next four" },
	{ "traceleft.ledger.rules.delivered", "long", "of those, what went to its outputs one by one" },
	{ "traceleft.ledger.rules.filtered", "long", "of those, what drop, sample, limit or distinct held back" },
	{ "traceleft.ledger.rules.aggregated", "long", "of those, what it counted" },
	{ "traceleft.ledger.rules.lost", "long", "of those, what was lost for want of memory" },
	{ "traceleft.ledger.rules.results", "long", "events that stand for what it counted" },
	{ "traceleft.ledger.rules.overflow", "long", "events whose key found no room of its own" },
	{ "traceleft.ledger.outputs.name", "keyword", "output of this row, an array" },
	{ "traceleft.ledger.outputs.accepted", "long", "events and results handed to it; the sum of the next three" },
	{ "traceleft.ledger.outputs.delivered", "long", "of those, what it has written" },
	{ "traceleft.ledger.outputs.lost", "long", "of those, what it could not write" },
	{ "traceleft.ledger.outputs.waiting", "long", "of those, what waits in it" },
	{ "traceleft.ledger.streams.cpu", "long", "CPU of this row, an array" },
	{ "traceleft.ledger.streams.seq", "long", "last number of it in this output" },
	{ "traceleft.ledger.refusals.name", "keyword", "what was refused besides events, an array" },
	{ "traceleft.ledger.refusals.count", "long", "how often" },
};

const struct tl_field *tl_field_get(size_t i)
{
	return i < sizeof(fields) / sizeof(fields[0]) ? &fields[i] : NULL;
}

static int matches(const char *field, const char *name)
{
	size_t n = strlen(field);

	if (n < 2 || strcmp(field + n - 2, ".*"))
		return !strcmp(field, name);
	return !strncmp(field, name, n - 1) && !strchr(name + n - 1, '.');
}

const struct tl_field *tl_field_find(const char *name)
{
	const struct tl_field *field;

	for (size_t i = 0; (field = tl_field_get(i)); i++)
		if (matches(field->name, name))
			return field;
	return NULL;
}
