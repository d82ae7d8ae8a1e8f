/* SPDX-License-Identifier: ISC */
/* Which of Winograd's tiles suit a convolution, and the weights for them. */
#include "layer-conv-winograd.h"

#include "layer-conv.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <stdint.h>
#include <string.h>

/* What the transforms of an element cost, in multiplications, and what columns do. */
#define TRANSFORM 24
#define COLUMNS 16
/* Packed weights, 16 MB, that no cache keeps until they are read. */
#define STREAM_VALUES ((size_t)4 << 20)

void conv_tiles_of(const struct conv *c, const struct conv_tile *t, size_t side[2])
{
	for (int i = 0; i < 2; i++)
		side[i] = (c->window.out[i] + t->out - 1) / t->out;
}

/* Of a side. */
static size_t copies_of(const struct conv_tile *t, size_t point)
{
	size_t copies = 0;

	for (size_t i = 0; i < t->elements; i++)
		copies += t->point[i] == point;
	return copies;
}

size_t conv_tile_copies(const struct conv_tile *t, size_t pair)
{
	return copies_of(t, pair / t->points) * copies_of(t, pair % t->points);
}

/* An item's cost by tiles, whose channels and units fill lanes, and by columns. */
static double tile_cost(const struct conv *c, const struct conv_tile *t)
{
	double in = (double)c->in, out = (double)conv_whole(c->out, CONV_TILE_LANES);
	double transforms = TRANSFORM * ((double)conv_whole(c->in, CONV_TILE_LANES) + out);
	size_t side[2];

	conv_tiles_of(c, t, side);
	return (double)(side[0] * side[1] * t->elements * t->elements) *
	       (in * out + transforms);
}

static double plain_cost(const struct conv *c)
{
	double in = (double)c->in, out = (double)c->out;

	return (double)(c->window.out[0] * c->window.out[1] * c->taps) *
	       (in * out + COLUMNS * in);
}

static int fits(const struct conv *c, const struct conv_tile *t)
{
	const struct window *w = &c->window;

	return c->groups == 1 && (!c->turned || t->back != NULL) && w->kernel[0] == 3 &&
	       w->kernel[1] == 3 && w->stride[0] == t->stride && w->stride[1] == t->stride;
}

const struct conv_tile *conv_tile_of(const struct conv *c)
{
	const struct conv_tile *best = NULL;
	double least = plain_cost(c);

	for (const struct conv_tile *t = conv_tile; t < conv_tile + CONV_TILES; t++)
		if (fits(c, t) && tile_cost(c, t) < least) {
			best = t;
			least = tile_cost(c, t);
		}
	return best;
}

/* --- the weights --- */

/* A line more than they take: those of all pairs are made side by side, and would else lie in
 * the same places of a cache. */
size_t conv_tile_panels(const struct conv *c)
{
	size_t values;

	return size_add(sgemm_panel_values(c->out, c->in), CONV_LINE, &values) ? SIZE_MAX
									       : values;
}

size_t conv_tiles_packed(const struct conv *c)
{
	const struct conv_tile *t = conv_tile_of(c);
	size_t values;

	if (t == NULL)
		return 0;
	return size_mul(conv_tile_panels(c), conv_tile_pairs(t), &values) ? SIZE_MAX : values;
}

/* Weights of some channels on their way to the panels. */
struct packing {
	const struct conv *conv;
	size_t pairs, step; /* of points; from the panels of one to the next one's */
	size_t width;	    /* of a panel */
	int stream;	    /* a vector is a line of the cache, and goes past it */
	const float *made;
	float *packed;
};

static int streams(const struct conv *c, const struct conv_range *r, const float *packed)
{
	return conv_tiles_packed(c) >= STREAM_VALUES &&
	       sgemm_panel_width() % CONV_TILE_LANES == 0 &&
	       r->units[0] % CONV_TILE_LANES == 0 && (uintptr_t)packed % VECTOR_LINE == 0;
}

/* Some rows of n <= CONV_TILE_LANES values. */
static void put_rows(
	const struct packing *p, const float *from, size_t rows, size_t n, float *to)
{
	if (p->stream && n == CONV_TILE_LANES) {
		vector_stream(from, rows, to, p->width);
		return;
	}
	for (size_t i = 0; i < rows; i++)
		if (n == CONV_TILE_LANES) /* a vector, which needs no call */
			memcpy(to + i * p->width, from + i * CONV_TILE_LANES,
				CONV_TILE_LANES * sizeof *to);
		else
			memcpy(to + i * p->width, from + i * CONV_TILE_LANES, n * sizeof *to);
}

/* Those of each pair of points to its panel. */
static void put_pairs(
	const struct packing *p, const float *from, size_t rows, size_t n, float *to)
{
	for (size_t k = 0; k < p->pairs; k++, to += p->step, from += CONV_TILE_VALUES)
		put_rows(p, from, rows, n, to);
}

/* To the panels that hold units [unit, end): one, or narrow ones. */
static void put_weights(
	const struct packing *p, size_t channel, size_t channels, size_t unit, size_t end)
{
	size_t width = p->width, n;

	for (const float *from = p->made; unit < end; unit += n, from += n) {
		n = size_min(width - unit % width, end - unit);
		put_pairs(p, from, channels, n,
			p->packed + (unit / width * p->conv->in + channel) * width +
				unit % width);
	}
}

/* Panels of each pair of points: [panel][in][width], with zeros behind the last unit. */
void conv_tiles_pack(const struct conv *c, const struct conv_taps *w,
	const struct conv_range *r, float *packed)
{
	const struct conv_tile *t = conv_tile_of(c);
	size_t n, last = r->units[1] == c->out ? conv_whole(c->out, sgemm_panel_width())
					       : r->units[1];
	float made[CONV_TILE_POINTS * CONV_TILE_POINTS * CONV_TILE_VALUES];
	struct packing p = {.conv = c,
		.pairs = conv_tile_pairs(t),
		.step = conv_tile_panels(c),
		.width = sgemm_panel_width(),
		.stream = streams(c, r, packed),
		.made = made,
		.packed = packed};

	for (size_t unit = r->units[0]; unit < last; unit += CONV_TILE_LANES) {
		size_t units = unit < c->out ? size_min(CONV_TILE_LANES, c->out - unit) : 0,
		       end = size_min(unit + CONV_TILE_LANES, last);

		for (size_t i = r->channels[0]; i < r->channels[1]; i += n) {
			struct conv_taps taps = *w;

			n = size_min(CONV_TILE_CHANNELS, r->channels[1] - i);
			taps.weight += unit * w->unit + i * w->channel;
			t->weights(&taps, n, units, made);
			put_weights(&p, i, n, unit, end);
		}
	}
	vector_stream_end();
}
