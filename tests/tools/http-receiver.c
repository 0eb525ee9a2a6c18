// SPDX-License-Identifier: GPL-2.0-or-later
/* http-receiver PORT FILE: takes requests at 127.0.0.1:PORT and appends their
 * bodies to FILE. PORT 0: any; it is printed first. */
#include "../unit/http-receiver.h"

int main(int argc, char **argv)
{
	struct receiver t = { 0 };
	size_t at = 0;
	uint32_t size;
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
	for (;; usleep(20000)) {
		while (at < t.r->size) {
			memcpy(&size, t.r->bodies + at, sizeof(size));
			fwrite(t.r->bodies + at + sizeof(size), 1, size, file);
			at += size + sizeof(size);
		}
		fflush(file);
	}
}
