/* SPDX-License-Identifier: ISC */
#include "vector.h"

#include <string.h>

#if defined(__SSE__)
#include <immintrin.h>

static void stream_line(const float *from, float *to)
{
	for (size_t i = 0; i < VECTOR_LANES; i += 4)
		_mm_stream_ps(to + i, _mm_loadu_ps(from + i));
}

void vector_stream_end(void)
{
	_mm_sfence();
}
#else
static void stream_line(const float *from, float *to)
{
	memcpy(to, from, VECTOR_LANES * sizeof *to);
}

void vector_stream_end(void)
{
}
#endif

void vector_stream(const float *from, size_t rows, float *to, size_t step)
{
	for (size_t row = 0; row < rows; row++)
		stream_line(from + row * VECTOR_LANES, to + row * step);
}

VECTOR_CLONES double vector_sum_squares(const float *v, size_t n)
{
	double lane[VECTOR_LANES] = {0}, sum = 0;
	size_t i = 0;

	for (; i + VECTOR_LANES <= n; i += VECTOR_LANES)
		for (size_t k = 0; k < VECTOR_LANES; k++)
			lane[k] += (double)v[i + k] * (double)v[i + k];
	for (; i < n; i++)
		sum += (double)v[i] * (double)v[i];
	for (size_t k = 0; k < VECTOR_LANES; k++)
		sum += lane[k];
	return sum;
}

VECTOR_CLONES void vector_add(float *sum, const float *v, size_t n)
{
	VECTOR_LOOP for (size_t i = 0; i < n; i++) sum[i] += v[i];
}

VECTOR_CLONES double vector_sum(const float *v, size_t n)
{
	vector_floats lane = {0};
	size_t i = 0;

	for (; i + VECTOR_LANES <= n; i += VECTOR_LANES)
		lane += *(const vector_stored *)(v + i);
	for (size_t k = 0; i + k < n; k++)
		lane[k] += v[i + k];
	return vector_sum_lanes(&lane);
}

VECTOR_CLONES double vector_dot(const float *a, const float *b, size_t n)
{
	vector_floats lane = {0};
	size_t i = 0;

	for (; i + VECTOR_LANES <= n; i += VECTOR_LANES)
		lane += *(const vector_stored *)(a + i) * *(const vector_stored *)(b + i);
	for (size_t k = 0; i + k < n; k++)
		lane[k] += a[i + k] * b[i + k];
	return vector_sum_lanes(&lane);
}

#define LOG2_E 0x1.71547652b82fep0
/* ln 2 in two parts, the first with zeros enough for its product with n to be exact. */
#define LN2_HIGH 0x1.62e42feep-1
#define LN2_LOW 0x1.a39ef35793c76p-33
/* The least and the largest that are told apart; beyond are 0 and infinity. */
#define EXP_LEAST (-750.0)
#define EXP_LARGEST 710.0

/* By a sum that has no room for fractions. */
static inline double to_integer(double v)
{
	return (v + 0x1.8p52) - 0x1.8p52;
}

/* For integers from -1022 to 1023: the sum's last bits are the exponent. */
static inline double power_of_2(double n)
{
	double v = n + (0x1p52 + 1023);
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	bits <<= 52;
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* The power in two factors: only the second can round, where the result is denormal. */
static inline double exp_clamped(double v)
{
	double n = to_integer(v * LOG2_E), half = to_integer(n * 0.5);
	double r = (v - n * LN2_HIGH) - n * LN2_LOW, r2 = r * r;
	double even = 1.0 / 479001600, odd = 1.0 / 6227020800; /* 1/12!, 1/13! */

	even = even * r2 + 1.0 / 3628800;
	odd = odd * r2 + 1.0 / 39916800;
	even = even * r2 + 1.0 / 40320;
	odd = odd * r2 + 1.0 / 362880;
	even = even * r2 + 1.0 / 720;
	odd = odd * r2 + 1.0 / 5040;
	even = even * r2 + 1.0 / 24;
	odd = odd * r2 + 1.0 / 120;
	even = even * r2 + 1.0 / 2;
	odd = odd * r2 + 1.0 / 6;
	return ((even + odd * r) * r2 + r + 1) * power_of_2(half) * power_of_2(n - half);
}

static inline double clamp(double v)
{
	return v < EXP_LEAST ? EXP_LEAST : v > EXP_LARGEST ? EXP_LARGEST : v;
}

/* In two loops: compilers make branches of the comparisons where they see what follows. */
VECTOR_CLONES void vector_exp(const double *v, size_t n, double *to)
{
	VECTOR_LOOP for (size_t i = 0; i < n; i++) to[i] = clamp(v[i]);
	VECTOR_LOOP for (size_t i = 0; i < n; i++) to[i] = exp_clamped(to[i]);
}
