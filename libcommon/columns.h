/* SPDX-License-Identifier: ISC */
/*
 * What windows see, as the columns of a matrix: the operand that makes a convolution a product.
 *
 * A column is an output place of an item, a row a channel and a tap (a value of the window), as
 * in a weight's row. Columns go through the items one after the other, so a panel of the
 * product may end in one item and begin the next. They are made a panel at a time, where they
 * are used (Chetlur et al. 2014), by copying WINDOW_SLACK floats at a time.
 */
#ifndef COLUMNS_H
#define COLUMNS_H

#include "window.h"

/* Output places of some items, and what they see in the items' spread planes. */
struct columns {
	size_t out[2]; /* a plane of places */
	size_t row;    /* source values from one row of places to the next */
	size_t plane;  /* source values of a channel */
	size_t item;   /* source values of an item */
	size_t taps;
	const uint32_t *offset; /* [taps]: from a window's begin */
};

/* Columns that are made or added at a time; each may be a run of its own. */
#define COLUMNS_MAX 384

/* At most 16 columns side by side that see values side by side. */
struct columns_run {
	uint32_t from, to;
};

/* Runs of columns [from, to), `to` counted from column `from`; returns how many. */
size_t columns_runs(const struct columns *c, size_t from, size_t to, struct columns_run run[]);

/*
 * Rows [channels * taps], `width` floats apart, of those columns, from the first source plane
 * on. Each row may be overwritten WINDOW_SLACK floats behind its end, where the next one
 * begins.
 */
void columns_fill(const struct columns *c, const struct columns_run run[], size_t runs,
	const float *source, size_t channels, float *to, size_t width);

/*
 * Adds rows to what the columns were made of, `n` columns in all, at most COLUMNS_MAX.
 * What several columns add to one value they add in their order, the last tap first, so that
 * columns may be added in any pieces from the first on. Up to WINDOW_SLACK floats behind a row
 * and behind what it is added to are read, and the latter written as they were.
 */
void columns_add(const struct columns *c, const struct columns_run run[], size_t runs, size_t n,
	const float *from, size_t width, size_t channels, float *source);

#endif
