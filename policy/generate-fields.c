/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an event consists of, for the manual. */
#include <string.h>

#include "entry-fields.h"
#include "fields.h"
#include "generate.h"

/* The words of traceleft.flags, see tl_encode_flags(). */
static const struct {
	const char *word, *text;
} flags[] = {
	{ "truncated", "A value was cut.\n"
		       "Of a path the beginning is missing, not the end: it is written as \\fB.../name\\fP then,\n"
		       "and nothing else that is no absolute path begins so." },
	{ "incomplete", "A value could not be read, or the call wrote over it; or it is not known which of several requests of "
			"io_uring with one name it was." },
	{ "escaped", "Bytes that are no harmless UTF\\-8 were written as \\fB\\exNN\\fP." },
	{ "claim", "A path is composed from the working directory and what was asked for: no kernel function\n"
		   "that knows the object could be hooked, or the call failed before there was one." },
	{ "deleted", "The object of a path has no name any more." },
	{ "detached", "A path ends at a mount that is in no tree, or in another one than the process sees." },
	{ "unknown_process", "Nothing but its id is known of the process." },
	{ "thread", "The event is about a thread, not about the whole process." },
	{ "io_uring", "The call was made by a request of io_uring, not by a system call of its own. Which thread\n"
		      "made it is not known where the kernel looks at the queue itself: then it is the first." },
	{ "args_truncated", "Arguments of the process are missing, or all of them are." },
	{ "executable_deleted", "The program file of the process has no name any more." },
};

/* What is known not to be seen; tests/evasion holds the rest. */
static const struct {
	const char *what, *text;
} limits[] = {
	{ "Arguments in memory",
	  "They are copied as the call returns. Another thread may have changed them since the kernel read them:\n"
	  "\\fBtraceleft.args\\fP is what the process claims. The objects, sockets and credentials of an event\n"
	  "are the kernel's own and no thread can change what they say." },
	{ "Descriptors that threads share",
	  "The file behind a descriptor that a call returns is looked up as the call returns, that behind one\n"
	  "that it is given as it begins if others share the table of descriptors, else as it returns.\n"
	  "A thread that puts another file there in that very moment, some hundred nanoseconds, is taken at its "
	  "word." },
	{ "Names in the domain name system",
	  "A message to or from port 53 is read from the first 512 bytes of what one call sends or receives, by UDP\n"
	  "or TCP. Of a stream that a call receives in pieces the first piece tells; what is encrypted tells nothing." },
	{ "Names without a descriptor",
	  "What a call names is told by functions of the kernel that are given the object, however the call itself\n"
	  "is attached. Where none can be hooked, the path is composed from its directory and the name:\n"
	  "symbolic links in it are not followed. It has the word \\fBclaim\\fP in \\fBtraceleft.flags\\fP." },
	{ "io_uring",
	  "A request is told as its system call, when it ends. Its numbers are copied from memory that the process\n"
	  "shares with the kernel: of one that was changed meanwhile only the object, found by descriptor, and the\n"
	  "names, which are the kernel\\(aqs own copies (of statx from 5.18 on), are sure.\n"
	  "What makes a descriptor of a place in the ring\\(aqs own table of files is told as \\fBdup\\fP(2) of that place.\n"
	  "A request whose success nobody is to be told of is told as it is taken,\n"
	  "with the outcome unknown and what it names composed, too. Kernels before 6.0 do not tell of requests that they refuse at once, nor which of\n"
	  "several with the same user data has ended." },
	{ "Arguments in memory",
	  "What an argument points to is read once, as the call returns, and so as the call has left it: the sets\n"
	  "of descriptors of select(2) are those that are ready. Of ioctl(2) it is shown where the request is one of\n"
	  "terminals, network devices, attributes of files and the like; otherwise the argument is a number." },
	{ "32-bit programs",
	  "What they do with sockets through \\fBsocketcall\\fP(2) is told as the event that it is: \\fBconnect\\fP,\n"
	  "\\fBsendto\\fP and so on, and by \\fBipc\\fP(2) as \\fBsemget\\fP, \\fBshmat\\fP and so on; a rule about\n"
	  "\\fBsocketcall\\fP or \\fBipc\\fP has what no rule wants by that name." },
	{ "x32", "Most kernels refuse its numbers before any function is called: such an attempt is seen\n"
		 "where events are attached by raw_tp, not by fexit or kprobe." },
};

static void put_text(FILE *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '-' || *text == '\\')
			fputc('\\', out);
		fputc(*text == '\\' ? 'e' : *text, out);
	}
}

void tl_generate_man_fields(FILE *out)
{
	const struct tl_entry_field *entry;
	const struct tl_field *field;
	size_t hint = 0;

	fputs(".SH FIELDS\n"
	      "An event as JSON has the fields of the Elastic Common Schema where that has one,\n"
	      "each object with its parts in it, and those below \\fBtraceleft\\fP.\n"
	      "What is not known is left out.\n"
	      "An output of format \\fBotlp\\fP has them as attributes of the same names, those of the host at the resource.\n"
	      "In the journal they are the fields named in brackets, and an argument is one of its own, see\n"
	      ".B JOURNAL FIELDS\n"
	      "in\n"
	      ".BR traceleftd (8).\n",
	      out);
	for (size_t i = 0; (field = tl_field_get(i)); i++) {
		fputs(".TP\n.BR ", out);
		put_text(out, field->name);
		fprintf(out, " \" (%s)\"\n", field->type);
		put_text(out, field->summary);
		fputs(".\n", out);
		entry = tl_entry_field_find(field->name, &hint);
		if (entry && entry->journal)
			fprintf(out, "[\\fB%s\\fP]\n", entry->journal);
	}
	fputs(".SS Words of traceleft.flags\n", out);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
		fprintf(out, ".TP\n.B %s\n%s\n", flags[i].word, flags[i].text);
}

void tl_generate_man_limits(FILE *out)
{
	fputs(".SH LIMITS\n", out);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		fprintf(out, ".TP\n.B %s\n%s\n", limits[i].what, limits[i].text);
}
