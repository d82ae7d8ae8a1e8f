/* SPDX-License-Identifier: ISC */
/*
 * The gradients of whole nets against differences (stencil.h): that each layer gets the right
 * neighbours' buffers, and what it waits for. The function is sum of weight * logits in double.
 */
#include "err.h"
#include "net.h"
#include "pooled.h"
#include "size.h"
#include "stencil.h"
#include "whole.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS 5

static const struct shape input_shape = {2, 3, 4};

static const uint32_t items[ITEMS] = {3, 1, 4, 15, 9};

static float *floats(size_t n)
{
	struct err e;
	float *p = size_alloc(n, sizeof *p, "a test", &e);

	assert_non_null(p);
	return p;
}

struct whole {
	struct net *net;
	struct batch batch;
	float *weight;
};

static double whole_value(void *arg)
{
	struct whole *t = arg;
	const float *logits = whole_forward(t->net, &t->batch, 1, 5);
	double sum = 0;

	for (size_t i = 0; i < ITEMS * t->net->classes; i++)
		sum += (double)t->weight[i] * (double)logits[i];
	return sum;
}

/* Small weights and biases of 1 to 2.25 keep relu's inputs away from 0, some units on, some
 * off. Behind a normalisation they would be of no size.
 */
static void spread_params(struct net *n)
{
	const struct layer_param *p;

	for (size_t i = 0; net_param(n, i, &p) != NULL; i++) {
		float *v = n->param + p->at;

		stencil_points(v, p->count, p->rank > 1 ? 0 : 1, (uint32_t)i);
		if (p->rank > 1 && strstr(n->text, "bn") == NULL)
			for (size_t k = 0; k < p->count; k++)
				v[k] /= 64;
	}
}

/* Functions of a few items' statistics bend more than others. */
static float step_of(const char *text)
{
	return strstr(text, "bn") != NULL ? STENCIL_STEP / 4 : STENCIL_STEP;
}

static void check_whole(const char *text)
{
	size_t ins = ITEMS * shape_values(&input_shape);
	struct whole t = {.batch = {.n = ITEMS, .item = items, .epoch = 2}};
	struct stencil_distance d = {0, 0};
	const struct layer_param *p;
	float *input = floats(ins), *grad;
	struct err e;

	t.net = net_new(text, &input_shape, pool, &e);
	check(t.net != NULL, "%s: %s", text, e.text);
	assert_int_equal(net_prepare(t.net, ITEMS + 2, 1, &e), 0);
	t.weight = floats(ITEMS * t.net->classes);
	stencil_points(input, ins, 0, 1);
	stencil_points(t.weight, ITEMS * t.net->classes, 0.1, 2);
	t.batch.input = input;
	spread_params(t.net);
	whole_value(&t);
	memcpy(net_dlogits(t.net), t.weight, ITEMS * t.net->classes * sizeof(float));
	grad = floats(t.net->arena);
	whole_backward(t.net, grad);
	for (size_t i = 0; net_param(t.net, i, &p) != NULL; i++)
		for (size_t k = 0; k < p->count; k++)
			stencil_compare(&d, (double)grad[p->at + k],
				stencil_slope_by(step_of(text), whole_value, &t,
					&t.net->param[p->at + k]));
	check(stencil_error(&d) < STENCIL_TOLERANCE, "%s: off by %g", text, stencil_error(&d));
	net_free(t.net);
	free(t.weight);
	free(input);
	free(grad);
}

static void check_wholes(const char *const text[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_whole(text[i]);
}

/* Every order of neighbours that shares or must not share a buffer. */
static void whole_nets_agree_with_differences(void **state)
{
	static const char *const text[] = {"fc:3", "24-5-3", "drop:0.3,fc:6,relu,drop:0.5,fc:3",
		"fc:6,tanh,drop:0.3,fc:3", "fc:6,drop:0.3,tanh,fc:3", "fc:6,drop:0.3,relu,fc:3",
		"fc:6,drop:0.3,drop:0.3,fc:3", "fc:6,relu,tanh,fc:3", "fc:6,tanh,relu,fc:3",
		"tanh,relu,drop:0.2,fc:5,fc:4,relu", "fc:3,drop:0.4", "fc:5,fc:30,fc:2,tanh",
		"fc:4,relu,relu,fc:3", "fc:4,tanh,tanh,fc:3,drop:0.1,drop:0.1,relu"};

	(void)state;
	check_wholes(text, sizeof text / sizeof text[0]);
}

/* Through the statistics of a batch, of neighbours in any order. */
static void batches_agree_with_differences(void **state)
{
	static const char *const text[] = {"bn,fc:3", "bn", "fc:6,bn", "fc:6,bn,tanh,fc:3",
		"fc:6,tanh,bn,drop:0.3,fc:3", "fc:6,bn,bn/e=0.01,fc:3", "bn,bn,tanh",
		"conv3x3:4/same/nobias,bn,tanh,conv1x1:3,bn,gap",
		"fc:6,+(fc:6,bn,tanh,fc:6,bn|),tanh,fc:3", "fc:6,bn,+(bn|tanh),fc:3",
		"(bn|conv1x1:2,bn),tanh,fc:2", "conv1x1:3,+(|bn|bn,tanh,bn),gap",
		"+(bn|),tanh,fc:3", "fc:5,+(|bn),bn,fc:3"};

	(void)state;
	check_wholes(text, sizeof text / sizeof text[0]);
}

/* Joins of every kind of neighbour: the data, an activation with other readers, one that its
 * layer keeps or whose sign it keeps, the same one twice, other joins; also as the last layer.
 */
static void branches_agree_with_differences(void **state)
{
	static const char *const text[] = {"(fc:3|fc:2)", "+(fc:3|fc:3)", "(relu|),fc:4",
		"+(|relu|),fc:4", "fc:5,(|),fc:3", "fc:5,+(|),fc:3", "fc:5,+(),fc:3",
		"fc:6,+(fc:6|),tanh,fc:3", "fc:6,+(|fc:6),tanh,fc:3",
		"fc:6,relu,+(fc:6,relu|),relu,fc:3", "fc:6,tanh,+(|relu),fc:3",
		"fc:6,relu,+(|tanh),fc:3", "fc:6,+(relu|),fc:3", "fc:6,+(tanh|),fc:3",
		"fc:6,+(|relu,drop:0.3),fc:3", "fc:6,+(relu,drop:0.3|),fc:3",
		"fc:6,drop:0.3,+(drop:0.4|drop:0.3),fc:3", "fc:6,+(relu|tanh|fc:6),tanh,fc:3",
		"fc:6,(relu|tanh|fc:2,relu|),drop:0.2,fc:3",
		"fc:4,(fc:3,relu|+(fc:4,tanh|),relu|(|fc:2)),fc:5,fc:3",
		"+((fc:3|fc:1,tanh)|fc:4|+(fc:4,drop:0.3|fc:4,relu)),relu,fc:3",
		"fc:4,+(fc:4|),+(fc:4,tanh|),+(fc:4,relu|),fc:3",
		"fc:4,+(+(+(fc:4|)|)|tanh),relu", "(tanh|+(|)),(relu|drop:0.3),fc:2"};

	(void)state;
	check_wholes(text, sizeof text / sizeof text[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_nets_agree_with_differences),
		cmocka_unit_test(batches_agree_with_differences),
		cmocka_unit_test(branches_agree_with_differences),
	};

	return cmocka_run_group_tests_name(
		"gradients-nets", tests, set_up_pool, tear_down_pool);
}
