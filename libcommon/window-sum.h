/* SPDX-License-Identifier: ISC */
/* Weighted sums over windows, plane by plane: what dw and avgpool share. */
#ifndef WINDOW_SUM_H
#define WINDOW_SUM_H

#include "window.h"

/* Floats of work that both functions and a spread plane need. */
size_t window_room(const struct window *w);

/* Places in a worker's memory of that size. */
struct window_work {
	float *spread; /* [plane] and slack */
	float *run;    /* [run] */
	float *padded; /* what window_sum_back reads: run and `spread` are not in it */
};
struct window_work window_work_at(const struct window *w, float *work);

/* run[i] = start + sum of weight[t] * spread[offset[t] + i], t in order; weight NULL: all 1. */
void window_sum(const struct window *w, const float *spread, const float *weight, float start,
	float *run);

/* The gradient by spread of sums whose gradients are `run`; run and spread are of `work`. */
void window_sum_back(
	const struct window *w, const float *weight, const struct window_work *work);

#endif
