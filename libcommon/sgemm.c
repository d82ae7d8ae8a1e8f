/* SPDX-License-Identifier: ISC */
#include "sgemm.h"

#include "sgemm-level.h"
#include "size.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>

/* Rows of b in a slice: a slice of a panel (24 KB with AVX-512) stays in the L1 cache. */
#define SLICE 128
/* Values of a that stay in the L2 cache while the panels go by. */
#define BLOCK_VALUES ((size_t)160 << 10)

static const struct sgemm_level *const level[] = {
#if defined(__x86_64__)
	&sgemm_avx512,
	&sgemm_avx2,
#endif
	&sgemm_portable,
};
#define LEVELS (sizeof level / sizeof level[0])

static const struct sgemm_level *in_use;
static once_flag once = ONCE_FLAG_INIT;

int sgemm_use(const char *name)
{
	for (size_t i = 0; i < LEVELS; i++)
		if (strcmp(level[i]->name, name) == 0 && level[i]->runs()) {
			in_use = level[i];
			return 0;
		}
	return -1;
}

static void choose(void)
{
	const char *name = getenv("POTSTILL_KERNELS");

	if (name != NULL && sgemm_use(name) == 0)
		return;
	for (size_t i = 0; in_use == NULL; i++)
		if (level[i]->runs())
			in_use = level[i];
}

static const struct sgemm_level *kernels(void)
{
	call_once(&once, choose);
	return in_use;
}

const char *sgemm_kernels(void)
{
	return kernels()->name;
}

size_t sgemm_panel_width(void)
{
	return kernels()->lanes * kernels()->vectors;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t sgemm_panel_values(size_t n, size_t k)
{
	size_t width = sgemm_panel_width(), panels = n / width + (n % width != 0), values;

	return size_mul(panels * width, k, &values) ? SIZE_MAX : values;
}

/* Rows [p,p+rows) and columns [j,j+columns) of b as a slice of a panel. */
static void pack_slice(const struct sgemm *g, size_t p, size_t rows, size_t j, size_t columns,
	size_t width, float *to)
{
	for (size_t r = 0; r < rows; r++, to += width) {
		if (g->transpose_b)
			for (size_t i = 0; i < columns; i++)
				to[i] = g->b[(j + i) * g->ldb + p + r];
		else
			memcpy(to, g->b + (p + r) * g->ldb + j, columns * sizeof *to);
		memset(to + columns, 0, (width - columns) * sizeof *to);
	}
}

void sgemm_pack(const struct sgemm *g, size_t from, size_t to, size_t k_from, size_t k_to,
	float *panels)
{
	size_t width = sgemm_panel_width();

	for (size_t j = from; j < to; j += width)
		pack_slice(g, k_from, k_to - k_from, j, smaller(width, to - j), width,
			panels + j * g->k + k_from * width);
}

/* A tile that hangs over the edge of c is computed beside it. */
static void run_edge(
	const struct sgemm_level *l, const struct sgemm_tile *t, size_t rows, size_t columns)
{
	_Alignas(64) float c[SGEMM_MAX_ROWS * SGEMM_MAX_WIDTH];
	size_t vectors = (columns + l->lanes - 1) / l->lanes;
	struct sgemm_tile whole = *t;

	whole.c = c;
	whole.ldc = vectors * l->lanes;
	if (t->add) {
		memset(c, 0, sizeof c);
		for (size_t i = 0; i < rows; i++)
			memcpy(c + i * whole.ldc, t->c + i * t->ldc, columns * sizeof *c);
	}
	l->tile(&whole, rows, vectors);
	for (size_t i = 0; i < rows; i++)
		memcpy(t->c + i * t->ldc, c + i * whole.ldc, columns * sizeof *c);
}

/* Rows [from,to) of c, columns [j,j+columns), from `rows` rows of b from p on: the
 * slice b stays in the L1 cache. */
static void run_slice(const struct sgemm_level *l, const struct sgemm *g, size_t from,
	size_t to, size_t p, size_t j, size_t columns, struct sgemm_tile *t)
{
	size_t tiles = (to - from + l->rows - 1) / l->rows;

	t->add = g->add || p > 0;
	for (size_t i = 0; i < tiles; i++) {
		/* rows spread evenly: 8 + 1 rows would keep few sums in flight */
		size_t row = from + (to - from) * i / tiles,
		       end = from + (to - from) * (i + 1) / tiles;

		t->a = g->a + (g->transpose_a ? p * g->lda + row : row * g->lda + p);
		t->c = g->c + row * g->ldc + j;
		if (columns % l->lanes)
			run_edge(l, t, end - row, columns);
		else
			l->tile(t, end - row, columns / l->lanes);
	}
}

static void run_panel(
	const struct sgemm_level *l, const struct sgemm *g, size_t from, size_t to, size_t j)
{
	_Alignas(64) float packed[SLICE * SGEMM_MAX_WIDTH];
	size_t width = l->lanes * l->vectors, columns = smaller(width, g->n - j);
	struct sgemm_tile t = {.a_row = g->transpose_a ? 1 : g->lda,
		.a_k = g->transpose_a ? g->lda : 1,
		.ldb = width,
		.ldc = g->ldc};

	for (size_t p = 0; p < g->k; p += SLICE) {
		t.k = smaller(SLICE, g->k - p);
		if (g->panels != NULL) {
			t.b = g->panels + j * g->k + p * width;
		} else {
			pack_slice(g, p, t.k, j, columns, width, packed);
			t.b = packed;
		}
		run_slice(l, g, from, to, p, j, columns, &t);
	}
}

static void run_nothing(const struct sgemm *g)
{
	for (size_t i = 0; i < g->m && !g->add; i++)
		memset(g->c + i * g->ldc, 0, g->n * sizeof *g->c);
}

void sgemm_run(const struct sgemm *g)
{
	const struct sgemm_level *l = kernels();
	size_t width = l->lanes * l->vectors, rows;

	if (g->k == 0) {
		run_nothing(g);
		return;
	}
	rows = BLOCK_VALUES / g->k / l->rows * l->rows;
	if (rows < l->rows)
		rows = l->rows;
	for (size_t i = 0; i < g->m; i += rows)
		for (size_t j = 0; j < g->n; j += width)
			run_panel(l, g, i, smaller(i + rows, g->m), j);
}
