/* SPDX-License-Identifier: ISC */
#include "train.h"

#include "err.h"
#include "infer.h"
#include "seconds.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static int stopped(const struct train *t)
{
	return t->stop != NULL && *t->stop != 0;
}

/* The learning rate of the step that starts at the position. */
static double current_lr(const struct train *t)
{
	double part = (double)t->position.item / (double)t->batcher->items;

	return schedule_lr(t->schedule, t->position.epoch + part);
}

/* That of the epoch's last step. */
static double last_lr(const struct train *t)
{
	size_t items = t->batcher->items, batch = t->batcher->batch;
	size_t last = (items - 1) / batch * batch;

	return schedule_lr(t->schedule, t->position.epoch + (double)last / (double)items);
}

struct step {
	struct train *train;
	const struct batch *batch;
};

static void fill_rows(void *step, size_t from, size_t to)
{
	const struct step *s = step;

	batcher_fill(s->train->batcher, from, to);
}

static void lose_rows(void *step, size_t from, size_t to, const float *logits, float *dlogits)
{
	const struct step *s = step;

	loss_rows(s->train->loss, s->batch, from, to, logits, dlogits);
}

static int step(struct train *t, const struct batch *batch, struct err *e)
{
	struct position *p = &t->position;
	double lr = current_lr(t);
	struct step s = {t, batch};
	struct net_visitor v = {fill_rows, lose_rows, &s};

	net_start(t->net, batch, 1, t->seed);
	net_train(t->net, &v);
	loss_add(t->loss, batch->n, &p->sum);
	if (!isfinite(p->sum.total))
		return err_set(e,
			"the loss is no longer finite in epoch %u: try a smaller learning rate "
			"or --clip",
			p->epoch + 1);
	optim_step(t->optim, t->net, lr, net_gradient);
	p->item += batch->n;
	return 0;
}

/* 0 at the end of the epoch, 1 where it was stopped. */
static int train_epoch(struct train *t, struct err *e)
{
	struct batch batch;

	batcher_start(t->batcher, t->position.epoch, t->position.item);
	while (batcher_next(t->batcher, &batch)) {
		if (step(t, &batch, e))
			return -1;
		if (t->on_step != NULL)
			t->on_step(t->arg, t->position.epoch, t->position.item);
		if (stopped(t))
			return 1;
	}
	return 0;
}

/* Of items of the data that is trained on, the loss is the one that is minimised, where their
 * targets are those of the pictures as they are; else the cross-entropy with the labels. */
struct validation {
	struct train *train;
	struct loss loss; /* of an item at a time */
	int of_data;
	float *dlogits; /* work: [classes] */
	struct loss_sum sum;
};

static int add_validation(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	struct validation *v = arg;
	const struct train *t = v->train;

	(void)e;
	for (size_t i = first; i < first + n; i++, logits += t->net->classes) {
		size_t item = t->validation_item != NULL ? t->validation_item[i] : i;
		struct batch b = {.n = 1, .label = &t->validation->labels[item]};

		if (v->of_data)
			b = batcher_item(t->batcher, (uint32_t)item);
		loss_rows(&v->loss, &b, 0, 1, logits, v->dlogits);
		loss_add(&v->loss, 1, &v->sum);
	}
	return 0;
}

static int init_validation(struct validation *v, struct train *t, struct err *e)
{
	struct loss ce = {.kind = loss_kind_find("ce"), .temperature = 1, .hard = 1};

	*v = (struct validation){.train = t,
		.of_data = t->validation == t->batcher->data && batcher_knows(t->batcher)};
	v->loss = v->of_data ? *t->loss : ce;
	v->loss.classes = t->net->classes;
	v->loss.batch = 1;
	v->dlogits = size_alloc(t->net->classes, sizeof *v->dlogits, "the validation", e);
	return loss_init(&v->loss, e) || v->dlogits == NULL ? -1 : 0;
}

static int infer_validation(struct validation *v, struct err *e)
{
	const struct train *t = v->train;
	struct infer in = {.net = t->net,
		.preprocess = &t->batcher->preprocess,
		.data = t->validation,
		.item = t->validation_item,
		.items = t->validation_items};

	if (infer_run(&in, add_validation, v, e))
		return -1;
	if (!isfinite(v->sum.total))
		return err_set(e,
			"the validation's loss is no longer finite in epoch %u: try a smaller "
			"learning rate or --clip",
			t->position.epoch + 1);
	return 0;
}

static int validate(struct train *t, struct train_report *r, struct err *e)
{
	struct validation v;
	int failed;

	r->validation_loss = r->validation_accuracy = NAN;
	if (t->validation == NULL)
		return 0;
	failed = init_validation(&v, t, e) || infer_validation(&v, e);
	r->validation_errors = (size_t)(v.sum.items - v.sum.correct);
	r->validation_accuracy = 1 - (v.sum.items - v.sum.correct) / v.sum.items;
	r->validation_loss = v.sum.total / v.sum.items;
	loss_release(&v.loss);
	free(v.dlogits);
	return failed ? -1 : 0;
}

static int is_best(const struct train *t, double errors, double loss)
{
	const struct position *p = &t->position;
	double figure[] = {errors, loss}, best[] = {p->best_errors, p->best_loss};
	size_t first = t->monitor == TRAIN_LOSS, second = 1 - first;

	return p->best_epoch == 0 || figure[first] < best[first] ||
	       (figure[first] == best[first] && figure[second] < best[second]);
}

static void judge(struct train *t, struct train_report *r)
{
	struct position *p = &t->position;
	double errors = (double)r->validation_errors;

	if (t->validation == NULL)
		return;
	r->is_best = is_best(t, errors, r->validation_loss);
	p->waited++;
	if (!r->is_best)
		return;
	p->waited = 0;
	p->best_epoch = p->epoch + 1;
	p->best_errors = errors;
	p->best_loss = r->validation_loss;
	if (t->best != NULL)
		memcpy(t->best, t->net->param, t->net->arena * sizeof *t->best);
}

static void summarise(
	const struct train *t, double seconds, double items, struct train_report *r)
{
	const struct loss_sum *sum = &t->position.sum;

	r->epoch = t->position.epoch + 1;
	r->epochs = t->epochs;
	r->lr = last_lr(t);
	r->loss = sum->total / sum->items;
	r->hard = sum->hard / sum->items;
	r->soft = sum->soft / sum->items;
	r->accuracy = t->batcher->data->labels != NULL ? sum->correct / sum->items : NAN;
	r->seconds = seconds;
	r->images_a_second = items / seconds;
}

static int finish_epoch(struct train *t, struct train_report *r, struct err *e)
{
	if (validate(t, r, e))
		return -1;
	judge(t, r);
	schedule_epoch(t->schedule, t->validation != NULL ? r->validation_loss : r->loss);
	t->position.epoch++;
	t->position.item = 0;
	t->position.sum = (struct loss_sum){.items = 0};
	return t->on_epoch != NULL ? t->on_epoch(t->arg, r, e) : 0;
}

static int is_over(const struct train *t)
{
	return t->position.epoch >= t->epochs ||
	       (t->patience > 0 && t->position.waited >= t->patience);
}

/* The last step's parameters have been through no loss yet. */
static int check_param(const struct net *n, struct err *e)
{
	for (size_t i = 0; i < n->arena; i++)
		if (!isfinite(n->param[i]))
			return err_set(e,
				"the parameters are no longer finite after the last step: try "
				"a smaller learning rate or --clip");
	return 0;
}

int train_run(struct train *t, struct err *e)
{
	net_pack(t->net);
	while (!is_over(t)) {
		struct train_report r = {0};
		size_t before = t->position.item;
		double start = seconds_now();
		int ended = train_epoch(t, e);

		if (ended != 0)
			return ended;
		summarise(t, seconds_now() - start, (double)(t->position.item - before), &r);
		if (finish_epoch(t, &r, e))
			return -1;
		if (stopped(t))
			return 1;
	}
	if (t->best != NULL && t->position.best_epoch > 0)
		memcpy(t->net->param, t->best, t->net->arena * sizeof *t->best);
	return check_param(t->net, e);
}
