/* SPDX-License-Identifier: ISC */
/* Smallest, mean and largest value of a tensor, gathered as its bytes come. */
#ifndef TENSOR_STATS_H
#define TENSOR_STATS_H

#include "tensor-file.h"

struct tensor_stats {
	size_t values, nans, infinities;
	double min, max; /* of what is no NaN; 0 where there is nothing else */
	double mean;	 /* of what is finite; 0 where there is nothing else */
};

/* The value of the element at p as a double (64-bit integers are rounded). */
double tensor_value(enum tensor_dtype dtype, const void *p);

/* Starts from {0}; n bytes, whole elements. */
void tensor_stats_add(
	struct tensor_stats *s, enum tensor_dtype dtype, const void *bytes, size_t n);

#endif
