/* SPDX-License-Identifier: ISC */
/*
 * Optimiser steps, clipping and learning rates against PyTorch in double.
 *
 * Tolerances: parameters near 1 after 6 steps of a few float operations each, 2^-24 an
 * operation: 1e-6. Learning rates are a few operations in double: 1e-14.
 */
#include "given.h"
#include "golden.h"
#include "net.h"
#include "optim.h"
#include "pooled.h"
#include "schedule.h"

#include <math.h>

#define STEPS 6
#define OUT 3
#define IN 5

static struct tensor_set golden;

static int set_up(void **state)
{
	golden_load(&golden, "learn.safetensors");
	return set_up_pool(state);
}

static int tear_down(void **state)
{
	tensor_set_release(&golden);
	return tear_down_pool(state);
}

/* Weight and bias of the one layer, in the arena and among the golden tensors. */
struct part {
	const char *start, *grad, *value;
	size_t count;
	const struct layer_param *param;
};

static void make_parts(const struct net *n, struct part part[2])
{
	part[0] = (struct part){"start.weight", "grad.weight", "weight", IN * OUT, NULL};
	part[1] = (struct part){"start.bias", "grad.bias", "bias", OUT, NULL};
	net_param(n, 0, &part[0].param);
	net_param(n, 1, &part[1].param);
}

static void make_optim(struct optim *o, const struct net *n, const char *text)
{
	char word[32];
	struct err e;

	optim_defaults(o, optim_kind_find(golden_word(text, "kind", word)));
	check(o->kind != NULL, "there is no optimiser %s", word);
	o->momentum = golden_number(text, "momentum", 0);
	o->nesterov = golden_number(text, "nesterov", 0) > 0;
	o->weight_decay = golden_number(text, "weight_decay", 0);
	o->beta1 = golden_number(text, "beta1", o->beta1);
	o->beta2 = golden_number(text, "beta2", o->beta2);
	o->rho = golden_number(text, "rho", o->rho);
	o->epsilon = golden_number(text, "epsilon", o->epsilon);
	o->clip = golden_number(text, "clip", 0);
	assert_int_equal(optim_init(o, n, &e), 0);
}

static void check_step(
	const struct net *n, const struct part *q, int i, size_t t, const char *text)
{
	const double *all =
		golden_tensor(&golden, "optim", i, q->value, TENSOR_F64, STEPS * q->count);
	double d = golden_distance(n->param + q->param->at, all + t * q->count, q->count);

	check(d < 1e-6, "%s: after step %zu %s is off by %g", text, t + 1, q->value, d);
}

static void check_optimizer(int i, const char *text)
{
	const double *norm = golden_tensor(&golden, "optim", i, "norm", TENSOR_F64, STEPS);
	struct shape in = {IN, 1, 1};
	struct err e;
	struct net *n = net_new("fc:3", &in, pool, &e);
	struct part part[2];
	struct optim o;

	assert_non_null(n);
	assert_int_equal(net_prepare(n, 1, 1, &e), 0);
	make_parts(n, part);
	make_optim(&o, n, text);
	for (int k = 0; k < 2; k++)
		memcpy(n->param + part[k].param->at,
			golden_tensor(
				&golden, "optim", i, part[k].start, TENSOR_F32, part[k].count),
			part[k].count * sizeof(float));
	for (size_t t = 0; t < STEPS; t++) {
		for (int k = 0; k < 2; k++) {
			const float *g = golden_tensor(&golden, "optim", i, part[k].grad,
				TENSOR_F32, STEPS * part[k].count);

			memcpy(given + part[k].param->at, g + t * part[k].count,
				part[k].count * sizeof *g);
		}
		check(fabs(optim_step(&o, n, golden_number(text, "lr", 0), take_given) -
			      norm[t]) < 1e-9,
			"%s: the norm is not %g", text, norm[t]);
		check_step(n, &part[0], i, t, text);
		check_step(n, &part[1], i, t, text);
	}
	optim_release(&o);
	net_free(n);
}

static void optimizers_agree_with_pytorch(void **state)
{
	int seen[16] = {0}, i = 0;
	const char *text;
	char word[32];

	(void)state;
	for (; (text = golden_case(&golden, "optim", i)) != NULL; i++) {
		check_optimizer(i, text);
		for (int k = 0; optim_kinds()[k] != NULL; k++)
			seen[k] |= strcmp(optim_kinds()[k]->name,
					   golden_word(text, "kind", word)) == 0;
	}
	for (int k = 0; optim_kinds()[k] != NULL; k++)
		check(seen[k], "tests/oracle has no case of the optimiser %s",
			optim_kinds()[k]->name);
	assert_true(i >= 24);
}

static enum schedule_kind kind_of(const char *name)
{
	static const char *const names[] = {[SCHEDULE_CONSTANT] = "constant",
		[SCHEDULE_STEP] = "step",
		[SCHEDULE_EXP] = "exp",
		[SCHEDULE_COSINE] = "cosine",
		[SCHEDULE_PLATEAU] = "plateau"};

	for (size_t k = 0; k < sizeof names / sizeof names[0]; k++)
		if (strcmp(names[k], name) == 0)
			return (enum schedule_kind)k;
	fail_msg("there is no schedule %s", name);
	return SCHEDULE_CONSTANT;
}

static void check_schedule(int i, const char *text)
{
	const struct tensor *losses = tensor_set_find(&golden, "schedule.loss");
	size_t epochs = losses->shape[0];
	const double *loss = losses->data;
	const double *lr = golden_tensor(&golden, "schedule", i, "lr", TENSOR_F64, epochs + 1);
	char word[32];
	struct schedule s;

	schedule_init(&s);
	s.kind = kind_of(golden_word(text, "schedule", word));
	s.lr = golden_number(text, "lr", 0);
	s.epochs = (double)epochs;
	s.lr_min = golden_number(text, "lr_min", 0);
	s.gamma = golden_number(text, "gamma", 0);
	s.step_epochs = (int)golden_number(text, "step_epochs", 1);
	s.patience = (int)golden_number(text, "patience", 0);
	for (size_t t = 0; t <= epochs; t++) {
		double got = schedule_lr(&s, (double)t);

		check(fabs(got - lr[t]) < 1e-14, "%s: epoch %zu has %.17g, PyTorch %.17g", text,
			t, got, lr[t]);
		if (t < epochs)
			schedule_epoch(&s, loss[t]);
	}
}

static void schedules_agree_with_pytorch(void **state)
{
	const char *text;
	int i = 0;

	(void)state;
	for (; (text = golden_case(&golden, "schedule", i)) != NULL; i++)
		check_schedule(i, text);
	assert_true(i >= 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(optimizers_agree_with_pytorch),
		cmocka_unit_test(schedules_agree_with_pytorch),
	};

	return cmocka_run_group_tests_name("oracle-learn", tests, set_up, tear_down);
}
