/* SPDX-License-Identifier: ISC */
/*
 * Matrix products: BLIS, one thread each, on panels of the output.
 *
 * The output is cut into panels by its shape alone, and never along k, so each
 * element is summed in one order and the bytes do not depend on the number of
 * workers.
 */
#ifndef GEMM_H
#define GEMM_H

#include <stddef.h>

struct workers;

/* c[m][n] = a . b, or += with `add`; all row-major, a is [m][k] ([k][m] transposed), b [k][n]
 * ([n][k]). */
struct gemm {
	size_t m, n, k;
	const float *a, *b;
	float *c;
	size_t lda, ldb, ldc; /* values from one stored row to the next */
	int transpose_a, transpose_b, add;
};

void gemm_run(struct workers *w, const struct gemm *g);

/*
 * The name of BLIS's kernels in use (skx, haswell, ...). The first call of this or
 * of gemm_run chooses them: BLIS_ARCH_TYPE where the user has set it, else AVX-512
 * kernels on CPUs that have AVX-512 (BLIS 0.9 takes virtual ones for haswell).
 */
const char *gemm_kernels(void);

#endif
