/* SPDX-License-Identifier: ISC */
/* Batches of a data set: gathered, shifted, scaled and joined with their targets. */
#ifndef BATCHER_H
#define BATCHER_H

#include "augment.h"
#include "soft-targets.h"

struct err;

struct batch {
	size_t n;
	const uint32_t *item;  /* [n]: numbers in the data set */
	const float *input;    /* [n][values] */
	const uint16_t *label; /* [n], or NULL */
	const float *target;   /* [n][classes], or NULL */
	uint32_t epoch;
};

enum batch_targets { BATCH_NO_TARGETS, BATCH_LOGITS, BATCH_PROBABILITIES };

struct batcher {
	/* Set by the caller, who keeps what they point to alive: */
	const struct dataset *data;
	const uint32_t *item; /* which items; NULL for all of the data set */
	size_t items;	      /* how many */
	struct preprocess preprocess;
	size_t batch;
	uint64_t seed;
	int shuffle; /* each epoch in an order that is a function of seed and epoch */
	struct augment augment; /* targets with views replay theirs: view = epoch mod views */
	const struct soft_targets *soft; /* or NULL */
	enum batch_targets targets;
	double temperature; /* of BATCH_PROBABILITIES */
	/* Its own: */
	struct scaler scaler;
	uint32_t *order;
	float *input, *target;
	uint16_t *label;
	uint32_t epoch;
	size_t start, position; /* of this batch and of the next */
};

/* Allocates, after the caller's part is set; 0 or -1. */
int batcher_init(struct batcher *b, struct err *e);
void batcher_release(struct batcher *b);

/* Starts epoch `epoch` (from 0) at item number `position` of its order. */
void batcher_start(struct batcher *b, uint32_t epoch, size_t position);

/*
 * The next batch, valid until the next call; 0 at the end of the epoch. Its numbers are set,
 * its input, labels and targets are for batcher_fill: whoever needs rows [from, to) first.
 */
int batcher_next(struct batcher *b, struct batch *batch);
void batcher_fill(struct batcher *b, size_t from, size_t to);

/*
 * One item as a batch, without its input: what there is to learn of its picture as it is, to
 * validate on. Valid until the next call. Targets of shifted views say nothing of that picture:
 * batcher_knows is 0.
 */
struct batch batcher_item(struct batcher *b, uint32_t item);
int batcher_knows(const struct batcher *b);

#endif
