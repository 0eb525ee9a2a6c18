/* SPDX-License-Identifier: GPL-2.0 */
/* How the module is called that a call is loading: the name is in the module itself. */
#ifndef TRACELEFT_MODULE_H
#define TRACELEFT_MODULE_H

#include "record.h"

static __always_inline int tl_module(struct module *module)
{
	struct task_struct *task = tl_task_current();
	struct pt_regs *registers = tl_registers_of(task);
	struct tl_task *state;
	struct tl_stash *stash;
	struct tl_call *call;
	struct tl_walk *walk;
	__u32 abi, event;
	__u64 nr;

	event = tl_event_of_any(task, registers, &abi, &nr);
	if (!event || !(tl_config.plan[event & (TL_EVENTS_MAX - 1)].flags & TL_PLAN_MODULE))
		return 0;
	state = tl_state_current();
	if (!state || !tl_wants(state, event))
		return 0;
	stash = tl_stash_current(true);
	call = stash ? tl_stash_begin(task, &walk) : 0;
	if (!call)
		return 0;
	tl_add_name(call->data, TL_SECTION_NAME, TL_PATH_FILE,
		    (__u64)module + bpf_core_field_offset(struct module, name));
	/* Where threads share descriptors, its file was found at the call's entry. */
	if (state->stashed == event) {
		tl_stash_append(call, stash);
		return 0;
	}
	stash->time = 0;
	stash->args[0] = 0; /* no file */
	tl_stash_end(call, stash, state, event);
	return 0;
}

SEC("tp_btf/module_load")
int BPF_PROG(tl_module_load, struct module *module)
{
	return tl_module(module);
}

#endif
