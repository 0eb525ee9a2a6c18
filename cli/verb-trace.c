// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft trace: assembles a run from the command line. */
#include <string.h>

#include "descriptors.h"
#include "filter.h"
#include "problems.h"
#include "trace.h"
#include "where.h"

enum { OPTION_WHERE = 256, OPTION_POLICY, OPTION_ATTACH, OPTION_BUFFER, OPTION_BATTERY, OPTION_SPEC };

static const struct tl_option options[] = {
	{ 'f', "format", "FORMAT", "how events are written: text (the default), json or proto" },
	{ 'o', "output", "FILE", "write events to FILE, not to standard output" },
	{ 'p', "pid", "PID[,PID...]", "the processes for each SPEC that names none" },
	{ OPTION_WHERE, "where", "EXPRESSION", "only events for which it is true" },
	{ OPTION_POLICY, "policy", "FILE", "targets and rules from FILE; SPECs may be left out then" },
	{ OPTION_SPEC, "aggregation-spec", "FILE", "what is kept of the SPECs' events, as the original's spec says" },
	{ 'c', "summary", NULL, "no events, but a table of them at the end" },
	{ 'q', "quiet", NULL, "no notes and no ledger" },
	{ OPTION_ATTACH, "attach", "KIND", "auto, fexit, kprobe or raw_tp" },
	{ OPTION_BUFFER, "buffer", "SIZE", "of the ring between kernel and reader, as 16M" },
	{ OPTION_BATTERY, "battery", "DIR", "folder of handlers" },
	{ 0 },
};

/* A target must select something to be one of pids; the command joins it when it is awake. */
#define NO_PROCESS UINT32_MAX

/* ---- Options ---- */

static int parse_format(const struct tl_verb *verb, struct tl_trace_settings *s, const char *name)
{
	if (strcmp(name, "text") == 0)
		s->format = TL_TRACE_TEXT;
	else if (strcmp(name, "json") == 0)
		s->format = TL_TRACE_JSON;
	else if (strcmp(name, "proto") == 0)
		s->format = TL_TRACE_PROTO;
	else
		return tl_usage_error(verb, "format %s is none of text, json, proto", name);
	return 0;
}

static int parse_attach(const struct tl_verb *verb, struct tl_trace_settings *s, const char *name)
{
	if (tl_session_attach_find(name, &s->session.attach) >= 0)
		return 0;
	return tl_usage_error(verb, "attach kind %s is none of auto, fexit, kprobe, raw_tp", name);
}

static int parse_pids(const struct tl_verb *verb, struct tl_trace_settings *s, const char *text)
{
	struct tl_spec_error error;
	uint32_t *pids, *more;
	size_t n;
	int r = tl_spec_parse_pids(text, &pids, &n, &error);

	if (r == -EINVAL)
		return tl_usage_error(verb, "-p %s: column %zu: %s", text, error.column, error.message);
	if (r < 0)
		return tl_print_errno(r, "-p");
	more = reallocarray(s->pids, s->n_pids + n, sizeof(*pids));
	if (!more) {
		free(pids);
		return tl_print_errno(ENOMEM, "-p");
	}
	s->pids = more;
	memcpy(s->pids + s->n_pids, pids, n * sizeof(*pids));
	s->n_pids += n;
	free(pids);
	return 0;
}

static int parse_buffer(const struct tl_verb *verb, struct tl_trace_settings *s, const char *text)
{
	uint64_t size;

	if (tl_parse_size(text, &size) < 0 || !size || size > 1U << 30)
		return tl_usage_error(verb, "buffer %s is no size from 1 to 1G", text);
	s->session.buffer = size;
	return 0;
}

/* Returns 0, or an exit status. */
static int take_option(const struct tl_verb *verb, struct tl_trace_settings *s, int id)
{
	switch (id) {
	case 'f':
		return parse_format(verb, s, optarg);
	case 'p':
		return parse_pids(verb, s, optarg);
	case OPTION_ATTACH:
		return parse_attach(verb, s, optarg);
	case OPTION_BUFFER:
		return parse_buffer(verb, s, optarg);
	case 'o':
		s->output = strcmp(optarg, "-") == 0 ? NULL : optarg;
		return 0;
	case 'c':
		s->summary = true;
		return 0;
	case 'q':
		s->quiet = true;
		return 0;
	case OPTION_WHERE:
		s->where = optarg;
		return 0;
	case OPTION_SPEC:
		s->spec = optarg;
		return 0;
	case OPTION_POLICY:
		s->policy = optarg;
		return 0;
	case OPTION_BATTERY:
		s->session.battery = optarg;
		return 0;
	}
	return TL_EXIT_USAGE;
}

/* ---- What is asked for ---- */

static int parse_spec(const struct tl_verb *verb, struct tl_trace *t, const char *text)
{
	struct tl_spec_error error;
	struct tl_spec *spec;
	int r = tl_spec_parse(text, &spec, &error);

	if (r == -EINVAL)
		return tl_usage_error(verb, "%s: column %zu: %s", text, error.column, error.message);
	if (r < 0)
		return tl_print_errno(r, "%s", text);
	t->specs[t->n_specs++] = spec;
	if (spec->n_pids || !t->settings.n_pids)
		return 0;
	spec->pids = malloc(t->settings.n_pids * sizeof(*spec->pids));
	if (!spec->pids)
		return tl_print_errno(ENOMEM, "%s", text);
	memcpy(spec->pids, t->settings.pids, t->settings.n_pids * sizeof(*spec->pids));
	spec->n_pids = t->settings.n_pids;
	return 0;
}

/* A pid that is none is told at once, not by an empty trace. */
static int check_pids(const struct tl_selection *s)
{
	for (size_t i = 0; i < s->n_targets; i++)
		for (size_t j = 0; j < s->targets[i].n_pids; j++)
			if (kill((pid_t)s->targets[i].pids[j], 0) < 0 && errno == ESRCH)
				return tl_print_errno(errno, "%u", s->targets[i].pids[j]);
	return 0;
}

static int select_events(const struct tl_verb *verb, struct tl_trace *t, int n, char **texts)
{
	int r = 0;

	t->specs = calloc((size_t)n + 1, sizeof(struct tl_spec *));
	if (!t->specs)
		return tl_print_errno(ENOMEM, "SPEC");
	for (int i = 0; i < n && r == 0; i++)
		r = parse_spec(verb, t, texts[i]);
	if (r)
		return r;
	r = tl_selection_make((const struct tl_spec *const *)t->specs, t->n_specs, &t->selection);
	if (r < 0) {
		tl_print_error("%s", t->selection.message);
		return r == -EINVAL ? TL_EXIT_USAGE : TL_EXIT_FAILED;
	}
	if (!t->settings.quiet && *t->selection.spellings && isatty(STDERR_FILENO))
		tl_print_note("included, because the C library may use it: %s (=NAME leaves it out)",
			      t->selection.spellings);
	if (*t->selection.hidden)
		tl_print_warning("no effect, because an earlier SPEC has the event: %s", t->selection.hidden);
	return check_pids(&t->selection);
}

static int load_policy(struct tl_trace *t)
{
	struct tl_problems problems = { 0 };
	int r;

	if (!t->settings.policy && !t->settings.spec)
		return 0;
	r = t->settings.spec ? tl_policy_load_spec(t->settings.spec, &t->policy, &problems) :
			       tl_policy_load(t->settings.policy, &t->policy, &problems);
	tl_problems_print(&problems);
	if (r < 0 && !problems.n)
		tl_print_errno(r, "%s", t->settings.spec ? t->settings.spec : t->settings.policy);
	tl_problems_done(&problems);
	return r < 0 ? TL_EXIT_FAILED : 0;
}

/* The types of all events that are asked for by SPECs; a policy adds its own, so none is told then. */
static int wanted_types(const struct tl_trace *t, const struct tl_event_type ***ret_types, size_t *ret_n)
{
	const struct tl_event_type **types;
	size_t n = 0;

	for (size_t i = 0; i < t->selection.n_targets; i++)
		n += t->selection.targets[i].n_wants;
	types = calloc(n + 1, sizeof(*types));
	if (!types)
		return -ENOMEM;
	n = 0;
	for (size_t i = 0; i < t->selection.n_targets && !t->policy; i++)
		for (size_t j = 0; j < t->selection.targets[i].n_wants; j++)
			types[n++] = t->selection.targets[i].wants[j].type;
	*ret_types = types;
	*ret_n = n;
	return 0;
}

static int compile_where(const struct tl_verb *verb, struct tl_trace *t)
{
	_cleanup_free_ const struct tl_event_type **types = NULL;
	size_t n = 0;
	int r;

	if (!t->settings.where)
		return TL_EXIT_OK;
	r = wanted_types(t, &types, &n);
	return r < 0 ? tl_print_errno(r, "--where") : tl_where_compile(verb, t->settings.where, types, n, &t->where);
}

static int check_request(const struct tl_verb *verb, const struct tl_trace *t)
{
	if (t->settings.format == TL_TRACE_PROTO && t->settings.summary)
		return tl_usage_error(verb, "a summary is text or json, not proto");
	if (t->settings.format == TL_TRACE_PROTO && !t->settings.output && isatty(STDOUT_FILENO))
		return tl_usage_error(verb, "format proto is not for a terminal: name a file with -o");
	if (t->settings.spec && t->settings.policy)
		return tl_usage_error(verb, "either --policy or --aggregation-spec");
	if (!t->n_specs && (!t->policy || (t->settings.spec && !t->settings.command)))
		return tl_usage_error(verb, "what to trace is missing: a SPEC, as openat or @file");
	if (t->settings.command && !t->policy && !tl_selection_has_default(&t->selection))
		return tl_usage_error(verb, "nothing to trace of the command: every SPEC names processes");
	return 0;
}

/* ---- Session ---- */

/* With a command the policy's rules are for it alone, whatever their targets. */
static int want_policy_of_command(struct tl_trace *t)
{
	const struct tl_policy *p = t->policy;

	t->n_every_target = p->n_targets / 64 + 1;
	t->every_target = malloc(t->n_every_target * sizeof(uint64_t));
	if (!t->every_target)
		return -ENOMEM;
	memset(t->every_target, 0xff, t->n_every_target * sizeof(uint64_t));
	for (size_t i = 0; i < p->n_rules; i++)
		for (size_t j = 0; j < p->rules[i].n_events && !p->rules[i].drop; j++) {
			int r = tl_session_add_handler(t->session, t->command_target, p->rules[i].events[j]->name, 0);

			if (r < 0)
				return r;
		}
	return 0;
}

static int add_command(struct tl_trace *t)
{
	const uint32_t nobody = NO_PROCESS;
	const struct tl_target_spec target = { .name = "command", .descendants = true, .pids = &nobody, .n_pids = 1 };

	return tl_session_add_target(t->session, &target, &t->command_target);
}

static int name_targets(struct tl_trace *t)
{
	size_t n_policy = t->policy && !t->command && !t->settings.spec ? t->policy->n_targets : 0;
	size_t n = n_policy + t->selection.n_targets + 2;

	t->target_names = calloc(n, sizeof(*t->target_names));
	if (!t->target_names)
		return -ENOMEM;
	/* Behind its targets a policy may have one for rules that name none. */
	for (size_t i = 0; i < n; i++)
		t->target_names[i] = i < n_policy ? t->policy->targets[i].name : "everything";
	for (size_t i = 0; i < t->selection.n_targets; i++)
		if (t->selection.targets[i].id < n)
			t->target_names[t->selection.targets[i].id] = t->selection.targets[i].name;
	if (t->command)
		t->target_names[t->command_target] = "command";
	t->n_target_names = n;
	return 0;
}

static int ask(struct tl_trace *t)
{
	int r = 0;

	t->command_target = TL_TARGET_DEFAULT;
	if (t->command)
		r = add_command(t);
	else if (t->policy && !t->settings.spec)
		r = tl_policy_apply(t->policy, t->session);
	if (r >= 0)
		r = tl_selection_apply(&t->selection, t->session, t->command_target);
	if (r >= 0 && t->command && t->policy)
		r = want_policy_of_command(t);
	return r < 0 ? r : name_targets(t);
}

/* Whether events of the type have its description, and not that of somebody's own handler. */
static bool is_described_once(const struct tl_trace *t, const struct tl_event_type *type)
{
	for (size_t i = 0; i < t->selection.n_described; i++)
		if (strcmp(t->selection.described[i]->name, type->name) == 0)
			return false;
	return true;
}

/* What --where can have decided in the kernel; without it, the rules. */
static int filter(struct tl_trace *t)
{
	const struct tl_expression *where = t->where;
	const struct tl_event_type *type;
	int r = 0;

	if (!where) {
		if (!t->policy || t->n_specs || t->settings.spec)
			return 0;
		r = tl_policy_apply_filters(t->policy, t->session);
		return r < 0 ? r : tl_policy_apply_counts(t->policy, t->session);
	}
	for (size_t i = 0; r >= 0 && (type = tl_session_event_type(t->session, i)); i++)
		if (is_described_once(t, type))
			r = tl_filter_apply(&where, 1, type, t->session);
	return r;
}

/* For a table nobody asks which objects they were, unless a condition does. */
static int new_session(struct tl_trace *t)
{
	struct tl_options *session = &t->settings.session;

	/* The command has been forked: its limit stays as it was. */
	tl_descriptors_allow_many();
	session->durations = t->settings.summary;
	session->no_objects = t->settings.summary && !t->where && !t->policy;
	return tl_session_new(session, &t->session);
}

static int open_session(struct tl_trace *t)
{
	int r = new_session(t);

	if (r >= 0)
		r = ask(t);
	if (r >= 0)
		r = filter(t);
	if (r < 0)
		return tl_print_error("%s", t->session ? tl_session_error(t->session) : strerror(-r));
	tl_session_set_callback(t->session, tl_trace_event, t);
	return 0;
}

static int start_session(struct tl_trace *t)
{
	int r = tl_session_start(t->session);

	if (r < 0)
		return tl_print_error("%s", tl_session_error(t->session));
	if (!t->command) {
		if (!t->settings.quiet)
			tl_print_note("tracing, Ctrl-C ends it");
		return 0;
	}
	r = tl_command_wake(t->command);
	if (r >= 0) {
		r = tl_session_follow(t->session, t->command_target, (uint32_t)tl_command_pid(t->command));
		if (r < 0)
			return tl_print_error("%s", tl_session_error(t->session));
		r = tl_command_run(t->command);
	}
	return r < 0 ? tl_print_errno(r, "%s", t->settings.command[0]) : 0;
}

/* ---- The run ---- */

static int open_file(const char *path, struct tl_output *ret)
{
	int r = tl_output_open(path, ret);

	if (r == -ELOOP || r == -EPERM || r == -EMLINK)
		return tl_print_error("%s: refused: in a directory where everybody may write it is %s", path,
				      r == -ELOOP ? "a symbolic link" :
				      r == -EPERM ? "somebody else's file" :
						    "a file with a second name");
	return r < 0 ? tl_print_errno(r, "%s", path) : 0;
}

/* The files of an aggregation spec that some of its events go to. */
static int open_channels(struct tl_trace *t)
{
	const struct tl_policy *p = t->policy;

	if (!t->settings.spec || t->settings.summary)
		return 0;
	t->channels = calloc(p->n_outputs + 1, sizeof(*t->channels));
	if (!t->channels)
		return tl_print_errno(ENOMEM, "%s", t->settings.spec);
	t->n_channels = p->n_outputs;
	for (size_t i = 0; i < p->n_outputs; i++)
		t->channels[i].output.fd = -1;
	for (size_t i = 0; i < p->n_rules; i++) {
		uint32_t at = p->rules[i].outputs[0];
		int r;

		if (p->outputs[at].type != TL_OUTPUT_FILE || t->channels[at].output.fd >= 0)
			continue;
		r = open_file(p->outputs[at].path, &t->channels[at].output);
		if (r)
			return r;
	}
	return 0;
}

static int open_output(struct tl_trace *t)
{
	int r = 0;

	if (t->settings.output)
		r = open_file(t->settings.output, &t->main.output);
	else
		tl_output_stdout(&t->main.output);
	return r ? r : open_channels(t);
}

static int start_command(struct tl_trace *t)
{
	char **argv = t->settings.command;
	int r;

	sigemptyset(&t->signals);
	sigaddset(&t->signals, SIGINT);
	sigaddset(&t->signals, SIGTERM);
	sigaddset(&t->signals, SIGHUP);
	sigaddset(&t->signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &t->signals, &t->old_signals);
	if (!argv)
		return 0;
	r = tl_command_new(argv, &t->old_signals, &t->command);
	if (r < 0) {
		tl_print_errno(r, "%s", argv[0]);
		return tl_command_status_of(r);
	}
	return 0;
}

/* The command has ended, or it goes on without us. Before the session stops:
 * what is left of it is counted. */
static void end_command(struct tl_trace *t)
{
	int64_t left;
	int error;

	if (t->interrupted) {
		tl_print_note("%s goes on, process %d", t->settings.command[0], tl_command_pid(t->command));
		t->status = TL_EXIT_SIGNAL + t->interrupted;
		return;
	}
	if (tl_command_wait(t->command, &t->status, &error) < 0) {
		t->status = TL_EXIT_FAILED;
		return;
	}
	if (error)
		tl_print_errno(error, "%s", t->settings.command[0]);
	left = tl_trace_error(t) ? 0 : tl_session_target_tasks(t->session, t->command_target);
	if (left > 0 && !t->settings.quiet)
		tl_print_note("%lld task%s that the command started go on untraced", (long long)left,
			      left == 1 ? "" : "s");
}

/* Nothing can be read or written any more: the command need not be slowed
 * down, and signals end us, but for those of the terminal, which are its own. */
static void give_up(struct tl_trace *t)
{
	tl_session_stop(t->session);
	if (t->command) {
		signal(SIGINT, SIG_IGN);
		signal(SIGQUIT, SIG_IGN);
	}
	sigprocmask(SIG_SETMASK, &t->old_signals, NULL);
}

static int finish_channel(struct tl_trace_channel *channel)
{
	int r = tl_output_done(&channel->output);

	/* Whoever reads has read enough: no failure. */
	return r < 0 && r != -EPIPE ? tl_print_errno(r, "%s", channel->output.name) : 0;
}

static int finish_output(struct tl_trace *t)
{
	int r;

	if (t->settings.summary) {
		r = t->settings.format == TL_TRACE_JSON ? tl_summary_json(&t->summary, &t->main.output.records.text) :
							  tl_summary_text(&t->summary, &t->main.output.records.text);
		if (r < 0)
			return tl_print_errno(r, "summary");
		tl_output_end(&t->main.output, false);
	}
	r = finish_channel(&t->main);
	for (size_t i = 0; i < t->n_channels; i++)
		if (t->channels[i].output.fd >= 0 && finish_channel(&t->channels[i]))
			r = TL_EXIT_FAILED;
	return r;
}

/* Everything is set up: trace until the end, then add up. Returns the exit status. */
static int trace(struct tl_trace *t)
{
	int failed = 0;

	if (tl_trace_loop(t) < 0)
		failed = TL_EXIT_FAILED;
	if (failed || tl_trace_error(t))
		give_up(t);
	if (t->command)
		end_command(t);
	if (tl_session_stop(t->session) < 0)
		failed = tl_print_error("%s", tl_session_error(t->session));
	tl_trace_flush(t, true);
	tl_trace_write_ledger(t, true);
	if (finish_output(t))
		failed = TL_EXIT_FAILED;
	if (!tl_ledger_print(t))
		failed = TL_EXIT_FAILED;
	return failed ? failed : t->status;
}

static int set_up(const struct tl_verb *verb, struct tl_trace *t, int n, char **specs)
{
	int r;

	if ((r = select_events(verb, t, n, specs)) || (r = load_policy(t)) || (r = compile_where(verb, t)) ||
	    (r = check_request(verb, t)) || (r = open_output(t)) || (r = start_command(t)) || (r = open_session(t)))
		return r;
	return start_session(t);
}

static void channel_done(struct tl_trace_channel *channel)
{
	if (channel->output.fd >= 0)
		tl_output_done(&channel->output);
	tl_chain_done(&channel->chain);
}

static void trace_done(struct tl_trace *t)
{
	tl_command_free(t->command);
	tl_session_free(t->session);
	channel_done(&t->main);
	for (size_t i = 0; i < t->n_channels; i++)
		channel_done(&t->channels[i]);
	free(t->channels);
	tl_summary_done(&t->summary);
	tl_expression_free(t->where);
	tl_policy_free(t->policy);
	tl_selection_done(&t->selection);
	for (size_t i = 0; i < t->n_specs; i++)
		tl_spec_free(t->specs[i]);
	free(t->specs);
	free(t->target_names);
	free(t->every_target);
	free(t->settings.pids);
	tl_encode_done();
}

/* Takes "-- COMMAND ARGS..." off the end of argv. Returns what is left of argc. */
static int split_command(int argc, char **argv, char ***ret_command)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--") == 0) {
			*ret_command = argv + i + 1;
			argv[i] = NULL;
			return i;
		}
	return argc;
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	_cleanup_(trace_done) struct tl_trace t = { .main.output.fd = -1 };
	int id, r = 0;

	argc = split_command(argc, argv, &t.settings.command);
	while (!r && (id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		r = id == TL_OPTION_BAD ? TL_EXIT_USAGE : take_option(verb, &t.settings, id);
	}
	if (r)
		return r;
	if (t.settings.command && !*t.settings.command)
		return tl_usage_error(verb, "a command is missing behind --");
	r = set_up(verb, &t, argc - optind, argv + optind);
	return r ? r : trace(&t);
}

const struct tl_verb tl_verb_trace = {
	.name = "trace",
	.arguments = "[OPTIONS] SPEC... [-- COMMAND [ARGS...]]",
	.summary = "Show what processes do, as it happens.",
	.options = options,
	.details = "SPEC is [[PROGRAM_ID:]PID[,PID...]:]HANDLER[,HANDLER...]. A HANDLER is an event (openat),\n"
		   "this one system call only (=chmod), a group (@file), or a handler object (./x.bpf.o).\n"
		   "Without PID and COMMAND everything on the machine is traced. With a COMMAND: it and its\n"
		   "descendants, from its first instruction; the exit status is the command's.\n\n"
		   "  traceleft trace @file -- ls /\n"
		   "  traceleft trace -f json 7:1234:read,write chmod\n"
		   "  traceleft trace --where 'errno == EACCES' openat -- make\n",
	.run = run,
};
