/* SPDX-License-Identifier: ISC */
/*
 * Loops for the vector units of the machine that runs, not of the one that compiled.
 * A function marked VECTOR_CLONES is compiled for AVX-512, AVX2 and the baseline, and chosen
 * at start. No clone contracts a * b + c, so all give the same bytes.
 */
#ifndef VECTOR_H
#define VECTOR_H

#include <stddef.h>
#include <stdint.h> /* glibc's headers define __GLIBC__, the compiler's stddef.h does not */
#include <string.h>

/* The choice is made by an ifunc, which sanitizers' start-up code does not survive. */
#if defined(__x86_64__) && defined(__GLIBC__) && defined(__GNUC__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define VECTOR_CLONES __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define VECTOR_CLONES
#endif

/*
 * Before a loop whose turns do not need each other's results though its pointers may be equal:
 * an activation in place would else be computed value by value.
 */
#if defined(__clang__)
#define VECTOR_LOOP _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define VECTOR_LOOP _Pragma("GCC ivdep")
#else
#define VECTOR_LOOP
#endif

/*
 * Vectors of 16 values, on every CPU: for loops that compilers leave to scalars, inside
 * functions marked VECTOR_CLONES. In memory, `vector_stored` is aligned like a float.
 */
#define VECTOR_LANES 16
typedef float vector_floats __attribute__((vector_size(64)));
typedef float vector_stored __attribute__((vector_size(64), aligned(4)));

/* The sum of a vector's values in double, from the first to the last. */
static inline double vector_sum_lanes(const vector_floats *v)
{
	double sum = 0;

	for (size_t k = 0; k < VECTOR_LANES; k++)
		sum += (double)(*v)[k];
	return sum;
}

/* v where the condition holds, else 0: without the branch that compilers make of a ?: around
 * arithmetic, which they do not take for vectors before AVX-512. */
static inline double vector_where(int condition, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof bits);
	bits &= 0 - (uint64_t)condition;
	memcpy(&v, &bits, sizeof v);
	return v;
}

/* The values of both in turns. */
static inline void vector_interleave(
	const vector_floats *even, const vector_floats *odd, float *to)
{
	*(vector_stored *)to = __builtin_shufflevector(
		*even, *odd, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
	*(vector_stored *)(to + VECTOR_LANES) = __builtin_shufflevector(
		*even, *odd, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}

/*
 * Copies rows of VECTOR_LANES values, `step` values apart in `to`, to memory, where the CPU
 * can, and not to the cache: of far more than a cache holds, each line would first be read, and
 * then drive out another. `to` is aligned to VECTOR_LINE bytes, and step a multiple of as many.
 * After the last one, vector_stream_end before another thread may read them.
 */
#define VECTOR_LINE 64
void vector_stream(const float *from, size_t rows, float *to, size_t step);
void vector_stream_end(void);

/* The sum of squares in double, in an order that depends on n alone. */
double vector_sum_squares(const float *v, size_t n);

/* sum[i] += v[i] */
void vector_add(float *sum, const float *v, size_t n);
/* The sum, and the sum of products, in an order that depends on n alone: floats in 16 lanes. */
double vector_sum(const float *v, size_t n);
double vector_dot(const float *a, const float *b, size_t n);

/*
 * to[i] = exp(v[i]) within 1 ulp, denormal results included; NaN for NaN. `to` may be v.
 * Cody and Waite's reduction v = n ln 2 + r (Software Manual for the Elementary Functions,
 * 1980, chapter 6), Taylor's series of cosh r and sinh r up to r^13, as |r| <= ln 2 / 2, and
 * 2^n.
 */
void vector_exp(const double *v, size_t n, double *to);

#endif
