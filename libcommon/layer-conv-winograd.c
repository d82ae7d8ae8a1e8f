/* SPDX-License-Identifier: ISC */
/*
 * Inference through 3x3 windows of stride 1 by Winograd's F(2x2, 3x3) (Lavin and Gray 2016,
 * section 4.1): a tile of 2x2 outputs comes of the 4x4 values that it sees with 16
 * multiplications for each channel, in place of 36:
 *
 *     outputs = A^T [(G weights G^T) * (B^T values B)] A        (* element by element)
 *
 * Summed over the channels each of the 16 elements is a product of matrices, [units][channels]
 * . [channels][tiles]. The weights' half is made once, by pack; the values' half is made panel
 * by panel, as columns are, and a tile is a window of 4x4 with a stride of 2. Both halves are
 * sums of a few values, so outputs are about as exact as those of the plain sum.
 */
#include "layer-conv.h"

#include "sgemm.h"
#include "size.h"
#include "vector.h"

#define ELEMENTS (CONV_TILE * CONV_TILE)
/* With fewer the transforms take longer than the products save, and so do tiles that lie half
 * outside: 32 channels of 14x14 outputs took as long as columns, 64 of 7x7 a little longer. */
#define LEAST_CHANNELS 48
#define MOST_PERCENT 55 /* of the plain sum's multiplications */
/* In the L2 cache at a time: values of spread planes, of the elements, and of the products. */
#define SPREAD_VALUES 65536
#define PANEL_VALUES 131072
#define PRODUCT_VALUES 65536
#define MOST_TILES (4 * SGEMM_MAX_WIDTH)

/* Blocks of some items' tiles. */
struct sweep {
	const struct conv *conv;
	const struct layer_pass *pass;
	const struct window *window; /* a tile's */
	struct columns columns;
	size_t tiles, units; /* of a block */
	size_t panel_step, product_step;
	size_t first, items; /* of the pass */
	float *spread;	     /* planes: [items][in][plane] and slack */
	float *seen;	     /* what a panel's tiles see of a channel: [ELEMENTS][width] */
	float *panels;	     /* [ELEMENTS] of [in][tiles] and slack */
	float *product;	     /* [ELEMENTS] of [units][tiles] and slack */
};

/* Outputs of tiles side by side: `n` of the product's rows from `from` on; one or both rows of
 * them are in the planes. */
struct strip {
	size_t from, place, n, rows;
};

int conv_suits_winograd(const struct conv *c)
{
	const struct window *w = &c->window;
	size_t tiles = ((w->out[0] + 1) / 2) * ((w->out[1] + 1) / 2);

	return c->groups == 1 && w->kernel[0] == 3 && w->kernel[1] == 3 && w->stride[0] == 1 &&
	       w->stride[1] == 1 && c->in >= LEAST_CHANNELS && c->out >= LEAST_CHANNELS &&
	       tiles * ELEMENTS * 100 <= c->out_pixels * c->taps * MOST_PERCENT;
}

static void tile_window(const struct conv *c, struct window *tile)
{
	*tile = c->window;
	for (int i = 0; i < 2; i++) {
		tile->out[i] = (c->window.out[i] + 1) / 2;
		tile->kernel[i] = CONV_TILE;
		tile->stride[i] = 2;
	}
	window_lay_out(tile);
}

static size_t block_tiles(const struct conv *c)
{
	return conv_block(PANEL_VALUES, ELEMENTS * c->in, MOST_TILES);
}

static size_t block_units(const struct conv *c)
{
	size_t units = PRODUCT_VALUES / (ELEMENTS * block_tiles(c)) / 8 * 8;

	return size_min(size_max(units, 8), c->out);
}

/* Whose planes are spread at a time. */
static size_t block_items(const struct conv *c, const struct window *tile)
{
	return size_max(SPREAD_VALUES / (c->in * tile->plane), 1);
}

/* Values of one element's panels, and of one element's product. */
static size_t panel_step(const struct conv *c)
{
	return c->in * block_tiles(c) + WINDOW_SLACK;
}

static size_t product_step(const struct conv *c)
{
	return block_units(c) * block_tiles(c) + WINDOW_SLACK;
}

size_t conv_winograd_work(const struct conv *c)
{
	size_t spread, elements;
	struct window tile;

	if (!conv_suits_winograd(c))
		return 0;
	tile_window(c, &tile);
	if (size_mul(c->in, block_tiles(c), &elements) ||
		size_mul(elements, 2 * (size_t)ELEMENTS, &elements) ||
		size_mul(c->in, tile.plane, &spread) ||
		size_mul(spread, block_items(c, &tile), &spread))
		return SIZE_MAX;
	return spread + ELEMENTS * (panel_step(c) + product_step(c) + SGEMM_MAX_WIDTH) +
	       2 * (size_t)WINDOW_SLACK;
}

static void sweep_init(struct sweep *s, const struct conv *c, const struct layer_pass *p,
	const struct window *tile)
{
	*s = (struct sweep){.conv = c,
		.pass = p,
		.window = tile,
		.columns = {{tile->out[0], tile->out[1]}, tile->grid[1], tile->plane,
			c->in * tile->plane, ELEMENTS, tile->offset},
		.tiles = block_tiles(c),
		.units = block_units(c),
		.panel_step = panel_step(c),
		.product_step = product_step(c),
		.items = block_items(c, tile),
		.spread = p->work};
	s->seen = s->spread + s->items * c->in * tile->plane + WINDOW_SLACK;
	s->panels = s->seen + (size_t)ELEMENTS * SGEMM_MAX_WIDTH + WINDOW_SLACK;
	s->product = s->panels + ELEMENTS * s->panel_step;
}

/* --- the weights --- */

/* G w of three values */
static void transform_weights(const float *w, size_t step, float to[CONV_TILE])
{
	float ends = (w[0] + w[2 * step]) / 2, middle = w[step] / 2;

	to[0] = w[0];
	to[1] = ends + middle;
	to[2] = ends - middle;
	to[3] = w[2 * step];
}

void conv_winograd_pack(
	const struct layer *l, const float *param, float *packed, size_t from, size_t to)
{
	size_t in = l->param[0].shape[1], step = l->param[0].shape[0] * in;
	float *at = packed + l->packed_at[LAYER_FORWARD];
	float down[3][CONV_TILE], across[CONV_TILE];

	for (size_t i = from * in; i < to * in; i++) {
		const float *w = param + l->param[0].at + 9 * i;

		for (size_t x = 0; x < 3; x++)
			transform_weights(w + x, 3, down[x]);
		for (size_t y = 0; y < CONV_TILE; y++) {
			transform_weights(&down[0][y], CONV_TILE, across);
			for (size_t x = 0; x < CONV_TILE; x++)
				at[(y * CONV_TILE + x) * step + i] = across[x];
		}
	}
}

/* --- the values --- */

/* B^T v of four values */
static inline void transform_values(
	const vector_floats v[CONV_TILE], vector_floats to[CONV_TILE])
{
	to[0] = v[0] - v[2];
	to[1] = v[1] + v[2];
	to[2] = v[2] - v[1];
	to[3] = v[1] - v[3];
}

/* What `width` tiles see of a channel to the elements' panels, which are `step` apart. Up to
 * WINDOW_SLACK floats behind a row are written, too. */
VECTOR_CLONES static void put_values(const float *seen, size_t width, float *to, size_t step)
{
	vector_floats row[CONV_TILE], across[CONV_TILE][CONV_TILE], down[CONV_TILE];

	for (size_t i = 0; i < width; i += VECTOR_LANES) {
		for (size_t y = 0; y < CONV_TILE; y++) {
			for (size_t x = 0; x < CONV_TILE; x++)
				row[x] = *(const vector_stored *)(seen +
								  (y * CONV_TILE + x) * width +
								  i);
			transform_values(row, across[y]);
		}
		for (size_t x = 0; x < CONV_TILE; x++) {
			for (size_t y = 0; y < CONV_TILE; y++)
				row[y] = across[y][x];
			transform_values(row, down);
			for (size_t y = 0; y < CONV_TILE; y++)
				*(vector_stored *)(to + (y * CONV_TILE + x) * step + i) =
					down[y];
		}
	}
}

/* The panels of tiles [from, to). */
static void make_panels(const struct sweep *s, size_t from, size_t to)
{
	size_t width = sgemm_panel_width(), in = s->conv->in;
	struct columns_run run[SGEMM_MAX_WIDTH];

	for (size_t at = from; at < to; at += width) {
		size_t runs = columns_runs(&s->columns, at, size_min(at + width, to), run);

		for (size_t i = 0; i < in; i++) {
			columns_fill(&s->columns, run, runs, s->spread + i * s->window->plane,
				1, s->seen, width);
			put_values(s->seen, width, s->panels + (at - from) * in + i * width,
				s->panel_step);
		}
	}
}

/* --- the outputs --- */

/* A^T v of four values */
static inline void transform_products(const vector_floats v[CONV_TILE], vector_floats to[2])
{
	to[0] = v[0] + v[1] + v[2];
	to[1] = v[1] - v[2] - v[3];
}

/* Two rows of outputs of VECTOR_LANES tiles. */
static inline void make_outputs(
	const float *product, size_t step, float bias, float *upper, float *lower)
{
	vector_floats column[CONV_TILE], down[2][CONV_TILE], y[2], out[2];
	float *row[2] = {upper, lower};

	for (size_t x = 0; x < CONV_TILE; x++) {
		for (size_t i = 0; i < CONV_TILE; i++)
			column[i] =
				*(const vector_stored *)(product + (i * CONV_TILE + x) * step);
		transform_products(column, y);
		down[0][x] = y[0];
		down[1][x] = y[1];
	}
	for (size_t i = 0; i < 2; i++) {
		transform_products(down[i], out);
		out[0] += bias;
		out[1] += bias;
		vector_interleave(&out[0], &out[1], row[i]);
	}
}

/* n values, and none behind them. */
static inline void copy_row(const float *from, size_t n, float *to)
{
	size_t i = 0;

	for (; i + VECTOR_LANES <= n; i += VECTOR_LANES)
		*(vector_stored *)(to + i) = *(const vector_stored *)(from + i);
	for (; i < n; i++)
		to[i] = from[i];
}

/* The outputs of some units, whose first one's plane is `out`. */
VECTOR_CLONES static void put_outputs(const struct sweep *s, const struct strip strip[],
	size_t strips, size_t tiles, size_t units, const float *bias, float *out)
{
	float row[2][2 * (MOST_TILES + VECTOR_LANES)];
	size_t width = s->conv->window.out[1];

	for (size_t unit = 0; unit < units; unit++, out += s->conv->out_pixels) {
		const float *product = s->product + unit * s->tiles;

		for (size_t i = 0; i < tiles; i += VECTOR_LANES)
			make_outputs(product + i, s->product_step,
				bias != NULL ? bias[unit] : 0, row[0] + 2 * i, row[1] + 2 * i);
		for (size_t i = 0; i < strips; i++)
			for (size_t y = 0; y < strip[i].rows; y++)
				copy_row(row[y] + strip[i].from, strip[i].n,
					out + strip[i].place + y * width);
	}
}

/* Tiles [from, to) by rows and items. */
static size_t cut(const struct sweep *s, size_t from, size_t to, struct strip strip[])
{
	const size_t *out = s->conv->window.out, *tiles = s->window->out;
	size_t values = s->conv->out * s->conv->out_pixels, strips = 0, n;

	for (size_t at = from; at < to; at += n) {
		size_t item = s->first + at / (tiles[0] * tiles[1]);
		size_t y = at / tiles[1] % tiles[0] * 2, x = at % tiles[1] * 2;

		n = size_min(tiles[1] - at % tiles[1], to - at);
		strip[strips++] =
			(struct strip){2 * (at - from), item * values + y * out[1] + x,
				size_min(2 * n, out[1] - x), size_min(2, out[0] - y)};
	}
	return strips;
}

/* The products of units [from, from + units). */
static void multiply(
	const struct sweep *s, const float *packed, size_t from, size_t units, size_t tiles)
{
	const struct conv *c = s->conv;

	for (size_t i = 0; i < ELEMENTS; i++) {
		struct sgemm g = {.m = units,
			.n = conv_whole(tiles, s->tiles),
			.k = c->in,
			.a = packed + (i * c->out + from) * c->in,
			.lda = c->in,
			.panels = s->panels + i * s->panel_step,
			.c = s->product + i * s->product_step,
			.ldc = s->tiles};

		sgemm_run(&g);
	}
}

static void run_block(const struct sweep *s, const struct layer *l, size_t from, size_t to)
{
	const float *packed = layer_packed(l, s->pass, LAYER_FORWARD);
	const float *bias = l->params > 1 ? s->pass->param + l->param[1].at : NULL;
	size_t strips, units;
	struct strip strip[MOST_TILES];

	make_panels(s, from, to);
	strips = cut(s, from, to, strip);
	for (size_t unit = 0; unit < s->conv->out; unit += units) {
		units = size_min(s->units, s->conv->out - unit);
		multiply(s, packed, unit, units, to - from);
		put_outputs(s, strip, strips, to - from, units,
			bias != NULL ? bias + unit : NULL,
			s->pass->out + unit * s->conv->out_pixels);
	}
}

void conv_winograd(const struct conv *c, const struct layer *l, const struct layer_pass *p)
{
	struct window tile;
	struct sweep s;
	size_t tiles;

	tile_window(c, &tile);
	sweep_init(&s, c, p, &tile);
	for (; s.first < p->n; s.first += s.items) {
		s.items = size_min(s.items, p->n - s.first);
		tiles = s.items * tile.out[0] * tile.out[1];
		window_spread(&tile, p->in + s.first * c->in * c->in_pixels, s.items * c->in, 0,
			s.spread);
		for (size_t at = 0; at < tiles; at += s.tiles)
			run_block(&s, l, at, size_min(at + s.tiles, tiles));
	}
}
