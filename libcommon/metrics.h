/* SPDX-License-Identifier: ISC */
/*
 * What metrics are made of: one row of logits at a time, in double, summed in the order of the
 * items, so the figures are the same bytes on every run.
 */
#ifndef METRICS_H
#define METRICS_H

#include "soft-values.h"

#include <stddef.h>

/* The class of the largest logit; the lowest of equal ones, as numpy.argmax. */
size_t metrics_best(const float *logit, size_t classes);

/*
 * How many classes are ranked above `label`; 0 where it is metrics_best. Of equal logits the
 * lower class comes first. A label whose logit is NaN comes last.
 */
size_t metrics_rank(const float *logit, size_t classes, size_t label);

/*
 * Logarithms of probabilities [classes]: log softmax(row / T) of logits (safe for any finite
 * ones), log-probabilities as they are, logarithms of probabilities (-infinity for 0).
 */
void metrics_log_probabilities(enum soft_values kind, const float *row, size_t classes,
	double temperature, double *log_p);

/* -sum p log p in nats. */
double metrics_entropy(const double *log_p, size_t classes);

/*
 * KL(p||q) = sum p (log p - log q) - p + q in nats. The last two terms cancel where both sum to
 * 1; for probabilities that were rounded they keep it >= 0. Infinite where q is 0 and p is not.
 */
double metrics_kl(const double *log_p, const double *log_q, size_t classes);

#endif
