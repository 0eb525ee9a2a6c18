/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "encode.h"

static bool read_digits(const char *text, size_t n, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < n; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	*ret = v;
	return true;
}

/* Days since 1970: see "chrono-Compatible Low-Level Date Algorithms". */
static uint64_t days_of(uint64_t year, uint64_t month, uint64_t day)
{
	uint64_t y = month <= 2 ? year - 1 : year, era = y / 400, yoe = y - era * 400;
	uint64_t doy = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + yoe * 365 + yoe / 4 - yoe / 100 + doy - 719468;
}

static uint64_t days_in(uint64_t year, uint64_t month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : days[month - 1];
}

int tl_time_parse(const char *text, size_t size, uint64_t *ret_ns)
{
	/* Where each number stands, and what comes behind it. */
	static const struct {
		uint8_t at, n;
		char behind;
	} parts[] = {
		{ 0, 4, '-' },	{ 5, 2, '-' },	{ 8, 2, 'T' },	{ 11, 2, ':' },
		{ 14, 2, ':' }, { 17, 2, '.' }, { 20, 9, 'Z' },
	};
	uint64_t v[sizeof(parts) / sizeof(parts[0])];

	if (size != TL_TIME_SIZE)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!read_digits(text + parts[i].at, parts[i].n, &v[i]) ||
		    text[parts[i].at + parts[i].n] != parts[i].behind)
			return -EINVAL;
	/* The range of 64 bits of nanoseconds ends in 2554. */
	if (v[0] < 1970 || v[0] > 2553 || v[1] < 1 || v[1] > 12 || v[2] < 1 || v[2] > days_in(v[0], v[1]) ||
	    v[3] > 23 || v[4] > 59 || v[5] > 59)
		return -EINVAL;
	*ret_ns = ((days_of(v[0], v[1], v[2]) * 24 + v[3]) * 60 + v[4]) * 60 * 1000000000 + v[5] * 1000000000 + v[6];
	return 0;
}
