/* SPDX-License-Identifier: ISC */
/*
 * Between the sweeps of Winograd's convolutions (layer-conv-winograd.c, -gradient.c) and their
 * tiles (-tiles.c). A tile of out x out outputs comes of the seen x seen values
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
 *
 * Gradients are the same sums turned round, each transform by its transposed matrix:
 *
 *     by the weights   G^T [sum over tiles of (A gradients A^T) * (B^T values B)] G
 *     by the values    B [(G weights G^T) * (A gradients A^T)] B^T
 *
 * The errors of those by the weights, of five layers of 48 to 256 channels, were 1.2 to 1.7
 * times those of plain sums.
 */
#ifndef LAYER_CONV_WINOGRAD_H
#define LAYER_CONV_WINOGRAD_H

#include "window.h"

struct carver;

/* Channels, and units, go through the transforms side by side. */
#define CONV_TILE_LANES 16
#define CONV_LINE (64 / sizeof(float)) /* of the cache, in values */

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

/*
 * From an item's planes to the rows of tile `tile` and those behind it; and from such rows, of
 * `channels` values, to planes. Both use conv_tile_room values of `room`.
 */
typedef void conv_tile_take(const struct window *w, const struct conv_strip *s,
	const float *planes, size_t channels, float *room, const struct conv_elements *to,
	size_t tile);
typedef void conv_tile_put(const struct window *w, const struct conv_strip *s,
	const struct conv_elements *from, size_t tile, size_t channels, const float *bias,
	float *room, float *planes);

struct conv_tile {
	size_t stride, out;
	size_t elements, points;
	uint8_t point[CONV_TILE_ELEMENTS]; /* of each element */
	/* Of each pair of points CONV_TILE_VALUES, [channels][CONV_TILE_LANES]; 0 of units that
	 * are not there. */
	void (*weights)(const struct conv_taps *w, size_t channels, size_t units, float to[]);
	conv_tile_take *values;	   /* what the strip's tiles see */
	conv_tile_put *outputs;	   /* what they make, with biases, unless these are NULL */
	conv_tile_take *gradients; /* by what they make */
	/* Gradients by the weights of one unit and some channels, up to CONV_TILE_LANES,
	 * [channel][3][3], from those by the weights at each pair of points, `step` values
	 * apart. */
	void (*sums)(float *from, size_t step, size_t channels, float *to);
	/* Adds the gradients by what they see; bias is not read. NULL for stride 1, which has a
	 * mirrored convolution for that. */
	conv_tile_put *back;
};

extern const struct conv_tile conv_tile[CONV_TILES];
struct conv;

/* The tiles that suit, or NULL; and how many of them an item has, down and across. */
const struct conv_tile *conv_tile_of(const struct conv *c);
void conv_tiles_of(const struct conv *c, const struct conv_tile *t, size_t side[2]);

/* From the panels of one pair of points to those of the next one; SIZE_MAX where that is too
 * large. */
size_t conv_tile_panels(const struct conv *c);

static inline size_t conv_tile_pairs(const struct conv_tile *t)
{
	return t->points * t->points;
}

/* How many of the elements have the pair of points. */
size_t conv_tile_copies(const struct conv_tile *t, size_t pair);

/* Tiles of a block: whole vectors of a product's rows. */
#define CONV_TILE_STEP 8
#define CONV_TILE_MOST 256

/* The length of a row of so many channels: rows lie in different places of a cache. */
size_t conv_elements_row(size_t channels);

/* The most that rows of `tiles` tiles take. */
float *conv_elements_carve(
	struct carver *c, const struct conv_tile *t, size_t tiles, size_t row);

/* Sets all but `at`. Matrices begin in different places of a cache. */
void conv_elements_lay_out(
	const struct conv_tile *t, size_t tiles, size_t row, struct conv_elements *e);

/* n, filled up to a multiple of step. */
static inline size_t conv_whole(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

static inline size_t conv_tiles_whole(size_t tiles)
{
	size_t whole = conv_whole(tiles > 1 ? tiles : 1, CONV_TILE_STEP);

	return whole < CONV_TILE_MOST ? whole : CONV_TILE_MOST;
}

/* The tiles of some items, in order. */
struct conv_grid {
	const struct conv_tile *tile;
	const struct window *window;
	size_t side[2]; /* of an item, down and across */
};

/* Sets the rest of *g, whose tile is set; how many there are. */
size_t conv_grid_of(const struct conv *c, size_t items, struct conv_grid *g);

/* The planes of `channels` channels, so many values from one item's to the next one's. */
struct conv_planes {
	const float *at;
	size_t item, channels;
};

/* Rows of tiles [from, to). */
void conv_tiles_take(const struct conv_grid *g, conv_tile_take *take, size_t from, size_t to,
	const struct conv_planes *p, float *room, const struct conv_elements *e);

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
