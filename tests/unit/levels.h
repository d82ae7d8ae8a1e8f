/* SPDX-License-Identifier: ISC */
/* The kernels of all CPUs, for sgemm_use. */
#ifndef LEVELS_H
#define LEVELS_H

static const char *const level[] = {"avx512", "avx2", "portable"};
#define LEVELS (sizeof level / sizeof level[0])

#endif
