/* SPDX-License-Identifier: ISC */
/*
 * Between the files of the layer kind conv. A convolution is a product of the weights
 * [units of a group][inputs of a group * taps] and columns (columns.h), group by group and
 * panel by panel; so is its way back, in which each phase of the input (window.h) is a
 * convolution of the gradients by the output with those taps that see the phase. Convolutions
 * of 1x1 are products of the planes as they lie.
 */
#ifndef LAYER_CONV_H
#define LAYER_CONV_H

#include "columns.h"

/* Units whose gradient is computed at a time, two panels of AVX-512's: columns are made anew
 * for each such part. */
#define CONV_UNITS 96

struct conv {
	struct window window;
	size_t groups, taps;
	size_t in, out; /* channels of a group */
	size_t in_pixels, out_pixels;
	size_t items; /* that are made columns together, so that a small plane fills panels */
	int plain;    /* 1x1 on planes of some size: no columns */
};

void conv_of(const struct layer *l, struct conv *c);

/* One phase of the way back. */
struct conv_phase {
	size_t first[2], count[2]; /* the input's rows and columns of this phase */
	size_t taps;
	size_t weights; /* where its weights begin in the packed form */
	struct columns columns;
	uint32_t offset[WINDOW_MAX_VALUES], tap[WINDOW_MAX_VALUES]; /* tap: in the window */
};

/* Phases are numbered as in window.h. `back` is the geometry of conv_back_window. */
void conv_phase_of(
	const struct conv *c, const struct window *back, size_t phase, struct conv_phase *p);
size_t conv_phases(const struct conv *c);

/* How the gradients by the output are padded on the way back: strides of 1, no offsets. */
void conv_back_window(const struct conv *c, struct window *back);

/* Floats of work for each pass; SIZE_MAX where that is too large. */
size_t conv_forward_work(const struct conv *c);
size_t conv_backward_work(const struct conv *c);
size_t conv_gradient_work(const struct conv *c);

void conv_forward(const struct layer *l, const struct layer_pass *p);
void conv_backward(const struct layer *l, const struct layer_pass *p);
void conv_gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[]);

#endif
