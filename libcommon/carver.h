/* SPDX-License-Identifier: ISC */
/*
 * One piece of memory for many uses. The code that says what lies where runs twice: without
 * memory, to know how much it takes, and with it. So what is asked for and what is used cannot
 * differ.
 */
#ifndef CARVER_H
#define CARVER_H

#include <stddef.h>

#define CARVER_ALIGN 64 /* bytes: a line of the cache */

struct carver {
	void *base;  /* CARVER_ALIGN-aligned; NULL where only the total is wanted */
	size_t used; /* bytes */
	int overflow;
};

/* The next count * size bytes, on lines of their own. NULL while there is no memory, or where
 * the total does not fit a size_t: `overflow` is then set for good. */
void *carve(struct carver *c, size_t count, size_t size);

/* The same of rows * values floats, with `slack` more behind them. */
float *carve_floats(struct carver *c, size_t rows, size_t values, size_t slack);

/* The floats in all, or SIZE_MAX where they are too many. */
size_t carved_floats(const struct carver *c);

#endif
