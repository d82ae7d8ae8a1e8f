/* SPDX-License-Identifier: ISC */
/*
 * Between the files of the layer kind conv. A convolution is a product of the weights
 * [units of a group][inputs of a group * taps] and columns (columns.h), group by group and
 * panel by panel; on its way back the transposed weights' product with the gradients by the
 * output is what is added to the windows' values. Convolutions of 1x1 are products of the
 * planes as they lie. 3x3 windows go by tiles, forward and back, where that is cheaper
 * (layer-conv-winograd.h).
 */
#ifndef LAYER_CONV_H
#define LAYER_CONV_H

#include "columns.h"

/*
 * Units whose gradient is computed at a time, at most: columns are made anew for each such
 * part. Above CONV_MANY_UNITS there are two parts, for two workers.
 */
#define CONV_UNITS 256
#define CONV_MANY_UNITS 96
#define CONV_UNIT_STEP 16

struct conv {
	struct window window;
	size_t groups, taps;
	size_t in, out; /* channels of a group */
	size_t in_pixels, out_pixels;
	size_t items; /* that are made columns together, so that a small plane fills panels */
	int plain;    /* 1x1 on planes of some size: no columns */
	int turned;   /* the window's `in` is what comes out: the way back of another one */
};

/* A convolution of n items' planes. */
struct conv_job {
	const struct conv *conv;
	const float *weight, *panels; /* as they lie; packed for tiles */
	const float *bias;	      /* NULL where there is none */
	size_t n;
	const float *in;
	float *out, *work;
};

void conv_of(const struct layer *l, struct conv *c);

/* The way back. */
enum conv_back {
	CONV_BACK_PRODUCT, /* by the transposed weights, whose products are added up */
	CONV_BACK_MIRROR,  /* a convolution of the gradients by the outputs */
	CONV_BACK_TILES	   /* one that goes by tiles, mirrored or turned */
};

/* Which is cheapest. Sets *m to what goes by tiles, or to the convolution, of weights
 * [inputs][outputs of a group * taps], the taps in opposite order. */
enum conv_back conv_way_back(const struct conv *c, struct conv *m);

/* How many of the items that are left come next, at most `most`: about equal numbers. */
size_t conv_items(size_t left, size_t most);

/* to[columns][rows] = from[rows][columns], transposed, their rows so many values apart: for
 * matrices that no cache holds. */
void conv_transpose(const float *from, size_t rows, size_t columns, size_t from_row, float *to,
	size_t to_row);

/* Floats of work; SIZE_MAX where that is too large. */
size_t conv_forward_work(const struct conv *c);
size_t conv_back_work(const struct conv *c);
size_t conv_gradient_work(const struct conv *c);

void conv_forward(const struct layer *l, const struct layer_pass *p);
void conv_backward(const struct layer *l, const struct layer_pass *p);
void conv_gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[]);

/* Where it suits, the gradient by the weights of at most CONV_UNITS units of one group as dot
 * products, and by their biases unless that is NULL. */
int conv_suits_dots(const struct conv *c);
size_t conv_dots_work(const struct conv *c);
void conv_dots_gradient(const struct conv *c, const struct layer_pass *p, size_t from,
	size_t to, float *grad, float *bias);

/*
 * Where it suits, by Winograd's tiles from packed weights: how many values these take, and 0
 * where it does not suit. conv_tiles_pack packs those of some units and channels.
 */
struct conv_taps;

struct conv_range {
	size_t units[2], channels[2]; /* from, to */
};

size_t conv_tiles_packed(const struct conv *c);
size_t conv_tiles_work(const struct conv *c);
void conv_tiles_pack(const struct conv *c, const struct conv_taps *w,
	const struct conv_range *r, float *packed);
void conv_by_tiles(const struct conv_job *job);
/* The gradient by the weights of at most CONV_UNITS units. */
size_t conv_tiles_gradient_work(const struct conv *c);
void conv_tiles_gradient(
	const struct conv *c, const struct layer_pass *p, size_t from, size_t to, float *grad);

#endif
