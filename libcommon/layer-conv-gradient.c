/* SPDX-License-Identifier: ISC */
/*
 * The gradient of a convolution by its weights, transposed: columns [inputs * taps][places]
 * times the gradients by the output [places][units], places of all items in order. Columns are
 * rows of the left operand here, so they are copied as on the way forward.
 */
#include "layer-conv.h"

#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

/* Places in a block: columns that stay in the L2 cache. */
#define BLOCK_VALUES 65536
#define LEAST_PLACES 48
#define MOST_PLACES 192
/* Units at a time: the more, the less often columns are made. */
#define MOST_UNITS 96

static size_t block_places(const struct conv *c)
{
	size_t places = BLOCK_VALUES / (c->in * c->taps) / WINDOW_SLACK * WINDOW_SLACK;

	places = places < MOST_PLACES ? places : MOST_PLACES;
	return places > LEAST_PLACES ? places : LEAST_PLACES;
}

/* Where things lie in a worker's memory. */
struct places {
	float *source;	/* spread planes of c->items items */
	float *columns; /* [depth][block] and slack */
	float *panels;	/* of [block][units]: the gradients by the output */
	float *sum;	/* [depth][units] */
	size_t total;
};

static int lay_out(const struct conv *c, float *work, struct places *p)
{
	size_t block = block_places(c), depth = c->in * c->taps, source, columns, sum;
	size_t panels = sgemm_panel_values(MOST_UNITS, block);

	if (size_mul(c->items * c->groups * c->in, c->window.plane, &source) ||
		size_mul(depth, block, &columns) || size_mul(depth, MOST_UNITS, &sum))
		return -1;
	source = c->plain ? 0 : source + WINDOW_SLACK;
	columns = c->plain ? 0 : columns + WINDOW_SLACK;
	if (work != NULL) {
		p->source = work;
		p->columns = work + source;
		p->panels = p->columns + columns;
		p->sum = p->panels + panels;
	}
	return size_add(source, columns, &p->total) || size_add(p->total, panels, &p->total) ||
	       size_add(p->total, sum, &p->total);
}

size_t conv_gradient_work(const struct conv *c)
{
	struct places p;

	return lay_out(c, NULL, &p) ? SIZE_MAX : p.total;
}

/* Some units of one group. */
struct block {
	size_t group, from, to; /* units, counted from the layer's first */
};

/* n places of one item as rows of panels, `width` columns a row. */
VECTOR_CLONES static void pack_item(
	const float *dout, size_t pixels, size_t units, size_t n, size_t width, float *to)
{
	for (size_t i = 0; i < n; i++)
		for (size_t unit = 0; unit < units; unit++)
			to[i * width + unit] = dout[unit * pixels + i];
}

/* Places [at, at + n) of items from `dout` on as rows of panels: [panel][place][width]. */
static void pack_places(const struct conv *c, const struct block *b, const float *dout,
	size_t at, size_t n, float *panels)
{
	size_t width = sgemm_panel_width(), pixels = c->out_pixels, step;

	for (size_t i = 0; i < n; i += step) {
		size_t item = (at + i) / pixels, place = (at + i) % pixels;

		step = pixels - place < n - i ? pixels - place : n - i;
		for (size_t unit = b->from; unit < b->to; unit += width)
			pack_item(dout + (item * c->groups * c->out + unit) * pixels + place,
				pixels, b->to - unit < width ? b->to - unit : width, step,
				width, panels + (unit - b->from) * n + i * width);
	}
}

static void add_columns(const struct conv *c, const struct block *b, const struct places *p,
	const struct columns *all, const float *dout, size_t items, int *add)
{
	size_t block = block_places(c), columns = items * c->out_pixels, n;
	struct columns_run run[MOST_PLACES];
	struct sgemm g = {.m = c->in * c->taps,
		.n = b->to - b->from,
		.a = p->columns,
		.lda = block,
		.panels = p->panels,
		.c = p->sum,
		.ldc = b->to - b->from};

	for (size_t at = 0; at < columns; at += n) {
		size_t runs;

		n = columns - at < block ? columns - at : block;
		runs = columns_runs(all, at, at + n, run);
		columns_fill(all, run, runs, p->source + b->group * c->in * all->plane, c->in,
			p->columns, block);
		pack_places(c, b, dout, at, n, p->panels);
		g.k = n;
		g.add = *add;
		sgemm_run(&g);
		*add = 1;
	}
}

static void sum_spread(const struct conv *c, const struct block *b, const struct layer_pass *p,
	const struct places *at)
{
	const struct window *w = &c->window;
	size_t ins = c->groups * c->in * c->in_pixels,
	       outs = c->groups * c->out * c->out_pixels, items;
	struct columns all = {{w->out[0], w->out[1]}, w->grid[1], 0, w->plane,
		c->groups * c->in * w->plane, c->taps, w->offset};
	int add = 0;

	for (size_t i = 0; i < p->n; i += items) {
		items = p->n - i < c->items ? p->n - i : c->items;
		for (size_t k = 0; k < items; k++)
			for (size_t in = b->group * c->in; in < (b->group + 1) * c->in; in++)
				window_spread(w, p->in + (i + k) * ins + in * c->in_pixels, 0,
					at->source + k * all.item + in * w->plane);
		add_columns(c, b, at, &all, p->dout + i * outs, items, &add);
	}
}

/* Of 1x1 windows: planes . gradients^T. */
static void sum_plain(const struct conv *c, const struct block *b, const struct layer_pass *p,
	const struct places *at)
{
	struct sgemm g = {.m = c->in,
		.n = b->to - b->from,
		.k = c->in_pixels,
		.lda = c->in_pixels,
		.ldb = c->in_pixels,
		.transpose_b = 1,
		.c = at->sum,
		.ldc = b->to - b->from};

	for (size_t i = 0; i < p->n; i++) {
		g.a = p->in + (i * c->groups + b->group) * c->in * c->in_pixels;
		g.b = p->dout + (i * c->groups * c->out + b->from) * c->in_pixels;
		g.add = i > 0;
		sgemm_run(&g);
	}
}

static void transpose(const float *from, size_t rows, size_t columns, float *to)
{
	for (size_t k = 0; k < columns; k++)
		for (size_t i = 0; i < rows; i++)
			to[k * rows + i] = from[i * columns + k];
}

static float bias_gradient(const struct conv *c, const struct layer_pass *p, size_t unit)
{
	size_t units = c->groups * c->out;
	double sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += vector_sum(p->dout + (i * units + unit) * c->out_pixels, c->out_pixels);
	return (float)sum;
}

void conv_gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[])
{
	struct places at;
	struct block b;
	struct conv c;
	size_t depth;

	conv_of(l, &c);
	lay_out(&c, p->work, &at);
	depth = c.in * c.taps;
	for (b.from = from; b.from < to; b.from = b.to) {
		b.group = b.from / c.out;
		b.to = (b.group + 1) * c.out;
		b.to = b.to < to ? b.to : to;
		b.to = b.to < b.from + MOST_UNITS ? b.to : b.from + MOST_UNITS;
		if (c.plain)
			sum_plain(&c, &b, p, &at);
		else
			sum_spread(&c, &b, p, &at);
		transpose(at.sum, depth, b.to - b.from, grad[0] + (b.from - from) * depth);
	}
	for (size_t unit = from; l->params > 1 && unit < to; unit++)
		grad[1][unit - from] = bias_gradient(&c, p, unit);
}
