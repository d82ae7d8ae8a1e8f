/* SPDX-License-Identifier: ISC */
/*
 * The transforms of layer-conv-winograd-points.h turned round, each its transposed matrix: for
 * layer-conv-winograd-tiles.c alone.
 */
#ifndef LAYER_CONV_WINOGRAD_POINTS_BACK_H
#define LAYER_CONV_WINOGRAD_POINTS_BACK_H

#include "layer-conv-winograd-points.h"

/* --- A y: gradients by the outputs at the points, which is A^T v turned round --- */

INLINE void gradients_stride_1(int form, const vector_floats y[], vector_floats to[])
{
	vector_floats even, odd;

	to[0] = y[0];
	if (form == CONV_TILE_2) {
		to[1] = y[0] + y[1];
		to[2] = y[0] - y[1];
		to[3] = y[1];
		return;
	}
	even = y[0] + (float)NEAR2 * y[2];
	odd = (float)NEAR * y[1] + (float)(NEAR2 * NEAR) * y[3];
	to[1] = even + odd;
	to[2] = even - odd;
	even = y[0] + (float)FAR2 * y[2];
	odd = (float)FAR * y[1] + (float)(FAR2 * FAR) * y[3];
	to[3] = even + odd;
	to[4] = even - odd;
	to[5] = y[3];
}

INLINE void gradients_even_4(const vector_floats y[], vector_floats to[])
{
	vector_floats even = y[0] + (float)EVEN2 * y[2],
		      odd = (float)EVEN * y[1] + (float)(EVEN2 * EVEN) * y[3];

	to[0] = y[0];
	to[1] = even + odd;
	to[2] = even - odd;
	to[3] = y[3];
	to[4] = y[0] + (float)LAST * y[1] + (float)(LAST * LAST) * y[2] +
		(float)(LAST * LAST * LAST) * y[3];
}

INLINE void gradients_even_3(const vector_floats y[], vector_floats to[])
{
	vector_floats even = y[0] + (float)EVEN2 * y[2], odd = (float)EVEN * y[1];

	to[0] = y[0];
	to[1] = even + odd;
	to[2] = even - odd;
	to[3] = y[2];
}

INLINE void transform_gradients(int form, const vector_floats y[], vector_floats to[])
{
	if (form == CONV_TILE_2 || form == CONV_TILE_4) {
		gradients_stride_1(form, y, to);
		return;
	}
	gradients_even_4(y, to);
	to += 5;
	if (form == CONV_TILE_7_STRIDE_2) {
		gradients_even_3(y + 4, to);
		to += 4;
	}
	for (size_t i = 0; i < (form == CONV_TILE_7_STRIDE_2 ? 7 : 4); i++)
		to[i] = y[i];
}

/* --- G^T v: gradients by the weights from those by the weights at the points --- */

INLINE void sums_stride_1(int form, const vector_floats v[], vector_floats to[3])
{
	const float near = (float)(1 / (2 * NEAR2 * (NEAR2 - FAR2))),
		    far = (float)(1 / (2 * FAR2 * (FAR2 - NEAR2)));
	vector_floats sum = v[1] + v[2], difference = v[1] - v[2], far_sum;

	if (form == CONV_TILE_2) {
		to[0] = v[0] + sum / 2;
		to[1] = difference / 2;
		to[2] = sum / 2 + v[3];
		return;
	}
	sum = near * sum;
	far_sum = far * (v[3] + v[4]);
	to[0] = (float)(1 / (NEAR2 * FAR2)) * v[0] + sum + far_sum;
	to[1] = (float)NEAR * near * difference + (float)FAR * far * (v[3] - v[4]);
	to[2] = (float)NEAR2 * sum + (float)FAR2 * far_sum + v[5];
}

INLINE void sums_stride_2(const vector_floats v[], vector_floats to[3])
{
	const float half = (float)(1 / (2 * EVEN2)),
		    last = (float)(1 / (LAST * (LAST * LAST - EVEN2)));

	to[0] = 2 * half * v[0] + half * (v[1] + v[2]) + last * v[4];
	to[1] = v[5];
	to[2] = (float)EVEN * half * (v[1] - v[2]) + v[3] + (float)LAST * last * v[4];
}

INLINE void transform_sums(int form, const vector_floats v[], vector_floats to[3])
{
	if (form == CONV_TILE_2 || form == CONV_TILE_4)
		sums_stride_1(form, v, to);
	else
		sums_stride_2(v, to);
}

/* --- B v: gradients by the values, which is B^T v turned round; of windows of stride 2 --- */

INLINE void back_even_4(const vector_floats v[], vector_floats to[])
{
	const float over = (float)(1 / (EVEN - LAST)), under = (float)(1 / (EVEN + LAST));

	to[0] = (float)EVEN2 * v[0];
	to[2] = (float)EVEN2 * ((float)LAST * v[3] - (float)(1 / LAST) * v[0] - v[4]) -
		(float)(EVEN * LAST) * (over * v[1] + under * v[2]);
	to[4] = v[1] + v[2] - v[0] - (float)EVEN2 * v[3];
	to[6] = (float)(1 / LAST) * v[0] + over * v[1] - under * v[2] - (float)LAST * v[3] +
		v[4];
	to[8] = v[3];
}

/* The first is added to what a tile of 4 ends with. */
INLINE void back_even_3(const vector_floats v[], vector_floats to[])
{
	to[0] += (float)EVEN2 * v[0];
	to[2] = (float)EVEN * (v[1] - v[2]) - (float)EVEN2 * v[3];
	to[4] = v[1] + v[2] - v[0];
	to[6] = v[3];
}

INLINE void transform_back(int form, const vector_floats v[], vector_floats to[])
{
	back_even_4(v, to);
	v += 5;
	if (form == CONV_TILE_7_STRIDE_2) {
		back_even_3(v, to + 8);
		v += 4;
	}
	for (size_t i = 0; i < (form == CONV_TILE_7_STRIDE_2 ? 7 : 4); i++)
		to[2 * i + 1] = v[i];
}

#endif
