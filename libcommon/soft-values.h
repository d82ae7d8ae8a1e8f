/* SPDX-License-Identifier: ISC */
/*
 * The rows of soft targets: kinds of values, their 16-bit forms and what a row must fulfil.
 *
 * A row is C numbers, one a class. Softmax does not see a constant that is added to
 * all logits of a row, so zero-mean logits say as much as logits and need less range.
 */
#ifndef SOFT_VALUES_H
#define SOFT_VALUES_H

#include "tensor-file.h"

#include <stdbool.h>
#include <stddef.h>

enum soft_values {
	SOFT_LOGITS,
	SOFT_ZERO_MEAN_LOGITS,
	SOFT_LOG_PROBABILITIES,
	SOFT_PROBABILITIES
};
#define SOFT_VALUES_WORDS "logits|zero-mean-logits|log-probabilities|probabilities"

/* "logits" ... "probabilities"; parse returns -1 for an unknown name. */
const char *soft_values_name(enum soft_values v);
int soft_values_parse(const char *name);

/* Whether values of this kind belong to one temperature. */
bool soft_values_fixed(enum soft_values v);

/* F32, F16 or BF16 to and from floats; rounded to nearest even. dtype must be one of these. */
void soft_values_encode(enum tensor_dtype dtype, const float *value, size_t n, void *stored);
void soft_values_decode(enum tensor_dtype dtype, const void *stored, size_t n, float *value);

/*
 * Refuses a row (as decoded from `dtype`) that holds NaN or infinity, or is not of its kind:
 *
 *   probabilities        each >= 0, sum within s of 1
 *   log-probabilities    sum of exponentials within s of 1
 *   zero-mean logits     |mean| <= (1e-5 + u) max|v| + a
 *
 * where s is 1e-4 for what float arithmetic loses in a framework's softmax, and what rounding
 * to dtype may add: u + a C for probabilities, 2 u ln(C) for their logarithms; u = 2^-24,
 * 2^-11, 2^-8 is the dtype's unit roundoff, a = 2^-25 (F16) half its smallest step, else 1e-30.
 */
int soft_values_check(enum soft_values v, enum tensor_dtype dtype, const float *row,
	size_t classes, struct err *e);

/* The same for all of `rows` rows as stored in `dtype`; the text names the first bad row. */
int soft_values_check_rows(enum soft_values v, enum tensor_dtype dtype, const void *stored,
	size_t rows, size_t classes, struct err *e);

/* Takes the mean off each of `rows` rows. */
void soft_values_centre(float *value, size_t rows, size_t classes);

/* softmax(logit / T) and its logarithm; `to` may be `logit`. Stable for any finite logits. */
void soft_values_softmax(const float *logit, size_t classes, double temperature, float *to);
void soft_values_log_softmax(const float *logit, size_t classes, double temperature, float *to);

#endif
