/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Two files of a spool with anything in them: taking them up ends, what comes
 * out is whole, and the counts come to nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "spool-format.h"
#include "spool.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_lost(const struct tl_block_range *ranges, uint32_t n, uint32_t events, const char *why, void *userdata)
{
	(void)events;
	(void)why;
	(void)userdata;
	for (uint32_t i = 0; i < n; i++)
		if (ranges[i].count == 0x12345678 && ranges[i].seq_first > ranges[i].seq_last)
			return; /* all of it has been read */
}

static void put(const char *path, const uint8_t *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	close(fd);
}

/* Makes the checksums of what looks like a head right, or nothing gets past them. */
static void mend(uint8_t *data, size_t size)
{
	for (size_t at = 0; at + sizeof(struct tl_spool_head) <= size; at++) {
		struct tl_spool_head head;

		if (memcmp(data + at, TL_SPOOL_MARK, 8))
			continue;
		memcpy(&head, data + at, sizeof(head));
		head.head_check = (uint32_t)crc32_z(0, (const Bytef *)&head,
						    offsetof(struct tl_spool_head, head_check));
		memcpy(data + at, &head, sizeof(head));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char folder[64];
	struct tl_spool_setup setup = { .path = folder, .size = 1 << 20, .lost = on_lost };
	struct tl_spool *s;
	struct tl_block b;
	char path[128];
	uint8_t *copy = malloc(size + 1);

	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "/tmp/traceleft-fuzz-spool-%d", getpid());
		mkdir(folder, 0700);
	}
	memcpy(copy, data, size);
	if (size % 2)
		mend(copy, size);
	snprintf(path, sizeof(path), "%s/0000000001.seg", folder);
	put(path, copy, size / 2);
	snprintf(path, sizeof(path), "%s/0000000002.seg", folder);
	put(path, copy + size / 2, size - size / 2);
	if (tl_spool_open(&setup, &s) < 0)
		abort();
	while (tl_spool_peek(s, &b) >= 0) {
		tl_block_done(&b);
		tl_spool_done(s);
	}
	if (tl_spool_bytes(s) || tl_spool_events(s))
		abort();
	tl_spool_free(s);
	free(copy);
	return 0;
}
