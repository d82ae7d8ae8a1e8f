/* SPDX-License-Identifier: ISC */
/* Between sgemm.c, which cuts a product into tiles, and the kernels that compute one tile. */
#ifndef SGEMM_LEVEL_H
#define SGEMM_LEVEL_H

#include <stddef.h>

/* c[rows][columns] (+)= a . b: as much of c as fits into the vector registers. */
struct sgemm_tile {
	size_t k;
	const float *a;
	size_t a_row, a_k; /* values from one row of a to the next, and from one k to the next;
			    * one of the two is 1 */
	const float *b;
	size_t ldb; /* from one k to the next */
	float *c;
	size_t ldc;
	int add;
};

/* The widest and highest tiles of all levels. */
#define SGEMM_MAX_WIDTH 48
#define SGEMM_MAX_ROWS 8

/* Kernels for one kind of CPU. */
struct sgemm_level {
	const char *name;
	size_t lanes;	   /* floats in a vector */
	size_t vectors;	   /* at most so many vectors side by side make a tile */
	size_t rows;	   /* at most so many rows */
	int (*runs)(void); /* on this CPU */
	/* 1 <= rows <= level.rows, 1 <= vectors <= level.vectors; all lanes are read and
	 * written */
	void (*tile)(const struct sgemm_tile *t, size_t rows, size_t vectors);
};

extern const struct sgemm_level sgemm_avx512, sgemm_avx2, sgemm_portable;

#endif
