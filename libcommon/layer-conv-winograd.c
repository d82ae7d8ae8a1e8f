/* SPDX-License-Identifier: ISC */
/*
 * Convolutions of 3x3 windows by Winograd's tiles (layer-conv-winograd.h). Summed over the
 * channels the elements of the tiles that share a weight are a product of matrices,
 * [elements][channels] . [channels][units]. The weights' half is made and packed into panels
 * when they change; the values' half is made for a block of tiles.
 */
#include "layer-conv-winograd.h"

#include "carver.h"
#include "layer-conv.h"
#include "sgemm.h"
#include "size.h"

#include <stdint.h>
#include <string.h>

/* In the L2 cache at a time: values, and products. */
#define BLOCK_VALUES 98304
#define PRODUCT_VALUES 65536
/* Of a block, rows of the usual product: with fewer its weights come too often. */
#define LEAST_ROWS 48

/* Blocks of some items' tiles. */
struct sweep {
	const struct conv *conv;
	const struct conv_job *job;
	struct conv_grid grid;
	size_t tiles, units; /* of a block */
	float *room;
	struct conv_elements values;   /* [tiles][in] */
	struct conv_elements products; /* [tiles][units] */
};

/* --- matrices of elements --- */

static size_t odd_lines(size_t values)
{
	return (values / CONV_LINE | 1) * CONV_LINE;
}

size_t conv_elements_row(size_t channels)
{
	return odd_lines(conv_whole(channels, CONV_LINE));
}

void conv_elements_lay_out(
	const struct conv_tile *t, size_t tiles, size_t row, struct conv_elements *e)
{
	size_t points = t->points, end[CONV_TILE_POINTS * CONV_TILE_POINTS], at = 0;

	e->row = row;
	for (size_t i = 0; i < conv_tile_pairs(t); i++) {
		e->matrix[i] = end[i] = at;
		at += odd_lines(tiles * conv_tile_copies(t, i) * row);
	}
	e->matrix[conv_tile_pairs(t)] = at;
	for (size_t i = 0; i < t->elements * t->elements; i++) {
		size_t *last =
			&end[t->point[i / t->elements] * points + t->point[i % t->elements]];

		e->element[i] = *last;
		*last += tiles * row;
	}
}

float *conv_elements_carve(
	struct carver *c, const struct conv_tile *t, size_t tiles, size_t row)
{
	size_t count = t->elements * t->elements;

	return carve_floats(c, tiles * count, row, count * 2 * CONV_LINE);
}

/* The parts of `work`, and the floats that they take. */
static size_t lay_out(struct sweep *s, float *work)
{
	const struct conv_tile *t = s->grid.tile;
	size_t width = sgemm_panel_width(), step = width, count = t->elements * t->elements;
	size_t in = conv_elements_row(s->conv->in), units;
	struct carver c = {.base = work};

	s->tiles = conv_tiles_whole(
		size_max(BLOCK_VALUES / (count * in), LEAST_ROWS * conv_tile_pairs(t) / count));
	while (step % CONV_TILE_LANES != 0) /* whole panels that are whole vectors */
		step += width;
	units = size_max(PRODUCT_VALUES / (count * s->tiles * step), 1) * step;
	s->units = size_min(units, conv_whole(s->conv->out, CONV_TILE_LANES));
	s->values.row = in;
	s->products.row = s->units;
	s->values.at = conv_elements_carve(&c, t, s->tiles, in);
	s->products.at = conv_elements_carve(&c, t, s->tiles, s->units);
	s->room = carve(&c, conv_tile_room(t, s->tiles), sizeof *s->room);
	return carved_floats(&c);
}

size_t conv_tiles_work(const struct conv *c)
{
	struct sweep s = {.conv = c, .grid.tile = conv_tile_of(c)};

	return s.grid.tile != NULL ? lay_out(&s, NULL) : 0;
}

/* --- the sweep --- */

/* The strip that begins with a tile, up to tile `to`. */
static struct conv_strip strip_at(const struct conv_grid *g, size_t at, size_t to)
{
	size_t x = at % g->side[1], row = at / g->side[1];

	return (struct conv_strip){row / g->side[0], row % g->side[0] * g->tile->out,
		x * g->tile->out, size_min(g->side[1] - x, to - at)};
}

size_t conv_grid_of(const struct conv *c, size_t items, struct conv_grid *g)
{
	g->window = &c->window;
	conv_tiles_of(c, g->tile, g->side);
	return items * g->side[0] * g->side[1];
}

void conv_tiles_take(const struct conv_grid *g, conv_tile_take *take, size_t from, size_t to,
	const struct conv_planes *p, float *room, const struct conv_elements *e)
{
	struct conv_strip strip;

	for (size_t at = from; at < to; at += strip.n) {
		strip = strip_at(g, at, to);
		take(g->window, &strip, p->at + strip.item * p->item, p->channels, room, e,
			at - from);
	}
}

static void put(const struct sweep *s, size_t from, size_t to, size_t unit, size_t units)
{
	const struct conv *c = s->conv;
	const struct conv_tile *t = s->grid.tile;
	conv_tile_put *how = c->turned ? t->back : t->outputs;
	const float *bias = s->job->bias != NULL ? s->job->bias + unit : NULL;
	struct conv_strip strip;

	for (size_t at = from; at < to; at += strip.n) {
		strip = strip_at(&s->grid, at, to);
		how(&c->window, &strip, &s->products, at - from, units, bias, s->room,
			s->job->out + (strip.item * c->out + unit) * c->out_pixels);
	}
}

/* The products of `tiles` tiles with units from `unit` on. */
static void multiply(const struct sweep *s, size_t tiles, size_t unit, size_t units)
{
	const struct conv *c = s->conv;
	const struct conv_tile *t = s->grid.tile;
	size_t step = conv_tile_panels(c);
	size_t columns = size_min(conv_whole(units, CONV_TILE_LANES),
		conv_whole(c->out - unit, sgemm_panel_width()));

	for (size_t i = 0; i < conv_tile_pairs(t); i++) {
		const float *panels = s->job->panels + i * step + unit * c->in;
		struct sgemm g = {.m = tiles * conv_tile_copies(t, i),
			.n = columns,
			.k = c->in,
			.a = s->values.at + s->values.matrix[i],
			.lda = s->values.row,
			.panels = panels,
			.next = i + 1 < conv_tile_pairs(t) ? panels + step : NULL,
			.c = s->products.at + s->products.matrix[i],
			.ldc = s->products.row};

		sgemm_run(&g);
	}
}

static void run_block(struct sweep *s, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	const struct conv_tile *t = s->grid.tile;
	struct conv_planes in = {s->job->in, c->in * c->in_pixels, c->in};
	size_t units;

	conv_elements_lay_out(t, to - from, s->values.row, &s->values);
	conv_elements_lay_out(t, to - from, s->products.row, &s->products);
	conv_tiles_take(&s->grid, c->turned ? t->gradients : t->values, from, to, &in, s->room,
		&s->values);
	for (size_t unit = 0; unit < c->out; unit += units) {
		units = size_min(s->units, c->out - unit);
		multiply(s, to - from, unit, units);
		put(s, from, to, unit, units);
	}
}

void conv_by_tiles(const struct conv_job *job)
{
	const struct conv *c = job->conv;
	struct sweep s = {.conv = c, .job = job, .grid.tile = conv_tile_of(c)};
	size_t tiles, blocks, block;

	if (s.grid.tile == NULL) /* not called then: nothing is packed */
		return;
	lay_out(&s, job->work);
	tiles = conv_grid_of(c, job->n, &s.grid);
	blocks = (tiles + s.tiles - 1) / s.tiles;
	block = conv_tiles_whole((tiles + blocks - 1) / blocks); /* all about as long */
	if (c->turned)
		memset(job->out, 0, job->n * c->out * c->out_pixels * sizeof *job->out);
	for (size_t at = 0; at < tiles; at += block)
		run_block(&s, at, size_min(at + block, tiles));
}
