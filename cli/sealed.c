// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "put.h"
#include "sealed.h"

void tl_sealed_done(struct tl_sealed *s)
{
	tl_buffer_done(&s->notes);
}

/* ---- What is said ---- */

/* "FILE: lines 3 to 9 (bytes 1200 to 4199)" of what came since the last seal. */
static void put_range(struct tl_sealed *s)
{
	const char *what = s->is_proto ? "event" : "line";
	uint64_t first = s->record - s->records;

	if (!s->records)
		tl_put_format(&s->notes, "%s: in front of %s %" PRIu64, s->file, what, s->record);
	else if (s->records == 1)
		tl_put_format(&s->notes, "%s: %s %" PRIu64, s->file, what, first);
	else
		tl_put_format(&s->notes, "%s: %ss %" PRIu64 " to %" PRIu64, s->file, what, first, s->record - 1);
	if (s->records)
		tl_put_format(&s->notes, " (bytes %" PRIu64 " to %" PRIu64 ")", s->byte - s->bytes, s->byte - 1);
}

static void put_time(struct tl_sealed *s, uint64_t ns)
{
	char time[TL_TIME_SIZE];

	tl_time_text(time, ns);
	tl_put(&s->notes, time, sizeof(time));
}

static void say_changed(struct tl_sealed *s, const struct tl_file_seal *seal)
{
	s->broken++;
	put_range(s);
	tl_put_format(&s->notes, ": not what seal %" PRIu64 " of ", seal->number);
	put_time(s, seal->time);
	if (s->bytes == seal->bytes)
		tl_put_format(&s->notes, " was made of: something was changed or moved\n");
	else if (s->bytes < seal->bytes)
		tl_put_format(&s->notes, " was made of: %" PRIu64 " bytes were taken out\n", seal->bytes - s->bytes);
	else
		tl_put_format(&s->notes, " was made of: %" PRIu64 " bytes were put in\n", s->bytes - seal->bytes);
}

static void say_broken(struct tl_sealed *s, const char *why)
{
	s->broken++;
	put_range(s);
	tl_put_format(&s->notes, ": %s\n", why);
}

/* ---- Does it follow? ---- */

static void check_first_of_all(struct tl_sealed *s, const struct tl_file_seal *seal)
{
	if (seal->number == 1 || s->partial)
		return;
	s->broken++;
	tl_put_format(&s->notes, "%s: begins with seal %" PRIu64 ": those before it are missing, with older files\n",
		      s->file, seal->number);
}

static void check_order(struct tl_sealed *s, const struct tl_file_seal *seal)
{
	const struct tl_file_seal *last = &s->last;

	if (!last->number) {
		check_first_of_all(s, seal);
		return;
	}
	if (seal->number == last->number + 1 && !strcmp(seal->previous, last->hash))
		return;
	s->broken++;
	tl_put_format(&s->notes, "%s: seal %" PRIu64 " at %s %" PRIu64 " does not follow seal %" PRIu64, s->file,
		      seal->number, s->is_proto ? "event" : "line", s->record, last->number);
	if (seal->number > last->number + 1)
		tl_put_format(&s->notes, ": what is sealed by %" PRIu64 " to %" PRIu64 " is missing\n",
			      last->number + 1, seal->number - 1);
	else if (seal->number == 1)
		tl_put_format(&s->notes, ": another chain begins, for nothing was there to go on from\n");
	else
		tl_put_format(&s->notes, ": it is of another chain, or stands at another place than it did\n");
}

/* What another process found behind the last seal. */
static void check_found(struct tl_sealed *s, const struct tl_file_seal *seal)
{
	if (strcmp(seal->kind, "resume") != 0 || !seal->bytes)
		return;
	if (s->has_seals && !strcmp(s->last.kind, "close")) {
		say_broken(s, "were not there when the daemon closed the file, and were when it opened it again");
		return;
	}
	put_range(s);
	tl_put_format(&s->notes,
		      s->has_seals ? ": written last by a daemon that was killed; sealed as the next one found them\n" :
				     ": there before the file was sealed for the first time\n");
}

static int take_seal(struct tl_sealed *s, const struct tl_file_seal *seal)
{
	int r = tl_file_seal_check(seal, &s->data);

	if (r < 0)
		return r;
	if (!r)
		say_changed(s, seal);
	check_order(s, seal);
	check_found(s, seal);
	s->found |= r && s->wanted && !strcmp(seal->hash, s->wanted);
	s->seals++;
	s->last = *seal;
	s->has_seals = true;
	tl_sha256_init(&s->data);
	s->records = s->bytes = 0;
	return 0;
}

int tl_sealed_record(struct tl_sealed *s, const void *data, size_t size)
{
	struct tl_file_seal seal;
	int r = tl_file_seal_read(data, size, s->is_proto, &seal);

	if (r >= 0)
		r = take_seal(s, &seal);
	if (r == -EMEDIUMTYPE)
		s->decoded = true;
	if (r == -EBADMSG || r == -EMEDIUMTYPE) {
		tl_sha256_update(&s->data, data, size);
		s->records++;
		s->bytes += size;
		r = 0;
	}
	s->record++;
	s->byte += size;
	return r;
}

/* ---- Files ---- */

/* The file that was read ends; is another one read? */
static void end_file(struct tl_sealed *s, bool is_last)
{
	if (!s->has_seals) {
		if (s->last.number) {
			s->broken++;
			tl_put_format(&s->notes, "%s: has no seal, though the file before it has\n", s->file);
		}
		return;
	}
	if (!s->records)
		return;
	if (!is_last || !strcmp(s->last.kind, "close")) {
		say_broken(s, "written behind the seal that closed the file");
		return;
	}
	put_range(s);
	tl_put_format(&s->notes, ": not sealed: written last, or by somebody else\n");
}

void tl_sealed_begin(struct tl_sealed *s, const char *name, bool is_proto)
{
	if (s->file)
		end_file(s, false);
	s->file = name;
	s->is_proto = is_proto;
	s->has_seals = false;
	s->records = s->bytes = s->byte = 0;
	s->record = 1;
	tl_sha256_init(&s->data);
}

bool tl_sealed_end(struct tl_sealed *s)
{
	if (s->file)
		end_file(s, true);
	if (s->decoded)
		tl_put_format(&s->notes,
			      "the seals are those of a file in another format: what they say cannot be seen "
			      "here, give that file\n");
	if (s->wanted && !s->found) {
		s->broken++;
		tl_put_format(&s->notes, "seal %s is not there: what was sealed by it is missing or was written anew\n",
			      s->wanted);
	}
	return !s->broken && !s->notes.failed;
}
