/* SPDX-License-Identifier: ISC */
/*
 * Derivatives by differences, for functions that are computed in float.
 *
 * f'(x) = (8 (f(x+h) - f(x-h)) - (f(x+2h) - f(x-2h))) / 12h + h^4 f'''''/30: with h = 1/16
 * the truncation is some 1e-5 of the scale of f, and the roundoff of float (6e-8 f / h) 1e-6.
 * Points are multiples of 2^-8 and h a power of two, so x + h is exact. So a right gradient
 * is met to about 1e-5 in the norm; the tests ask for 2e-4, and a wrong term gives 1e-2 or
 * more.
 */
#ifndef STENCIL_H
#define STENCIL_H

#include "rng.h"

#include <math.h>
#include <stddef.h>

#define STENCIL_STEP 0.0625f
#define STENCIL_TOLERANCE 2e-4

/* d f(arg) / d *x, with another h; *x is put back. */
static inline double stencil_slope_by(float h, double (*f)(void *), void *arg, float *x)
{
	static const float step[4] = {1, -1, 2, -2};
	float middle = *x;
	double value[4];

	for (int i = 0; i < 4; i++) {
		*x = middle + step[i] * h;
		value[i] = f(arg);
	}
	*x = middle;
	return (8 * (value[0] - value[1]) - (value[2] - value[3])) / (12 * (double)h);
}

static inline double stencil_slope(double (*f)(void *), void *arg, float *x)
{
	return stencil_slope_by(STENCIL_STEP, f, arg, x);
}

/* |a - b| / |b| of two vectors, by one element at a time: start with zeros. */
struct stencil_distance {
	double error, size;
};

static inline void stencil_compare(struct stencil_distance *d, double got, double expected)
{
	d->error += (got - expected) * (got - expected);
	d->size += expected * expected;
}

/* Infinite for an all-zero gradient, which would agree with a backward that does nothing. */
static inline double stencil_error(const struct stencil_distance *d)
{
	return d->size > 0 && isfinite(d->error) ? sqrt(d->error / d->size) : INFINITY;
}

/* Multiples of 2^-8 with low <= |x| < low + 1.25: with low above 2h away from a kink at 0. */
static inline void stencil_points(float *x, size_t n, double low, uint32_t index)
{
	struct rng r = {.seed = 2, .index = index};

	for (size_t i = 0; i < n; i++) {
		uint32_t v = rng_below(&r, (uint32_t)i, 640);
		double size = low + (v % 320) / 256.0;

		x[i] = (float)(v < 320 ? size : -size);
	}
}

#endif
