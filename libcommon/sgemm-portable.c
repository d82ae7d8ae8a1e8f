/* SPDX-License-Identifier: ISC */
/* Vectors of 16 bytes, which every compiler can do; 16 registers on x86-64, 32 on arm64. */
#define NAME portable
#define RUNS 1
#define LANES 4
#define DOT_ROWS 1
#define IN_REGISTER(v) (void)(v)
#define TARGET
#define SPLAT(x) ((vector){x, x, x, x})
#if defined(__aarch64__)
#include <arm_neon.h>

#define VECTORS 3
#define WIDE 4
#define ROWS 8
#define MULTIPLY_ADD(a, b, sum) vfmaq_f32(sum, a, b)
#define FUSED 1
#else
#define VECTORS 2
#define WIDE 2
#define ROWS 6
#define MULTIPLY_ADD(a, b, sum) ((a) * (b) + (sum))
#define FUSED 0
#endif
#include "sgemm-tile.h"
