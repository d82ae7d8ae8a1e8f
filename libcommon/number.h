/* SPDX-License-Identifier: ISC */
/* Numbers as text, for metadata, JSON and nets. */
#ifndef NUMBER_H
#define NUMBER_H

#include <stddef.h>

#define NUMBER_TEXT 32

/* The shortest decimal that reads back as the same double (finite) into text, which is
 * returned. */
const char *number_text(double value, char text[NUMBER_TEXT]);

/* Reads a decimal with or without sign and exponent: where it ends, or NULL where there is
 * none, a blank before it, or one that a double takes for infinite or, though it is not, for 0.
 */
const char *number_read(const char *text, double *value);

/* Reads n whole numbers up to max with a separator between them, as in 28x28, and nothing
 * else: 0 or -1. */
int number_list(const char *text, char separator, size_t n, size_t max, size_t *value);

/* Reads A:B, of which either may be missing and then is 0 or `all`: 0 or -1. Says nothing of
 * their order. */
int number_range(const char *text, size_t all, size_t *from, size_t *to);

#endif
