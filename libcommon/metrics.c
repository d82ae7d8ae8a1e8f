/* SPDX-License-Identifier: ISC */
#include "metrics.h"

#include <math.h>

size_t metrics_best(const float *logit, size_t classes)
{
	size_t best = 0;

	for (size_t c = 1; c < classes; c++)
		if (logit[c] > logit[best])
			best = c;
	return best;
}

size_t metrics_rank(const float *logit, size_t classes, size_t label)
{
	size_t rank = 0;

	/* Negated, so that NaN on either side counts against the label. */
	for (size_t c = 0; c < label; c++)
		rank += !(logit[c] < logit[label]);
	for (size_t c = label + 1; c < classes; c++)
		rank += !(logit[c] <= logit[label]);
	return rank;
}

/* The largest term is 1; the others are summed alone, so that certainty is not rounded to 1. */
static void log_softmax(const float *logit, size_t classes, double temperature, double *log_p)
{
	size_t best = metrics_best(logit, classes);
	double rest = 0;

	for (size_t c = 0; c < classes; c++) {
		log_p[c] = ((double)logit[c] - (double)logit[best]) / temperature;
		if (c != best)
			rest += exp(log_p[c]);
	}
	rest = log1p(rest);
	for (size_t c = 0; c < classes; c++)
		log_p[c] -= rest;
}

void metrics_log_probabilities(enum soft_values kind, const float *row, size_t classes,
	double temperature, double *log_p)
{
	if (!soft_values_fixed(kind)) {
		log_softmax(row, classes, temperature, log_p);
		return;
	}
	for (size_t c = 0; c < classes; c++)
		log_p[c] = kind == SOFT_PROBABILITIES ? log((double)row[c]) : (double)row[c];
}

double metrics_entropy(const double *log_p, size_t classes)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++)
		if (log_p[c] > -INFINITY)
			sum -= exp(log_p[c]) * log_p[c];
	return sum;
}

double metrics_kl(const double *log_p, const double *log_q, size_t classes)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++) {
		double p = exp(log_p[c]);

		sum += exp(log_q[c]) - p;
		if (p > 0)
			sum += p * (log_p[c] - log_q[c]);
	}
	return sum > 0 || isnan(sum) ? sum : 0;
}
