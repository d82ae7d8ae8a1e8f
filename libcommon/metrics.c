/* SPDX-License-Identifier: ISC */
#include "metrics.h"

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
