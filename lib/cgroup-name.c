/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a cgroup's path tells: systemd unit, slice and container. */
#include <ctype.h>
#include <string.h>

#include "cgroup-name.h"
#include "util.h"

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
	*ret = (struct piece){ c->p + before, c->size - before - behind };
	return true;
}

static bool is_id(const struct piece *c)
{
	if (c->size != TL_CONTAINER_ID_LENGTH)
		return false;
	for (size_t i = 0; i < c->size; i++)
		if (!isdigit((unsigned char)c->p[i]) && (c->p[i] < 'a' || c->p[i] > 'f'))
			return false;
	return true;
}

bool tl_unit_is_name(const char *name, size_t size)
{
	static const char *const suffixes[] = { ".service", ".scope", ".socket", ".mount", ".swap" };
	const struct piece c = { name, size };

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++)
		if (ends_with(&c, suffixes[i]))
			return true;
	return false;
}

/*
 * "docker-ID.scope", "cri-containerd-ID.scope", "libpod-ID", "libpod-payload-ID",
 * "ID": so runtimes name their cgroups, whatever these lie in. What watches over
 * a container has a cgroup beside it, "crio-conmon-ID.scope". The same as globs:
 * container-globs.c.
 */
static bool named_by_id(const struct piece *c, struct piece *ret)
{
	static const char scope[] = ".scope";
	size_t end = c->size, before;
	struct piece id;

	if (ends_with(c, scope))
		end -= strlen(scope);
	if (end < TL_CONTAINER_ID_LENGTH)
		return false;
	before = end - TL_CONTAINER_ID_LENGTH;
	id = (struct piece){ c->p + before, TL_CONTAINER_ID_LENGTH };
	if (!is_id(&id) || (!before && end != c->size))
		return false;
	if (before && (before < 2 || c->p[before - 1] != '-' || c->p[before - 2] == TL_CONTAINER_MONITOR_END))
		return false;
	*ret = id;
	return true;
}

/* Name or id of the container whose cgroup is `c`, with what is above it. */
static bool container_of(const struct piece *above, const struct piece *c, struct piece *ret)
{
	struct piece machine;

	if (named_by_id(c, ret) || strip(c, "lxc.payload.", "", ret))
		return true;
	if (is(above, "lxc") || is(above, "lxc.payload")) {
		*ret = *c;
		return true;
	}
	if (!is(above, "machine.slice"))
		return false;
	/* Of a virtual machine only the emulator is there, which is in no container. */
	if (strip(c, "machine-qemu\\x2d", ".scope", &machine))
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

	for (const char *p = path; *p;) {
		p += strspn(p, "/");
		c = (struct piece){ p, strcspn(p, "/") };
		p += c.size;
		if (tl_unit_is_name(c.p, c.size))
			unit = c;
		else if (ends_with(&c, ".slice"))
			slice = c;
		if (container_of(&above, &c, &found))
			container = found;
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
