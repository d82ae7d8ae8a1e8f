/* SPDX-License-Identifier: ISC */
#include "checkpoint.h"

#include "err.h"
#include "lineage.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define STATE "train.state"
#define MAX_WHOLE 9007199254740992.0 /* 2^53: doubles hold every whole number up to here */

/* The order of train.state; doubles keep every value exactly. */
enum {
	AT_EPOCH,
	AT_ITEM,
	AT_STEPS,
	AT_SUM_ITEMS,
	AT_SUM_TOTAL,
	AT_SUM_HARD,
	AT_SUM_SOFT,
	AT_SUM_CORRECT,
	AT_BEST_EPOCH,
	AT_BEST_ERRORS,
	AT_BEST_LOSS,
	AT_WAITED,
	AT_PLATEAU_FACTOR,
	AT_PLATEAU_BEST,
	AT_PLATEAU_WAITED,
	STATES
};

static void pack_state(const struct checkpoint *c, double state[STATES])
{
	const struct position *p = c->position;

	state[AT_EPOCH] = p->epoch;
	state[AT_ITEM] = (double)p->item;
	state[AT_STEPS] = (double)c->optim->steps;
	state[AT_SUM_ITEMS] = p->sum.items;
	state[AT_SUM_TOTAL] = p->sum.total;
	state[AT_SUM_HARD] = p->sum.hard;
	state[AT_SUM_SOFT] = p->sum.soft;
	state[AT_SUM_CORRECT] = p->sum.correct;
	state[AT_BEST_EPOCH] = p->best_epoch;
	state[AT_BEST_ERRORS] = p->best_errors;
	state[AT_BEST_LOSS] = p->best_loss;
	state[AT_WAITED] = p->waited;
	state[AT_PLATEAU_FACTOR] = c->schedule->factor;
	state[AT_PLATEAU_BEST] = c->schedule->best;
	state[AT_PLATEAU_WAITED] = c->schedule->waited;
}

static int is_whole(double v, double max)
{
	return v >= 0 && v <= max && v == floor(v);
}

static int check_state(const struct checkpoint *c, const double state[STATES])
{
	double factor = state[AT_PLATEAU_FACTOR];

	for (int i = AT_SUM_ITEMS; i <= AT_SUM_CORRECT; i++)
		if (!isfinite(state[i]))
			return 0;
	return is_whole(state[AT_EPOCH], c->epochs) &&
	       is_whole(state[AT_ITEM], (double)c->items) &&
	       state[AT_SUM_ITEMS] == state[AT_ITEM] && is_whole(state[AT_STEPS], MAX_WHOLE) &&
	       is_whole(state[AT_BEST_EPOCH], UINT32_MAX) &&
	       is_whole(state[AT_WAITED], UINT32_MAX) && factor >= 0 && factor <= 1 &&
	       is_whole(state[AT_PLATEAU_WAITED], INT32_MAX);
}

static void unpack_state(const struct checkpoint *c, const double state[STATES])
{
	*c->position = (struct position){
		.epoch = (uint32_t)state[AT_EPOCH],
		.item = (size_t)state[AT_ITEM],
		.sum = {.items = state[AT_SUM_ITEMS],
			.total = state[AT_SUM_TOTAL],
			.hard = state[AT_SUM_HARD],
			.soft = state[AT_SUM_SOFT],
			.correct = state[AT_SUM_CORRECT]},
		.best_epoch = (uint32_t)state[AT_BEST_EPOCH],
		.best_errors = state[AT_BEST_ERRORS],
		.best_loss = state[AT_BEST_LOSS],
		.waited = (uint32_t)state[AT_WAITED],
	};
	c->optim->steps = (unsigned long long)state[AT_STEPS];
	c->schedule->factor = state[AT_PLATEAU_FACTOR];
	c->schedule->best = state[AT_PLATEAU_BEST];
	c->schedule->waited = (int)state[AT_PLATEAU_WAITED];
}

static void state_prefix(char prefix[32], int i)
{
	snprintf(prefix, 32, "optim.%d.", i);
}

static int copy_lineage(struct tensor_set *to, const struct tensor_set *from, struct err *e)
{
	for (size_t i = 0; i < from->metas; i++)
		if (tensor_set_put_meta(to, from->meta[2 * i], from->meta[2 * i + 1], e))
			return -1;
	return lineage_kind(to, "checkpoint", e);
}

int checkpoint_save(const struct checkpoint *c, const struct tensor_set *lineage,
	const char *path, struct err *e)
{
	size_t shape = STATES;
	double state[STATES];
	struct tensor_set set;
	int result = -1;

	tensor_set_init(&set);
	pack_state(c, state);
	if (copy_lineage(&set, lineage, e) ||
		model_describe(&set, c->net, c->net->param, c->preprocess, c->class_names, e) ||
		tensor_set_add(&set, STATE, TENSOR_F64, 1, &shape, state, e))
		goto out;
	for (int i = 0; i < c->optim->kind->states; i++) {
		char prefix[32];

		state_prefix(prefix, i);
		if (model_add_state(&set, prefix, c->net, c->optim->state[i], e))
			goto out;
	}
	if (c->best != NULL && model_add_arena(&set, "best.", c->net, c->best, e))
		goto out;
	result = tensor_file_save(&set, path, TENSOR_LEVEL, c->net->workers, e);
out:
	tensor_set_release(&set);
	return result;
}

/* What the file was made from and this run is not. */
static int check_inputs(
	const struct tensor_set *file, const struct tensor_set *run, struct err *e)
{
	for (size_t i = 0; i < file->metas; i++) {
		const char *key = file->meta[2 * i];

		if (lineage_is_input(key) && tensor_set_meta(run, key) == NULL)
			return err_set(e, "is of another run: %.300s is not expected", key);
	}
	return 0;
}

/* Every key of this run's lineage must stand in the file with the same value. */
static int check_lineage(
	const struct tensor_set *file, const struct tensor_set *run, struct err *e)
{
	for (size_t i = 0; i < run->metas; i++) {
		const char *key = run->meta[2 * i], *value = run->meta[2 * i + 1];
		const char *is = tensor_set_meta(file, key);

		if (strcmp(key, "potstill.kind") == 0 || (is != NULL && strcmp(is, value) == 0))
			continue;
		return err_set(e, "is of another run: %s is %.300s where %.300s is expected",
			key, is != NULL ? is : "missing", value);
	}
	return 0;
}

static int read_checkpoint(const struct checkpoint *c, const struct tensor_set *set,
	const struct tensor_set *lineage, struct err *e)
{
	const struct tensor *state = tensor_set_find(set, STATE);
	struct tensor_set description;
	int differs;

	if (lineage_check_kind(set, "checkpoint", e) || check_lineage(set, lineage, e) ||
		check_inputs(set, lineage, e))
		return -1;
	tensor_set_init(&description);
	differs = model_describe(&description, c->net, c->net->param, c->preprocess,
			  c->class_names, e) ||
		  check_lineage(set, &description, e);
	tensor_set_release(&description);
	if (differs)
		return -1;
	if (state == NULL || state->dtype != TENSOR_F64 ||
		state->size != STATES * sizeof(double) || !check_state(c, state->data))
		return err_set(e, "has no valid %s", STATE);
	for (int i = 0; i < c->optim->kind->states; i++) {
		char prefix[32];

		state_prefix(prefix, i);
		if (model_take_state(set, prefix, c->net, c->optim->state[i], e))
			return -1;
	}
	if (c->best != NULL && model_take_arena(set, "best.", c->net, c->best, e))
		return -1;
	if (model_take_arena(set, "", c->net, c->net->param, e))
		return -1;
	unpack_state(c, state->data);
	return 0;
}

int checkpoint_load(const struct checkpoint *c, const struct tensor_set *lineage,
	const char *path, struct err *e)
{
	struct tensor_set set;
	int result;

	if (tensor_file_load(&set, path, c->net->workers, e))
		return -1;
	result = read_checkpoint(c, &set, lineage, e);
	tensor_set_release(&set);
	return result ? err_in(e, path) : 0;
}
