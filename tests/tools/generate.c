/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the build makes from policy/events.yaml. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "generate.h"
#include "../../lib/seal.h"
#include "table.h"

static int usage(void)
{
	fprintf(stderr, "usage: generate table|man TABLE.yaml\n"
			"       generate handler TABLE.yaml NAME\n"
			"       generate handlers TABLE.yaml FOLDER\n"
			"       generate names TABLE.yaml [--syscalls]\n"
			"       generate seal HANDLER.bpf.o\n");
	return 2;
}

static void print_problem(void *userdata, unsigned line, unsigned column, const char *message)
{
	fprintf(stderr, "%s:%u:%u: %s\n", (const char *)userdata, line, column, message);
}

static int print_handler(const struct tl_table *table, const char *name)
{
	for (size_t i = 0; i < table->n; i++)
		if (!strcmp(table->types[i].name, name))
			return tl_generate_handler(stdout, &table->types[i]);
	return -ENOENT;
}

static int print_names(const struct tl_table *table, bool syscalls)
{
	for (size_t i = 0; i < table->n; i++)
		if (!syscalls || table->types[i].class == TL_CLASS_SYSCALL)
			puts(table->types[i].name);
	return fflush(stdout) ? -EIO : 0;
}

/* Whether the file has this text already: then it keeps its time stamp. */
static bool same(const char *path, const char *text, size_t size)
{
	FILE *f = fopen(path, "re");
	char *old = malloc(size + 1);
	bool equal;

	equal = f && old && fread(old, 1, size + 1, f) == size && !memcmp(old, text, size);
	free(old);
	if (f)
		fclose(f);
	return equal;
}

static int write_file(const char *path, const char *text, size_t size)
{
	FILE *f;
	bool failed;

	if (same(path, text, size))
		return 0;
	f = fopen(path, "we");
	if (!f)
		return -errno;
	failed = fwrite(text, 1, size, f) != size;
	return fclose(f) || failed ? -EIO : 0;
}

static int write_handler(const char *folder, const struct tl_event_type *type)
{
	char *text = NULL, path[4096];
	size_t size = 0;
	FILE *f;
	int r;

	if (snprintf(path, sizeof(path), "%s/" TL_HANDLER_SOURCE, folder, type->name) >= (int)sizeof(path))
		return -ENAMETOOLONG;
	f = open_memstream(&text, &size);
	if (!f)
		return -ENOMEM;
	r = tl_generate_handler(f, type);
	if (fclose(f) && !r)
		r = -ENOMEM;
	if (!r)
		r = write_file(path, text, size);
	free(text);
	return r;
}

static int write_handlers(const struct tl_table *table, const char *folder)
{
	for (size_t i = 0; i < table->n; i++) {
		int r = table->types[i].class == TL_CLASS_SYSCALL ? write_handler(folder, &table->types[i]) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct tl_table table;
	int r;

	if (argc < 3)
		return usage();
	if (!strcmp(argv[1], "seal") && argc == 3) {
		r = tl_seal_file(argv[2]);
		if (r < 0)
			fprintf(stderr, "generate: %s: %s\n", argv[2], strerror(-r));
		return r < 0;
	}
	r = tl_table_load(argv[2], NULL, 0, &table, print_problem, argv[2]);
	if (r < 0) {
		fprintf(stderr, "generate: %s: %s\n", argv[2], r == -EINVAL ? "the table is wrong" : strerror(-r));
		return 1;
	}
	if (!strcmp(argv[1], "table") && argc == 3)
		r = tl_generate_table(stdout, table.types, table.n);
	else if (!strcmp(argv[1], "man") && argc == 3)
		r = tl_generate_man(stdout, table.types, table.n);
	else if (!strcmp(argv[1], "handler") && argc == 4)
		r = print_handler(&table, argv[3]);
	else if (!strcmp(argv[1], "handlers") && argc == 4)
		r = write_handlers(&table, argv[3]);
	else if (!strcmp(argv[1], "names") && (argc == 3 || (argc == 4 && !strcmp(argv[3], "--syscalls"))))
		r = print_names(&table, argc == 4);
	else
		r = 1;
	tl_table_done(&table);
	if (r < 0)
		fprintf(stderr, "generate: %s: %s\n", argv[argc - 1], strerror(-r));
	return r == 1 ? usage() : r < 0;
}
