/* SPDX-License-Identifier: ISC */
/* The lineage of a run: what it was made from, and every option that has a say in the bytes. */
#include "cli-train-setup.h"
#include "die.h"
#include "err.h"
#include "lineage.h"
#include "sgemm.h"

#include <inttypes.h>
#include <stdlib.h>

/* Records an option by its word. */
static int record_choice(
	struct tensor_set *s, const char *option, const char *words, int i, struct err *e)
{
	char word[OPTION_WORD];

	return lineage_option(s, e, "%s %s", option, options_word(words, i, word));
}

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

	if (r->o->freeze != NULL && lineage_option(s, e, "--freeze %s", r->o->freeze))
		return -1;
	if (!r->init_is_whole &&
		record_choice(s, "--initializer", INITIALIZER_WORDS, r->o->initializer, e))
		return -1;
	if (r->o->init == NULL)
		return 0;
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
	struct augment a = cli_train_augment(o);

	if (lineage_option(s, e, "--seed %" PRIu64 " --epochs %d --batch %d", o->seed,
		    o->epochs, o->batch))
		return -1;
	if (o->order != 0 && lineage_option(s, e, "--order sequential"))
		return -1;
	if (a.jitter > 0 && lineage_option(s, e, "--jitter %d", a.jitter))
		return -1;
	if (a.flip && lineage_option(s, e, "--flip"))
		return -1;
	if (r->train.validation == NULL)
		return 0;
	if (r->train.validation == &r->data &&
		lineage_real(s, e, "--validation", strtod(o->validation, NULL)))
		return -1;
	if (lineage_option(s, e, "--keep %s --patience %d",
		    r->train.best != NULL ? "best" : "last", o->patience))
		return -1;
	return r->train.monitor == TRAIN_ERRORS
		       ? 0
		       : record_choice(s, "--monitor", TRAIN_MONITOR_WORDS, o->monitor, e);
}

static int record_optim(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct optim *o = &r->optim;

	if (lineage_option(s, e, "--optimizer %s", o->kind->name))
		return -1;
	if (o->kind->uses & OPTIM_USES_BETAS &&
		(lineage_real(s, e, "--beta1", o->beta1) ||
			lineage_real(s, e, "--beta2", o->beta2)))
		return -1;
	if (o->kind->uses & OPTIM_USES_RHO && lineage_real(s, e, "--rho", o->rho))
		return -1;
	if (o->kind->uses & OPTIM_USES_EPSILON && lineage_real(s, e, "--epsilon", o->epsilon))
		return -1;
	if (o->momentum > 0 && lineage_real(s, e, "--momentum", o->momentum))
		return -1;
	if (o->nesterov && lineage_option(s, e, "--nesterov"))
		return -1;
	if (o->weight_decay > 0 && lineage_real(s, e, "--weight-decay", o->weight_decay))
		return -1;
	if (o->clip > 0 && lineage_real(s, e, "--clip", o->clip))
		return -1;
	if (o->max_norm > 0 &&
		lineage_real(s, e,
			o->max_norm_of == OPTIM_NORM ? "--max-norm" : "--max-squared-norm",
			o->max_norm))
		return -1;
	return 0;
}

static int record_schedule(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct schedule *c = &r->schedule;
	int uses = schedule_uses(c->kind);

	if (record_choice(s, "--schedule", SCHEDULE_WORDS, (int)c->kind, e) ||
		lineage_real(s, e, "--lr", c->lr))
		return -1;
	if (c->warmup > 0 && lineage_real(s, e, "--warmup", c->warmup))
		return -1;
	if (uses & SCHEDULE_USES_STEP_EPOCHS &&
		lineage_option(s, e, "--step-epochs %d", c->step_epochs))
		return -1;
	if (uses & SCHEDULE_USES_PATIENCE &&
		lineage_option(s, e, "--lr-patience %d", c->patience))
		return -1;
	if (c->lr_min > 0 && lineage_real(s, e, "--lr-min", c->lr_min))
		return -1;
	return uses & SCHEDULE_USES_GAMMA ? lineage_real(s, e, "--gamma", c->gamma) : 0;
}

static int record_loss(const struct run *r, struct tensor_set *s, struct err *e)
{
	const struct loss *l = &r->loss;

	if (l->smoothing > 0 && lineage_real(s, e, "--label-smoothing", l->smoothing))
		return -1;
	if (r->d == NULL)
		return 0;
	if (lineage_option(s, e, "--loss %s", l->kind->name) ||
		lineage_real(s, e, "--temperature", l->temperature) ||
		lineage_real(s, e, "--hard-weight", l->hard) ||
		lineage_real(s, e, "--soft-weight", l->soft))
		return -1;
	return l->scale_soft || !l->kind->t_squared ? 0
						    : lineage_option(s, e, "--no-t-squared");
}

void cli_train_record(struct run *r)
{
	struct tensor_set *s = &r->lineage;
	struct err e;

	tensor_set_init(s);
	if (lineage_kind(s, "model", &e) ||
		tensor_set_put_meta(s, "potstill.arithmetic", sgemm_arithmetic(), &e) ||
		record_inputs(r, s, &e) || record_init(r, s, &e) || record_data(r, s, &e) ||
		record_optim(r, s, &e) || record_schedule(r, s, &e) || record_loss(r, s, &e))
		die_err(&e);
}
