/* SPDX-License-Identifier: ISC */
/* 6 x 16: 12 of 16 registers hold sums, 2 a row of b. */
#if defined(__x86_64__)
#include <immintrin.h>

#define NAME avx2
#define RUNS (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
#define LANES 8
#define VECTORS 2
#define WIDE 2
#define ROWS 6
#define DOT_ROWS 2
#define TARGET __attribute__((target("avx2,fma")))
#define SPLAT(x) _mm256_set1_ps(x)
#define MULTIPLY_ADD(a, b, sum) _mm256_fmadd_ps(a, b, sum)
#define FUSED 1
#define IN_REGISTER(v) __asm__("" : "+x"(v))
#include "sgemm-tile.h"
#else
extern int sgemm_avx2_is_for_x86; /* ISO C wants a declaration in every file */
#endif
