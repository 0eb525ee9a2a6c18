/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef TRACELEFT_JOURNAL_PARSE_H
#define TRACELEFT_JOURNAL_PARSE_H

#include <endian.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* The protocol as journald reads it: calls for each field; false if it is broken. */
static inline bool journal_parse(const char *data, size_t size,
				 void (*field)(const char *name, size_t n, const char *value, size_t m, void *userdata),
				 void *userdata)
{
	while (size) {
		const char *line = memchr(data, '\n', size), *equals;
		uint64_t length;
		size_t n;

		if (!line)
			return false;
		n = (size_t)(line - data);
		equals = memchr(data, '=', n);
		if (equals) {
			field(data, (size_t)(equals - data), equals + 1, (size_t)(line - equals - 1), userdata);
			size -= n + 1;
			data = line + 1;
			continue;
		}
		if (size < n + 1 + 8 + 1)
			return false;
		memcpy(&length, line + 1, 8);
		length = le64toh(length);
		if (length > size - n - 10 || line[9 + length] != '\n')
			return false;
		field(data, n, line + 9, length, userdata);
		data = line + 10 + length;
		size -= n + 10 + length;
	}
	return true;
}

#endif
