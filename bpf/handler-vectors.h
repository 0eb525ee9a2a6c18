/* SPDX-License-Identifier: GPL-2.0 */
/* Part of handler.h: vectors, and messages that are made of them. */
#ifndef TRACELEFT_HANDLER_VECTORS_H
#define TRACELEFT_HANDLER_VECTORS_H

/* Where the next bytes of a section go that is being filled. */
static __always_inline void *tl_section_next(struct tl_section *section)
{
	return tl_section_data(section) + tl_clamp(section->size, TL_CAPTURE_MAX);
}

/* Vectors at address `from`, at most `most` of `count`, and of each the beginning of
 * what went through it: of all together no more than `left` bytes. */
static __always_inline void tl_take_vectors(struct tl_section *section, __u64 width, __u64 from, __u64 count,
					    __u64 left, __u32 most, __u32 max)
{
	for (__u32 i = 0; i < most; i++) {
		__u64 base, length, n;
		struct tl_vector *vector;

		if (i >= count)
			break;
		if (tl_read_address(width, from, 2 * i, &base) < 0 || tl_read_address(width, from, 2 * i + 1, &length) < 0) {
			section->flags |= TL_SECTION_FAULT;
			break;
		}
		if (section->size + sizeof(*vector) + TL_VECTOR_MAX > max) {
			section->flags |= TL_SECTION_TRUNCATED;
			break;
		}
		vector = tl_section_next(section);
		n = length < left ? length : left;
		left -= n;
		if (n > TL_VECTOR_MAX)
			section->flags |= TL_SECTION_TRUNCATED;
		n = tl_clamp(n, TL_VECTOR_MAX);
		*(__u64 *)((char *)(vector + 1) + (n & 0x78)) = 0; /* nothing of others in the padding */
		if (n && bpf_probe_read_user(vector + 1, tl_clamp(n, TL_VECTOR_MAX), (const void *)base) < 0) {
			section->flags |= TL_SECTION_FAULT;
			n = 0;
		}
		vector->length = length;
		vector->size = n;
		vector->pad = 0;
		section->size += sizeof(*vector) + ((n + 7) & 0x78);
	}
	if (count > most)
		section->flags |= TL_SECTION_TRUNCATED;
}

/* As many vectors as argument length_arg says. */
static __always_inline void tl_capture_iovec(struct tl_call *call, __u32 position, __u32 length_arg, __u32 max)
{
	__u64 from = call->record.args[position - 1];
	struct tl_section *section;

	if (!from)
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	tl_take_vectors(section, tl_address_width(call), from, (__u32)call->record.args[length_arg - 1],
			call->record.ret < 0 ? 0 : call->record.ret, TL_VECTORS_MAX, max);
	tl_section_end(call, section, section->size);
}

/* The members of struct msghdr, counted in words of the call's ABI; behind them in
 * struct mmsghdr is the length. */
enum tl_message_word {
	TL_MESSAGE_NAME = 0,
	TL_MESSAGE_NAME_LENGTH = 1,
	TL_MESSAGE_VECTORS = 2,
	TL_MESSAGE_COUNT = 3,
	TL_MESSAGE_CONTROL = 4,
	TL_MESSAGE_CONTROL_SIZE = 5,
	TL_MESSAGE_FLAGS = 6,
	TL_MESSAGE_LENGTH = 7,
	TL_MESSAGE_WORDS = 8,
};

/* The beginning of a message's control data; returns how much of it. */
static __always_inline __u32 tl_take_control(struct tl_section *section, __u64 from, __u64 size)
{
	char *data = tl_section_next(section);
	__u32 n = from ? size < TL_CONTROL_MAX ? size : TL_CONTROL_MAX : 0;

	if (from && size > TL_CONTROL_MAX)
		section->flags |= TL_SECTION_TRUNCATED;
	n = tl_clamp(n, TL_CONTROL_MAX);
	*(__u64 *)(data + (n & 0x78)) = 0;
	if (n && bpf_probe_read_user(data, tl_clamp(n, TL_CONTROL_MAX), (const void *)from) < 0) {
		section->flags |= TL_SECTION_FAULT;
		n = 0;
	}
	section->size += (n + 7) & 0x78;
	return n;
}

/* One message with its address, control data and vectors; 0: no more room, or no memory there. */
static __always_inline int tl_take_message(struct tl_section *section, __u64 width, __u64 from, __u64 length,
					    __u32 most, __u32 max)
{
	struct tl_message *message;
	__u64 name_length, flags, vectors;
	__u32 n, start;

	if (section->size + sizeof(*message) + TL_ADDRESS_MAX + TL_CONTROL_MAX > max) {
		section->flags |= TL_SECTION_TRUNCATED;
		return 0;
	}
	message = tl_section_next(section);
	if (tl_read_address(width, from, TL_MESSAGE_NAME, &message->name) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_NAME_LENGTH, &name_length) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_VECTORS, &vectors) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_COUNT, &message->vectors) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_CONTROL, &message->control) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_CONTROL_SIZE, &message->control_size) < 0 ||
	    tl_read_address(width, from, TL_MESSAGE_FLAGS, &flags) < 0) {
		section->flags |= TL_SECTION_FAULT;
		return 0;
	}
	message->length = length;
	message->name_length = name_length;
	message->flags = flags;
	n = message->name ? tl_clamp((__u32)name_length, TL_ADDRESS_MAX) : 0;
	*(__u64 *)((char *)(message + 1) + (n & 0xf8)) = 0;
	if (n && bpf_probe_read_user(message + 1, tl_clamp(n, TL_ADDRESS_MAX), (const void *)message->name) < 0) {
		section->flags |= TL_SECTION_FAULT;
		n = 0;
	}
	message->name_size = n;
	section->size += sizeof(*message) + ((n + 7) & 0xf8);
	message->control_taken = tl_take_control(section, message->control, message->control_size);
	message->pad = 0;
	start = section->size;
	tl_take_vectors(section, width, vectors, message->vectors, length, most, max);
	message->vectors_size = section->size - start;
	return 1;
}

/* A struct msghdr; one that is received only if the kernel has filled it. */
static __always_inline void tl_capture_message(struct tl_call *call, __u32 position, int received, __u32 max)
{
	__u64 from = call->record.args[position - 1];
	__s64 ret = call->record.ret;
	struct tl_section *section;

	if (!from || (received && ret < 0))
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	tl_take_message(section, tl_address_width(call), from, ret < 0 ? 0 : ret, TL_VECTORS_MAX, max);
	tl_section_end(call, section, section->size);
}

/* A record that is longer has no room for addresses behind it, see struct tl_call. */
#define TL_ADDRESSES_BEGIN 16384

/* Adds the address of the struct mmsghdr at `from`. Without branches: the verifier goes through
 * each of these, and keeps the other side of each in mind. What cannot be read is zeros. */
static __always_inline void tl_take_address(struct tl_section *section, __u64 from, __u64 width)
{
	__u64 is_wide = 0 - (width >> 3), at = section->size, name, n, mask;
	__u32 words[3]; /* a pointer of one or two, and the length */
	long failed = bpf_probe_read_user(words, sizeof(words), (const void *)from);
	char *data = tl_section_data(section);

	/* The barriers: or the compiler knows better, and branches. */
	barrier_var(at);
	at &= TL_ADDRESSES_SIZE - 1;
	barrier_var(at);
	name = words[0] | ((words[1] & is_wide) << 32);
	n = (words[2] & is_wide) | (words[1] & ~is_wide);
	mask = TL_ADDRESS_MAX - n;
	barrier_var(mask);
	mask = (__u64)((__s64)mask >> 63); /* it is too long */
	barrier_var(mask);
	n = (n & ~mask) | (TL_ADDRESS_MAX & mask);
	mask = name | (0 - name);
	barrier_var(mask);
	mask = (__u64)((__s64)mask >> 63); /* there is one */
	barrier_var(mask);
	n &= mask;
	barrier_var(n);
	n &= 0xff;
	*(__u32 *)(data + sizeof(__u32) + at + (n & 0xfc)) = 0;
	failed |= bpf_probe_read_user(data + sizeof(__u32) + at, n, (const void *)name);
	*(__u32 *)(data + at) = n;
	section->flags |= (failed >> 63) & TL_SECTION_FAULT;
	section->size += sizeof(__u32) + ((n + 3) & 0xfc);
}

/* Where the messages went that there is no room for: `count` from the struct mmsghdr at `from` on. */
static __always_inline void tl_capture_addresses(struct tl_call *call, __u32 position, __u64 from, __u32 count,
						 __u64 width)
{
	struct tl_section *section;
	volatile __u64 *known;

	if (call->record.size > TL_ADDRESSES_BEGIN)
		return;
	section = (struct tl_section *)(call->data + tl_clamp(call->record.size, TL_ADDRESSES_BEGIN));
	section->type = TL_SECTION_ADDRESSES;
	section->index = position;
	section->flags = 0;
	section->size = 0;
	/* By way of the section: what a number may be, the verifier forgets there, or it would go through all
	 * that follows once for each number of messages that were captured. */
	known = (volatile __u64 *)tl_section_data(section);
	known[0] = from;
	known[1] = count;
	from = known[0];
	count = known[1];
	for (__u32 i = 0; i < TL_ADDRESSES_MAX; i++, from += TL_MESSAGE_WORDS * width) {
		if (i >= count)
			break;
		tl_take_address(section, from, width);
	}
	if (count > TL_ADDRESSES_MAX)
		section->flags |= TL_SECTION_TRUNCATED;
	tl_section_end(call, section, section->size);
}

/* Of an array of struct mmsghdr those that went through; of a call to send that
 * failed all of them, as many as argument length_arg says. */
static __always_inline void tl_capture_messages(struct tl_call *call, __u32 position, __u32 length_arg, int received,
						__u32 max)
{
	__u64 from = call->record.args[position - 1], width = tl_address_width(call), length;
	__s64 ret = call->record.ret;
	__u32 count = ret < 0 ? call->record.args[length_arg - 1] : ret, taken;
	struct tl_section *section;

	if (!from || (received && ret < 0))
		return;
	section = tl_section_begin(call, TL_SECTION_ARG, position);
	for (taken = 0; taken < TL_MESSAGES_MAX; taken++, from += TL_MESSAGE_WORDS * width) {
		if (taken >= count)
			break;
		length = 0;
		if (ret >= 0)
			tl_read_address(width, from, TL_MESSAGE_LENGTH, &length);
		if (!tl_take_message(section, width, from, (__u32)length, TL_MESSAGE_VECTORS_MAX, max))
			break;
	}
	if (count > TL_MESSAGES_MAX)
		section->flags |= TL_SECTION_TRUNCATED;
	tl_section_end(call, section, section->size);
	if (taken < count)
		tl_capture_addresses(call, position, from, count - taken, width);
}

#endif
