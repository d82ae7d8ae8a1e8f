/* SPDX-License-Identifier: ISC */
/*
 * Windows that slide over planes: the geometry of conv, dw, maxpool and avgpool.
 *
 * A plane is padded and sorted by phase first: the values at rows and columns that leave the
 * same remainders by the strides lie together, as a plane of grid[0] x grid[1] values, all of
 * them one behind the other. What the windows of neighbours in a row of the output see at one
 * place of the window are then neighbours in memory for every stride, and no loop has to
 * ask where the picture ends: with o = window_offset(w, ky, kx), output (y, x) sees
 *
 *     spread[y * grid[1] + x + o]
 *
 * The grid is wider than the output, so y * grid[1] + x may also run on through the ends of its
 * rows ("the run", `run` values from the first to the last output): one loop for a plane.
 */
#ifndef WINDOW_H
#define WINDOW_H

#include "layer.h"

#define WINDOW_MAX_VALUES 1024
#define WINDOW_MAX_STRIDE 1024
/* Floats that loops may read and write behind a spread plane and behind a row of columns. */
#define WINDOW_SLACK 16
#define WINDOW_L1_VALUES 6144

/* Pairs are height, width. */
struct window {
	size_t in[2], out[2], kernel[2], stride[2];
	size_t before[2]; /* padding above and on the left */
	size_t grid[2];
	size_t plane; /* values of a spread plane: stride[0] * stride[1] * grid[0] * grid[1] */
	size_t run;
	uint32_t offset[WINDOW_MAX_VALUES]; /* by ky * kernel[1] + kx */
};

/*
 * What layers of a KxK kernel leave to this: sets l->stride, and l->out's height and width,
 * from the options s, p, same, valid and ceil. Strides are 1 if there is no s, a pool's as its
 * kernel.
 */
int window_setup(struct layer *l, int pool, struct err *e);

/* A whole number from low to 1024 behind an option, or `otherwise`. */
int window_option(const struct layer *l, const char *name, size_t otherwise, size_t low,
	size_t *value, struct err *e);

/* The geometry of a layer that window_setup took. */
void window_of(const struct layer *l, struct window *w);

/* Sets grid, plane, run and offset from the rest. */
void window_lay_out(struct window *w);

static inline size_t window_values(const struct window *w)
{
	return w->kernel[0] * w->kernel[1];
}

/* Pads planes [planes][in] with `fill` and sorts them: to[planes][plane], and writes up to
 * WINDOW_SLACK floats behind. */
void window_spread(
	const struct window *w, const float *plane, size_t planes, float fill, float *to);

/* The way back: what belongs to the padding is dropped, what no window sees is 0. Reads up to
 * WINDOW_SLACK floats behind the spread planes. */
void window_collect(const struct window *w, const float *from, size_t planes, float *plane);

/* How far a window reaches in a phase, from its first value to its last. */
static inline size_t window_reach(const struct window *w)
{
	return (w->kernel[0] - 1) / w->stride[0] * w->grid[1] +
	       (w->kernel[1] - 1) / w->stride[1];
}

/* A plane of outputs as what a phase's values read on the way back: the run, 0 between its
 * rows, with window_reach zeros before it and as many behind as fill a phase. */
void window_pad(const struct window *w, const float *out, float *padded);

/* A plane of outputs from a run. */
void window_from_run(const struct window *w, const float *run, float *out);

/* How many of a layer's planes it takes at a time: as stay in the L1 cache. */
size_t window_planes(const struct window *w, size_t all);

#endif
