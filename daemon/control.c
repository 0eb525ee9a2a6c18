// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "control-request.h"
#include "control.h"
#include "put.h"
#include "rates.h"
#include "util.h"

enum client_state {
	CLIENT_ASKS, /* its request is not complete */
	CLIENT_QUEUES, /* wants a policy to be loaded, which has not begun */
	CLIENT_RELOADS, /* same, it has begun */
	CLIENT_TAILS,
	CLIENT_COUNTS, /* wants to know how many */
	CLIENT_ANSWERED, /* is to go */
};

struct client {
	struct tl_control *control;
	struct client *next;
	int fd;
	struct ucred peer;
	sd_event_source *source;
	enum client_state state;
	unsigned left; /* ticks until it is sent away, where the state has a limit */
	struct tl_tail *tail;
	struct tl_buffer line; /* of counts, as far as it is not sent yet: */
	size_t sent;
	size_t size;
	char request[TL_CONTROL_REQUEST_MAX];
};

struct tl_control {
	struct tl_control_options options;
	int fd;
	sd_event_source *source;
	struct client *first;
	unsigned n_clients;
};

/* ---- Clients ---- */

static void client_free(struct client *client)
{
	struct tl_control *c = client->control;
	struct client **at = &c->first;

	while (*at != client)
		at = &(*at)->next;
	*at = client->next;
	c->n_clients--;
	tl_tails_remove(c->options.tails, client->tail);
	tl_buffer_done(&client->line);
	sd_event_source_disable_unref(client->source);
	close(client->fd);
	free(client);
}

static void set_state(struct client *client, enum client_state state)
{
	client->state = state;
	client->left = TL_CONTROL_TIME_MAX;
}

/* Into a socket's buffer that is empty: it fits. */
static void send_answer(int fd, bool done, const char *text)
{
	char answer[TL_CONTROL_ANSWER_MAX + 2];
	int n = snprintf(answer, sizeof(answer), "%c%s", done ? TL_CONTROL_DONE : TL_CONTROL_REFUSED, text);

	(void)!TEMP_FAILURE_RETRY(send(fd, answer, MIN((size_t)n + 1, sizeof(answer)), MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* Its last word. The client goes when it has hung up, or its time is over. */
static void answer(struct client *client, bool done, const char *text)
{
	send_answer(client->fd, done, text);
	shutdown(client->fd, SHUT_WR);
	set_state(client, CLIENT_ANSWERED);
}

/* ---- Requests ---- */

static void begin_tail(struct client *client, const struct tl_control_request *request)
{
	const struct tl_tail_options options = {
		.fd = client->fd,
		.json = request->json,
		.where = request->where,
		.reader = (uint32_t)client->peer.pid,
	};
	struct tl_expression_error error = { 0 };
	char text[sizeof(error.message) + 64];
	int r = tl_tails_add(client->control->options.tails, &options, &client->tail, &error);

	if (r >= 0) {
		send_answer(client->fd, true, "");
		set_state(client, CLIENT_TAILS);
		return;
	}
	if (error.column)
		snprintf(text, sizeof(text), "where: column %u: %s", error.column, error.message);
	else
		snprintf(text, sizeof(text), "%s", r == -EUSERS ? "too many watch at a time" : strerror(-r));
	answer(client, false, text);
}

static void begin_counts(struct client *client)
{
	struct tl_tails *t = client->control->options.tails;

	if (!t->rates)
		t->rates = tl_rates_new(tl_now());
	if (!t->rates) {
		answer(client, false, strerror(ENOMEM));
		return;
	}
	send_answer(client->fd, true, "");
	set_state(client, CLIENT_COUNTS);
}

static void send_line(struct client *client)
{
	ssize_t n = TEMP_FAILURE_RETRY(send(client->fd, client->line.data + client->sent,
					    client->line.size - client->sent, MSG_DONTWAIT | MSG_NOSIGNAL));

	if (n > 0)
		client->sent += (size_t)n;
}

/* Whoever has not read the one before does not get this one. */
static void give_line(struct client *client, const struct tl_buffer *line)
{
	if (client->sent < client->line.size)
		return;
	client->line.size = client->sent = 0;
	if (tl_buffer_append(&client->line, line->data, line->size) >= 0)
		send_line(client);
}

static void give_counts(struct tl_control *c)
{
	struct tl_tails *t = c->options.tails;
	_cleanup_(tl_buffer_done) struct tl_buffer line = { 0 };
	bool wanted = false;

	if (!t->rates)
		return;
	tl_rates_put(t->rates, &line, tl_now());
	for (struct client *client = c->first; client && !line.failed; client = client->next)
		if (client->state == CLIENT_COUNTS) {
			give_line(client, &line);
			wanted = true;
		}
	if (!wanted)
		t->rates = tl_rates_free(t->rates);
}

static int begin_reload(struct client *client)
{
	const struct tl_control_options *o = &client->control->options;
	struct tl_sender who;

	tl_record_peer(&who, "request", &client->peer);
	set_state(client, CLIENT_QUEUES);
	return o->reload(o->userdata, &who);
}

static int serve(struct client *client)
{
	struct tl_control_request request;
	const char *why;
	int r = tl_control_request_parse(client->request, client->size, &request, &why);

	if (r == 0)
		return 0;
	if (r > 0 && (size_t)r < client->size) {
		r = -EINVAL;
		why = "one request at a time";
	}
	if (r < 0) {
		answer(client, false, why);
		return 0;
	}
	if (request.verb == TL_CONTROL_RELOAD)
		return begin_reload(client);
	if (request.verb == TL_CONTROL_TOP)
		begin_counts(client);
	else
		begin_tail(client, &request);
	return 0;
}

/* What it sends after its request is read and dropped while it waits; while it
 * watches, it has nothing to say. Returns whether it is still there. */
static bool drain(struct client *client)
{
	char dropped[512];
	ssize_t n = TEMP_FAILURE_RETRY(recv(client->fd, dropped, sizeof(dropped), MSG_DONTWAIT));

	return n < 0 ? errno == EAGAIN :
		       n > 0 && client->state != CLIENT_TAILS && client->state != CLIENT_COUNTS;
}

static bool receive(struct client *client)
{
	/* Who is interrupted is not called again: it is told of what comes, once. */
	ssize_t n = TEMP_FAILURE_RETRY(recv(client->fd, client->request + client->size,
					    sizeof(client->request) - client->size, MSG_DONTWAIT));

	if (n <= 0)
		return n < 0 && errno == EAGAIN;
	client->size += (size_t)n;
	return true;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct client *client = userdata;
	bool asks = client->state == CLIENT_ASKS;

	(void)source;
	(void)fd;
	if (events & (EPOLLHUP | EPOLLERR) || ((events & EPOLLIN) && !(asks ? receive(client) : drain(client)))) {
		client_free(client);
		return 0;
	}
	if (client->tail && (events & EPOLLOUT))
		tl_sink_flush(client->tail->sink);
	if (client->sent < client->line.size && (events & EPOLLOUT))
		send_line(client);
	return asks ? serve(client) : 0;
}

/* ---- Those who come ---- */

static bool in_group(int fd, const struct ucred *peer, gid_t group)
{
	_cleanup_free_ gid_t *groups = NULL;
	socklen_t size = 0;

	if (group == (gid_t)-1)
		return false;
	if (peer->gid == group)
		return true;
	/* First their number. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) < 0 && errno != ERANGE)
		return false;
	groups = malloc(size + sizeof(*groups));
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* Why it is sent away; NULL: it is not. */
static const char *refusal(const struct tl_control *c, int fd, struct ucred *ret_peer)
{
	socklen_t size = sizeof(*ret_peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &size) < 0)
		return "nobody knows who asks";
	if (ret_peer->uid != 0 && !in_group(fd, ret_peer, tl_readers_group()))
		return "only root and members of the group traceleft may ask";
	if (c->n_clients >= TL_CONTROL_CLIENTS_MAX - (ret_peer->uid ? TL_CONTROL_CLIENTS_RESERVED : 0))
		return "too many ask at a time";
	return NULL;
}

static int client_new(struct tl_control *c, int fd, const struct ucred *peer)
{
	struct client *client = calloc(1, sizeof(*client));
	int r;

	if (!client)
		return -ENOMEM;
	/* Edges only: what a full socket takes again is written at once, and nothing is told twice. */
	r = sd_event_add_io(c->options.event, &client->source, fd, EPOLLIN | EPOLLOUT | EPOLLET, on_client, client);
	if (r < 0) {
		free(client);
		return r;
	}
	client->control = c;
	client->fd = fd;
	client->peer = *peer;
	set_state(client, CLIENT_ASKS);
	client->next = c->first;
	c->first = client;
	c->n_clients++;
	return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct tl_control *c = userdata;
	_cleanup_close_ int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct ucred peer;
	const char *why;

	(void)events;
	if (connection < 0) {
		/* No descriptor, no memory: not again and again, but after the next tick. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			sd_event_source_set_enabled(source, SD_EVENT_OFF);
		return 0;
	}
	why = refusal(c, connection, &peer);
	if (why)
		send_answer(connection, false, why);
	else if (client_new(c, connection, &peer) >= 0)
		connection = -1;
	return 0;
}

/* ---- Life ---- */

int tl_control_new(const struct tl_control_options *options, struct tl_control **ret)
{
	struct tl_control *c = calloc(1, sizeof(*c));
	int r;

	if (!c)
		return -ENOMEM;
	c->options = *options;
	r = c->fd = tl_runtime_listen(options->runtime, TL_CONTROL_SOCKET);
	if (r >= 0)
		r = sd_event_add_io(options->event, &c->source, c->fd, EPOLLIN, on_connection, c);
	if (r < 0) {
		tl_closep(&c->fd);
		free(c);
		return r;
	}
	*ret = c;
	return 0;
}

struct tl_control *tl_control_free(struct tl_control *c)
{
	if (!c)
		return NULL;
	tl_runtime_remove(c->options.runtime, TL_CONTROL_SOCKET);
	while (c->first) {
		if (c->first->state == CLIENT_QUEUES || c->first->state == CLIENT_RELOADS)
			answer(c->first, false, "the daemon stops");
		client_free(c->first);
	}
	c->options.tails->rates = tl_rates_free(c->options.tails->rates);
	sd_event_source_disable_unref(c->source);
	close(c->fd);
	free(c);
	return NULL;
}

void tl_control_tick(struct tl_control *c)
{
	struct client *next;

	if (!c)
		return;
	sd_event_source_set_enabled(c->source, SD_EVENT_ON);
	give_counts(c);
	for (struct client *client = c->first; client; client = next) {
		next = client->next;
		if (client->tail)
			tl_sink_tick(client->tail->sink);
		if ((client->state == CLIENT_ASKS || client->state == CLIENT_ANSWERED) && --client->left == 0)
			client_free(client);
	}
}

void tl_control_reload_began(struct tl_control *c)
{
	for (struct client *client = c ? c->first : NULL; client; client = client->next)
		if (client->state == CLIENT_QUEUES)
			client->state = CLIENT_RELOADS;
}

void tl_control_reload_ended(struct tl_control *c, bool done, const char *text)
{
	for (struct client *client = c ? c->first : NULL; client; client = client->next)
		if (client->state == CLIENT_RELOADS)
			answer(client, done, text);
}
