/* SPDX-License-Identifier: ISC */
/*
 * The gradients of every layer kind, by its inputs and by its parameters, against
 * differences (stencil.h). The loop goes over layer_kinds(): a kind that this file
 * does not know how to write down fails.
 *
 * The function is sum of weight * out in double, so a layer is seen alone, and the
 * gradient by out is the weights.
 */
#include "err.h"
#include "net.h"
#include "size.h"
#include "stencil.h"
#include "unit.h"
#include "whole.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ITEMS 5

/* How values of the input are chosen: away from kinks, which depend on the kind. */
enum points { NEAR, SPACED };

/*
 * How a layer of each kind is written, with every option that changes what it computes, and the
 * shape of its input (2x3x4 and 5 items where nothing is said).
 */
static const struct example {
	const char *text;
	struct shape in;
	size_t items;
	enum points points;
} examples[] = {
	{.text = "fc:7"},
	{.text = "fc:1"},
	{.text = "fc:2", .in = {2, 32, 32}, .items = 2}, /* far apart: the inputs are copied */
	{.text = "relu"},
	{.text = "relu6", .points = SPACED},
	{.text = "lrelu"},
	{.text = "lrelu:0.3"},
	{.text = "tanh"},
	{.text = "drop:0.4"},
	{.text = "drop:0"},
	{.text = "flatten"},
	{.text = "gap"},
	{.text = "gap", .in = {3, 1, 1}, .items = 1},
	{.text = "gap", .in = {2, 7, 5}},

	{.text = "conv1x1:3"},
	{.text = "conv1x1:5/nobias", .in = {3, 10, 10}, .items = 2}, /* as the planes lie */
	{.text = "conv1x1:4/g2", .in = {2, 10, 10}, .items = 2},
	{.text = "conv1x1:3/s2", .in = {2, 5, 7}},
	{.text = "conv1x1:3/s3/p1", .in = {2, 4, 4}},
	{.text = "conv1x1:3", .in = {7, 1, 1}},
	{.text = "conv3x3:4", .in = {2, 3, 3}, .items = 1},
	{.text = "conv3x3:4/same", .in = {2, 7, 5}},
	{.text = "conv3x3:4/s2/same", .in = {2, 7, 5}},
	{.text = "conv3x3:4/s2/same", .in = {2, 8, 6}},
	{.text = "conv3x3:3/s2/p1/nobias", .in = {2, 7, 7}, .items = 1},
	{.text = "conv3x3:2/s2", .in = {1, 6, 8}}, /* the last row and column are not seen */
	{.text = "conv3x3:2/p3", .in = {2, 4, 3}},
	{.text = "conv3x3:2/s3/p2", .in = {2, 8, 9}},
	{.text = "conv2x2:3/s3", .in = {2, 9, 8}},
	{.text = "conv2x2:3/s3/same", .in = {1, 7, 8}},
	{.text = "conv2x3:3/same", .in = {2, 5, 4}},
	{.text = "conv1x5:2/p2", .in = {2, 3, 6}},
	{.text = "conv5x5:3/s2/same", .in = {2, 9, 9}, .items = 2},
	{.text = "conv3x3:6/g3/same", .in = {3, 4, 5}},
	{.text = "conv3x3:4/g2/s2/p1", .in = {6, 5, 5}, .items = 3},
	{.text = "conv7x7:2/s4/p3", .in = {1, 15, 13}, .items = 1},
	{.text = "conv3x3:60/same", .in = {1, 3, 3}, .items = 2},
	{.text = "conv3x3:2/same", .in = {1, 13, 19}, .items = 2}, /* over several panels */

	{.text = "conv1x36:2", .in = {2, 6, 60}, .items = 2}, /* wide: far between rows */
	{.text = "conv1x36:2/s2", .in = {6, 3, 75}, .items = 1},
	{.text = "conv36x1:2", .in = {2, 60, 3}, .items = 1},
	{.text = "conv3x1:8/s2", .in = {1, 900, 1}, .items = 1}, /* each place a row */

	{.text = "dw3x3/same", .in = {3, 5, 4}},
	{.text = "dw3x3/s2/same", .in = {2, 7, 8}},
	{.text = "dw3x3/s2/p1/nobias", .in = {2, 7, 7}, .items = 1},
	{.text = "dw3x3", .in = {2, 3, 3}},
	{.text = "dw1x1/s2", .in = {2, 4, 5}},
	{.text = "dw2x4/s3/p2", .in = {2, 6, 7}},
	{.text = "dw5x5/p4", .in = {1, 4, 20}},
	{.text = "dw1x36/p20", .in = {2, 3, 60}, .items = 2},
	{.text = "dw3x1/s2", .in = {1, 900, 1}, .items = 1},

	{.text = "maxpool2x2", .in = {2, 6, 4}, .points = SPACED},
	{.text = "maxpool2x2", .in = {2, 7, 5}, .points = SPACED},
	{.text = "maxpool2x2/ceil", .in = {2, 7, 5}, .points = SPACED},
	{.text = "maxpool2x2/s1/same", .in = {2, 5, 6}, .points = SPACED},
	{.text = "maxpool3x3/s2/p1", .in = {2, 7, 7}, .items = 1, .points = SPACED},
	{.text = "maxpool3x3/s2/ceil", .in = {1, 8, 6}, .points = SPACED},
	{.text = "maxpool1x3/s4", .in = {1, 5, 9}, .points = SPACED},
	{.text = "maxpool1x36/s3", .in = {1, 2, 60}, .items = 1, .points = SPACED},

	{.text = "avgpool2x2", .in = {2, 6, 4}},
	{.text = "avgpool2x2/ceil", .in = {2, 7, 5}},
	{.text = "avgpool2x2/s1/same", .in = {2, 5, 6}},
	{.text = "avgpool3x3/s2/p1/ceil", .in = {2, 8, 7}, .items = 1},
	{.text = "avgpool3x3/s2/same", .in = {2, 8, 7}},
	{.text = "avgpool1x3/s4", .in = {1, 5, 9}},
	{.text = "avgpool1x36", .in = {2, 3, 60}, .items = 2},

	{.text = "bn"},
	{.text = "bn", .in = {7, 1, 1}},
	{.text = "bn/e=0.1", .in = {3, 1, 1}, .items = 2},
	{.text = "bn", .in = {3, 1, 1}, .items = 1}, /* no variance */
	{.text = "bn/m=0.5", .in = {2, 5, 7}, .items = 1},
	{.text = "bn/e=1e-3", .in = {3, 6, 6}},
};

#define EXAMPLES (sizeof examples / sizeof examples[0])

static const struct shape input_shape = {2, 3, 4};

static const uint32_t items[ITEMS] = {3, 1, 4, 15, 9};

/* A net of the layer, behind another one that makes it pack its weights for the way back, and
 * everything that a pass through it touches. */
struct probe {
	struct net *net;
	struct layer *layer;
	struct layer_pass pass;
	size_t ins, outs; /* of all items */
	float *in, *out, *dout, *din, *weight;
	float *grad; /* as the parameters lie */
};

static float *floats(size_t n)
{
	struct err e;
	float *p = size_alloc(n, sizeof *p, "a test", &e);

	assert_non_null(p);
	return p;
}

static double *doubles(size_t n)
{
	struct err e;
	double *p = size_alloc(n, sizeof *p, "a test", &e);

	assert_non_null(p);
	return p;
}

/* Values of a plane are 3/8 or more apart, and 3/16 away from 0 and 6. */
static void spaced_points(float *x, size_t n)
{
	for (size_t i = 0; i < n; i++)
		x[i] = (float)(i * 29 % 67) * 0.375f + 0.1875f - 6;
}

static void probe_open(struct probe *p, const struct example *x, struct workers *w)
{
	const struct shape *in = x->in.channels > 0 ? &x->in : &input_shape;
	size_t rows = x->items > 0 ? x->items : ITEMS;
	char text[64];
	struct err e;

	snprintf(text, sizeof text, "dw1x1,%s", x->text);
	p->net = net_new(text, in, w, &e);
	check(p->net != NULL, "%s: %s", text, e.text);
	assert_int_equal(p->net->layers, 2);
	p->layer = &p->net->layer[1];
	p->ins = rows * shape_values(&p->layer->in);
	p->outs = rows * shape_values(&p->layer->out);
	p->in = floats(p->ins);
	p->out = floats(p->outs);
	p->dout = floats(p->outs);
	p->din = floats(p->ins);
	p->weight = floats(p->outs);
	p->grad = floats(p->net->arena);
	if (x->points == SPACED)
		spaced_points(p->in, p->ins);
	else
		stencil_points(p->in, p->ins, 0.25, 1); /* relu has its kink at 0 */
	stencil_points(p->weight, p->outs, 0.1, 2);
	stencil_points(p->net->param, p->net->arena, 0, 3);
	for (int i = p->layer->params; i < p->layer->params + p->layer->buffers; i++)
		stencil_points(p->net->param + p->layer->param[i].at, 1, 1, 4);
	p->pass = (struct layer_pass){.n = rows,
		.batch = rows,
		.partials = doubles(rows * p->layer->partials),
		.sums = doubles(p->net->sum_values),
		.param = p->net->param,
		.use = LAYER_TRAINING,
		.packed = floats(p->net->packed_values[LAYER_TRAINING]),
		.in = p->in,
		.out = p->out,
		.dout = p->dout,
		.din = p->din,
		.scratch = calloc(rows, p->layer->scratch + 1),
		.work = floats(layer_work(p->layer, 1)),
		.training = 1,
		.seed = 5,
		.epoch = 2,
		.item = items};
	assert_non_null(p->pass.scratch);
}

static void probe_close(struct probe *p)
{
	free(p->in);
	free(p->out);
	free(p->dout);
	free(p->din);
	free(p->weight);
	free(p->grad);
	free((float *)p->pass.packed);
	free(p->pass.partials);
	free(p->pass.sums);
	free(p->pass.scratch);
	free(p->pass.work);
	net_free(p->net);
}

/* What a layer that waits must know of the batch. */
static void know_batch(struct probe *p, enum layer_way way)
{
	const struct layer *l = p->layer;

	if (!layer_waits(l))
		return;
	l->kind->measure[way](l, &p->pass);
	l->kind->reduce[way](l, &p->pass, p->net->param);
}

static void forward(struct probe *p)
{
	const struct layer *l = p->layer;

	if (l->packed[LAYER_TRAINING] > 0)
		l->kind->pack[LAYER_TRAINING](
			l, p->net->param, (float *)p->pass.packed, 0, l->units);
	know_batch(p, LAYER_FORWARD);
	l->kind->forward(l, &p->pass);
}

/* Nothing may depend on what the worker's memory has in it. */
static void spoil_work(struct probe *p)
{
	for (size_t i = 0; i < layer_work(p->layer, 1); i++)
		p->pass.work[i] = NAN;
}

static double value(void *arg)
{
	struct probe *p = arg;
	double sum = 0;

	forward(p);
	for (size_t i = 0; i < p->outs; i++)
		sum += (double)p->weight[i] * (double)p->out[i];
	return sum;
}

static void run_part(struct probe *p, const struct net_part *part)
{
	float *grad[LAYER_MAX_PARAMS];
	size_t at;

	for (int i = 0; i < p->layer->params; i++) {
		net_part_values(part, i, &at);
		grad[i] = p->grad + at;
	}
	p->layer->kind->gradient(p->layer, &p->pass, part->from, part->to, grad);
}

/* Forward at the middle point, then backward; what backward must set starts as NaN. */
static void run(struct probe *p)
{
	for (size_t i = 0; i < p->ins; i++)
		p->din[i] = NAN;
	for (int i = 0; i < p->layer->params; i++)
		for (size_t k = 0; k < p->layer->param[i].count; k++)
			p->grad[p->layer->param[i].at + k] = NAN;
	spoil_work(p);
	forward(p);
	memcpy(p->dout, p->weight, p->outs * sizeof *p->dout);
	know_batch(p, LAYER_BACK);
	for (size_t i = 0; i < p->net->parts; i++) {
		spoil_work(p);
		if (p->net->part[i].layer == p->layer)
			run_part(p, &p->net->part[i]);
	}
	spoil_work(p);
	p->layer->kind->backward(p->layer, &p->pass); /* may overwrite dout */
}

static void check_slopes(struct probe *p, const char *text, const char *what, const float *got,
	float *x, size_t n)
{
	struct stencil_distance d = {0, 0};

	for (size_t i = 0; i < n; i++)
		stencil_compare(&d, (double)got[i], stencil_slope(value, p, &x[i]));
	check(stencil_error(&d) < STENCIL_TOLERANCE, "%s: the gradient by %s is off by %g",
		text, what, stencil_error(&d));
}

static void check_layer(const struct example *x)
{
	const char *text = x->text;
	struct err e;
	struct workers *w = workers_new(2, &e);
	struct probe p;

	assert_non_null(w);
	probe_open(&p, x, w);
	run(&p);
	check_slopes(&p, text, "the input", p.din, p.in, p.ins);
	for (int i = 0; i < p.layer->params; i++) {
		const struct layer_param *q = &p.layer->param[i];

		check_slopes(&p, text, q->name, p.grad + q->at, p.net->param + q->at, q->count);
	}
	probe_close(&p);
	workers_free(w);
}

static int is_of(const char *text, const char *kind)
{
	size_t n = strlen(kind);

	return strncmp(text, kind, n) == 0 && (text[n] < 'a' || text[n] > 'z') &&
	       !(strcmp(kind, "relu") == 0 && text[n] == '6');
}

static void every_kind_agrees_with_differences(void **state)
{
	(void)state;
	for (const struct layer_kind *const *k = layer_kinds(); *k != NULL; k++) {
		int found = 0;

		for (size_t i = 0; i < EXAMPLES; i++)
			if (is_of(examples[i].text, (*k)->name)) {
				check_layer(&examples[i]);
				found = 1;
			}
		check(found, "add an example of the layer kind %s to this test", (*k)->name);
	}
}

/* layer.h: out may be in, and din dout, where a kind says so; the results are the same. */
static void in_place_is_the_same(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);

	(void)state;
	assert_non_null(w);
	for (size_t i = 0; i < EXAMPLES; i++) {
		struct probe a, b;

		probe_open(&a, &examples[i], w);
		probe_open(&b, &examples[i], w);
		run(&a);
		if (b.layer->kind->in_place)
			b.pass.din = b.dout;
		if (b.layer->kind->in_place && b.layer->kind->in_place != LAYER_IN_PLACE_BACK)
			b.pass.out = b.in;
		run(&b);
		assert_memory_equal(a.out, b.pass.out, a.outs * sizeof *a.out);
		assert_memory_equal(a.din, b.pass.din, a.ins * sizeof *a.din);
		for (int k = 0; k < a.layer->params; k++)
			assert_memory_equal(a.grad + a.layer->param[k].at,
				b.grad + b.layer->param[k].at,
				a.layer->param[k].count * sizeof(float));
		probe_close(&a);
		probe_close(&b);
	}
	workers_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_agrees_with_differences),
		cmocka_unit_test(in_place_is_the_same),
	};

	return cmocka_run_group_tests_name("gradients", tests, NULL, NULL);
}
