/* SPDX-License-Identifier: ISC */
/*
 * Every part of a run comes back from a checkpoint. Each gets a value of its own that no
 * default has, so that what is forgotten or exchanged shows.
 */
#include "checkpoint.h"

#include "err.h"
#include "lineage.h"
#include "pooled.h"
#include "scratch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct world {
	struct net *net;
	struct optim optim;
	struct schedule schedule;
	struct position position;
	float *best;
	struct preprocess preprocess;
	struct tensor_set lineage;
	struct checkpoint parts;
};

static void open_world(struct world *w, const char *net, const char *optim, const char *options)
{
	struct shape in = {4, 1, 1};
	struct err e;

	memset(w, 0, sizeof *w);
	w->net = net_new(net, &in, pool, &e);
	assert_non_null(w->net);
	optim_defaults(&w->optim, optim_kind_find(optim));
	assert_int_equal(optim_init(&w->optim, w->net, &e), 0);
	schedule_init(&w->schedule);
	w->best = calloc(w->net->arena, sizeof *w->best);
	assert_non_null(w->best);
	w->preprocess = (struct preprocess){0.25, 2};
	tensor_set_init(&w->lineage);
	assert_int_equal(lineage_kind(&w->lineage, "model", &e), 0);
	assert_int_equal(lineage_option(&w->lineage, &e, "%s", options), 0);
	w->parts = (struct checkpoint){.net = w->net,
		.optim = &w->optim,
		.schedule = &w->schedule,
		.position = &w->position,
		.epochs = 11,
		.items = 12,
		.best = w->best,
		.preprocess = &w->preprocess};
}

static void close_world(struct world *w)
{
	net_free(w->net);
	optim_release(&w->optim);
	free(w->best);
	tensor_set_release(&w->lineage);
}

/* first, first + 1 ... in the places of parameters, and of buffers where they are all; padding
 * stays 0. */
static void count_up(const struct net *n, float *arena, float first, int all)
{
	const struct layer_param *p;

	for (size_t i = 0; (all ? net_tensor(n, i, &p) : net_param(n, i, &p)) != NULL; i++)
		for (size_t k = 0; k < p->count; k++)
			arena[p->at + k] = first++;
}

static void fill(struct world *w)
{
	count_up(w->net, w->net->param, 1000, 1);
	count_up(w->net, w->best, 2000, 1);
	for (int i = 0; i < w->optim.kind->states; i++)
		count_up(w->net, w->optim.state[i], 3000 + 1000 * (float)i, 0);
	w->optim.steps = 123456789012;
	w->schedule.factor = 0.3;
	w->schedule.best = 0.7;
	w->schedule.waited = 4;
	w->position = (struct position){.epoch = 11,
		.item = 12,
		.sum = {.items = 12, .total = 0.1, .hard = 0.2, .soft = 0.4, .correct = 14},
		.best_epoch = 15,
		.best_errors = 16,
		.best_loss = 1e-300,
		.waited = 17};
}

static void save(struct world *w)
{
	struct err e;

	check(checkpoint_save(&w->parts, &w->lineage, scratch_name(".safetensors.zst"), &e) ==
			0,
		"%s", e.text);
}

static void check_same(const struct world *a, const struct world *b)
{
	const struct position *p = &a->position, *q = &b->position;
	size_t bytes = a->net->arena * sizeof(float);

	assert_memory_equal(a->net->param, b->net->param, bytes);
	assert_memory_equal(a->best, b->best, bytes);
	for (int i = 0; i < a->optim.kind->states; i++)
		assert_memory_equal(a->optim.state[i], b->optim.state[i], bytes);
	assert_true(a->optim.steps == b->optim.steps);
	assert_true(a->schedule.factor == b->schedule.factor);
	assert_true(a->schedule.best == b->schedule.best);
	assert_int_equal(a->schedule.waited, b->schedule.waited);
	assert_int_equal(p->epoch, q->epoch);
	assert_int_equal(p->item, q->item);
	assert_true(p->sum.items == q->sum.items && p->sum.total == q->sum.total);
	assert_true(p->sum.hard == q->sum.hard && p->sum.soft == q->sum.soft);
	assert_true(p->sum.correct == q->sum.correct);
	assert_int_equal(p->best_epoch, q->best_epoch);
	assert_true(p->best_errors == q->best_errors && p->best_loss == q->best_loss);
	assert_int_equal(p->waited, q->waited);
}

static void everything_comes_back(void **state)
{
	(void)state;
	for (const struct optim_kind *const *k = optim_kinds(); *k != NULL; k++) {
		struct world a, b;
		struct err e;

		open_world(&a, "fc:3,bn,relu,fc:2", (*k)->name, "--seed 1");
		open_world(&b, "fc:3,bn,relu,fc:2", (*k)->name, "--seed 1");
		fill(&a);
		save(&a);
		check(checkpoint_load(&b.parts, &b.lineage, scratch_name(""), &e) == 0, "%s",
			e.text);
		check_same(&a, &b);
		close_world(&a);
		close_world(&b);
	}
}

/* Before the first epoch the best loss of plateau is infinite; F64 keeps that too. */
static void a_fresh_run_comes_back(void **state)
{
	struct world a, b;
	struct err e;

	(void)state;
	open_world(&a, "fc:2", "sgd", "x");
	open_world(&b, "fc:2", "sgd", "x");
	save(&a);
	fill(&b);
	assert_int_equal(checkpoint_load(&b.parts, &b.lineage, scratch_name(""), &e), 0);
	check_same(&a, &b);
	assert_true(isinf(b.schedule.best));
	close_world(&a);
	close_world(&b);
}

static void check_refused(struct world *b, const char *reason)
{
	struct err e = {""};

	check(checkpoint_load(&b->parts, &b->lineage, scratch_name(""), &e) == -1,
		"taken, for all that %s differs", reason);
	check(strstr(e.text, reason) != NULL, "\"%s\" does not say \"%s\"", e.text, reason);
	close_world(b);
}

static void refuses_another_run(void **state)
{
	struct world a, b;
	struct err e;

	(void)state;
	open_world(&a, "fc:3,relu,fc:2", "adam", "--seed 1");
	fill(&a);
	save(&a);
	open_world(&b, "fc:3,relu,fc:2", "adam", "--seed 2");
	check_refused(&b, "potstill.options");
	open_world(&b, "fc:3,tanh,fc:2", "adam", "--seed 1");
	check_refused(&b, "potstill.net");
	open_world(&b, "fc:3,relu,fc:2", "adam", "--seed 1");
	b.preprocess.mean = 0.5;
	check_refused(&b, "potstill.mean");
	open_world(&b, "fc:3,relu,fc:2", "adam", "--seed 1");
	b.parts.class_names = "[\"x\",\"y\"]";
	check_refused(&b, "potstill.class-names");
	open_world(&b, "fc:3,relu,fc:2", "adam", "--seed 1");
	assert_int_equal(
		lineage_input(&b.lineage, "dataset", (struct fingerprint){1, 2}, &e), 0);
	check_refused(&b, "potstill.input.dataset");
	close_world(&a);
}

/* What a run was made from and this one is not: a start by --init. */
static void refuses_a_run_of_more(void **state)
{
	struct world a, b;
	struct err e;

	(void)state;
	open_world(&a, "fc:2", "sgd", "x");
	assert_int_equal(lineage_input(&a.lineage, "init", (struct fingerprint){1, 2}, &e), 0);
	save(&a);
	open_world(&b, "fc:2", "sgd", "x");
	check_refused(&b, "potstill.input.init is not expected");
	close_world(&a);
}

static void check_bent(struct world *a, double *part, double value)
{
	double before = *part;
	struct world b;

	*part = value;
	save(a);
	*part = before;
	open_world(&b, "fc:2", "sgd", "x");
	check_refused(&b, "has no valid train.state");
}

/* NaN in parameters, best ones and states; infinity, of mean squares, in a state alone. */
static void refuses_nan(void **state)
{
	static const char *const tensors[] = {
		"\"0.weight\"", "\"best.0.weight\"", "\"optim.0.0.weight\""};
	struct err e;

	(void)state;
	for (int i = 0; i < 6; i++) {
		struct world a, b;
		float *part;

		open_world(&a, "fc:2", "rmsprop", "x");
		open_world(&b, "fc:2", "rmsprop", "x");
		part = i % 3 == 0 ? a.net->param : i % 3 == 1 ? a.best : a.optim.state[0];
		part[0] = i < 3 ? NAN : INFINITY;
		save(&a);
		if (i < 5) {
			check_refused(&b, tensors[i % 3]);
		} else {
			check(checkpoint_load(&b.parts, &b.lineage, scratch_name(""), &e) == 0,
				"%s", e.text);
			close_world(&b);
		}
		close_world(&a);
	}
}

/* A file that no run of ours wrote, but whose tensors are all there. */
static void refuses_what_cannot_be(void **state)
{
	struct world a, b;
	struct err e;

	(void)state;
	open_world(&a, "fc:2", "sgd", "x");
	fill(&a);
	check_bent(&a, &a.schedule.factor, -0.1);
	check_bent(&a, &a.schedule.factor, 1.1);
	check_bent(&a, &a.schedule.factor, NAN);
	check_bent(&a, &a.position.sum.items, NAN);
	check_bent(&a, &a.position.sum.total, INFINITY);
	check_bent(&a, &a.position.sum.items, 11);
	a.position.item = 13;
	check_bent(&a, &a.position.sum.items, 13);
	a.position.item = 12;
	a.position.epoch = 12;
	check_bent(&a, &a.position.sum.items, 12);
	a.position.epoch = 11;
	save(&a);
	open_world(&b, "fc:2", "sgd", "x");
	check(checkpoint_load(&b.parts, &b.lineage, scratch_name(""), &e) == 0, "%s", e.text);
	close_world(&b);
	close_world(&a);
}

/* A model has no optimiser's state: it is no checkpoint. */
static void refuses_a_model(void **state)
{
	struct world a, b;
	struct err e;

	(void)state;
	open_world(&a, "fc:2", "sgd", "x");
	assert_int_equal(
		model_describe(&a.lineage, a.net, a.net->param, &a.preprocess, NULL, &e), 0);
	assert_int_equal(
		tensor_file_save(&a.lineage, scratch_name(""), TENSOR_LEVEL, NULL, &e), 0);
	open_world(&b, "fc:2", "sgd", "x");
	check_refused(&b, "checkpoint");
	close_world(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(everything_comes_back),
		cmocka_unit_test(a_fresh_run_comes_back),
		cmocka_unit_test(refuses_another_run),
		cmocka_unit_test(refuses_a_run_of_more),
		cmocka_unit_test(refuses_nan),
		cmocka_unit_test(refuses_what_cannot_be),
		cmocka_unit_test(refuses_a_model),
	};

	return cmocka_run_group_tests_name("checkpoint", tests, set_up_pool, tear_down_pool);
}
