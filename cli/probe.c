// SPDX-License-Identifier: GPL-2.0-or-later
#include "attach.h"
#include "probe.h"
#include "util.h"

static void session_freep(struct tl_session **s)
{
	tl_session_free(*s);
}

int tl_probe_attach(const struct tl_event_type *const *types, size_t n, const char **kinds)
{
	_cleanup_(session_freep) struct tl_session *s = NULL;
	const uint32_t nobody = UINT32_MAX;
	const struct tl_target_spec target = { .name = "probe", .pids = &nobody, .n_pids = 1 };
	uint32_t id;
	int r = tl_session_new(NULL, &s);

	if (r >= 0)
		r = tl_session_add_target(s, &target, &id);
	for (size_t i = 0; i < n && r >= 0; i++)
		(void)tl_session_add_handler(s, id, types[i]->name, 0); /* without a handler there is no kind */
	if (r >= 0)
		r = tl_attach_plan(s);
	for (size_t i = 0; i < n && r >= 0; i++)
		kinds[i] = tl_session_attach_kind(s, types[i]);
	return r;
}
