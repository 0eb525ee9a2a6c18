// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>

#include "encode-cache.h"
#include "encode-otlp.h"
#include "http-batch.h"
#include "proto-wire.h"
#include "record.h"
#include "sentence.h"
#include "util.h"

#define EVENTS_EVENT 1 /* number of event.proto */

const char *tl_http_content_type(uint32_t kind)
{
	switch (kind & ~(uint32_t)TL_HTTP_GZIP) {
	case TL_HTTP_NDJSON:
		return "application/x-ndjson";
	case TL_HTTP_PROTO:
	case TL_HTTP_OTLP:
		return "application/x-protobuf";
	default:
		return NULL;
	}
}

int tl_http_batch_init(struct tl_http_batch *b, enum tl_output_format format, const struct tl_policy_http *settings)
{
	*b = (struct tl_http_batch){
		.kind = format == TL_FORMAT_OTLP  ? TL_HTTP_OTLP :
			format == TL_FORMAT_PROTO ? TL_HTTP_PROTO :
						    TL_HTTP_NDJSON,
	};
	if (settings->compress)
		b->kind |= TL_HTTP_GZIP;
	if (!settings->line_before)
		return 0;
	b->line_before = strdup(settings->line_before);
	return b->line_before ? 0 : -ENOMEM;
}

void tl_http_batch_done(struct tl_http_batch *b)
{
	tl_block_done(&b->block);
	tl_packer_done(&b->packer);
	tl_buffer_done(&b->sentence);
	free(b->line_before);
	*b = (struct tl_http_batch){ 0 };
}

/* ---- Events ---- */

static int add_otlp(struct tl_http_batch *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct tl_buffer *line = tl_encode_line();
	int r = tl_encode_json(line, event, annotation);

	if (r < 0)
		return r;
	b->sentence.size = 0;
	b->sentence.failed = false;
	tl_sentence(&b->sentence, event, annotation);
	if (b->sentence.failed)
		return -ENOMEM;
	return tl_otlp_from_json(&b->block.body, line->data, line->size, b->sentence.data, b->sentence.size);
}

static int add_proto(struct tl_buffer *body, const struct tl_event *event, const struct tl_annotation *annotation)
{
	tl_put_tag(body, EVENTS_EVENT, TL_WIRE_BYTES);
	if (body->failed)
		return -ENOMEM;
	return tl_encode_proto(body, event, annotation);
}

static int add_line(struct tl_http_batch *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	if (b->line_before) {
		tl_put_text(&b->block.body, b->line_before);
		tl_put_char(&b->block.body, '\n');
	}
	if (b->block.body.failed) /* before the event's own is known */
		return -ENOMEM;
	return tl_encode_json(&b->block.body, event, annotation);
}

static int add(struct tl_http_batch *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	switch (b->kind & ~(uint32_t)TL_HTTP_GZIP) {
	case TL_HTTP_OTLP:
		return add_otlp(b, event, annotation);
	case TL_HTTP_PROTO:
		return add_proto(&b->block.body, event, annotation);
	default:
		return add_line(b, event, annotation);
	}
}

int tl_http_batch_add(struct tl_http_batch *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	size_t before = b->block.body.size;
	int r = add(b, event, annotation);

	if (r >= 0)
		r = tl_block_note(&b->block, event);
	if (r < 0) {
		b->block.body.size = before;
		b->block.body.failed = false;
		return r;
	}
	if (b->kind & TL_HTTP_GZIP)
		tl_packer_take(&b->packer, b->block.body.data, b->block.body.size);
	if (!b->records++)
		b->since = tl_now_steady();
	return 0;
}

/* ---- Bodies ---- */

/* Gives back what the buffer does not need: blocks may wait for long. */
static void fit(struct tl_buffer *b)
{
	char *data = realloc(b->data, b->size + 1);

	if (!data)
		return;
	b->data = data;
	b->capacity = b->size + 1;
}

static int append_body(struct tl_buffer *ret, const struct tl_buffer *body)
{
	int r = tl_buffer_reserve(ret, body->size);

	return r < 0 ? r : tl_buffer_append(ret, body->data, body->size);
}

/* The body as it goes out: of its own, or the batch's, taken over. */
static int make_body(struct tl_http_batch *b, struct tl_buffer *ret)
{
	_cleanup_(tl_buffer_done) struct tl_buffer head = { 0 }, packed = { 0 };
	struct tl_buffer *body = &b->block.body, *out = body;
	int r = 0;

	if ((b->kind & ~(uint32_t)TL_HTTP_GZIP) == TL_HTTP_OTLP)
		r = tl_otlp_head(&head, body->size);
	if (r >= 0 && b->kind & TL_HTTP_GZIP) {
		r = tl_packer_finish(&b->packer, head.data, head.size, body->data, body->size, &packed);
		out = &packed;
	} else if (r >= 0 && head.size) {
		r = append_body(&head, body);
		out = &head;
	}
	if (r < 0)
		return r;
	*ret = *out;
	*out = (struct tl_buffer){ 0 };
	fit(ret);
	return 0;
}

int tl_http_batch_seal(struct tl_http_batch *b, struct tl_block *ret)
{
	struct tl_buffer body;
	int r = make_body(b, &body);

	if (r < 0)
		return r;
	*ret = (struct tl_block){
		.kind = b->kind,
		.events = b->block.events,
		.ranges = TAKE_PTR(b->block.ranges),
		.n_ranges = b->block.n_ranges,
		.body = body,
	};
	/* Its memory is for the next one. */
	b->block.events = b->block.n_ranges = 0;
	b->block.body.size = 0;
	b->records = 0;
	return 0;
}
