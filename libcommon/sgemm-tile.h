/* SPDX-License-Identifier: ISC */
/*
 * The kernel, written once for all levels. A level's file defines
 *
 *	NAME                          what it is called
 *	LANES, VECTORS, ROWS, WIDE    the size of its tiles: struct sgemm_level
 *	DOT_ROWS                      rows that sgemm-dots.h takes at a time
 *	TARGET                        the function attribute that allows its instructions
 *	SPLAT(x)                      a vector of LANES times x
 *	MULTIPLY_ADD(a, b, sum)       a * b + sum
 *	IN_REGISTER(v)                keeps a vector from being read from memory at each use
 *	FUSED                         whether that rounds once
 *	RUNS                          whether this CPU has them
 *
 * before it includes this, and gets the level LEVEL(NAME) at the end.
 *
 * While k goes by, the tile's ROWS x VECTORS sums stay in registers: each k loads a row of b
 * and multiplies it by one value of each row of a. There must be enough sums to keep the
 * multipliers busy (latency 4, two units: more than 8), and as few loads for each as may
 * be: 11 for 24 with 8 x 3. Nor may there be more integer registers than the CPU has: a's rows
 * are addressed from three pointers, each with one and two strides.
 */
#include "sgemm-level.h"

/* b is fetched to the L1 cache so many rows ahead: they may lie anywhere in the L2 cache. */
#define FAR_ROWS 8

#define INLINE static inline __attribute__((always_inline))
#if defined(__SANITIZE_ADDRESS__) /* whose checks, unrolled, take minutes to compile */
#define EACH(i, n) for ((i) = 0; (i) < (n); (i)++)
#elif defined(__clang__)
#define EACH(i, n) _Pragma("clang loop unroll(full)") for ((i) = 0; (i) < (n); (i)++)
#else
#define EACH(i, n) _Pragma("GCC unroll 9") for ((i) = 0; (i) < (n); (i)++)
#endif

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));
/* the same in memory, aligned like a float */
typedef float stored __attribute__((vector_size(LANES * sizeof(float)), aligned(4)));

#define A_ROW(i) ((i) < 3 ? a : (i) < 6 ? a3 : a6)[(i) % 3 * a_row]

/* rows, vectors, one of a_row and a_k, and whether only some k are to be multiplied, are
 * constants where this is inlined. */
TARGET INLINE void tile(const struct sgemm_tile *t, size_t a_row, size_t a_k, size_t rows,
	size_t vectors, int some)
{
	vector sum[ROWS][WIDE], row[WIDE];
	const float *a = t->a, *a3 = a + 3 * a_row, *a6 = a3 + 3 * a_row;
	const float *b = t->b, *far = b + FAR_ROWS * t->ldb, *ahead = t->ahead;
	size_t i, j;

	EACH (i, rows)
		EACH (j, vectors) {
			const float *c = t->c + i * t->ldc + j * LANES;

			sum[i][j] = t->add ? *(const stored *)c : (vector)SPLAT(0);
			if (j * LANES % SGEMM_LINE == 0)
				__builtin_prefetch(c + t->c_next, 1);
		}
	for (size_t p = 0; p < t->k; p++) {
		if (some) {
			a = t->a + t->some[p] * a_k;
			a3 = a + 3 * a_row;
			a6 = a3 + 3 * a_row;
			b = t->b + t->some[p] * t->ldb;
			far = b + FAR_ROWS * t->ldb;
		}
		EACH (j, vectors) {
			row[j] = *(const stored *)(b + j * LANES);
			if (j * LANES % SGEMM_LINE == 0)
				__builtin_prefetch(far + j * LANES);
		}
		EACH (i, rows)
			EACH (j, vectors)
				sum[i][j] = MULTIPLY_ADD(SPLAT(A_ROW(i)), row[j], sum[i][j]);
		__builtin_prefetch(ahead, 0, 2);
		ahead += t->ahead_step;
		a += a_k;
		a3 += a_k;
		a6 += a_k;
		b += t->ldb;
		far += t->ldb;
	}
	EACH (i, rows)
		EACH (j, vectors)
			*(stored *)(t->c + i * t->ldc + j * LANES) = sum[i][j];
}

TARGET INLINE void tile_of(const struct sgemm_tile *t, size_t rows, size_t vectors)
{
	if (rows > ROWS || vectors > WIDE || rows * vectors > ROWS * VECTORS)
		return;
	if (t->some != NULL)
		tile(t, t->a_row, 1, rows, vectors, 1);
	else if (t->a_row == 1)
		tile(t, 1, t->a_k, rows, vectors, 0);
	else
		tile(t, t->a_row, 1, rows, vectors, 0);
}

/* A copy of the code above for every size, so that the sums can be in registers. */
TARGET static void run_tile(const struct sgemm_tile *t, size_t rows, size_t vectors)
{
	switch (vectors * 16 + rows) {
#define SIZES(rows) \
	case 1 * 16 + (rows): \
		tile_of(t, rows, 1); \
		break; \
	case 2 * 16 + (rows): \
		tile_of(t, rows, 2); \
		break; \
	case 3 * 16 + (rows): \
		tile_of(t, rows, 3); \
		break; \
	case 4 * 16 + (rows): \
		tile_of(t, rows, 4); \
		break
		SIZES(1);
		SIZES(2);
		SIZES(3);
		SIZES(4);
		SIZES(5);
		SIZES(6);
		SIZES(7);
		SIZES(8);
#undef SIZES
	default:
		break;
	}
}

#include "sgemm-dots.h"

static int runs(void)
{
	return RUNS;
}

#define LEVEL_OF(name) sgemm_##name
#define LEVEL(name) LEVEL_OF(name)
#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)

const struct sgemm_level LEVEL(NAME) = {
	.name = TEXT(NAME),
	.lanes = LANES,
	.vectors = VECTORS,
	.wide = WIDE,
	.rows = ROWS,
	.fused = FUSED,
	.runs = runs,
	.tile = run_tile,
	.dot_rows = DOT_ROWS,
	.dots = run_dots,
};
