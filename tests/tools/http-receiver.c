// SPDX-License-Identifier: GPL-2.0-or-later
/* http-receiver PORT FILE: takes requests at 127.0.0.1:PORT and appends their
 * bodies to FILE; the last one's headers are in FILE.headers. PORT 0: any; it
 * is printed first. */
#include "../unit/http-receiver.h"

static void write_headers(const char *name, const char *headers)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s.headers", name);
	file = fopen(path, "we");
	if (!file)
		exit(1);
	fputs(headers, file);
	fclose(file);
}

/* Of the bodies that were taken, those behind `at`. Returns where they end. */
static size_t write_bodies(FILE *file, const struct received *r, size_t at)
{
	uint32_t size;

	while (at < r->size) {
		memcpy(&size, r->bodies + at, sizeof(size));
		fwrite(r->bodies + at + sizeof(size), 1, size, file);
		at += size + sizeof(size);
	}
	fflush(file);
	return at;
}

int main(int argc, char **argv)
{
	struct receiver t = { 0 };
	size_t at = 0;
	FILE *file;

	if (argc != 3)
		return 2;
	t.port = (uint16_t)atoi(argv[1]);
	file = fopen(argv[2], "ae");
	if (!file)
		return 1;
	receiver_start(&t);
	printf("%u\n", t.port);
	fflush(stdout);
	for (;; usleep(20000))
		if (at < t.r->size) {
			write_headers(argv[2], t.r->headers);
			at = write_bodies(file, t.r, at);
		}
}
