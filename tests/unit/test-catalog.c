// SPDX-License-Identifier: GPL-2.0-or-later
/* Facts that stand in two places: ids of messages, fields of entries, exit statuses. Run in the tree's top folder. */
#include "sink-fixture.h"

static char *catalog, *ids, *manual;

static int read_files(void **state)
{
	(void)state;
	catalog = read_path("systemd/traceleft.catalog", NULL);
	ids = read_path("daemon/message-ids.h", NULL);
	manual = read_path("man/traceleftd.8", NULL);
	return 0;
}

static int free_files(void **state)
{
	(void)state;
	free(catalog);
	free(ids);
	free(manual);
	return 0;
}

/* Calls for each id of 32 digits behind `mark`. */
static void each_id(const char *text, const char *mark, void (*found)(const char id[33], void *userdata),
		    void *userdata)
{
	for (const char *p = text; (p = strstr(p, mark)); p += strlen(mark)) {
		char id[33] = "";

		if (strspn(p + strlen(mark), "0123456789abcdef") < 32)
			continue;
		memcpy(id, p + strlen(mark), 32);
		found(id, userdata);
	}
}

static void must_be_there_once(const char id[33], void *userdata)
{
	if (count_of(userdata, id) != 1)
		fail_msg("id %s is there %zu times", id, count_of(userdata, id));
}

static void every_message_id_is_explained_and_nothing_else(void **state)
{
	(void)state;
	each_id(ids, "\"", must_be_there_once, catalog);
	each_id(catalog, "-- ", must_be_there_once, ids);
	assert_true(count_of(ids, "#define TL_MESSAGE_") >= 15);
}

static void entries_of_the_catalog_are_complete(void **state)
{
	(void)state;
	assert_int_equal(count_of(catalog, "\n-- "), count_of(catalog, "\nSubject: "));
	assert_int_equal(count_of(catalog, "\n-- "), count_of(catalog, "\nDefined-By: TraceLeft\n"));
	assert_int_equal(count_of(catalog, "\n-- "), count_of(catalog, "\nDocumentation: "));
}

/* What names the fields of entries; to be freed. */
static char *read_sources(void)
{
	char *one = read_path("daemon/entry.c", NULL), *other = read_path("lib/entry-fields.c", NULL), *both;

	assert_true(asprintf(&both, "%s%s", one, other) > 0);
	free(one);
	free(other);
	return both;
}

/* Each field that the sink writes is in the manual, and the other way round. */
static void fields_of_entries_are_documented(void **state)
{
	char *source = read_sources();
	size_t n = 0;

	(void)state;
	for (const char *p = source; (p = strstr(p, "\"TRACELEFT_")); p++, n++) {
		char field[64];

		snprintf(field, sizeof(field), "%.*s", (int)strcspn(p + 1, "\""), p + 1);
		if (!strstr(manual, field))
			fail_msg("man/traceleftd.8 does not have %s", field);
	}
	assert_true(n > 30);
	for (const char *p = manual; (p = strstr(p, "TRACELEFT_")); p++) {
		char field[64];
		size_t length = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");

		snprintf(field, sizeof(field), "\"%.*s", (int)length, p);
		/* One variable of the environment has such a name, too. */
		if (!strstr(source, field) && strcmp(field + 1, "TRACELEFT_BATTERY"))
			fail_msg("man/traceleftd.8 has %s, the sources have not", field + 1);
	}
	free(source);
}

static void fields_that_the_catalog_uses_exist(void **state)
{
	char *source = read_sources();

	(void)state;
	for (const char *p = catalog; (p = strstr(p, "@TRACELEFT_")); p++) {
		char field[64];

		snprintf(field, sizeof(field), "\"%.*s\"", (int)strcspn(p + 1, "@"), p + 1);
		if (!strstr(source, field))
			fail_msg("the catalog uses %s", field);
		p = strchr(p + 1, '@');
	}
	free(source);
}

static void exit_statuses_are_documented(void **state)
{
	char *source = read_path("daemon/generation.h", NULL);
	unsigned n = 0;

	(void)state;
	for (const char *p = source; (p = strstr(p, "TL_STATUS_")); p++) {
		char line[64];
		const char *equals = strstr(p, " = ");

		if (!equals || equals > strchr(p, '\n'))
			continue;
		snprintf(line, sizeof(line), "\n.B %d\n", atoi(equals + 3));
		if (!strstr(manual, line))
			fail_msg("man/traceleftd.8 does not explain exit status %d", atoi(equals + 3));
		n++;
	}
	assert_true(n > 5);
	free(source);
}

/* "64 69 72" in the unit is "64, 69 and 72" in the manual. */
static void statuses_without_a_restart_are_the_manuals(void **state)
{
	static const char key[] = "\nRestartPreventExitStatus=";
	char *unit = read_path("systemd/traceleftd.service", NULL), *line = strstr(unit, key);
	char sentence[128] = "After ";

	(void)state;
	assert_non_null(line);
	line[strlen(key) + strcspn(line + strlen(key), "\n")] = 0;
	for (char *word = strtok(line + strlen(key), " "), *next; word; word = next) {
		next = strtok(NULL, " ");
		if (sentence[6])
			strcat(sentence, next ? ", " : " and ");
		strcat(sentence, word);
	}
	strcat(sentence, " systemd");
	if (!strstr(manual, sentence))
		fail_msg("man/traceleftd.8 does not say '%s'", sentence);
	free(unit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_message_id_is_explained_and_nothing_else),
		cmocka_unit_test(entries_of_the_catalog_are_complete),
		cmocka_unit_test(fields_of_entries_are_documented),
		cmocka_unit_test(fields_that_the_catalog_uses_exist),
		cmocka_unit_test(exit_statuses_are_documented),
		cmocka_unit_test(statuses_without_a_restart_are_the_manuals),
	};

	return cmocka_run_group_tests(tests, read_files, free_files);
}
