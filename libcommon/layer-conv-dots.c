/* SPDX-License-Identifier: ISC */
/*
 * The gradient of a convolution by its weights as dot products: of what a value of the window
 * saw all over a plane, and the gradients by a plane of outputs. Both lie along the sum, so
 * nothing is packed; the sums stay in registers while planes go by.
 */
#include "layer-conv.h"

#include "carver.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <string.h>

/* Values of the input, and of the gradients by some outputs, that are taken together. */
#define INPUT_VALUES 65536
#define OUTPUT_VALUES 32768
#define MOST_ITEMS 64

/* It pays where columns would be large, or nearly as dear as the products with them. */
#define MANY_PIXELS 1024
#define FEW_CHANNELS 4

int conv_suits_dots(const struct conv *c)
{
	return c->taps > 1 && (c->out_pixels >= MANY_PIXELS || c->in <= FEW_CHANNELS);
}

/* How the work is cut, by the layer's shape alone. */
struct plan {
	size_t places;		/* of an item, with those between its rows, in whole lanes */
	size_t channels, items; /* at a time */
};

static struct plan plan_of(const struct conv *c)
{
	size_t plane = c->window.plane, items;
	struct plan p;

	p.places = (c->window.run + SGEMM_DOT_LANES - 1) / SGEMM_DOT_LANES * SGEMM_DOT_LANES;
	p.channels = size_min(plane < INPUT_VALUES ? INPUT_VALUES / plane : 1, c->in);
	items = size_min(INPUT_VALUES / (p.channels * plane),
		OUTPUT_VALUES / (SGEMM_DOT_UNITS * p.places));
	p.items = size_min(items > 1 ? items : 1, MOST_ITEMS);
	return p;
}

/* Some of the work on its way. */
struct piece {
	const struct conv *conv;
	const struct layer_pass *pass;
	struct plan plan;
	size_t first, items;	  /* of the batch */
	size_t channel, channels; /* of a group */
	size_t unit, units;	  /* counted from the layer's first */
	float *input;		  /* spread planes [items][channels] and slack */
	float *outputs;		  /* [items][units] and slack */
	float *sum;		  /* of the first unit and channel */
	double *bias; /* of the first unit; NULL where there are none, or they are known */
};

static size_t lay_out(struct piece *b, float *work)
{
	const struct plan *p = &b->plan;
	struct carver c = {.base = work};

	b->input =
		carve_floats(&c, p->items * p->channels, b->conv->window.plane, WINDOW_SLACK);
	b->outputs = carve_floats(&c, p->items * SGEMM_DOT_UNITS, p->places, WINDOW_SLACK);
	return carved_floats(&c);
}

size_t conv_dots_work(const struct conv *c)
{
	struct piece b = {.conv = c, .plan = plan_of(c)};

	return lay_out(&b, NULL);
}

/* Rows `step` apart with zeros between them, and a vector of zeros behind the last. */
VECTOR_CLONES static void pad(
	const float *from, const float *end, size_t rows, size_t width, size_t step, float *to)
{
	for (size_t y = 0; y < rows; y++, from += width, to += step) {
		size_t x = 0;

		for (; x < width && from + x + VECTOR_LANES <= end; x += VECTOR_LANES)
			*(vector_stored *)(to + x) = *(const vector_stored *)(from + x);
		for (; x < width; x++)
			to[x] = from[x];
		for (x = width; x < (y + 1 < rows ? step : width + 1); x += VECTOR_LANES)
			*(vector_stored *)(to + x) = (vector_floats){0};
	}
}

static void pad_outputs(const struct piece *b)
{
	const struct conv *c = b->conv;
	const struct window *w = &c->window;
	size_t outs = c->groups * c->out;
	const float *end = b->pass->dout + b->pass->n * outs * c->out_pixels;

	for (size_t i = 0; i < b->items; i++)
		for (size_t k = 0; k < b->units; k++) {
			const float *from =
				b->pass->dout +
				((b->first + i) * outs + b->unit + k) * c->out_pixels;

			pad(from, end, w->out[0], w->out[1], w->grid[1],
				b->outputs + (i * SGEMM_DOT_UNITS + k) * b->plan.places);
			if (b->bias != NULL)
				b->bias[k] += vector_sum(from, c->out_pixels);
		}
}

static void spread_input(const struct piece *b)
{
	const struct conv *c = b->conv;
	size_t group = b->unit / c->out, ins = c->groups * c->in,
	       values = b->channels * c->window.plane;

	for (size_t i = 0; i < b->items; i++) {
		size_t plane = (b->first + i) * ins + group * c->in + b->channel;

		window_spread(&c->window, b->pass->in + plane * c->in_pixels, b->channels, 0,
			b->input + i * values);
	}
	memset(b->input + b->items * values, 0, WINDOW_SLACK * sizeof *b->input);
}

/* Rows [at, at + rows) of the channels' values of windows. */
static void add_rows(const struct piece *b, size_t at, size_t rows)
{
	const struct conv *c = b->conv;
	struct sgemm_dots d = {.rows = rows,
		.units = b->units,
		.n = b->plan.places,
		.items = b->items,
		.row_item = b->channels * c->window.plane,
		.unit_item = SGEMM_DOT_UNITS * b->plan.places,
		.sum = b->sum + at,
		.sum_unit = c->in * c->taps};

	for (size_t i = 0; i < rows; i++)
		d.row[i] = b->input + (at + i) / c->taps * c->window.plane +
			   c->window.offset[(at + i) % c->taps];
	for (size_t i = 0; i < b->units; i++)
		d.unit[i] = b->outputs + i * b->plan.places;
	sgemm_dots(&d);
}

static void add_units(const struct piece *b)
{
	size_t depth = b->channels * b->conv->taps, most = sgemm_dot_rows(), rows;
	size_t parts = (depth + most - 1) / most;

	pad_outputs(b);
	for (size_t at = 0; at < depth; at += rows, parts--) {
		rows = (depth - at + parts - 1) / parts;
		add_rows(b, at, rows);
	}
}

/* Units [from, to) of a group. */
static void add_channels(struct piece *b, size_t from, size_t to, float *grad, double *bias)
{
	const struct conv *c = b->conv;

	b->channels = size_min(b->plan.channels, c->in - b->channel);
	b->unit = from;
	spread_input(b);
	for (; b->unit < to; b->unit += b->units) {
		b->units = size_min(to - b->unit, SGEMM_DOT_UNITS);
		b->sum = grad + ((b->unit - from) * c->in + b->channel) * c->taps;
		b->bias = bias != NULL && b->channel == 0 ? bias + (b->unit - from) : NULL;
		add_units(b);
	}
}

void conv_dots_gradient(const struct conv *c, const struct layer_pass *p, size_t from,
	size_t to, float *grad, float *bias)
{
	struct piece b = {.conv = c, .pass = p, .plan = plan_of(c)};
	double sum[CONV_UNITS] = {0};

	lay_out(&b, p->work);
	memset(grad, 0, (to - from) * c->in * c->taps * sizeof *grad);
	for (; b.first < p->n; b.first += b.items) {
		b.items = size_min(b.plan.items, p->n - b.first);
		for (b.channel = 0; b.channel < c->in; b.channel += b.channels)
			add_channels(&b, from, to, grad, bias != NULL ? sum : NULL);
	}
	for (size_t i = 0; bias != NULL && i < to - from; i++)
		bias[i] = (float)sum[i];
}
