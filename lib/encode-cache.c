/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>

#include "encode-cache.h"
#include "escape.h"
#include "put.h"
#include "users.h"

static _Thread_local struct {
	uint64_t second; /* of `clock` */
	uint64_t users;
	char clock[20]; /* 2026-11-26T04:00:00. */
	struct tl_buffer host;
	struct tl_buffer scratch;
	struct tl_buffer line;
} cache;

/* ---- Time ---- */

/* Civil date of days since 1970: see "chrono-Compatible Low-Level Date Algorithms". */
static void write_second(char *p, uint64_t second)
{
	uint64_t z = second / 86400 + 719468, rest = second % 86400;
	uint64_t era = z / 146097, doe = z % 146097;
	uint64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	uint64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	uint32_t mp = (uint32_t)((5 * doy + 2) / 153);
	uint32_t day = (uint32_t)doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
	uint32_t year = (uint32_t)(yoe + era * 400 + (month <= 2));

	p = tl_w_pair(p, year / 100 % 100);
	p = tl_w_pair(p, year % 100);
	*p++ = '-';
	p = tl_w_pair(p, month);
	*p++ = '-';
	p = tl_w_pair(p, day);
	*p++ = 'T';
	p = tl_w_pair(p, (uint32_t)(rest / 3600));
	*p++ = ':';
	p = tl_w_pair(p, (uint32_t)(rest / 60 % 60));
	*p++ = ':';
	p = tl_w_pair(p, (uint32_t)(rest % 60));
	*p = '.';
}

char *tl_encode_time(char *p, uint64_t ns)
{
	uint64_t second = ns / 1000000000;
	uint32_t rest = (uint32_t)(ns % 1000000000);

	if (second != cache.second || !cache.clock[0]) {
		write_second(cache.clock, second);
		cache.second = second;
		cache.users = tl_users_check();
	}
	p = tl_w_bytes(p, cache.clock, sizeof(cache.clock));
	*p++ = (char)('0' + rest / 100000000);
	rest %= 100000000;
	p = tl_w_pair(p, rest / 1000000);
	p = tl_w_pair(p, rest / 10000 % 100);
	p = tl_w_pair(p, rest / 100 % 100);
	p = tl_w_pair(p, rest % 100);
	*p++ = 'Z';
	return p;
}

uint64_t tl_encode_users(void)
{
	return cache.users;
}

void tl_time_text(char ret[TL_TIME_SIZE], uint64_t ns)
{
	tl_encode_time(ret, ns);
}

/* ---- The rest ---- */

struct tl_buffer *tl_encode_scratch(void)
{
	cache.scratch.size = 0;
	cache.scratch.failed = false;
	return &cache.scratch;
}

struct tl_buffer *tl_encode_line(void)
{
	cache.line.size = 0;
	return &cache.line;
}

const struct tl_buffer *tl_encode_host(void)
{
	struct tl_buffer *b = &cache.host;
	const struct tl_host *host;

	if (b->size)
		return b;
	host = tl_host();
	TL_PUT_LITERAL(b, "\"host\":{\"name\":\"");
	tl_escape_json(b, host->name, strlen(host->name));
	TL_PUT_LITERAL(b, "\",\"id\":\"");
	tl_escape_json(b, host->machine_id, strlen(host->machine_id));
	TL_PUT_LITERAL(b, "\",\"boot\":{\"id\":\"");
	tl_escape_json(b, host->boot_id, strlen(host->boot_id));
	TL_PUT_LITERAL(b, "\"}}");
	if (!b->failed)
		return b;
	tl_buffer_done(b); /* again for the next line */
	return NULL;
}

void tl_encode_done(void)
{
	tl_encode_types_done();
	tl_encode_processes_done();
	tl_buffer_done(&cache.host);
	tl_buffer_done(&cache.scratch);
	tl_buffer_done(&cache.line);
	memset(&cache, 0, sizeof(cache));
	tl_users_done();
}
