/* SPDX-License-Identifier: ISC */
/*
 * The statistics of a batch. Sums are made of each item's channels by themselves and then added
 * in double, item after item, so they depend on the batch alone; and of differences from a
 * mean, so they are right where means are much larger than deviations.
 */
#include "layer-bn.h"

#include "vector.h"

#include <math.h>
#include <string.h>

struct bn_sums bn_sums_of(const struct layer *l, const struct layer_pass *p)
{
	double *at = p->sums + l->sums_at;
	size_t n = l->units;

	return (struct bn_sums){at, at + n, at + 2 * n, at + 3 * n};
}

size_t bn_plane(const struct layer *l)
{
	return l->in.height * l->in.width;
}

static double option(const struct layer *l, const char *name, double otherwise)
{
	const double *v = layer_option(&l->spec, name);

	return v != NULL ? *v : otherwise;
}

double bn_epsilon(const struct layer *l)
{
	return option(l, "e", 1e-5);
}

double bn_momentum(const struct layer *l)
{
	return option(l, "m", 0.1);
}

int bn_has_variance(const struct layer *l, const struct layer_pass *p)
{
	return p->batch * bn_plane(l) > 1;
}

void bn_running(
	const struct layer *l, const float *param, size_t c, double *mean, double *inverse)
{
	*mean = (double)param[l->param[BN_MEAN].at + c];
	*inverse = 1 / sqrt((double)param[l->param[BN_VARIANCE].at + c] + bn_epsilon(l));
}

double bn_lost(double mean)
{
	return (double)(float)mean - mean;
}

/*
 * The sums of y - b and of (y - b) * (x - a). By vectors, as gcc 12 makes of loops over arrays
 * of two sums what is ten times as slow.
 */
VECTOR_CLONES static void sum_about(const float *x, float a, const float *y, float b, size_t n,
	double *sum, double *products)
{
	vector_floats own = {0}, product = {0};
	size_t i = 0;

	for (; i + VECTOR_LANES <= n; i += VECTOR_LANES) {
		vector_floats d = *(const vector_stored *)(y + i) - b;

		own += d;
		product += d * (*(const vector_stored *)(x + i) - a);
	}
	for (size_t k = 0; i + k < n; k++) {
		own[k] += y[i + k] - b;
		product[k] += (y[i + k] - b) * (x[i + k] - a);
	}
	*sum = vector_sum_lanes(&own);
	*products = vector_sum_lanes(&product);
}

/* Of a plane the mean, and the sum of squares of the distances from it. */
static void measure_plane(const float *x, size_t n, double *mean, double *squares)
{
	float middle = n > 1 ? (float)(vector_sum(x, n) / (double)n) : *x;
	double sum = 0, products = 0;

	if (n > 1)
		sum_about(x, middle, x, middle, n, &sum, &products);
	*mean = (double)middle + sum / (double)n;
	*squares = products - sum * sum / (double)n;
}

void bn_measure(const struct layer *l, const struct layer_pass *p)
{
	size_t n = l->units, plane = bn_plane(l);
	const float *in = p->in;

	for (double *at = p->partials; at < p->partials + p->n * 2 * n; at += 2 * n)
		for (size_t c = 0; c < n; c++, in += plane)
			measure_plane(in, plane, &at[c], &at[n + c]);
}

/* sum += v */
VECTOR_CLONES static void add(const double *v, size_t n, double *sum)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += v[i];
}

/* sum += squares about an item's means, which become such about the batch's */
VECTOR_CLONES static void add_squares(const double *item_mean, const double *squares,
	const double *mean, double plane, size_t n, double *sum)
{
	for (size_t i = 0; i < n; i++) {
		double d = item_mean[i] - mean[i];

		sum[i] += squares[i] + plane * d * d;
	}
}

/* running = (1 - m) running + m now, as PyTorch has it. */
static void track(const struct layer *l, double now, float *running)
{
	double m = bn_momentum(l);

	*running = (float)((1 - m) * (double)*running + m * now);
}

static void count_batch(float *tracked)
{
	uint64_t count;

	memcpy(&count, tracked, sizeof count);
	count++;
	memcpy(tracked, &count, sizeof count);
}

/* Where there is no variance, what forward and backward take for the batch's. */
static void take_running(const struct layer *l, const float *param, const struct bn_sums *s)
{
	for (size_t c = 0; c < l->units; c++)
		bn_running(l, param, c, &s->mean[c], &s->inverse[c]);
}

void bn_reduce(const struct layer *l, const struct layer_pass *p, float *param)
{
	struct bn_sums s = bn_sums_of(l, p);
	size_t n = l->units;
	double plane = (double)bn_plane(l), items = (double)p->n;

	if (!bn_has_variance(l, p)) {
		take_running(l, param, &s);
		return;
	}
	memset(s.mean, 0, 2 * n * sizeof *s.mean);
	for (size_t i = 0; i < p->n; i++)
		add(p->partials + i * 2 * n, n, s.mean);
	for (size_t c = 0; c < n; c++)
		s.mean[c] /= items;
	for (size_t i = 0; i < p->n; i++)
		add_squares(p->partials + i * 2 * n, p->partials + i * 2 * n + n, s.mean, plane,
			n, s.inverse);
	for (size_t c = 0; c < n; c++) {
		double squares = s.inverse[c];

		track(l, s.mean[c], &param[l->param[BN_MEAN].at + c]);
		track(l, squares / (items * plane - 1), &param[l->param[BN_VARIANCE].at + c]);
		s.inverse[c] = 1 / sqrt(squares / (items * plane) + bn_epsilon(l));
	}
	count_batch(param + l->param[BN_TRACKED].at);
}

void bn_measure_back(const struct layer *l, const struct layer_pass *p)
{
	size_t n = l->units, plane = bn_plane(l);
	const float *in = p->in, *dout = p->dout;
	struct bn_sums s = bn_sums_of(l, p);

	for (double *at = p->partials; at < p->partials + p->n * 2 * n; at += 2 * n)
		for (size_t c = 0; c < n; c++, in += plane, dout += plane)
			if (plane > 1) {
				sum_about(in, (float)s.mean[c], dout, 0, plane, &at[c],
					&at[n + c]);
			} else {
				at[c] = (double)*dout;
				at[n + c] = (double)*dout * (double)(*in - (float)s.mean[c]);
			}
}

void bn_reduce_back(const struct layer *l, const struct layer_pass *p, float *param)
{
	struct bn_sums s = bn_sums_of(l, p);
	size_t n = l->units;

	(void)param;
	memset(s.dout, 0, 2 * n * sizeof *s.dout); /* and dxhat, behind it */
	for (size_t i = 0; i < p->n; i++)
		add(p->partials + i * 2 * n, 2 * n, s.dout);
	for (size_t c = 0; c < n; c++)
		s.dxhat[c] = (s.dxhat[c] + s.dout[c] * bn_lost(s.mean[c])) * s.inverse[c];
}
