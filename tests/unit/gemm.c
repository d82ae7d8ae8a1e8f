/* SPDX-License-Identifier: ISC */
/*
 * Products against a sum in double, and the same bytes for any number of workers.
 *
 * Tolerance: a sum of k products in float, in whatever order, is off by at most
 * k * 2^-24 * sum |a b| (Higham, Accuracy and Stability, 3.1); the test allows
 * that bound itself, so that it holds for every kernel and no error of logic fits.
 */
#include "gemm.h"

#include "err.h"
#include "rng.h"
#include "size.h"
#include "unit.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A stored matrix with `pad` values behind each row, which nobody may touch. */
struct matrix {
	float *value;
	size_t rows, columns, stride;
};

#define FENCE 12345.0f

static struct matrix matrix_new(size_t rows, size_t columns, size_t pad, uint32_t index)
{
	struct matrix m = {NULL, rows, columns, columns + pad};
	struct rng r = {.seed = 7, .index = index};
	uint32_t word[4];
	struct err e;

	m.value = size_alloc(rows * m.stride, sizeof(float), "a matrix", &e);
	assert_non_null(m.value);
	for (size_t i = 0; i < rows * m.stride; i++) {
		if (i % 4 == 0)
			rng_block(&r, (uint32_t)(i / 4), word);
		m.value[i] = i % m.stride < columns ? (float)word[i % 4] * 0x1p-31f - 1 : FENCE;
	}
	return m;
}

static double at(const struct matrix *m, int transposed, size_t row, size_t column)
{
	return (double)
		m->value[transposed ? column * m->stride + row : row * m->stride + column];
}

struct product {
	struct gemm g;
	struct matrix a, b, c;
};

static struct product product_new(size_t m, size_t n, size_t k, int kind, size_t pad)
{
	struct product p;
	int ta = kind & 1, tb = kind >> 1 & 1, add = kind >> 2 & 1;

	p.a = ta ? matrix_new(k, m, pad, 1) : matrix_new(m, k, pad, 1);
	p.b = tb ? matrix_new(n, k, pad, 2) : matrix_new(k, n, pad, 2);
	p.c = matrix_new(m, n, pad, 3);
	p.g = (struct gemm){.m = m,
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
	return p;
}

static void product_free(struct product *p)
{
	free(p->a.value);
	free(p->b.value);
	free(p->c.value);
}

/* One element against the sum in double. */
static void check_element(const struct product *p, const float *before, size_t i, size_t j)
{
	const struct gemm *g = &p->g;
	double sum = g->add ? (double)before[i * g->ldc + j] : 0, size = fabs(sum), error;

	for (size_t l = 0; l < g->k; l++) {
		double term = at(&p->a, g->transpose_a, i, l) * at(&p->b, g->transpose_b, l, j);

		sum += term;
		size += fabs(term);
	}
	error = fabs((double)g->c[i * g->ldc + j] - sum);
	check(error <= (double)(g->k + 1) * 0x1p-24 * size,
		"%zux%zux%zu ta=%d tb=%d add=%d: c[%zu][%zu] is off by %g", g->m, g->n, g->k,
		g->transpose_a, g->transpose_b, g->add, i, j, error);
}

static void check_product(struct workers *w, size_t m, size_t n, size_t k, int kind, size_t pad)
{
	struct product p = product_new(m, n, k, kind, pad);
	size_t bytes = m * p.c.stride * sizeof(float);
	float *before = malloc(bytes);

	assert_non_null(before);
	memcpy(before, p.c.value, bytes);
	if (!p.g.add) /* what was there must not matter, not even a NaN */
		for (size_t i = 0; i < m; i++)
			for (size_t j = 0; j < n; j++)
				p.c.value[i * p.c.stride + j] = NAN;
	gemm_run(w, &p.g);
	for (size_t i = 0; i < m; i++) {
		for (size_t j = 0; j < n; j++)
			check_element(&p, before, i, j);
		for (size_t j = n; j < p.c.stride; j++)
			assert_true(p.c.value[i * p.c.stride + j] == FENCE);
	}
	free(before);
	product_free(&p);
}

static void agrees_with_double(void **state)
{
	static const size_t shape[][3] = {{1, 1, 1}, {1, 10, 784}, {5, 1, 7}, {2, 3, 4},
		{17, 19, 23}, {31, 48, 5}, {48, 96, 48}, {64, 64, 64}, {49, 10, 1200},
		{10, 97, 300}, {128, 131, 127}, {200, 3, 1}, {3, 200, 2}, {1, 385, 33},
		{385, 1, 33}, {70, 130, 784}};
	struct err e;
	struct workers *w = workers_new(3, &e);

	(void)state;
	assert_non_null(w);
	for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
		for (int kind = 0; kind < 8; kind++)
			for (size_t pad = 0; pad < 6; pad += 5)
				check_product(
					w, shape[i][0], shape[i][1], shape[i][2], kind, pad);
	workers_free(w);
}

/* Small sizes, all of them: the edges of every micro-kernel. */
static void agrees_at_every_small_size(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);

	(void)state;
	assert_non_null(w);
	for (size_t m = 1; m <= 9; m += 2)
		for (size_t n = 1; n <= 37; n++)
			for (int kind = 0; kind < 8; kind++)
				check_product(w, m, n, 1 + (m * n) % 11, kind, 1);
	workers_free(w);
}

/* The product by one worker and by more must be the same bytes, fences included. */
static void check_workers(struct workers *w[], size_t pools, const size_t shape[3], int kind)
{
	struct product p = product_new(shape[0], shape[1], shape[2], kind, 3);
	size_t bytes = shape[0] * p.c.stride * sizeof(float);
	float *before = malloc(bytes + 1), *expected = malloc(bytes + 1);

	assert_non_null(before);
	assert_non_null(expected);
	memcpy(before, p.c.value, bytes);
	for (size_t i = 0; i < pools; i++) {
		memcpy(p.c.value, before, bytes);
		gemm_run(w[i], &p.g);
		if (i == 0)
			memcpy(expected, p.c.value, bytes);
		check(memcmp(expected, p.c.value, bytes) == 0,
			"%zux%zux%zu kind %d: %d workers give other bytes", shape[0], shape[1],
			shape[2], kind, workers_count(w[i]));
	}
	assert_memory_not_equal(expected, before, bytes);
	free(before);
	free(expected);
	product_free(&p);
}

static void same_bytes_for_any_workers(void **state)
{
	static const int threads[] = {1, 2, 3, 4, 7};
	static const size_t shape[][3] = {{1, 1200, 784}, {128, 1200, 784}, {1200, 784, 128},
		{128, 10, 1200}, {333, 777, 55}, {10, 1200, 128}, {129, 97, 513}};
	struct workers *w[5];
	struct err e;

	(void)state;
	for (size_t i = 0; i < 5; i++) {
		w[i] = workers_new(threads[i], &e);
		assert_non_null(w[i]);
	}
	for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
		for (int kind = 0; kind < 8; kind++)
			check_workers(w, 5, shape[i], kind);
	for (size_t i = 0; i < 5; i++)
		workers_free(w[i]);
}

static void names_its_kernels(void **state)
{
	const char *name = gemm_kernels();

	(void)state;
	assert_non_null(name);
	assert_true(name[0] != '\0');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_double),
		cmocka_unit_test(agrees_at_every_small_size),
		cmocka_unit_test(same_bytes_for_any_workers),
		cmocka_unit_test(names_its_kernels),
	};

	return cmocka_run_group_tests_name("gemm", tests, NULL, NULL);
}
