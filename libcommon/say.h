/* SPDX-License-Identifier: ISC */
/* Text for people on stderr. */
#ifndef SAY_H
#define SAY_H

#include <stdarg.h>

/*
 * Writes the text without an end of line. Names and values in it come from files and the
 * command line: each byte that could break the line or drive a terminal, or is no UTF-8, is
 * shown as ?. The lines stay that show the place of a fault in a net (net_spec_blame).
 */
void say_text(const char *format, va_list ap) __attribute__((format(printf, 1, 0)));

#endif
