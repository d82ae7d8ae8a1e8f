/* SPDX-License-Identifier: ISC */
/* 8 x 48: 24 of 32 registers hold sums, 3 a row of b. */
#if defined(__x86_64__)
#include <immintrin.h>

#define NAME avx512
#define RUNS __builtin_cpu_supports("avx512f")
#define LANES 16
#define VECTORS 3
#define WIDE 4
#define ROWS 8
#define DOT_ROWS 9
#define TARGET __attribute__((target("avx512f")))
#define SPLAT(x) _mm512_set1_ps(x)
#define MULTIPLY_ADD(a, b, sum) _mm512_fmadd_ps(a, b, sum)
#define FUSED 1
#define IN_REGISTER(v) __asm__("" : "+v"(v))
#include "sgemm-tile.h"
#else
extern int sgemm_avx512_is_for_x86; /* ISO C wants a declaration in every file */
#endif
