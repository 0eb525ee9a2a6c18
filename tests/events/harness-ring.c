/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The door of io_uring: with TL_TEST_DOOR=ring a call is made by the request that
 * stands for it, where there is one; with =async by the kernel's own threads, with
 * =polled by a thread of the kernel's that looks at the queue. The kernel itself
 * says whether the arguments lie where the table has them.
 */
#include <linux/io_uring.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "harness-inside.h"
#include "opcodes.h"
#include "wire.h"

#define ENTRIES 64
#define RING_FD 800 /* out of the way of the descriptors of tests */

enum door { DOOR_CALL, DOOR_RING, DOOR_ASYNC, DOOR_POLLED };

struct ring {
	pid_t pid; /* whose it is */
	int fd;
	bool is_polled;
	struct io_uring_params params;
	char *queue;
	struct io_uring_sqe *entries, *pushed;
};

static __thread struct ring ring;
static int plain_case = -1; /* by_system_call() is for that */

static enum door door(void)
{
	static const char *const names[] = { "call", "ring", "async", "polled" };
	const char *wanted = getenv("TL_TEST_DOOR");

	for (size_t i = 0; wanted && i < N_ELEMENTS(names); i++)
		if (strcmp(wanted, names[i]) == 0)
			return (enum door)i;
	return DOOR_CALL;
}

bool ring_open(bool polled)
{
	struct ring *r = &ring;
	size_t size;
	int fd;

	if (r->pid == gettid() && r->is_polled == polled)
		return true;
	memset(r, 0, sizeof(*r));
	r->params.flags = polled ? IORING_SETUP_SQPOLL : 0;
	r->params.sq_thread_idle = 1000;
	fd = (int)syscall(SYS_io_uring_setup, ENTRIES, &r->params);
	if (fd < 0 || !(r->params.features & IORING_FEAT_SINGLE_MMAP))
		return false;
	r->fd = fcntl(fd, F_DUPFD_CLOEXEC, RING_FD);
	syscall(SYS_close_range, fd, fd, 0); /* close(2) may be under test */
	size = MAX(r->params.sq_off.array + r->params.sq_entries * sizeof(uint32_t),
		   r->params.cq_off.cqes + r->params.cq_entries * sizeof(struct io_uring_cqe));
	r->queue = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
	r->entries = mmap(NULL, r->params.sq_entries * sizeof(*r->entries), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
	r->is_polled = polled;
	if (r->queue == MAP_FAILED || (void *)r->entries == MAP_FAILED)
		return false;
	r->pid = gettid();
	return true;
}

static _Atomic uint32_t *word(uint32_t offset)
{
	return (_Atomic uint32_t *)(void *)(ring.queue + offset);
}

static void put_argument(struct io_uring_sqe *entry, uint8_t code, uint64_t value)
{
	static const uint8_t sizes[] = { [TL_SQE_U64 >> 6] = 8, [TL_SQE_U32 >> 6] = 4, [TL_SQE_S32 >> 6] = 4,
					 [TL_SQE_U16 >> 6] = 2 };

	memcpy((char *)entry + (code & (TL_SQE_SIZE - 1)), &value, sizes[code >> 6]);
}

void ring_push(const struct io_uring_sqe *entry)
{
	const struct io_sqring_offsets *sq = &ring.params.sq_off;
	uint32_t tail = *word(sq->tail), at = tail & *word(sq->ring_mask);

	ring.pushed = &ring.entries[at];
	*ring.pushed = *entry;
	*word(sq->array + at * (uint32_t)sizeof(uint32_t)) = at;
	*word(sq->tail) = tail + 1;
}

struct io_uring_sqe *ring_pushed(void)
{
	return ring.pushed;
}

int ring_enter(unsigned n, unsigned n_ended)
{
	const struct io_cqring_offsets *cq = &ring.params.cq_off;
	uint32_t head = *word(cq->head);
	unsigned flags = n_ended ? IORING_ENTER_GETEVENTS : 0;

	if (ring.is_polled && *word(ring.params.sq_off.flags) & IORING_SQ_NEED_WAKEUP)
		flags |= IORING_ENTER_SQ_WAKEUP;
	do {
		if (syscall(SYS_io_uring_enter, ring.fd, ring.is_polled ? 0 : n, n_ended, flags, NULL, 0) < 0 &&
		    errno != EINTR)
			return -errno;
		n = 0;
	} while (*word(cq->tail) - head < n_ended);
	return 0;
}

bool ring_pop(struct io_uring_cqe *ret)
{
	const struct io_cqring_offsets *cq = &ring.params.cq_off;
	uint32_t head = *word(cq->head);

	if (*word(cq->tail) == head)
		return false;
	memcpy(ret, (const struct io_uring_cqe *)(void *)(ring.queue + cq->cqes) + (head & *word(cq->ring_mask)),
	       sizeof(*ret));
	*word(cq->head) = head + 1;
	return true;
}

int ring_register(unsigned what, const void *argument, unsigned n)
{
	int r = (int)syscall(SYS_io_uring_register, ring.fd, what, argument, n);

	return r < 0 ? -errno : r;
}

bool ring_has(uint32_t feature)
{
	return ring.params.features & feature;
}

bool ring_knows(uint8_t opcode)
{
	struct io_uring_probe *probe = calloc(1, sizeof(*probe) + 256 * sizeof(probe->ops[0]));
	bool knows = probe && ring_register(IORING_REGISTER_PROBE, probe, 256) == 0 && opcode <= probe->last_op &&
		     probe->ops[opcode].flags & IO_URING_OP_SUPPORTED;

	free(probe);
	return knows;
}

void by_system_call(void)
{
	plain_case = run->at_case;
}

/* Where the file stands, as the calls without an offset do. */
static bool is_at_position(uint8_t opcode)
{
	return opcode == IORING_OP_READ || opcode == IORING_OP_WRITE || opcode == IORING_OP_READV ||
	       opcode == IORING_OP_WRITEV || opcode == IORING_OP_SPLICE;
}

bool ring_prepare(const struct call *c, struct io_uring_sqe *entry)
{
	const struct tl_request_type *request = &c->type->request;

	if (!request->opcodes[0])
		return false;
	memset(entry, 0, sizeof(*entry));
	entry->opcode = request->opcodes[0];
	for (unsigned i = 0; i < c->type->n_args; i++) {
		if (request->fields[i])
			put_argument(entry, request->fields[i], c->args[i]);
		else if (c->args[i])
			return false;
	}
	if (is_at_position(entry->opcode))
		entry->off = UINT64_MAX;
	if (entry->opcode == IORING_OP_SPLICE)
		entry->splice_off_in = UINT64_MAX;
	return true;
}

bool ring_call(struct call *c, int64_t *ret)
{
	struct io_uring_cqe end = {};
	struct io_uring_sqe entry;
	enum door by = door();
	int r;

	if (by == DOOR_CALL || run->at_case == plain_case || !ring_prepare(c, &entry) ||
	    !ring_open(by == DOOR_POLLED) || !ring_knows(entry.opcode))
		return false;
	if (entry.opcode == FIXED_FD_INSTALL)
		return false; /* of a place in the ring's table, not of a descriptor */
	if (by == DOOR_ASYNC)
		entry.flags |= IOSQE_ASYNC;
	ring_push(&entry);
	r = ring_enter(1, 1);
	*ret = r == 0 && ring_pop(&end) ? end.res : r;
	c->flags |= TL_EVENT_IO_URING;
	return true;
}

/* Which thread put an entry into a queue that the kernel looks at is not known. */
void ring_actor(struct call *c)
{
	if (ring.is_polled)
		c->tid = c->pid;
}

int64_t by_door(struct call *c, long number, const long args[6])
{
	struct call asked = { .type = type_of_number(TL_ABI_X86_64, number) };
	int64_t ret;

	for (unsigned i = 0; i < TL_ARGS_MAX; i++)
		asked.args[i] = (uint64_t)args[i];
	if (ring_call(&asked, &ret)) {
		c->flags |= asked.flags;
		return ret;
	}
	ret = syscall(number, args[0], args[1], args[2], args[3], args[4], args[5]);
	return ret < 0 ? -errno : ret;
}
