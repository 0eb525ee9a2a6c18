// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "curl-library.h"
#include "http-headers.h"
#include "util.h"

#define VALUE_MAX 16384

static int copy_text(char **to, const char *text)
{
	if (!text)
		return 0;
	*to = strdup(text);
	return *to ? 0 : -ENOMEM;
}

int tl_http_headers_copy(struct tl_http_headers *h, const struct tl_policy_header *header, size_t n)
{
	h->header = calloc(n + 1, sizeof(*h->header));
	if (!h->header)
		return -ENOMEM;
	for (; h->n < n; h->n++) {
		struct tl_policy_header *to = &h->header[h->n];

		if (copy_text(&to->name, header[h->n].name) < 0 || copy_text(&to->value, header[h->n].value) < 0 ||
		    copy_text(&to->file, header[h->n].file) < 0) {
			h->n++;
			return -ENOMEM;
		}
	}
	return 0;
}

void tl_http_headers_done(struct tl_http_headers *h)
{
	for (size_t i = 0; i < h->n; i++) {
		free(h->header[i].name);
		free(h->header[i].value);
		free(h->header[i].file);
	}
	free(h->header);
	*h = (struct tl_http_headers){ 0 };
}

/* The first line of a file. -EBADMSG: it is no value of a header. */
static int read_value(const char *path, char ret[VALUE_MAX])
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EBADMSG;
	n = read(fd, ret, VALUE_MAX - 1);
	if (n < 0)
		return -errno;
	if (n == VALUE_MAX - 1)
		return -EBADMSG;
	ret[n] = 0;
	ret[strcspn(ret, "\r\n")] = 0;
	if (!*ret)
		return -EBADMSG;
	for (const char *p = ret; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return -EBADMSG;
	return 0;
}

static int add(struct curl_slist **list, const char *name, const char *value)
{
	_cleanup_free_ char *line = NULL;
	struct curl_slist *longer;

	if (asprintf(&line, "%s: %s", name, value) < 0) {
		line = NULL;
		return -ENOMEM;
	}
	longer = tl_curl.slist_append(*list, line);
	if (!longer)
		return -ENOMEM;
	*list = longer;
	return 0;
}

static int add_header(struct tl_http_headers *h, const struct tl_policy_header *header, struct curl_slist **list)
{
	char value[VALUE_MAX];
	int r;

	if (header->value)
		return add(list, header->name, header->value);
	r = read_value(header->file, value);
	if (r >= 0)
		r = add(list, header->name, value);
	explicit_bzero(value, sizeof(value));
	if (r < 0)
		snprintf(h->why, sizeof(h->why), "cannot read the header %s from %s: %s", header->name, header->file,
			 r == -EBADMSG ? "its first line is no value" : strerror(-r));
	return r;
}

static void list_freep(struct curl_slist **list)
{
	tl_curl.slist_free_all(*list);
}

int tl_http_headers_list(struct tl_http_headers *h, const char *content_type, bool gzip, struct curl_slist **ret,
			 const char **ret_why)
{
	_cleanup_(list_freep) struct curl_slist *list = NULL;
	int r;

	*ret_why = "no memory";
	/* Without Expect: we have no time to be asked first. */
	if ((r = add(&list, "Content-Type", content_type)) < 0 || (r = add(&list, "Expect", "")) < 0 ||
	    (gzip && (r = add(&list, "Content-Encoding", "gzip")) < 0))
		return r;
	for (size_t i = 0; i < h->n; i++) {
		r = add_header(h, &h->header[i], &list);
		if (r < 0) {
			*ret_why = h->why[0] ? h->why : "no memory";
			return r;
		}
	}
	*ret = TAKE_PTR(list);
	return 0;
}
