/* SPDX-License-Identifier: ISC */
#include "soft-values.h"

#include "bytes.h"
#include "err.h"
#include "size.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[] = {
	[SOFT_LOGITS] = "logits",
	[SOFT_ZERO_MEAN_LOGITS] = "zero-mean-logits",
	[SOFT_LOG_PROBABILITIES] = "log-probabilities",
	[SOFT_PROBABILITIES] = "probabilities",
};

const char *soft_values_name(enum soft_values v)
{
	return names[v];
}

int soft_values_parse(const char *name)
{
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

bool soft_values_fixed(enum soft_values v)
{
	return v == SOFT_LOG_PROBABILITIES || v == SOFT_PROBABILITIES;
}

void soft_values_encode(enum tensor_dtype dtype, const float *value, size_t n, void *stored)
{
	uint16_t *half = stored;

	if (dtype == TENSOR_F32)
		memcpy(stored, value, n * sizeof *value);
	else if (dtype == TENSOR_F16)
		for (size_t i = 0; i < n; i++)
			half[i] = bytes_f16(value[i]);
	else
		for (size_t i = 0; i < n; i++)
			half[i] = bytes_bf16(value[i]);
}

void soft_values_decode(enum tensor_dtype dtype, const void *stored, size_t n, float *value)
{
	const uint16_t *half = stored;

	if (dtype == TENSOR_F32)
		memcpy(value, stored, n * sizeof *value);
	else if (dtype == TENSOR_F16)
		for (size_t i = 0; i < n; i++)
			value[i] = bytes_from_f16(half[i]);
	else
		for (size_t i = 0; i < n; i++)
			value[i] = bytes_from_bf16(half[i]);
}

static double roundoff(enum tensor_dtype dtype)
{
	return dtype == TENSOR_F16 ? 0x1p-11 : dtype == TENSOR_BF16 ? 0x1p-8 : 0x1p-24;
}

static double half_step(enum tensor_dtype dtype)
{
	return dtype == TENSOR_F16 ? 0x1p-25 : 1e-30;
}

static int check_mean(enum tensor_dtype dtype, const float *row, size_t classes, struct err *e)
{
	double sum = 0, largest = 0, mean;

	for (size_t c = 0; c < classes; c++) {
		sum += (double)row[c];
		largest = fmax(largest, fabs((double)row[c]));
	}
	mean = sum / (double)classes;
	if (fabs(mean) > (1e-5 + roundoff(dtype)) * largest + half_step(dtype))
		return err_set(e, "the mean of zero-mean logits is %g", mean);
	return 0;
}

static int check_sum(double sum, double slack, const char *what, struct err *e)
{
	if (fabs(sum - 1) > slack)
		return err_set(e, "%s sum to %.6g, not 1", what, sum);
	return 0;
}

static int check_probabilities(
	enum tensor_dtype dtype, const float *row, size_t classes, struct err *e)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++) {
		if (row[c] < 0)
			return err_set(e, "class %zu has probability %g", c, (double)row[c]);
		sum += (double)row[c];
	}
	return check_sum(sum, 1e-4 + roundoff(dtype) + half_step(dtype) * (double)classes,
		"probabilities", e);
}

static int check_logarithms(
	enum tensor_dtype dtype, const float *row, size_t classes, struct err *e)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++)
		sum += exp((double)row[c]);
	return check_sum(sum, 1e-4 + 2 * roundoff(dtype) * log((double)classes),
		"exponentials of log-probabilities", e);
}

int soft_values_check(enum soft_values v, enum tensor_dtype dtype, const float *row,
	size_t classes, struct err *e)
{
	for (size_t c = 0; c < classes; c++)
		if (!isfinite(row[c]))
			return err_set(e, "class %zu is %g", c, (double)row[c]);
	switch (v) {
	case SOFT_LOGITS:
		return 0;
	case SOFT_ZERO_MEAN_LOGITS:
		return check_mean(dtype, row, classes, e);
	case SOFT_LOG_PROBABILITIES:
		return check_logarithms(dtype, row, classes, e);
	case SOFT_PROBABILITIES:
		return check_probabilities(dtype, row, classes, e);
	}
	return err_set(e, "unknown kind of values");
}

int soft_values_check_rows(enum soft_values v, enum tensor_dtype dtype, const void *stored,
	size_t rows, size_t classes, struct err *e)
{
	float *row = size_alloc(classes, sizeof *row, "a row of targets", e);
	size_t bytes = classes * tensor_dtype_size(dtype);
	const uint8_t *from = stored;
	int bad = row == NULL ? -1 : 0;
	struct err detail;

	for (size_t i = 0; !bad && i < rows; i++) {
		soft_values_decode(dtype, from + i * bytes, classes, row);
		if (soft_values_check(v, dtype, row, classes, &detail))
			bad = err_set(e, "row %zu as %s: %.900s", i, tensor_dtype_name(dtype),
				detail.text);
	}
	free(row);
	return bad;
}

void soft_values_centre(float *value, size_t rows, size_t classes)
{
	for (float *row = value; row < value + rows * classes; row += classes) {
		double sum = 0;

		for (size_t c = 0; c < classes; c++)
			sum += (double)row[c];
		for (size_t c = 0; c < classes; c++)
			row[c] = (float)((double)row[c] - sum / (double)classes);
	}
}

static float largest_of(const float *row, size_t classes)
{
	float largest = row[0];

	for (size_t c = 1; c < classes; c++)
		largest = row[c] > largest ? row[c] : largest;
	return largest;
}

/* This runs once an item in training: float exponentials, summed in double. */
void soft_values_softmax(const float *logit, size_t classes, double temperature, float *to)
{
	double largest = (double)largest_of(logit, classes), inverse = 1 / temperature, sum = 0;

	for (size_t c = 0; c < classes; c++) {
		to[c] = expf((float)(((double)logit[c] - largest) * inverse));
		sum += (double)to[c];
	}
	for (size_t c = 0; c < classes; c++)
		to[c] = (float)((double)to[c] / sum);
}

void soft_values_log_softmax(const float *logit, size_t classes, double temperature, float *to)
{
	double largest = (double)largest_of(logit, classes), sum = 0;

	for (size_t c = 0; c < classes; c++)
		sum += exp(((double)logit[c] - largest) / temperature);
	for (size_t c = 0; c < classes; c++)
		to[c] = (float)(((double)logit[c] - largest) / temperature - log(sum));
}
