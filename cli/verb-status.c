// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * traceleft status: what the daemon does, from the file that it keeps.
 *
 * /run/traceleft/status.json is as daemon/status.h describes it. Members that
 * are missing are not shown, and those that are unknown are not looked at.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "cli.h"
#include "columns.h"
#include "escape.h"
#include "json.h"
#include "put.h"
#include "util.h"

#define STATUS_PATH "/run/traceleft/status.json"
#define STATUS_MAX (4 << 20)
#define DAEMON "traceleftd"

enum { OPTION_JSON = 256, OPTION_PROMETHEUS, OPTION_FILE };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "the daemon's own account, as it is" },
	{ OPTION_PROMETHEUS, "prometheus", NULL, "metrics in the text format of Prometheus" },
	{ OPTION_FILE, "file", "FILE", "read this, not " STATUS_PATH },
	{ 0 },
};

/* ---- Reading ---- */

static int read_file(const char *path, char **ret_text, size_t *ret_size)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (st.st_size > STATUS_MAX)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	while (size < (size_t)st.st_size) {
		n = read(fd, text + size, (size_t)st.st_size - size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		size += (size_t)n;
	}
	*ret_text = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

/* Whether the process that wrote the file lives; a pid may be somebody else's by now. */
static bool lives(uint64_t pid)
{
	char path[64], comm[32] = "";
	_cleanup_fclose_ FILE *f = NULL;

	if (!pid || pid > INT32_MAX || (kill((pid_t)pid, 0) < 0 && errno != EPERM))
		return false;
	snprintf(path, sizeof(path), "/proc/%" PRIu64 "/comm", pid);
	f = fopen(path, "re");
	if (!f || !fgets(comm, sizeof(comm), f))
		return true; /* hidepid: it is there, more cannot be told */
	comm[strcspn(comm, "\n")] = 0;
	return strcmp(comm, DAEMON) == 0;
}

/* ---- Table ---- */

/* Text of the file, harmless for a terminal. */
static const char *safe(struct tl_buffer *b, const char *text)
{
	b->size = 0;
	b->failed = false;
	tl_escape_value(b, text, strlen(text));
	tl_put_char(b, 0);
	return b->failed ? "" : b->data;
}

static uint64_t ago(uint64_t ns)
{
	struct timespec now;
	uint64_t t;

	clock_gettime(CLOCK_REALTIME, &now);
	t = tl_timespec_ns(&now);
	return t > ns ? (t - ns) / 1000000000 : 0;
}

static void print_head(const struct tl_json *j, struct tl_buffer *b)
{
	const struct tl_json *policy = tl_json_get(j, "policy"), *file;
	const char *error = tl_json_get_text(policy, "error");
	uint64_t started = tl_json_get_unsigned(j, "started"), loaded = tl_json_get_unsigned(policy, "loaded");

	printf("%straceleftd%s %s, process %" PRIu64, tl_style(stdout, TL_STYLE_BOLD), tl_style(stdout, TL_STYLE_END),
	       safe(b, tl_json_get_text(j, "version")), tl_json_get_unsigned(j, "pid"));
	if (*tl_json_get_text(j, "state"))
		printf(", %s", safe(b, tl_json_get_text(j, "state")));
	if (started)
		printf(", up for %s", tl_duration_text(ago(started)));
	printf("\npolicy   ");
	for (file = tl_json_first(tl_json_get(policy, "files")); file; file = file->next)
		printf("%s%s", safe(b, file->string ? file->string : ""), file->next ? ", " : "");
	printf(" (%" PRIu64 " rules, %" PRIu64 " targets", tl_json_get_unsigned(policy, "rules"),
	       tl_json_get_unsigned(policy, "targets"));
	if (loaded)
		printf(", loaded %s ago", tl_duration_text(ago(loaded)));
	printf(")\ncgroups  %s\n", safe(b, tl_json_get_text(j, "cgroups")));
	if (*error)
		printf("%slast reload refused%s: %s\n", tl_style(stdout, TL_STYLE_RED), tl_style(stdout, TL_STYLE_END),
		       safe(b, error));
}

static struct tl_counters counters_of(const struct tl_json *counters)
{
	struct tl_counters c = { 0 };

	for (const struct tl_column *column = tl_counter_columns; column->name; column++) {
		uint64_t value = tl_json_get_unsigned(counters, column->name);

		memcpy((char *)&c + column->offset, &value, sizeof(value));
	}
	return c;
}

static void print_balance(const char *name, const char *attach, const struct tl_json *counters)
{
	struct tl_counters c = counters_of(counters);
	struct tl_balance balance = tl_balance_of(&c);
	const char *begin = tl_style(stdout, balance.lost ? TL_STYLE_RED : TL_STYLE_PLAIN);

	printf("%-20s %-10s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %s%10" PRIu64 "%s %10" PRId64 "\n",
	       name, attach, balance.seen, balance.delivered, balance.filtered, balance.aggregated, begin, balance.lost,
	       *begin ? tl_style(stdout, TL_STYLE_END) : "", balance.under_way);
}

static void print_events(const struct tl_json *j, struct tl_buffer *name, struct tl_buffer *attach)
{
	const struct tl_json *e;

	printf("\n%s%-20s %-10s %12s %12s %12s %12s %10s %10s%s\n", tl_style(stdout, TL_STYLE_BOLD), "EVENT",
	       "ATTACHED", "SEEN", "DELIVERED", "FILTERED", "AGGREGATED", "LOST", "UNDER WAY",
	       tl_style(stdout, TL_STYLE_END));
	for (e = tl_json_first(tl_json_get(j, "events")); e; e = e->next)
		print_balance(safe(name, tl_json_get_text(e, "name")), safe(attach, tl_json_get_text(e, "attach")),
			      tl_json_get(e, "counters"));
	print_balance("all", "", tl_json_get(j, "counters"));
}

static void print_targets(const struct tl_json *j, struct tl_buffer *b)
{
	const struct tl_json *t = tl_json_first(tl_json_get(j, "targets"));

	if (t)
		printf("\n%s%-20s %8s%s\n", tl_style(stdout, TL_STYLE_BOLD), "TARGET", "TASKS",
		       tl_style(stdout, TL_STYLE_END));
	for (; t; t = t->next) {
		const char *tasks = tl_json_get_text(t, "tasks");

		printf("%-20s ", safe(b, tl_json_get_text(t, "name")));
		printf("%8s\n", *tasks == '-' || !*tasks ? "?" : safe(b, tasks));
	}
}

static void print_rules(const struct tl_json *j, struct tl_buffer *b)
{
	const struct tl_json *r = tl_json_first(tl_json_get(j, "rules"));

	if (r)
		printf("\n%s%-20s %12s %12s %12s %12s %12s %10s%s\n", tl_style(stdout, TL_STYLE_BOLD), "RULE",
		       "MATCHED", "DELIVERED", "FILTERED", "AGGREGATED", "RESULTS", "OVERFLOW",
		       tl_style(stdout, TL_STYLE_END));
	for (; r; r = r->next) {
		printf("%-20s ", safe(b, tl_json_get_text(r, "name")));
		printf("%12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %12" PRIu64 " %10" PRIu64 "\n",
		       tl_json_get_unsigned(r, "matched"), tl_json_get_unsigned(r, "delivered"),
		       tl_json_get_unsigned(r, "filtered"), tl_json_get_unsigned(r, "aggregated"),
		       tl_json_get_unsigned(r, "results"), tl_json_get_unsigned(r, "overflow"));
	}
}

static void print_outputs(const struct tl_json *j, struct tl_buffer *b)
{
	const struct tl_json *o = tl_json_first(tl_json_get(j, "outputs"));

	if (o)
		printf("\n%s%-20s %-10s %12s %10s %10s %10s  %s%s\n", tl_style(stdout, TL_STYLE_BOLD), "OUTPUT", "TYPE",
		       "DELIVERED", "LOST", "WAITING", "SIZE", "WHERE", tl_style(stdout, TL_STYLE_END));
	for (; o; o = o->next) {
		printf("%-20s ", safe(b, tl_json_get_text(o, "name")));
		printf("%-10s ", safe(b, tl_json_get_text(o, "type")));
		printf("%12" PRIu64 " %10" PRIu64 " %10" PRIu64 " %10s  ", tl_json_get_unsigned(o, "delivered"),
		       tl_json_get_unsigned(o, "lost"), tl_json_get_unsigned(o, "waiting"),
		       tl_size_text(tl_json_get_unsigned(o, "bytes")));
		printf("%s\n", safe(b, tl_json_get_text(o, "path")));
		if (*tl_json_get_text(o, "error"))
			printf("  %s%s%s\n", tl_style(stdout, TL_STYLE_RED), safe(b, tl_json_get_text(o, "error")),
			       tl_style(stdout, TL_STYLE_END));
	}
}

static void print_refusals(const struct tl_json *j, struct tl_buffer *b)
{
	for (const struct tl_json *r = tl_json_first(tl_json_get(j, "refusals")); r; r = r->next)
		if (tl_json_get_unsigned(r, "count"))
			printf("refused: %s: %" PRIu64 "\n", safe(b, tl_json_get_text(r, "name")),
			       tl_json_get_unsigned(r, "count"));
}

static int print_table(const struct tl_json *j)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 }, other = { 0 };

	print_head(j, &b);
	print_events(j, &b, &other);
	print_rules(j, &b);
	print_targets(j, &b);
	print_outputs(j, &b);
	print_refusals(j, &b);
	if (tl_json_get_unsigned(j, "unaudited"))
		printf("%sincomplete%s: %" PRIu64 " times there was no room to find out what to audit\n",
		       tl_style(stdout, TL_STYLE_RED), tl_style(stdout, TL_STYLE_END),
		       tl_json_get_unsigned(j, "unaudited"));
	return tl_finish_stdout(TL_EXIT_OK);
}

/* ---- Prometheus ---- */

/* A label's value: what must be escaped there is not in harmless text, but for these. */
static void print_label(const char *name, const char *value)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };

	printf("%s=\"", name);
	for (const char *p = safe(&b, value); *p; p++)
		printf(*p == '"' || *p == '\\' ? "\\%c" : "%c", *p);
	printf("\"");
}

static void metric_events(const struct tl_json *j)
{
	printf("# HELP traceleft_events_total seen = filtered + aggregated + emitted + lost; emitted, once received, = "
	       "malformed + internal + reader_filtered + reader_aggregated + reader_lost + delivered.\n"
	       "# TYPE traceleft_events_total counter\n");
	for (const struct tl_json *e = tl_json_first(tl_json_get(j, "events")); e; e = e->next)
		for (const struct tl_column *c = tl_counter_columns; c->name; c++) {
			printf("traceleft_events_total{");
			print_label("event", tl_json_get_text(e, "name"));
			printf(",");
			print_label("attach", tl_json_get_text(e, "attach"));
			printf(",stage=\"%s\"} %" PRIu64 "\n", c->name,
			       tl_json_get_unsigned(tl_json_get(e, "counters"), c->name));
		}
}

static void metric_rules(const struct tl_json *j)
{
	printf("# HELP traceleft_rule_events_total matched = delivered + filtered + aggregated + lost.\n"
	       "# TYPE traceleft_rule_events_total counter\n");
	for (const struct tl_json *r = tl_json_first(tl_json_get(j, "rules")); r; r = r->next)
		for (const struct tl_column *c = tl_rule_columns; c->name; c++) {
			printf("traceleft_rule_events_total{");
			print_label("rule", tl_json_get_text(r, "name"));
			printf(",stage=\"%s\"} %" PRIu64 "\n", c->name, tl_json_get_unsigned(r, c->name));
		}
}

static void metric_list(const struct tl_json *list, const char *metric, const char *type, const char *help,
			const char *label, const char *member)
{
	printf("# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
	for (const struct tl_json *o = tl_json_first(list); o; o = o->next) {
		printf("%s{", metric);
		print_label(label, tl_json_get_text(o, "name"));
		printf("} %" PRIu64 "\n", tl_json_get_unsigned(o, member));
	}
}

static int print_prometheus(const struct tl_json *j)
{
	const struct tl_json *outputs = tl_json_get(j, "outputs"), *policy = tl_json_get(j, "policy");

	printf("# HELP traceleft_start_time_seconds When the daemon started, since the epoch.\n"
	       "# TYPE traceleft_start_time_seconds gauge\ntraceleft_start_time_seconds %.3f\n",
	       (double)tl_json_get_unsigned(j, "started") / 1e9);
	printf("# HELP traceleft_rules Rules in the policy.\n"
	       "# TYPE traceleft_rules gauge\ntraceleft_rules %" PRIu64 "\n",
	       tl_json_get_unsigned(policy, "rules"));
	metric_events(j);
	metric_rules(j);
	printf("# HELP traceleft_unaudited_total Times that there was no room to find out what to audit.\n"
	       "# TYPE traceleft_unaudited_total counter\ntraceleft_unaudited_total %" PRIu64 "\n",
	       tl_json_get_unsigned(j, "unaudited"));
	metric_list(outputs, "traceleft_output_delivered_total", "counter", "Events that an output has written.",
		    "output", "delivered");
	metric_list(outputs, "traceleft_output_lost_total", "counter", "Events that an output could not write.",
		    "output", "lost");
	metric_list(outputs, "traceleft_output_bytes_total", "counter", "Bytes that an output has written.", "output",
		    "bytes");
	metric_list(tl_json_get(j, "targets"), "traceleft_target_tasks", "gauge", "Live tasks that match a target.",
		    "target", "tasks");
	metric_list(tl_json_get(j, "refusals"), "traceleft_refusals_total", "counter",
		    "What the kernel part refused besides events.", "what", "count");
	return tl_finish_stdout(TL_EXIT_OK);
}

static int show(const char *path, int format)
{
	_cleanup_(tl_json_freep) struct tl_json *j = NULL;
	_cleanup_free_ char *text = NULL;
	size_t size = 0;
	int r;

	r = read_file(path, &text, &size);
	if (r == -ENOENT)
		return tl_print_error(DAEMON ": not running (there is no %s)", path);
	if (r < 0)
		return tl_print_errno(r, "%s", path);
	r = tl_json_parse(text, size, &j);
	if (r < 0)
		return r == -ENOMEM ? tl_print_errno(r, "%s", path) : tl_print_error("%s: not JSON", path);
	if (!lives(tl_json_get_unsigned(j, "pid")))
		return tl_print_error(DAEMON ": not running (process %" PRIu64 ", which wrote %s, is gone)",
				      tl_json_get_unsigned(j, "pid"), path);
	if (format == OPTION_PROMETHEUS)
		return print_prometheus(j);
	if (format != OPTION_JSON)
		return print_table(j);
	fwrite(text, 1, size, stdout);
	if (size && text[size - 1] != '\n')
		putchar('\n');
	return tl_finish_stdout(TL_EXIT_OK);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	const char *path = STATUS_PATH;
	int id, format = 0;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id == TL_OPTION_HELP)
			return TL_EXIT_OK;
		if (id == TL_OPTION_BAD)
			return TL_EXIT_USAGE;
		if (id == OPTION_FILE)
			path = optarg;
		else if (format && format != id)
			return tl_usage_error(verb, "either --json or --prometheus");
		else
			format = id;
	}
	if (optind < argc)
		return tl_usage_error(verb, "no argument is expected: %s", argv[optind]);
	return show(path, format);
}

const struct tl_verb tl_verb_status = {
	.name = "status",
	.arguments = "[OPTIONS]",
	.summary = "Show what the daemon does: policy, events, targets, outputs.",
	.options = options,
	.details = "The exit status is 1 if the daemon is not running.\n",
	.run = run,
};
