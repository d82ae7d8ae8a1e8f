/* SPDX-License-Identifier: ISC */
#include "window-sum.h"

#include "carver.h"
#include "vector.h"

#define ABREAST 4

/* What some weights are multiplied with. */
struct terms {
	size_t n;
	const float *from[WINDOW_MAX_VALUES];
	float weight[WINDOW_MAX_VALUES];
};

/* Of `vectors` vectors at i, 1 or a few: each waits for its last addition, but not for the
 * others'.
 */
static inline void add_at(const struct terms *t, float start, size_t i, int vectors, float *sum)
{
	vector_floats v[ABREAST];

	for (int j = 0; j < vectors; j++)
		v[j] = (vector_floats){0} + start;
	for (size_t k = 0; k < t->n; k++)
		for (int j = 0; j < vectors; j++)
			v[j] += t->weight[k] *
				*(const vector_stored *)(t->from[k] + i +
							 (size_t)j * VECTOR_LANES);
	for (int j = 0; j < vectors; j++)
		*(vector_stored *)(sum + i + (size_t)j * VECTOR_LANES) = v[j];
}

/* sum[i] = start + each term, in order. Up to WINDOW_SLACK floats behind are read and written.
 */
VECTOR_CLONES static void add_terms(const struct terms *t, float start, size_t n, float *sum)
{
	size_t i = 0;

	for (; i + ABREAST * VECTOR_LANES <= n; i += ABREAST * VECTOR_LANES)
		add_at(t, start, i, ABREAST, sum);
	for (; i < n; i += VECTOR_LANES)
		add_at(t, start, i, 1, sum);
}

void window_sum(const struct window *w, const float *spread, const float *weight, float start,
	float *run)
{
	struct terms t;

	t.n = window_values(w);
	for (size_t i = 0; i < t.n; i++) {
		t.from[i] = spread + w->offset[i];
		t.weight[i] = weight != NULL ? weight[i] : 1;
	}
	add_terms(&t, start, w->run, run);
}

/* The terms of a phase's values: what window value (y, x) saw there was output `at - offset`.
 */
static void gather_phase(const struct window *w, const float *weight, size_t y_phase,
	size_t x_phase, const float *first, struct terms *t)
{
	t->n = 0;
	for (size_t y = y_phase; y < w->kernel[0]; y += w->stride[0], first -= w->grid[1]) {
		const float *from = first;

		for (size_t x = x_phase; x < w->kernel[1]; x += w->stride[1]) {
			t->from[t->n] = from--;
			t->weight[t->n++] = weight != NULL ? weight[y * w->kernel[1] + x] : 1;
		}
	}
}

void window_sum_back(
	const struct window *w, const float *weight, const float *padded, float *spread)
{
	size_t values = w->grid[0] * w->grid[1];
	struct terms t;

	for (size_t y = 0; y < w->stride[0]; y++)
		for (size_t x = 0; x < w->stride[1]; x++, spread += values) {
			gather_phase(w, weight, y, x, padded + window_reach(w), &t);
			add_terms(&t, 0, values, spread);
		}
}

VECTOR_CLONES void window_dots(
	const struct window *w, const float *run, const float *spread, double dot[])
{
	for (size_t t = 0; t < window_values(w); t++) {
		vector_floats lane = {0};

		for (size_t i = 0; i < w->run; i += VECTOR_LANES)
			lane += *(const vector_stored *)(run + i) *
				*(const vector_stored *)(spread + w->offset[t] + i);
		for (int k = 0; k < VECTOR_LANES; k++)
			dot[t] += (double)lane[k];
	}
}

size_t window_work_at(const struct window *w, size_t planes, float *work, struct window_work *a)
{
	struct carver c = {.base = work};

	a->spread = carve_floats(&c, planes, w->plane, WINDOW_SLACK);
	a->run = carve_floats(&c, 1, w->run, WINDOW_SLACK);
	a->padded =
		carve_floats(&c, 1, window_reach(w) + w->grid[0] * w->grid[1], WINDOW_SLACK);
	return carved_floats(&c);
}
