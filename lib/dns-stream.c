// SPDX-License-Identifier: LGPL-2.1-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "util.h"

#define STREAMS 64
#define PREFIX 2 /* bytes: the length of what follows */
#define KEPT_MAX (PREFIX + 512)

struct stream {
	struct tl_dns_stream_key key;
	uint64_t used; /* when, by the count of all; 0: free */
	uint64_t passed; /* bytes since the message began */
	size_t kept; /* of them here, without a hole */
	bool is_told;
	uint8_t data[KEPT_MAX];
};

struct tl_dns_streams {
	uint64_t count;
	struct stream streams[STREAMS];
};

struct tl_dns_streams *tl_dns_streams_new(void)
{
	return calloc(1, sizeof(struct tl_dns_streams));
}

struct tl_dns_streams *tl_dns_streams_free(struct tl_dns_streams *streams)
{
	free(streams);
	return NULL;
}

/* NULL: nothing of a message is under way. */
static struct stream *find(struct tl_dns_streams *streams, const struct tl_dns_stream_key *key)
{
	for (size_t i = 0; i < STREAMS; i++) {
		struct stream *s = &streams->streams[i];

		if (s->used && s->key.socket == key->socket && s->key.incoming == key->incoming)
			return s;
	}
	return NULL;
}

/* The one that was used longest ago makes room. */
static struct stream *begin(struct tl_dns_streams *streams, const struct tl_dns_stream_key *key)
{
	struct stream *oldest = &streams->streams[0];

	for (size_t i = 1; i < STREAMS; i++)
		if (streams->streams[i].used < oldest->used)
			oldest = &streams->streams[i];
	memset(oldest, 0, sizeof(*oldest));
	oldest->key = *key;
	return oldest;
}

static size_t announced(const uint8_t *data)
{
	return PREFIX + (size_t)(data[0] << 8 | data[1]);
}

static void append(struct stream *s, const uint8_t *data, size_t size, uint64_t n)
{
	/* Behind a hole nothing more is kept. */
	size_t kept = s->kept == s->passed ? MIN(size, KEPT_MAX - s->kept) : 0;

	if (kept)
		memcpy(s->data + s->kept, data, kept);
	s->kept += kept;
	s->passed += n;
}

int tl_dns_stream_add(struct tl_dns_streams *streams, const struct tl_dns_stream_key *key, const uint8_t *data,
		      size_t size, uint64_t n, struct tl_dns *ret)
{
	bool is_whole = size >= PREFIX && announced(data) <= n;
	struct stream *s = find(streams, key);
	int r = -EBADMSG;

	size = MIN(size, n);
	/* Also where the length was read before, or something of the stream was lost. */
	if ((is_whole && (!s || announced(data) == n) &&
	     tl_dns_parse(data + PREFIX, MIN(size, announced(data)) - PREFIX, ret) == 0) ||
	    (n > PREFIX && (!s || s->passed == PREFIX) && tl_dns_parse(data, size, ret) == 0)) {
		if (s)
			s->used = 0;
		return 0;
	}
	if (!s)
		s = begin(streams, key);
	s->used = ++streams->count;
	append(s, data, size, n);
	if (s->kept < PREFIX)
		return -EAGAIN;
	if (!s->is_told && s->passed >= MIN(announced(s->data), sizeof(s->data))) {
		s->is_told = true;
		r = tl_dns_parse(s->data + PREFIX, MIN(s->kept, announced(s->data)) - PREFIX, ret);
	} else {
		r = -EAGAIN;
	}
	if (s->passed >= announced(s->data) || r == -EBADMSG)
		s->used = 0;
	return r;
}
