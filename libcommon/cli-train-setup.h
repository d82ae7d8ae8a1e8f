/* SPDX-License-Identifier: ISC */
/* The parts of a run of training, made from the options of cli-train.h. */
#ifndef CLI_TRAIN_SETUP_H
#define CLI_TRAIN_SETUP_H

#include "cli-train.h"

#include <stdio.h>

struct run {
	const struct train_options *o;
	const struct distill_options *d; /* NULL for a teacher */
	const char *data_path;
	struct workers *workers;
	struct dataset data, validation;
	struct soft_targets soft;
	uint32_t *item, *validation_item; /* of a split; NULL for all */
	struct net *net;
	bool init_is_whole; /* --init gave all parameters */
	struct preprocess preprocess;
	struct batcher batcher;
	struct loss loss;
	struct optim optim;
	struct schedule schedule;
	struct tensor_set lineage;
	struct train train;
	FILE *log;
	double start;	      /* when training began, in progress_seconds */
	uint32_t first_epoch; /* that this process trains */
};

/* All that can be wrong with the options alone (exit 2). */
void cli_train_check_options(const struct train_options *o, const struct distill_options *d);

/* What --jitter, --crop and --flip do to pictures. */
struct augment cli_train_augment(const struct train_options *o);

/* Each ends the program on failure. Data and net first, then the rest. */
void cli_train_load(struct run *r);
void cli_train_make_net(struct run *r);
void cli_train_prepare(struct run *r);

/* Kind, inputs and options: what the model and the checkpoints record. */
void cli_train_record(struct run *r);

#endif
