/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "entry-fields.h"
#include "util.h"

static const struct tl_entry_field fields[] = {
	{ "@timestamp", "TRACELEFT_TIME" },
	{ "event.action", "TRACELEFT_EVENT" },
	{ "event.category", "TRACELEFT_CATEGORY" },
	{ "event.type", "TRACELEFT_TYPE" },
	{ "event.outcome", "TRACELEFT_OUTCOME" },
	{ "event.sequence", NULL }, /* TRACELEFT_SEQ */
	{ "event.id", "TRACELEFT_EVENT_ID" },
	{ "event.duration", "TRACELEFT_DURATION" },
	{ "process.pid", "TRACELEFT_PID" },
	{ "process.thread.id", "TRACELEFT_TID" },
	{ "process.thread.name", "TRACELEFT_THREAD" },
	{ "process.exit_code", "TRACELEFT_EXIT_CODE" },
	{ "process.entity_id", "TRACELEFT_ENTITY_ID" },
	{ "process.name", "TRACELEFT_COMM" },
	{ "process.executable", "TRACELEFT_EXECUTABLE" },
	{ "process.args", "TRACELEFT_ARGV" },
	{ "process.command_line", "TRACELEFT_CMDLINE" },
	{ "process.working_directory", "TRACELEFT_CWD" },
	{ "process.start", "TRACELEFT_START" },
	{ "process.parent.pid", "TRACELEFT_PPID" },
	{ "process.parent.entity_id", "TRACELEFT_PARENT_ENTITY_ID" },
	{ "process.parent.name", "TRACELEFT_PARENT_COMM" },
	{ "process.parent.executable", "TRACELEFT_PARENT_EXECUTABLE" },
	{ "process.parent.command_line", "TRACELEFT_PARENT_CMDLINE" },
	{ "user.id", "TRACELEFT_UID" },
	{ "user.name", "TRACELEFT_USER" },
	{ "user.effective.id", "TRACELEFT_EUID" },
	{ "user.effective.name", "TRACELEFT_EUSER" },
	{ "user.effective.group.id", "TRACELEFT_EGID" },
	{ "user.audit.id", "TRACELEFT_LOGINUID" },
	{ "user.audit.name", "TRACELEFT_LOGINUSER" },
	{ "group.id", "TRACELEFT_GID" },
	{ "container.id", "TRACELEFT_CONTAINER_ID" },
	{ "file.path", "TRACELEFT_PATH" },
	{ "file.inode", "TRACELEFT_INODE" },
	{ "file.device", "TRACELEFT_DEVICE" },
	{ "file.mode", "TRACELEFT_MODE" },
	{ "file.type", "TRACELEFT_FILE_TYPE" },
	{ "file.target_path", "TRACELEFT_TARGET_PATH" },
	{ "source.ip", "TRACELEFT_SADDR" },
	{ "source.address", "TRACELEFT_SADDR" },
	{ "source.port", "TRACELEFT_SPORT" },
	{ "source.bytes", "TRACELEFT_SBYTES" },
	{ "destination.ip", "TRACELEFT_DADDR" },
	{ "destination.address", "TRACELEFT_DADDR" },
	{ "destination.port", "TRACELEFT_DPORT" },
	{ "destination.bytes", "TRACELEFT_DBYTES" },
	{ "source.domain", "TRACELEFT_SDOMAIN" },
	{ "destination.domain", "TRACELEFT_DDOMAIN" },
	{ "dns.type", "TRACELEFT_DNS_TYPE" },
	{ "dns.question.name", "TRACELEFT_DNS_NAME" },
	{ "dns.question.type", "TRACELEFT_DNS_QUESTION_TYPE" },
	{ "dns.response_code", "TRACELEFT_DNS_CODE" },
	{ "dns.resolved_ip", "TRACELEFT_DNS_RESOLVED" },
	{ "network.transport", "TRACELEFT_TRANSPORT" },
	{ "network.type", "TRACELEFT_NETWORK_TYPE" },
	{ "message", "TRACELEFT_NOTE" },
	{ "rule.name", "TRACELEFT_RULE" },
	{ "tags", "TRACELEFT_TAGS" },
	{ "log.level", "TRACELEFT_SEVERITY" },
	{ "host.name", NULL }, /* _HOSTNAME */
	{ "host.id", NULL }, /* _MACHINE_ID */
	{ "host.boot.id", NULL }, /* _BOOT_ID */
	{ "traceleft.args_text", "TRACELEFT_ARGS" },
	{ "traceleft.ret", "TRACELEFT_RET" },
	{ "traceleft.errno", "TRACELEFT_ERRNO" },
	{ "traceleft.signal", "TRACELEFT_SIGNAL" },
	{ "traceleft.utime", "TRACELEFT_UTIME" },
	{ "traceleft.stime", "TRACELEFT_STIME" },
	{ "traceleft.child.pid", "TRACELEFT_CHILD_PID" },
	{ "traceleft.child.entity_id", "TRACELEFT_CHILD_ENTITY_ID" },
#define IDENTITY(prefix, journal)                                                         \
	{ prefix "uid", journal "UID" },                                                 \
	{ prefix "euid", journal "EUID" },                                               \
	{ prefix "suid", journal "SUID" },                                               \
	{ prefix "fsuid", journal "FSUID" },                                             \
	{ prefix "gid", journal "GID" },                                                 \
	{ prefix "egid", journal "EGID" },                                               \
	{ prefix "sgid", journal "SGID" },                                               \
	{ prefix "fsgid", journal "FSGID" },                                             \
	{ prefix "cap_effective", journal "CAP_EFFECTIVE" },                             \
	{ prefix "cap_permitted", journal "CAP_PERMITTED" },                             \
	{ prefix "cap_inheritable", journal "CAP_INHERITABLE" },                         \
	{ prefix "cap_bounding", journal "CAP_BOUNDING" },                               \
	{ prefix "cap_ambient", journal "CAP_AMBIENT" },                                 \
	{ prefix "mntns", journal "MNTNS" },                                             \
	{ prefix "netns", journal "NETNS" },                                             \
	{ prefix "utsns", journal "UTSNS" },                                             \
	{ prefix "ipcns", journal "IPCNS" },                                             \
	{ prefix "cgroupns", journal "CGROUPNS" },                                       \
	{ prefix "userns", journal "USERNS" },                                           \
	{ prefix "child_pidns", journal "CHILD_PIDNS" },                                 \
	{ prefix "child_timens", journal "CHILD_TIMENS" }                                
	IDENTITY("traceleft.before.", "TRACELEFT_BEFORE_"),
	IDENTITY("traceleft.after.", "TRACELEFT_AFTER_"),
	{ "traceleft.target.pid", "TRACELEFT_TARGET_PID" },
	{ "traceleft.target.tid", "TRACELEFT_TARGET_TID" },
	{ "traceleft.target.entity_id", "TRACELEFT_TARGET_ENTITY_ID" },
	{ "traceleft.target.name", "TRACELEFT_TARGET_COMM" },
	{ "traceleft.target.executable", "TRACELEFT_TARGET_EXECUTABLE" },
	{ "traceleft.target.uid", "TRACELEFT_TARGET_UID" },
	{ "traceleft.module", "TRACELEFT_MODULE" },
	{ "traceleft.peer.pid", "TRACELEFT_PEER_PID" },
	{ "traceleft.peer.entity_id", "TRACELEFT_PEER_ENTITY_ID" },
	{ "traceleft.peer.name", "TRACELEFT_PEER_COMM" },
	{ "traceleft.peer.executable", "TRACELEFT_PEER_EXECUTABLE" },
	{ "traceleft.peer.uid", "TRACELEFT_PEER_UID" },
	{ "traceleft.peer.gid", "TRACELEFT_PEER_GID" },
	{ "traceleft.endpoints", "TRACELEFT_ENDPOINTS" },
	{ "traceleft.targets", "TRACELEFT_TARGETS" },
	{ "traceleft.program_id", "TRACELEFT_PROGRAM_ID" },
	{ "traceleft.cpu", "TRACELEFT_CPU" },
	{ "traceleft.seq", "TRACELEFT_SEQ" },
	{ "traceleft.seq_previous", "TRACELEFT_SEQ_PREVIOUS" },
	{ "traceleft.record", "TRACELEFT_RECORD" },
	{ "traceleft.hash", "TRACELEFT_HASH" },
	{ "traceleft.netns", "TRACELEFT_NETNS" },
	{ "traceleft.audit_session", "TRACELEFT_SESSION" },
	{ "traceleft.abi", "TRACELEFT_ABI" },
	{ "traceleft.nr", "TRACELEFT_NR" },
	{ "traceleft.cgroup", "TRACELEFT_CGROUP" },
	{ "traceleft.unit", "TRACELEFT_UNIT" },
	{ "traceleft.mntns", "TRACELEFT_MNTNS" },
	{ "traceleft.pidns", "TRACELEFT_PIDNS" },
	{ "traceleft.inner_pid", "TRACELEFT_INNER_PID" },
	{ "traceleft.ancestors", "TRACELEFT_ANCESTORS" },
	{ "traceleft.stream", "TRACELEFT_STREAM" },
	{ "traceleft.group", "TRACELEFT_GROUP" },
	{ "traceleft.result", "TRACELEFT_RESULT" },
	{ "traceleft.count", "TRACELEFT_COUNT" },
	{ "traceleft.first", "TRACELEFT_FIRST" },
	{ "traceleft.last", "TRACELEFT_LAST" },
	{ "traceleft.bytes", "TRACELEFT_BYTES" },
	{ "traceleft.flags", "TRACELEFT_FLAGS" },
	{ "traceleft.seq_first", "TRACELEFT_SEQ_FIRST" },
	{ "traceleft.seq_last", "TRACELEFT_SEQ_LAST" },
	{ "traceleft.stage", "TRACELEFT_STAGE" },
	{ "traceleft.counted", "TRACELEFT_COUNTED" },
	{ "traceleft.requester.pid", "TRACELEFT_REQUESTER_PID" },
	{ "traceleft.requester.name", "TRACELEFT_REQUESTER_COMM" },
	{ "traceleft.requester.executable", "TRACELEFT_REQUESTER_EXECUTABLE" },
	{ "traceleft.requester.unit", "TRACELEFT_REQUESTER_UNIT" },
	{ "traceleft.requester.uid", "TRACELEFT_REQUESTER_UID" },
	{ "traceleft.requester.loginuid", "TRACELEFT_REQUESTER_LOGINUID" },
	{ "traceleft.tamper.kind", "TRACELEFT_TAMPER_KIND" },
	{ "traceleft.tamper.object", "TRACELEFT_TAMPER_OBJECT" },
	{ "traceleft.tamper.state", "TRACELEFT_TAMPER_STATE" },
	{ "traceleft.seal.file", "TRACELEFT_SEAL_FILE" },
	{ "traceleft.seal.kind", "TRACELEFT_SEAL_KIND" },
	{ "traceleft.seal.format", "TRACELEFT_SEAL_FORMAT" },
	{ "traceleft.seal.number", "TRACELEFT_SEAL_NUMBER" },
	{ "traceleft.seal.offset", "TRACELEFT_SEAL_OFFSET" },
	{ "traceleft.seal.bytes", "TRACELEFT_SEAL_BYTES" },
	{ "traceleft.seal.previous", "TRACELEFT_SEAL_PREVIOUS" },
	{ "traceleft.seal.hash", "TRACELEFT_SEAL_HASH" },
	{ "traceleft.ledger.total.seen", NULL }, /* of the balance */
	{ "traceleft.ledger.total.filtered", "TRACELEFT_KERNEL_FILTERED" },
	{ "traceleft.ledger.total.aggregated", "TRACELEFT_KERNEL_AGGREGATED" },
	{ "traceleft.ledger.total.emitted", "TRACELEFT_EMITTED" },
	{ "traceleft.ledger.total.lost", "TRACELEFT_KERNEL_LOST" },
	{ "traceleft.ledger.total.received", "TRACELEFT_RECEIVED" },
	{ "traceleft.ledger.total.malformed", "TRACELEFT_MALFORMED" },
	{ "traceleft.ledger.total.internal", "TRACELEFT_INTERNAL" },
	{ "traceleft.ledger.total.reader_filtered", "TRACELEFT_READER_FILTERED" },
	{ "traceleft.ledger.total.reader_aggregated", "TRACELEFT_READER_AGGREGATED" },
	{ "traceleft.ledger.total.reader_lost", "TRACELEFT_READER_LOST" },
	{ "traceleft.ledger.total.delivered", NULL }, /* of the balance */
	{ "traceleft.ledger.balance.seen", "TRACELEFT_SEEN" },
	{ "traceleft.ledger.balance.delivered", "TRACELEFT_DELIVERED" },
	{ "traceleft.ledger.balance.filtered", "TRACELEFT_FILTERED" },
	{ "traceleft.ledger.balance.aggregated", "TRACELEFT_AGGREGATED" },
	{ "traceleft.ledger.balance.lost", "TRACELEFT_LOST" },
	{ "traceleft.ledger.balance.under_way", "TRACELEFT_UNDER_WAY" },
	{ "traceleft.ledger.balance.unaudited", "TRACELEFT_UNAUDITED" },
	{ "traceleft.ledger.events", "TRACELEFT_LEDGER_EVENTS" },
	{ "traceleft.ledger.rules", "TRACELEFT_LEDGER_RULES" },
	{ "traceleft.ledger.outputs", "TRACELEFT_LEDGER_OUTPUTS" },
	{ "traceleft.ledger.streams", "TRACELEFT_LEDGER_STREAMS" },
	{ "traceleft.ledger.refusals", "TRACELEFT_LEDGER_REFUSALS" },
};

const struct tl_entry_field *tl_entry_field_get(size_t i)
{
	return i < ARRAY_SIZE(fields) ? &fields[i] : NULL;
}

const struct tl_entry_field *tl_entry_field_find(const char *name, size_t *hint)
{
	for (size_t n = 0, i = *hint; n < ARRAY_SIZE(fields); n++, i++) {
		if (i >= ARRAY_SIZE(fields))
			i = 0;
		if (strcmp(fields[i].name, name))
			continue;
		*hint = i + 1;
		return &fields[i];
	}
	return NULL;
}
