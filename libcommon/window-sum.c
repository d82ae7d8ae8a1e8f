/* SPDX-License-Identifier: ISC */
#include "window-sum.h"

#include "vector.h"

#include <string.h>

/* Values of one phase, and how far a window reaches in it. */
static size_t phase_values(const struct window *w)
{
	return w->grid[0] * w->grid[1];
}

static size_t reach(const struct window *w)
{
	return (w->kernel[0] - 1) / w->stride[0] * w->grid[1] +
	       (w->kernel[1] - 1) / w->stride[1];
}

size_t window_room(const struct window *w)
{
	return w->plane + w->run + reach(w) + phase_values(w) + 2 * WINDOW_SLACK;
}

struct window_work window_work_at(const struct window *w, float *work)
{
	struct window_work a = {.spread = work};

	a.run = a.spread + w->plane + WINDOW_SLACK;
	a.padded = a.run + w->run;
	return a;
}

/* What some weights are multiplied with. */
struct terms {
	size_t n;
	const float *from[WINDOW_MAX_VALUES];
	float weight[WINDOW_MAX_VALUES];
};

/* Three terms in a pass over the sums, but each added by itself and in order. */
VECTOR_CLONES static void add_three(
	const float *const from[3], const float weight[3], size_t n, float *restrict sum)
{
	const float *a = from[0], *b = from[1], *c = from[2];
	float u = weight[0], v = weight[1], w = weight[2];

	for (size_t i = 0; i < n; i++)
		sum[i] = sum[i] + u * a[i] + v * b[i] + w * c[i];
}

VECTOR_CLONES static void add_one(
	const float *from, float weight, size_t n, float *restrict sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += weight * from[i];
}

static void add_terms(const struct terms *t, float start, size_t n, float *sum)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		sum[i] = start;
	for (; k + 3 <= t->n; k += 3)
		add_three(t->from + k, t->weight + k, n, sum);
	for (; k < t->n; k++)
		add_one(t->from[k], t->weight[k], n, sum);
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

/* The terms of a phase's values: what window value t saw there was output `at - offset`. */
static void gather_phase(const struct window *w, const float *weight, size_t phase,
	const float *first, struct terms *t)
{
	size_t values = phase_values(w);

	t->n = 0;
	for (size_t i = 0; i < window_values(w); i++) {
		if (w->offset[i] / values != phase)
			continue;
		t->from[t->n] = first - w->offset[i] % values;
		t->weight[t->n++] = weight != NULL ? weight[i] : 1;
	}
}

void window_sum_back(
	const struct window *w, const float *weight, const struct window_work *work)
{
	size_t values = phase_values(w), margin = reach(w);
	float *padded = work->padded;
	struct terms t;

	memset(padded, 0, margin * sizeof *padded);
	memcpy(padded + margin, work->run, w->run * sizeof *padded);
	memset(padded + margin + w->run, 0, (values - w->run) * sizeof *padded);
	for (size_t phase = 0; phase < w->stride[0] * w->stride[1]; phase++) {
		gather_phase(w, weight, phase, padded + margin, &t);
		add_terms(&t, 0, values, work->spread + phase * values);
	}
}
