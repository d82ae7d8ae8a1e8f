/* SPDX-License-Identifier: ISC */
/*
 * Between the sweeps of Winograd's convolutions (layer-conv-winograd.c) and their tiles
 * (layer-conv-winograd-tiles.c). A tile of out x out outputs comes of the seen x seen values
 * that its windows see, with elements x elements multiplications for each channel and unit:
 *
 *     outputs = A^T [(G weights G^T) * (B^T values B)] A        (* element by element)
 *
 * Along each side that is a product of polynomials, multiplied at some points (Lavin and Gray
 * 2016, section 4.1): for tiles of 2 at 0, 1, -1 and infinity; for tiles of 4 at 0, 5/8, -5/8,
 * 3/2, -3/2 and infinity; with stride 2, at 0, 3/4, -3/4, 2 and infinity by the first and the
 * last weight of a row, and value by value by the second. There several elements have one
 * point, that is one weight. The points are short binary numbers about as good as any (Barabasz
 * et al. 2018 have the why). In a model of these sums in float, of 64 and of 256 channels, the
 * errors of outputs, root mean squares over those of the plain sum (2.8e-7 and 5.8e-7 of the
 * outputs), were at most
 *
 *     tiles of 2                          0.7
 *     tiles of 4                          2.1
 *     tiles of 4 at 0, 1, -1, 2, -2       4.6: the textbook's
 *     tiles of 4 and of 7, stride 2       1.2 and 1.1
 */
#ifndef LAYER_CONV_WINOGRAD_H
#define LAYER_CONV_WINOGRAD_H

#include "window.h"

/* Channels, and units, go through the transforms side by side. */
#define CONV_TILE_LANES 16

enum conv_tile_form {
	CONV_TILE_2,
	CONV_TILE_4,
	CONV_TILE_4_STRIDE_2,
	CONV_TILE_7_STRIDE_2,
	CONV_TILES
};

/* Along a side, at most. */
#define CONV_TILE_OUT 7
#define CONV_TILE_SEEN 15
#define CONV_TILE_ELEMENTS 16
#define CONV_TILE_POINTS 6

/* n tiles side by side. */
struct conv_strip {
	size_t item, y, x; /* the first output */
	size_t n;
};

/*
 * A matrix for each pair of points, one behind the other, their rows `row` values apart: first
 * a row of each tile of one element that has these points, then of the next one.
 */
struct conv_elements {
	float *at;
	size_t row;
	size_t matrix[CONV_TILE_POINTS * CONV_TILE_POINTS + 1];	 /* begin there; and the end */
	size_t element[CONV_TILE_ELEMENTS * CONV_TILE_ELEMENTS]; /* the first tile's row */
};

/* Channels whose weights are transformed together, at most; and values of a pair of points. */
#define CONV_TILE_CHANNELS 8
#define CONV_TILE_VALUES (CONV_TILE_CHANNELS * CONV_TILE_LANES)

/* Weights [3][3] of units and channels so far apart. */
struct conv_taps {
	const float *weight;
	size_t unit, channel;
	int mirrored; /* the taps are read from the last one */
};

struct conv_tile {
	size_t stride, out;
	size_t elements, points;
	uint8_t point[CONV_TILE_ELEMENTS]; /* of each element */
	/* Of each pair of points CONV_TILE_VALUES, [channels][CONV_TILE_LANES]; 0 of units that
	 * are not there. */
	void (*weights)(const struct conv_taps *w, size_t channels, size_t units, float to[]);
	/*
	 * What the strip's tiles see of an item's planes, to the rows of tile `tile` and those
	 * behind it. Uses conv_tile_room values of `room`.
	 */
	void (*values)(const struct window *w, const struct conv_strip *s, const float *planes,
		size_t channels, float *room, const struct conv_elements *to, size_t tile);
	/* The way out: rows of `units` values to planes of an item. bias may be NULL. */
	void (*outputs)(const struct window *w, const struct conv_strip *s,
		const struct conv_elements *from, size_t tile, size_t units, const float *bias,
		float *room, float *planes);
};

extern const struct conv_tile conv_tile[CONV_TILES];

struct conv;

/* The tiles that suit, or NULL; and how many of them an item has, down and across. */
const struct conv_tile *conv_tile_of(const struct conv *c);
void conv_tiles_of(const struct conv *c, const struct conv_tile *t, size_t side[2]);

/* How many elements of a side have the point. */
size_t conv_tile_copies(const struct conv_tile *t, size_t point);

/* Sets all but `at`. Matrices begin in different places of a cache. */
void conv_elements_lay_out(
	const struct conv_tile *t, size_t tiles, size_t row, struct conv_elements *e);

/* n, filled up to a multiple of step. */
static inline size_t conv_whole(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

/* What n tiles side by side see, along a row. */
static inline size_t conv_tile_seen(const struct conv_tile *t, size_t n)
{
	return (n * t->out - 1) * t->stride + 3;
}

/* What strips of at most n tiles need. */
static inline size_t conv_tile_room(const struct conv_tile *t, size_t n)
{
	return conv_tile_seen(t, 1) * conv_tile_seen(t, n) * CONV_TILE_LANES;
}

#endif
