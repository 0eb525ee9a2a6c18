/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <sys/wait.h>

#include "chain.h"
#include "file-seal.h"
#include "encode-line.h"

static bool is_error(int64_t ret)
{
	return ret < 0 && ret >= -4095;
}

static const char *outcome(const struct tl_event *event)
{
	/* Of the events that a count stands for some may have failed. */
	if (event->flags & (TL_EVENT_UNKNOWN_RESULT | TL_EVENT_RESULT))
		return "unknown";
	if (!is_error(event->ret) || event->kind == TL_EVENT_EXIT)
		return "success";
	/* Not over yet: a connect under way, a call that the kernel begins anew. */
	return event->ret == -EINPROGRESS || (event->ret <= -512 && event->ret >= -516) ? "unknown" : "failure";
}

static void put_head(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	const char *word = outcome(event);
	char *p;

	if (!tl_room(l->b, TL_SEGMENT))
		return;
	p = tl_end(l->b);
	p = TL_W_LITERAL(p, "{\"@timestamp\":\"");
	p = tl_encode_time(p, event->time);
	p = TL_W_LITERAL(p, "\",");
	p = tl_w_bytes(p, l->type->head, l->type->head_size);
	p = tl_w_bytes(p, word, strlen(word));
	p = TL_W_LITERAL(p, "\",\"sequence\":");
	p = tl_w_u64(p, event->seq);
	p = TL_W_LITERAL(p, ",\"id\":\"");
	p += tl_event_id(p, event);
	*p++ = '"';
	if (event->duration) {
		p = TL_W_LITERAL(p, ",\"duration\":");
		p = tl_w_u64(p, event->duration);
	}
	*p++ = '}';
	tl_ended(l->b, p);
}

static void put_name(struct tl_line *l)
{
	TL_PUT_LITERAL(l->b, "\"name\":");
	tl_line_string(l, l->event->comm, strnlen(l->event->comm, sizeof(l->event->comm)));
}

static void put_process(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	bool known = event->process->comm[0];
	char *p;

	if (!tl_room(l->b, TL_SEGMENT))
		return;
	p = tl_end(l->b);
	p = TL_W_LITERAL(p, ",\"process\":{\"pid\":");
	p = tl_w_u64(p, event->pid);
	p = TL_W_LITERAL(p, ",\"thread\":{\"id\":");
	p = tl_w_u64(p, event->tid);
	tl_ended(l->b, p);
	/* A thread may have a name of its own. */
	if (known && memcmp(event->comm, event->process->comm, sizeof(event->comm)) && event->comm[0]) {
		tl_put_char(l->b, ',');
		put_name(l);
	}
	tl_put_char(l->b, '}');
	if (!known && event->comm[0]) {
		tl_put_char(l->b, ',');
		put_name(l);
	}
	if (event->kind == TL_EVENT_EXIT) {
		TL_PUT_LITERAL(l->b, ",\"exit_code\":");
		tl_put_u64(l->b, WIFSIGNALED(event->exit_code) ? 128U + (unsigned)WTERMSIG(event->exit_code) :
								 (unsigned)WEXITSTATUS(event->exit_code));
	}
	tl_put(l->b, l->process->text.data, l->process->head_size);
	l->escaped |= l->process->escaped;
}

void tl_encode_rule_json(struct tl_buffer *b, const struct tl_annotation *a)
{
	struct tl_line l = { .b = b };

	if (a->rule) {
		tl_line_member(&l, ",\"rule\":{\"name\":", a->rule);
		tl_put_char(b, '}');
	}
	for (size_t i = 0; i < a->n_tags; i++)
		tl_line_member(&l, i ? "," : ",\"tags\":[", a->tags[i]);
	if (a->n_tags)
		tl_put_char(b, ']');
	if (a->severity) {
		tl_line_member(&l, ",\"log\":{\"level\":", a->severity);
		tl_put_char(b, '}');
	}
}

static void put_rule(struct tl_line *l)
{
	const struct tl_annotation *a = l->annotation;

	if (a && a->rule_json)
		tl_put(l->b, a->rule_json->data, a->rule_json->size);
	else if (a)
		tl_encode_rule_json(l->b, a);
}

static void put_argv(struct tl_line *l, const struct tl_bytes *bytes)
{
	size_t at = 0;

	tl_put_char(l->b, '[');
	while (at < bytes->size) {
		size_t n = strnlen(bytes->data + at, bytes->size - at);

		if (at)
			tl_put_char(l->b, ',');
		tl_line_string(l, bytes->data + at, n);
		at += n + 1;
	}
	tl_put_char(l->b, ']');
}

static void put_decoded(struct tl_line *l, const struct tl_arg_type *arg, const struct tl_decoder *decoder)
{
	struct tl_buffer *scratch = tl_encode_scratch();

	tl_argument_text(scratch, l->event, arg, decoder);
	tl_put_char(l->b, '"');
	tl_quote_json(l->b, scratch->data, scratch->size);
	tl_put_char(l->b, '"');
	l->b->failed |= scratch->failed;
}

static void put_captured(struct tl_line *l, const struct tl_arg_type *arg, const struct tl_encode_arg *known,
			 const struct tl_variant *variant)
{
	const struct tl_bytes *bytes = &l->event->captured[arg->position - 1];

	if (!tl_is_captured(l->event, arg))
		TL_PUT_LITERAL(l->b, "null");
	else if (known->form == TL_FORM_STRING)
		tl_line_string(l, bytes->data, tl_string_size(bytes));
	else if (known->form == TL_FORM_BYTES)
		tl_line_string(l, bytes->data, bytes->size);
	else if (known->form == TL_FORM_ARGV)
		put_argv(l, bytes);
	else
		put_decoded(l, arg, tl_variant_decoder(variant, arg->position, known->decoder));
}

static void put_number(struct tl_line *l, const struct tl_encode_arg *known, uint64_t raw)
{
	uint64_t value = tl_number_value(known->number, raw);
	char *p;

	if (!tl_room(l->b, TL_W_U64_MAX + 3))
		return;
	p = tl_end(l->b);
	if (known->form == TL_FORM_SIGNED) {
		p = tl_w_i64(p, (int64_t)value);
	} else if (known->form == TL_FORM_UNSIGNED) {
		p = tl_w_u64(p, value);
	} else if (!value) {
		p = TL_W_LITERAL(p, "null");
	} else {
		*p++ = '"';
		p = tl_w_hex(p, value);
		*p++ = '"';
	}
	tl_ended(l->b, p);
}

static void put_key(struct tl_line *l, const struct tl_encode_arg *known, bool first)
{
	const char *key = known->key + first; /* without the comma */
	size_t n = known->key_size - (size_t)first;

	if (n <= 64)
		tl_put_64(l->b, key, n);
	else
		tl_put(l->b, key, n);
}

static void put_args(struct tl_line *l)
{
	const struct tl_variant *variant = tl_encode_variant(l->type, l->event);
	bool first = true;

	TL_PUT_LITERAL(l->b, "\"args\":{");
	for (unsigned i = 0; i < l->type->type.n_args && i < TL_ARGS_MAX; i++) {
		const struct tl_arg_type *arg = &l->type->type.args[i];
		const struct tl_encode_arg *known = &l->type->args[i];

		if (!tl_encode_has(known, l->event, variant))
			continue;
		put_key(l, known, first);
		first = false;
		if (tl_encode_is_number(known, l->event, arg))
			put_number(l, known, l->event->args[arg->position - 1]);
		else
			put_captured(l, arg, known, variant);
	}
	TL_PUT_LITERAL(l->b, "},\"args_text\":\"");
	tl_encode_arguments_json(l->b, l->event, l->type);
	TL_PUT_LITERAL(l->b, "\",");
}

static void put_result(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	char *p;

	if (!tl_room(l->b, TL_SEGMENT))
		return;
	p = tl_end(l->b);
	p = TL_W_LITERAL(p, "\"ret\":");
	p = tl_w_i64(p, event->ret);
	*p++ = ',';
	if (is_error(event->ret)) {
		const char *name = tl_errno_name((int)-event->ret);

		p = TL_W_LITERAL(p, "\"errno\":\"");
		if (name)
			p = tl_w_bytes(p, name, strlen(name));
		else
			p = tl_w_i64(p, -event->ret);
		p = TL_W_LITERAL(p, "\",");
	}
	tl_ended(l->b, p);
}

static void put_exit(struct tl_line *l)
{
	int status = l->event->exit_code;

	if (WIFSIGNALED(status)) {
		const char *name = tl_signal_name(WTERMSIG(status));

		TL_PUT_LITERAL(l->b, "\"signal\":\"");
		if (name)
			tl_put_text(l->b, name);
		else
			tl_put_u64(l->b, (unsigned)WTERMSIG(status));
		TL_PUT_LITERAL(l->b, "\",");
	}
	TL_PUT_LITERAL(l->b, "\"utime\":");
	tl_put_u64(l->b, l->event->utime);
	TL_PUT_LITERAL(l->b, ",\"stime\":");
	tl_put_u64(l->b, l->event->stime);
	tl_put_char(l->b, ',');
}

static void put_child(struct tl_line *l)
{
	const struct tl_process *child = l->event->child;

	TL_PUT_LITERAL(l->b, "\"child\":{\"pid\":");
	tl_put_u64(l->b, child->pid);
	tl_line_member(l, ",\"entity_id\":", child->entity_id);
	TL_PUT_LITERAL(l->b, "},");
}

static void put_targets(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	const struct tl_annotation *a = l->annotation;
	const char *before = "\"targets\":[";

	if (!a || !a->target_names)
		return;
	for (uint32_t w = 0; w < event->n_target_words; w++) {
		for (uint64_t bits = event->targets[w]; bits; bits &= bits - 1) {
			size_t i = w * 64 + (size_t)__builtin_ctzll(bits);

			if (i >= a->n_target_names || !a->target_names[i])
				continue;
			tl_line_member(l, before, a->target_names[i]);
			before = ",";
		}
	}
	if (before[0] == ',')
		TL_PUT_LITERAL(l->b, "],");
}

static void put_time(struct tl_line *l, const char *key, uint64_t ns)
{
	if (!ns)
		return;
	tl_put_text(l->b, key);
	if (!tl_room(l->b, TL_TIME_SIZE))
		return;
	tl_time_text(tl_end(l->b), ns);
	l->b->size += TL_TIME_SIZE;
	tl_put_char(l->b, '"');
}

static void put_aggregate(struct tl_line *l)
{
	const struct tl_annotation *a = l->annotation;

	if (!a)
		return;
	tl_line_member(l, ",\"stream\":", a->stream);
	tl_line_member(l, ",\"group\":", a->group);
	if (!a->count)
		return;
	if (a->result)
		tl_line_key(l);
	TL_PUT_LITERAL(l->b, ",\"count\":");
	tl_put_u64(l->b, a->count);
	put_time(l, ",\"first\":\"", a->first);
	put_time(l, ",\"last\":\"", a->last);
	if (a->bytes) {
		TL_PUT_LITERAL(l->b, ",\"bytes\":");
		tl_put_u64(l->b, a->bytes);
	}
}

static void put_flags(struct tl_line *l)
{
	size_t start = l->b->size;

	if (!l->escaped && !l->process->cut && !tl_encode_has_flags(l->event))
		return;
	TL_PUT_LITERAL(l->b, ",\"flags\":[");
	if (tl_encode_flags(l->b, l->event, l->escaped, l->process->cut))
		tl_put_char(l->b, ']');
	else if (!l->b->failed)
		l->b->size = start;
}

/* Where the event stands in its output, if it does not follow the number before. */
static char *put_place(char *p, const struct tl_event *event, const struct tl_annotation *a)
{
	bool is_record = a && tl_chain_is_record(event, a);

	if (!a || !a->chain || (!is_record && tl_chain_before(a->chain, event) + 1 == event->seq))
		return p;
	p = is_record ? TL_W_LITERAL(p, ",\"record\":") : TL_W_LITERAL(p, ",\"seq_previous\":");
	return tl_w_u64(p, is_record ? a->chain->records + 1 : tl_chain_before(a->chain, event));
}

static void put_record_number(struct tl_line *l)
{
	if (!tl_room(l->b, TL_SEGMENT))
		return;
	tl_ended(l->b, put_place(tl_end(l->b), l->event, l->annotation));
}

/* program_id, cpu, seq, hash and what else is a number. */
static void put_numbers(struct tl_line *l)
{
	const struct tl_event *event = l->event;
	uint32_t netns = event->has_socket && event->socket_netns ? event->socket_netns : event->process->netns;
	char *p;

	if (!tl_room(l->b, TL_SEGMENT))
		return;
	p = tl_end(l->b);
	p = TL_W_LITERAL(p, "\"program_id\":");
	p = tl_w_u64(p, event->program_id);
	p = TL_W_LITERAL(p, ",\"cpu\":");
	p = tl_w_u64(p, event->cpu);
	p = TL_W_LITERAL(p, ",\"seq\":");
	p = tl_w_u64(p, event->seq);
	p = put_place(p, event, l->annotation);
	if (event->hash) {
		p = TL_W_LITERAL(p, ",\"hash\":\"");
		p = tl_w_hex_fixed(p, event->hash, 16);
		*p++ = '"';
	}
	if (netns) {
		p = TL_W_LITERAL(p, ",\"netns\":");
		p = tl_w_u64(p, netns);
	}
	if (event->audit_session != UINT32_MAX) {
		p = TL_W_LITERAL(p, ",\"audit_session\":");
		p = tl_w_u64(p, event->audit_session);
	}
	tl_ended(l->b, p);
}

/* By which door, where it is not the usual one. */
static void put_abi(struct tl_line *l)
{
	static const char *const names[] = { "x86_64", "i386", "x32" };
	const struct tl_event *event = l->event;

	if (event->kind != TL_EVENT_SYSCALL || l->type->type.class != TL_CLASS_SYSCALL)
		return;
	if (event->abi) {
		TL_PUT_LITERAL(l->b, ",\"abi\":\"");
		tl_put_text(l->b, event->abi < sizeof(names) / sizeof(names[0]) ? names[event->abi] : "unknown");
		tl_put_char(l->b, '"');
	}
	if (event->abi < 4 && l->type->type.number[event->abi] != (int64_t)event->nr) {
		TL_PUT_LITERAL(l->b, ",\"nr\":");
		tl_put_u64(l->b, event->nr);
	}
}

static void put_traceleft(struct tl_line *l)
{
	const struct tl_event *event = l->event;

	TL_PUT_LITERAL(l->b, ",\"traceleft\":{");
	if (l->type->type.n_args)
		put_args(l);
	if (event->kind == TL_EVENT_EXIT)
		put_exit(l);
	else
		put_result(l);
	if (event->kind == TL_EVENT_FORK && event->child)
		put_child(l);
	if (event->before || event->after)
		tl_line_identities(l);
	if (event->module.flags & TL_VALUE_PRESENT) {
		TL_PUT_LITERAL(l->b, "\"module\":");
		tl_line_string(l, event->module.data, tl_string_size(&event->module));
		tl_put_char(l->b, ',');
	}
	if (event->other)
		tl_line_other(l);
	if (event->has_peer)
		tl_line_peer(l);
	if (event->n_further)
		tl_line_endpoints(l);
	put_targets(l);
	put_numbers(l);
	put_abi(l);
	tl_put(l->b, l->process->text.data + l->process->head_size, l->process->tail_size);
	put_aggregate(l);
	put_flags(l);
	TL_PUT_LITERAL(l->b, "}}\n");
}

static void put_host(struct tl_line *l)
{
	const struct tl_buffer *host = tl_encode_host();

	if (!host) {
		l->b->failed = true;
		return;
	}
	tl_put_char(l->b, ',');
	tl_put(l->b, host->data, host->size);
}

/* Nothing is known but the key, the type and the times. */
static void put_blank(struct tl_line *l)
{
	if (l->annotation)
		tl_line_result(l);
	put_rule(l);
	put_host(l);
	TL_PUT_LITERAL(l->b, ",\"traceleft\":{\"program_id\":0");
	put_record_number(l);
	put_aggregate(l);
	if (l->escaped)
		TL_PUT_LITERAL(l->b, ",\"flags\":[\"escaped\"]");
	TL_PUT_LITERAL(l->b, "}}\n");
}

static void put_event(struct tl_line *l)
{
	const struct tl_event *event = l->event;

	put_process(l);
	if ((event->file.path.flags | event->target.path.flags) & TL_VALUE_PRESENT || event->file.has_facts)
		tl_line_file(l);
	if (event->has_socket || event->source.family || event->destination.family)
		tl_line_network(l);
	if (event->dns)
		tl_line_dns(l);
	put_rule(l);
	put_host(l);
	put_traceleft(l);
}

static void put_record(struct tl_line *l)
{
	const struct tl_event *event = l->event;

	if (event->note) {
		TL_PUT_LITERAL(l->b, ",\"message\":");
		tl_line_string(l, event->note, strlen(event->note));
	}
	put_rule(l);
	put_host(l);
	TL_PUT_LITERAL(l->b, ",\"traceleft\":{\"cpu\":");
	tl_put_u64(l->b, event->cpu);
	TL_PUT_LITERAL(l->b, ",\"seq\":");
	tl_put_u64(l->b, event->seq);
	put_record_number(l);
	tl_encode_record_json(l->b, event, l->annotation ? l->annotation->chain : NULL);
	tl_line_requester(l);
	tl_line_tamper(l);
	if (event->seal)
		l->escaped |= tl_file_seal_put(l->b, event->seal);
	if (l->escaped)
		TL_PUT_LITERAL(l->b, ",\"flags\":[\"escaped\"]");
	TL_PUT_LITERAL(l->b, "}}\n");
}

int tl_encode_json(struct tl_buffer *b, const struct tl_event *event, const struct tl_annotation *annotation)
{
	struct tl_line l = { .b = b, .event = event, .annotation = annotation };
	size_t start = b->size;

	l.type = tl_encode_type_get(event->type);
	if (!l.type)
		return -ENOMEM;
	b->failed = false;
	put_head(&l);
	if (event->kind >= TL_EVENT_LOST) {
		put_record(&l);
	} else if (event->flags & TL_EVENT_RESULT) {
		put_blank(&l);
	} else {
		l.process = tl_encode_process_get(event);
		if (!l.process)
			b->failed = true;
		else
			put_event(&l);
	}
	if (!b->failed)
		return 0;
	b->size = start;
	b->failed = false;
	return -ENOMEM;
}
