/* SPDX-License-Identifier: ISC */
/* Weighted sums over windows, plane by plane: what dw and avgpool share. */
#ifndef WINDOW_SUM_H
#define WINDOW_SUM_H

#include "window.h"

/* Parts of a worker's memory. */
struct window_work {
	float *spread; /* [planes][plane] and slack */
	float *run;    /* [run] and slack */
	float *padded; /* of window_pad, and slack */
};

/* Sets them, NULL where `work` is; returns the floats that they take. */
size_t window_work_at(
	const struct window *w, size_t planes, float *work, struct window_work *a);

/* run[i] = start + sum of weight[t] * spread[offset[t] + i], t in order; weight NULL: all 1. */
void window_sum(const struct window *w, const float *spread, const float *weight, float start,
	float *run);

/* The gradient by a spread plane of sums whose gradients are in `padded`. */
void window_sum_back(
	const struct window *w, const float *weight, const float *padded, float *spread);

/* dot[t] += sum of run[i] * spread[offset[t] + i]; zeros are behind
 * the run, and behind the plane. */
void window_dots(const struct window *w, const float *run, const float *spread, double dot[]);

#endif
