/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is behind the arguments of calls whose command says so, but for ioctl(2). */
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/seccomp.h>
#include <linux/securebits.h>

#include "values-structs.h"

/* ---- fcntl ---- */

static const struct tl_constant lock_types[] = { C(F_RDLCK), C(F_WRLCK), C(F_UNLCK) };
static const struct tl_constant notify_flags[] = {
	C(DN_ACCESS), C(DN_MODIFY), C(DN_CREATE), C(DN_DELETE), C(DN_RENAME), C(DN_ATTRIB), { "DN_MULTISHOT", 0x80000000 },
};

/* How struct flock lies in memory: two numbers of 16 bits, and behind them these. */
struct lock_layout {
	uint8_t start, length, pid, width;
};

static int64_t offset_at(const struct tl_bytes *bytes, size_t at, size_t width)
{
	return width == 4 ? (int32_t)member(bytes, at, 4) : (int64_t)member(bytes, at, 8);
}

/* is_found: who has it is told, too. */
static void put_lock(struct tl_buffer *out, const struct tl_bytes *bytes, const struct lock_layout *at, bool is_found)
{
	if (!whole(out, bytes, at->pid + 4U))
		return;
	put_decoded(out, "{l_type=", "lock_type", member(bytes, 0, 2));
	put_decoded(out, ", l_whence=", "seek_whence", member(bytes, 2, 2));
	put_signed(out, ", l_start=", (uint64_t)offset_at(bytes, at->start, at->width));
	put_signed(out, ", l_len=", (uint64_t)offset_at(bytes, at->length, at->width));
	if (is_found)
		put_signed(out, ", l_pid=", (uint64_t)(int32_t)member(bytes, at->pid, 4));
	tl_put_char(out, '}');
}

#define LOCK(function, is_found, ...)                                                  \
	static void function(struct tl_buffer *out, const struct tl_bytes *bytes)      \
	{                                                                              \
		static const struct lock_layout layout = { __VA_ARGS__ };              \
                                                                                       \
		put_lock(out, bytes, &layout, is_found);                               \
	}

LOCK(lock_text, false, 8, 16, 24, 8)
LOCK(lock_found_text, true, 8, 16, 24, 8)
LOCK(lock_text_32, false, 4, 8, 12, 4)
LOCK(lock_found_text_32, true, 4, 8, 12, 4)
LOCK(lock64_text_32, false, 4, 12, 20, 8)
LOCK(lock64_found_text_32, true, 4, 12, 20, 8)

static void owner_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant types[] = { { "F_OWNER_TID", 0 }, { "F_OWNER_PID", 1 }, { "F_OWNER_PGRP", 2 } };
	static const struct tl_decoder decoder = ENUM("", types);

	if (!whole(out, bytes, 8))
		return;
	TL_PUT_LITERAL(out, "{type=");
	tl_value_text(out, &decoder, member(bytes, 0, 4));
	put_signed(out, ", pid=", (uint64_t)(int32_t)member(bytes, 4, 4));
	tl_put_char(out, '}');
}

static void write_hint_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant hints[] = {
		{ "RWH_WRITE_LIFE_NOT_SET", 0 }, { "RWH_WRITE_LIFE_NONE", 1 }, { "RWH_WRITE_LIFE_SHORT", 2 },
		{ "RWH_WRITE_LIFE_MEDIUM", 3 }, { "RWH_WRITE_LIFE_LONG", 4 }, { "RWH_WRITE_LIFE_EXTREME", 5 },
	};
	static const struct tl_decoder decoder = ENUM("", hints);

	if (!whole(out, bytes, 8))
		return;
	tl_put_char(out, '[');
	tl_value_text(out, &decoder, WORD(bytes, 0));
	tl_put_char(out, ']');
}

/* ---- prctl ---- */

static const struct tl_constant secure_bits[] = {
	{ "SECBIT_NOROOT", 1 }, { "SECBIT_NOROOT_LOCKED", 2 }, { "SECBIT_NO_SETUID_FIXUP", 4 },
	{ "SECBIT_NO_SETUID_FIXUP_LOCKED", 8 }, { "SECBIT_KEEP_CAPS", 0x10 }, { "SECBIT_KEEP_CAPS_LOCKED", 0x20 },
	{ "SECBIT_NO_CAP_AMBIENT_RAISE", 0x40 }, { "SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED", 0x80 },
	{ "SECBIT_EXEC_RESTRICT_FILE", 0x100 }, { "SECBIT_EXEC_RESTRICT_FILE_LOCKED", 0x200 },
	{ "SECBIT_EXEC_DENY_INTERACTIVE", 0x400 }, { "SECBIT_EXEC_DENY_INTERACTIVE_LOCKED", 0x800 },
};
static const struct tl_constant ambient_commands[] = {
	C(PR_CAP_AMBIENT_IS_SET), C(PR_CAP_AMBIENT_RAISE), C(PR_CAP_AMBIENT_LOWER), C(PR_CAP_AMBIENT_CLEAR_ALL),
};
static const struct tl_constant seccomp_modes[] = {
	C(SECCOMP_MODE_DISABLED), C(SECCOMP_MODE_STRICT), C(SECCOMP_MODE_FILTER),
};
static const struct tl_constant memory_fields[] = {
	C(PR_SET_MM_START_CODE), C(PR_SET_MM_END_CODE), C(PR_SET_MM_START_DATA), C(PR_SET_MM_END_DATA),
	C(PR_SET_MM_START_STACK), C(PR_SET_MM_START_BRK), C(PR_SET_MM_BRK), C(PR_SET_MM_ARG_START),
	C(PR_SET_MM_ARG_END), C(PR_SET_MM_ENV_START), C(PR_SET_MM_ENV_END), C(PR_SET_MM_AUXV), C(PR_SET_MM_EXE_FILE),
	C(PR_SET_MM_MAP), C(PR_SET_MM_MAP_SIZE),
};
static const struct tl_constant speculations[] = {
	{ "PR_SPEC_STORE_BYPASS", 0 }, { "PR_SPEC_INDIRECT_BRANCH", 1 }, { "PR_SPEC_L1D_FLUSH", 2 },
};
static const struct tl_constant speculation_states[] = {
	{ "PR_SPEC_NOT_AFFECTED", 0 }, { "PR_SPEC_PRCTL", 1 }, { "PR_SPEC_ENABLE", 2 }, { "PR_SPEC_DISABLE", 4 },
	{ "PR_SPEC_FORCE_DISABLE", 8 }, { "PR_SPEC_DISABLE_NOEXEC", 16 },
};
static const struct tl_constant area_commands[] = { { "PR_SET_VMA_ANON_NAME", 0 } };
static const struct tl_constant tracers[] = { { "PR_SET_PTRACER_ANY", (uint64_t)-1 } };

/* A process, or all. */
static void tracer_text(struct tl_buffer *out, uint64_t value)
{
	if (value == tracers[0].value)
		tl_put_text(out, tracers[0].name);
	else
		tl_put_i64(out, (int64_t)value);
}

static void signal_pointer_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	if (!whole(out, bytes, 4))
		return;
	put_decoded(out, "[", "signal", member(bytes, 0, 4));
	tl_put_char(out, ']');
}

/* ---- seccomp ---- */

static void seccomp_action_text(struct tl_buffer *out, const struct tl_bytes *bytes)
{
	static const struct tl_constant actions[] = {
		{ "SECCOMP_RET_KILL_THREAD", 0 }, { "SECCOMP_RET_TRAP", 0x30000 }, { "SECCOMP_RET_ERRNO", 0x50000 },
		{ "SECCOMP_RET_USER_NOTIF", 0x7fc00000 }, { "SECCOMP_RET_TRACE", 0x7ff00000 },
		{ "SECCOMP_RET_LOG", 0x7ffc0000 }, { "SECCOMP_RET_ALLOW", 0x7fff0000 },
		{ "SECCOMP_RET_KILL_PROCESS", 0x80000000 },
	};
	static const struct tl_decoder decoder = ENUM("", actions);
	uint64_t action = member(bytes, 0, 4);

	if (!whole(out, bytes, 4))
		return;
	tl_put_char(out, '[');
	tl_value_text(out, &decoder, action);
	tl_put_char(out, ']');
}

static const struct tl_decoder decoders[] = {
	ENUM("lock_type", lock_types),
	FLAGS("notify_flags", notify_flags),
	LAYOUTS("flock", lock_text, lock_text_32),
	LAYOUTS("flock_found", lock_found_text, lock_found_text_32),
	LAYOUTS("flock64", lock_text, lock64_text_32),
	LAYOUTS("flock64_found", lock_found_text, lock64_found_text_32),
	BYTES("owner_ex", owner_text),
	BYTES("write_hint", write_hint_text),
	FLAGS("secure_bits", secure_bits),
	ENUM("cap_ambient", ambient_commands),
	ENUM("seccomp_mode", seccomp_modes),
	BYTES("seccomp_action", seccomp_action_text),
	ENUM("speculation", speculations),
	FLAGS("speculation_state", speculation_states),
	ENUM("memory_field", memory_fields),
	ENUM("area_command", area_commands),
	NUMBER_OF("ptracer", tracer_text, tracers),
	BYTES("signal_pointer", signal_pointer_text),
};

const struct tl_decoder_list tl_decoders_commands = { decoders, COUNT(decoders) };
