/* SPDX-License-Identifier: ISC */
#include "cli-train-setup.h"

#include "die.h"
#include "err.h"
#include "size.h"

#define DEFAULT_TEMPERATURE 4 /* for logits, where any will do */

static const struct loss_kind *find_loss(const struct distill_options *d)
{
	const struct loss_kind *kind = loss_kind_find(d->loss);

	if (kind == NULL || kind->targets == BATCH_NO_TARGETS)
		die_usage("--loss: \"%s\" is no loss that learns from targets", d->loss);
	return kind;
}

/* Numbers below 0 stand for "not given". */
static double option_or(double option, double otherwise)
{
	return option >= 0 ? option : otherwise;
}

/* The kind's own weights unless the options give others. */
static void set_weights(
	struct loss *l, const struct loss_kind *kind, const struct distill_options *d)
{
	l->hard = option_or(d->hard_weight, option_or(d->alpha, kind->hard));
	l->soft = option_or(d->soft_weight, d->alpha >= 0 ? 1 - d->alpha : kind->soft);
}

static void check_distillation(const struct distill_options *d)
{
	const struct loss_kind *kind = find_loss(d);
	struct loss l;

	if (d->targets == NULL)
		die_usage("--targets is missing");
	if (d->alpha >= 0 && (d->hard_weight >= 0 || d->soft_weight >= 0))
		die_usage("--alpha goes without --hard-weight and --soft-weight");
	if (d->temperature > 0 && kind->targets == BATCH_LOGITS)
		die_usage("--temperature has no meaning for --loss %s", kind->name);
	set_weights(&l, kind, d);
	if (l.hard == 0 && l.soft == 0)
		die_usage("--hard-weight and --soft-weight are both 0 with --loss %s",
			kind->name);
	if (d->no_t_squared && !kind->t_squared)
		die_usage("--no-t-squared has no meaning for --loss %s", kind->name);
}

/* What the word behind an option makes of the others: which of them are read. */
struct reader {
	const char *option, *word;
	int uses;
};

static void check_use(const struct reader *r, int use, bool given, const char *option)
{
	if (given && !(r->uses & use))
		die_usage("--%s has no meaning for --%s %s", option, r->option, r->word);
}

static void check_schedule(const struct train_options *o)
{
	double lr = option_or(o->lr, optim_kind_find(o->optimizer)->default_lr);
	char word[OPTION_WORD];
	struct reader r = {"schedule", options_word(SCHEDULE_WORDS, o->schedule, word),
		schedule_uses((enum schedule_kind)o->schedule)};

	check_use(&r, SCHEDULE_USES_GAMMA, o->gamma >= 0, "gamma");
	check_use(&r, SCHEDULE_USES_STEP_EPOCHS, o->step_epochs >= 0, "step-epochs");
	check_use(&r, SCHEDULE_USES_PATIENCE, o->lr_patience >= 0, "lr-patience");
	check_use(&r, SCHEDULE_USES_LR_MIN, o->lr_min >= 0, "lr-min");
	if (o->lr_min > lr)
		die_usage("--lr-min %g is above the learning rate, %g", o->lr_min, lr);
}

static void check_optimizer(const struct train_options *o)
{
	const struct optim_kind *kind = optim_kind_find(o->optimizer);
	struct reader r = {"optimizer", o->optimizer, 0};

	if (kind == NULL)
		die_usage("--optimizer: \"%s\" is no optimiser", o->optimizer);
	r.uses = kind->uses;
	check_use(&r, OPTIM_USES_MOMENTUM, o->momentum > 0, "momentum");
	check_use(&r, OPTIM_USES_BETAS, o->beta1 >= 0, "beta1");
	check_use(&r, OPTIM_USES_BETAS, o->beta2 >= 0, "beta2");
	check_use(&r, OPTIM_USES_RHO, o->rho >= 0, "rho");
	check_use(&r, OPTIM_USES_EPSILON, o->epsilon >= 0, "epsilon");
	if (o->nesterov && !(o->momentum > 0))
		die_usage("--nesterov needs --momentum");
	check_use(&r, OPTIM_USES_NESTEROV, o->nesterov, "nesterov");
	if (o->max_norm > 0 && o->max_squared_norm > 0)
		die_usage("--max-norm and --max-squared-norm exclude each other");
}

static void check_no_validation(const struct train_options *o)
{
	if (o->patience > 0)
		die_usage("--patience needs --validation");
	if (o->keep == 0)
		die_usage("--keep best needs --validation");
	if (o->monitor == TRAIN_LOSS)
		die_usage("--monitor loss needs --validation");
}

void cli_train_check_options(const struct train_options *o, const struct distill_options *d)
{
	if (o->net == NULL)
		die_usage("--net is missing");
	if (o->validation == NULL)
		check_no_validation(o);
	if (o->jitter > 0 && o->crop > 0)
		die_usage("--crop is --jitter by another name: give one of them");
	if (o->resume && o->checkpoint == NULL)
		die_usage("--resume needs --checkpoint");
	if (o->checkpoint_every > 0 && o->checkpoint == NULL)
		die_usage("--checkpoint-every needs --checkpoint");
	check_optimizer(o);
	check_schedule(o);
	if (d != NULL)
		check_distillation(d);
}

static void set_distillation(struct loss *l, const struct run *r)
{
	const struct distill_options *d = r->d;
	double own = r->soft.temperature > 0 ? r->soft.temperature : DEFAULT_TEMPERATURE;

	l->kind = find_loss(d);
	l->temperature = d->temperature > 0 ? d->temperature : own;
	l->scale_soft = l->kind->t_squared && !d->no_t_squared;
	set_weights(l, l->kind, d);
}

/* Logits give any temperature; probabilities have one, and no logits. */
static void check_targets(const struct run *r)
{
	const struct loss *l = &r->loss;
	struct err e;

	if (l->kind->targets == BATCH_LOGITS && r->soft.temperature > 0)
		die("\"%s\": holds %s, and %s needs logits", r->d->targets,
			soft_values_name(r->soft.values), l->kind->name);
	if (l->kind->targets == BATCH_PROBABILITIES &&
		soft_targets_check_temperature(&r->soft, r->d->targets, l->temperature, &e))
		die_err(&e);
}

static size_t items_of(const struct run *r)
{
	return r->item != NULL ? r->data.items - r->train.validation_items : r->data.items;
}

static size_t batch_of(const struct run *r)
{
	return (size_t)r->o->batch < items_of(r) ? (size_t)r->o->batch : items_of(r);
}

static void make_loss(struct run *r)
{
	struct loss *l = &r->loss;
	struct err e;

	*l = (struct loss){.kind = loss_kind_find("ce"),
		.temperature = 1,
		.hard = 1,
		.smoothing = r->o->label_smoothing,
		.classes = r->net->classes,
		.batch = batch_of(r)};
	if (r->d != NULL) {
		set_distillation(l, r);
		check_targets(r);
	}
	if (loss_needs_labels(l) && dataset_need_labels(&r->data, r->data_path, &e))
		die_err(&e);
	if (loss_init(l, &e))
		die_err(&e);
}

static void make_optim(struct run *r)
{
	const struct train_options *o = r->o;
	struct err e;

	optim_defaults(&r->optim, optim_kind_find(o->optimizer));
	r->optim.momentum = o->momentum;
	r->optim.nesterov = o->nesterov;
	r->optim.beta1 = option_or(o->beta1, r->optim.beta1);
	r->optim.beta2 = option_or(o->beta2, r->optim.beta2);
	r->optim.rho = option_or(o->rho, r->optim.rho);
	r->optim.epsilon = option_or(o->epsilon, r->optim.epsilon);
	r->optim.weight_decay = o->weight_decay;
	r->optim.clip = o->clip;
	r->optim.max_norm = o->max_squared_norm > 0 ? o->max_squared_norm : o->max_norm;
	r->optim.max_norm_of = o->max_squared_norm > 0 ? OPTIM_SQUARED_NORM : OPTIM_NORM;
	if (optim_init(&r->optim, r->net, &e))
		die_err(&e);
}

static void make_schedule(struct run *r)
{
	const struct train_options *o = r->o;
	struct schedule *s = &r->schedule;

	schedule_init(s);
	s->kind = (enum schedule_kind)o->schedule;
	s->lr = option_or(o->lr, r->optim.kind->default_lr);
	s->warmup = o->warmup;
	s->step = (double)batch_of(r) / (double)items_of(r);
	s->epochs = o->epochs;
	s->lr_min = option_or(o->lr_min, s->lr_min);
	s->gamma = option_or(o->gamma, s->gamma);
	if (o->step_epochs >= 0)
		s->step_epochs = o->step_epochs;
	if (o->lr_patience >= 0)
		s->patience = o->lr_patience;
}

static void make_batcher(struct run *r)
{
	struct err e;

	r->batcher = (struct batcher){.data = &r->data,
		.item = r->item,
		.items = items_of(r),
		.preprocess = r->preprocess,
		.batch = batch_of(r),
		.seed = r->o->seed,
		.shuffle = r->o->order == 0,
		.augment = cli_train_augment(r->o),
		.soft = r->d != NULL ? &r->soft : NULL,
		.targets = r->loss.kind->targets,
		.temperature = r->loss.temperature};
	if (r->d != NULL && augment_any(&r->soft.augment) && augment_any(&r->batcher.augment))
		die("\"%s\": comes with views of its own, which --jitter, --crop or --flip "
		    "would "
		    "change again",
			r->d->targets);
	if (batcher_init(&r->batcher, &e) || net_prepare(r->net, r->batcher.batch, 1, &e))
		die_err(&e);
}

void cli_train_prepare(struct run *r)
{
	struct err e;
	bool keeps_best = r->train.validation != NULL && r->o->keep != 1;

	make_loss(r);
	make_optim(r);
	make_schedule(r);
	make_batcher(r);
	r->train.net = r->net;
	r->train.batcher = &r->batcher;
	r->train.loss = &r->loss;
	r->train.optim = &r->optim;
	r->train.schedule = &r->schedule;
	r->train.epochs = (uint32_t)r->o->epochs;
	r->train.seed = r->o->seed;
	r->train.patience = (uint32_t)r->o->patience;
	r->train.monitor = (enum train_monitor)r->o->monitor;
	if (!keeps_best)
		return;
	r->train.best =
		size_alloc(r->net->arena, sizeof *r->train.best, "the best parameters", &e);
	if (r->train.best == NULL)
		die_err(&e);
}
