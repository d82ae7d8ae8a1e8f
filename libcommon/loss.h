/* SPDX-License-Identifier: ISC */
/*
 * Losses. A kind is one const struct in loss-KIND.c plus its name in LOSS_KINDS.
 *
 * z are the student's logits, v the teacher's, y the label, C the classes,
 * p = softmax(v/T), q = softmax(z/T). Values are sums over the batch's items (the
 * caller divides); gradients are of the mean over the batch, sum over classes.
 */
#ifndef LOSS_H
#define LOSS_H

#include "batcher.h"

#include <stddef.h>

struct err;

/* loss_ce in loss-ce.c and so on; on the command line '_' is '-'. */
#define LOSS_KINDS(X) X(ce) X(kd) X(mse_probabilities) X(mse_logits)

struct loss_kind;

struct loss {
	const struct loss_kind *kind;
	double temperature;
	double hard, soft; /* weights of the two parts */
	int scale_soft;	   /* whether the soft part is multiplied by T^2 */
	double smoothing; /* of the hard labels (label smoothing): ce and the hard part of kd */
	size_t classes;
	size_t batch; /* most items at a time */
	/* Its own, loss_init's: */
	float *work;	      /* [batch][classes] */
	struct loss_sum *row; /* [batch]: one for each item */
};

/* Sums over items: the loss that is minimised, and its parts before weights and T^2. */
struct loss_sum {
	double items;
	double total;
	double hard;	/* cross-entropy with the labels at T = 1 */
	double soft;	/* KL(p||q) at T, or the squared error as the kind defines it */
	double correct; /* items whose largest logit is at the label */
};

/* One item's row. */
struct loss_row {
	const float *logits, *target; /* [C] */
	int label;		      /* -1 where there is none */
	float *dlogits;		      /* [C]: 0 at first; receives the gradient times `scale` */
	float *work;		      /* [C] */
	float scale;		      /* 1 / items in the batch */
};

struct loss_kind {
	const char *name;
	enum batch_targets targets; /* what it needs beside labels */
	int labels;		    /* whether it reads labels */
	double hard, soft;	    /* the parts' weights where none are given */
	int t_squared;		    /* whether T^2 applies to the soft part */
	/* Adds the row's total, hard and soft to *sum, and the gradient to dlogits. */
	void (*row)(const struct loss *l, const struct loss_row *r, struct loss_sum *sum);
};

const struct loss_kind *loss_kind_find(const char *name);
const struct loss_kind *const *loss_kinds(void); /* NULL-terminated */

/* Allocates, after the rest is set; 0 or -1. */
int loss_init(struct loss *l, struct err *e);
void loss_release(struct loss *l);

/* Whether labels are read: a hard part of weight 0 needs none. */
int loss_needs_labels(const struct loss *l);

/*
 * Items [from, to) of the batch, whose logits these are [to - from][C]: sets dlogits, and
 * remembers the items' values for loss_add.
 */
void loss_rows(const struct loss *l, const struct batch *b, size_t from, size_t to,
	const float *logits, float *dlogits);

/* Adds the n items of a batch that loss_rows has seen, in order, to *sum. */
void loss_add(const struct loss *l, size_t n, struct loss_sum *sum);

/* softmax(z / T) into p, both [C]; returns log sum exp(z / T). In place is fine. */
double loss_softmax(const float *z, size_t classes, double temperature, float *p);

/*
 * Cross-entropy with the smoothed label at T = 1, weighted by l->hard: what ce is, and the hard
 * part of the others. Adds to *sum, and to dlogits. Does nothing where the weight is 0.
 */
void loss_hard_part(const struct loss *l, const struct loss_row *r, struct loss_sum *sum);

#endif
