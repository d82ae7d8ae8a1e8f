/* SPDX-License-Identifier: ISC */
/* What is not 0 in all of some rows of a matrix, so that products may leave the rest out. */
#ifndef SGEMM_USED_H
#define SGEMM_USED_H

#include <stddef.h>
#include <stdint.h>

#define SGEMM_MAX_USED 1280

struct sgemm_used {
	size_t n;
	uint16_t k[SGEMM_MAX_USED]; /* ascending; not set where n is all of them */
};

/*
 * Lists the columns of a, `k` of them and at most SGEMM_MAX_USED, in which some of the rows are
 * not 0. Where that would not spare an eighth of them, n is k.
 */
void sgemm_list_used(const float *a, size_t lda, size_t rows, size_t k, struct sgemm_used *u);

#endif
