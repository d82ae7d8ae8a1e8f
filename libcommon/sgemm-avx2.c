/* SPDX-License-Identifier: ISC */
/* 6 x 16: 12 of 16 registers hold sums, 2 a row of b. */
#if defined(__x86_64__)
#include <immintrin.h>

#define LANES 8
#define VECTORS 2
#define ROWS 6
#define TARGET __attribute__((target("avx2,fma")))
#define SPLAT(x) _mm256_set1_ps(x)
#define MULTIPLY_ADD(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#include "sgemm-tile.h"

static int runs(void)
{
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

const struct sgemm_level sgemm_avx2 = {
	.name = "avx2",
	.lanes = LANES,
	.vectors = VECTORS,
	.rows = ROWS,
	.runs = runs,
	.tile = run_tile,
};
#else
extern int sgemm_avx2_is_for_x86; /* ISO C wants a declaration in every file */
#endif
