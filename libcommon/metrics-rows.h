/* SPDX-License-Identifier: ISC */
/*
 * Probabilities of some rows and what is measured of them. The rows lie side by side, so that
 * vector units are full however few classes there are; a row's figures are the same bytes
 * whatever is beside it.
 */
#ifndef METRICS_ROWS_H
#define METRICS_ROWS_H

#include "soft-values.h"

#include <stddef.h>

struct err;

/* How many rows there are at most. */
#define METRICS_ROWS 32

struct metrics_rows {
	size_t rows, classes;
	double *p, *log_p; /* [classes][rows] */
};

/* Room for METRICS_ROWS rows; none yet. 0, or -1 with text. */
int metrics_rows_init(struct metrics_rows *m, size_t classes, struct err *e);
void metrics_rows_release(struct metrics_rows *m);

/*
 * Takes values [rows][classes]: the probabilities of logits are softmax(row / T) (safe for any
 * finite ones), of (log-)probabilities those that they are (log 0 is -infinity).
 */
void metrics_rows_take(struct metrics_rows *m, enum soft_values kind, const float *value,
	size_t rows, double temperature);

/* Divides (log-)probabilities that were taken by their sum, which is 1 but for what rounding
 * left: what students learn from, see soft_targets_probabilities. */
void metrics_rows_normalise(struct metrics_rows *m);

/* -sum p log p of each row, in nats. */
void metrics_rows_entropy(const struct metrics_rows *m, double *entropy);

/*
 * KL(p||q) = sum p (log p - log q) - p + q of each row, in nats. The last two terms cancel
 * where both sum to 1; for probabilities that were rounded they keep it >= 0. Infinite where q
 * is 0 and p is not.
 */
void metrics_rows_kl(const struct metrics_rows *p, const struct metrics_rows *q, double *kl);

#endif
