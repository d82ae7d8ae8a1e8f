/* SPDX-License-Identifier: ISC */
/* The training loop: where it stops it goes on as if it had not, and it knows its best epoch.
 */
#include "train.h"

#include "err.h"
#include "made.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_EPOCHS 16

/* A run, and what it told of its epochs. */
struct world {
	struct dataset data;
	struct batcher batcher;
	struct loss loss;
	struct optim optim;
	struct schedule schedule;
	struct train train;
	struct train_report report[MAX_EPOCHS];
	int reports;
	int stop, steps;
	void (*after_step)(struct world *w);
};

static void on_step(void *arg, uint32_t epoch, size_t items_done)
{
	struct world *w = arg;

	assert_int_equal(epoch, w->train.position.epoch);
	assert_int_equal(items_done, w->train.position.item);
	w->steps++;
	w->after_step(w);
}

static int on_epoch(void *arg, const struct train_report *r, struct err *e)
{
	struct world *w = arg;

	(void)e;
	assert_in_range(w->reports, 0, MAX_EPOCHS - 1);
	w->report[w->reports++] = *r;
	return 0;
}

/* w->data and the schedule's kind and rate are set. */
static void open_world(
	struct world *w, const char *net, const char *optim, size_t batch, uint32_t epochs)
{
	struct train *t = &w->train;
	struct err e;

	t->net = make_of(net, &w->data.shape, batch, 1);
	net_init(t->net, INITIALIZER_GLOROT, 7);
	w->loss = (struct loss){.kind = loss_kind_find("ce"),
		.temperature = 1,
		.hard = 1,
		.classes = w->data.classes,
		.batch = batch};
	optim_defaults(&w->optim, optim_kind_find(optim));
	w->batcher = (struct batcher){.data = &w->data,
		.items = w->data.items,
		.preprocess = {0, 1},
		.batch = batch,
		.seed = 42,
		.shuffle = 1};
	check(loss_init(&w->loss, &e) == 0 && optim_init(&w->optim, t->net, &e) == 0 &&
			batcher_init(&w->batcher, &e) == 0,
		"%s", e.text);
	w->schedule.step = (double)batch / (double)w->data.items;
	w->schedule.epochs = epochs;
	t->batcher = &w->batcher;
	t->loss = &w->loss;
	t->optim = &w->optim;
	t->schedule = &w->schedule;
	t->epochs = epochs;
	t->seed = 42;
	t->stop = &w->stop;
	t->arg = w;
	t->on_step = on_step;
	t->on_epoch = on_epoch;
}

static void close_world(struct world *w)
{
	batcher_release(&w->batcher);
	loss_release(&w->loss);
	optim_release(&w->optim);
	net_free(w->train.net);
	free(w->train.best);
}

static int run(struct world *w)
{
	struct err e = {""};
	int result = train_run(&w->train, &e);

	check(result >= 0, "%s", e.text);
	return result;
}

/* --- stopped --- */

#define ITEMS 53
#define BATCH 8
#define STEPS 7 /* in an epoch; the last one has 5 items */
#define EPOCHS 4
#define VALUES 4
#define CLASSES 3

static void fill_items(struct dataset *d)
{
	static float value[ITEMS * VALUES];
	static uint16_t label[ITEMS];

	for (size_t i = 0; i < ITEMS; i++) {
		label[i] = (uint16_t)(i * 7 % CLASSES);
		for (size_t k = 0; k < VALUES; k++)
			value[i * VALUES + k] =
				(float)((i * 31 + k * 17) % 23) / 23 + (k == label[i]);
	}
	*d = (struct dataset){.items = ITEMS,
		.shape = {VALUES, 1, 1},
		.features = value,
		.labels = label,
		.classes = CLASSES};
}

/* Dropout, an optimiser with states, and a rate of its own for each step. */
static void open_learning(struct world *w, void (*after_step)(struct world *))
{
	memset(w, 0, sizeof *w);
	fill_items(&w->data);
	schedule_init(&w->schedule);
	w->schedule.kind = SCHEDULE_COSINE;
	w->schedule.lr = 0.05;
	w->after_step = after_step;
	open_world(w, "fc:6,tanh,drop:.2,fc:3", "adam", BATCH, EPOCHS);
}

static void go_on(struct world *w)
{
	(void)w;
}

static void stop_in_the_middle(struct world *w)
{
	w->stop = w->steps == STEPS + 3;
}

static void stop_behind_an_epoch(struct world *w)
{
	w->stop = w->steps == 2 * STEPS;
}

static void stop_behind_the_last(struct world *w)
{
	w->stop = w->steps == EPOCHS * STEPS;
}

static void stop_always(struct world *w)
{
	w->stop = 1;
}

static void check_same(const struct world *a, const struct world *b)
{
	assert_int_equal(a->steps, b->steps);
	assert_int_equal(a->reports, b->reports);
	for (int i = 0; i < a->reports; i++) {
		const struct train_report *p = &a->report[i], *q = &b->report[i];

		assert_int_equal(p->epoch, i + 1);
		assert_int_equal(p->epoch, q->epoch);
		assert_int_equal(p->epochs, q->epochs);
		check(p->lr == q->lr, "epoch %d: lr %g and %g", i + 1, p->lr, q->lr);
		check(p->loss == q->loss && p->hard == q->hard && p->soft == q->soft,
			"epoch %d: loss %.17g and %.17g", i + 1, p->loss, q->loss);
		check(p->accuracy == q->accuracy, "epoch %d: accuracy %g and %g", i + 1,
			p->accuracy, q->accuracy);
	}
	assert_memory_equal(a->train.net->param, b->train.net->param,
		a->train.net->arena * sizeof *a->train.net->param);
}

/* The whole run means something: it learns, and its rates are those of the last steps. */
static void check_whole(const struct world *w)
{
	const struct train_report *r = w->report;

	assert_int_equal(w->reports, EPOCHS);
	assert_int_equal(w->steps, EPOCHS * STEPS);
	assert_true(r[EPOCHS - 1].loss < r[0].loss / 2);
	for (int i = 0; i < EPOCHS; i++)
		assert_true(r[i].lr == schedule_lr(&w->schedule, i + 48.0 / ITEMS));
}

/* A way to stop, how often it does, and where the first time leaves the run. */
struct way {
	void (*after_step)(struct world *);
	int stops;
	uint32_t epoch;
	size_t item;
};

static void check_parts(const struct world *whole, const struct way *way)
{
	static struct world w;

	open_learning(&w, way->after_step);
	for (int i = 0; i < way->stops; i++) {
		assert_int_equal(run(&w), 1);
		if (i == 0) {
			assert_int_equal(w.train.position.epoch, way->epoch);
			assert_int_equal(w.train.position.item, way->item);
		}
		w.stop = 0;
	}
	w.after_step = go_on;
	assert_int_equal(run(&w), 0);
	check_same(whole, &w);
	close_world(&w);
}

static void goes_on_where_it_stopped(void **state)
{
	static const struct way ways[] = {
		{stop_in_the_middle, 1, 1, 3 * BATCH},
		{stop_behind_an_epoch, 1, 1, ITEMS},
		{stop_behind_the_last, 1, EPOCHS - 1, ITEMS},
		{stop_always, EPOCHS * STEPS, 0, BATCH},
	};
	static struct world whole;

	(void)state;
	open_learning(&whole, go_on);
	assert_int_equal(run(&whole), 0);
	check_whole(&whole);
	for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
		check_parts(&whole, &ways[i]);
	close_world(&whole);
}

/* --- the best epoch --- */

/*
 * Two items, of classes 0 and 1, each with an input of its own, and a net whose parameters the
 * test sets after the epoch's only step: how far each item's logit is above the other one. The
 * first class is taken where they are equal, so (0, 1) is right twice and (1, 0) once, at the
 * same loss.
 */
static const struct {
	float ahead[2];
	size_t errors;
	int best_errors, best_loss; /* whether it is the best by the one or by the other */
} epochs[] = {
	{{-.5F, -.5F}, 2, 1, 1},
	{{5, -4}, 1, 1, 0},
	{{5, -3}, 1, 1, 0}, /* as many errors, less loss */
	{{-.1F, -.1F}, 2, 0, 1},
	{{1, 0}, 1, 1, 1},
	{{0, 1}, 0, 1, 1}, /* as much loss, fewer errors */
	{{1, 0}, 1, 0, 0},
	{{0, 1}, 0, 0, 0}, /* as good is not better */
	{{-.05F, 3}, 1, 0, 1},
};
#define JUDGED ((int)(sizeof epochs / sizeof epochs[0]))

/* The weight's row of the item's class, and 0 in the other's. */
static void set_weights(struct net *n, const float ahead[2])
{
	const struct layer_param *p;

	assert_non_null(net_param(n, 0, &p));
	for (size_t row = 0; row < 2; row++)
		for (size_t k = 0; k < 2; k++)
			n->param[p->at + row * 2 + k] = row == k ? ahead[k] : 0;
}

static void set_epoch(struct world *w)
{
	set_weights(w->train.net, epochs[w->steps - 1].ahead);
}

static void open_judged(struct world *w, enum train_monitor monitor, uint32_t patience)
{
	static const float value[] = {1, 0, 0, 1};
	static uint16_t label[] = {0, 1};

	memset(w, 0, sizeof *w);
	w->data = (struct dataset){.items = 2,
		.shape = {2, 1, 1},
		.features = value,
		.labels = label,
		.classes = 2};
	schedule_init(&w->schedule); /* a learning rate of 0 */
	w->after_step = set_epoch;
	open_world(w, "fc:2", "sgd", 2, JUDGED);
	w->train.validation = &w->data;
	w->train.monitor = monitor;
	w->train.patience = patience;
	w->train.best = calloc(w->train.net->arena, sizeof *w->train.best);
	assert_non_null(w->train.best);
}

static int is_best(int i, enum train_monitor monitor)
{
	return monitor == TRAIN_LOSS ? epochs[i].best_loss : epochs[i].best_errors;
}

static double loss_of(int i)
{
	return (log1p(exp(-(double)epochs[i].ahead[0])) +
		       log1p(exp(-(double)epochs[i].ahead[1]))) /
	       2;
}

/* The parameters of epoch i are in the net, as set_weights writes them. */
static void assert_holds(struct net *n, int i)
{
	size_t bytes = n->arena * sizeof *n->param;
	float *kept = malloc(bytes);

	assert_non_null(kept);
	memcpy(kept, n->param, bytes);
	set_weights(n, epochs[i].ahead);
	assert_memory_equal(kept, n->param, bytes);
	free(kept);
}

static void check_best(enum train_monitor monitor)
{
	struct world w;
	int best = 0;

	open_judged(&w, monitor, 0);
	assert_int_equal(run(&w), 0);
	assert_int_equal(w.reports, JUDGED);
	for (int i = 0; i < JUDGED; i++) {
		const struct train_report *r = &w.report[i];

		assert_int_equal(r->validation_errors, epochs[i].errors);
		check(fabs(r->validation_loss - loss_of(i)) < 1e-6, "epoch %d: loss %g", i + 1,
			r->validation_loss);
		check(r->is_best == is_best(i, monitor), "epoch %d: is_best %d", i + 1,
			r->is_best);
		if (is_best(i, monitor))
			best = i;
	}
	assert_true(
		w.report[4].validation_loss == w.report[5].validation_loss); /* to the bit */
	assert_int_equal(w.train.position.best_epoch, best + 1);
	assert_int_equal(w.train.position.waited, JUDGED - 1 - best);
	assert_holds(w.train.net, best);
	close_world(&w);
}

static void knows_the_best_epoch(void **state)
{
	(void)state;
	check_best(TRAIN_ERRORS);
	check_best(TRAIN_LOSS);
}

static void waits_as_long_as_it_is_told(void **state)
{
	static const struct {
		enum train_monitor monitor;
		uint32_t patience;
		int epochs;
	} cases[] = {
		{TRAIN_ERRORS, 1, 4},
		{TRAIN_ERRORS, 2, 8},
		{TRAIN_ERRORS, 3, 9},
		{TRAIN_LOSS, 1, 2},
		{TRAIN_LOSS, 2, 3},
		{TRAIN_LOSS, 3, 9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct world w;

		open_judged(&w, cases[i].monitor, cases[i].patience);
		assert_int_equal(run(&w), 0);
		assert_int_equal(w.reports, cases[i].epochs);
		close_world(&w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on_where_it_stopped),
		cmocka_unit_test(knows_the_best_epoch),
		cmocka_unit_test(waits_as_long_as_it_is_told),
	};

	return cmocka_run_group_tests_name("train", tests, set_up_pool, tear_down_pool);
}
