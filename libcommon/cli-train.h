/* SPDX-License-Identifier: ISC */
/*
 * What the two trainers share: their options, and all that happens behind them. A trainer
 * parses its command line and hands the result to cli_train.
 */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include "cli-rows.h"
#include "layer.h"
#include "loss.h"
#include "options.h"
#include "schedule.h"
#include "train.h"

struct train_options {
	const char *net, *output, *init, *freeze, *validation, *checkpoint, *log;
	const char *optimizer;
	int initializer, order, schedule, keep, monitor;
	int epochs, batch, jitter, crop, patience, threads;
	int step_epochs, lr_patience, checkpoint_every;
	double lr, momentum, beta1, beta2, rho, epsilon, weight_decay, clip, max_norm,
		max_squared_norm;
	double warmup, gamma, lr_min, label_smoothing, mean, sd;
	bool flip, nesterov, resume, dry_run, verbose;
	uint64_t seed;
};

/* Numbers below 0 stand for "not given". */
#define TRAIN_DEFAULTS \
	{ \
		.output = "-", .optimizer = "adam", .keep = -1, .epochs = 20, .batch = 128, \
		.step_epochs = -1, .lr_patience = -1, .lr = -1, .beta1 = -1, .beta2 = -1, \
		.rho = -1, .epsilon = -1, .gamma = -1, .lr_min = -1, .sd = 1 \
	}

/* `o` is a static struct train_options: rows need constant addresses. */
#define TRAIN_OPTIONS(o) \
	OPTION_TEXT('n', "net", "SPEC", &(o).net, \
		"784-1200-10, fc:1200,relu,drop,fc:10 ... or FILE.net"), \
		ROW_OUTPUT(&(o).output, "the model"), \
		OPTION_INT('e', "epochs", "N", &(o).epochs, 0, 1000000, \
			"passes over the data [20]"), \
		OPTION_INT('b', "batch", "N", &(o).batch, 1, 1000000, "items a step [128]"), \
		OPTION_SEED('s', "seed", "N", &(o).seed, \
			"of weights, order, dropout, jitter and flip [0]"), \
		ROW_THREADS(&(o).threads), \
		OPTION_TEXT( \
			0, "init", "MODEL", &(o).init, "start from this model's parameters"), \
		OPTION_TEXT(0, "freeze", "PATTERN", &(o).freeze, \
			"leave parameters alone, as '0.*,3.bias'"), \
		OPTION_CHOICE(0, "initializer", INITIALIZER_WORDS, &(o).initializer, \
			"how weights start [glorot]"), \
		OPTION_FLAG(0, "dry-run", &(o).dry_run, \
			"print layers, parameters, MACs and memory, and stop"), \
		OPTION_FLAG('v', "verbose", &(o).verbose, "tell which kernels multiply"), \
		OPTION_GROUP("data"), \
		OPTION_INT('j', "jitter", "PX", &(o).jitter, 0, AUGMENT_MAX_JITTER, \
			"shift pictures by up to PX pixels [0]"), \
		OPTION_INT(0, "crop", "PAD", &(o).crop, 0, AUGMENT_MAX_JITTER, \
			"crop anywhere after padding by PAD: the same"), \
		OPTION_FLAG(0, "flip", &(o).flip, "mirror half of the pictures"), \
		OPTION_REAL(0, "mean", "X", &(o).mean, -1e6, 1e6, \
			"subtracted from pixels in [0,1] (or features) [0]"), \
		OPTION_REAL(0, "sd", "X", &(o).sd, 1e-9, 1e9, "divides the difference [1]"), \
		OPTION_CHOICE(0, "order", "shuffled|sequential", &(o).order, \
			"of the items in an epoch [shuffled]"), \
		OPTION_TEXT(0, "validation", "FRACTION|FILE", &(o).validation, \
			"hold out a share, or use a data set"), \
		OPTION_CHOICE(0, "keep", "best|last", &(o).keep, \
			"which epoch's model [best with validation]"), \
		OPTION_CHOICE(0, "monitor", TRAIN_MONITOR_WORDS, &(o).monitor, \
			"what of the validation makes an epoch the best [errors]"), \
		OPTION_INT(0, "patience", "N", &(o).patience, 0, 1000000, \
			"stop after N epochs without a better one"), \
		OPTION_GROUP("optimiser"), \
		OPTION_TEXT(0, "optimizer", "KIND", &(o).optimizer, \
			"sgd, adam, adamw, adadelta or rmsprop [adam]"), \
		OPTION_REAL(0, "lr", "X", &(o).lr, 0, 1e6, \
			"learning rate [.001; sgd and rmsprop .01, adadelta 1]"), \
		OPTION_REAL( \
			0, "momentum", "X", &(o).momentum, 0, 1, "of sgd and rmsprop [0]"), \
		OPTION_FLAG(0, "nesterov", &(o).nesterov, "Nesterov's momentum"), \
		OPTION_REAL(0, "beta1", "X", &(o).beta1, 0, 0.999999999, \
			"of adam and adamw: decay of the mean [.9]"), \
		OPTION_REAL(0, "beta2", "X", &(o).beta2, 0, 0.999999999, \
			"of adam and adamw: decay of the square [.999]"), \
		OPTION_REAL(0, "rho", "X", &(o).rho, 0, 0.999999999, \
			"decay of adadelta's and rmsprop's squares [.95, .99]"), \
		OPTION_REAL(0, "epsilon", "X", &(o).epsilon, 0, 1, \
			"keeps divisors from 0 [1e-8; adadelta 1e-7]"), \
		OPTION_REAL(0, "weight-decay", "X", &(o).weight_decay, 0, 1e6, \
			"L2; decoupled with adamw [0]"), \
		OPTION_REAL(0, "clip", "X", &(o).clip, 0, 1e9, \
			"largest norm of the whole gradient [none]"), \
		OPTION_REAL(0, "max-norm", "X", &(o).max_norm, 0, 1e9, \
			"largest norm of a unit's weights [none]"), \
		OPTION_REAL(0, "max-squared-norm", "X", &(o).max_squared_norm, 0, 1e9, \
			"the same of its square"), \
		OPTION_REAL(0, "label-smoothing", "X", &(o).label_smoothing, 0, 1, \
			"share spread over all classes [0]"), \
		OPTION_GROUP("learning rate over time"), \
		OPTION_CHOICE(0, "schedule", SCHEDULE_WORDS, &(o).schedule, \
			"how it changes [constant]"), \
		OPTION_REAL(0, "warmup", "EPOCHS", &(o).warmup, 0, 1e6, \
			"linear rise over this time [0]"), \
		OPTION_REAL(0, "gamma", "X", &(o).gamma, 0, 1, \
			"factor of step, exp and plateau [.1]"), \
		OPTION_INT(0, "step-epochs", "N", &(o).step_epochs, 1, 1000000, \
			"epochs between steps [10]"), \
		OPTION_INT(0, "lr-patience", "N", &(o).lr_patience, 0, 1000000, \
			"epochs that plateau waits [5]"), \
		OPTION_REAL(0, "lr-min", "X", &(o).lr_min, 0, 1e6, \
			"where cosine and plateau end [0]"), \
		OPTION_GROUP("log and checkpoints"), \
		OPTION_TEXT(0, "log", "FILE", &(o).log, "write a JSON object an epoch"), \
		OPTION_TEXT(0, "checkpoint", "FILE", &(o).checkpoint, \
			"save the run's state there, also on a signal"), \
		OPTION_INT(0, "checkpoint-every", "N", &(o).checkpoint_every, 1, 1000000, \
			"epochs between saves [1]"), \
		OPTION_FLAG( \
			0, "resume", &(o).resume, "go on from the checkpoint, if it is there")

/* What a student learns from. */
struct distill_options {
	const char *targets;
	const char *loss;
	double temperature, alpha, hard_weight, soft_weight; /* below 0: not given */
	bool no_t_squared;
};

/*
 * Trains by the options and writes the model; `distill` is NULL for a teacher. Ends the
 * program on any failure, and by the signal that stopped it.
 */
void cli_train(
	const struct train_options *o, const struct distill_options *distill, const char *data);

#endif
