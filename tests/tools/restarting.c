/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Preloaded into the daemon: systemd answers that it is restarting it, whatever is so. */
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

int sd_pid_get_unit(pid_t pid, char **unit)
{
	(void)pid;
	*unit = strdup("traceleftd.service");
	return *unit ? 0 : -ENOMEM;
}

int sd_bus_start(sd_bus *bus)
{
	(void)bus;
	return 0;
}

int sd_bus_get_property(sd_bus *bus, const char *destination, const char *path, const char *interface,
			const char *member, sd_bus_error *error, sd_bus_message **reply, const char *type)
{
	(void)bus, (void)destination, (void)path, (void)interface, (void)member, (void)error, (void)type;
	*reply = NULL;
	return 0;
}

int sd_bus_message_read(sd_bus_message *m, const char *types, ...)
{
	va_list ap;

	(void)m;
	va_start(ap, types);
	*va_arg(ap, uint32_t *) = 1;
	*va_arg(ap, const char **) = "/org/freedesktop/systemd1/job/1";
	va_end(ap);
	return 1;
}

int sd_bus_get_property_string(sd_bus *bus, const char *destination, const char *path, const char *interface,
			       const char *member, sd_bus_error *error, char **ret)
{
	(void)bus, (void)destination, (void)path, (void)interface, (void)member, (void)error;
	*ret = strdup("restart");
	return *ret ? 0 : -ENOMEM;
}

int sd_bus_get_property_trivial(sd_bus *bus, const char *destination, const char *path, const char *interface,
				const char *member, sd_bus_error *error, char type, void *ret)
{
	(void)bus, (void)destination, (void)path, (void)interface, (void)member, (void)error, (void)type;
	*(uint32_t *)ret = 1;
	return 0;
}
