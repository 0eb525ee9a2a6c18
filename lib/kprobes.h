/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Probes on functions of the kernel: events of perf, one for each function, or links of
 * bpf(2), one for any number of them. The kernel refuses events of perf to who has CAP_PERFMON
 * alone, as some of Debian's do; a link it does not. Links are used where programs are
 * preempted: there they are the only exact hook for everybody. On older kernels a link
 * may find no room to await a return, and does not say so.
 */
#ifndef TRACELEFT_KPROBES_H
#define TRACELEFT_KPROBES_H

#include "session.h"

/* What this process may have; asked once. */
enum tl_kprobes tl_kprobes_of(struct tl_session *s);

/* Whether a function takes probes; true where memory or descriptors are short, of which attaching says so. */
bool tl_kprobe_works(struct tl_session *s, const char *function);
/* Whether the kernel has that function, if only such that it takes no probes; true where it does not say. */
bool tl_kprobe_exists(struct tl_session *s, const char *function);

/* Runs a program at a function's entry, or when it returns. */
int tl_kprobe_attach(struct tl_session *s, int program, const char *function, bool at_return);

/*
 * Same, together with others as soon as tl_kprobes_link() is called, where probes are links. That
 * returns 1, and has put programs on nothing, if functions among them take none: tl_kprobe_refused()
 * knows them then; a negative error for anything else.
 */
int tl_kprobe_add(struct tl_session *s, int program, const char *function, bool at_return);
int tl_kprobes_link(struct tl_session *s);
bool tl_kprobe_refused(const struct tl_session *s, const char *function);

void tl_kprobes_free(struct tl_session *s);

#endif
