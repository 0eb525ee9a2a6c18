/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What bpf(2) is asked for: union bpf_attr by command. */
#include <linux/bpf.h>

#include "values-structs.h"

static const struct tl_constant map_types[] = {
	C(BPF_MAP_TYPE_UNSPEC), C(BPF_MAP_TYPE_HASH), C(BPF_MAP_TYPE_ARRAY), C(BPF_MAP_TYPE_PROG_ARRAY),
	C(BPF_MAP_TYPE_PERF_EVENT_ARRAY), C(BPF_MAP_TYPE_PERCPU_HASH), C(BPF_MAP_TYPE_PERCPU_ARRAY),
	C(BPF_MAP_TYPE_STACK_TRACE), C(BPF_MAP_TYPE_CGROUP_ARRAY), C(BPF_MAP_TYPE_LRU_HASH),
	C(BPF_MAP_TYPE_LRU_PERCPU_HASH), C(BPF_MAP_TYPE_LPM_TRIE), C(BPF_MAP_TYPE_ARRAY_OF_MAPS),
	C(BPF_MAP_TYPE_HASH_OF_MAPS), C(BPF_MAP_TYPE_DEVMAP), C(BPF_MAP_TYPE_SOCKMAP), C(BPF_MAP_TYPE_CPUMAP),
	C(BPF_MAP_TYPE_XSKMAP), C(BPF_MAP_TYPE_SOCKHASH), C(BPF_MAP_TYPE_CGROUP_STORAGE),
	C(BPF_MAP_TYPE_REUSEPORT_SOCKARRAY), C(BPF_MAP_TYPE_PERCPU_CGROUP_STORAGE), C(BPF_MAP_TYPE_QUEUE),
	C(BPF_MAP_TYPE_STACK), C(BPF_MAP_TYPE_SK_STORAGE), C(BPF_MAP_TYPE_DEVMAP_HASH), C(BPF_MAP_TYPE_STRUCT_OPS),
	C(BPF_MAP_TYPE_RINGBUF), C(BPF_MAP_TYPE_INODE_STORAGE), C(BPF_MAP_TYPE_TASK_STORAGE),
	C(BPF_MAP_TYPE_BLOOM_FILTER), { "BPF_MAP_TYPE_USER_RINGBUF", 31 }, { "BPF_MAP_TYPE_CGRP_STORAGE", 32 },
	{ "BPF_MAP_TYPE_ARENA", 33 },
};

static const struct tl_constant program_types[] = {
	C(BPF_PROG_TYPE_UNSPEC), C(BPF_PROG_TYPE_SOCKET_FILTER), C(BPF_PROG_TYPE_KPROBE), C(BPF_PROG_TYPE_SCHED_CLS),
	C(BPF_PROG_TYPE_SCHED_ACT), C(BPF_PROG_TYPE_TRACEPOINT), C(BPF_PROG_TYPE_XDP), C(BPF_PROG_TYPE_PERF_EVENT),
	C(BPF_PROG_TYPE_CGROUP_SKB), C(BPF_PROG_TYPE_CGROUP_SOCK), C(BPF_PROG_TYPE_LWT_IN), C(BPF_PROG_TYPE_LWT_OUT),
	C(BPF_PROG_TYPE_LWT_XMIT), C(BPF_PROG_TYPE_SOCK_OPS), C(BPF_PROG_TYPE_SK_SKB), C(BPF_PROG_TYPE_CGROUP_DEVICE),
	C(BPF_PROG_TYPE_SK_MSG), C(BPF_PROG_TYPE_RAW_TRACEPOINT), C(BPF_PROG_TYPE_CGROUP_SOCK_ADDR),
	C(BPF_PROG_TYPE_LWT_SEG6LOCAL), C(BPF_PROG_TYPE_LIRC_MODE2), C(BPF_PROG_TYPE_SK_REUSEPORT),
	C(BPF_PROG_TYPE_FLOW_DISSECTOR), C(BPF_PROG_TYPE_CGROUP_SYSCTL), C(BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE),
	C(BPF_PROG_TYPE_CGROUP_SOCKOPT), C(BPF_PROG_TYPE_TRACING), C(BPF_PROG_TYPE_STRUCT_OPS), C(BPF_PROG_TYPE_EXT),
	C(BPF_PROG_TYPE_LSM), C(BPF_PROG_TYPE_SK_LOOKUP), C(BPF_PROG_TYPE_SYSCALL), { "BPF_PROG_TYPE_NETFILTER", 32 },
};

/* A member that the caller's size leaves out is none. */
struct member_of {
	const char *key;
	uint8_t offset, size;
	const char *decoder; /* NULL: an unsigned number; "": a name, up to the NUL */
};

static void put_members(struct tl_buffer *out, const struct tl_bytes *bytes, const struct member_of *members, size_t n)
{
	for (size_t i = 0; i < n && (size_t)members[i].offset + members[i].size <= bytes->size; i++) {
		const struct member_of *m = &members[i];

		tl_put_text(out, m->key);
		if (!m->decoder) {
			tl_put_u64(out, member(bytes, m->offset, m->size));
		} else if (*m->decoder) {
			tl_value_text(out, tl_decoder_find(m->decoder), member(bytes, m->offset, m->size));
		} else {
			const char *name = bytes->data + m->offset;
			struct tl_bytes text = { .data = name, .size = (uint32_t)strnlen(name, m->size) };

			tl_string_text(out, &text);
		}
	}
}

static void bpf_map_create_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct member_of members[] = {
		{ "{map_type=", 0, 4, "bpf_map_type" }, { ", key_size=", 4, 4, NULL },	 { ", value_size=", 8, 4, NULL },
		{ ", max_entries=", 12, 4, NULL },	 { ", map_flags=", 16, 4, "hex" }, { ", inner_map_fd=", 20, 4, NULL },
		{ ", numa_node=", 24, 4, NULL },	 { ", map_name=", 28, 16, "" },
	};

	if (!whole(out, bytes, 16))
		return;
	put_members(out, bytes, members, COUNT(members));
	TL_PUT_LITERAL(out, ", ...}");
}

static void bpf_prog_load_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct member_of members[] = {
		{ "{prog_type=", 0, 4, "bpf_prog_type" }, { ", insn_cnt=", 4, 4, NULL },    { ", insns=", 8, 8, "pointer" },
		{ ", license=", 16, 8, "pointer" },	   { ", log_level=", 24, 4, NULL }, { ", log_size=", 28, 4, NULL },
		{ ", log_buf=", 32, 8, "pointer" },	   { ", kern_version=", 40, 4, "hex" },
		{ ", prog_flags=", 44, 4, "hex" },	   { ", prog_name=", 48, 16, "" },
		{ ", prog_ifindex=", 64, 4, NULL },	   { ", expected_attach_type=", 68, 4, NULL },
	};

	if (!whole(out, bytes, 24))
		return;
	put_members(out, bytes, members, COUNT(members));
	TL_PUT_LITERAL(out, ", ...}");
}

static void bpf_element_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct member_of members[] = {
		{ "{map_fd=", 0, 4, NULL }, { ", key=", 8, 8, "pointer" }, { ", value=", 16, 8, "pointer" },
		{ ", flags=", 24, 8, "hex" },
	};

	if (!whole(out, bytes, 16))
		return;
	put_members(out, bytes, members, COUNT(members));
	tl_put_char(out, '}');
}

static void bpf_object_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct member_of members[] = {
		{ "{pathname=", 0, 8, "pointer" }, { ", bpf_fd=", 8, 4, NULL }, { ", file_flags=", 12, 4, "hex" },
	};

	if (!whole(out, bytes, 12))
		return;
	put_members(out, bytes, members, COUNT(members));
	tl_put_char(out, '}');
}

static void bpf_attach_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct member_of members[] = {
		{ "{target_fd=", 0, 4, NULL },	  { ", attach_bpf_fd=", 4, 4, NULL }, { ", attach_type=", 8, 4, NULL },
		{ ", attach_flags=", 12, 4, "hex" },
	};

	if (!whole(out, bytes, 12))
		return;
	put_members(out, bytes, members, COUNT(members));
	TL_PUT_LITERAL(out, ", ...}");
}

static const struct tl_decoder decoders[] = {
	ENUM("bpf_map_type", map_types),
	ENUM("bpf_prog_type", program_types),
	BYTES("bpf_map_create", bpf_map_create_text),
	BYTES("bpf_prog_load", bpf_prog_load_text),
	BYTES("bpf_element", bpf_element_text),
	BYTES("bpf_object", bpf_object_text),
	BYTES("bpf_attach", bpf_attach_text),
};

const struct tl_decoder_list tl_decoders_bpf = { decoders, COUNT(decoders) };
