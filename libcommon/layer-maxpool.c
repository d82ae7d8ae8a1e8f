/* SPDX-License-Identifier: ISC */
/*
 * The largest value of each window, the first of equals; padding is below every value. A window
 * with a NaN gives NaN. nn.MaxPool2d.
 */
#include "layer.h"
#include "pool.h"
#include "vector.h"

#include <math.h>
#include <string.h>

extern const struct layer_kind layer_maxpool;

/* Behind the spread plane and the run of maxima, which value of its window each one was. */
static size_t places_at(const struct window *w)
{
	return w->plane + w->run + WINDOW_SLACK;
}

static int setup(struct layer *l, struct err *e)
{
	struct window w;

	if (pool_setup(l, e))
		return -1;
	window_of(l, &w);
	l->work = places_at(&w) + w.run;
	l->scratch = shape_values(&l->out) * sizeof(uint16_t); /* places in windows */
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

static void keep_places(const struct window *w, const float *places, uint16_t *kept)
{
	for (size_t y = 0; y < w->out[0]; y++)
		for (size_t x = 0; x < w->out[1]; x++)
			*kept++ = (uint16_t)places[y * w->grid[1] + x];
}

static uint16_t *kept_of(const struct layer *l, const struct layer_pass *p, size_t plane)
{
	size_t item = plane / l->in.channels, channel = plane % l->in.channels;

	return (uint16_t *)(void *)(p->scratch + item * l->scratch) +
	       channel * l->out.height * l->out.width;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	float *run, *places;
	struct window w;

	window_of(l, &w);
	run = p->work + w.plane + WINDOW_SLACK;
	places = p->work + places_at(&w);
	for (size_t i = 0; i < p->n * l->in.channels; i++) {
		window_spread(&w, p->in + i * w.in[0] * w.in[1], 1, -INFINITY, p->work);
		memcpy(run, p->work + w.offset[0], w.run * sizeof *run);
		if (p->training)
			memset(places, 0, w.run * sizeof *places);
		for (size_t t = 1; t < window_values(&w); t++)
			if (p->training)
				take_greater(
					p->work + w.offset[t], (float)t, w.run, run, places);
			else
				take_maximum(p->work + w.offset[t], w.run, run);
		window_from_run(&w, run, p->out + i * w.out[0] * w.out[1]);
		if (p->training)
			keep_places(&w, places, kept_of(l, p, i));
	}
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	struct window w;

	window_of(l, &w);
	for (size_t i = 0; i < p->n * l->in.channels; i++) {
		const float *dout = p->dout + i * w.out[0] * w.out[1];
		const uint16_t *kept = kept_of(l, p, i);

		memset(p->work, 0, w.plane * sizeof *p->work);
		for (size_t y = 0; y < w.out[0]; y++)
			for (size_t x = 0; x < w.out[1]; x++)
				p->work[w.offset[*kept++] + y * w.grid[1] + x] += *dout++;
		window_collect(&w, p->work, 1, p->din + i * w.in[0] * w.in[1]);
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
