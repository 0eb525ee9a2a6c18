// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include "report.h"
int tl_report_html(struct tl_report *r, struct tl_buffer *b, size_t max)
{
	(void)r; (void)b; (void)max;
	return -ENOSYS;
}
