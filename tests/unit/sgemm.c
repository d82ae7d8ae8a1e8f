/* SPDX-License-Identifier: ISC */
/*
 * Products by every kernel that this CPU can run: the very bytes of the chain of multiply-adds
 * that sgemm.h promises, however the product is cut and packed.
 *
 * Against a sum in double the tolerance is Higham's bound (Accuracy and Stability, 3.1): a sum
 * of k products in float is off by at most k * 2^-24 * sum |a b|.
 */
#include "sgemm.h"

#include "err.h"
#include "levels.h"
#include "product.h"
#include "unit.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void check_fences(const struct matrix *m)
{
	for (size_t i = 0; i < FENCES; i++) {
		assert_true(m->memory[i] == FENCE);
		assert_true(m->value[m->rows * m->stride + i] == FENCE);
	}
	for (size_t i = 0; i < m->rows; i++)
		for (size_t j = m->columns; j < m->stride; j++)
			assert_true(m->value[i * m->stride + j] == FENCE);
}

static float a_at(const struct sgemm *g, size_t i, size_t p)
{
	return g->a[g->transpose_a ? p * g->lda + i : i * g->lda + p];
}

static float b_at(const struct sgemm *g, size_t p, size_t j)
{
	return g->b[g->transpose_b ? j * g->ldb + p : p * g->ldb + j];
}

/* Whether the kernels in use round once for a product and a sum. */
static int fused(void)
{
#if defined(__aarch64__)
	return 1;
#else
	return strcmp(sgemm_kernels(), "portable") != 0;
#endif
}

static uint32_t bits(float f)
{
	uint32_t u;

	memcpy(&u, &f, sizeof u);
	return u;
}

/* One element: the chain's very value, and near the sum in double. */
static void check_element(const struct product *p, size_t i, size_t j)
{
	const struct sgemm *g = &p->g;
	float chain = g->add ? p->before[FENCES + i * g->ldc + j] : 0,
	      found = g->c[i * g->ldc + j];
	double sum = (double)chain, size = fabs(sum);

	for (size_t l = 0; l < g->k; l++) {
		float a = a_at(g, i, l), b = b_at(g, l, j), term = a * b;

		chain = fused() ? fmaf(a, b, chain) : term + chain;
		sum += (double)a * (double)b;
		size += fabs((double)a * (double)b);
	}
	check(bits(chain) == bits(found),
		"%s %zux%zux%zu ta=%d tb=%d add=%d: c[%zu][%zu] is %a where the chain is %a",
		sgemm_kernels(), g->m, g->n, g->k, g->transpose_a, g->transpose_b, g->add, i, j,
		(double)found, (double)chain);
	check(fabs((double)found - sum) <= 2 * (double)(g->k + 1) * 0x1p-24 * size,
		"%s %zux%zux%zu: c[%zu][%zu] is %g where the sum is %g", sgemm_kernels(), g->m,
		g->n, g->k, i, j, (double)found, sum);
}

static void check_product(const size_t shape[3], int kind, size_t pad)
{
	struct product p = product_new(shape, kind, pad);

	sgemm_run(&p.g);
	for (size_t i = 0; i < p.g.m; i++)
		for (size_t j = 0; j < p.g.n; j++)
			check_element(&p, i, j);
	check_fences(&p.c);
	product_free(&p);
}

static void is_a_chain(void **state)
{
	static const size_t shape[][3] = {{1, 1, 1}, {1, 10, 784}, {5, 1, 7}, {2, 3, 4},
		{17, 19, 23}, {31, 48, 5}, {48, 96, 48}, {9, 10, 1200}, {10, 97, 300},
		{65, 131, 127}, {70, 3, 1}, {3, 200, 2}, {1, 385, 33}, {385, 1, 33},
		{20, 260, 515}, {6, 50, 2600}, {70, 64, 300}, {13, 128, 90}, {3, 1024, 130},
		{3, 2048, 130}};

	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
			for (int kind = 0; kind < 8 && sgemm_use(level[l]) == 0; kind++)
				check_product(shape[i], kind, kind % 2 ? 5 : 0);
}

/* Small sizes, all of them: the edges of every tile. */
static void is_a_chain_at_every_small_size(void **state)
{
	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t m = 1; m <= 10 && sgemm_use(level[l]) == 0; m++)
			for (size_t n = 1; n <= 50; n++)
				for (int kind = 0; kind < 8; kind++)
					check_product((size_t[]){m, n, (m * n) % 11}, kind, 1);
}

/* A row and a column where the product is cut: not at multiples of any tile. */
struct cut {
	struct sgemm g;
	size_t row, column;
};

static void run_quarter(void *job, size_t part, int worker)
{
	const struct cut *c = job;
	struct sgemm g = c->g;
	size_t row = part / 2 ? c->row : 0, column = part % 2 ? c->column : 0;

	(void)worker;
	g.m = part / 2 ? g.m - c->row : c->row;
	g.n = part % 2 ? g.n - c->column : c->column;
	g.a += g.transpose_a ? row : row * g.lda;
	g.b += g.transpose_b ? column * g.ldb : column;
	g.c += row * g.ldc + column;
	if (g.panels != NULL)
		g.panels += column * g.k;
	sgemm_run(&g);
}

static void check_cut(struct workers *w, const size_t shape[3], int kind)
{
	struct product p = product_new(shape, kind, 3);
	size_t width = sgemm_panel_width();
	struct cut c = {p.g, shape[0] / 3, shape[1] / 2 + 1};
	float *expected = floats(p.bytes / sizeof(float)), *panels;

	sgemm_run(&p.g);
	memcpy(expected, p.c.memory, p.bytes);
	memcpy(p.c.memory, p.before, p.bytes);
	workers_run(w, run_quarter, &c, 4);
	check(memcmp(expected, p.c.memory, p.bytes) == 0,
		"%s %zux%zux%zu kind %d: quarters differ", sgemm_kernels(), shape[0], shape[1],
		shape[2], kind);

	c.column -= c.column % width;
	c.g.panels = panels = panels_of(&p.g, c.column);
	memcpy(p.c.memory, p.before, p.bytes);
	workers_run(w, run_quarter, &c, 4);
	check(memcmp(expected, p.c.memory, p.bytes) == 0,
		"%s %zux%zux%zu kind %d: packed quarters differ", sgemm_kernels(), shape[0],
		shape[1], shape[2], kind);
	free(panels);
	free(expected);
	product_free(&p);
}

static void same_bytes_however_cut_and_packed(void **state)
{
	static const size_t shape[][3] = {{64, 600, 784}, {200, 784, 128}, {128, 10, 1200},
		{64, 100, 100}, {133, 377, 55}, {129, 97, 1313}, {40, 250, 2570}};
	struct err e;
	struct workers *w = workers_new(3, &e);

	(void)state;
	assert_non_null(w);
	for (size_t l = 0; l < LEVELS; l++)
		for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++)
			for (int kind = 0; kind < 8 && sgemm_use(level[l]) == 0; kind++)
				check_cut(w, shape[i], kind);
	workers_free(w);
}

/* What a net's next layer would see, by two levels. */
static void levels_agree(void **state)
{
	static const size_t shape[3] = {50, 123, 456};
	struct product p = product_new(shape, 2, 0), q = product_new(shape, 2, 0);

	(void)state;
	if (sgemm_use("avx2") == 0)
		sgemm_run(&p.g);
	if (sgemm_use("avx512") == 0) {
		sgemm_run(&q.g);
		assert_memory_equal(p.c.memory, q.c.memory, p.bytes);
	}
	product_free(&p);
	product_free(&q);
}

static void lays_panels_out_as_documented(void **state)
{
	static const size_t shape[3] = {1, 103, 7};
	struct product p = product_new(shape, 2, 1);
	size_t width = sgemm_panel_width();
	float *panels = panels_of(&p.g, width);

	(void)state;
	for (size_t j = 0; j < (shape[1] + width - 1) / width * width; j++)
		for (size_t l = 0; l < shape[2]; l++)
			assert_true(
				panels[j / width * shape[2] * width + l * width + j % width] ==
				(j < shape[1] ? b_at(&p.g, l, j) : 0));
	assert_int_equal(sgemm_panel_values(0, 9), 0);
	assert_true(sgemm_panel_values(SIZE_MAX / 2, 9) == SIZE_MAX);
	free(panels);
	product_free(&p);
}

/* The lanes' chains, added as the documentation says. */
static float dot_of(const struct sgemm_dots *d, size_t row, size_t unit)
{
	float lane[SGEMM_DOT_LANES] = {0};

	for (size_t item = 0; item < d->items; item++)
		for (size_t k = 0; k < d->n; k++) {
			float a = d->row[row][item * d->row_item + k],
			      b = d->unit[unit][item * d->unit_item + k], term = a * b,
			      *sum = &lane[k % SGEMM_DOT_LANES];

			*sum = fused() ? fmaf(a, b, *sum) : *sum + term;
		}
	for (size_t w = SGEMM_DOT_LANES / 2; w > 0; w /= 2)
		for (size_t i = 0; i < w; i++)
			lane[i] += lane[i + w];
	return lane[0];
}

static void check_dots(size_t rows, size_t units)
{
	enum { N = 3 * SGEMM_DOT_LANES, ITEMS = 2 };
	struct matrix a = matrix_new(ITEMS * SGEMM_DOT_ROWS, N, 1, 1),
		      b = matrix_new(ITEMS * SGEMM_DOT_UNITS, N, 3, 2);
	float sum[SGEMM_DOT_UNITS][SGEMM_DOT_ROWS + 1];
	struct sgemm_dots d = {.rows = rows,
		.units = units,
		.n = N,
		.items = ITEMS,
		.row_item = SGEMM_DOT_ROWS * a.stride,
		.unit_item = SGEMM_DOT_UNITS * b.stride,
		.sum = sum[0],
		.sum_unit = SGEMM_DOT_ROWS + 1};

	for (size_t i = 0; i < rows; i++)
		d.row[i] = a.value + i * a.stride;
	for (size_t j = 0; j < units; j++)
		d.unit[j] = b.value + j * b.stride;
	for (size_t j = 0; j < SGEMM_DOT_UNITS; j++)
		for (size_t i = 0; i <= SGEMM_DOT_ROWS; i++)
			sum[j][i] = 1;
	sgemm_dots(&d);
	for (size_t j = 0; j < SGEMM_DOT_UNITS; j++)
		for (size_t i = 0; i <= SGEMM_DOT_ROWS; i++) {
			float wanted = i < rows && j < units ? 1 + dot_of(&d, i, j) : 1;

			check(bits(wanted) == bits(sum[j][i]),
				"%s: of %zu rows, %zu units sum %zu, %zu is %a, not %a",
				sgemm_kernels(), rows, units, i, j, (double)sum[j][i],
				(double)wanted);
		}
	free(a.memory);
	free(b.memory);
}

static void dots_are_chains_in_lanes(void **state)
{
	(void)state;
	for (size_t l = 0; l < LEVELS; l++)
		if (sgemm_use(level[l]) == 0)
			for (size_t rows = 1; rows <= sgemm_dot_rows(); rows++)
				for (size_t units = 1; units <= SGEMM_DOT_UNITS; units++)
					check_dots(rows, units);
}

static void does_nothing_to_nothing(void **state)
{
	static const size_t shape[][3] = {{0, 5, 5}, {5, 0, 5}, {0, 0, 0}};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (int kind = 0; kind < 8; kind++)
			check_product(shape[i], kind, 2);
}

static void names_its_kernels(void **state)
{
	(void)state;
	assert_int_equal(sgemm_use("portable"), 0);
	assert_string_equal(sgemm_kernels(), "portable");
	assert_int_equal(sgemm_use("abacus"), -1);
	assert_string_equal(sgemm_kernels(), "portable");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_a_chain),
		cmocka_unit_test(is_a_chain_at_every_small_size),
		cmocka_unit_test(same_bytes_however_cut_and_packed),
		cmocka_unit_test(levels_agree),
		cmocka_unit_test(lays_panels_out_as_documented),
		cmocka_unit_test(dots_are_chains_in_lanes),
		cmocka_unit_test(does_nothing_to_nothing),
		cmocka_unit_test(names_its_kernels),
	};

	return cmocka_run_group_tests_name("sgemm", tests, NULL, NULL);
}
