/* SPDX-License-Identifier: ISC */
/*
 * The kernel, once for all levels. A level defines LANES, VECTORS, ROWS, TARGET (the function
 * attribute that allows its instructions), SPLAT(float) and MULTIPLY_ADD(a, b, sum) before it
 * includes this, and gets run_tile().
 *
 * rows * vectors sums stay in registers while k goes by: a step loads one row of b,
 * and multiplies it with one value from each row of a. There must be enough sums to hide a
 * multiply-add's latency (4 cycles, two units: 8 vectors on x86), and few enough to leave
 * registers for b's row.
 */
#include "sgemm-level.h"

#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("GCC unroll 16")

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));
/* the same in memory, aligned like a float */
typedef float stored __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

/* Inlined for each number of rows and vectors, so that `sum` has constant size and indices. */
TARGET INLINE void tile(
	const struct sgemm_tile *t, size_t a_row, size_t a_k, size_t rows, size_t vectors)
{
	vector sum[ROWS][VECTORS], row[VECTORS];
	const float *a = t->a, *b = t->b;

	UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < vectors; j++)
		sum[i][j] = t->add ? *(const stored *)(t->c + i * t->ldc + j * LANES)
				   : (vector)SPLAT(0);
	for (size_t p = 0; p < t->k; p++) {
		UNROLL for (size_t j = 0; j < vectors; j++) row[j] =
			*(const stored *)(b + j * LANES);
		UNROLL for (size_t i = 0; i < rows; i++)
			UNROLL for (size_t j = 0; j < vectors; j++) sum[i][j] =
				MULTIPLY_ADD(SPLAT(a[i * a_row]), row[j], sum[i][j]);
		a += a_k;
		b += t->ldb;
	}
	UNROLL for (size_t i = 0; i < rows; i++) UNROLL for (size_t j = 0; j < vectors; j++) *
		(stored *)(t->c + i * t->ldc + j * LANES) = sum[i][j];
}

TARGET INLINE void tile_either(const struct sgemm_tile *t, size_t rows, size_t vectors)
{
	if (t->a_row == 1)
		tile(t, 1, t->a_k, rows, vectors);
	else
		tile(t, t->a_row, 1, rows, vectors);
}

TARGET INLINE void tile_rows(const struct sgemm_tile *t, size_t rows, size_t vectors)
{
	switch (rows) {
#define CASE(r) \
	case r: \
		if (r <= ROWS) \
			tile_either(t, r <= ROWS ? r : ROWS, vectors); \
		break
		CASE(1);
		CASE(2);
		CASE(3);
		CASE(4);
		CASE(5);
		CASE(6);
		CASE(7);
		CASE(8);
#undef CASE
	default:
		break;
	}
}

TARGET static void run_tile(const struct sgemm_tile *t, size_t rows, size_t vectors)
{
	if (vectors == VECTORS)
		tile_rows(t, rows, VECTORS);
	else if (vectors == 2)
		tile_rows(t, rows, 2);
	else
		tile_rows(t, rows, 1);
}
