/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cgroup's path tells: systemd unit, slice and container. */
#include <ctype.h>
#include <string.h>

#include "cgroup-name.h"
#include "util.h"

#define ID_LENGTH 64 /* hexadecimal digits of a container's id */

struct piece {
	const char *p;
	size_t size;
};

static bool ends_with(const struct piece *c, const char *suffix)
{
	size_t n = strlen(suffix);

	return c->size > n && memcmp(c->p + c->size - n, suffix, n) == 0;
}

static bool is(const struct piece *c, const char *text)
{
	return c->size == strlen(text) && memcmp(c->p, text, c->size) == 0;
}

/* What is left of `c` without prefix and suffix. */
static bool strip(const struct piece *c, const char *prefix, const char *suffix, struct piece *ret)
{
	size_t before = strlen(prefix), behind = strlen(suffix);

	if (c->size <= before + behind || memcmp(c->p, prefix, before) != 0 ||
	    memcmp(c->p + c->size - behind, suffix, behind) != 0)
		return false;
	*ret = (struct piece){c->p + before, c->size - before - behind};
	return true;
}

static bool is_id(const struct piece *c)
{
	if (c->size != ID_LENGTH)
		return false;
	for (size_t i = 0; i < c->size; i++)
		if (!isdigit((unsigned char)c->p[i]) && (c->p[i] < 'a' || c->p[i] > 'f'))
			return false;
	return true;
}

static bool is_unit(const struct piece *c)
{
	static const char *const suffixes[] = {".service", ".scope", ".socket", ".mount", ".swap"};

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (ends_with(c, suffixes[i]))
			return true;
	return false;
}

/* "docker-ID.scope", and what other runtimes make of it. */
static bool scope_id(const struct piece *c, struct piece *ret)
{
	static const char *const prefixes[] = {"docker-", "libpod-",  "cri-containerd-",
					       "crio-",	  "nerdctl-", "containerd-"};
	struct piece id;

	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++)
		if (strip(c, prefixes[i], ".scope", &id) && is_id(&id)) {
			*ret = id;
			return true;
		}
	return false;
}

static bool is_pod(const struct piece *c)
{
	struct piece rest;

	return is(c, "kubepods") || strip(c, "kubepods", "", &rest);
}

/* Name or id of the container whose cgroup is `c`, with what is above it. */
static bool container_of(const struct piece *above, bool pods, const struct piece *c, struct piece *ret)
{
	if (scope_id(c, ret))
		return true;
	if ((is(above, "docker") || is(above, "libpod_parent") || pods) && is_id(c)) {
		*ret = *c;
		return true;
	}
	if (strip(c, "lxc.payload.", "", ret) || strip(c, "libpod-", "", ret))
		return c->p[0] == 'l' && (c->p[1] == 'x' || is_id(ret));
	if (is(above, "lxc") || is(above, "lxc.payload")) {
		*ret = *c;
		return true;
	}
	if (!is(above, "machine.slice"))
		return false;
	return strip(c, "systemd-nspawn@", ".service", ret) || strip(c, "machine-", ".scope", ret);
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *tl_unit_unescape(char *out, const char *name, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (size - i >= 4 && name[i] == '\\' && name[i + 1] == 'x' && hex_digit(name[i + 2]) >= 0 &&
		    hex_digit(name[i + 3]) >= 0) {
			*out++ = (char)(hex_digit(name[i + 2]) << 4 | hex_digit(name[i + 3]));
			i += 3;
		} else {
			*out++ = name[i];
		}
	}
	*out++ = '\0';
	return out;
}

static char *put(char *out, const struct piece *c)
{
	if (c->size)
		memcpy(out, c->p, c->size);
	out[c->size] = '\0';
	return out + c->size + 1;
}

void tl_cgroup_names(const char *path, char *out, const char **ret_unit, const char **ret_slice,
		     const char **ret_container)
{
	struct piece above = {}, c, unit = {}, slice = {}, container = {}, found;
	bool pods = false;

	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		c = (struct piece){p, strcspn(p, "/")};
		p += c.size;
		if (is_unit(&c))
			unit = c;
		else if (ends_with(&c, ".slice"))
			slice = c;
		if (container_of(&above, pods, &c, &found))
			container = found;
		pods = pods || is_pod(&c);
		above = c;
	}
	*ret_unit = out;
	out = put(out, &unit);
	*ret_slice = out;
	out = put(out, &slice);
	*ret_container = out;
	/* Only names of machines are escaped; an id has no backslash. */
	tl_unit_unescape(out, container.p, container.size);
}
