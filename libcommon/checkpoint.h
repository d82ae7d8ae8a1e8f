/* SPDX-License-Identifier: ISC */
/*
 * A run of training on disk (potstill.kind = checkpoint): a model, the optimiser's state
 * ("optim.0.0.weight" ...: state 0 of parameter 0.weight), the best parameters so far
 * ("best.0.weight"
 * ...) and where the run stands (train.state). Random numbers need no state: they are functions
 * of the seed. Resumed from it, a run gives the same bytes as one that was never interrupted.
 */
#ifndef CHECKPOINT_H
#define CHECKPOINT_H

#include "loss.h"
#include "model-file.h"
#include "optim.h"
#include "schedule.h"

/* Where a run stands. */
struct position {
	uint32_t epoch;	     /* epochs done */
	size_t item;	     /* items done in the epoch under way */
	struct loss_sum sum; /* of those */
	/* The best epoch so far by the validation: */
	uint32_t best_epoch; /* counted from 1; 0 for none */
	double best_errors, best_loss;
	uint32_t waited; /* epochs since */
};

/* The parts of a run, all the caller's. */
struct checkpoint {
	struct net *net;
	struct optim *optim;
	struct schedule *schedule;
	struct position *position;
	uint32_t epochs; /* as far as position->epoch goes ... */
	size_t items;	 /* ... and position->item, in an epoch */
	float *best;	 /* arena of the best parameters, or NULL where none are kept */
	const struct preprocess *preprocess;
	const char *class_names; /* or NULL */
};

/*
 * Writes it atomically; `lineage` holds the run's inputs and options as metadata and receives
 * nothing. 0 or -1.
 */
int checkpoint_save(const struct checkpoint *c, const struct tensor_set *lineage,
	const char *path, struct err *e);

/*
 * Puts the run back where it stood. Refuses a file whose lineage (inputs, options, version,
 * net, preprocessing) differs from this run's, naming the difference, and one that stands where
 * this run cannot. 0 or -1.
 */
int checkpoint_load(const struct checkpoint *c, const struct tensor_set *lineage,
	const char *path, struct err *e);

#endif
