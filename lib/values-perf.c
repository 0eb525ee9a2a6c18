/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What perf_event_open(2) is asked to count or to sample. */
#include <linux/perf_event.h>

#include "values-structs.h"

static const struct tl_constant types[] = {
	C(PERF_TYPE_HARDWARE), C(PERF_TYPE_SOFTWARE), C(PERF_TYPE_TRACEPOINT),
	C(PERF_TYPE_HW_CACHE), C(PERF_TYPE_RAW),      C(PERF_TYPE_BREAKPOINT),
};

static const struct tl_constant hardware[] = {
	C(PERF_COUNT_HW_CPU_CYCLES),
	C(PERF_COUNT_HW_INSTRUCTIONS),
	C(PERF_COUNT_HW_CACHE_REFERENCES),
	C(PERF_COUNT_HW_CACHE_MISSES),
	C(PERF_COUNT_HW_BRANCH_INSTRUCTIONS),
	C(PERF_COUNT_HW_BRANCH_MISSES),
	C(PERF_COUNT_HW_BUS_CYCLES),
	C(PERF_COUNT_HW_STALLED_CYCLES_FRONTEND),
	C(PERF_COUNT_HW_STALLED_CYCLES_BACKEND),
	C(PERF_COUNT_HW_REF_CPU_CYCLES),
};

static const struct tl_constant software[] = {
	C(PERF_COUNT_SW_CPU_CLOCK),	   C(PERF_COUNT_SW_TASK_CLOCK),
	C(PERF_COUNT_SW_PAGE_FAULTS),	   C(PERF_COUNT_SW_CONTEXT_SWITCHES),
	C(PERF_COUNT_SW_CPU_MIGRATIONS),   C(PERF_COUNT_SW_PAGE_FAULTS_MIN),
	C(PERF_COUNT_SW_PAGE_FAULTS_MAJ),  C(PERF_COUNT_SW_ALIGNMENT_FAULTS),
	C(PERF_COUNT_SW_EMULATION_FAULTS), C(PERF_COUNT_SW_DUMMY),
	C(PERF_COUNT_SW_BPF_OUTPUT),	   { "PERF_COUNT_SW_CGROUP_SWITCHES", 11 },
};

static const struct tl_constant caches[] = {
	C(PERF_COUNT_HW_CACHE_L1D),  C(PERF_COUNT_HW_CACHE_L1I),  C(PERF_COUNT_HW_CACHE_LL),
	C(PERF_COUNT_HW_CACHE_DTLB), C(PERF_COUNT_HW_CACHE_ITLB), C(PERF_COUNT_HW_CACHE_BPU),
	C(PERF_COUNT_HW_CACHE_NODE),
};
static const struct tl_constant cache_ops[] = {
	C(PERF_COUNT_HW_CACHE_OP_READ),
	C(PERF_COUNT_HW_CACHE_OP_WRITE),
	C(PERF_COUNT_HW_CACHE_OP_PREFETCH),
};
static const struct tl_constant cache_results[] = {
	C(PERF_COUNT_HW_CACHE_RESULT_ACCESS),
	C(PERF_COUNT_HW_CACHE_RESULT_MISS),
};

static const struct tl_constant samples[] = {
	C(PERF_SAMPLE_IP),
	C(PERF_SAMPLE_TID),
	C(PERF_SAMPLE_TIME),
	C(PERF_SAMPLE_ADDR),
	C(PERF_SAMPLE_READ),
	C(PERF_SAMPLE_CALLCHAIN),
	C(PERF_SAMPLE_ID),
	C(PERF_SAMPLE_CPU),
	C(PERF_SAMPLE_PERIOD),
	C(PERF_SAMPLE_STREAM_ID),
	C(PERF_SAMPLE_RAW),
	C(PERF_SAMPLE_BRANCH_STACK),
	C(PERF_SAMPLE_REGS_USER),
	C(PERF_SAMPLE_STACK_USER),
	C(PERF_SAMPLE_WEIGHT),
	C(PERF_SAMPLE_DATA_SRC),
	C(PERF_SAMPLE_IDENTIFIER),
	C(PERF_SAMPLE_TRANSACTION),
	C(PERF_SAMPLE_REGS_INTR),
	C(PERF_SAMPLE_PHYS_ADDR),
	{ "PERF_SAMPLE_AUX", 1 << 20 },
	{ "PERF_SAMPLE_CGROUP", 1 << 21 },
	{ "PERF_SAMPLE_DATA_PAGE_SIZE", 1 << 22 },
	{ "PERF_SAMPLE_CODE_PAGE_SIZE", 1 << 23 },
	{ "PERF_SAMPLE_WEIGHT_STRUCT", 1 << 24 },
};

static const struct tl_constant formats[] = {
	C(PERF_FORMAT_TOTAL_TIME_ENABLED), C(PERF_FORMAT_TOTAL_TIME_RUNNING), C(PERF_FORMAT_ID), C(PERF_FORMAT_GROUP),
	{ "PERF_FORMAT_LOST", 1 << 4 },
};

static const struct tl_constant breakpoints[] = {
	{ "HW_BREAKPOINT_EMPTY", 0 }, { "HW_BREAKPOINT_R", 1 }, { "HW_BREAKPOINT_W", 2 },
	{ "HW_BREAKPOINT_RW", 3 },    { "HW_BREAKPOINT_X", 4 },
};

/* Bits by number; NULL: those of precise_ip. */
/* clang-format off */
static const char *const bits[] = {
	"disabled", "inherit", "pinned", "exclusive", "exclude_user", "exclude_kernel", "exclude_hv", "exclude_idle",
	"mmap", "comm", "freq", "inherit_stat", "enable_on_exec", "task", "watermark", NULL, NULL, "mmap_data",
	"sample_id_all", "exclude_host", "exclude_guest", "exclude_callchain_kernel", "exclude_callchain_user", "mmap2",
	"comm_exec", "use_clockid", "context_switch", "write_backward", "namespaces", "ksymbol", "bpf_event",
	"aux_output", "cgroup", "text_poke", "build_id", "inherit_thread", "remove_on_exec", "sigtrap",
};
/* clang-format on */

#define BIT_FREQ 10
#define BIT_PRECISE_IP 15

static void put_of(struct tl_buffer *out, const char *key, const struct tl_decoder *decoder, uint64_t value)
{
	tl_put_text(out, key);
	tl_value_text(out, decoder, value);
}

/* What is counted: of the processor, the half above says on which kind of it. */
static void put_config(struct tl_buffer *out, uint64_t type, uint64_t config)
{
	static const struct tl_decoder of_hardware = ENUM("", hardware), of_software = ENUM("", software),
				       of_caches = ENUM("", caches), of_ops = ENUM("", cache_ops),
				       of_results = ENUM("", cache_results);
	uint64_t kind = type == PERF_TYPE_HARDWARE || type == PERF_TYPE_HW_CACHE ? config >> 32 : 0;

	TL_PUT_LITERAL(out, ", config=");
	if (kind)
		put_decoded(out, "", "hex", kind);
	if (kind)
		TL_PUT_LITERAL(out, "<<32|");
	switch (type) {
	case PERF_TYPE_HARDWARE:
		tl_value_text(out, &of_hardware, (uint32_t)config);
		break;
	case PERF_TYPE_SOFTWARE:
		tl_value_text(out, &of_software, config);
		break;
	case PERF_TYPE_TRACEPOINT:
		tl_put_u64(out, config); /* its id, as tracefs has it */
		break;
	case PERF_TYPE_HW_CACHE:
		tl_value_text(out, &of_results, (uint32_t)config >> 16);
		put_of(out, "<<16|", &of_ops, config >> 8 & 0xff);
		put_of(out, "<<8|", &of_caches, config & 0xff);
		break;
	default:
		put_decoded(out, "", "hex", config);
	}
}

static void put_bits(struct tl_buffer *out, uint64_t set)
{
	for (size_t i = 0; i < COUNT(bits); i++) {
		if (!bits[i] || !(set >> i & 1))
			continue;
		TL_PUT_LITERAL(out, ", ");
		tl_put_text(out, bits[i]);
		TL_PUT_LITERAL(out, "=1");
	}
	if (set >> COUNT(bits))
		put_decoded(out, ", ", "hex", set >> COUNT(bits) << COUNT(bits));
	put_signed(out, ", precise_ip=", set >> BIT_PRECISE_IP & 3);
}

/* As much of it as each kernel knows. */
static void perf_attr_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_decoder of_types = ENUM("", types), of_samples = FLAGS("", samples),
				       of_formats = FLAGS("", formats), of_breakpoints = ENUM("", breakpoints);
	uint64_t type = member(bytes, 0, 4), set = WORD(bytes, 5);

	if (!whole(out, bytes, PERF_ATTR_SIZE_VER0))
		return;
	put_of(out, "{type=", &of_types, type);
	put_decoded(out, ", size=", "hex", member(bytes, 4, 4));
	put_config(out, type, WORD(bytes, 1));
	tl_put_text(out, set >> BIT_FREQ & 1 ? ", sample_freq=" : ", sample_period=");
	tl_put_u64(out, WORD(bytes, 2));
	put_of(out, ", sample_type=", &of_samples, WORD(bytes, 3));
	put_of(out, ", read_format=", &of_formats, WORD(bytes, 4));
	put_bits(out, set);
	if (type == PERF_TYPE_BREAKPOINT) {
		put_of(out, ", bp_type=", &of_breakpoints, member(bytes, 52, 4));
		put_decoded(out, ", bp_addr=", "pointer", WORD(bytes, 7));
	} else if (WORD(bytes, 7)) {
		put_decoded(out, ", config1=", "hex", WORD(bytes, 7));
	}
	TL_PUT_LITERAL(out, ", ...}");
}

static const struct tl_decoder decoders[] = { BYTES("perf_attr", perf_attr_text) };

const struct tl_decoder_list tl_decoders_perf = { decoders, COUNT(decoders) };
