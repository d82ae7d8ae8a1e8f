/* SPDX-License-Identifier: ISC */
/* Matrices and products for the tests of those. */
#ifndef PRODUCT_H
#define PRODUCT_H

#include "err.h"
#include "rng.h"
#include "sgemm.h"
#include "size.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FENCE 12345.0f
#define FENCES 64 /* in front of and behind a matrix */

/* A stored matrix with `pad` values behind each row, which nobody may touch. */
struct matrix {
	float *memory, *value;
	size_t rows, columns, stride;
};

static inline float *floats(size_t n)
{
	struct err e;
	float *f = size_alloc(n + 1, sizeof *f, "floats", &e);

	assert_non_null(f);
	return f;
}

static inline struct matrix matrix_new(size_t rows, size_t columns, size_t pad, uint32_t index)
{
	struct matrix m = {NULL, NULL, rows, columns, columns + pad};
	struct rng r = {.seed = 7, .index = index};

	m.memory = floats(rows * m.stride + 2 * FENCES);
	m.value = m.memory + FENCES;
	for (size_t i = 0; i < rows * m.stride + 2 * FENCES; i++)
		m.memory[i] = FENCE;
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			m.value[i * m.stride + j] =
				(float)(2 * rng_unit(&r, (uint32_t)(i * columns + j)) - 1);
	return m;
}

struct product {
	struct sgemm g;
	struct matrix a, b, c;
	float *before; /* the values of c, fences included */
	size_t bytes;  /* of them */
};

static inline struct product product_new(const size_t shape[3], int kind, size_t pad)
{
	struct product p;
	size_t m = shape[0], n = shape[1], k = shape[2];
	int ta = kind & 1, tb = kind >> 1 & 1, add = kind >> 2 & 1;

	p.a = ta ? matrix_new(k, m, pad, 1) : matrix_new(m, k, pad, 1);
	p.b = tb ? matrix_new(n, k, pad, 2) : matrix_new(k, n, pad, 2);
	p.c = matrix_new(m, n, pad, 3);
	p.g = (struct sgemm){.m = m,
		.n = n,
		.k = k,
		.a = p.a.value,
		.b = p.b.value,
		.c = p.c.value,
		.lda = p.a.stride,
		.ldb = p.b.stride,
		.ldc = p.c.stride,
		.transpose_a = ta,
		.transpose_b = tb,
		.add = add};
	for (size_t i = 0; i < m && !add; i++) /* what is there must not matter, not even NaN */
		for (size_t j = 0; j < n; j++)
			p.c.value[i * p.c.stride + j] = NAN;
	p.bytes = (m * p.c.stride + 2 * FENCES) * sizeof(float);
	p.before = floats(p.bytes / sizeof(float));
	memcpy(p.before, p.c.memory, p.bytes);
	return p;
}

static inline void product_free(struct product *p)
{
	free(p->a.memory);
	free(p->b.memory);
	free(p->c.memory);
	free(p->before);
}

/* Panels of g, packed in four parts and held against those of one. */
static inline float *panels_of(const struct sgemm *g, size_t column)
{
	size_t values = sgemm_panel_values(g->n, g->k);
	float *whole = floats(values), *parts = floats(values);

	for (size_t i = 0; i < values; i++)
		whole[i] = parts[i] = NAN;
	sgemm_pack(g, 0, g->n, 0, g->k, whole);
	sgemm_pack(g, column, g->n, 0, g->k / 3, parts);
	sgemm_pack(g, 0, column, g->k / 3, g->k, parts);
	sgemm_pack(g, 0, column, 0, g->k / 3, parts);
	sgemm_pack(g, column, g->n, g->k / 3, g->k, parts);
	assert_memory_equal(whole, parts, values * sizeof *whole);
	free(parts);
	return whole;
}

#endif
