/* SPDX-License-Identifier: ISC */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_errno
#undef err_in

int err_set(struct err *e, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	return -1;
}

int err_errno(struct err *e, const char *format, ...)
{
	const char *reason = strerror(errno);
	va_list ap;
	size_t n;

	va_start(ap, format);
	vsnprintf(e->text, sizeof e->text, format, ap);
	va_end(ap);
	n = strlen(e->text);
	snprintf(e->text + n, sizeof e->text - n, ": %s", reason);
	return -1;
}

int err_in(struct err *e, const char *subject)
{
	char text[sizeof e->text];

	memcpy(text, e->text, sizeof text);
	snprintf(e->text, sizeof e->text, "\"%.300s\": %.700s", subject, text);
	return -1;
}
