/* SPDX-License-Identifier: ISC */
/*
 * Batch normalisation (Ioffe and Szegedy 2015) as nn.BatchNorm2d: of each channel's values in
 * the whole batch; on a vector as nn.BatchNorm1d, each value being a channel.
 *
 *	xhat = (in - mean) / sqrt(variance + e), out = weight * xhat + bias
 */
#include "layer-bn.h"

#include "err.h"
#include "vector.h"

#include <string.h>

extern const struct layer_kind layer_bn;

static int goes_by_batch(const struct layer *l, const struct layer_pass *p)
{
	return p->training && layer_trains(l) && bn_has_variance(l, p);
}

static int setup(struct layer *l, struct err *e)
{
	static const char *const names[] = {"weight", "bias", "running_mean", "running_var"};
	size_t n = l->in.channels;

	if (bn_epsilon(l) <= 0)
		return err_set(e, "bn/e=0: expected a number above 0");
	if (bn_momentum(l) > 1)
		return err_set(e, "bn/m=%g: expected a number from 0 to 1", bn_momentum(l));
	l->out = l->in;
	for (int i = BN_WEIGHT; i <= BN_VARIANCE; i++)
		l->param[i] = (struct layer_param){.name = names[i],
			.rank = 1,
			.shape = {n},
			.count = n,
			.dtype = TENSOR_F32};
	l->param[BN_TRACKED] = (struct layer_param){
		.name = "num_batches_tracked", .count = 1, .dtype = TENSOR_I64};
	l->params = 2;
	l->buffers = 3;
	l->units = l->unit_step = n;
	l->work = 4 * n;
	l->partials = BN_PARTIALS * n;
	l->sums = BN_SUMS * n;
	return 0;
}

static void init(const struct layer *l, enum initializer how, uint64_t seed, float *param)
{
	(void)how;
	(void)seed;
	for (size_t c = 0; c < l->units; c++) {
		param[l->param[BN_WEIGHT].at + c] = param[l->param[BN_VARIANCE].at + c] = 1;
		param[l->param[BN_BIAS].at + c] = param[l->param[BN_MEAN].at + c] = 0;
	}
	memset(param + l->param[BN_TRACKED].at, 0, sizeof(uint64_t));
}

/* The statistics of channel c, of whichever kind. */
static void statistics_of(const struct layer *l, const struct layer_pass *p, size_t c,
	double *mean, double *inverse)
{
	if (goes_by_batch(l, p)) {
		*mean = bn_sums_of(l, p).mean[c];
		*inverse = bn_sums_of(l, p).inverse[c];
	} else {
		bn_running(l, p->param, c, mean, inverse);
	}
}

/* Of each channel: out, or din without scale * dout, is slope * (in - middle) + shift. */
struct line {
	float *middle, *slope, *shift, *scale;
};

static struct line line_at(const struct layer *l, float *work)
{
	size_t n = l->units;

	return (struct line){work, work + n, work + 2 * n, work + 3 * n};
}

VECTOR_CLONES static void normalise(
	const struct line *k, size_t channels, size_t plane, const float *in, float *out)
{
	const float *middle = k->middle, *slope = k->slope, *shift = k->shift;

	if (plane == 1) {
		VECTOR_LOOP for (size_t c = 0; c < channels; c++) out[c] =
			(in[c] - middle[c]) * slope[c] + shift[c];
		return;
	}
	for (size_t c = 0; c < channels; c++, in += plane, out += plane) {
		float a = middle[c], b = slope[c], d = shift[c];

		VECTOR_LOOP for (size_t i = 0; i < plane; i++) out[i] = (in[i] - a) * b + d;
	}
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	struct line k = line_at(l, p->work);
	size_t values = shape_values(&l->in);

	for (size_t c = 0; c < l->units; c++) {
		double mean, inverse, slope;

		statistics_of(l, p, c, &mean, &inverse);
		slope = (double)p->param[l->param[BN_WEIGHT].at + c] * inverse;
		k.middle[c] = (float)mean;
		k.slope[c] = (float)slope;
		k.shift[c] = (float)((double)p->param[l->param[BN_BIAS].at + c] +
				     bn_lost(mean) * slope);
	}
	for (size_t i = 0; i < p->n; i++)
		normalise(&k, l->units, bn_plane(l), p->in + i * values, p->out + i * values);
}

VECTOR_CLONES static void go_back(const struct line *k, size_t channels, size_t plane,
	const float *in, const float *dout, float *din)
{
	const float *middle = k->middle, *slope = k->slope, *shift = k->shift,
		    *scale = k->scale;

	if (plane == 1) {
		VECTOR_LOOP for (size_t c = 0; c < channels; c++) din[c] =
			dout[c] * scale[c] + (in[c] - middle[c]) * slope[c] + shift[c];
		return;
	}
	for (size_t c = 0; c < channels; c++, in += plane, dout += plane, din += plane) {
		float a = middle[c], b = slope[c], d = shift[c], e = scale[c];

		VECTOR_LOOP for (size_t i = 0; i < plane; i++) din[i] =
			dout[i] * e + (in[i] - a) * b + d;
	}
}

/*
 * The mean and the variance are functions of in as well:
 * din = weight * inverse * (dout - mean of dout - xhat * mean of dout * xhat).
 */
static void backward(const struct layer *l, const struct layer_pass *p)
{
	struct line k = line_at(l, p->work);
	struct bn_sums s = bn_sums_of(l, p);
	size_t values = shape_values(&l->in);
	double count = (double)(p->batch * bn_plane(l));

	for (size_t c = 0; c < l->units; c++) {
		double mean, inverse, scale, slope = 0, shift = 0;

		statistics_of(l, p, c, &mean, &inverse);
		scale = (double)p->param[l->param[BN_WEIGHT].at + c] * inverse;
		if (goes_by_batch(l, p)) {
			slope = -scale * inverse * s.dxhat[c] / count;
			shift = slope * bn_lost(mean) - scale * s.dout[c] / count;
		}
		k.middle[c] = (float)mean;
		k.scale[c] = (float)scale;
		k.slope[c] = (float)slope;
		k.shift[c] = (float)shift;
	}
	for (size_t i = 0; i < p->n; i++)
		go_back(&k, l->units, bn_plane(l), p->in + i * values, p->dout + i * values,
			p->din + i * values);
}

static void gradient(const struct layer *l, const struct layer_pass *p, size_t from, size_t to,
	float *const grad[])
{
	struct bn_sums s = bn_sums_of(l, p);

	for (size_t c = from; c < to; c++) {
		grad[BN_WEIGHT][c - from] = (float)s.dxhat[c];
		grad[BN_BIAS][c - from] = (float)s.dout[c];
	}
}

const struct layer_kind layer_bn = {
	.name = "bn",
	.options = "e m",
	.in_place = LAYER_IN_PLACE_BACK,
	.setup = setup,
	.init = init,
	.forward = forward,
	.backward = backward,
	.gradient = gradient,
	.measure = {bn_measure, bn_measure_back},
	.reduce = {bn_reduce, bn_reduce_back},
};
