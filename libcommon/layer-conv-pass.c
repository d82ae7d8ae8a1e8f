/* SPDX-License-Identifier: ISC */
/* Convolutions forward and back, panel by panel. */
#include "layer-conv.h"

#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

size_t conv_phases(const struct conv *c)
{
	return c->window.stride[0] * c->window.stride[1];
}

void conv_back_window(const struct conv *c, struct window *back)
{
	for (int i = 0; i < 2; i++) {
		const struct window *w = &c->window;
		size_t reach = (w->kernel[i] - 1) / w->stride[i],
		       last = (w->in[i] - 1 + w->before[i]) / w->stride[i];

		back->in[i] = w->out[i];
		back->stride[i] = 1;
		back->before[i] = reach;
		back->grid[i] = reach + 1 + (last > w->out[i] - 1 ? last : w->out[i] - 1);
	}
	back->plane = back->grid[0] * back->grid[1];
}

/* Along one side: which of the input's values are of the phase, how many taps see them, and the
 * place in `back` that the first of them sees by its first tap. */
static size_t phase_side(
	const struct conv *c, int side, size_t phase, struct conv_phase *p, size_t *place)
{
	const struct window *w = &c->window;
	size_t s = w->stride[side], before = w->before[side],
	       skip = before > phase ? (before - phase + s - 1) / s : 0,
	       first = phase + skip * s - before;

	p->first[side] = first;
	p->count[side] = first < w->in[side] ? (w->in[side] - 1 - first) / s + 1 : 0;
	*place = skip + (w->kernel[side] - 1) / s;
	return phase < w->kernel[side] ? (w->kernel[side] - 1 - phase) / s + 1 : 0;
}

/* How many weights the phases before this one have. */
static size_t weights_before(const struct conv *c, size_t phase)
{
	const struct window *w = &c->window;
	size_t taps = 0;

	for (size_t t = 0; t < c->taps; t++) {
		size_t y = t / w->kernel[1] % w->stride[0], x = t % w->kernel[1] % w->stride[1];

		taps += y * w->stride[1] + x < phase;
	}
	return taps * c->groups * c->in * c->out;
}

void conv_phase_of(
	const struct conv *c, const struct window *back, size_t phase, struct conv_phase *p)
{
	const struct window *w = &c->window;
	size_t y_phase = phase / w->stride[1], x_phase = phase % w->stride[1], y, x;
	size_t rows = phase_side(c, 0, y_phase, p, &y),
	       columns = phase_side(c, 1, x_phase, p, &x);
	size_t width = back->grid[1];

	p->taps = rows * columns;
	p->weights = weights_before(c, phase);
	for (size_t i = 0; i < p->taps; i++) {
		size_t ky = i / columns, kx = i % columns;

		/* the further a tap reaches, the earlier the output that it belongs to */
		p->offset[i] = (uint32_t)((rows - 1 - ky) * width + columns - 1 - kx);
		p->tap[i] = (uint32_t)((y_phase + ky * w->stride[0]) * w->kernel[1] + x_phase +
				       kx * w->stride[1]);
	}
	p->columns = (struct columns){.out = {p->count[0], p->count[1]},
		.row = width,
		.first = (y - (rows - 1)) * width + x - (columns - 1),
		.plane = back->plane,
		.item = c->groups * c->out * back->plane,
		.taps = p->taps,
		.offset = p->offset};
}

/* --- panels --- */

/* Where products go: the plane of places that the columns are made of, within the output. */
struct target {
	float *first;	    /* of the first item and row */
	size_t row, step;   /* values from one row of places to the next, and along it */
	size_t plane, item; /* from one row of the product to the next, from item to item */
};

/* Where some columns go: `n` values from column `from` on. */
struct piece {
	size_t from, to, n;
};

/* A convolution of some items: for each group, weight . columns. */
struct sweep {
	struct columns columns;
	struct target target;
	size_t items, groups;
	size_t channels, rows, depth; /* of a group: the source's, the product's; and its k */
	const float *weight;	      /* [groups][rows][depth] */
	const float *bias;	      /* [groups][rows], or NULL */
	const float *source;
	float *panel;	/* [depth][width] and slack */
	float *product; /* [rows][width] */
};

VECTOR_CLONES static void put_row(const struct piece piece[], size_t pieces, size_t step,
	const float *restrict from, float bias, float *restrict out)
{
	for (size_t i = 0; i < pieces; i++) {
		const float *source = from + piece[i].from;
		float *to = out + piece[i].to;
		size_t n = piece[i].n;

		if (step == 1)
			for (size_t k = 0; k < n; k++)
				to[k] = source[k] + bias;
		else
			for (size_t k = 0; k < n; k++)
				to[k * step] = source[k] + bias;
	}
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t cut(const struct sweep *s, size_t from, size_t to, struct piece piece[])
{
	const struct columns *c = &s->columns;
	const struct target *t = &s->target;
	size_t pixels = c->out[0] * c->out[1], pieces = 0, n;

	for (size_t at = from; at < to; at += n) {
		size_t y = at % pixels / c->out[1], x = at % c->out[1];
		size_t there = at / pixels * t->item + y * t->row + x * t->step;
		struct piece *last = pieces > 0 ? &piece[pieces - 1] : NULL;

		n = smaller(c->out[1] - x, to - at);
		if (t->step == 1 && last != NULL && last->to + last->n == there)
			last->n += n;
		else
			piece[pieces++] = (struct piece){at - from, there, n};
	}
	return pieces;
}

/* Columns [from, to), all groups. */
static void run_panel(const struct sweep *s, size_t from, size_t to)
{
	size_t width = sgemm_panel_width(), runs, pieces;
	struct columns_run run[SGEMM_MAX_WIDTH];
	struct piece piece[SGEMM_MAX_WIDTH];
	struct sgemm g = {.m = s->rows,
		.n = smaller(
			width, (to - from + WINDOW_SLACK - 1) / WINDOW_SLACK * WINDOW_SLACK),
		.k = s->depth,
		.lda = s->depth,
		.panels = s->panel,
		.c = s->product,
		.ldc = width};

	runs = columns_runs(&s->columns, from, to, run);
	pieces = cut(s, from, to, piece);
	for (size_t group = 0; group < s->groups; group++) {
		size_t row = group * s->rows;

		columns_fill(&s->columns, run, runs,
			s->source + group * s->channels * s->columns.plane, s->channels,
			s->panel, width);
		g.a = s->weight + row * s->depth;
		sgemm_run(&g);
		for (size_t i = 0; i < s->rows; i++)
			put_row(piece, pieces, s->target.step, s->product + i * width,
				s->bias != NULL ? s->bias[row + i] : 0,
				s->target.first + (row + i) * s->target.plane);
	}
}

/* The spread source lies at the begin of `work`. */
static void run_sweep(struct sweep *s, size_t most_items, float *work)
{
	size_t width = sgemm_panel_width(),
	       columns = s->items * s->columns.out[0] * s->columns.out[1];

	s->source = work;
	s->panel = work + most_items * s->columns.item + WINDOW_SLACK;
	s->product = s->panel + s->depth * width + WINDOW_SLACK;
	for (size_t from = 0; from < columns; from += width)
		run_panel(s, from, smaller(from + width, columns));
}

static size_t sweep_work(size_t items, size_t planes, size_t plane, size_t rows, size_t depth)
{
	size_t spread, panel;

	if (size_mul(items * planes, plane, &spread) || size_add(rows, depth, &panel) ||
		size_mul(panel, sgemm_panel_width(), &panel) ||
		size_add(spread, panel, &spread) || size_add(spread, 2 * WINDOW_SLACK, &spread))
		return SIZE_MAX;
	return spread;
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

size_t conv_forward_work(const struct conv *c)
{
	return c->plain ? 0
			: sweep_work(c->items, c->groups * c->in, c->window.plane, c->out,
				  c->in * c->taps);
}

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

void conv_forward(const struct layer *l, const struct layer_pass *p)
{
	struct conv c;
	const struct window *w = &c.window;
	size_t outs = shape_values(&l->out), channels;
	struct sweep s;

	conv_of(l, &c);
	if (c.plain) {
		forward_plain(&c, l, p);
		return;
	}
	channels = c.groups * c.in;
	s = (struct sweep){.groups = c.groups,
		.channels = c.in,
		.rows = c.out,
		.depth = c.in * c.taps,
		.weight = p->param + l->param[0].at,
		.bias = l->params > 1 ? p->param + l->param[1].at : NULL,
		.columns = {{w->out[0], w->out[1]}, w->grid[1], 0, w->plane,
			channels * w->plane, c.taps, w->offset},
		.target = {NULL, w->out[1], 1, c.out_pixels, outs}};
	for (size_t i = 0; i < p->n; i += c.items) {
		s.items = smaller(c.items, p->n - i);
		s.target.first = p->out + i * outs;
		window_spread(
			w, p->in + i * channels * c.in_pixels, s.items * channels, 0, p->work);
		run_sweep(&s, c.items, p->work);
	}
}

/* --- back --- */

size_t conv_backward_work(const struct conv *c)
{
	struct window back;
	size_t depth;

	if (c->plain)
		return 0;
	conv_back_window(c, &back);
	if (size_mul(c->out, c->taps, &depth))
		return SIZE_MAX;
	return sweep_work(c->items, c->groups * c->out, back.plane, c->in, depth);
}

static void backward_phase(const struct conv *c, const struct conv_phase *phase,
	const float *packed, size_t items, float *work, float *din)
{
	const struct window *w = &c->window;
	struct sweep s = {.items = items,
		.groups = c->groups,
		.channels = c->out,
		.rows = c->in,
		.depth = c->out * phase->taps,
		.weight = packed + phase->weights,
		.columns = phase->columns,
		.target = {din + phase->first[0] * w->in[1] + phase->first[1],
			w->stride[0] * w->in[1], w->stride[1], c->in_pixels,
			c->groups * c->in * c->in_pixels}};

	run_sweep(&s, c->items, work);
}

void conv_backward(const struct layer *l, const struct layer_pass *p)
{
	const float *packed = p->packed + l->packed_at;
	struct conv_phase phase;
	struct window back;
	struct conv c;

	conv_of(l, &c);
	if (c.plain) {
		multiply_planes(&c, p->n, packed, p->dout, c.out, p->din, c.in);
		return;
	}
	conv_back_window(&c, &back);
	if (c.window.stride[0] > c.window.kernel[0] || c.window.stride[1] > c.window.kernel[1])
		memset(p->din, 0, p->n * shape_values(&l->in) * sizeof *p->din);
	for (size_t i = 0; i < p->n; i += c.items) {
		size_t items = smaller(c.items, p->n - i), channels = c.groups * c.out;

		window_spread(&back, p->dout + i * channels * c.out_pixels, items * channels, 0,
			p->work);
		for (size_t k = 0; k < conv_phases(&c); k++) {
			conv_phase_of(&c, &back, k, &phase);
			if (phase.taps > 0)
				backward_phase(&c, &phase, packed, items, p->work,
					p->din + i * shape_values(&l->in));
		}
	}
}
