/* SPDX-License-Identifier: ISC */
/* The lineage of a run: what it was made from, and every option that has a say in the bytes. */
#include "cli-train-setup.h"
#include "die.h"
#include "err.h"
#include "lineage.h"

#include <inttypes.h>

static const char *const initializers[] = {"glorot", "he", "torch"};
static const char *const schedules[] = {"constant", "step", "exp", "cosine", "plateau"};

static int record_inputs(const struct run *r, struct tensor_set *s, struct err *e)
{
	if (lineage_input(s, "dataset", r->data.fingerprint, e))
		return -1;
	if (r->d != NULL && lineage_input(s, "soft-targets", r->soft.fingerprint, e))
		return -1;
	if (r->train.validation == &r->validation &&
		lineage_input(s, "validation", r->validation.fingerprint, e))
		return -1;
	return 0;
}

/* The parameters that the run starts from, before any step. */
static int record_init(const struct run *r, struct tensor_set *s, struct err *e)
{
	struct fingerprint f;
	struct tensor_set start;
	int result;

	if (r->o->init == NULL)
		return lineage_option(
			s, e, "--initializer %s", initializers[r->o->initializer]);
	tensor_set_init(&start);
	result = model_add_arena(&start, "", r->net, r->net->param, e) ||
				 tensor_set_fingerprint(&start, &f, e)
			 ? -1
			 : lineage_input(s, "init", f, e);
	tensor_set_release(&start);
	return result;
}

static int record_data(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct train_options *o = r->o;

	if (lineage_option(s, e, "--seed %" PRIu64 " --epochs %d --batch %d", o->seed,
		    o->epochs, o->batch))
		return -1;
	if (o->order != 0 && lineage_option(s, e, "--order sequential"))
		return -1;
	if (o->jitter > 0 && lineage_option(s, e, "--jitter %d", o->jitter))
		return -1;
	if (r->train.validation == NULL)
		return 0;
	if (r->train.validation == &r->data &&
		lineage_option(s, e, "--validation %s", o->validation))
		return -1;
	return lineage_option(s, e, "--keep %s --patience %d",
		r->train.best != NULL ? "best" : "last", o->patience);
}

static int record_optim(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct optim *o = &r->optim;

	if (lineage_option(s, e, "--optimizer %s", o->kind->name))
		return -1;
	if (o->kind->states == 2 &&
		lineage_option(s, e, "--beta1 %.17g --beta2 %.17g --epsilon %.17g", o->beta1,
			o->beta2, o->epsilon))
		return -1;
	if (o->momentum > 0 && lineage_option(s, e, "--momentum %.17g%s", o->momentum,
				       o->nesterov ? " --nesterov" : ""))
		return -1;
	if (o->weight_decay > 0 &&
		lineage_option(s, e, "--weight-decay %.17g", o->weight_decay))
		return -1;
	if (o->clip > 0 && lineage_option(s, e, "--clip %.17g", o->clip))
		return -1;
	if (o->max_norm > 0 &&
		lineage_option(s, e, "--max%s-norm %.17g",
			o->max_norm_of == OPTIM_NORM ? "" : "-squared", o->max_norm))
		return -1;
	return 0;
}

static int record_schedule(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct schedule *c = &r->schedule;

	if (lineage_option(s, e, "--schedule %s --lr %.17g", schedules[c->kind], c->lr))
		return -1;
	if (c->warmup > 0 && lineage_option(s, e, "--warmup %.17g", c->warmup))
		return -1;
	if (c->kind == SCHEDULE_STEP &&
		lineage_option(s, e, "--step-epochs %d", c->step_epochs))
		return -1;
	if (c->kind == SCHEDULE_PLATEAU &&
		lineage_option(s, e, "--lr-patience %d", c->patience))
		return -1;
	if (c->lr_min > 0 && lineage_option(s, e, "--lr-min %.17g", c->lr_min))
		return -1;
	if (c->kind == SCHEDULE_CONSTANT || c->kind == SCHEDULE_COSINE)
		return 0;
	return lineage_option(s, e, "--gamma %.17g", c->gamma);
}

static int record_loss(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct loss *l = &r->loss;

	if (l->smoothing > 0 && lineage_option(s, e, "--label-smoothing %.17g", l->smoothing))
		return -1;
	if (r->d == NULL)
		return 0;
	return lineage_option(s, e,
		"--loss %s --temperature %.17g --hard-weight %.17g --soft-weight %.17g%s",
		l->kind->name, l->temperature, l->hard, l->soft,
		l->scale_soft ? "" : " --no-t-squared");
}

void cli_train_record(struct run *r)
{
	struct tensor_set *s = &r->lineage;
	struct err e;

	tensor_set_init(s);
	if (lineage_kind(s, "model", &e) || record_inputs(r, s, &e) || record_init(r, s, &e) ||
		record_data(r, s, &e) || record_optim(r, s, &e) || record_schedule(r, s, &e) ||
		record_loss(r, s, &e))
		die_err(&e);
}
