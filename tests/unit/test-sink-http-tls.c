// SPDX-License-Identifier: GPL-2.0-or-later
/* Collectors behind TLS: who is not the right one gets nothing, and what waits
 * for him is delivered when that has been put right. */
#include <systemd/sd-event.h>

#include "http-receiver.h"
#include "sink-fixture.h"

static char folder[] = "/tmp/traceleft-tls-XXXXXX";

struct server {
	struct received *received;
	pid_t tls, answers;
	unsigned port;
};

static void file_path(char ret[128], const char *name)
{
	snprintf(ret, 128, "%s/%s", folder, name);
}

static void run(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void run(const char *format, ...)
{
	char command[1024];
	va_list ap;
	int n = snprintf(command, sizeof(command), "cd %s && exec 2>>log && ", folder);

	va_start(ap, format);
	vsnprintf(command + n, sizeof(command) - (size_t)n, format, ap);
	va_end(ap);
	if (system(command) != 0)
		fail_msg("failed: %s (see %s/log)", command, folder);
}

static void make_authority(const char *name)
{
	run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=%s -keyout "
	    "%s.key -out %s.crt",
	    name, name, name);
}

static void make_certificate(const char *name, const char *host, const char *dates)
{
	run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=%s -keyout %s.key -out "
	    "%s.req",
	    host, name, name);
	run("printf 'subjectAltName=DNS:%s\\n' > %s.ext; mkdir -p db; : > db/index; echo 01 > db/serial; "
	    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndir=db\\ndatabase=db/index\\nserial=db/serial\\nnew_certs_dir=db\\n"
	    "default_md=sha256\\npolicy=p\\n[p]\\ncommonName=supplied\\n' > ca.conf; "
	    "openssl ca -batch -notext -config ca.conf -cert good.crt -keyfile good.key %s -extfile %s.ext -in %s.req "
	    "-out %s.crt",
	    host, name, dates, name, name, name);
}

static int make_certificates(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	make_authority("good");
	make_authority("other");
	make_certificate("server", "localhost", "-days 30");
	make_certificate("expired", "localhost", "-startdate 20200101000000Z -enddate 20200102000000Z");
	make_certificate("client", "machine", "-days 30");
	return 0;
}

static int remove_certificates(void **state)
{
	(void)state;
	return nftw(folder, sinks_remove, 8, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The TLS of openssl(1), our own answers behind it. */
static void start(struct server *s, const char *certificate, const char *option)
{
	char command[512];
	uint16_t port = 0;
	int pair[2];

	close(receiver_listen(&port));
	s->port = port;
	s->received = mmap(NULL, sizeof(*s->received), PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_true(s->received != MAP_FAILED);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	snprintf(command, sizeof(command),
		 "cd %s && exec openssl s_server -quiet -accept 127.0.0.1:%u -cert %s.crt -key %s.key %s 2>>log",
		 folder, s->port, certificate, certificate, option);
	s->tls = fork();
	if (s->tls == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(pair[0], STDIN_FILENO);
		dup2(pair[0], STDOUT_FILENO);
		close_range(3, ~0U, 0);
		execl("/bin/sh", "sh", "-c", command, NULL);
		_exit(127);
	}
	close(pair[0]);
	s->answers = fork();
	if (s->answers == 0) {
		char *body = malloc(RECEIVED_MAX);

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		receiver_serve(pair[1], s->received, body, 0);
		_exit(0);
	}
	close(pair[1]);
}

static void stop(struct server *s)
{
	kill(s->tls, SIGKILL);
	kill(s->answers, SIGKILL);
	waitpid(s->tls, NULL, 0);
	waitpid(s->answers, NULL, 0);
	munmap(s->received, sizeof(*s->received));
}

static void ticks(struct sinks *t, unsigned n)
{
	for (unsigned i = 0; i < n && tl_sink_waiting(t->sink); i++) {
		sd_event_run(t->setup.event, 20000);
		tl_sink_tick(t->sink);
	}
}

struct way {
	const char *host, *certificate, *option; /* of the server */
	const char *ca;
	bool is_client; /* has a certificate */
	uint32_t version;
};

/* Sends to such a server; what is wrong is `why`, NULL: nothing. Returns whether it was delivered. */
static void send_by(struct sinks *t, const struct way *way, const char *why)
{
	char url[128], ca[128], cert[128], key[128];
	struct server server;

	start(&server, way->certificate, way->option);
	snprintf(url, sizeof(url), "https://%s:%u/", way->host, server.port);
	file_path(ca, way->ca);
	file_path(cert, "client.crt");
	file_path(key, "client.key");
	t->output.http.url = url;
	t->output.http.tls_ca = ca;
	t->output.http.tls_cert = way->is_client ? cert : NULL;
	t->output.http.tls_key = way->is_client ? key : NULL;
	t->output.http.tls_version = way->version;
	sinks_open(t);
	if (!tl_sink_waiting(t->sink))
		sinks_write_many(t, 1, 100);
	/* The server may need a moment to begin. */
	for (unsigned i = 0; i < 100 && tl_sink_waiting(t->sink) && (!why || !strstr(t->sink->why, why)); i++)
		ticks(t, 5);
	if (why) {
		if (!strstr(t->sink->why, why))
			fail_msg("'%s' does not say '%s'", t->sink->why, why);
		assert_int_equal(tl_sink_waiting(t->sink), 100);
		assert_int_equal(server.received->taken, 0);
	} else {
		assert_int_equal(tl_sink_waiting(t->sink), 0);
		assert_int_equal(t->sink->counters.delivered, 100);
		assert_true(server.received->taken > 0);
	}
	assert_int_equal(t->sink->counters.lost, 0);
	t->sink = tl_sink_unref(t->sink);
	stop(&server);
}

static void init(struct sinks *t, char spool[128])
{
	sinks_init(t);
	snprintf(spool, 128, "%s/spool", t->folder);
	t->output = (struct tl_policy_output){
		.name = (char *)"siem",
		.type = TL_OUTPUT_HTTP,
		.format = TL_FORMAT_NDJSON,
		.http = { .batch_events = 100,
			  .batch_size = 64 << 10,
			  .batch_time = 1,
			  .timeout = 5,
			  .spool_path = spool,
			  .spool_size = 1 << 20 },
	};
	t->setup.memory = 1 << 20;
	t->setup.retry_ms = 20;
	assert_int_equal(sd_event_new(&t->setup.event), 0);
}

static void who_is_not_the_right_one_gets_nothing_until_he_is(void **state)
{
	static const struct way right = { "localhost", "server", "", "good.crt", false, 0 };
	static const struct {
		struct way wrong;
		const char *why;
		struct way right;
	} cases[] = {
		{ { "localhost", "server", "", "other.crt", false, 0 },
		  "unable to get local issuer certificate",
		  right },
		{ { "127.0.0.1", "server", "", "good.crt", false, 0 },
		  "no alternative certificate subject name matches",
		  right },
		{ { "localhost", "expired", "", "good.crt", false, 0 }, "certificate has expired", right },
		{ { "localhost", "server", "-Verify 1 -CAfile good.crt", "good.crt", false, 0 },
		  "certificate required",
		  { "localhost", "server", "-Verify 1 -CAfile good.crt", "good.crt", true, 0 } },
		{ { "localhost", "server", "-tls1_2", "good.crt", false, 1 }, "protocol version", right },
		{ { "localhost", "server", "-tls1_1 -cipher ALL:@SECLEVEL=0", "good.crt", false, 0 },
		  "protocol version",
		  right },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct sinks t;
		char spool[128];

		init(&t, spool);
		send_by(&t, &cases[i].wrong, cases[i].why);
		send_by(&t, &cases[i].right, NULL);
		sd_event_unref(t.setup.event);
		sinks_done(&t);
	}
}

/* ---- Through a proxy ---- */

/* A proxy as companies have them; what it sees is in memory that both share. */
struct proxy {
	struct seen {
		char head[HEADERS_MAX]; /* the last request */
		volatile unsigned requests, refused; /* refused: so many at first */
		volatile bool saw_events; /* it could read what was sent through it */
	} * seen;
	pid_t pid;
	uint16_t port;
};

/* false: one of them has ended. */
static bool relay(int from, int to, struct seen *seen)
{
	char data[16384];
	ssize_t n = recv(from, data, sizeof(data), 0);

	if (n <= 0)
		return false;
	if (memmem(data, (size_t)n, "@timestamp", 10) || memmem(data, (size_t)n, "Bearer", 6))
		seen->saw_events = true;
	return send(to, data, (size_t)n, MSG_NOSIGNAL) == n;
}

static void tunnel(int client, uint16_t port, struct seen *seen)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
					.sin_port = htons(port) };
	int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd p[] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };

	if (connect(server, (const struct sockaddr *)&to, sizeof(to)) < 0) {
		receiver_send(client, "HTTP/1.1 502 Nobody there\r\nContent-Length: 0\r\n\r\n");
	} else {
		receiver_send(client, "HTTP/1.1 200 Connection established\r\nRetry-After: 9999\r\n\r\n");
		while (poll(p, 2, -1) > 0)
			if ((p[0].revents && !relay(client, server, seen)) ||
			    (p[1].revents && !relay(server, client, seen)))
				break;
	}
	close(server);
}

static void serve_proxy(int fd, uint16_t to, struct seen *seen)
{
	for (;;) {
		int client = accept(fd, NULL, NULL);
		size_t n = 0;
		ssize_t got;

		memset(seen->head, 0, sizeof(seen->head));
		while (!strstr(seen->head, "\r\n\r\n") &&
		       (got = recv(client, seen->head + n, sizeof(seen->head) - 1 - n, 0)) > 0)
			n += (size_t)got;
		if (++seen->requests <= seen->refused)
			receiver_send(client, "HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n");
		else
			tunnel(client, to, seen);
		close(client);
	}
}

static void start_proxy(struct proxy *t, uint16_t to, unsigned refused)
{
	int fd;

	*t = (struct proxy){ 0 };
	t->seen = mmap(NULL, sizeof(*t->seen), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(t->seen != MAP_FAILED);
	t->seen->refused = refused;
	fd = receiver_listen(&t->port);
	t->pid = fork();
	if (t->pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve_proxy(fd, to, t->seen);
	}
	close(fd);
}

static void stop_proxy(struct proxy *t)
{
	kill(t->pid, SIGKILL);
	waitpid(t->pid, NULL, 0);
	munmap(t->seen, sizeof(*t->seen));
}

static void await(struct sinks *t, const char *why)
{
	for (unsigned i = 0; i < 3000 && tl_sink_waiting(t->sink) && (!why || !strstr(t->sink->why, why)); i++)
		ticks(t, 1);
	if (why ? !strstr(t->sink->why, why) : tl_sink_waiting(t->sink) > 0)
		fail_msg("'%s'", t->sink->why);
}

static void proxy_lets_through_what_it_cannot_read(void **state)
{
	struct tl_policy_header header = { .name = (char *)"Authorization", .value = (char *)"Bearer token" };
	char spool[128], url[128], ca[128], address[128], asked[128];
	struct server server;
	struct proxy proxy;
	struct sinks t;

	(void)state;
	init(&t, spool);
	start(&server, "server", "");
	start_proxy(&proxy, (uint16_t)server.port, 2);
	snprintf(url, sizeof(url), "https://localhost:%u/v1/logs", server.port);
	snprintf(address, sizeof(address), "http://me:secret@127.0.0.1:%u", proxy.port);
	snprintf(asked, sizeof(asked), "CONNECT localhost:%u HTTP/1.1\r\n", server.port);
	file_path(ca, "other.crt");
	t.output.http.url = url;
	t.output.http.proxy = address;
	t.output.http.tls_ca = ca;
	t.output.http.headers = &header;
	t.output.http.n_headers = 1;
	sinks_open(&t);
	sinks_write_many(&t, 1, 100);
	/* What the proxy refuses is not what the collector does. */
	await(&t, "the proxy wants a password");
	assert_null(strstr(t.sink->why, "secret"));
	/* Whoever is behind it has to be the right one. */
	await(&t, "its certificate is from nobody whom we trust");
	assert_int_equal(tl_sink_waiting(t.sink), 100);
	t.sink = tl_sink_unref(t.sink);
	file_path(ca, "good.crt");
	sinks_open(&t);
	await(&t, NULL);
	assert_int_equal(t.sink->counters.delivered, 100);
	assert_int_equal(t.sink->counters.lost, 0);
	assert_memory_equal(proxy.seen->head, asked, strlen(asked));
	assert_non_null(strstr(proxy.seen->head, "\r\nProxy-Authorization: Basic bWU6c2VjcmV0\r\n"));
	assert_null(strstr(proxy.seen->head, "Bearer"));
	assert_false(proxy.seen->saw_events);
	assert_int_equal(strncmp(server.received->headers, "POST /v1/logs HTTP/1.1\r\n", 24), 0);
	assert_non_null(strstr(server.received->headers, "\r\nAuthorization: Bearer token\r\n"));
	assert_null(strstr(server.received->headers, "Proxy-"));
	t.sink = tl_sink_unref(t.sink);
	stop_proxy(&proxy);
	stop(&server);
	sd_event_unref(t.setup.event);
	sinks_done(&t);
}

/* A server of HTTP/2, which tells the one behind it how it was asked. */
static pid_t start_nginx(unsigned port, unsigned behind)
{
	char conf[128];
	FILE *f;
	pid_t pid;

	file_path(conf, "nginx.conf");
	f = fopen(conf, "we");
	assert_non_null(f);
	fprintf(f,
		"daemon off; master_process off; pid %s/nginx.pid; error_log %s/log; events {}\nhttp { access_log off;",
		folder, folder);
	for (const char *const *what =
		     (const char *const[]){ "client_body", "proxy", "fastcgi", "uwsgi", "scgi", NULL };
	     *what; what++)
		fprintf(f, " %s_temp_path %s/nginx-%s;", *what, folder, *what);
	fprintf(f,
		"\nserver { listen 127.0.0.1:%u ssl http2; ssl_certificate %s/server.crt; ssl_certificate_key "
		"%s/server.key;"
		" location / { proxy_pass http://127.0.0.1:%u; proxy_set_header X-Asked $server_protocol; } } }\n",
		port, folder, folder, behind);
	assert_int_equal(fclose(f), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close_range(3, ~0U, 0);
		execl("/usr/sbin/nginx", "nginx", "-e", "stderr", "-c", conf, NULL);
		_exit(127);
	}
	return pid;
}

static void http_2_is_spoken_with_who_can(void **state)
{
	char spool[128], url[128], ca[128];
	struct receiver receiver = { 0 };
	uint16_t port = 0;
	struct sinks t;
	pid_t nginx;

	(void)state;
	if (access("/usr/sbin/nginx", X_OK) < 0) {
		print_message("there is no nginx\n");
		skip();
	}
	init(&t, spool);
	receiver_start(&receiver);
	close(receiver_listen(&port));
	nginx = start_nginx(port, receiver.port);
	snprintf(url, sizeof(url), "https://localhost:%u/v1/logs", port);
	file_path(ca, "good.crt");
	t.output.http.url = url;
	t.output.http.tls_ca = ca;
	t.output.http.compress = true;
	t.output.http.timeout = 60;
	sinks_open(&t);
	sinks_write_many(&t, 1, 1000);
	/* It may need a moment to begin. */
	for (unsigned i = 0; i < 3000 && tl_sink_waiting(t.sink); i++)
		ticks(&t, 1);
	if (tl_sink_waiting(t.sink))
		fail_msg("%s", t.sink->why);
	assert_int_equal(t.sink->counters.delivered, 1000);
	assert_true(receiver.r->taken >= 10);
	assert_non_null(strstr(receiver.r->headers, "\r\nX-Asked: HTTP/2.0\r\n"));
	assert_non_null(strstr(receiver.r->headers, "gzip\r\n"));
	t.sink = tl_sink_unref(t.sink);
	kill(nginx, SIGKILL);
	waitpid(nginx, NULL, 0);
	receiver_done(&receiver);
	sd_event_unref(t.setup.event);
	sinks_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_is_not_the_right_one_gets_nothing_until_he_is),
		cmocka_unit_test(proxy_lets_through_what_it_cannot_read),
		cmocka_unit_test(http_2_is_spoken_with_who_can),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, make_certificates, remove_certificates);
}
