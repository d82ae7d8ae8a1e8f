/* SPDX-License-Identifier: ISC */
/*
 * Between the sweep of Winograd's convolutions (layer-conv-winograd.c) and their tiles
 * (layer-conv-winograd-tiles.c). A tile of out x out outputs comes of the seen x seen values
 * that its windows see, seen = out + 2, with seen * seen multiplications for each channel:
 *
 *     outputs = A^T [(G weights G^T) * (B^T values B)] A        (* element by element)
 *
 * Along each side that is a product of polynomials, multiplied at some points (Lavin and Gray
 * 2016, section 4.1): for tiles of 2 at 0, 1, -1 and infinity; for tiles of 4 at 0, 5/8, -5/8,
 * 3/2, -3/2 and infinity. These are short binary numbers about as good as any (Barabasz et al.
 * 2018 have the why). In a model of these sums in float, of 64 and of 256 channels, the errors
 * of outputs, root mean squares over those of the plain sum (2.8e-7 and 5.8e-7 of the outputs),
 * were at most
 *
 *     tiles of 2                          0.7
 *     tiles of 4                          2.1
 *     tiles of 4 at 0, 1, -1, 2, -2       4.6: the textbook's
 */
#ifndef LAYER_CONV_WINOGRAD_H
#define LAYER_CONV_WINOGRAD_H

#include "window.h"

/* Channels, and units, go through the transforms side by side. */
#define CONV_TILE_LANES 16

/* n tiles side by side. */
struct conv_strip {
	size_t item, y, x; /* the first output */
	size_t n;
};

/* A matrix for each of the elements of tiles, `step` values apart, in rows `row` apart. */
struct conv_elements {
	float *at;
	size_t step, row;
};

struct conv_tile {
	size_t out, seen;
	/* One channel's weights for one unit, [3][3], to `step` values apart. */
	void (*weights)(const float *w, float *to, size_t step);
	/*
	 * What the strip's tiles see of an item's planes, to rows of `channels` values, one a
	 * tile. Uses conv_tile_room values of `room`.
	 */
	void (*values)(const struct window *w, const struct conv_strip *s, const float *planes,
		size_t channels, float *room, const struct conv_elements *to);
	/* The way out: rows of `units` values to planes of an item. bias may be NULL. */
	void (*outputs)(const struct window *w, const struct conv_strip *s,
		const struct conv_elements *from, size_t units, const float *bias, float *room,
		float *planes);
};

#define CONV_TILES 2
extern const struct conv_tile conv_tile[CONV_TILES];

/* What strips of at most n tiles need. */
static inline size_t conv_tile_room(const struct conv_tile *t, size_t n)
{
	return t->seen * (t->out * n + 2) * CONV_TILE_LANES;
}

#endif
