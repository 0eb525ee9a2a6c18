/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The end of a file that somebody may have written to: repaired, and looked through for events. */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "repair.h"
#include "written.h"

static int file_of(const uint8_t *data, size_t size)
{
	int fd = memfd_create("file", MFD_CLOEXEC);

	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	return fd;
}

/* Where the first whole record at `from` or behind it begins is within what is left. */
static void check(const uint8_t *data, size_t size, bool is_proto, off_t from)
{
	struct tl_written w = { 0 };
	int fd = file_of(data, size);
	struct stat st;
	off_t begin;

	if (tl_repair_tail(fd, is_proto) >= 0) {
		if (fstat(fd, &st) < 0 || st.st_size > (off_t)size)
			abort();
		if (from <= st.st_size && tl_repair_begin(fd, is_proto, from, &begin) == 0 &&
		    (begin < from || begin > st.st_size))
			abort();
		/* Repaired, it needs no repair. */
		if (tl_repair_tail(fd, is_proto) != 0)
			abort();
	}
	tl_written_read(&w, fd, is_proto);
	tl_written_done(&w);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!size)
		return 0;
	check(data + 1, size - 1, false, data[0]);
	check(data + 1, size - 1, true, data[0]);
	return 0;
}
