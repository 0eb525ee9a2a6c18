// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the event is about: the paths of the objects, as the kernel part climbed
 * them, or as they were asked for. */
#include <string.h>

#include "decode.h"
#include "paths.h"

/* Room for one path more in the text that belongs to the event. */
static char *text_room(struct tl_session *s, size_t n)
{
	char *room;

	if (s->text_size + n > TL_TEXT_MAX)
		return NULL;
	room = s->text + s->text_size;
	s->text_size += n;
	return room;
}

void tl_decode_facts(struct tl_file *file, const struct tl_file_facts *facts)
{
	if (!facts)
		return;
	file->has_facts = true;
	file->inode = facts->inode;
	file->major = facts->major;
	file->minor = facts->minor;
	file->mode = facts->mode;
	file->uid = facts->uid;
	file->gid = facts->gid;
}

/* A path that the kernel part climbed; empty if it did not. */
struct tl_bytes tl_decode_path(struct tl_session *s, const struct tl_bytes *components,
			       const struct tl_file_facts *facts)
{
	size_t room = components->size + 64;
	struct tl_bytes path = {};
	/* Where the climb ended early, what is above is not known. */
	bool cut = components->flags & (TL_SECTION_TRUNCATED | TL_SECTION_FAULT);
	char *text;

	if (!(components->flags >> 16) || (cut && !components->size))
		return path;
	text = text_room(s, room);
	if (!text)
		return path;
	path.flags = tl_decode_flags(components->flags);
	path.data = text;
	if (components->flags & TL_SECTION_PSEUDO)
		path.size = tl_path_pseudo(text, room, components->data, components->size, facts);
	else
		path.size = tl_path_turn(text, components->data, components->size, cut);
	s->text_size -= room - path.size - 1;
	return path;
}

/* What was asked for, from where it starts: a claim. `base` is the directory that a
 * relative name starts from; of an absolute one the process's root, if that is not
 * the namespace's. */
static struct tl_bytes make_claim(struct tl_session *s, const struct tl_bytes *name, const struct tl_bytes *base)
{
	size_t room = base->size + name->size + 4;
	struct tl_bytes path = {};
	char *text, *asked, *end;

	if (!(name->flags & TL_VALUE_PRESENT) || (name->flags & TL_VALUE_FAULT) || !name->size || !name->data[0])
		return path;
	if (name->data[0] != '/' && !(base->flags & TL_VALUE_PRESENT))
		return path;
	/* Below a pipe or a socket there is nothing. */
	if (base->size && !tl_path_is_rooted(base->data))
		return path;
	text = text_room(s, room);
	if (!text)
		return path;
	path.flags = TL_VALUE_PRESENT | TL_VALUE_CLAIM | (name->flags & TL_VALUE_TRUNCATED);
	path.flags |= base->flags & (TL_VALUE_TRUNCATED | TL_VALUE_FAULT | TL_VALUE_DELETED | TL_VALUE_DETACHED);
	if (base->size)
		memcpy(text, base->data, base->size);
	end = asked = text + base->size;
	*end++ = '/';
	end = mempcpy(end, name->data, strnlen(name->data, name->size));
	*end = '\0';
	/* An absolute name does not leave its base, which is the process's root then. */
	if (name->data[0] == '/')
		tl_path_clean(asked);
	path.data = text;
	path.size = tl_path_clean(text);
	s->text_size -= room - path.size - 1;
	s->event.flags |= TL_EVENT_CLAIM;
	return path;
}

static void fill_claims(struct tl_session *s, const struct tl_parts *p, const struct tl_event_type *type)
{
	struct tl_event *event = &s->event;
	struct tl_bytes base;

	if (!(event->file.path.flags & TL_VALUE_PRESENT) && type->path_name) {
		base = tl_decode_path(s, &p->path[TL_PATH_BASE], NULL);
		event->file.path = make_claim(s, &event->captured[type->path_name - 1], &base);
	}
	if (!(event->target.path.flags & TL_VALUE_PRESENT) && type->target_name) {
		base = tl_decode_path(s, &p->path[TL_PATH_BASE_TARGET], NULL);
		event->target.path = make_claim(s, &event->captured[type->target_name - 1], &base);
	}
}

void tl_decode_paths(struct tl_session *s, const struct tl_parts *p, const struct tl_event_type *type)
{
	struct tl_event *event = &s->event;

	event->file.path = tl_decode_path(s, &p->path[TL_PATH_FILE], p->file[TL_PATH_FILE]);
	tl_decode_facts(&event->file, p->file[TL_PATH_FILE]);
	event->target.path = tl_decode_path(s, &p->path[TL_PATH_TARGET], p->file[TL_PATH_TARGET]);
	tl_decode_facts(&event->target, p->file[TL_PATH_TARGET]);
	if (type->path_name || type->target_name)
		fill_claims(s, p, type);
}
