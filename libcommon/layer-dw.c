/* SPDX-License-Identifier: ISC */
/* Depthwise convolution: a window of weights for each channel, nn.Conv2d with groups =
 * channels. */
#include "layer-init.h"
#include "layer.h"
#include "size.h"
#include "vector.h"
#include "window-sum.h"

#include <string.h>

extern const struct layer_kind layer_dw;

static int setup(struct layer *l, struct err *e)
{
	size_t channels = l->in.channels, height = (size_t)l->spec.kernel[0],
	       width = (size_t)l->spec.kernel[1];
	struct window_work work;
	struct window w;

	if (window_setup(l, 0, e))
		return -1;
	window_of(l, &w);
	l->out.channels = channels;
	l->param[0] = (struct layer_param){.name = "weight",
		.rank = 4,
		.shape = {channels, 1, height, width},
		.count = channels * height * width};
	l->param[1] = (struct layer_param){
		.name = "bias", .rank = 1, .shape = {channels}, .count = channels};
	l->params = layer_option(&l->spec, "nobias") != NULL ? 1 : 2;
	l->macs = shape_values(&l->out) * height * width;
	l->units = channels;
	l->unit_step = 1;
	l->work = window_work_at(&w, window_planes(&w, channels), NULL, &work);
	return 0;
}

VECTOR_CLONES static void add(float bias, size_t n, float *out)
{
	for (size_t i = 0; i < n; i++)
		out[i] += bias;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t channels = l->in.channels, out = l->out.height * l->out.width, n, most;
	struct window_work work;
	struct window w;

	window_of(l, &w);
	most = window_planes(&w, channels);
	window_work_at(&w, most, p->work, &work);
	for (size_t i = 0; i < p->n * channels; i += n) {
		n = size_min(most, p->n * channels - i);
		window_spread(&w, p->in + i * w.in[0] * w.in[1], n, 0, work.spread);
		for (size_t k = i; k < i + n; k++) {
			size_t c = k % channels;

			window_sum(&w, work.spread + (k - i) * w.plane,
				p->param + l->param[0].at + c * window_values(&w), 0, work.run);
			window_from_run(&w, work.run, p->out + k * out);
			if (l->params > 1)
				add(p->param[l->param[1].at + c], out, p->out + k * out);
		}
	}
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t channels = l->in.channels, out = l->out.height * l->out.width, n, most;
	struct window_work work;
	struct window w;

	window_of(l, &w);
	most = window_planes(&w, channels);
	window_work_at(&w, most, p->work, &work);
	for (size_t i = 0; i < p->n * channels; i += n) {
		n = size_min(most, p->n * channels - i);
		for (size_t k = i; k < i + n; k++) {
			window_pad(&w, p->dout + k * out, work.padded);
			window_sum_back(&w,
				p->param + l->param[0].at + k % channels * window_values(&w),
				work.padded, work.spread + (k - i) * w.plane);
		}
		window_collect(&w, work.spread, n, p->din + i * w.in[0] * w.in[1]);
	}
}

/* The sums over items of one channel. */
static void gradient_of(const struct layer *l, const struct layer_pass *p,
	const struct window *w, size_t channel, double weight[], double *bias)
{
	size_t channels = l->in.channels, out = l->out.height * l->out.width;
	struct window_work work;

	window_work_at(w, 1, p->work, &work);
	memset(weight, 0, window_values(w) * sizeof *weight);
	*bias = 0;
	memset(work.padded + window_reach(w) + w->grid[0] * w->grid[1], 0,
		WINDOW_SLACK * sizeof *work.padded);
	for (size_t i = channel; i < p->n * channels; i += channels) {
		window_spread(w, p->in + i * w->in[0] * w->in[1], 1, 0, work.spread);
		memset(work.spread + w->plane, 0, WINDOW_SLACK * sizeof *work.spread);
		window_pad(w, p->dout + i * out, work.padded);
		window_dots(w, work.padded + window_reach(w), work.spread, weight);
		*bias += vector_sum(p->dout + i * out, out);
	}
}

static void gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[])
{
	double weight[WINDOW_MAX_VALUES], bias;
	struct window w;
	size_t values;

	window_of(l, &w);
	values = window_values(&w);
	for (size_t c = from; c < to; c++) {
		gradient_of(l, p, &w, c, weight, &bias);
		for (size_t t = 0; t < values; t++)
			grad[0][(c - from) * values + t] = (float)weight[t];
		if (l->params > 1)
			grad[1][c - from] = (float)bias;
	}
}

const struct layer_kind layer_dw = {
	.name = "dw",
	.kernel = 1,
	.options = "s p same valid nobias",
	.setup = setup,
	.init = layer_init_weights,
	.forward = forward,
	.backward = backward,
	.gradient = gradient,
};
