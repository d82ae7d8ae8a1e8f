/* SPDX-License-Identifier: ISC */
/* What a convolution is, as those that compute it need to know it. */
#include "layer-conv.h"

#include "sgemm.h"
#include "size.h"

/* Columns that fill panels well, whatever the plane's size. */
#define ENOUGH_COLUMNS 784
#define MOST_ITEMS 64
/* Planes from this size on waste little of a panel. */
#define PLAIN_PIXELS 96
/* Outputs for each input from which on their columns are dearer than what is added on the way
 * back. */
#define MOST_OUTPUTS 3
/* Rows of a matrix that are transposed together: each is read along a line of the cache. */
#define TRANSPOSED_ROWS 16

static size_t items_of(size_t pixels)
{
	return size_min((ENOUGH_COLUMNS - 1) / pixels + 1, MOST_ITEMS);
}

void conv_of(const struct layer *l, struct conv *c)
{
	const struct window *w = &c->window;

	*c = (struct conv){.turned = 0};
	window_of(l, &c->window);
	c->taps = window_values(w);
	c->in = l->param[0].shape[1];
	c->groups = l->in.channels / c->in;
	c->out = l->out.channels / c->groups;
	c->in_pixels = w->in[0] * w->in[1];
	c->out_pixels = w->out[0] * w->out[1];
	c->items = items_of(c->out_pixels);
	c->plain = c->taps == 1 && c->in_pixels == c->out_pixels &&
		   c->in_pixels >= PLAIN_PIXELS && w->before[0] == 0 && w->before[1] == 0;
}

/* 0 where windows skip values, or some see padding alone. */
static int mirror(const struct conv *c, struct conv *m)
{
	const struct window *w = &c->window;

	if (c->plain || w->stride[0] > 1 || w->stride[1] > 1 || w->before[0] >= w->kernel[0] ||
		w->before[1] >= w->kernel[1])
		return 0;
	*m = (struct conv){.groups = c->groups,
		.taps = c->taps,
		.in = c->out,
		.out = c->in,
		.in_pixels = c->out_pixels,
		.out_pixels = c->in_pixels,
		.items = items_of(c->in_pixels)};
	for (int i = 0; i < 2; i++) {
		m->window.in[i] = w->out[i];
		m->window.out[i] = w->in[i];
		m->window.kernel[i] = w->kernel[i];
		m->window.stride[i] = 1;
		m->window.before[i] = w->kernel[i] - 1 - w->before[i];
	}
	window_lay_out(&m->window);
	return 1;
}

/* The transposed sum, from the window's outputs to what they see. */
static void turn(const struct conv *c, struct conv *m)
{
	*m = *c;
	m->in = c->out;
	m->out = c->in;
	m->in_pixels = c->out_pixels;
	m->out_pixels = c->in_pixels;
	m->turned = 1;
}

enum conv_back conv_way_back(const struct conv *c, struct conv *m)
{
	int mirrored = mirror(c, m);

	if (!mirrored)
		turn(c, m);
	if (conv_tiles_packed(m) > 0)
		return CONV_BACK_TILES;
	return mirrored && c->in_pixels <= c->out_pixels && c->out <= MOST_OUTPUTS * c->in
		       ? CONV_BACK_MIRROR
		       : CONV_BACK_PRODUCT;
}

size_t conv_items(size_t left, size_t most)
{
	size_t parts = (left - 1) / most + 1;

	return (left - 1) / parts + 1;
}

void conv_transpose(const float *from, size_t rows, size_t columns, size_t from_row, float *to,
	size_t to_row)
{
	for (size_t i = 0; i < rows; i += TRANSPOSED_ROWS)
		sgemm_transpose(from + i * from_row, from_row,
			size_min(TRANSPOSED_ROWS, rows - i), columns, to + i, to_row);
}
