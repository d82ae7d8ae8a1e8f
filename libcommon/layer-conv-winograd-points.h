/* SPDX-License-Identifier: ISC */
/*
 * Winograd's transforms along one side of a tile, of CONV_TILE_LANES channels or units side by
 * side. For layer-conv-winograd-tiles.c alone, which compiles them for each form and CPU.
 *
 * Outputs are sums of three values by three weights w; seen as products of polynomials, the
 * weights are evaluated at some points, the values interpolated from as many. A window of
 * stride 2 is two sums side by side: of the even values by w[0] and w[2], of which a tile of 4
 * needs 5 points and one of 3 has 4 of the same, and of the odd values by w[1], as they are.
 */
#ifndef LAYER_CONV_WINOGRAD_POINTS_H
#define LAYER_CONV_WINOGRAD_POINTS_H

#include "layer-conv-winograd.h"
#include "vector.h"

/* Compiled for the CPU of the clone that it is in, and for a form that is known there. */
#define INLINE static inline __attribute__((always_inline))

typedef double conv_doubles __attribute__((vector_size(8 * CONV_TILE_LANES)));

/* The points of CONV_TILE_4 but for 0 and infinity are NEAR, -NEAR, FAR and -FAR. */
#define NEAR (5.0 / 8)
#define FAR (3.0 / 2)
#define NEAR2 (NEAR * NEAR)
#define FAR2 (FAR * FAR)
#define SUM ((float)(NEAR2 + FAR2))
#define PRODUCT ((float)(NEAR2 * FAR2))

/* Of even values they are 0, EVEN, -EVEN, infinity and, of tiles of 4, LAST. */
#define EVEN (3.0 / 4)
#define EVEN2 (EVEN * EVEN)
#define LAST 2.0

/* --- G w: the weights at the points; in double, as they are used again and again --- */

INLINE void weights_stride_1(int form, const conv_doubles w[3], conv_doubles to[])
{
	const double near = 2 * NEAR2 * (NEAR2 - FAR2), far = 2 * FAR2 * (FAR2 - NEAR2);
	conv_doubles even, odd;

	if (form == CONV_TILE_2) {
		to[0] = w[0];
		to[1] = (w[0] + w[2] + w[1]) / 2;
		to[2] = (w[0] + w[2] - w[1]) / 2;
		to[3] = w[2];
		return;
	}
	to[0] = w[0] / (NEAR2 * FAR2);
	even = (w[0] + NEAR2 * w[2]) / near;
	odd = NEAR / near * w[1];
	to[1] = even + odd;
	to[2] = even - odd;
	even = (w[0] + FAR2 * w[2]) / far;
	odd = FAR / far * w[1];
	to[3] = even + odd;
	to[4] = even - odd;
	to[5] = w[2];
}

INLINE void weights_stride_2(const conv_doubles w[3], conv_doubles to[])
{
	to[0] = w[0] / EVEN2;
	to[1] = (w[0] + EVEN * w[2]) / (2 * EVEN2);
	to[2] = (w[0] - EVEN * w[2]) / (2 * EVEN2);
	to[3] = w[2];
	to[4] = (w[0] + LAST * w[2]) / (LAST * (LAST * LAST - EVEN2));
	to[5] = w[1];
}

INLINE void transform_weights(int form, const conv_doubles w[3], conv_doubles to[])
{
	if (form == CONV_TILE_2 || form == CONV_TILE_4)
		weights_stride_1(form, w, to);
	else
		weights_stride_2(w, to);
}

/* --- B^T v: the values at the points --- */

INLINE void values_stride_1(int form, const vector_floats v[], vector_floats to[])
{
	vector_floats even, odd;

	if (form == CONV_TILE_2) {
		to[0] = v[0] - v[2];
		to[1] = v[1] + v[2];
		to[2] = v[2] - v[1];
		to[3] = v[3] - v[1];
		return;
	}
	to[0] = PRODUCT * v[0] - SUM * v[2] + v[4];
	even = v[4] - (float)FAR2 * v[2];
	odd = (float)NEAR * (v[3] - (float)FAR2 * v[1]);
	to[1] = even + odd;
	to[2] = even - odd;
	even = v[4] - (float)NEAR2 * v[2];
	odd = (float)FAR * (v[3] - (float)NEAR2 * v[1]);
	to[3] = even + odd;
	to[4] = even - odd;
	to[5] = PRODUCT * v[1] - SUM * v[3] + v[5];
}

/* Of every other value, for four outputs; then for three. */
INLINE void values_even_4(const vector_floats v[], vector_floats to[])
{
	vector_floats low = (float)EVEN2 * v[0] - v[4], high = v[6] - (float)EVEN2 * v[2];

	to[0] = low + (float)(1 / LAST) * high;
	to[1] = v[4] + (float)(1 / (EVEN - LAST)) * (v[6] - (float)(EVEN * LAST) * v[2]);
	to[2] = v[4] - (float)(1 / (EVEN + LAST)) * (v[6] + (float)(EVEN * LAST) * v[2]);
	to[3] = v[8] - (float)EVEN2 * v[4] - (float)LAST * high;
	to[4] = high;
}

INLINE void values_even_3(const vector_floats v[], vector_floats to[])
{
	vector_floats odd = (float)EVEN * v[2];

	to[0] = (float)EVEN2 * v[0] - v[4];
	to[1] = v[4] + odd;
	to[2] = v[4] - odd;
	to[3] = v[6] - (float)EVEN2 * v[2];
}

INLINE void transform_values(int form, const vector_floats v[], vector_floats to[])
{
	if (form == CONV_TILE_2 || form == CONV_TILE_4) {
		values_stride_1(form, v, to);
		return;
	}
	values_even_4(v, to);
	to += 5;
	if (form == CONV_TILE_7_STRIDE_2) {
		values_even_3(v + 8, to);
		to += 4;
	}
	for (size_t i = 0; i < (form == CONV_TILE_7_STRIDE_2 ? 7 : 4); i++)
		to[i] = v[2 * i + 1];
}

/* --- A^T v: outputs from the products --- */

INLINE void products_stride_1(int form, const vector_floats v[], vector_floats to[])
{
	vector_floats sum = v[1] + v[2], difference = v[1] - v[2], far_sum, far_difference;

	if (form == CONV_TILE_2) {
		to[0] = v[0] + sum;
		to[1] = difference + v[3];
		return;
	}
	far_sum = v[3] + v[4];
	far_difference = v[3] - v[4];
	to[0] = v[0] + sum + far_sum;
	to[1] = (float)NEAR * difference + (float)FAR * far_difference;
	to[2] = (float)NEAR2 * sum + (float)FAR2 * far_sum;
	to[3] = (float)(NEAR2 * NEAR) * difference + (float)(FAR2 * FAR) * far_difference +
		v[5];
}

INLINE void products_even_4(const vector_floats v[], vector_floats to[])
{
	vector_floats sum = v[1] + v[2], difference = v[1] - v[2];

	to[0] = v[0] + sum + v[4];
	to[1] = (float)EVEN * difference + (float)LAST * v[4];
	to[2] = (float)EVEN2 * sum + (float)(LAST * LAST) * v[4];
	to[3] = (float)(EVEN2 * EVEN) * difference + (float)(LAST * LAST * LAST) * v[4] + v[3];
}

INLINE void products_even_3(const vector_floats v[], vector_floats to[])
{
	vector_floats sum = v[1] + v[2];

	to[0] = v[0] + sum;
	to[1] = (float)EVEN * (v[1] - v[2]);
	to[2] = (float)EVEN2 * sum + v[3];
}

INLINE void transform_products(int form, const vector_floats v[], vector_floats to[])
{
	if (form == CONV_TILE_2 || form == CONV_TILE_4) {
		products_stride_1(form, v, to);
		return;
	}
	products_even_4(v, to);
	v += 5;
	if (form == CONV_TILE_7_STRIDE_2) {
		products_even_3(v, to + 4);
		v += 4;
	}
	for (size_t i = 0; i < (form == CONV_TILE_7_STRIDE_2 ? 7 : 4); i++)
		to[i] += v[i];
}

#endif
