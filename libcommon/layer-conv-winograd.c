/* SPDX-License-Identifier: ISC */
/*
 * Inference through 3x3 windows of stride 1 by Winograd's tiles, of 4x4 outputs or of 2x2
 * (layer-conv-winograd.h). Summed over the channels each element of the tiles is a product of
 * matrices, [tiles][channels] . [channels][units]. The weights' half is made and packed into
 * panels once; the values' half is made for a block of tiles that stays in the L2 cache.
 */
#include "layer-conv-winograd.h"

#include "layer-conv.h"
#include "sgemm.h"
#include "size.h"

#include <stdint.h>

/* What the transforms of an element cost, in multiplications, and what columns do. */
#define TRANSFORM 24
#define COLUMNS 16
/* In the L2 cache at a time: values, and products. */
#define BLOCK_VALUES 98304
#define PRODUCT_VALUES 65536
/* Of a block, whole tiles of a product: with fewer its weights come too often. */
#define LEAST_TILES 48
#define MOST_TILES 256
#define TILE_STEP 8
#define LINE (64 / sizeof(float))

/* Blocks of some items' tiles. */
struct sweep {
	const struct conv *conv;
	const struct layer *layer;
	const struct layer_pass *pass;
	const struct conv_tile *tile;
	size_t side[2];	     /* tiles of an item, down and across */
	size_t tiles, units; /* of a block */
	float *room;
	struct conv_elements values;   /* [tiles][in] */
	struct conv_elements products; /* [tiles][units] */
};

static size_t elements(const struct conv_tile *t)
{
	return t->seen * t->seen;
}

static void tiles_of(const struct conv *c, const struct conv_tile *t, size_t side[2])
{
	for (int i = 0; i < 2; i++)
		side[i] = (c->window.out[i] + t->out - 1) / t->out;
}

static size_t whole(size_t n, size_t step)
{
	return (n + step - 1) / step * step;
}

/* An item's cost by tiles, whose channels and units fill lanes, and by columns. */
static double tile_cost(const struct conv *c, const struct conv_tile *t)
{
	double in = (double)c->in, out = (double)whole(c->out, CONV_TILE_LANES);
	double transforms = TRANSFORM * ((double)whole(c->in, CONV_TILE_LANES) + out);
	size_t side[2];

	tiles_of(c, t, side);
	return (double)(side[0] * side[1] * elements(t)) * (in * out + transforms);
}

static double plain_cost(const struct conv *c)
{
	double in = (double)c->in, out = (double)c->out;

	return (double)c->out_pixels * (double)c->taps * (in * out + COLUMNS * in);
}

/* The tiles that suit, or NULL. */
static const struct conv_tile *choose(const struct conv *c)
{
	const struct window *w = &c->window;
	const struct conv_tile *best = NULL;
	double least = plain_cost(c);

	if (c->groups != 1 || w->kernel[0] != 3 || w->kernel[1] != 3 || w->stride[0] != 1 ||
		w->stride[1] != 1)
		return NULL;
	for (size_t i = 0; i < CONV_TILES; i++)
		if (tile_cost(c, &conv_tile[i]) < least) {
			best = &conv_tile[i];
			least = tile_cost(c, best);
		}
	return best;
}

/* An odd number of cache lines, so that the elements of a tile lie in different places of a
 * cache. */
static size_t element_step(size_t rows, size_t row)
{
	return (rows * row / LINE | 1) * LINE;
}

/* The parts of `work`, and the values that they take in all; SIZE_MAX where that is too large.
 */
static size_t lay_out(struct sweep *s, float *work)
{
	size_t width = sgemm_panel_width(), step = width, count = elements(s->tile);
	size_t in, units, values, products;

	in = whole(s->conv->in, LINE);
	s->tiles = size_max(BLOCK_VALUES / (count * in), LEAST_TILES);
	s->tiles = size_min(s->tiles / TILE_STEP * TILE_STEP, MOST_TILES);
	while (step % CONV_TILE_LANES != 0) /* whole panels that are whole vectors */
		step += width;
	units = size_max(PRODUCT_VALUES / (count * s->tiles * step), 1) * step;
	s->units = size_min(units, whole(s->conv->out, CONV_TILE_LANES));
	s->values = (struct conv_elements){NULL, element_step(s->tiles, in), in};
	s->products = (struct conv_elements){NULL, element_step(s->tiles, s->units), s->units};
	if (size_mul(s->tiles, in, &values) || size_mul(values, 2 * count, &values))
		return SIZE_MAX;
	values = count * s->values.step;
	products = count * s->products.step;
	if (work != NULL) {
		s->values.at = work;
		s->products.at = s->values.at + values;
		s->room = s->products.at + products;
	}
	return values + products + conv_tile_room(s->tile, s->tiles);
}

size_t conv_winograd_work(const struct conv *c)
{
	struct sweep s = {.conv = c, .tile = choose(c)};

	return s.tile != NULL ? lay_out(&s, NULL) : 0;
}

/* --- the weights --- */

size_t conv_winograd_packed(const struct conv *c)
{
	const struct conv_tile *t = choose(c);
	size_t values;

	if (t == NULL)
		return 0;
	values = sgemm_panel_values(c->out, c->in);
	return size_mul(values, elements(t), &values) ? SIZE_MAX : values;
}

/* Panels of one element: [panel][in][width]. */
void conv_winograd_pack(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	size_t width = sgemm_panel_width(), end, step;
	const struct conv_tile *t;
	struct conv c;

	conv_of(l, &c);
	t = choose(&c);
	step = sgemm_panel_values(c.out, c.in);
	end = to == c.out ? whole(to, width) : to; /* zeros behind the last unit */
	for (size_t first = from; first < end; first += TILE_STEP)
		for (size_t i = 0; i < c.in; i++)
			for (size_t u = first; u < size_min(first + TILE_STEP, end); u++) {
				static const float none[9];
				const float *w =
					u < to ? param + l->param[0].at + 9 * (u * c.in + i)
					       : none;

				t->weights(w,
					packed + l->packed_at[LAYER_FORWARD] +
						(u / width * c.in + i) * width + u % width,
					step);
			}
}

/* --- the sweep --- */

/* The strip that begins with a tile, up to tile `to`. */
static struct conv_strip strip_at(const struct sweep *s, size_t at, size_t to)
{
	size_t x = at % s->side[1], row = at / s->side[1];

	return (struct conv_strip){row / s->side[0], row % s->side[0] * s->tile->out,
		x * s->tile->out, size_min(s->side[1] - x, to - at)};
}

static void take_values(const struct sweep *s, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	struct conv_elements e = s->values;
	struct conv_strip strip;

	for (size_t at = from; at < to; at += strip.n, e.at += strip.n * e.row) {
		strip = strip_at(s, at, to);
		s->tile->values(&c->window, &strip,
			s->pass->in + strip.item * c->in * c->in_pixels, c->in, s->room, &e);
	}
}

static void put_outputs(
	const struct sweep *s, size_t from, size_t to, size_t unit, size_t units)
{
	const struct layer *l = s->layer;
	const struct conv *c = s->conv;
	const float *bias = l->params > 1 ? s->pass->param + l->param[1].at + unit : NULL;
	struct conv_elements e = s->products;
	struct conv_strip strip;

	for (size_t at = from; at < to; at += strip.n, e.at += strip.n * e.row) {
		strip = strip_at(s, at, to);
		s->tile->outputs(&c->window, &strip, &e, units, bias, s->room,
			s->pass->out + (strip.item * c->out + unit) * c->out_pixels);
	}
}

/* The products of `tiles` rows with units from `unit` on. */
static void multiply(const struct sweep *s, size_t tiles, size_t unit, size_t units)
{
	const struct conv *c = s->conv;
	const float *packed = layer_packed(s->layer, s->pass, LAYER_FORWARD);
	size_t count = elements(s->tile), step = sgemm_panel_values(c->out, c->in);
	size_t columns = size_min(
		whole(units, CONV_TILE_LANES), whole(c->out - unit, sgemm_panel_width()));

	for (size_t i = 0; i < count; i++) {
		struct sgemm g = {.m = tiles,
			.n = columns,
			.k = c->in,
			.a = s->values.at + i * s->values.step,
			.lda = s->values.row,
			.panels = packed + i * step + unit * c->in,
			.c = s->products.at + i * s->products.step,
			.ldc = s->products.row};

		sgemm_run(&g);
	}
}

static void run_block(const struct sweep *s, size_t from, size_t to)
{
	size_t units;

	take_values(s, from, to);
	for (size_t unit = 0; unit < s->conv->out; unit += units) {
		units = size_min(s->units, s->conv->out - unit);
		multiply(s, to - from, unit, units);
		put_outputs(s, from, to, unit, units);
	}
}

void conv_winograd(const struct conv *c, const struct layer *l, const struct layer_pass *p)
{
	struct sweep s = {.conv = c, .layer = l, .pass = p, .tile = choose(c)};
	size_t tiles, blocks, block;

	if (s.tile == NULL) /* not called then: nothing is packed */
		return;
	lay_out(&s, p->work);
	tiles_of(c, s.tile, s.side);
	tiles = p->n * s.side[0] * s.side[1];
	blocks = (tiles + s.tiles - 1) / s.tiles;
	block = whole((tiles + blocks - 1) / blocks, TILE_STEP); /* all about as long */
	for (size_t at = 0; at < tiles; at += block)
		run_block(&s, at, size_min(at + block, tiles));
}
