// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-login.h>
#include <unistd.h>

#include "log.h"
#include "store.h"
#include "util.h"

#define NAME "session-"
#define MANAGER "org.freedesktop.systemd1"
#define PRIVATE_ADDRESS "unix:path=/run/systemd/private"
#define PATIENCE UINT64_C(2000000) /* us */

/* ---- In and out ---- */

static void add(struct tl_store *s, int fd, unsigned long number)
{
	size_t at = 0;

	while (at < s->n_found && s->found[at].number > number)
		at++;
	memmove(&s->found[at + 1], &s->found[at], (s->n_found - at) * sizeof(s->found[0]));
	s->found[at] = (struct tl_stored){ fd, number };
	s->n_found++;
}

int tl_store_open(struct tl_store *s)
{
	char **names = NULL;
	int n = sd_listen_fds_with_names(1, &names);

	if (n == -ENOMEM)
		return n;
	for (int i = 0; i < n; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (strncmp(names[i], NAME, strlen(NAME)) == 0 && s->n_found < TL_STORED_MAX)
			add(s, fd, strtoul(names[i] + strlen(NAME), NULL, 10));
		else
			close(fd); /* nothing that we know of */
		free(names[i]);
	}
	free(names);
	s->had_any = s->n_found > 0;
	return 0;
}

static void take_out(unsigned long number)
{
	if (number)
		sd_notifyf(0, "FDSTOREREMOVE=1\nFDNAME=" NAME "%lu", number);
}

int tl_store_adopt(struct tl_store *s, struct tl_session *session)
{
	int r;

	if (!s->n_found)
		return -ENOENT;
	r = tl_session_adopt(session, s->found[0].fd);
	if (r < 0)
		return r;
	s->number = s->found[0].number;
	close(s->found[0].fd); /* the session has its own */
	s->n_found--;
	memmove(&s->found[0], &s->found[1], s->n_found * sizeof(s->found[0]));
	return r;
}

int tl_store_put(struct tl_store *s, struct tl_session *session)
{
	unsigned long number = s->number;
	char what[128];
	int fd, r;

	/* Without a store that takes it, it would only be ended worse. */
	if (!getenv("NOTIFY_SOCKET"))
		return 0;
	for (size_t i = 0; i < s->n_found; i++)
		number = MAX(number, s->found[i].number);
	r = tl_session_keep(session, &fd);
	if (r < 0)
		return r;
	/* Its other end is closed, which systemd would take for the end of it. */
	snprintf(what, sizeof(what), "FDSTORE=1\nFDNAME=" NAME "%lu\nFDPOLL=0", number + 1);
	r = sd_pid_notify_with_fds(0, 0, what, &fd, 1);
	if (r < 0)
		return r;
	take_out(s->number);
	s->number = number + 1;
	return 0;
}

void tl_store_clear(struct tl_store *s)
{
	take_out(s->number);
	s->number = 0;
}

void tl_store_discard(struct tl_store *s)
{
	for (size_t i = 0; i < s->n_found; i++) {
		tl_session_discard(s->found[i].fd);
		take_out(s->found[i].number);
		close(s->found[i].fd);
	}
	s->n_found = 0;
}

/* ---- What systemd is about to do ---- */

/* systemd itself, which is there before the bus is and after it has gone. */
static int open_manager(sd_bus **ret)
{
	sd_bus *bus = NULL;
	int r = sd_bus_new(&bus);

	if (r >= 0)
		r = sd_bus_set_address(bus, PRIVATE_ADDRESS);
	if (r >= 0)
		r = sd_bus_start(bus);
	if (r >= 0)
		r = sd_bus_set_method_call_timeout(bus, PATIENCE);
	if (r < 0) {
		sd_bus_unref(bus);
		return r;
	}
	*ret = bus;
	return 0;
}

/* The job's type, to be freed. */
static int job_type(sd_bus *bus, const char *unit, char **ret)
{
	sd_bus_message *m = NULL;
	const char *job;
	uint32_t id;
	int r = sd_bus_get_property(bus, MANAGER, unit, MANAGER ".Unit", "Job", NULL, &m, "(uo)");

	if (r >= 0)
		r = sd_bus_message_read(m, "(uo)", &id, &job);
	if (r >= 0)
		r = id ? sd_bus_get_property_string(bus, MANAGER, job, MANAGER ".Job", "JobType", NULL, ret) : -ENOENT;
	sd_bus_message_unref(m);
	return r;
}

static bool restarts(sd_bus *bus, const char *name)
{
	_cleanup_free_ char *unit = NULL, *type = NULL;
	uint32_t n_stored = 0;

	if (sd_bus_path_encode("/org/freedesktop/systemd1/unit", name, &unit) < 0 || job_type(bus, unit, &type) < 0)
		return false;
	return strcmp(type, "restart") == 0 &&
	       sd_bus_get_property_trivial(bus, MANAGER, unit, MANAGER ".Service", "NFileDescriptorStore", NULL, 'u',
					   &n_stored) >= 0 &&
	       n_stored > 0;
}

bool tl_store_restarts(void)
{
	_cleanup_free_ char *name = NULL;
	sd_bus *bus = NULL;
	bool answer;
	int r = sd_pid_get_unit(0, &name);

	if (r >= 0)
		r = open_manager(&bus);
	if (r < 0) {
		tl_log(LOG_INFO, "cannot ask systemd whether this is a restart, so it is a stop: %s", strerror(-r));
		return false;
	}
	answer = restarts(bus, name);
	sd_bus_close(bus);
	sd_bus_unref(bus);
	return answer;
}
