/* SPDX-License-Identifier: ISC */
/* The classes of a row of logits by their ranks. */
#ifndef METRICS_H
#define METRICS_H

#include <stddef.h>

/* The class of the largest logit; the lowest of equal ones, as numpy.argmax. */
size_t metrics_best(const float *logit, size_t classes);

/*
 * How many classes are ranked above `label`; 0 where it is metrics_best. Of equal logits the
 * lower class comes first. A label whose logit is NaN comes last.
 */
size_t metrics_rank(const float *logit, size_t classes, size_t label);

#endif
