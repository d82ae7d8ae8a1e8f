/* SPDX-License-Identifier: ISC */
/*
 * The gradient of a convolution by its weights, transposed: columns [inputs * taps][places]
 * times the gradients by the output [places][units], places of all items in order. Columns are
 * rows of the left operand here, so they are copied as on the way forward. Windows of 3x3 go by
 * tiles, and few channels by dot products, where these suit.
 */
#include "layer-conv.h"

#include "carver.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

/* A block's places, and values of its columns: they stay in the L2 cache. */
#define MOST_PLACES 512
#define BLOCK_VALUES 65536
/* Four vectors of AVX-512's. */
#define WIDE_UNITS 64

/* How the work on some units is cut; sums go on from piece to piece, so it does not show. */
struct plan {
	size_t items;	 /* whose places are taken together */
	size_t channels; /* of a group's inputs, whose columns are made at a time */
	size_t block;	 /* places of a block */
};

static struct plan plan_of(const struct conv *c)
{
	struct plan p;
	size_t places, blocks;

	p.items = MOST_PLACES / c->out_pixels > 1 ? MOST_PLACES / c->out_pixels : 1;
	places = p.items * c->out_pixels;
	blocks = (places - 1) / MOST_PLACES + 1;
	p.block = ((places - 1) / blocks / WINDOW_SLACK + 1) * WINDOW_SLACK;
	p.channels = BLOCK_VALUES / (p.block * c->taps);
	p.channels = p.channels > 1 ? p.channels : 1;
	p.channels = p.channels < c->in ? p.channels : c->in;
	return p;
}

/* Where things lie in a worker's memory. */
struct places {
	/* Not for 1x1 windows: */
	float *source;	/* spread planes: [items][channels] and slack */
	float *columns; /* [channels * taps][block] and slack */
	float *outputs; /* the gradients by the items' outputs: of each strip [places][units] */
	float *sum;	/* [depth][units] */
};

/* Returns the floats in all. */
static size_t lay_out(const struct conv *c, float *work, struct places *p)
{
	struct plan plan = plan_of(c);
	struct carver all = {.base = work};

	p->sum = carve_floats(&all, c->in * c->taps, CONV_UNITS, 0);
	if (c->plain)
		return carved_floats(&all);
	p->source =
		carve_floats(&all, plan.items * plan.channels, c->window.plane, WINDOW_SLACK);
	p->columns = carve_floats(&all, plan.channels * c->taps, plan.block, WINDOW_SLACK);
	p->outputs = carve_floats(&all, CONV_UNITS, plan.items * c->out_pixels, 0);
	return carved_floats(&all);
}

enum way { BY_COLUMNS, BY_TILES, BY_DOTS };

static enum way way_of(const struct conv *c)
{
	if (conv_suits_dots(c))
		return BY_DOTS;
	return conv_tiles_packed(c) > 0 ? BY_TILES : BY_COLUMNS;
}

size_t conv_gradient_work(const struct conv *c)
{
	struct places p;

	switch (way_of(c)) {
	case BY_DOTS:
		return conv_dots_work(c);
	case BY_TILES:
		return conv_tiles_gradient_work(c);
	case BY_COLUMNS:
		break;
	}
	return lay_out(c, NULL, &p);
}

/* Some units of one group and some items, on their way to the sum. */
struct piece {
	const struct conv *conv;
	struct plan plan;
	struct places at;
	size_t group, from, to; /* units, counted from the layer's first */
	size_t items;
	const float *in, *dout; /* of the first item */
	int add;		/* to what is in the sum */
};

/* Units side by side in a product: as many as a wide tile has, or a panel. */
static size_t strip_units(const struct piece *b, size_t from)
{
	size_t units = b->to - b->from, most = sgemm_panel_width();

	return size_min(units % WIDE_UNITS == 0 ? WIDE_UNITS : most, units - from);
}

static float *strip_at(const struct piece *b, size_t from)
{
	return b->at.outputs + from * b->items * b->conv->out_pixels;
}

static void pack_outputs(const struct piece *b)
{
	const struct conv *c = b->conv;
	size_t pixels = c->out_pixels, outs = c->groups * c->out * pixels, n;

	for (size_t i = 0; i < b->to - b->from; i += n) {
		n = strip_units(b, i);
		for (size_t item = 0; item < b->items; item++)
			sgemm_transpose(b->dout + item * outs + (b->from + i) * pixels, pixels,
				n, pixels, strip_at(b, i) + item * pixels * n, n);
	}
}

static void spread_channels(const struct piece *b, size_t channel, size_t channels)
{
	const struct conv *c = b->conv;
	size_t ins = c->groups * c->in * c->in_pixels;

	for (size_t i = 0; i < b->items; i++)
		window_spread(&c->window,
			b->in + i * ins + (b->group * c->in + channel) * c->in_pixels, channels,
			0, b->at.source + i * channels * c->window.plane);
}

/* Columns of places [at, at + g->k) times the gradients there. */
static void multiply_strips(const struct piece *b, struct sgemm *g, size_t at)
{
	float *c = g->c;

	for (size_t i = 0; i < b->to - b->from; i += g->n) {
		g->n = g->ldb = strip_units(b, i);
		g->b = strip_at(b, i) + at * g->n;
		g->c = c + i;
		sgemm_run(g);
	}
	g->c = c;
}

/* Adds what some channels' columns give with all places of the items. */
static void add_channels(const struct piece *b, size_t channel, size_t channels)
{
	const struct conv *c = b->conv;
	const struct window *w = &c->window;
	size_t places = b->items * c->out_pixels, units = b->to - b->from;
	struct columns_run run[MOST_PLACES];
	struct columns all = {{w->out[0], w->out[1]}, w->grid[1], w->plane, channels * w->plane,
		c->taps, w->offset};
	struct sgemm g = {.m = channels * c->taps,
		.a = b->at.columns,
		.lda = b->plan.block,
		.c = b->at.sum + channel * c->taps * units,
		.ldc = units};

	spread_channels(b, channel, channels);
	for (size_t at = 0; at < places; at += g.k) {
		g.k = size_min(b->plan.block, places - at);
		columns_fill(&all, run, columns_runs(&all, at, at + g.k, run), b->at.source,
			channels, b->at.columns, b->plan.block);
		g.add = b->add || at > 0;
		multiply_strips(b, &g, at);
	}
}

static void add_items(const struct piece *b)
{
	const struct conv *c = b->conv;

	pack_outputs(b);
	for (size_t i = 0; i < c->in; i += b->plan.channels)
		add_channels(b, i, size_min(b->plan.channels, c->in - i));
}

static void sum_spread(struct piece *b, const struct layer_pass *p)
{
	const struct conv *c = b->conv;
	size_t ins = c->groups * c->in * c->in_pixels,
	       outs = c->groups * c->out * c->out_pixels;

	for (size_t i = 0; i < p->n; i += b->items) {
		b->items = conv_items(p->n - i, b->plan.items);
		b->in = p->in + i * ins;
		b->dout = p->dout + i * outs;
		b->add = i > 0;
		add_items(b);
	}
}

/* Of 1x1 windows: planes . gradients^T. */
static void sum_plain(const struct piece *b, const struct layer_pass *p)
{
	const struct conv *c = b->conv;
	struct sgemm g = {.m = c->in,
		.n = b->to - b->from,
		.k = c->in_pixels,
		.lda = c->in_pixels,
		.ldb = c->in_pixels,
		.transpose_b = 1,
		.c = b->at.sum,
		.ldc = b->to - b->from};

	for (size_t i = 0; i < p->n; i++) {
		g.a = p->in + (i * c->groups + b->group) * c->in * c->in_pixels;
		g.b = p->dout + (i * c->groups * c->out + b->from) * c->in_pixels;
		g.add = i > 0;
		sgemm_run(&g);
	}
}

static float bias_gradient(const struct conv *c, const struct layer_pass *p, size_t unit)
{
	size_t units = c->groups * c->out;
	double sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += vector_sum(p->dout + (i * units + unit) * c->out_pixels, c->out_pixels);
	return (float)sum;
}

/* The transposed sum, and from there to its place. */
static void sum_columns(struct piece *b, const struct layer_pass *p, float *to)
{
	const struct conv *c = b->conv;
	size_t depth = c->in * c->taps, units = b->to - b->from;

	lay_out(c, p->work, &b->at);
	b->plan = plan_of(c);
	if (c->plain)
		sum_plain(b, p);
	else
		sum_spread(b, p);
	conv_transpose(b->at.sum, depth, units, units, to, depth);
}

void conv_gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[])
{
	struct conv c;
	struct piece b = {.conv = &c};
	enum way way;

	conv_of(l, &c);
	way = way_of(&c);
	for (b.from = from; b.from < to; b.from = b.to) {
		size_t first = b.from - from;
		float *weight = grad[0] + first * c.in * c.taps;
		float *bias = l->params > 1 ? grad[1] + first : NULL;

		b.group = b.from / c.out;
		b.to = size_min((b.group + 1) * c.out, size_min(to, b.from + CONV_UNITS));
		if (way == BY_DOTS)
			conv_dots_gradient(&c, p, b.from, b.to, weight, bias);
		else if (way == BY_TILES)
			conv_tiles_gradient(&c, p, b.from, b.to, weight);
		else
			sum_columns(&b, p, weight);
		for (size_t i = b.from; way != BY_DOTS && bias != NULL && i < b.to; i++)
			bias[i - b.from] = bias_gradient(&c, p, i);
	}
}
