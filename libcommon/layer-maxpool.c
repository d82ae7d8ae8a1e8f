/* SPDX-License-Identifier: ISC */
/*
 * The largest value of each window, the first of equals; padding is below every value. A window
 * with a NaN gives NaN. nn.MaxPool2d.
 */
#include "layer.h"
#include "pool.h"
#include "size.h"
#include "vector.h"
#include "window-sum.h"

#include <math.h>
#include <string.h>

extern const struct layer_kind layer_maxpool;

/*
 * Which value of its window each maximum was is kept as the run has it, for the way back with
 * room around: a phase's values read it wherever they read the padded gradients.
 */
static size_t kept_values(const struct window *w, size_t channels)
{
	return window_reach(w) + channels * w->run + w->grid[0] * w->grid[1] + WINDOW_SLACK;
}

static uint16_t *kept_of(
	const struct layer *l, const struct layer_pass *p, const struct window *w, size_t plane)
{
	size_t item = plane / l->in.channels, channel = plane % l->in.channels;

	return (uint16_t *)(void *)(p->scratch + item * l->scratch) + window_reach(w) +
	       channel * w->run;
}

static int setup(struct layer *l, struct err *e)
{
	struct window w;

	if (pool_setup(l, e))
		return -1;
	window_of(l, &w);
	l->work = window_room(&w, window_planes(&w, l->in.channels));
	l->scratch = kept_values(&w, l->in.channels) * sizeof(uint16_t);
	return 0;
}

/* Of run[i] and from[i] the greater, and where it was seen; places are small whole numbers. */
VECTOR_CLONES static void take_greater(
	const float *from, float place, size_t n, float *restrict run, float *restrict places)
{
	for (size_t i = 0; i < n; i++) {
		float v = from[i], most = run[i], at = places[i];
		int greater = (v > most) | (v != v);

		run[i] = greater ? v : most;
		places[i] = greater ? place : at;
	}
}

VECTOR_CLONES static void take_maximum(const float *from, size_t n, float *restrict run)
{
	for (size_t i = 0; i < n; i++) {
		float v = from[i], most = run[i];
		int greater = (v > most) | (v != v);

		run[i] = greater ? v : most;
	}
}

VECTOR_CLONES static void keep(const float *places, size_t n, uint16_t *kept)
{
	for (size_t i = 0; i < n; i++)
		kept[i] = (uint16_t)places[i];
}

/* kept is NULL in inference. */
static void take_greatest(
	const struct window *w, const float *spread, float *run, float *places, uint16_t *kept)
{
	memcpy(run, spread + w->offset[0], w->run * sizeof *run);
	if (kept != NULL)
		memset(places, 0, w->run * sizeof *places);
	for (size_t t = 1; t < window_values(w); t++)
		if (kept != NULL)
			take_greater(spread + w->offset[t], (float)t, w->run, run, places);
		else
			take_maximum(spread + w->offset[t], w->run, run);
	if (kept != NULL)
		keep(places, w->run, kept);
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t planes = p->n * l->in.channels, n, most;
	struct window_work work;
	struct window w;

	window_of(l, &w);
	most = window_planes(&w, l->in.channels);
	work = window_work_at(&w, most, p->work);
	for (size_t i = 0; i < planes; i += n) {
		n = size_min(most, planes - i);
		window_spread(&w, p->in + i * w.in[0] * w.in[1], n, -INFINITY, work.spread);
		for (size_t k = i; k < i + n; k++) {
			take_greatest(&w, work.spread + (k - i) * w.plane, work.run,
				work.padded, p->training ? kept_of(l, p, &w, k) : NULL);
			window_from_run(&w, work.run, p->out + k * w.out[0] * w.out[1]);
		}
	}
}

/* The window's values of one phase, the last first, and how far back their outputs are. */
struct seen {
	size_t n;
	size_t back[WINDOW_MAX_VALUES];
	uint16_t place[WINDOW_MAX_VALUES];
};

static void seen_of(const struct window *w, size_t phase, struct seen *s)
{
	size_t values = w->grid[0] * w->grid[1];

	s->n = 0;
	for (size_t t = window_values(w); t-- > 0;) {
		size_t back = w->offset[t] - phase * values; /* above `values` if it is less */

		if (back < values) {
			s->back[s->n] = back;
			s->place[s->n++] = (uint16_t)t;
		}
	}
}

/* To n values of a phase the gradients of the windows that chose them for their value `place`.
 */
VECTOR_CLONES static void give(
	const float *dout, const uint16_t *places, uint16_t place, size_t n, float *restrict to)
{
	for (size_t i = 0; i < n; i++) {
		float gradient = dout[i];

		to[i] += places[i] == place ? gradient : 0;
	}
}

static void backward_plane(const struct window *w, const float *dout, const uint16_t *kept,
	float *padded, float *spread)
{
	size_t values = w->grid[0] * w->grid[1];
	struct seen seen;

	window_pad(w, dout, padded);
	memset(spread, 0, w->plane * sizeof *spread);
	for (size_t phase = 0; phase < w->stride[0] * w->stride[1]; phase++) {
		seen_of(w, phase, &seen);
		for (size_t k = 0; k < seen.n; k++)
			give(padded + window_reach(w) - seen.back[k], kept - seen.back[k],
				seen.place[k], values, spread + phase * values);
	}
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t planes = p->n * l->in.channels, n, most;
	struct window_work work;
	struct window w;

	window_of(l, &w);
	most = window_planes(&w, l->in.channels);
	work = window_work_at(&w, most, p->work);
	for (size_t i = 0; i < planes; i += n) {
		n = size_min(most, planes - i);
		for (size_t k = i; k < i + n; k++)
			backward_plane(&w, p->dout + k * w.out[0] * w.out[1],
				kept_of(l, p, &w, k), work.padded,
				work.spread + (k - i) * w.plane);
		window_collect(&w, work.spread, n, p->din + i * w.in[0] * w.in[1]);
	}
}

const struct layer_kind layer_maxpool = {
	.name = "maxpool",
	.kernel = 1,
	.options = "s p same valid ceil",
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
