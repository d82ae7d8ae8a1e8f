/* SPDX-License-Identifier: ISC */
#include "columns.h"

#include "vector.h"

#include <string.h>

size_t columns_runs(const struct columns *c, size_t from, size_t to, struct columns_run run[])
{
	size_t pixels = c->out[0] * c->out[1], n = 0, step;
	size_t x = from % c->out[1], y = from % pixels / c->out[1];
	const size_t next_item = c->item - (c->out[0] - 1) * c->row;
	size_t source = from / pixels * c->item + y * c->row + x;

	for (size_t at = from; at < to; at += step) {
		step = c->out[1] - x < WINDOW_SLACK ? c->out[1] - x : WINDOW_SLACK;
		run[n].from = (uint32_t)source;
		run[n++].to = (uint32_t)(at - from);
		x += step;
		source += step;
		if (x < c->out[1])
			continue;
		x = 0;
		y = y + 1 < c->out[0] ? y + 1 : 0;
		source += (y > 0 ? c->row : next_item) - c->out[1];
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

/* Vectors in memory, aligned like a float. */
typedef float eight __attribute__((vector_size(32), aligned(4)));
typedef float four __attribute__((vector_size(16), aligned(4)));

/* Exactly n values, in a few pieces: what overlaps a store that is on its way has to wait. */
static inline void add_run(const float *from, size_t n, float *to)
{
	size_t k = 0;

	for (; k + 8 <= n; k += 8)
		*(eight *)(to + k) += *(const eight *)(from + k);
	if (n & 4) {
		*(four *)(to + k) += *(const four *)(from + k);
		k += 4;
	}
	for (; k < n; k++)
		to[k] += from[k];
}

VECTOR_CLONES void columns_add(const struct columns *c, const struct columns_run run[],
	size_t runs, size_t n, const float *from, size_t width, size_t channels, float *source)
{
	size_t length[COLUMNS_MAX];

	for (size_t i = 0; i < runs; i++)
		length[i] = (i + 1 < runs ? run[i + 1].to : n) - run[i].to;
	for (; channels > 0; channels--, source += c->plane, from += c->taps * width)
		for (size_t t = c->taps; t-- > 0;)
			for (size_t i = 0; i < runs; i++)
				add_run(from + t * width + run[i].to, length[i],
					source + c->offset[t] + run[i].from);
}
