// SPDX-License-Identifier: GPL-2.0-or-later
/* What a report counts of an event, and what it notes of TraceLeft's own records. */
#include <errno.h>
#include <string.h>

#include "cli.h"
#include "escape.h"
#include "report.h"
#include "values.h"
#include "verify.h"

#define MARK_TEXT_MAX 1000 /* bytes */

/* A line, taken apart. */
struct facts {
	const struct tl_json *event, *process, *user, *file, *destination, *network, *own, *key;
	const char *action;
	struct tl_report_count count;
	bool unknown; /* whether it failed */
	enum tl_report_series series;
	uint32_t what, who; /* names: the action, the executable */
};

void tl_report_harmless(struct tl_buffer *b, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		unsigned char c = (unsigned char)text[i];
		unsigned n = c >= 0x20 && c < 0x7f ? 1 : c < 0x80 ? 0 : tl_utf8_harmless(text + i, size - i);

		if (n)
			tl_put(b, text + i, n);
		else
			tl_put_format(b, "\\x%02x", c);
		i += n ? n : 1;
	}
}

void tl_report_harmless_lines(struct tl_buffer *b, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		const char *newline = memchr(text + i, '\n', size - i);
		size_t n = newline ? (size_t)(newline - text) - i : size - i;

		tl_report_harmless(b, text + i, n);
		tl_put_char(b, '\n');
		i += n + 1;
	}
}

/* ---- Names ---- */

/* Empties scratch buffer i and puts `text` into it. */
static struct tl_buffer *begin_name(struct tl_report *r, size_t i, const char *text)
{
	struct tl_buffer *b = &r->scratch[i];

	b->size = 0;
	tl_report_harmless(b, text, strlen(text));
	return b;
}

static void add_harmless(struct tl_buffer *b, const char *text)
{
	tl_report_harmless(b, text, strlen(text));
}

static const char *end_name(struct tl_buffer *b)
{
	tl_put_char(b, 0);
	if (!b->failed)
		return b->data;
	b->failed = false;
	return NULL;
}

/* "root (0)" */
static void put_user(struct tl_buffer *b, const struct tl_json *user)
{
	const char *name = tl_json_get_text(user, "name"), *id = tl_json_get_text(user, "id");

	if (!*name) {
		add_harmless(b, id);
		return;
	}
	add_harmless(b, name);
	tl_put_text(b, " (");
	add_harmless(b, id);
	tl_put_char(b, ')');
}

/* "alice (1000) as root (0), login bob (1001)" */
static const char *user_name(struct tl_report *r, const struct facts *f)
{
	struct tl_buffer *b = begin_name(r, 0, "");
	const struct tl_json *effective = tl_json_get(f->user, "effective"), *login = tl_json_get(f->user, "audit");
	const char *id = tl_json_get_text(f->user, "id");

	put_user(b, f->user);
	if (*tl_json_get_text(effective, "id") && strcmp(tl_json_get_text(effective, "id"), id) != 0) {
		tl_put_text(b, " as ");
		put_user(b, effective);
	}
	if (*tl_json_get_text(login, "id") && strcmp(tl_json_get_text(login, "id"), id) != 0) {
		tl_put_text(b, ", login ");
		put_user(b, login);
	}
	return end_name(b);
}

/* The program, or of what has none (threads of the kernel) its name: "[kthreadd]". */
static const char *executable_name(struct tl_report *r, const struct facts *f)
{
	const char *executable = tl_json_get_text(f->process, "executable"),
		   *name = tl_json_get_text(f->process, "name");
	struct tl_buffer *b;

	if (*executable || !*name)
		return end_name(begin_name(r, 1, executable));
	b = begin_name(r, 1, "[");
	add_harmless(b, name);
	tl_put_char(b, ']');
	return end_name(b);
}

/* Of sockets and pipes only that they are: their numbers tell nobody anything. */
static const char *path_name(struct tl_report *r, const char *path)
{
	static const char *const nameless[][2] = { { "socket:[", "(sockets)" }, { "pipe:[", "(pipes)" } };

	for (size_t i = 0; i < ARRAY_SIZE(nameless); i++)
		if (strncmp(path, nameless[i][0], strlen(nameless[i][0])) == 0)
			return nameless[i][1];
	return end_name(begin_name(r, 2, path));
}

/* "192.0.2.1:443", as "endpoints" has them. */
static void put_end(struct tl_buffer *b, const struct tl_json *end)
{
	const char *ip = tl_json_get_text(end, "ip"), *port = tl_json_get_text(end, "port");
	/* The journal has one field for addresses of all kinds. */
	bool is_v6 = strchr(ip, ':') && *ip != '/' && *ip != '@';

	if (is_v6)
		tl_put_char(b, '[');
	add_harmless(b, *ip ? ip : tl_json_get_text(end, "address"));
	if (is_v6)
		tl_put_char(b, ']');
	if (*port) {
		tl_put_char(b, ':');
		add_harmless(b, port);
	}
}

static struct tl_buffer *begin_end(struct tl_report *r, const struct facts *f)
{
	const char *transport = tl_json_get_text(f->network, "transport");
	struct tl_buffer *b = begin_name(r, 2, *transport ? transport : tl_json_get_text(f->network, "type"));

	if (b->size)
		tl_put_char(b, ' ');
	return b;
}

/* "tcp 192.0.2.1:443 example.org", "unix /run/socket". */
static const char *destination_name(struct tl_report *r, const struct facts *f)
{
	const char *domain = tl_json_get_text(f->destination, "domain");
	struct tl_buffer *b = begin_end(r, f);

	put_end(b, f->destination);
	if (*domain) {
		tl_put_char(b, ' ');
		add_harmless(b, domain);
	}
	return end_name(b);
}

/* ---- Counting ---- */

static int count_one(struct tl_report *r, enum tl_report_by by, const char *name, struct facts *f, uint32_t what,
		     uint32_t who)
{
	f->count.detail[TL_REPORT_WHAT] = what;
	f->count.detail[TL_REPORT_WHO] = who;
	return name ? tl_report_add(r, by, name, &f->count) : -ENOMEM;
}

/* Who; leaves f->who behind. */
static int count_process(struct tl_report *r, struct facts *f)
{
	const char *executable = executable_name(r, f), *user = user_name(r, f);
	uint32_t of_user = 0;
	int e;

	if (!executable || !user)
		return -ENOMEM;
	e = tl_report_name(r, *executable ? executable : "(not known)", &f->who);
	if (e >= 0)
		e = tl_report_name(r, *user ? user : "(not known)", &of_user);
	if (e >= 0)
		e = count_one(r, TL_REPORT_EXECUTABLE, *executable ? executable : "(not known)", f, f->what, of_user);
	if (e >= 0)
		e = count_one(r, TL_REPORT_USER, *user ? user : "(not known)", f, f->what, f->who);
	return e;
}

/* Of several messages to several: all but the first, which is the destination. Where they are
 * from several, that stands among the sources. */
static int count_further(struct tl_report *r, struct facts *f)
{
	const struct tl_json *end = tl_json_first(tl_json_get(f->own, "endpoints"));
	struct tl_buffer *b = begin_name(r, 2, "");
	const char *first;
	int e = 0;

	put_end(b, f->destination);
	first = end_name(b);
	if (!first)
		return -ENOMEM;
	if (!end || !end->string || strcmp(first, end->string) != 0)
		return 0;
	while (e >= 0 && (end = end->next)) {
		b = begin_end(r, f);
		add_harmless(b, end->string ? end->string : "");
		e = count_one(r, TL_REPORT_DESTINATION, end_name(b), f, f->what, f->who);
	}
	return e;
}

/* What; *ret_object: of a failure the name of the first of it, 0 if there is none. */
static int count_objects(struct tl_report *r, struct facts *f, uint32_t *ret_object)
{
	const char *paths[] = { tl_json_get_text(f->file, "path"), tl_json_get_text(f->file, "target_path") };
	const char *name;
	int e = 0;

	if (*tl_json_get_text(f->destination, "ip") || *tl_json_get_text(f->destination, "address")) {
		name = destination_name(r, f);
		if (name && f->count.failed)
			e = tl_report_name(r, name, ret_object);
		if (e >= 0)
			e = count_one(r, TL_REPORT_DESTINATION, name, f, f->what, f->who);
		if (e >= 0)
			e = count_further(r, f);
	}
	for (size_t i = 0; i < ARRAY_SIZE(paths) && e >= 0; i++) {
		if (!*paths[i] || (i && strcmp(paths[0], paths[1]) == 0))
			continue;
		name = path_name(r, paths[i]);
		if (name && f->count.failed && !*ret_object)
			e = tl_report_name(r, name, ret_object);
		if (e >= 0)
			e = count_one(r, TL_REPORT_PATH, name, f, f->what, f->who);
	}
	return e;
}

/* "openat: ENOENT" */
static int count_failure(struct tl_report *r, struct facts *f, uint32_t object)
{
	const char *error = tl_json_get_text(f->own, "errno");
	struct tl_buffer *b = begin_name(r, 2, f->action);
	int e = 0;

	tl_put_text(b, ": ");
	add_harmless(b, *error ? error : "failed");
	if (!object)
		e = tl_report_name(r, "(no object)", &object);
	return e < 0 ? e : count_one(r, TL_REPORT_FAILURE, end_name(b), f, object, f->who);
}

static int count_event(struct tl_report *r, struct facts *f)
{
	const struct tl_report_count *c = &f->count;
	struct tl_buffer *action = begin_name(r, 2, f->action);
	const char *name = end_name(action);
	uint32_t object = 0;
	int e = name ? tl_report_name(r, name, &f->what) : -ENOMEM;

	if (e >= 0)
		e = count_process(r, f);
	if (e >= 0)
		e = count_objects(r, f, &object);
	if (e >= 0 && c->failed)
		e = count_failure(r, f, object);
	if (e < 0)
		return e;
	tl_report_time_add(&r->time, f->series, c->first, c->last, c->events, c->failed);
	r->lines++;
	r->events += c->events;
	r->failed += c->failed;
	r->unknown += f->unknown ? c->events : 0;
	if (*tl_json_get_text(f->own, "result")) {
		r->results++;
		r->counted += c->events;
	}
	return 0;
}

/* ---- Records of TraceLeft's own ---- */

/* Cuts harmless text where a character ends. */
static void shorten(struct tl_buffer *b, size_t max)
{
	if (b->size <= max)
		return;
	while (max && ((unsigned char)b->data[max] & 0xc0) == 0x80)
		max--;
	b->size = max;
}

static int note_loss(struct tl_report *r, const struct facts *f)
{
	struct tl_report_loss loss = { .count = tl_json_get_unsigned(f->own, "count") };
	const char *stage = tl_json_get_text(f->own, "stage"), *counted = tl_json_get_text(f->own, "counted");
	struct tl_buffer *b = begin_name(r, 0, *stage ? stage : "ring");

	shorten(b, sizeof(loss.stage) - 1);
	memcpy(loss.stage, b->data, b->size);
	b = begin_name(r, 1, *counted ? counted : "events");
	shorten(b, sizeof(loss.counted) - 1);
	memcpy(loss.counted, b->data, b->size);
	for (size_t i = 0; i < r->n_losses; i++)
		if ((strcmp(r->loss[i].stage, loss.stage) == 0 && strcmp(r->loss[i].counted, loss.counted) == 0) ||
		    i == TL_REPORT_STAGES - 1) {
			r->loss[i].count += loss.count;
			return 0;
		}
	r->loss[r->n_losses++] = loss;
	return 0;
}

/* What it says; of a loss that says nothing, how much it was. */
static const char *mark_text(struct tl_report *r, const struct facts *f, const struct tl_json *line)
{
	const char *stage = tl_json_get_text(f->own, "stage");
	struct tl_buffer *b = begin_name(r, 1, tl_json_get_text(line, "message"));

	if (!b->size && *stage) {
		tl_put_u64(b, tl_json_get_unsigned(f->own, "count"));
		tl_put_text(b, ", ");
		add_harmless(b, stage);
	}
	shorten(b, MARK_TEXT_MAX);
	return end_name(b);
}

/* Losses may be many; they leave room for the others. */
static int note_mark(struct tl_report *r, const struct facts *f, const struct tl_json *line, size_t most)
{
	const char *action = end_name(begin_name(r, 0, f->action)), *text = mark_text(r, f, line);
	struct tl_report_mark *grown;

	if (!action || !text)
		return -ENOMEM;
	if (r->n_marks >= most) {
		r->marks_cut++;
		return 0;
	}
	grown = reallocarray(r->marks, r->n_marks + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	r->marks = grown;
	grown += r->n_marks++;
	*grown = (struct tl_report_mark){ .time = f->count.last, .action = strdup(action), .text = strdup(text) };
	tl_report_time_add(&r->time, TL_REPORT_OTHERS, grown->time, grown->time, 0, 0);
	return grown->action && grown->text ? 0 : -ENOMEM;
}

static int note_record(struct tl_report *r, const struct facts *f, const struct tl_json *line)
{
	const struct {
		const char *action;
		uint64_t *count;
		bool mark;
	} records[] = {
		{ "start", &r->starts, true },	 { "stop", &r->stops, true },	   { "reload", &r->reloads, true },
		{ "tamper", &r->tampers, true }, { "ledger", &r->ledgers, false }, { "seal", &r->seals, false },
	};

	if (strcmp(f->action, "lost") == 0) {
		int e = note_loss(r, f);

		return e < 0 ? e : note_mark(r, f, line, TL_REPORT_MARKS / 2);
	}
	for (size_t i = 0; i < ARRAY_SIZE(records); i++) {
		if (strcmp(f->action, records[i].action) != 0)
			continue;
		++*records[i].count;
		return records[i].mark ? note_mark(r, f, line, TL_REPORT_MARKS) : 0;
	}
	return 0;
}

/* ---- Lines ---- */

static enum tl_report_series series_of(const struct tl_json *event)
{
	static const char *const names[] = {
		[TL_REPORT_FILES] = "file", [TL_REPORT_NETWORK] = "network", [TL_REPORT_PROCESSES] = "process"
	};
	const struct tl_json *first = tl_json_get(event, "category");
	const char *text;

	if (first && first->type == TL_JSON_ARRAY)
		first = tl_json_first(first);
	text = first && first->type == TL_JSON_STRING ? first->string : "";
	for (unsigned i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(text, names[i]) == 0)
			return (enum tl_report_series)i;
	return TL_REPORT_OTHERS;
}

static bool read_time(const struct tl_json *object, const char *name, uint64_t *ret)
{
	const char *text = tl_json_get_text(object, name);

	return tl_time_parse(text, strlen(text), ret) >= 0;
}

/* When, how often, and whether it failed. */
static int read_count(struct facts *f, const struct tl_json *line)
{
	const char *outcome = tl_json_get_text(f->event, "outcome");
	struct tl_report_count *c = &f->count;
	bool is_result = *tl_json_get_text(f->own, "result");

	if (!read_time(line, "@timestamp", &c->last))
		return -EBADMSG;
	c->first = c->last;
	c->events = 1;
	if (is_result) {
		c->events = tl_json_get_unsigned(f->own, "count");
		read_time(f->own, "last", &c->last);
		if (!read_time(f->own, "first", &c->first) || c->first > c->last)
			c->first = c->last;
	}
	/* Of several that stand in one line nobody knows how many have failed. */
	f->unknown = c->events > 1 || (strcmp(outcome, "success") != 0 && strcmp(outcome, "failure") != 0);
	c->failed = !f->unknown && strcmp(outcome, "failure") == 0;
	return 0;
}

/* Another line of the same event, for another rule, follows itself: see lib/chain.h. */
static bool is_again(const struct facts *f)
{
	const struct tl_json *previous = tl_json_get(f->own, "seq_previous");

	return previous && tl_json_get_unsigned(f->own, "seq") &&
	       tl_json_get_unsigned(f->own, "seq_previous") == tl_json_get_unsigned(f->own, "seq");
}

static int note_host(struct tl_report *r, const struct tl_json *line)
{
	const char *name = tl_json_get_text(tl_json_get(line, "host"), "name");
	struct tl_buffer *b;

	if (!*name)
		return 0;
	b = begin_name(r, 0, name);
	if (!end_name(b))
		return -ENOMEM;
	for (size_t i = 0; i < r->n_hosts; i++)
		if (strcmp(r->hosts[i], b->data) == 0)
			return 0;
	if (r->n_hosts == TL_REPORT_HOSTS) {
		r->more_hosts = true;
		return 0;
	}
	r->hosts[r->n_hosts] = strdup(b->data);
	return r->hosts[r->n_hosts++] ? 0 : -ENOMEM;
}

static struct facts take_apart(const struct tl_json *line)
{
	struct facts f = {
		.event = tl_json_get(line, "event"),
		.process = tl_json_get(line, "process"),
		.user = tl_json_get(line, "user"),
		.file = tl_json_get(line, "file"),
		.destination = tl_json_get(line, "destination"),
		.network = tl_json_get(line, "network"),
		.own = tl_json_get(line, "traceleft"),
	};

	f.action = tl_json_get_text(f.event, "action");
	f.series = series_of(f.event);
	return f;
}

static int take(struct tl_report *r, struct facts *f, const struct tl_json *line)
{
	int e = note_host(r, line);

	if (e >= 0)
		e = tl_verify_is_own(f->action) ? note_record(r, f, line) : count_event(r, f);
	if (e < 0)
		return e;
	r->first = r->first ? MIN(r->first, f->count.first) : f->count.first;
	r->last = MAX(r->last, f->count.last);
	return 0;
}

int tl_report_take(struct tl_report *r, const struct tl_json *line)
{
	struct facts f = take_apart(line);

	if (!f.own || !*f.action || read_count(&f, line) < 0)
		return -EBADMSG;
	if (f.count.last < r->since || (r->until && f.count.last >= r->until)) {
		r->outside++;
		return 0;
	}
	if (is_again(&f)) {
		r->again++;
		return 0;
	}
	return take(r, &f, line);
}

void tl_report_done(struct tl_report *r)
{
	for (size_t i = 0; i < TL_REPORT_TABLES; i++)
		tl_key_table_done(&r->table[i].keys);
	tl_key_table_done(&r->names.keys);
	free(r->pairs.pair);
	for (size_t i = 0; i < r->n_marks; i++) {
		free(r->marks[i].action);
		free(r->marks[i].text);
	}
	free(r->marks);
	for (size_t i = 0; i < r->n_hosts; i++)
		free(r->hosts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(r->scratch); i++)
		tl_buffer_done(&r->scratch[i]);
	tl_buffer_done(&r->problems);
	*r = (struct tl_report){ 0 };
}

static int mark_order(const void *a, const void *b)
{
	const struct tl_report_mark *x = a, *y = b;

	return x->time != y->time ? (x->time < y->time ? -1 : 1) : strcmp(x->text, y->text);
}

void tl_report_end(struct tl_report *r)
{
	if (r->n_marks)
		qsort(r->marks, r->n_marks, sizeof(*r->marks), mark_order);
}

bool tl_report_complete(const struct tl_report *r)
{
	return !r->broken && !r->undeclared && !r->gone_records && !r->unbalanced && !r->unaudited && !r->open &&
	       !r->unreadable && r->sources;
}
