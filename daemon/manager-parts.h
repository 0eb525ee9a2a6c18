/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the parts of the manager share: its state, what it says about itself, how another policy comes into force. */
#ifndef TRACELEFT_DAEMON_MANAGER_PARTS_H
#define TRACELEFT_DAEMON_MANAGER_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "control.h"
#include "generation.h"
#include "manager.h"
#include "record.h"
#include "runtime.h"
#include "tamper.h"

#define TL_USEC_PER_MSEC UINT64_C(1000)
#define TL_USEC_PER_SEC UINT64_C(1000000)
#define TL_ASKERS_SIZE (4 * TL_SENDER_SIZE) /* several may ask while a policy is loaded */

/* A policy on its way into force. Its session is started in a thread of its own, for that
 * takes long and events are to be read meanwhile. */
struct tl_loading {
	struct tl_generation *next; /* NULL: none */
	pthread_t thread;
	int result; /* of the start */
	bool changes; /* it is started, and takes over from the one in force */
	int done; /* descriptor: readable when there is a result */
	sd_event_source *source; /* of that */
	char who[TL_ASKERS_SIZE]; /* asked for it */
	char again[TL_ASKERS_SIZE]; /* asked for one more since; "": nobody */
	struct tl_requester first, first_again; /* of them */
};

struct tl_manager {
	const struct tl_manager_options *options;
	struct tl_runtime runtime;
	sd_event *event;
	struct tl_generation *generation;
	struct tl_loading loading;
	struct tl_store store;
	bool leaves; /* the session goes on with the next process */
	bool keeps; /* same, for this process has not got on, and the next one may */
	bool waits; /* outputs have something left, and the next process would know */
	struct tl_control *control; /* NULL: there was no memory, or no descriptor, for it */
	int control_error; /* why not, negative */
	struct tl_tails tails; /* who watches live */
	struct tl_tamper_watch *watch;
	pthread_t retiring; /* frees the session of the policy before, which takes long */
	bool retires;
	sd_event_source *ring, *drain; /* the session's descriptor, and the clock where it is silent */
	sd_event_source *tick, *ledger;
	uint64_t ticks;
	uint64_t started; /* ns since the epoch */
	uint64_t delivered, lost; /* by earlier generations */
	char refused[512]; /* why the last reload was refused */
	struct tl_buffer status; /* as it was written last, but for the time */
	int64_t *tasks;
	size_t n_tasks;
	enum tl_status exit_status;
	char failure[256]; /* why it ends; "": it was told to */
};

/* ---- manager.c ---- */

/* What generations are made with. */
struct tl_setup tl_manager_setup(struct tl_manager *m);
/* Reads what the session in force has. Returns 0 or a negative error; of most of them the daemon ends. */
int tl_manager_read(struct tl_manager *m);
/* Before a session takes it that all is dealt with: outputs that hold something are noted. */
void tl_manager_note_waiting(struct tl_manager *m);
/* From now on the events of the generation in force are read. Returns 0 or a negative error. */
int tl_manager_watch(struct tl_manager *m);

/* ---- manager-status.c ---- */

/* The unit's status line; prefix: other lines for systemd, each with its newline. */
void tl_manager_notify(struct tl_manager *m, const char *prefix);
void tl_manager_count_tasks(struct tl_manager *m);
/* Writes the status file; unless always, only if something in it but the time is new. */
void tl_manager_write_status(struct tl_manager *m, const char *state, bool always);
/* The daemon cannot go on: a loud end. Returns the error, negative. */
int tl_manager_die(struct tl_manager *m, enum tl_status status, int error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* Puts what a policy is into ret, of so many bytes: its files and how much there is of what. */
void tl_manager_describe(const struct tl_generation *g, char *ret, size_t size);

/* ---- manager-reload.c ---- */

/* Loads the policy for who asks, or, while one is being loaded, notes it for the end of that. Returns 0, or after
 * an error, which ends the daemon, a negative one. */
int tl_manager_reload(struct tl_manager *m, const struct tl_sender *who);
/* While a policy takes over from the one in force: the next step of it. Returns as tl_manager_reload(). */
int tl_manager_go_on_changing(struct tl_manager *m);
/* A policy that is not in force yet will never be. */
void tl_manager_give_up_loading(struct tl_manager *m);
/* From now on the session in force outlives this process. */
void tl_manager_store(struct tl_manager *m);
/* Ends sessions of processes before this one that nobody reads; events are read meanwhile. */
void tl_manager_discard(struct tl_manager *m);
/* Waits for the end of what tl_manager_discard() or the last reload began to free. */
void tl_manager_await_retired(struct tl_manager *m);

/* What loading has taken and given back need not stay this process's. */
void tl_manager_give_back_memory(void);

#endif
