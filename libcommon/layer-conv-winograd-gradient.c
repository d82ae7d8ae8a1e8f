/* SPDX-License-Identifier: ISC */
/*
 * The gradient by the weights of 3x3 windows, by Winograd's tiles (layer-conv-winograd.h). The
 * sums of the elements that share a weight are products of matrices, [units][elements] .
 * [elements][channels], which go on from block of tiles to block.
 */
#include "carver.h"
#include "layer-conv-winograd.h"
#include "layer-conv.h"
#include "sgemm.h"
#include "size.h"

/* Of a block, or twice as many as the sums, which come once for each block. */
#define BLOCK_VALUES 524288

struct sums {
	const struct conv *conv;
	struct conv_grid grid;
	size_t tiles; /* of a block */
	size_t units; /* of a call */
	float *room;
	struct conv_elements values;	/* [tiles][in] */
	struct conv_elements gradients; /* [tiles][units] */
	float *at;			/* of each pair of points [units][row] */
	size_t row;
};

/* The parts of `work`, for as many units as a call may have, and the floats that they take. */
static size_t lay_out(struct sums *s, float *work)
{
	const struct conv_tile *t = s->grid.tile;
	struct carver c = {.base = work};
	size_t units = size_min(s->conv->out, CONV_UNITS), sums;

	s->values.row = conv_elements_row(s->conv->in);
	s->gradients.row = conv_elements_row(units);
	s->row = conv_whole(s->conv->in, CONV_TILE_LANES);
	if (size_mul(conv_tile_pairs(t) * units, s->row, &sums))
		return SIZE_MAX;
	s->tiles = conv_tiles_whole(size_max(2 * sums, BLOCK_VALUES) /
				    (t->elements * t->elements) /
				    (s->values.row + s->gradients.row));
	s->values.at = conv_elements_carve(&c, t, s->tiles, s->values.row);
	s->gradients.at = conv_elements_carve(&c, t, s->tiles, s->gradients.row);
	s->at = carve(&c, sums, sizeof *s->at);
	s->room = carve(&c, conv_tile_room(t, s->tiles), sizeof *s->room);
	return carved_floats(&c);
}

size_t conv_tiles_gradient_work(const struct conv *c)
{
	struct sums s = {.conv = c, .grid.tile = conv_tile_of(c)};

	return s.grid.tile != NULL ? lay_out(&s, NULL) : 0;
}

/* The products of `tiles` tiles to the sums, or added to them. */
static void multiply(const struct sums *s, size_t tiles, int add)
{
	const struct conv_tile *t = s->grid.tile;

	for (size_t i = 0; i < conv_tile_pairs(t); i++) {
		struct sgemm g = {.m = s->units,
			.n = s->conv->in,
			.k = tiles * conv_tile_copies(t, i),
			.a = s->gradients.at + s->gradients.matrix[i],
			.lda = s->gradients.row,
			.transpose_a = 1,
			.b = s->values.at + s->values.matrix[i],
			.ldb = s->values.row,
			.c = s->at + i * s->units * s->row,
			.ldc = s->row,
			.add = add};

		sgemm_run(&g);
	}
}

/* From the sums to the weights, [units][in][3][3]. */
static void put(const struct sums *s, float *grad)
{
	const struct conv *c = s->conv;
	size_t pair = s->units * s->row;

	for (size_t unit = 0; unit < s->units; unit++)
		for (size_t i = 0; i < c->in; i += CONV_TILE_LANES) {
			size_t channels = size_min(c->in - i, CONV_TILE_LANES);

			s->grid.tile->sums(s->at + unit * s->row + i, pair, channels,
				grad + (unit * c->in + i) * c->taps);
		}
}

void conv_tiles_gradient(
	const struct conv *c, const struct layer_pass *p, size_t from, size_t to, float *grad)
{
	struct sums s = {.conv = c, .grid.tile = conv_tile_of(c), .units = to - from};
	struct conv_planes in = {p->in, c->in * c->in_pixels, c->in};
	struct conv_planes out = {
		p->dout + from * c->out_pixels, c->out * c->out_pixels, s.units};
	size_t tiles, n;

	if (s.grid.tile == NULL) /* not called then */
		return;
	lay_out(&s, p->work);
	tiles = conv_grid_of(c, p->n, &s.grid);
	for (size_t at = 0; at < tiles; at += n) {
		n = size_min(s.tiles, tiles - at);
		conv_elements_lay_out(s.grid.tile, n, s.values.row, &s.values);
		conv_elements_lay_out(s.grid.tile, n, s.gradients.row, &s.gradients);
		conv_tiles_take(
			&s.grid, s.grid.tile->values, at, at + n, &in, s.room, &s.values);
		conv_tiles_take(&s.grid, s.grid.tile->gradients, at, at + n, &out, s.room,
			&s.gradients);
		multiply(&s, n, at > 0);
	}
	put(&s, grad);
}
