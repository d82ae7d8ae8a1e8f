/* SPDX-License-Identifier: ISC */
/*
 * oneDNN's sgemm under BLAS's name, to be preloaded under PyTorch: Debian builds PyTorch on
 * whatever BLAS there is, other builds have MKL, whose kernels oneDNN's are closest to.
 *
 *	cc -O2 -shared -fPIC -o dnnl_sgemm.so dnnl_sgemm.c -ldnnl
 *
 * BLAS's matrices are column-major and oneDNN's row-major, so a and b change places.
 */
#include <oneapi/dnnl/dnnl.h>

void sgemm_(const char *transa, const char *transb, const int *m, const int *n, const int *k,
	const float *alpha, const float *a, const int *lda, const float *b, const int *ldb,
	const float *beta, float *c, const int *ldc)
{
	dnnl_sgemm(*transb, *transa, *n, *m, *k, *alpha, b, *ldb, a, *lda, *beta, c, *ldc);
}
