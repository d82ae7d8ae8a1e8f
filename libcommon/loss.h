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
struct workers;

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
	struct workers *workers;
	float *work; /* its own: loss_init's */
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

/* Adds the batch's sums to *sum and sets dlogits [n][C]. */
void loss_eval(const struct loss *l, const struct batch *b, const float *logits, float *dlogits,
	struct loss_sum *sum);

/* softmax(z / T) into p, both [C]; returns log sum exp(z / T). In place is fine. */
double loss_softmax(const float *z, size_t classes, double temperature, float *p);

/*
 * Cross-entropy with the smoothed label at T = 1, weighted by l->hard: what ce is, and the hard
 * part of the others. Adds to *sum, and to dlogits. Does nothing where the weight is 0.
 */
void loss_hard_part(const struct loss *l, const struct loss_row *r, struct loss_sum *sum);

#endif
