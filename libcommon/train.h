/* SPDX-License-Identifier: ISC */
/*
 * The one training loop. It knows no tool, prints nothing and opens no file: what it has to
 * tell goes to the caller's functions.
 */
#ifndef TRAIN_H
#define TRAIN_H

#include "checkpoint.h"

struct err;

/* Which of the validation's figures a better epoch has less of; of as much, the other. */
enum train_monitor { TRAIN_ERRORS, TRAIN_LOSS };
#define TRAIN_MONITOR_WORDS "errors|loss"

/* What an epoch came to. Means are over items. */
struct train_report {
	uint32_t epoch, epochs;	 /* counted from 1 */
	double lr;		 /* at the epoch's last step */
	double loss, hard, soft; /* what was minimised; its parts before weights and T^2 */
	double accuracy; /* on the batches as they were trained on; NaN without labels */
	double seconds, images_a_second; /* of training, without the validation */
	/* Of the validation; NaN without one: */
	double validation_loss, validation_accuracy;
	size_t validation_errors;
	int is_best;
};

struct train {
	/* All set by the caller, and ready: net_prepare'd for training, batcher_init'ed ... */
	struct net *net;
	struct batcher *batcher;
	struct loss *loss;
	struct optim *optim;
	struct schedule *schedule;
	struct position position; /* zero, or from a checkpoint */
	uint32_t epochs;
	uint64_t seed;
	const struct dataset *validation; /* with labels; NULL for none */
	const uint32_t *validation_item;  /* which items; NULL for all */
	size_t validation_items;
	enum train_monitor monitor;
	float *best; /* arena that receives the best epoch's parameters, or NULL for the last's
		      */
	uint32_t patience; /* epochs without a better validation that end the run; 0 for none */
	const volatile int *stop; /* non-zero ends the run after the step; or NULL */
	void *arg;		  /* of the functions, each of which may be NULL */
	void (*on_step)(void *arg, uint32_t epoch, size_t items_done);
	int (*on_epoch)(
		void *arg, const struct train_report *r, struct err *e); /* -1 ends the run */
};

/*
 * Trains from t->position on. 0 at the end (net->param holds the best epoch's parameters, if
 * they are kept), 1 where `stop` ended it (t->position says where), -1 with text: a loss or a
 * parameter is no longer finite, or a function failed.
 */
int train_run(struct train *t, struct err *e);

#endif
