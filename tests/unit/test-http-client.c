// SPDX-License-Identifier: GPL-2.0-or-later
/* Requests: nobody waits for a name server that is silent. */
#include <netdb.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "curl-library.h"
#include "http-client.h"

#define PATIENCE 60 /* seconds, until the name server says something after all */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER;
static bool over; /* under the lock: the test needs no silence any more */
static atomic_int asked, gave_up;

/* In the place of the C library's, in a thread of libcurl's. */
int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints, struct addrinfo **ret)
{
	struct timespec end;
	int r = 0;

	(void)name;
	(void)service;
	(void)hints;
	(void)ret;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE;
	asked++;
	pthread_mutex_lock(&lock);
	while (!over && r == 0)
		r = pthread_cond_timedwait(&news, &lock, &end);
	gave_up += !over;
	pthread_mutex_unlock(&lock);
	return EAI_AGAIN;
}

static void on_answer(const struct tl_http_answer *answer, void *userdata)
{
	enum tl_http_verdict *verdict = userdata;

	*verdict = answer->verdict;
}

static void silent_name_server_is_not_waited_for(void **state)
{
	struct tl_policy_http settings = { .url = (char *)"http://collector.example/", .timeout = 1 };
	enum tl_http_verdict verdict = TL_HTTP_DELIVERED;
	struct tl_http_client *client;
	const char *why;
	sd_event *event;

	(void)state;
	assert_int_equal(tl_curl_load(&why), 0);
	assert_int_equal(sd_event_new(&event), 0);
	assert_int_equal(tl_http_client_new(&settings, event, on_answer, &verdict, &client), 0);
	/* To the end of the request's time. */
	assert_int_equal(tl_http_client_send(client, "text/plain", false, "x", 1, &why), 0);
	while (verdict == TL_HTTP_DELIVERED)
		assert_true(sd_event_run(event, UINT64_MAX) >= 0);
	assert_int_equal(verdict, TL_HTTP_RETRY);
	/* To the end of all. */
	assert_int_equal(tl_http_client_send(client, "text/plain", false, "x", 1, &why), 0);
	while (asked < 2)
		assert_true(sd_event_run(event, 10000) >= 0);
	tl_http_client_free(client);
	sd_event_unref(event);
	assert_int_equal(asked, 2);
	assert_int_equal(gave_up, 0);
	pthread_mutex_lock(&lock);
	over = true;
	pthread_cond_broadcast(&news);
	pthread_mutex_unlock(&lock);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(silent_name_server_is_not_waited_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
