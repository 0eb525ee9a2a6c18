// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft decode: a file of protobuf events as JSON lines. */
#include <inttypes.h>
#include <string.h>

#include "cli.h"
#include "encode-proto.h"
#include "frames.h"
#include "input.h"
#include "output.h"

static const struct tl_option options[] = {
	{ 'o', "output", "FILE", "write lines to FILE, not to standard output" },
	{ 0 },
};

struct input {
	const char *name;
	struct tl_frames frames;
	unsigned broken; /* places */
};

/* Whether the file begins like lines of JSON: each would be told as many events that are none. */
static bool is_json(const struct input *in)
{
	return !in->frames.at && in->frames.n >= 2 && memcmp(in->frames.data, "{\"", 2) == 0;
}

/* -EILSEQ: the rest is of no use. */
static int decode_event(struct input *in, const char *event, size_t size, struct tl_output *out)
{
	int r = tl_proto_to_json(&out->records.text, event, size);

	if (r == -EBADMSG && is_json(in))
		return -EILSEQ;
	if (r == -EBADMSG) {
		in->broken++;
		tl_print_error("%s: what stands at byte %" PRIu64 ", %zu bytes, is no event", in->name, in->frames.at,
			       size);
		return 0;
	}
	return r < 0 ? r : tl_output_end(out, true);
}

/* Errors of the file itself are printed; returns those of the output. */
static int decode(struct input *in, struct tl_output *out)
{
	struct tl_frames *frames = &in->frames;
	int r;

	while ((r = tl_frames_next(frames)) > 0) {
		r = decode_event(in, frames->data + frames->head, frames->n - frames->head, out);
		if (r == -EILSEQ && is_json(in))
			break;
		if (r < 0)
			return r;
	}
	if (!r || r == -ENOMEM)
		return r;
	in->broken++;
	if (is_json(in))
		tl_print_error("%s: these are lines of JSON, and no protobuf", in->name);
	else if (r == -ENODATA)
		tl_print_error("%s: ends within an event, at byte %" PRIu64 ": %zu bytes of it are there", in->name,
			       frames->at, frames->n);
	else if (r == -EILSEQ)
		tl_print_error("%s: no event begins at byte %" PRIu64 "; the rest cannot be read", in->name,
			       frames->at);
	else
		tl_input_complain(in->name, r);
	return 0;
}

static int decode_file(const char *path, struct tl_output *out, bool *ret_broken)
{
	_cleanup_fclose_ FILE *file = tl_input_open(path);
	struct input in = { .name = tl_input_name(path), .frames.file = file };
	int r;

	if (!file) {
		tl_input_complain(in.name, -errno);
		*ret_broken = true;
		return 0;
	}
	r = decode(&in, out);
	tl_frames_done(&in.frames);
	*ret_broken |= in.broken > 0;
	return r;
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	struct tl_output out = { .fd = -1 };
	const char *path = NULL;
	bool broken = false;
	int id, r = 0;

	while ((id = tl_option_next(verb, argc, argv)) != TL_OPTION_END) {
		if (id != 'o')
			return id == TL_OPTION_HELP ? TL_EXIT_OK : TL_EXIT_USAGE;
		path = optarg;
	}
	if (optind == argc)
		return tl_usage_error(verb, "a FILE is missing (- is standard input)");
	if (!path || strcmp(path, "-") == 0)
		tl_output_stdout(&out);
	else if ((r = tl_output_open(path, &out)) < 0)
		return tl_print_errno(r, "%s", path);
	for (int i = optind; i < argc && r >= 0; i++)
		r = decode_file(argv[i], &out, &broken);
	if (r >= 0)
		r = tl_output_done(&out);
	else
		tl_output_done(&out);
	tl_encode_done();
	/* Whoever reads has read enough: no failure. */
	if (r < 0 && r != -EPIPE)
		return tl_print_errno(r, "%s", out.name);
	return broken ? TL_EXIT_FAILED : TL_EXIT_OK;
}

const struct tl_verb tl_verb_decode = {
	.name = "decode",
	.arguments = "[OPTIONS] FILE...",
	.summary = "Show a file of protobuf events as JSON lines.",
	.options = options,
	.details = "FILE is what a file output with format: proto or trace -f proto has written, compressed\n"
		   "by gzip or not; - is standard input. What is broken is told with its place and left\n"
		   "out, the rest is shown; the exit status is 1 then.\n\n"
		   "  traceleft decode /var/log/traceleft/events.pb | jq -r .file.path\n",
	.run = run,
};
