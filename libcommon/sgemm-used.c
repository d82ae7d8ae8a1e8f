/* SPDX-License-Identifier: ISC */
#include "sgemm-used.h"

#include "vector.h"

/* Columns that are looked at together. */
#define SPAN 16

/* Which of k columns, at most SPAN, are not all 0: a bit for each. */
static inline unsigned used_bits(const float *a, size_t lda, size_t rows, size_t k)
{
	int any[SPAN] = {0};
	unsigned bits = 0;

	for (size_t i = 0; i < rows; i++)
		for (size_t p = 0; p < k; p++)
			any[p] |= a[i * lda + p] != 0;
	for (size_t p = 0; p < SPAN; p++)
		bits |= (unsigned)any[p] << p;
	return bits;
}

VECTOR_CLONES void sgemm_list_used(
	const float *a, size_t lda, size_t rows, size_t k, struct sgemm_used *u)
{
	u->n = 0;
	for (size_t p = 0; p < k; p += SPAN) {
		/* a fixed number of columns is a vector */
		unsigned bits = k - p < SPAN ? used_bits(a + p, lda, rows, k - p)
					     : used_bits(a + p, lda, rows, SPAN);

		for (; bits != 0; bits &= bits - 1)
			u->k[u->n++] = (uint16_t)(p + (size_t)__builtin_ctz(bits));
	}
	if (8 * u->n > 7 * k)
		u->n = k;
}
