// SPDX-License-Identifier: GPL-2.0-or-later
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "policy.h"
#include "util.h"

#define RULE "rules: [{name: a, events: [exec]}]\n"
#define OUTPUT "outputs: {journal: {type: journald}}\n"
#define SMALL "version: 1\n" RULE OUTPUT

static void policy_freep(struct tl_policy **p)
{
	tl_policy_free(*p);
}

static int parse(const char *text, struct tl_policy **ret, struct tl_problems *problems)
{
	return tl_policy_parse("policy.yaml", text, strlen(text), ret, problems);
}

static struct tl_policy *accept(const char *text)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	int r = parse(text, &p, &problems);

	if (r < 0)
		fail_msg("%d: %u:%u: %s", r, problems.n ? problems.problem[0].line : 0,
			 problems.n ? problems.problem[0].column : 0, problems.n ? problems.problem[0].message : "");
	assert_int_equal(problems.n, 0);
	return p;
}

/* ---- What is right ---- */

static void all_parts_are_read(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		accept("version: 1\n"
		       "targets:\n"
		       "  web: {unit: nginx.service}\n"
		       "  jobs: {cgroup: [/system.slice/batch-*.scope, /x.slice]}\n"
		       "  builds: {executable: [/usr/bin/make, /opt/ci/bin/*], descendants: yes}\n"
		       "  old: {pid: [4242, '17']}\n"
		       "  all: {everything: true}\n"
		       "rules:\n"
		       "  - name: changes\n"
		       "    target: [web, old, web]\n"
		       "    events: [openat, \"@rename\", openat]\n"
		       "    tags: [identity, etc]\n"
		       "    severity: warning\n"
		       "    capture: {pathname: 64}\n"
		       "    to: [log, journal]\n"
		       "    final: true\n"
		       "  - name: drops\n"
		       "    target: all\n"
		       "    events: read\n"
		       "    where: uid == 0 and path startswith '/proc/'\n"
		       "    drop: true\n"
		       "  - {name: sampled, events: [read, exit], sample: 100}\n"
		       "  - {name: aggregated, events: write, aggregate: {sample: 10}}\n"
		       "outputs:\n"
		       "  journal: {type: journald}\n"
		       "  log: {type: file, path: /var/log/x.jsonl, format: text, fsync: always,\n"
		       "        rotate: {size: 64M, keep: 3, compress: true, age: 2d}}\n"
		       "  screen: {type: stdout}\n"
		       "  kept: {type: file, path: /var/log/y.pb, format: proto, seal: true}\n"
		       "limits: {buffer: 16M, memory: 1G}\n"
		       "untracked: {pid: [5, 6], executable: /usr/bin/sleep}\n");
	const struct tl_policy_rule *rule = p->rules;
	const struct tl_policy_output *log = &p->outputs[1];

	(void)state;
	assert_int_equal(p->n_targets, 5);
	assert_string_equal(p->targets[0].units[0], "nginx.service");
	assert_int_equal(p->targets[1].n_cgroups, 2);
	assert_true(p->targets[2].descendants);
	assert_string_equal(p->targets[2].executables[1], "/opt/ci/bin/*");
	assert_int_equal(p->targets[3].pids[1], 17);
	assert_true(p->targets[4].everything);
	assert_int_equal(p->targets[4].line, 7);
	assert_int_equal(p->targets[4].column, 3);
	assert_string_equal(p->targets[4].file, "policy.yaml");
	assert_int_equal(p->n_rules, 4);
	assert_int_equal(rule->n_targets, 2);
	assert_int_equal(rule->targets[1], 3);
	assert_int_equal(rule->n_events, 4);
	assert_string_equal(rule->events[0]->name, "openat");
	assert_string_equal(rule->tags[1], "etc");
	assert_string_equal(rule->severity, "warning");
	assert_string_equal(rule->captures[0].argument, "pathname");
	assert_int_equal(rule->captures[0].size, 64);
	assert_int_equal(rule->n_outputs, 2);
	assert_int_equal(rule->outputs[0], 1);
	assert_true(rule->final && !rule->drop && !rule->where);
	assert_true(p->rules[1].drop && p->rules[1].where);
	assert_string_equal(p->rules[1].where_text, "uid == 0 and path startswith '/proc/'");
	assert_int_equal(p->rules[2].sample, 100);
	assert_int_equal(p->rules[3].sample, 10);
	assert_int_equal(log->type, TL_OUTPUT_FILE);
	assert_int_equal(log->format, TL_FORMAT_TEXT);
	assert_int_equal(log->rotate_size, 64 << 20);
	assert_int_equal(log->rotate_keep, 3);
	assert_int_equal(log->rotate_age, 2 * 86400);
	assert_true(log->rotate_compress);
	assert_int_equal(log->fsync, TL_FSYNC_ALWAYS);
	assert_false(log->seal);
	assert_int_equal(p->outputs[2].format, TL_FORMAT_TEXT);
	assert_true(p->outputs[3].seal);
	assert_int_equal(p->limit_buffer, 16 << 20);
	assert_int_equal(p->limit_memory, 1 << 30);
	assert_int_equal(p->n_untracked_pids, 2);
	assert_string_equal(p->untracked_executables[0], "/usr/bin/sleep");
}

static void a_collector_has_an_address_and_much_else(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		accept("version: 1\n" RULE "outputs:\n"
		       "  siem: {type: http, url: \"https://collector.example:4318/v1/logs\", format: otlp, timeout: 5s,\n"
		       "    spool: {path: /var/lib/traceleft/spool/siem, size: 512M, drop: oldest}, compress: false,\n"
		       "    tls: {ca: /ca, cert: /cert, key: /key, minimum: \"1.3\"}, proxy: \"http://proxy:3128\",\n"
		       "    headers: {Authorization: {file: /etc/traceleft/token}, X-Fleet: blue},\n"
		       "    batch: {events: 50, size: 64K, every: 5s}}\n"
		       "  search: {type: http, url: \"http://127.0.0.1:9200/_bulk\", template: '{\"index\":{}}'}\n");
	const struct tl_policy_http *siem = &p->outputs[0].http, *search = &p->outputs[1].http;

	(void)state;
	assert_int_equal(p->outputs[0].format, TL_FORMAT_OTLP);
	assert_string_equal(siem->url, "https://collector.example:4318/v1/logs");
	assert_int_equal(siem->timeout, 5);
	assert_string_equal(siem->spool_path, "/var/lib/traceleft/spool/siem");
	assert_int_equal(siem->spool_size, 512 << 20);
	assert_int_equal(siem->spool_drop, 1);
	assert_false(siem->compress);
	assert_string_equal(siem->tls_key, "/key");
	assert_int_equal(siem->tls_version, 1);
	assert_string_equal(siem->proxy, "http://proxy:3128");
	assert_int_equal(siem->n_headers, 2);
	assert_string_equal(siem->headers[0].file, "/etc/traceleft/token");
	assert_string_equal(siem->headers[1].value, "blue");
	assert_int_equal(siem->batch_events, 50);
	assert_int_equal(siem->batch_size, 64 << 10);
	assert_int_equal(siem->batch_time, 5);
	assert_int_equal(p->outputs[1].format, TL_FORMAT_NDJSON);
	assert_string_equal(search->line_before, "{\"index\":{}}");
	assert_true(search->compress && !search->spool_path && !search->spool_drop);
	assert_true(tl_policy_http_same(siem, siem));
	assert_false(tl_policy_http_same(siem, search));
}

static void what_is_not_said_has_defaults(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept("version: 1\n" RULE "outputs:\n"
							     "  journal: {type: journald}\n"
							     "  log: {type: file, path: /x, rotate: {size: 1M}}\n"
							     "targets:\nlimits:\nuntracked: ~\n");

	(void)state;
	assert_string_equal(p->rules[0].severity, "info");
	assert_int_equal(p->rules[0].n_targets, 0);
	assert_int_equal(p->rules[0].n_outputs, 2);
	assert_int_equal(p->rules[0].sample, 0);
	assert_int_equal(p->outputs[1].format, TL_FORMAT_JSON);
	assert_int_equal(p->outputs[1].rotate_keep, 8);
	assert_int_equal(p->limit_buffer, 0);
	assert_int_equal(p->n_targets, 0);
}

static void untracked_may_be_a_list_of_both(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = accept(SMALL "untracked: [5, /usr/bin/sleep, /opt/*]\n");

	(void)state;
	assert_int_equal(p->n_untracked_pids, 1);
	assert_int_equal(p->n_untracked_executables, 2);
}

static void a_target_too_many_is_told_where_it_is(void **state)
{
	enum { MOST = 16383 };
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	_cleanup_free_ char *text = malloc(64 * (MOST + 8));
	struct tl_policy *p = NULL;
	char *end = text;

	(void)state;
	assert_non_null(text);
	end = stpcpy(end, SMALL "targets:\n");
	for (int i = 0; i < MOST; i++)
		end += sprintf(end, "  t%d: {uid: %d}\n", i, i);
	policy_freep(&(struct tl_policy *){ accept(text) });
	stpcpy(end, "  one: {uid: 1}\n  another: {uid: 1}\n");
	assert_true(parse(text, &p, &problems) < 0);
	assert_int_equal(problems.n, 1);
	assert_int_equal(problems.problem[0].line, 4 + MOST + 1);
	assert_string_equal(problems.problem[0].message, "more than 16383 targets");
}

static void a_group_is_all_its_events_and_never_own_records(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p =
		accept("version: 1\nrules: [{name: a, events: \"@all\"}]\n" OUTPUT);
	size_t n, expected = 0;
	const struct tl_event_type *types = tl_event_types(&n);

	(void)state;
	for (size_t i = 0; i < n; i++)
		expected += types[i].class != TL_CLASS_RECORD;
	assert_int_equal(p->rules[0].n_events, expected);
}

static void shipped_policies_are_right_and_without_a_warning(void **state)
{
	struct dirent **entries;
	int n = scandir("policy/examples", &entries, NULL, alphasort), checked = 0;

	(void)state;
	assert_true(n > 2);
	for (int i = -1; i < n; i++) {
		_cleanup_(tl_problems_done) struct tl_problems problems = {};
		_cleanup_(policy_freep) struct tl_policy *p = NULL;
		_cleanup_free_ char *text = NULL;
		size_t room = 0;
		ssize_t size;
		char path[512];
		FILE *file;

		if (i >= 0 && entries[i]->d_name[0] == '.')
			continue;
		if (i < 0)
			snprintf(path, sizeof(path), "policy/default.yaml");
		else
			snprintf(path, sizeof(path), "policy/examples/%s", entries[i]->d_name);
		file = fopen(path, "re");
		assert_non_null(file);
		size = getdelim(&text, &room, '\0', file);
		fclose(file);
		assert_true(size > 0);
		if (tl_policy_parse(path, text, (size_t)size, &p, &problems) < 0 || problems.n)
			fail_msg("%s:%u: %s", path, problems.problem[0].line, problems.problem[0].message);
		checked++;
	}
	assert_true(checked >= 4);
	while (n)
		free(entries[--n]);
	free(entries);
}

static void every_key_has_a_type(void **state)
{
	struct tl_policy_key key;
	const char *object;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; (object = tl_policy_object_get(i)); i++)
		for (size_t j = 0; tl_policy_key_get(object, j, &key) >= 0; j++, n++)
			assert_true(strlen(key.name) && strlen(key.type));
	assert_true(n > 40);
	assert_int_equal(tl_policy_key_get("nothing", 0, &key), -ENOENT);
}

/* ---- What is wrong ---- */

/* Broken policies end with lines "#! LINE:COLUMN: MESSAGE". */
static void compare_problems(const char *path, const char *expected, const struct tl_problems *problems)
{
	char got[16384] = "";
	size_t n = 0;

	for (size_t i = 0; i < problems->n; i++) {
		const struct tl_problem *p = &problems->problem[i];

		n += (size_t)snprintf(got + n, sizeof(got) - n, "#! %u:%u: %s%s\n", p->line, p->column,
				      p->warning ? "warning: " : "", p->message);
		assert_true(n < sizeof(got));
	}
	if (strcmp(got, expected) != 0)
		fail_msg("%s:\n%s\nbut expected\n%s", path, got, expected);
}

static void check_broken(const char *path)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	_cleanup_(policy_freep) struct tl_policy *p = NULL;
	_cleanup_free_ char *text = NULL;
	FILE *file = fopen(path, "re");
	size_t room = 0;
	char *expected;
	int r;

	assert_non_null(file);
	assert_true(getdelim(&text, &room, '\0', file) > 0);
	fclose(file);
	expected = strstr(text, "#! ");
	assert_non_null(expected);
	r = tl_policy_parse("policy.yaml", text, (size_t)(expected - text), &p, &problems);
	compare_problems(path, expected, &problems);
	assert_int_equal(r, -EINVAL);
	assert_null(p);
}

static void broken_policies_are_refused_with_all_their_places(void **state)
{
	static const char dir[] = "tests/unit/broken-policies";
	struct dirent **entries;
	int n = scandir(dir, &entries, NULL, alphasort), checked = 0;

	(void)state;
	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		char path[512];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.') {
			check_broken(path);
			checked++;
		}
		free(entries[i]);
	}
	free(entries);
	assert_true(checked >= 60);
}

static double seconds(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static void refuse_quickly(const char *text, size_t size)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	double start = seconds();

	assert_int_equal(tl_policy_parse("policy.yaml", text, size, &p, &problems), -EINVAL);
	assert_true(problems.n_errors > 0);
	assert_true(seconds() - start < 10);
}

static void nested_brackets_are_refused_at_once(void **state)
{
	static const char *const nests[] = { "[", "[\n", "{a: ", "- ", "? ", "a: [", "(", "\"", "!", "&a [" };
	char *text = malloc(400001);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(nests); i++) {
		char *p = text;

		for (int j = 0; j < 100000; j++)
			p = stpcpy(p, nests[i]);
		refuse_quickly(text, (size_t)(p - text));
	}
	free(text);
}

static void random_bytes_are_refused(void **state)
{
	unsigned char bytes[512];

	(void)state;
	srand(1);
	for (int round = 0; round < 2000; round++) {
		size_t n = (size_t)rand() % sizeof(bytes);

		for (size_t i = 0; i < n; i++)
			bytes[i] = (unsigned char)rand();
		refuse_quickly((char *)bytes, n);
	}
}

static void a_file_that_is_too_large_is_refused(void **state)
{
	size_t size = (16U << 20) + 1;
	char *text = malloc(size);

	(void)state;
	memset(text, '\n', size);
	refuse_quickly(text, size);
	/* As large as may be, and full of values. */
	for (size_t i = 0; i + 3 < size; i += 2)
		memcpy(text + i, "0,", 3);
	text[0] = '[';
	refuse_quickly(text, size - 1);
	free(text);
}

static void a_file_full_of_directives_is_refused_at_once(void **state)
{
	size_t n = 0;
	char *text = malloc(8U << 20);

	(void)state;
	for (int i = 0; i < 300000; i++)
		n += (size_t)sprintf(text + n, "%%TAG !%d! x\n", i);
	refuse_quickly(text, n);
	free(text);
}

static void many_problems_are_cut_short(void **state)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	char *text = malloc(1U << 20), *at = text;

	(void)state;
	for (int i = 0; i < 10000; i++)
		at += sprintf(at, "key%d: 1\n", i);
	assert_int_equal(parse(text, &p, &problems), -EINVAL);
	assert_int_equal(problems.n, 201);
	assert_true(problems.n_errors >= 10000);
	assert_string_equal(problems.problem[200].message, "more problems follow; only the first are shown");
	assert_int_equal(problems.problem[199].line, 200);
	free(text);
}

static void a_message_cannot_forge_a_line_or_an_escape(void **state)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;

	(void)state;
	assert_int_equal(parse("version: 1\n\"\\e[31m\\n\\rx\": 1\nrules:\n  - {name: \"\\e\\n\", events: [\"\\b\"], "
			       "where: \"\\e == '\\n'\", tags: \"\\n\"}\n" OUTPUT,
			       &p, &problems),
			 -EINVAL);
	assert_true(problems.n >= 4);
	for (size_t i = 0; i < problems.n; i++)
		for (const char *c = problems.problem[i].message; *c; c++)
			assert_true((unsigned char)*c >= ' ' && *c != 0x7f);
}

/* ---- Files ---- */

static char *folder;

static int make_folder(void **state)
{
	char path[] = "/tmp/traceleft-test-XXXXXX";

	(void)state;
	folder = mkdtemp(path) ? strdup(path) : NULL;
	return folder ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[4096];
	struct dirent **entries;
	int n;

	(void)state;
	for (int level = 1; level >= 0; level--) {
		snprintf(command, sizeof(command), "%s%s", folder, level ? "/policy.d" : "");
		n = scandir(command, &entries, NULL, NULL);
		for (int i = 0; i < n; i++) {
			char path[8192];

			snprintf(path, sizeof(path), "%s/%s", command, entries[i]->d_name);
			unlink(path);
			free(entries[i]);
		}
		if (n >= 0)
			free(entries);
		rmdir(command);
	}
	free(folder);
	return 0;
}

static const char *in_folder(const char *name)
{
	static char paths[4][512];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
	return path;
}

static const char *write_file(const char *name, const char *text, mode_t mode)
{
	const char *path = in_folder(name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

/* What loading gives, and the message of the first problem. */
static int load(const char *path, const char *dir, char message[256], struct tl_policy **ret)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	int r = tl_policy_load_from(path, dir, ret, &problems);

	snprintf(message, 256, "%s", problems.n ? problems.problem[0].message : "");
	return r;
}

static int load_fails(const char *path, char message[256])
{
	struct tl_policy *p = NULL;
	int r = load(path, NULL, message, &p);

	assert_null(p);
	return r;
}

static void a_file_is_loaded(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = NULL, *linked = NULL;
	char message[256];
	const char *path = write_file("policy.yaml", SMALL, 0644);

	(void)state;
	assert_int_equal(load(path, NULL, message, &p), 0);
	assert_int_equal(p->n_files, 1);
	assert_string_equal(p->files[0], path);
	/* A link to it is as good as the file. */
	assert_int_equal(symlink("policy.yaml", in_folder("link.yaml")), 0);
	assert_int_equal(load(in_folder("link.yaml"), NULL, message, &linked), 0);
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	char message[256];

	(void)state;
	assert_int_equal(load_fails(write_file("w.yaml", SMALL, 0664), message), -EPERM);
	assert_string_equal(message, "refused: others than its owner may write it (chmod go-w)");
	assert_int_equal(load_fails(write_file("w.yaml", SMALL, 0646), message), -EPERM);
	unlink(in_folder("w.yaml"));
}

static void a_file_of_somebody_else_is_refused(void **state)
{
	const char *path = write_file("other.yaml", SMALL, 0644);
	char message[256];

	(void)state;
	if (chown(path, 65534, 65534) < 0) {
		unlink(path);
		skip();
	}
	assert_int_equal(load_fails(path, message), -EPERM);
	assert_string_equal(message, "refused: it belongs to somebody else than root");
	unlink(path);
}

static void what_is_no_file_is_refused_without_waiting(void **state)
{
	char message[256];

	(void)state;
	assert_int_equal(mkfifo(in_folder("fifo.yaml"), 0600), 0);
	assert_int_equal(load_fails(in_folder("fifo.yaml"), message), -EINVAL);
	assert_string_equal(message, "refused: it is no regular file");
	assert_int_equal(load_fails("/dev/zero", message), -EINVAL);
	assert_int_equal(load_fails(folder, message), -EISDIR);
	assert_int_equal(load_fails(in_folder("missing.yaml"), message), -ENOENT);
	assert_string_equal(message, "No such file or directory");
	unlink(in_folder("fifo.yaml"));
}

static void files_of_the_folder_are_merged_in_the_order_of_names(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = NULL;
	char message[256];

	(void)state;
	mkdir(in_folder("policy.d"), 0755);
	write_file("policy.d/20-b.yaml", "version: 1\nrules: [{name: c, target: web, events: exit}]\n", 0644);
	write_file(
		"policy.d/10-a.yaml",
		"version: 1\ntargets: {web: {unit: nginx}}\nrules: [{name: b, events: exec}]\nlimits: {buffer: 1M}\n",
		0644);
	write_file("policy.d/30-empty.yaml", "# nothing\n", 0644);
	write_file("policy.d/README", "no policy: {", 0644);
	write_file("policy.d/.hidden.yaml", "no policy: {", 0644);
	if (load(write_file("policy.yaml", SMALL, 0644), in_folder("policy.d"), message, &p) < 0)
		fail_msg("%s", message);
	assert_int_equal(p->n_rules, 3);
	assert_string_equal(p->rules[0].name, "a");
	assert_string_equal(p->rules[1].name, "b");
	assert_string_equal(p->rules[2].name, "c");
	assert_int_equal(p->rules[2].n_targets, 1);
	assert_int_equal(p->n_files, 4);
	assert_string_equal(p->rules[2].file, in_folder("policy.d/20-b.yaml"));
	assert_int_equal(p->limit_buffer, 1 << 20);
}

static void keep_path(const char *path, void *userdata)
{
	snprintf(userdata, 256, "%s", path);
}

static void new_file_of_the_folder_is_found(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = NULL, *alone = NULL;
	char message[256], found[256] = "";

	(void)state;
	assert_int_equal(load(in_folder("policy.yaml"), in_folder("policy.d"), message, &p), 0);
	assert_int_equal(load(in_folder("policy.yaml"), NULL, message, &alone), 0);
	assert_int_equal(tl_policy_find_new(p, keep_path, found), 0);
	assert_string_equal(found, "");
	write_file("policy.d/25-new.yaml", "", 0644);
	write_file("policy.d/.new.yaml", "", 0644);
	assert_int_equal(tl_policy_find_new(p, keep_path, found), 1);
	assert_string_equal(found, in_folder("policy.d/25-new.yaml"));
	assert_int_equal(tl_policy_find_new(alone, keep_path, found), 0);
	unlink(in_folder("policy.d/25-new.yaml"));
	unlink(in_folder("policy.d/.new.yaml"));
}

static void what_is_there_in_two_files_is_refused_with_both_places(void **state)
{
	_cleanup_(tl_problems_done) struct tl_problems problems = {};
	struct tl_policy *p = NULL;
	char expected[600];

	(void)state;
	write_file("policy.d/40-twice.yaml",
		   "version: 1\ntargets: {web: {pid: 1}}\nrules: [{name: a, events: exec}]\n" OUTPUT
		   "limits: {buffer: 2M}\n",
		   0644);
	assert_int_equal(tl_policy_load_from(in_folder("policy.yaml"), in_folder("policy.d"), &p, &problems), -EINVAL);
	assert_int_equal(problems.n, 4);
	snprintf(expected, sizeof(expected), "target 'web' is there twice, first in %s:2:11",
		 in_folder("policy.d/10-a.yaml"));
	assert_string_equal(problems.problem[0].message, expected);
	assert_string_equal(problems.problem[0].file, in_folder("policy.d/40-twice.yaml"));
	assert_int_equal(problems.problem[0].line, 2);
	assert_int_equal(problems.problem[0].column, 11);
	assert_non_null(strstr(problems.problem[1].message, "rule 'a' is there twice"));
	assert_non_null(strstr(problems.problem[2].message, "output 'journal' is there twice"));
	assert_non_null(strstr(problems.problem[3].message, "limit 'buffer' is there twice"));
	unlink(in_folder("policy.d/40-twice.yaml"));
}

static void one_bad_file_of_the_folder_is_enough(void **state)
{
	struct tl_policy *p = NULL;
	char message[256];

	(void)state;
	write_file("policy.d/50-bad.yaml", "version: 1\n", 0666);
	assert_int_equal(load(in_folder("policy.yaml"), in_folder("policy.d"), message, &p), -EPERM);
	write_file("policy.d/50-bad.yaml", "version: [\n", 0644);
	assert_int_equal(load(in_folder("policy.yaml"), in_folder("policy.d"), message, &p), -EINVAL);
	unlink(in_folder("policy.d/50-bad.yaml"));
	chmod(in_folder("policy.d"), 0777);
	assert_int_equal(load(in_folder("policy.yaml"), in_folder("policy.d"), message, &p), -EPERM);
	chmod(in_folder("policy.d"), 0755);
	assert_null(p);
}

static void a_missing_folder_is_no_problem(void **state)
{
	_cleanup_(policy_freep) struct tl_policy *p = NULL;
	char message[256];

	(void)state;
	assert_int_equal(load(in_folder("policy.yaml"), in_folder("nothing.d"), message, &p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_parts_are_read),
		cmocka_unit_test(a_collector_has_an_address_and_much_else),
		cmocka_unit_test(what_is_not_said_has_defaults),
		cmocka_unit_test(untracked_may_be_a_list_of_both),
		cmocka_unit_test(a_target_too_many_is_told_where_it_is),
		cmocka_unit_test(a_group_is_all_its_events_and_never_own_records),
		cmocka_unit_test(shipped_policies_are_right_and_without_a_warning),
		cmocka_unit_test(every_key_has_a_type),
		cmocka_unit_test(broken_policies_are_refused_with_all_their_places),
		cmocka_unit_test(nested_brackets_are_refused_at_once),
		cmocka_unit_test(random_bytes_are_refused),
		cmocka_unit_test(a_file_that_is_too_large_is_refused),
		cmocka_unit_test(a_file_full_of_directives_is_refused_at_once),
		cmocka_unit_test(many_problems_are_cut_short),
		cmocka_unit_test(a_message_cannot_forge_a_line_or_an_escape),
		cmocka_unit_test(a_file_is_loaded),
		cmocka_unit_test(a_file_that_others_may_write_is_refused),
		cmocka_unit_test(a_file_of_somebody_else_is_refused),
		cmocka_unit_test(what_is_no_file_is_refused_without_waiting),
		cmocka_unit_test(files_of_the_folder_are_merged_in_the_order_of_names),
		cmocka_unit_test(new_file_of_the_folder_is_found),
		cmocka_unit_test(what_is_there_in_two_files_is_refused_with_both_places),
		cmocka_unit_test(one_bad_file_of_the_folder_is_enough),
		cmocka_unit_test(a_missing_folder_is_no_problem),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
