/* SPDX-License-Identifier: ISC */
/*
 * The largest value of each window, the first of equals; padding is below every value. A window
 * with a NaN gives NaN. nn.MaxPool2d.
 */
#include "layer-maxpool-rows.h"
#include "layer.h"
#include "pool.h"
#include "size.h"
#include "vector.h"

#include <math.h>
#include <string.h>

extern const struct layer_kind layer_maxpool;

/* A layer's planes. A plane behind which there is too little room goes by way of the worker's
 * memory. */
struct planes {
	struct window window;
	struct maxpool_source source;
	uint32_t offset[WINDOW_MAX_VALUES];
	int spread;			 /* whether windows are read from spread planes */
	size_t in, out;			 /* values */
	size_t in_room, out_room, reach; /* values that may be read or written */
};

/* Whether all windows are inside of the plane, and its rows can be read as they lie. */
static int is_plain(const struct window *w)
{
	return w->before[0] == 0 && w->before[1] == 0 && w->stride[1] <= 2 &&
	       (w->out[0] - 1) * w->stride[0] + w->kernel[0] <= w->in[0] &&
	       (w->out[1] - 1) * w->stride[1] + w->kernel[1] <= w->in[1];
}

static void planes_of(const struct layer *l, struct planes *p)
{
	struct window *w = &p->window;
	const size_t slack = 4 * (size_t)VECTOR_LANES;

	window_of(l, w);
	p->spread = !is_plain(w);
	p->in = w->in[0] * w->in[1];
	p->out = w->out[0] * w->out[1];
	p->in_room = (p->spread && w->plane > p->in ? w->plane : p->in) + slack;
	p->out_room = p->out + VECTOR_LANES;
	p->reach = maxpool_reach(w);
	p->source = (struct maxpool_source){w->grid[1], 1, w->offset};
	if (p->spread)
		return;
	for (size_t y = 0, t = 0; y < w->kernel[0]; y++)
		for (size_t x = 0; x < w->kernel[1]; x++, t++)
			p->offset[t] = (uint32_t)(y * w->in[1] + x);
	p->source = (struct maxpool_source){w->stride[0] * w->in[1], w->stride[1], p->offset};
}

/* Which value of its window each maximum was is kept, with room around an item's. */
static uint16_t *kept_of(const struct layer *l, const struct layer_pass *p,
	const struct planes *planes, size_t item)
{
	return (uint16_t *)(void *)(p->scratch + item * l->scratch) + planes->reach;
}

static int setup(struct layer *l, struct err *e)
{
	struct planes p;

	if (pool_setup(l, e))
		return -1;
	planes_of(l, &p);
	l->work = p.in_room + p.out_room + 2 * p.reach;
	l->scratch = (l->in.channels * p.out + 2 * p.reach) * sizeof(uint16_t);
	return 0;
}

/* Some planes of an item, with so many of the pass's behind them. */
struct run {
	const struct layer_pass *pass;
	const struct planes *planes;
	size_t first, n, left; /* planes; left counts all from the first on */
	uint16_t *kept;	       /* of the first; NULL in inference */
};

static void forward_item(const struct run *r)
{
	const struct planes *s = r->planes;
	float *work = r->pass->work, *beside = work + s->in_room;

	for (size_t i = 0; i < r->n; i++) {
		const float *from = r->pass->in + (r->first + i) * s->in;
		float *out = r->pass->out + (r->first + i) * s->out;
		int fits = (r->left - i) * s->out >= s->out_room;

		if (s->spread)
			window_spread(&s->window, from, 1, -INFINITY, work);
		else if ((r->left - i) * s->in < s->in_room)
			memcpy(work, from, s->in * sizeof *from);
		if (s->spread || (r->left - i) * s->in < s->in_room)
			from = work;
		maxpool_forward(&s->window, &s->source, from, fits ? out : beside,
			r->kept != NULL ? r->kept + i * s->out : NULL);
		if (!fits)
			memcpy(out, beside, s->out * sizeof *out);
	}
}

static void backward_item(const struct run *r)
{
	const struct planes *s = r->planes;
	float *beside = r->pass->work, *room = beside + s->in_room + s->reach;

	for (size_t i = 0; i < r->n; i++) {
		const float *dout = r->pass->dout + (r->first + i) * s->out;
		float *to = r->pass->din + (r->first + i) * s->in;
		int fits = (r->left - i) * s->in >= s->in_room;

		if ((r->first + i) * s->out < s->reach || (r->left - i - 1) * s->out < s->reach)
			dout = memcpy(room, dout, s->out * sizeof *dout);
		maxpool_back(&s->window, dout, r->kept + i * s->out, fits ? to : beside);
		if (!fits)
			memcpy(to, beside, s->in * sizeof *to);
	}
}

static void each_item(const struct layer *l, const struct layer_pass *p, int keeps,
	void (*go)(const struct run *r))
{
	size_t channels = l->in.channels;
	struct planes s;

	planes_of(l, &s);
	for (size_t i = 0; i < p->n; i++)
		go(&(struct run){p, &s, i * channels, channels, (p->n - i) * channels,
			keeps ? kept_of(l, p, &s, i) : NULL});
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	each_item(l, p, p->training, forward_item);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	each_item(l, p, 1, backward_item);
}

const struct layer_kind layer_maxpool = {
	.name = "maxpool",
	.kernel = 1,
	.options = "s p same valid ceil",
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
