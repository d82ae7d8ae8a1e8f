/* SPDX-License-Identifier: ISC */
/*
 * One plane through a maxpool, both ways. Rows are computed by whole vectors of up to
 * VECTOR_LANES values, which may reach behind their end: what is written there is written again
 * by the next row, but for the last.
 */
#ifndef LAYER_MAXPOOL_ROWS_H
#define LAYER_MAXPOOL_ROWS_H

#include "window.h"

/* Where the windows' values lie: value t of window (y, x) at y * row + x * stride + offset[t].
 */
struct maxpool_source {
	size_t row, stride; /* a stride of 1 or 2 */
	const uint32_t *offset;
};

/*
 * The maxima out[out values], and with `kept` not NULL which value of its window each was.
 * Written are up to VECTOR_LANES values behind both; up to 2 VECTOR_LANES values are read
 * behind those of the last windows.
 */
void maxpool_forward(const struct window *w, const struct maxpool_source *s, const float *from,
	float *out, uint16_t *kept);

/*
 * The gradient by the plane, to[in values] and up to 2 VECTOR_LANES values behind it. Of the
 * planes dout and kept as much is read before and behind as maxpool_reach says.
 */
void maxpool_back(const struct window *w, const float *dout, const uint16_t *kept, float *to);
size_t maxpool_reach(const struct window *w);

#endif
