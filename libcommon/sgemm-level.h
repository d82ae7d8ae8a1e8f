/* SPDX-License-Identifier: ISC */
/*
 * Between sgemm-block.c, which cuts a product into tiles, and the kernels, which compute one:
 * as much of c as fits into the vector registers.
 */
#ifndef SGEMM_LEVEL_H
#define SGEMM_LEVEL_H

#include "sgemm.h"

#include <stddef.h>
#include <stdint.h>

/* No level's tiles have more; as wide as SGEMM_MAX_WIDTH. */
#define SGEMM_MAX_ROWS 8
/* Values in a cache line. */
#define SGEMM_LINE (64 / sizeof(float))

/* c[rows][vectors * lanes] (+)= a . b */
struct sgemm_tile {
	size_t k;
	const uint16_t *some; /* [k]: which rows of b, where a_k is 1; NULL: all, in order */
	const float *a;
	size_t a_row,
		a_k; /* values from a row of a to the next, from a k to the next; one is 1 */
	const float *b;
	size_t ldb;
	float *c;
	size_t ldc;
	int add;
	/* Where the next tile begins, behind c: its lines of c are fetched during this one. */
	size_t c_next;
	/* Of what is needed later, one line is fetched in every k, `ahead_step` values apart.
	 */
	const float *ahead;
	size_t ahead_step;
};

/* The kernels for one kind of CPU. */
struct sgemm_level {
	const char *name;
	size_t lanes;	   /* floats in a vector */
	size_t vectors;	   /* a tile has up to so many of them side by side */
	size_t wide;	   /* or so many, with rows * vectors / wide rows */
	size_t rows;	   /* and up to so many rows */
	int fused;	   /* whether a product is added without being rounded before */
	int (*runs)(void); /* on this CPU? */
	void (*tile)(const struct sgemm_tile *t, size_t rows, size_t vectors);
	size_t dot_rows;
	void (*dots)(const struct sgemm_dots *d);
};

extern const struct sgemm_level sgemm_avx512, sgemm_avx2, sgemm_portable;

/* The level in use. */
const struct sgemm_level *sgemm_level(void);

/* Rows [p,p+k) and columns [j,j+columns) of b as [k][width] with zeros behind the columns. */
void sgemm_pack_panel(const struct sgemm *g, size_t p, size_t k, size_t j, size_t columns,
	size_t width, float *to);

#endif
