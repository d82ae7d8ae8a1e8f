/* SPDX-License-Identifier: ISC */
#include "columns.h"

#include "vector.h"

#include <string.h>

size_t columns_runs(const struct columns *c, size_t from, size_t to, struct columns_run run[])
{
	size_t pixels = c->out[0] * c->out[1], n = 0, step;

	for (size_t at = from; at < to; at += step) {
		size_t place = at % pixels, x = place % c->out[1];

		step = c->out[1] - x < WINDOW_SLACK ? c->out[1] - x : WINDOW_SLACK;
		run[n].from = (uint32_t)(at / pixels * c->item + c->first +
					 place / c->out[1] * c->row + x);
		run[n++].to = (uint32_t)(at - from);
	}
	return n;
}

/* One row; a fixed number of runs is a loop without branches. */
static inline void copy_runs(
	const struct columns_run *run, size_t runs, const float *from, float *to)
{
	for (size_t i = 0; i < runs; i++)
		memcpy(to + run[i].to, from + run[i].from, WINDOW_SLACK * sizeof *to);
}

VECTOR_CLONES void columns_fill(const struct columns *c, const struct columns_run run[],
	size_t runs, const float *source, size_t channels, float *to, size_t width)
{
	for (size_t channel = 0; channel < channels; channel++, source += c->plane)
		for (size_t t = 0; t < c->taps; t++, to += width) {
			const float *from = source + c->offset[t];

			if (runs == 3)
				copy_runs(run, 3, from, to);
			else
				copy_runs(run, runs, from, to);
		}
}
