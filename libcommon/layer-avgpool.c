/* SPDX-License-Identifier: ISC */
/*
 * The mean of each window. With /p the padding counts as zeros, and what hangs over it by /ceil
 * does not count, as in nn.AvgPool2d; with /same nothing but the plane counts, as in Keras.
 */
#include "layer.h"
#include "pool.h"
#include "window-sum.h"

extern const struct layer_kind layer_avgpool;

static int setup(struct layer *l, struct err *e)
{
	struct window_work work;
	struct window w;

	if (pool_setup(l, e))
		return -1;
	window_of(l, &w);
	l->work = window_work_at(&w, 1, NULL, &work);
	return 0;
}

/* How many values of the window at `at` count along a side; `pad` of each end's padding do. */
static size_t counted(const struct window *w, int side, size_t at, size_t pad)
{
	size_t begin = at * w->stride[side], end = begin + w->kernel[side];
	size_t low = w->before[side] - pad, high = w->before[side] + w->in[side] + pad;

	begin = begin > low ? begin : low;
	end = end < high ? end : high;
	return end - begin;
}

/* Divides the values of a plane of outputs by what counts of their windows. */
static void divide(const struct layer *l, const struct window *w, const float *from, float *to)
{
	size_t pad = layer_option(&l->spec, "p") != NULL ? w->before[0] : 0;

	for (size_t y = 0; y < w->out[0]; y++) {
		size_t rows = counted(w, 0, y, pad);

		for (size_t x = 0; x < w->out[1]; x++)
			*to++ = *from++ / (float)(rows * counted(w, 1, x, pad));
	}
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	struct window_work work;
	struct window w;

	window_of(l, &w);
	window_work_at(&w, 1, p->work, &work);
	for (size_t i = 0; i < p->n * l->in.channels; i++) {
		float *out = p->out + i * w.out[0] * w.out[1];

		window_spread(&w, p->in + i * w.in[0] * w.in[1], 1, 0, work.spread);
		window_sum(&w, work.spread, NULL, 0, work.run);
		window_from_run(&w, work.run, out);
		divide(l, &w, out, out);
	}
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	struct window_work work;
	struct window w;

	window_of(l, &w);
	window_work_at(&w, 1, p->work, &work);
	for (size_t i = 0; i < p->n * l->in.channels; i++) {
		divide(l, &w, p->dout + i * w.out[0] * w.out[1], work.run);
		window_pad(&w, work.run, work.padded);
		window_sum_back(&w, NULL, work.padded, work.spread);
		window_collect(&w, work.spread, 1, p->din + i * w.in[0] * w.in[1]);
	}
}

const struct layer_kind layer_avgpool = {
	.name = "avgpool",
	.kernel = 1,
	.options = "s p same valid ceil",
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
