/* SPDX-License-Identifier: ISC */
/*
 * Convolutions forward, in nets that train and in those that only infer, and back, by every
 * kernel that this CPU can run. Values and weights are small whole numbers, weights multiples
 * of 4, so that neither sums nor Winograd's transforms for tiles of 2x2 round, and the outputs
 * are the very sums. Those by other tiles do round, by much less than sums of such numbers
 * differ.
 */
#include "net.h"

#include "levels.h"
#include "made.h"
#include "rng.h"
#include "sgemm.h"
#include "whole.h"
#include "window.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define MOST_ITEMS 7
#define ROUNDING .125
#define LINE 16 /* what lies between two matrices of weights */

static const struct probe {
	const char *text;
	struct shape in;
	size_t tile; /* of how many outputs along a side; 0: not by tiles */
	size_t items;
} probes[] = {
	{"conv3x3:48/same", {48, 6, 6}, 2, MOST_ITEMS},
	{"conv3x3:64/same", {64, 5, 5}, 2, 5},	/* odd: half of the last tiles is not there */
	{"conv3x3:70/same", {51, 2, 21}, 2, 5}, /* rows that a vector of columns does not fit */
	{"conv3x3:50", {48, 13, 13}, 4, 5},	/* a quarter of the last tiles */
	{"conv3x3:64/p2", {49, 10, 13}, 4, 2},	/* more padding than needed */
	{"conv3x3:64/p5", {32, 3, 2}, 4, 1},	/* tiles that see padding alone */
	{"conv3x3:49/same/nobias", {48, 9, 203}, 4, 2}, /* rows of more tiles than a block */
	/* units, and items, in several blocks; no two panels fit into a cache */
	{"conv3x3:200/same", {48, 8, 8}, 4, MOST_ITEMS}, {"conv3x3:48/same", {600, 7, 8}, 4, 2},
	{"conv3x3:64/same", {64, 7, 7}, 4, 2}, {"conv3x3:96/s2/same", {80, 16, 15}, 4, 3},
	{"conv3x3:128/s2/p2", {128, 5, 21}, 4, 5}, /* more padding than needed */
	{"conv3x3:64/s2/same", {200, 14, 14}, 7, 3},
	{"conv3x3:65/s2/p1/nobias", {80, 13, 27}, 7, 3},
	{"conv3x3:64/s2", {70, 14, 123}, 7, 1},	      /* rows of more tiles than a block */
	{"conv3x3:64/s2/p10", {64, 5, 5}, 4, 2},      /* tiles that see padding alone */
	{"conv3x3:464/s2/same", {256, 14, 14}, 7, 1}, /* more weights than a cache keeps */
	{"conv3x3:8/same", {8, 8, 8}, 0, 2},	      /* not worth while */
	{"conv3x3:64/same", {64, 1, 1}, 0, 2}, {"conv3x3:96/g2/same", {96, 8, 8}, 0, 2},
	{"conv3x3:48/s2/same", {48, 9, 9}, 0, 2}, /* half of the tiles is not there */
	{"conv3x3:5/s2/same", {512, 7, 7}, 0, 3},
	{"conv3x3:8/g2/same", {600, 3, 3}, 0, MOST_ITEMS}, {"conv5x5:3/p1", {200, 6, 6}, 0, 2},
	{"conv1x40:5", {1, 8, 80}, 0, 2},    /* far between the rows of outputs */
	{"conv3x1:8/s2", {4, 900, 1}, 0, 2}, /* each place a row */
};
#define PROBES (sizeof probes / sizeof probes[0])

/* A worker's memory: nothing may depend on what is in it. */
static float *spoilt(size_t values)
{
	float *work = test_calloc(values, sizeof *work);

	for (size_t i = 0; i < values; i++)
		work[i] = NAN;
	return work;
}

/* n whole numbers from -2 to 2, times `scale`. */
static void whole_numbers(float *x, size_t n, float scale, uint32_t index)
{
	struct rng r = {.seed = 3, .index = index};

	for (size_t i = 0; i < n; i++)
		x[i] = scale * ((float)rng_below(&r, (uint32_t)i, 5) - 2);
}

static float *items_of(const struct probe *p)
{
	size_t n = MOST_ITEMS * shape_values(&p->in);
	float *values = test_calloc(n, sizeof *values);

	whole_numbers(values, n, 1, 1);
	return values;
}

static struct net *net_of(const struct probe *p, int training)
{
	struct net *n = make_of(p->text, &p->in, MOST_ITEMS, training);

	whole_numbers(n->param, n->arena, 4, 2);
	return n;
}

static struct batch batch_of(float *values, size_t items)
{
	static uint32_t item[MOST_ITEMS];

	return (struct batch){.n = items, .input = values, .item = item};
}

/* The sum of one unit's window at (y, x) of the output. */
static double sum_of(const struct layer *l, const struct window *w, const float *param,
	const float *in, size_t unit, const size_t at[2])
{
	size_t depth = l->param[0].shape[1],
	       group = unit / (l->units / (l->in.channels / depth));
	const float *weight = param + l->param[0].at + unit * depth * window_values(w);
	double sum = l->params > 1 ? (double)param[l->param[1].at + unit] : 0;

	for (size_t i = 0; i < depth * window_values(w); i++) {
		size_t tap = i % window_values(w);
		size_t y = at[0] * w->stride[0] + tap / w->kernel[1] - w->before[0];
		size_t x = at[1] * w->stride[1] + tap % w->kernel[1] - w->before[1];

		if (y < w->in[0] && x < w->in[1]) /* what lies before 0 has wrapped */
			sum += (double)weight[i] *
			       (double)
				       in[((group * depth + i / window_values(w)) * w->in[0] +
						  y) * w->in[1] +
					       x];
	}
	return sum;
}

/* [items][outputs] */
static double *sums(const struct probe *p, const float *values)
{
	struct net *n = net_of(p, 0);
	const struct layer *l = n->layer;
	size_t outs = shape_values(&l->out), pixels;
	double *sum = test_calloc(p->items * outs, sizeof *sum);
	struct window w;

	window_of(l, &w);
	pixels = w.out[0] * w.out[1];
	for (size_t i = 0; i < p->items * outs; i++)
		sum[i] = sum_of(l, &w, n->param, values + i / outs * shape_values(&l->in),
			i / pixels % l->units,
			(size_t[2]){i % pixels / w.out[1], i % w.out[1]});
	net_free(n);
	return sum;
}

static void check_sums(
	const struct probe *p, float *values, const double *sum, int training, const char *name)
{
	struct net *n = net_of(p, training);
	const struct layer *l = n->layer;
	struct batch b = batch_of(values, p->items);
	const float *out = whole_forward(n, &b, 0, 0);
	double most = p->tile > 2 ? ROUNDING : 0;

	for (size_t i = 0; i < p->items * shape_values(&l->out); i++)
		check(fabs((double)out[i] - sum[i]) <= most,
			"%s of %zu channels, %s, %s: value %zu is %g, not %g", p->text,
			p->in.channels, name, training ? "training" : "inference", i,
			(double)out[i], sum[i]);
	net_free(n);
}

/* A probe by each kernel that this CPU can run. */
static void by_each_level(void (*check_level)(void *job, const char *name), void *job)
{
	const char *used = sgemm_kernels();

	for (size_t k = 0; k < LEVELS; k++)
		if (sgemm_use(level[k]) == 0)
			check_level(job, level[k]);
	assert_int_equal(sgemm_use(used), 0);
}

struct forward {
	const struct probe *probe;
	float *values;
	double *sum;
};

static void check_forward(void *job, const char *name)
{
	const struct forward *f = job;

	for (int training = 0; training < 2; training++)
		check_sums(f->probe, f->values, f->sum, training, name);
}

static void gives_the_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROBES; i++) {
		struct forward f = {&probes[i], items_of(&probes[i]), NULL};

		f.sum = sums(f.probe, f.values);
		by_each_level(check_forward, &f);
		test_free(f.values);
		test_free(f.sum);
	}
}

/* Adds what the outputs' gradients give by the window at (y, x) of the output. */
static void add_back(const struct layer *l, const struct window *w, const float *param,
	double dout, size_t unit, const size_t at[2], double *din)
{
	size_t depth = l->param[0].shape[1],
	       group = unit / (l->units / (l->in.channels / depth));
	const float *weight = param + l->param[0].at + unit * depth * window_values(w);

	for (size_t i = 0; i < depth * window_values(w); i++) {
		size_t tap = i % window_values(w);
		size_t y = at[0] * w->stride[0] + tap / w->kernel[1] - w->before[0];
		size_t x = at[1] * w->stride[1] + tap % w->kernel[1] - w->before[1];

		if (y < w->in[0] && x < w->in[1]) /* what lies before 0 has wrapped */
			din[((group * depth + i / window_values(w)) * w->in[0] + y) * w->in[1] +
				x] += (double)weight[i] * dout;
	}
}

static double *sums_back(const struct layer *l, const float *param, const float *dout, size_t n)
{
	double *din = test_calloc(n * shape_values(&l->in), sizeof *din);
	struct window w;
	size_t pixels;

	window_of(l, &w);
	pixels = w.out[0] * w.out[1];
	for (size_t i = 0; i < n * shape_values(&l->out); i++)
		add_back(l, &w, param, (double)dout[i], i / pixels % l->units,
			(size_t[2]){i % pixels / w.out[1], i % w.out[1]},
			din + i / shape_values(&l->out) * shape_values(&l->in));
	return din;
}

/* Of a layer that is behind another one, so that it has a way back. */
struct back {
	const struct probe *probe;
	float *dout;
	double *sum; /* NULL before the first level */
};

static struct net *net_behind(const struct probe *p)
{
	char text[96];
	struct net *n;

	snprintf(text, sizeof text, "conv1x1:%zu, %s", p->in.channels, p->text);
	n = make_of(text, &p->in, MOST_ITEMS, 1);
	whole_numbers(n->param, n->arena, 4, 2);
	net_pack(n);
	return n;
}

static void take_sums(struct back *b, const struct layer *l, const float *param)
{
	size_t outs = b->probe->items * shape_values(&l->out);

	b->dout = test_calloc(outs, sizeof *b->dout);
	whole_numbers(b->dout, outs, 1, 3);
	b->sum = sums_back(l, param, b->dout, b->probe->items);
}

static void check_back(void *job, const char *name)
{
	struct back *b = job;
	const struct probe *p = b->probe;
	struct net *n = net_behind(p);
	const struct layer *l = &n->layer[1];
	size_t ins = p->items * shape_values(&l->in);
	float *din = test_calloc(ins, sizeof *din), *work = spoilt(layer_work(l, 1));

	if (b->sum == NULL)
		take_sums(b, l, n->param);
	l->kind->backward(l, &(struct layer_pass){.n = p->items,
				     .param = n->param,
				     .use = LAYER_TRAINING,
				     .packed = n->packed,
				     .dout = b->dout,
				     .din = din,
				     .work = work});
	for (size_t i = 0; i < ins; i++)
		check(fabs((double)din[i] - b->sum[i]) <= ROUNDING,
			"%s of %zu channels, %s: value %zu is %g, not %g", p->text,
			p->in.channels, name, i, (double)din[i], b->sum[i]);
	test_free(din);
	test_free(work);
	net_free(n);
}

static void goes_back_by_the_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROBES; i++) {
		struct back b = {&probes[i], NULL, NULL};

		by_each_level(check_back, &b);
		test_free(b.dout);
		test_free(b.sum);
	}
}

/* The gradient by one weight of a unit, of the input of its group and the tap `at`. */
static double gradient_of(const struct layer *l, const struct window *w, const float *in,
	const float *dout, size_t items, size_t unit, size_t at)
{
	size_t depth = l->param[0].shape[1], tap = at % window_values(w),
	       pixels = w->out[0] * w->out[1];
	size_t channel =
		unit / (l->units / (l->in.channels / depth)) * depth + at / window_values(w);
	double sum = 0;

	for (size_t k = 0; k < items * pixels; k++) {
		size_t item = k / pixels, place = k % pixels;
		size_t y = place / w->out[1] * w->stride[0] + tap / w->kernel[1] - w->before[0];
		size_t x = place % w->out[1] * w->stride[1] + tap % w->kernel[1] - w->before[1];

		if (y < w->in[0] && x < w->in[1]) /* what lies before 0 has wrapped */
			sum += (double)dout[(item * l->units + unit) * pixels + place] *
			       (double)in[((item * l->in.channels + channel) * w->in[0] + y) *
						  w->in[1] +
					  x];
	}
	return sum;
}

/* Of some units, since each weight is a sum over all places. */
#define PROBED_UNITS 5

static size_t probed_unit(const struct layer *l, size_t i)
{
	return i * (l->units - 1) / (PROBED_UNITS - 1);
}

struct gradient {
	const struct probe *probe;
	float *values, *dout;
	double *sum; /* NULL before the first level */
};

static void take_gradients(struct gradient *g, const struct layer *l, size_t weights)
{
	const struct probe *p = g->probe;
	size_t outs = p->items * shape_values(&l->out);
	struct window w;

	window_of(l, &w);
	g->dout = test_calloc(outs, sizeof *g->dout);
	whole_numbers(g->dout, outs, 1, 3);
	g->sum = test_calloc(PROBED_UNITS * weights, sizeof *g->sum);
	for (size_t i = 0; i < PROBED_UNITS * weights; i++)
		g->sum[i] = gradient_of(l, &w, g->values, g->dout, p->items,
			probed_unit(l, i / weights), i % weights);
}

/* All units' gradients, from part to part. */
static void sum_parts(
	const struct net *n, const struct layer_pass *pass, float *weight, float *bias)
{
	const struct layer *l = n->layer;
	size_t weights = l->param[0].count / l->units;

	for (size_t i = 0; i < n->parts; i++) {
		const struct net_part *part = &n->part[i];

		l->kind->gradient(l, pass, part->from, part->to,
			(float *const[]){weight + part->from * weights, bias + part->from});
	}
}

static void check_gradient(void *job, const char *name)
{
	struct gradient *g = job;
	const struct probe *p = g->probe;
	struct net *n = net_of(p, 1);
	const struct layer *l = n->layer;
	size_t weights = l->param[0].count / l->units;
	float *weight = test_calloc(l->param[0].count, sizeof *weight),
	      *bias = test_calloc(l->units, sizeof *bias), *work = spoilt(layer_work(l, 1));

	if (g->sum == NULL)
		take_gradients(g, l, weights);
	sum_parts(n,
		&(struct layer_pass){
			.n = p->items, .in = g->values, .dout = g->dout, .work = work},
		weight, bias);
	for (size_t i = 0; i < PROBED_UNITS * weights; i++) {
		size_t unit = probed_unit(l, i / weights);
		double is = (double)weight[unit * weights + i % weights];

		check(fabs(is - g->sum[i]) <= ROUNDING,
			"%s of %zu channels, %s: weight %zu of unit %zu has %g, not %g",
			p->text, p->in.channels, name, i % weights, unit, is, g->sum[i]);
	}
	test_free(weight);
	test_free(bias);
	test_free(work);
	net_free(n);
}

static void gradients_are_the_sums(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROBES; i++) {
		struct gradient g = {&probes[i], items_of(&probes[i]), NULL, NULL};

		by_each_level(check_gradient, &g);
		test_free(g.values);
		test_free(g.dout);
		test_free(g.sum);
	}
}

static void takes_tiles_where_they_pay(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROBES; i++) {
		const struct probe *p = &probes[i];
		struct net *n = net_of(p, 0);
		const struct layer *l = n->layer;
		size_t points = l->stride[0] > 1 ? 6 : p->tile + 2;

		points = p->tile > 0 ? points : 0;
		check(l->packed[LAYER_INFERENCE] ==
				points * points *
					(sgemm_panel_values(l->units, p->in.channels) + LINE),
			"%s of %zux%zu: %zu values are packed", p->text, p->in.height,
			p->in.width, l->packed[LAYER_INFERENCE]);
		net_free(n);
	}
}

/* Where sums do round, which items go along, and so which panel an item lies in, changes no
 * byte. */
static void check_items(const struct probe *p, int training)
{
	struct net *n = net_of(p, training);
	float *values = items_of(p), *wanted;
	size_t in = shape_values(&p->in), out = n->classes;
	struct batch b = batch_of(values, p->items);

	for (size_t k = 0; k < MOST_ITEMS * in; k++)
		values[k] = values[k] / 3 + (float)(k % 7) / 11;
	wanted = test_calloc(p->items * out, sizeof *wanted);
	memcpy(wanted, whole_forward(n, &b, training, 0), p->items * out * sizeof *wanted);
	for (size_t k = 0; k < p->items; k++) {
		b = batch_of(values + k * in, 1);
		check(memcmp(whole_forward(n, &b, training, 0), wanted + k * out,
			      out * sizeof *wanted) == 0,
			"%s: item %zu by itself is another", p->text, k);
	}
	test_free(values);
	test_free(wanted);
	net_free(n);
}

static void an_item_is_by_itself(void **state)
{
	(void)state;
	for (size_t i = 0; i < PROBES; i++)
		for (int training = 0; training < 2; training++)
			check_items(&probes[i], training);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_the_sums),
		cmocka_unit_test(goes_back_by_the_sums),
		cmocka_unit_test(gradients_are_the_sums),
		cmocka_unit_test(takes_tiles_where_they_pay),
		cmocka_unit_test(an_item_is_by_itself),
	};

	return cmocka_run_group_tests_name("conv", tests, set_up_pool, tear_down_pool);
}
