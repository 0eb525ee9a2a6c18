/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who a process is before and after a call that changes that, the other process
 * that a call is about, and the one at the other end of a unix socket. */
#include "encode-line.h"

struct number {
	const char *key;
	size_t offset;
};

#define NUMBER(name) { "\"" #name "\":", offsetof(struct tl_identity, name) }

static const struct number ids[] = {
	NUMBER(uid), NUMBER(euid), NUMBER(suid), NUMBER(fsuid), NUMBER(gid), NUMBER(egid), NUMBER(sgid), NUMBER(fsgid),
};

static const struct number capability_sets[] = {
	{ "\"cap_effective\":[", offsetof(struct tl_identity, effective) },
	{ "\"cap_permitted\":[", offsetof(struct tl_identity, permitted) },
	{ "\"cap_inheritable\":[", offsetof(struct tl_identity, inheritable) },
	{ "\"cap_bounding\":[", offsetof(struct tl_identity, bounding) },
	{ "\"cap_ambient\":[", offsetof(struct tl_identity, ambient) },
};

static const struct number namespaces[] = {
	NUMBER(mntns),	  NUMBER(netns),  NUMBER(utsns),       NUMBER(ipcns),
	NUMBER(cgroupns), NUMBER(userns), NUMBER(child_pidns), NUMBER(child_timens),
};

#define N_ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))

static uint32_t number_at(const struct tl_identity *identity, size_t offset)
{
	return *(const uint32_t *)((const char *)identity + offset);
}

static uint64_t set_at(const struct tl_identity *identity, size_t offset)
{
	return *(const uint64_t *)((const char *)identity + offset);
}

static void put_capabilities(struct tl_buffer *b, uint64_t set)
{
	const struct tl_decoder *decoder = tl_decoder_find("capability");

	for (uint64_t bits = set; bits; bits &= bits - 1) {
		tl_put_text(b, bits == set ? "\"" : ",\"");
		tl_value_text(b, decoder, (uint64_t)__builtin_ctzll(bits));
		tl_put_char(b, '"');
	}
	TL_PUT_LITERAL(b, "],");
}

/* All ids; of the rest what is another one than in `beside`. */
static void put_identity(struct tl_buffer *b, const struct tl_identity *identity, const struct tl_identity *beside)
{
	for (size_t i = 0; i < N_ELEMENTS(ids); i++) {
		tl_put_text(b, ids[i].key);
		tl_put_u64(b, number_at(identity, ids[i].offset));
		tl_put_char(b, ',');
	}
	for (size_t i = 0; i < N_ELEMENTS(capability_sets); i++) {
		uint64_t set = set_at(identity, capability_sets[i].offset);

		if (!set || set == set_at(beside, capability_sets[i].offset))
			continue;
		tl_put_text(b, capability_sets[i].key);
		put_capabilities(b, set);
	}
	for (size_t i = 0; i < N_ELEMENTS(namespaces); i++) {
		uint32_t inode = number_at(identity, namespaces[i].offset);

		if (inode == number_at(beside, namespaces[i].offset))
			continue;
		tl_put_text(b, namespaces[i].key);
		tl_put_u64(b, inode);
		tl_put_char(b, ',');
	}
	if (!b->failed)
		b->data[b->size - 1] = '}';
}

void tl_line_identities(struct tl_line *l)
{
	const struct tl_identity *before = l->event->before, *after = l->event->after;

	if (before) {
		TL_PUT_LITERAL(l->b, "\"before\":{");
		put_identity(l->b, before, after ? after : before);
		tl_put_char(l->b, ',');
	}
	if (after) {
		TL_PUT_LITERAL(l->b, "\"after\":{");
		put_identity(l->b, after, before ? before : after);
		tl_put_char(l->b, ',');
	}
}

/* executable: as the kernel has it, where that is known. */
static void put_other_process(struct tl_line *l, const struct tl_process *other, const struct tl_bytes *executable)
{
	tl_line_member(l, ",\"entity_id\":", other->entity_id);
	if (other->comm[0]) {
		TL_PUT_LITERAL(l->b, ",\"name\":");
		tl_line_string(l, other->comm, strnlen(other->comm, sizeof(other->comm)));
	}
	if (executable->flags & TL_VALUE_PRESENT) {
		TL_PUT_LITERAL(l->b, ",\"executable\":");
		tl_line_string(l, executable->data, executable->size);
	} else if (other->executable[0]) {
		tl_line_member(l, ",\"executable\":", other->executable);
	}
}

void tl_line_other(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	const struct tl_process *other = event->other;

	if (!other)
		return;
	TL_PUT_LITERAL(l->b, "\"target\":{\"pid\":");
	tl_put_u64(l->b, other->pid);
	if (event->other_tid != other->pid) {
		TL_PUT_LITERAL(l->b, ",\"tid\":");
		tl_put_u64(l->b, event->other_tid);
	}
	put_other_process(l, other, &event->other_executable);
	TL_PUT_LITERAL(l->b, ",\"uid\":");
	tl_put_u64(l->b, event->other_uid);
	TL_PUT_LITERAL(l->b, "},");
}

/* Nothing if it is empty. */
static void put_text(struct tl_line *l, const char *key, const char *text)
{
	if (!*text)
		return;
	tl_put_text(l->b, key);
	tl_line_string(l, text, strlen(text));
}

static void put_id(struct tl_line *l, const char *key, uint32_t id)
{
	if (id == UINT32_MAX)
		return;
	tl_put_text(l->b, key);
	tl_put_u64(l->b, id);
}

void tl_line_requester(struct tl_line *l)
{
	const struct tl_requester *r = l->event->requester;

	if (!r)
		return;
	TL_PUT_LITERAL(l->b, ",\"requester\":{\"pid\":");
	tl_put_u64(l->b, r->pid);
	put_text(l, ",\"name\":", r->name);
	put_text(l, ",\"executable\":", r->executable);
	put_text(l, ",\"unit\":", r->unit);
	put_id(l, ",\"uid\":", r->uid);
	put_id(l, ",\"loginuid\":", r->loginuid);
	tl_put_char(l->b, '}');
}

void tl_line_tamper(struct tl_line *l)
{
	const struct tl_tamper *t = l->event->tamper;

	if (!t)
		return;
	TL_PUT_LITERAL(l->b, ",\"tamper\":{\"kind\":");
	tl_line_string(l, t->kind, strlen(t->kind));
	put_text(l, ",\"object\":", t->object);
	put_text(l, ",\"state\":", t->state);
	tl_put_char(l->b, '}');
}

void tl_line_peer(struct tl_line *l)
{
	const struct tl_event *event = l->event;

	TL_PUT_LITERAL(l->b, "\"peer\":{\"pid\":");
	tl_put_u64(l->b, event->peer_pid);
	if (event->peer)
		put_other_process(l, event->peer, &event->peer_executable);
	TL_PUT_LITERAL(l->b, ",\"uid\":");
	tl_put_u64(l->b, event->peer_uid);
	TL_PUT_LITERAL(l->b, ",\"gid\":");
	tl_put_u64(l->b, event->peer_gid);
	TL_PUT_LITERAL(l->b, "},");
}
