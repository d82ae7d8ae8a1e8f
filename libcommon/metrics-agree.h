/* SPDX-License-Identifier: ISC */
/*
 * How close a net's logits z come to soft targets p: agreement (the largest logit and the
 * largest target are at the same class) and KL(p||q), q = softmax(z / T), in nats. Stored
 * probabilities are divided by their sum, as where students learn from them.
 */
#ifndef METRICS_AGREE_H
#define METRICS_AGREE_H

#include "metrics-rows.h"
#include "soft-targets.h"

#include <stddef.h>

struct err;

struct metrics_agree {
	const struct soft_targets *soft; /* the caller's */
	double temperature;
	size_t rows, agreed;
	double kl, kl_max; /* sum and largest */
	float *target;	   /* work: [METRICS_ROWS][classes] */
	struct metrics_rows p, q;
};

/* T must agree with the targets' own where they are (log-)probabilities. 0, or -1 with text. */
int metrics_agree_init(struct metrics_agree *m, const struct soft_targets *soft,
	double temperature, struct err *e);
void metrics_agree_release(struct metrics_agree *m);

/* Adds items first .. first + n of the data set, seen as view `view`: logits [n][classes]. */
void metrics_agree_add(
	struct metrics_agree *m, const float *logits, size_t view, size_t first, size_t n);

#endif
