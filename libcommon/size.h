/* SPDX-License-Identifier: ISC */
/*
 * Sizes that cannot wrap, and memory that stays under the limit.
 *
 * Every size that comes from a file or an option goes through these before
 * anything is allocated: a few bytes of input can declare terabytes.
 */
#ifndef SIZE_H
#define SIZE_H

#include <stddef.h>
#include <stdint.h>

struct err;

/* Return 0, or -1 where the result does not fit a size_t (*result is then meaningless). */
int size_mul(size_t a, size_t b, size_t *result);
int size_add(size_t a, size_t b, size_t *result);

static inline size_t size_min(size_t a, size_t b)
{
	return a < b ? a : b;
}

static inline size_t size_max(size_t a, size_t b)
{
	return a > b ? a : b;
}

/*
 * The largest single allocation or declared total that is accepted, in bytes.
 * Default: 3/4 of the machine's memory. Set once, before the first thread.
 */
void size_set_limit(uint64_t bytes);
uint64_t size_limit(void);

/* Checks a declared total against the limit; returns 0 or -1 with `what` in the text. */
int size_check(uint64_t bytes, const char *what, struct err *e);

/*
 * count * size zeroed bytes, aligned to 64, freed with free(). NULL with the
 * text set on overflow, over the limit or out of memory. Never NULL for zero.
 */
void *size_alloc(size_t count, size_t size, const char *what, struct err *e);

/* Writes 17 B, 1.5 KiB, 12.3 MiB ... into text and returns it. */
#define SIZE_TEXT 32
const char *size_text(uint64_t bytes, char text[SIZE_TEXT]);

#endif
