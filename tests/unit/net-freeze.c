/* SPDX-License-Identifier: ISC */
/* Frozen parameters stay as they are; the others move as they would without. */
#include "net.h"

#include "made.h"
#include "optim.h"
#include "stencil.h"
#include "whole.h"

#include <stdio.h>

#define INPUTS 12
#define ROWS 9

#define SERIES "fc:8,relu,fc:6,tanh,fc:3"
/* Names: 0, then 1.0.0 and 1.1.1 (side by side), 3.0.0 and 3.1.0 (their sum), 5. */
#define BRANCHES "fc:8,(fc:4|tanh,fc:4),relu,+(fc:8|fc:8),tanh,fc:3"

#define CONVOLUTIONS \
	"conv3x3:4/p1,relu,dw3x3/p1/nobias,bn,relu,conv1x1:3,maxpool2x1,flatten,fc:3"

/* A step of clipped descent on made-up items; returns the gradient's norm. */
static double step(struct net *n)
{
	float input[ROWS * INPUTS];
	uint32_t item[ROWS] = {0};
	struct batch b = {.n = ROWS, .item = item, .input = input};
	struct optim o;
	struct err e;
	double norm;

	stencil_points(input, ROWS * INPUTS, 0, 1);
	whole_forward(n, &b, 1, 0);
	stencil_points(net_dlogits(n), ROWS * n->classes, 0, 2);
	net_backward(n);
	optim_defaults(&o, optim_kind_find("adam"));
	o.clip = 1e9;
	o.max_norm = 0.5;
	assert_int_equal(optim_init(&o, n, &e), 0);
	norm = optim_step(&o, n, 0.1, net_gradient);
	optim_release(&o);
	return norm;
}

static struct net *start(const char *text, const char *patterns)
{
	struct shape in = {3, 2, 2};
	struct err e;
	struct net *n = make_of(text, &in, 0, 0);

	net_init(n, INITIALIZER_TORCH, 7);
	if (patterns != NULL)
		check(net_freeze(n, patterns, &e) == 0, "%s: %s", patterns, e.text);
	assert_int_equal(net_prepare(n, ROWS, 1, &e), 0);
	return n;
}

/* `frozen` is a list of names with a blank before and behind each. */
static void check_step(const char *text, const char *patterns, const char *frozen)
{
	struct net *n = start(text, patterns), *all = start(text, NULL),
		   *old = start(text, NULL);
	double norm = step(n), whole = step(all);
	const struct layer_param *p;
	const struct layer *l;
	size_t trained = 0;

	for (size_t i = 0; (l = net_param(n, i, &p)) != NULL; i++) {
		char own[NET_PARAM_NAME], name[NET_PARAM_NAME + 2];
		const struct net *as;

		snprintf(name, sizeof name, " %s ", net_param_name(l, p, own));
		as = strstr(frozen, name) != NULL ? old : all;
		trained += as == all ? p->count : 0;
		check(memcmp(n->param + p->at, as->param + p->at, p->count * sizeof(float)) ==
				0,
			"%s:%sis not as it was %s", patterns, name,
			as == old ? "before" : "where all are trained");
		assert_memory_not_equal(
			all->param + p->at, old->param + p->at, p->count * sizeof(float));
	}
	assert_int_equal(net_trained(n), trained);
	assert_int_equal(net_trained(all), all->params);
	check(trained < n->params && norm > 0 && norm < whole, "the norm is %g of %g", norm,
		whole);
	net_free(n);
	net_free(all);
	net_free(old);
}

static void others_move_as_without(void **state)
{
	(void)state;
	check_step(SERIES, "0.*", " 0.weight 0.bias ");
	check_step(SERIES, "0.*,2.*", " 0.weight 0.bias 2.weight 2.bias ");
	check_step(SERIES, "4.*", " 4.weight 4.bias ");
	check_step(SERIES, "2.weight", " 2.weight ");
	check_step(SERIES, "*.bias", " 0.bias 2.bias 4.bias ");
	check_step(SERIES, "[02].weight,?.bias", " 0.weight 2.weight 0.bias 2.bias 4.bias ");
	check_step(BRANCHES, "0.*", " 0.weight 0.bias ");
	check_step(BRANCHES, "1.*", " 1.0.0.weight 1.0.0.bias 1.1.1.weight 1.1.1.bias ");
	check_step(BRANCHES, "0.*,1.0.*", " 0.weight 0.bias 1.0.0.weight 1.0.0.bias ");
	check_step(BRANCHES, "0.*,1.*,3.1.*",
		" 0.weight 0.bias 1.0.0.weight 1.0.0.bias 1.1.1.weight 1.1.1.bias 3.1.0.weight "
		"3.1.0.bias ");
	check_step(CONVOLUTIONS, "0.*", " 0.weight 0.bias ");
	check_step(CONVOLUTIONS, "0.*,2.*", " 0.weight 0.bias 2.weight ");
	check_step(CONVOLUTIONS, "3.bias", " 3.bias ");
	check_step(CONVOLUTIONS, "5.*,8.weight", " 5.weight 5.bias 8.weight ");
}

/* What lies before the first parameter that is trained has no gradient, nor room for one. */
static void gradients_stop(void **state)
{
	struct net *n = start(SERIES, "0.*,2.weight"), *all = start(SERIES, NULL);

	(void)state;
	assert_true(all->layer[1].needs_din && all->layer[2].needs_din);
	assert_true(!n->layer[1].needs_din && !n->layer[2].needs_din && n->layer[3].needs_din);
	assert_true(n->dout[0] == NULL && n->dout[1] == NULL && n->dout[2] != NULL);
	assert_true(!layer_trains(&n->layer[0]) && !layer_trains(&n->layer[1]) &&
		    layer_trains(&n->layer[2]));
	assert_true(net_memory(n, 100, 1) < net_memory(all, 100, 1));
	net_free(n);
	net_free(all);
}

/* The mean and variance that a net of CONVOLUTIONS runs by. */
static float *running(const struct net *n)
{
	return n->param + n->layer[3].param[2].at;
}

/* A normalisation that is frozen as a whole is in training as in inference. */
static void frozen_statistics_stay(void **state)
{
	static const uint32_t item[ROWS];
	float input[ROWS * INPUTS], before[4];
	struct batch b = {.n = ROWS, .item = item, .input = input};
	struct net *n = start(CONVOLUTIONS, "3.*"), *part = start(CONVOLUTIONS, "3.weight");

	(void)state;
	stencil_points(input, ROWS * INPUTS, 0, 3);
	stencil_points(running(n), 4, 0.5, 4);
	memcpy(before, running(n), sizeof before);
	assert_string_equal(n->layer[3].param[2].name, "running_mean");
	memcpy(part->param, n->param, n->arena * sizeof *n->param);
	assert_memory_equal(whole_forward(n, &b, 1, 0), whole_forward(part, &b, 0, 0),
		ROWS * n->classes * sizeof(float));
	assert_true(step(n) > 0 && step(part) > 0);
	assert_memory_equal(before, running(n), sizeof before);
	assert_memory_not_equal(before, running(part), sizeof before);
	net_free(n);
	net_free(part);
}

static void refuse(const char *text, const char *patterns, const char *reason)
{
	struct net *n = make(text, INPUTS, 0, 1);
	struct err e;

	check(net_freeze(n, patterns, &e) == -1, "%s is taken", patterns);
	check(strstr(e.text, reason) != NULL, "%s: \"%s\" lacks \"%s\"", patterns, e.text,
		reason);
	net_free(n);
}

static void refuses(void **state)
{
	(void)state;
	refuse(SERIES, "1.*", "\"1.*\" matches no name of a parameter: they are 0.weight");
	refuse(SERIES, "0.*,9.bias", "\"9.bias\" matches no name");
	refuse(SERIES, "0.*,", "\"\" matches no name");
	refuse(SERIES, "", "\"\" matches no name");
	refuse(SERIES, "weight", "\"weight\" matches no name");
	refuse(SERIES, "*", "nothing is left to train");
	refuse(SERIES, "*.weight,*.bias", "nothing is left to train");
	refuse("relu", "*", "the net has no parameters");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(others_move_as_without),
		cmocka_unit_test(gradients_stop),
		cmocka_unit_test(frozen_statistics_stay),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests_name("net-freeze", tests, set_up_pool, tear_down_pool);
}
