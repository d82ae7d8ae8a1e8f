/* SPDX-License-Identifier: ISC */
/*
 * Convolutions forward and back, panel by panel: weights . columns, and the weights transposed
 * . gradients, whose rows are then added to the values that the windows saw (Chetlur et al.
 * 2014). The way back of a window that goes by single steps may be a convolution itself, of the
 * gradients by mirrored weights.
 */
#include "layer-conv.h"

#include "carver.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

/* Values of the panels, and of the products, that are in the L2 cache at a time. */
#define PANEL_VALUES 65536
#define PRODUCT_VALUES 32768

/* How many columns are multiplied at a time, with k rows: whole panels, and one at least. */
static size_t block_columns(size_t k)
{
	size_t width = sgemm_panel_width(), panels = PANEL_VALUES / (k * width);

	return width * size_max(size_min(panels, COLUMNS_MAX / width), 1);
}

/* Channels of the input for which the way back makes a product at a time. */
static size_t back_channels(const struct conv *c)
{
	size_t channels = PRODUCT_VALUES / (block_columns(c->out) * c->taps);

	return size_min(channels > 1 ? channels : 1, c->in);
}

/* Places of one item among a block's columns: `n` from column `column` on, and the first of
 * them in the planes. */
struct piece {
	size_t column, place, n;
};

/* Blocks of some items' columns. */
struct sweep {
	const struct conv *conv;
	struct columns columns; /* of the spread planes */
	size_t first, items;	/* of all */
	size_t block;		/* columns */
	float *spread;		/* planes: [items][groups * in][plane] and slack */
	float *panels;		/* [k][block] and slack */
	float *product;		/* [m][block] and slack */
};

/* The parts of `work` for a product with k rows of panels that has m rows, and the floats that
 * they take. */
static size_t lay_out(struct sweep *s, size_t k, size_t m, float *work)
{
	const struct conv *c = s->conv;
	struct carver all = {.base = work};

	s->block = block_columns(k);
	s->spread =
		carve_floats(&all, c->items * c->groups * c->in, c->window.plane, WINDOW_SLACK);
	s->panels = carve_floats(&all, k, s->block, WINDOW_SLACK);
	s->product = carve_floats(&all, m, s->block, WINDOW_SLACK);
	return carved_floats(&all);
}

size_t conv_forward_work(const struct conv *c)
{
	struct sweep s = {.conv = c};

	if (c->plain)
		return 0;
	if (conv_tiles_packed(c) > 0)
		return conv_tiles_work(c);
	return lay_out(&s, c->in * c->taps, c->out, NULL);
}

size_t conv_back_work(const struct conv *c)
{
	struct sweep s = {.conv = c};
	struct conv other;

	if (c->plain)
		return 0;
	return conv_way_back(c, &other) == CONV_BACK_PRODUCT
		       ? lay_out(&s, c->out, back_channels(c) * c->taps, NULL)
		       : conv_forward_work(&other);
}

static void sweep_init(struct sweep *s, const struct conv *c, size_t k, size_t m, float *work)
{
	const struct window *w = &c->window;

	*s = (struct sweep){.conv = c,
		.columns = {{w->out[0], w->out[1]}, w->grid[1], w->plane,
			c->groups * c->in * w->plane, c->taps, w->offset}};
	lay_out(s, k, m, work);
}

/* Columns [from, to) by items. */
static size_t cut(const struct sweep *s, size_t from, size_t to, struct piece piece[])
{
	const struct conv *c = s->conv;
	size_t pixels = c->out_pixels, values = c->groups * c->out * pixels, pieces = 0, n;

	for (size_t at = from; at < to; at += n) {
		n = size_min(pixels - at % pixels, to - at);
		piece[pieces++] = (struct piece){
			at - from, (s->first + at / pixels) * values + at % pixels, n};
	}
	return pieces;
}

/* The product with the panels, of whole vectors of their columns: what is behind them has no
 * meaning, but nothing is written behind the block. */
static void multiply(const struct sweep *s, const float *a, size_t m, size_t k, size_t columns)
{
	size_t whole = (columns + WINDOW_SLACK - 1) / WINDOW_SLACK * WINDOW_SLACK;
	struct sgemm g = {.m = m,
		.n = size_min(whole, s->block),
		.k = k,
		.a = a,
		.lda = k,
		.panels = s->panels,
		.c = s->product,
		.ldc = s->block};

	sgemm_run(&g);
}

/* to[rows][pixels] = weight[rows][depth] . from[depth][pixels], for each item and group. */
static void multiply_planes(const struct conv *c, size_t items, const float *weight,
	const float *from, size_t depth, float *to, size_t rows)
{
	for (size_t i = 0; i < items * c->groups; i++) {
		struct sgemm g = {.m = rows,
			.n = c->in_pixels,
			.k = depth,
			.a = weight + i % c->groups * rows * depth,
			.lda = depth,
			.b = from + i * depth * c->in_pixels,
			.ldb = c->in_pixels,
			.c = to + i * rows * c->in_pixels,
			.ldc = c->in_pixels};

		sgemm_run(&g);
	}
}

/* --- forward --- */

VECTOR_CLONES static void add_bias(const float *bias, size_t units, size_t pixels, float *out)
{
	for (size_t i = 0; i < units; i++)
		for (size_t k = 0; k < pixels; k++)
			out[i * pixels + k] += bias[i];
}

static void forward_plain(
	const struct conv *c, const struct layer *l, const struct layer_pass *p)
{
	size_t units = c->groups * c->out;

	for (size_t i = 0; i < p->n; i++) {
		float *out = p->out + i * units * c->out_pixels;

		multiply_planes(c, 1, p->param + l->param[0].at,
			p->in + i * c->groups * c->in * c->in_pixels, c->in, out, c->out);
		if (l->params > 1)
			add_bias(p->param + l->param[1].at, units, c->out_pixels, out);
	}
}

/* The product's rows to planes `pixels` apart, with the rows' biases, if there are any. */
VECTOR_CLONES static void put_product(const struct piece piece[], size_t pieces, size_t rows,
	const float *restrict product, size_t width, const float *bias, float *restrict out,
	size_t pixels)
{
	for (size_t i = 0; i < rows; i++, product += width, out += pixels)
		for (size_t k = 0; k < pieces; k++) {
			const float *from = product + piece[k].column;
			float *to = out + piece[k].place, more = bias != NULL ? bias[i] : 0;

			for (size_t j = 0; j < piece[k].n; j++)
				to[j] = from[j] + more;
		}
}

static void make_columns(const struct sweep *s, size_t group, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	size_t width = sgemm_panel_width(), depth = c->in * c->taps;
	struct columns_run run[SGEMM_MAX_WIDTH];

	for (size_t at = from; at < to; at += width) {
		size_t runs = columns_runs(&s->columns, at, size_min(at + width, to), run);

		columns_fill(&s->columns, run, runs,
			s->spread + group * c->in * c->window.plane, c->in,
			s->panels + (at - from) * depth, width);
	}
}

/* Columns [from, to), all groups. */
static void convolve_block(
	const struct sweep *s, const struct conv_job *job, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	size_t depth = c->in * c->taps, pieces;
	struct piece piece[COLUMNS_MAX];

	pieces = cut(s, from, to, piece);
	for (size_t group = 0; group < c->groups; group++) {
		size_t unit = group * c->out;

		make_columns(s, group, from, to);
		multiply(s, job->weight + unit * depth, c->out, depth, to - from);
		put_product(piece, pieces, c->out, s->product, s->block,
			job->bias != NULL ? job->bias + unit : NULL,
			job->out + unit * c->out_pixels, c->out_pixels);
	}
}

static void convolve(const struct conv_job *job)
{
	const struct conv *c = job->conv;
	size_t channels = c->groups * c->in, columns;
	struct sweep s;

	sweep_init(&s, c, c->in * c->taps, c->out, job->work);
	for (; s.first < job->n; s.first += s.items) {
		s.items = conv_items(job->n - s.first, c->items);
		columns = s.items * c->out_pixels;
		window_spread(&c->window, job->in + s.first * channels * c->in_pixels,
			s.items * channels, 0, s.spread);
		for (size_t at = 0; at < columns; at += s.block)
			convolve_block(&s, job, at, size_min(at + s.block, columns));
	}
}

void conv_forward(const struct layer *l, const struct layer_pass *p)
{
	struct conv c;
	struct conv_job job = {.conv = &c,
		.weight = p->param + l->param[0].at,
		.bias = l->params > 1 ? p->param + l->param[1].at : NULL,
		.n = p->n,
		.in = p->in,
		.out = p->out,
		.work = p->work};

	conv_of(l, &c);
	if (c.plain) {
		forward_plain(&c, l, p);
	} else if (conv_tiles_packed(&c) > 0) {
		job.panels = layer_packed(l, p);
		conv_by_tiles(&job);
	} else {
		convolve(&job);
	}
}

/* --- back --- */

/* The way back of put_product: rows of gradients to a panel. */
VECTOR_CLONES static void take_gradients(const struct piece piece[], size_t pieces, size_t rows,
	const float *restrict dout, size_t pixels, float *restrict panel, size_t width)
{
	for (size_t i = 0; i < rows; i++, panel += width, dout += pixels)
		for (size_t k = 0; k < pieces; k++)
			for (size_t j = 0; j < piece[k].n; j++)
				panel[piece[k].column + j] = dout[piece[k].place + j];
}

static void pack_gradients(
	const struct sweep *s, const float *dout, size_t group, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	size_t width = sgemm_panel_width();
	struct piece piece[SGEMM_MAX_WIDTH];

	for (size_t at = from; at < to; at += width) {
		size_t pieces = cut(s, at, size_min(at + width, to), piece);

		take_gradients(piece, pieces, c->out, dout + group * c->out * c->out_pixels,
			c->out_pixels, s->panels + (at - from) * c->out, width);
	}
}

static void backward_block(
	const struct sweep *s, const struct conv_job *job, size_t from, size_t to)
{
	const struct conv *c = s->conv;
	size_t most = back_channels(c), n, runs;
	struct columns_run run[COLUMNS_MAX];

	runs = columns_runs(&s->columns, from, to, run);
	for (size_t group = 0; group < c->groups; group++) {
		pack_gradients(s, job->in, group, from, to);
		for (size_t i = 0; i < c->in; i += n) {
			size_t channel = group * c->in + i;

			n = size_min(most, c->in - i);
			multiply(s, job->weight + channel * c->taps * c->out, n * c->taps,
				c->out, to - from);
			columns_add(&s->columns, run, runs, to - from, s->product, s->block, n,
				s->spread + channel * c->window.plane);
		}
	}
}

/* The way back of a convolution, whose `in` are the gradients by its outputs. */
static void add_back(const struct conv_job *job)
{
	const struct conv *c = job->conv;
	size_t channels = c->groups * c->in, columns;
	struct sweep s;

	sweep_init(&s, c, c->out, back_channels(c) * c->taps, job->work);
	for (; s.first < job->n; s.first += s.items) {
		s.items = conv_items(job->n - s.first, c->items);
		columns = s.items * c->out_pixels;
		memset(s.spread, 0, s.items * channels * c->window.plane * sizeof *s.spread);
		for (size_t at = 0; at < columns; at += s.block)
			backward_block(&s, job, at, size_min(at + s.block, columns));
		window_collect(&c->window, s.spread, s.items * channels,
			job->out + s.first * channels * c->in_pixels);
	}
}

void conv_backward(const struct layer *l, const struct layer_pass *p)
{
	struct conv c, mirror;
	struct conv_job job = {
		.conv = &c, .n = p->n, .in = p->dout, .out = p->din, .work = p->work};

	conv_of(l, &c);
	job.weight = layer_packed(l, p) + conv_tiles_packed(&c);
	if (c.plain) {
		multiply_planes(&c, p->n, job.weight, p->dout, c.out, p->din, c.in);
		return;
	}
	switch (conv_way_back(&c, &mirror)) {
	case CONV_BACK_PRODUCT:
		add_back(&job);
		break;
	case CONV_BACK_MIRROR:
		job.conv = &mirror;
		convolve(&job);
		break;
	case CONV_BACK_TILES:
		job.conv = &mirror;
		job.panels = job.weight;
		conv_by_tiles(&job);
		break;
	}
}
