/* SPDX-License-Identifier: ISC */
#include "vector.h"

#define LANES 16

VECTOR_CLONES double vector_sum_squares(const float *v, size_t n)
{
	double lane[LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += (double)v[i + k] * (double)v[i + k];
	for (; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	for (size_t k = 0; k < LANES; k++)
		sum += lane[k];
	return sum;
}

VECTOR_CLONES void vector_add(float *sum, const float *v, size_t n)
{
	VECTOR_LOOP for (size_t i = 0; i < n; i++) sum[i] += v[i];
}

static double sum_lanes(const float lane[LANES])
{
	double sum = 0;

	for (size_t k = 0; k < LANES; k++)
		sum += (double)lane[k];
	return sum;
}

VECTOR_CLONES double vector_sum(const float *v, size_t n)
{
	float lane[LANES] = {0};
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += v[i + k];
	for (size_t k = 0; i + k < n; k++)
		lane[k] += v[i + k];
	return sum_lanes(lane);
}

VECTOR_CLONES double vector_dot(const float *a, const float *b, size_t n)
{
	float lane[LANES] = {0};
	size_t i = 0;

	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += a[i + k] * b[i + k];
	for (size_t k = 0; i + k < n; k++)
		lane[k] += a[i + k] * b[i + k];
	return sum_lanes(lane);
}
