/* SPDX-License-Identifier: ISC */
/*
 * A product is cut into blocks of b that stay in the L2 cache, by columns and, where k is
 * large, by rows, and a block into panels of columns, as wide as a tile. A block is multiplied
 * by as many rows of a as a tile has, then by the next rows. From one block of rows to the next
 * the sums wait in c, which changes nothing: they are floats in the registers, too.
 */
#include "sgemm.h"

#include "sgemm-block.h"
#include "size.h"

#include <string.h>

/* A block's values where b is in memory and all of c is passed over for each block of it. */
#define WEIGHTS_VALUES (SGEMM_BLOCK_VALUES / 2)
/* Fewer rows than these wait in c too often. */
#define MIN_K 64
/* Packing b takes longer than it saves for so few rows of a. */
#define FEW_ROWS 256
/* Rows of b that are a power of two apart share few places in a cache: as much as b may seem to
 * take in its place. */
#define CACHE_BYTES ((size_t)512 << 10)

/* Whether b, of which blocks are to have k rows, is read where it is. */
static int reads_in_place(const struct sgemm *g, const struct sgemm_level *l, size_t k)
{
	size_t apart = g->ldb * sizeof *g->b;

	return g->panels == NULL && !g->transpose_b && g->m <= FEW_ROWS &&
	       g->n % l->lanes == 0 && k * (apart & -apart) <= CACHE_BYTES;
}

static void clear(const struct sgemm *g)
{
	for (size_t i = 0; i < g->m && !g->add; i++)
		memset(g->c + i * g->ldc, 0, g->n * sizeof *g->c);
}

/* Vectors side by side in a tile. A batch's share of 64 rows makes one panel with four. */
static size_t tile_vectors(const struct sgemm *g, const struct sgemm_level *l)
{
	size_t vectors = (g->n + l->lanes - 1) / l->lanes;

	return g->panels == NULL && vectors % l->wide == 0 && vectors <= 2 * l->wide
		       ? l->wide
		       : l->vectors;
}

size_t sgemm_dot_rows(void)
{
	return sgemm_level()->dot_rows;
}

void sgemm_dots(const struct sgemm_dots *d)
{
	sgemm_level()->dots(d);
}

/* Rows of b in a block. Fewer where that spares packing it, or where b is in memory: but not
 * where rows of a would be packed for each block anew. */
static size_t block_rows(const struct sgemm *g, const struct sgemm_level *l)
{
	size_t k = sgemm_part(g->k, g->transpose_a ? SGEMM_MAX_K_PACKED : SGEMM_MAX_K),
	       most = k;

	if (g->transpose_a)
		return k;
	if (reads_in_place(g, l, k))
		most = WEIGHTS_VALUES / g->n;
	else if (reads_in_place(g, l, MIN_K))
		most = MIN_K;
	return most < k ? sgemm_part(g->k, size_max(most, MIN_K)) : k;
}

/* Columns of b in a block, of which the last may have fewer. */
static size_t block_columns(const struct sgemm *g, size_t k, size_t width)
{
	size_t panels = size_min(SGEMM_BLOCK_VALUES / (k * width), SGEMM_MAX_PANELS);

	if (g->panels != NULL) /* they stay in the cache while the next one comes */
		panels = 1;
	return width * sgemm_part((g->n + width - 1) / width, panels);
}

static void multiply(const struct sgemm *g, int transpose_c)
{
	const struct sgemm_level *l = sgemm_level();
	size_t vectors = tile_vectors(g, l), k = block_rows(g, l);
	size_t columns = block_columns(g, k, vectors * l->lanes);
	struct sgemm_block row = {.g = g,
		.l = l,
		.transpose_c = transpose_c,
		.rows = l->rows * l->vectors / vectors,
		.vectors = vectors,
		.in_place = reads_in_place(g, l, k)};

	for (; row.p < g->k; row.p += k) {
		row.k = size_min(k, g->k - row.p);
		row.used = sgemm_block_list(&row);
		for (size_t j = 0; j < g->n; j += columns) {
			struct sgemm_block b = row;

			b.from = j;
			b.to = size_min(j + columns, g->n);
			sgemm_block_run(&b);
		}
	}
}

/*
 * In a . b^T both lie alike, and c^T is b . a^T. The right operand gets packed: the one with
 * fewer rows.
 */
void sgemm_run(const struct sgemm *g)
{
	struct sgemm swapped = *g;

	if (g->k == 0 || g->n == 0 || g->m == 0) {
		clear(g);
		return;
	}
	if (!g->transpose_b || g->transpose_a || g->panels != NULL || g->m >= g->n) {
		multiply(g, 0);
		return;
	}
	swapped.m = g->n;
	swapped.n = g->m;
	swapped.a = g->b;
	swapped.lda = g->ldb;
	swapped.b = g->a;
	swapped.ldb = g->lda;
	multiply(&swapped, 1);
}
