// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft battery: which handlers there are, and making more. */
#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "../lib/battery.h"
#include "../policy/battery.h"
#include "cli.h"
#include "generate.h"

enum { OPTION_JSON = 256, OPTION_BATTERY, OPTION_CONFIG, OPTION_OUT, OPTION_KEEP_SOURCE };

static const struct tl_option options[] = {
	{ OPTION_JSON, "json", NULL, "list: an array of objects instead of text" },
	{ OPTION_BATTERY, "battery", "DIR", "list: this folder of handlers, not the usual one" },
	{ OPTION_CONFIG, "config", "FILE", "build: the table of events to build, YAML or JSON" },
	{ OPTION_OUT, "out", "DIR", "build: where the objects go" },
	{ OPTION_KEEP_SOURCE, "keep-source", NULL, "build: leave each handler's source beside its object" },
	{ 0 },
};

struct settings {
	bool json, keep_source;
	const char *battery, *config, *out;
};

/* ---- list ---- */

static int is_handler(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return n > 2 && strcmp(entry->d_name + n - 2, ".o") == 0;
}

static void list_text(const char *name, const struct tl_event_type *type, off_t size)
{
	printf("%-44s %-20s %8s  ", name, type->name, tl_size_text((uint64_t)size));
	for (int i = 0; i < type->n_args; i++) {
		printf("%s%s", i ? ", " : "", type->args[i].name);
		if (type->args[i].capture != TL_CAPTURE_NONE)
			printf("[%u]", type->args[i].size);
	}
	printf("\n");
}

static void list_json(struct tl_buffer *b, const char *path, const struct tl_event_type *type, off_t size)
{
	tl_json_open(b, NULL, '{');
	tl_json_string(b, "path", path);
	tl_json_string(b, "event", type->name);
	tl_json_unsigned(b, "size", (uint64_t)size);
	tl_json_open(b, "args", '[');
	for (int i = 0; i < type->n_args; i++) {
		tl_json_open(b, NULL, '{');
		tl_json_string(b, "name", type->args[i].name);
		tl_json_string(b, "type", type->args[i].type);
		tl_json_unsigned(b, "size", type->args[i].size);
		tl_json_close(b, '}');
	}
	tl_json_close(b, ']');
	tl_json_close(b, '}');
}

static int list_one(const char *folder, const char *name, struct tl_buffer *json)
{
	_cleanup_free_ char *path = NULL;
	struct tl_event_type type;
	const char *why = NULL;
	struct stat st;
	int r;

	if (asprintf(&path, "%s/%s", folder, name) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	r = tl_handler_describe(path, &type, &why);
	if (r < 0) {
		tl_print_error("%s: %s", path, why ? why : strerror(-r));
		return r;
	}
	if (stat(path, &st) < 0) {
		tl_print_errno(errno, "%s", path);
		return -errno;
	}
	if (json)
		list_json(json, path, &type, st.st_size);
	else
		list_text(name, &type, st.st_size);
	return 0;
}

static int list(const struct settings *settings)
{
	const char *folder = settings->battery ? settings->battery : tl_battery_default();
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	struct dirent **entries;
	int n, damaged = 0, status = TL_EXIT_OK;

	n = scandir(folder, &entries, is_handler, alphasort);
	if (n < 0)
		return tl_print_errno(errno, "%s", folder);
	if (settings->json)
		tl_json_open(&b, NULL, '[');
	else if (n)
		printf("%s%-44s %-20s %8s  %s%s\n", tl_style(stdout, TL_STYLE_BOLD), "HANDLER", "EVENT", "SIZE",
		       "ARGUMENTS", tl_style(stdout, TL_STYLE_END));
	for (int i = 0; i < n; i++) {
		if (list_one(folder, entries[i]->d_name, settings->json ? &b : NULL) < 0)
			damaged++;
		free(entries[i]);
	}
	free(entries);
	if (settings->json) {
		tl_json_close(&b, ']');
		status = tl_json_print(&b);
	} else
		status = tl_finish_stdout(status);
	if (!n)
		return tl_print_error("%s: no handlers there", folder);
	return damaged ? TL_EXIT_FAILED : status;
}

/* ---- build ---- */

struct build {
	const char *config;
	bool reported;
};

static void built(void *userdata, const struct tl_event_type *type, const char *object_path)
{
	(void)userdata;
	printf("%-20s %s\n", type->name, object_path);
}

static void problem(void *userdata, unsigned line, unsigned column, const char *message)
{
	struct build *build = userdata;

	build->reported = true;
	if (line)
		fprintf(stderr, "%s:%u:%u: %s\n", build->config, line, column, message);
	else
		tl_print_error("%s", message);
}

/* Folder of handler.h: $TRACELEFT_BPF, in the tree beside the program's, else where it is installed. */
static const char *headers(char *path, size_t size)
{
	const char *given = getenv("TRACELEFT_BPF");
	char file[4200];

	if (given && *given)
		return given;
	snprintf(path, size, "%s/../bpf", tl_program_folder());
	snprintf(file, sizeof(file), "%s/handler.h", path);
	return access(file, R_OK) == 0 ? path : TL_PREFIX "/share/traceleft/bpf";
}

static int build(const struct tl_verb *verb, const struct settings *settings)
{
	struct build state = { .config = settings->config };
	struct tl_battery_options build_options = {
		.keep_source = settings->keep_source,
		.built = built,
		.problem = problem,
		.userdata = &state,
	};
	char path[4128];
	int r;

	if (!settings->config || !settings->out)
		return tl_usage_error(verb, "build needs --config FILE and --out DIR");
	build_options.include_dir = headers(path, sizeof(path));
	build_options.builtin = tl_event_types(&build_options.n_builtin);
	r = tl_battery_build(settings->config, settings->out, &build_options);
	if (r < 0) {
		if (!state.reported)
			tl_print_errno(r, "%s", settings->config);
		return TL_EXIT_FAILED;
	}
	printf("%d handler%s built in %s\n", r, r == 1 ? "" : "s", settings->out);
	return tl_finish_stdout(TL_EXIT_OK);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	struct settings settings = { 0 };
	int id;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END)
		switch (id) {
		case TL_OPTION_HELP:
			return TL_EXIT_OK;
		case TL_OPTION_BAD:
			return TL_EXIT_USAGE;
		case OPTION_JSON:
			settings.json = true;
			break;
		case OPTION_BATTERY:
			settings.battery = optarg;
			break;
		case OPTION_CONFIG:
			settings.config = optarg;
			break;
		case OPTION_OUT:
			settings.out = optarg;
			break;
		case OPTION_KEEP_SOURCE:
			settings.keep_source = true;
			break;
		}
	if (argc - optind != 1)
		return tl_usage_error(verb, "one of list, build is needed");
	if (strcmp(argv[optind], "list") == 0)
		return list(&settings);
	if (strcmp(argv[optind], "build") == 0)
		return build(verb, &settings);
	return tl_usage_error(verb, "%s is neither list nor build", argv[optind]);
}

const struct tl_verb tl_verb_battery = {
	.name = "battery",
	.arguments = "list|build [OPTIONS]",
	.summary = "List the handlers that are there, or build some from a table of events.",
	.options = options,
	.details = "build reads the config.json of the original TraceLeft as it is, or the same as YAML,\n"
		   "and needs clang. $TRACELEFT_BATTERY is the folder of handlers, $TRACELEFT_BPF that of\n"
		   "the headers they are built with, where those of the program are not to be used.\n",
	.run = run,
};
