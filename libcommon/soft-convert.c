/* SPDX-License-Identifier: ISC */
#include "soft-convert.h"

#include "err.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

static double mean_of(const double *row, size_t classes)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++)
		sum += row[c];
	return sum / (double)classes;
}

/* log of the sum of exp(scale * v). */
static double log_sum_exp(const double *row, size_t classes, double scale)
{
	double largest = row[0], sum = 0;

	for (size_t c = 1; c < classes; c++)
		largest = fmax(largest, row[c]);
	for (size_t c = 0; c < classes; c++)
		sum += exp(scale * (row[c] - largest));
	return scale * largest + log(sum);
}

/* Any kind to logarithms: logits / T less a constant, or log-probabilities as they are. */
static int to_logarithms(
	const struct soft_conversion *c, double *row, size_t classes, struct err *e)
{
	double scale = soft_values_fixed(c->from) ? 1 : 1 / c->temperature, shift = 0;

	for (size_t k = 0; k < classes && c->from == SOFT_PROBABILITIES; k++) {
		if (row[k] == 0)
			return err_set(e, "class %zu is 0, which has no logarithm", k);
		row[k] = log(row[k]);
	}
	if (!soft_values_fixed(c->from) || c->normalise)
		shift = log_sum_exp(row, classes, scale);
	for (size_t k = 0; k < classes; k++)
		row[k] = scale * row[k] - shift;
	return 0;
}

static int to_probabilities(
	const struct soft_conversion *c, double *row, size_t classes, struct err *e)
{
	double sum;

	if (c->from == SOFT_PROBABILITIES) {
		sum = c->normalise ? mean_of(row, classes) * (double)classes : 1;
		for (size_t k = 0; k < classes; k++)
			row[k] /= sum;
		return 0;
	}
	if (to_logarithms(c, row, classes, e))
		return -1;
	for (size_t k = 0; k < classes; k++)
		row[k] = exp(row[k]);
	return 0;
}

static int to_logits(
	const struct soft_conversion *c, double *row, size_t classes, struct err *e)
{
	double mean = 0;

	if (soft_values_fixed(c->from)) {
		if (to_logarithms(c, row, classes, e))
			return -1;
		for (size_t k = 0; k < classes; k++)
			row[k] *= c->temperature;
	}
	if (c->to == SOFT_ZERO_MEAN_LOGITS)
		mean = mean_of(row, classes);
	for (size_t k = 0; k < classes; k++)
		row[k] -= mean;
	return 0;
}

static int convert_row(
	const struct soft_conversion *c, double *row, size_t classes, struct err *e)
{
	if (!soft_values_fixed(c->to))
		return to_logits(c, row, classes, e);
	return c->to == SOFT_PROBABILITIES ? to_probabilities(c, row, classes, e)
					   : to_logarithms(c, row, classes, e);
}

static int check_fit(const struct npy *a, const struct dataset *d, struct err *e)
{
	if (npy_is_integer(a))
		return err_set(e, "holds %s, not floats", tensor_dtype_name(a->dtype));
	if (a->rank != 2 || a->shape[1] == 0)
		return err_set(e, "has %d dimensions, not rows and classes", a->rank);
	if (a->shape[0] != d->items)
		return err_set(e, "has %zu rows where the data set has %zu items", a->shape[0],
			d->items);
	if (d->classes > 0 && a->shape[1] != d->classes)
		return err_set(e, "has %zu classes where the data set has %zu", a->shape[1],
			d->classes);
	return 0;
}

static int convert_rows(const struct soft_conversion *c, const struct npy *a, double *row,
	float *value, struct err *e)
{
	enum tensor_dtype precision = a->dtype == TENSOR_F16 ? TENSOR_F16 : TENSOR_F32;
	size_t classes = a->shape[1];
	struct err detail;

	for (size_t i = 0; i < a->shape[0]; i++, value += classes) {
		for (size_t k = 0; k < classes; k++) {
			row[k] = npy_real(a, i * classes + k);
			value[k] = (float)row[k];
		}
		if (soft_values_check(c->from, precision, value, classes, &detail) ||
			convert_row(c, row, classes, &detail))
			return err_set(e, "row %zu: %.900s", i, detail.text);
		for (size_t k = 0; k < classes; k++)
			value[k] = (float)row[k];
	}
	return 0;
}

float *soft_convert(const struct soft_conversion *c, const struct npy *a,
	const struct dataset *d, struct err *e)
{
	double *row = NULL;
	float *value = NULL;

	if (check_fit(a, d, e))
		return NULL;
	row = size_alloc(a->shape[1], sizeof *row, "a row", e);
	value = size_alloc(a->values, sizeof *value, "soft targets", e);
	if (row == NULL || value == NULL || convert_rows(c, a, row, value, e)) {
		free(value);
		value = NULL;
	}
	free(row);
	return value;
}
