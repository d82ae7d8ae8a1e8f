/* SPDX-License-Identifier: ISC */
/* Matrices into panels. */
#include "sgemm-level.h"
#include "sgemm.h"
#include "size.h"
#include "vector.h"

#include <stdint.h>
#include <string.h>

typedef float vector __attribute__((vector_size(16)));
/* the same in memory, aligned like a float */
typedef float stored __attribute__((vector_size(16), aligned(4)));
typedef float pair __attribute__((vector_size(8), aligned(4)));
typedef float eight __attribute__((vector_size(32)));
typedef float eight_stored __attribute__((vector_size(32), aligned(4)));

/* Compiled for the CPU of the clone that it is in. */
#define INLINE static inline __attribute__((always_inline))

/* to[p][i] = from[i][p] for 4 x 4 values. */
INLINE void transpose_4x4(const float *from, size_t ld, float *to, size_t width)
{
	vector a = *(const stored *)from, b = *(const stored *)(from + ld),
	       c = *(const stored *)(from + 2 * ld), d = *(const stored *)(from + 3 * ld);
	vector ab = __builtin_shufflevector(a, b, 0, 4, 1, 5),
	       cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);

	*(stored *)to = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
	*(stored *)(to + width) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
	ab = __builtin_shufflevector(a, b, 2, 6, 3, 7);
	cd = __builtin_shufflevector(c, d, 2, 6, 3, 7);
	*(stored *)(to + 2 * width) = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
	*(stored *)(to + 3 * width) = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/* The same for 2 x 4 values: the tiles that are as wide as can be have 6 rows. */
INLINE void transpose_2x4(const float *from, size_t ld, float *to, size_t width)
{
	vector a = *(const stored *)from, b = *(const stored *)(from + ld);
	vector low = __builtin_shufflevector(a, b, 0, 4, 1, 5),
	       high = __builtin_shufflevector(a, b, 2, 6, 3, 7);

	*(pair *)to = __builtin_shufflevector(low, low, 0, 1);
	*(pair *)(to + width) = __builtin_shufflevector(low, low, 2, 3);
	*(pair *)(to + 2 * width) = __builtin_shufflevector(high, high, 0, 1);
	*(pair *)(to + 3 * width) = __builtin_shufflevector(high, high, 2, 3);
}

/* Four values of a row, and of the one four rows behind it. */
INLINE void two_rows(const float *from, size_t ld, eight *to)
{
	vector upper = *(const stored *)from, lower = *(const stored *)(from + 4 * ld);

	*to = __builtin_shufflevector(upper, lower, 0, 1, 2, 3, 4, 5, 6, 7);
}

/* The same for 4 x 8 values. */
INLINE void transpose_8x4(const float *from, size_t ld, float *to, size_t width)
{
	eight a, b, c, d, ab, cd;

	two_rows(from, ld, &a);
	two_rows(from + ld, ld, &b);
	two_rows(from + 2 * ld, ld, &c);
	two_rows(from + 3 * ld, ld, &d);
	ab = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
	cd = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
	*(eight_stored *)to = __builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
	*(eight_stored *)(to + width) =
		__builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
	ab = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
	cd = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
	*(eight_stored *)(to + 2 * width) =
		__builtin_shufflevector(ab, cd, 0, 1, 8, 9, 4, 5, 12, 13);
	*(eight_stored *)(to + 3 * width) =
		__builtin_shufflevector(ab, cd, 2, 3, 10, 11, 6, 7, 14, 15);
}

/* Of fewer than 8 rows, or 4 of k. */
static void transpose_small(
	const float *from, size_t ld, size_t rows, size_t k, float *to, size_t width)
{
	size_t rows4 = rows - rows % 4, rows2 = rows - rows % 2, k4 = k - k % 4;

	for (size_t p = 0; p < k4; p += 4) {
		for (size_t i = 0; i < rows4; i += 4)
			transpose_4x4(from + i * ld + p, ld, to + p * width + i, width);
		if (rows4 < rows2)
			transpose_2x4(from + rows4 * ld + p, ld, to + p * width + rows4, width);
	}
	for (size_t i = 0; i < rows; i++)
		for (size_t p = i < rows2 ? k4 : 0; p < k; p++)
			to[p * width + i] = from[i * ld + p];
}

/* Rows of k first, so that what is written stays in the L1 cache until it is whole. The last
 * blocks overlap those before them. */
VECTOR_CLONES void sgemm_transpose(
	const float *from, size_t ld, size_t rows, size_t k, float *to, size_t width)
{
	if (rows < 8 || k < 4) {
		transpose_small(from, ld, rows, k, to, width);
		return;
	}
	for (size_t next = 0; next < k; next += 4) {
		size_t p = size_min(next, k - 4);

		for (size_t i = 0; i + 8 < rows; i += 8)
			transpose_8x4(from + i * ld + p, ld, to + p * width + i, width);
		transpose_8x4(from + (rows - 8) * ld + p, ld, to + p * width + rows - 8, width);
	}
}

void sgemm_pack_panel(const struct sgemm *g, size_t p, size_t k, size_t j, size_t columns,
	size_t width, float *to)
{
	if (g->transpose_b)
		sgemm_transpose(g->b + j * g->ldb + p, g->ldb, columns, k, to, width);
	else
		for (size_t i = 0; i < k; i++)
			memcpy(to + i * width, g->b + (p + i) * g->ldb + j,
				columns * sizeof *to);
	for (size_t i = 0; i < k && columns < width; i++)
		memset(to + i * width + columns, 0, (width - columns) * sizeof *to);
}

size_t sgemm_panel_width(void)
{
	return sgemm_level()->lanes * sgemm_level()->vectors;
}

size_t sgemm_panel_values(size_t n, size_t k)
{
	size_t width = sgemm_panel_width(), panels = n / width + (n % width != 0), values;

	return size_mul(panels * width, k, &values) ? SIZE_MAX : values;
}

void sgemm_pack(const struct sgemm *g, size_t from, size_t to, size_t k_from, size_t k_to,
	float *panels)
{
	size_t width = sgemm_panel_width();

	for (size_t j = from; j < to; j += width)
		sgemm_pack_panel(g, k_from, k_to - k_from, j, to - j < width ? to - j : width,
			width, panels + j * g->k + k_from * width);
}
