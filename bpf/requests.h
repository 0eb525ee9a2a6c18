/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Requests of io_uring that wait for their end, and which of them a thread works
 * at: who sees an object that such a request names leaves its path with it.
 */
#ifndef TRACELEFT_REQUESTS_H
#define TRACELEFT_REQUESTS_H

#include "record.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct io_cqe {
	__u64 user_data;
};

struct io_wq_work {
	unsigned int flags;
};

struct io_kiocb {
	struct file *file;
	__u8 opcode;
	__u32 flags; /* 64 bits of late: the low ones are meant */
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	const struct cred *creds;
	struct io_wq_work work;
};

struct io_kiocb___older {
	__u64 user_data;
};

/* What task_struct.worker_private is of a thread that works at requests. */
struct io_worker {
	struct io_wq_work *cur_work;
};

struct task_struct___older {
	void *pf_io_worker;
};

#pragma clang attribute pop

/* linux/sched.h: a thread that the kernel runs for the process */
#define TL_PF_IO_WORKER 0x00000010

/*
 * A record that waits: the beginning of a slot of map calls. Most are short; those
 * with long names are kept apart. tl_record.seq has the request's address, and
 * tl_record.time when it was taken.
 */
#define TL_REQUEST_SHORT 640
#define TL_REQUEST_LONG 17408
#define TL_REQUEST_BEGIN __builtin_offsetof(struct tl_call, data)

struct tl_request_key {
	__u64 request; /* or, where the kernel does not tell which one has ended, its ring */
	__u64 user_data; /* then: the process's name for it */
	__u64 n; /* then: of several with that name; or what else is known of it: */
};

#define TL_REQUEST_ANY (~0ULL) /* what is known of several that have the name */
#define TL_REQUEST_OBJECT (~1ULL) /* what it names; its key has no name */

/* Of requests with the same name that many may wait at once. */
#define TL_REQUEST_NAMESAKES 16

struct tl_request {
	__u8 data[TL_REQUEST_SHORT];
};

struct tl_request_long {
	__u8 data[TL_REQUEST_LONG];
};

#if TL_HAS_TASK_STORAGE
#define TL_REQUEST_FLAGS BPF_F_NO_PREALLOC
#define TL_REQUESTS_MAX 65536
#define TL_REQUESTS_LONG_MAX 4096
#else
/* Before 6.1 no memory is to be had inside such a program without a warning in the log. */
#define TL_REQUEST_FLAGS 0
#define TL_REQUESTS_MAX 8192
#define TL_REQUESTS_LONG_MAX 128
#endif

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, TL_REQUEST_FLAGS);
	__uint(max_entries, TL_REQUESTS_MAX);
	__type(key, struct tl_request_key);
	__type(value, struct tl_request);
} requests SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, TL_REQUEST_FLAGS);
	__uint(max_entries, TL_REQUESTS_LONG_MAX);
	__type(key, struct tl_request_key);
	__type(value, struct tl_request_long);
} requests_long SEC(".maps");

static __always_inline bool tl_request_put(struct tl_call *call, const struct tl_request_key *key)
{
	__u32 size = call->record.size + TL_REQUEST_BEGIN;

	if (size <= TL_REQUEST_SHORT)
		return tl_map_update(&requests, key, call, BPF_NOEXIST) == 0;
	if (size <= TL_REQUEST_LONG)
		return tl_map_update(&requests_long, key, call, BPF_NOEXIST) == 0;
	return false;
}

/* Whether there are such maps. Set before loading. */
const volatile bool tl_requests_wanted SEC(".rodata.requests") = false;

/* The ring and what the process calls the request. */
static __always_inline void tl_request_name(struct tl_request_key *key, struct io_kiocb *request)
{
	struct io_kiocb___older *older = (void *)request;

	key->request = (__u64)tl_peek(request, ctx);
	if (bpf_core_field_exists(older->user_data))
		bpf_probe_read_kernel(&key->user_data, sizeof(key->user_data), &older->user_data);
	else
		key->user_data = tl_peek(request, cqe.user_data);
	key->n = 0;
}

/* What the kernel knows of the current task as one of its threads for requests; 0: it is none. */
static __always_inline __u64 tl_request_worker(struct task_struct *task)
{
	struct task_struct___older *older = (void *)task;
	__u64 worker = 0;

	if (!tl_requests_wanted || !(tl_get(task, flags) & TL_PF_IO_WORKER))
		return 0;
	if (bpf_core_field_exists(task->worker_private))
		worker = (__u64)tl_get(task, worker_private);
	else if (bpf_core_field_exists(older->pf_io_worker))
		bpf_probe_read_kernel(&worker, sizeof(worker), &older->pf_io_worker);
	return worker;
}

/* The request that the current task works at; 0: none. What a request names is looked up by such threads
 * alone, for that may take its time. */
static __always_inline __u64 tl_request_running(struct task_struct *task)
{
	struct io_worker *worker = tl_at(struct io_worker, tl_request_worker(task));
	__u64 work;

	if (!worker || !bpf_core_field_exists(worker->cur_work))
		return 0;
	work = (__u64)tl_peek(worker, cur_work);
	return work ? work - bpf_core_field_offset(struct io_kiocb, work) : 0;
}

static __always_inline const struct tl_call *tl_request_kept(const struct tl_request_key *key)
{
	const struct tl_call *kept = bpf_map_lookup_elem(&requests, key);

	return kept ? kept : bpf_map_lookup_elem(&requests_long, key);
}

#if !TL_HAS_TASK_STORAGE
/* Which one of its name the request is, where the kernel tells the name alone; -1: none. */
__noinline int tl_request_place(__u64 address)
{
	struct tl_request_key key = {};
	const struct tl_call *kept;

	if (!tl_requests_wanted || !address)
		return -1;
	tl_request_name(&key, tl_at(struct io_kiocb, address));
	for (int i = 0; i < TL_REQUEST_NAMESAKES; i++) {
		key.n = i;
		kept = tl_request_kept(&key);
		if (kept && kept->record.seq == address)
			return i;
	}
	return -1;
}
#endif

/* By its address, in *ret_key as it is kept. */
static __always_inline const struct tl_call *tl_request_find(__u64 address, struct tl_request_key *ret_key)
{
	const struct tl_call *kept;

	ret_key->request = address;
	kept = tl_request_kept(ret_key);
#if !TL_HAS_TASK_STORAGE
	if (!kept) {
		int place = tl_request_place(address);

		if (place < 0)
			return 0;
		tl_request_name(ret_key, tl_at(struct io_kiocb, address));
		ret_key->n = place;
		kept = tl_request_kept(ret_key);
	}
#endif
	return kept;
}

static __always_inline void tl_request_forget(const struct tl_request_key *key)
{
	if (bpf_map_delete_elem(&requests, key) < 0)
		bpf_map_delete_elem(&requests_long, key);
}

/* Puts behind the record what the request was seen to name. */
static __always_inline void tl_request_add_object(struct tl_call *call, const struct tl_request_key *key)
{
	const struct tl_call *object = tl_request_kept(key);
	__u32 n, at = call->record.size;

	if (!object)
		return;
	n = object->record.size - TL_STASH_BEGIN;
	if (n > TL_STASH_MAX || at > TL_RECORD_MAX - TL_STASH_MAX)
		return;
	bpf_probe_read_kernel(call->data + tl_clamp(at, TL_RECORD_MAX - TL_STASH_MAX), tl_clamp(n, TL_STASH_MAX),
			      object->data + TL_STASH_BEGIN);
	call->record.size = at + n;
}

#endif
