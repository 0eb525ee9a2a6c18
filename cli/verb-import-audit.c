// SPDX-License-Identifier: GPL-2.0-or-later
/* traceleft import-audit: rules of auditd as a policy. */
#include <string.h>

#include "audit.h"
#include "cli.h"
#include "input.h"
#include "problems.h"

#define FILE_MAX ((size_t)16 << 20)
#define CHUNK ((size_t)64 << 10)

static void problems_done(struct tl_problems *p)
{
	tl_problems_done(p);
}

static int read_all(FILE *file, struct tl_buffer *b)
{
	size_t n;

	do {
		if (tl_buffer_reserve(b, CHUNK) < 0)
			return -ENOMEM;
		n = fread(b->data + b->size, 1, CHUNK, file);
		b->size += n;
		if (b->size > FILE_MAX)
			return -EFBIG;
	} while (n);
	return ferror(file) ? -errno : 0;
}

/* Errors of the file are printed. */
static int import_file(struct tl_audit *audit, const char *path, struct tl_problems *problems, bool *ret_broken)
{
	_cleanup_(tl_buffer_done) struct tl_buffer text = { 0 };
	_cleanup_fclose_ FILE *file = tl_input_open(path);
	int r = file ? read_all(file, &text) : -errno;

	if (r < 0) {
		tl_input_complain(tl_input_name(path), r);
		*ret_broken = true;
		return 0;
	}
	return tl_audit_read(audit, tl_input_name(path), text.data, text.size, problems);
}

static int finish(struct tl_audit *audit, const struct tl_problems *problems, bool broken)
{
	_cleanup_(tl_buffer_done) struct tl_buffer b = { 0 };
	int status = broken || problems->n_errors ? TL_EXIT_FAILED : TL_EXIT_OK;

	if (!tl_audit_keeps(audit))
		return tl_print_error("no rule keeps events: that makes no policy");
	if (tl_audit_write(audit, &b) < 0)
		return tl_print_errno(-ENOMEM, "the policy");
	fwrite(b.data, 1, b.size, stdout);
	return tl_finish_stdout(status);
}

static int run(const struct tl_verb *verb, int argc, char **argv)
{
	_cleanup_(tl_audit_freep) struct tl_audit *audit = NULL;
	_cleanup_(problems_done) struct tl_problems problems = { 0 };
	bool broken = false;
	int id, r = 0;

	id = tl_option_next(verb, argc, argv);
	if (id != TL_OPTION_END)
		return id == TL_OPTION_HELP ? TL_EXIT_OK : TL_EXIT_USAGE;
	if (optind == argc)
		return tl_usage_error(verb, "a FILE is missing (- is standard input)");
	audit = tl_audit_new();
	if (!audit)
		r = -ENOMEM;
	for (int i = optind; i < argc && r >= 0; i++)
		r = import_file(audit, argv[i], &problems, &broken);
	tl_problems_print(&problems);
	if (r < 0)
		return tl_print_errno(r, "the rules");
	return finish(audit, &problems, broken);
}

const struct tl_verb tl_verb_import_audit = {
	.name = "import-audit",
	.arguments = "FILE...",
	.summary = "Make a policy of rules of auditd.",
	.details = "FILE is what auditctl -R or augenrules reads; - is standard input. The policy is written\n"
		   "to standard output. A line that cannot be translated is told with its place and the\n"
		   "reason, and the exit status is 1 then; the rest is translated. A warning tells where\n"
		   "a rule is not quite the same.\n\n"
		   "  traceleft import-audit /etc/audit/rules.d/*.rules > policy.yaml\n"
		   "  traceleft check policy.yaml\n",
	.run = run,
};
