/* SPDX-License-Identifier: ISC */
/*
 * A product is cut into blocks of b that stay in the L2 cache, by columns and, where k is
 * large, by rows. A block is multiplied by as many rows of a as a tile has, then by the next
 * rows. From one block of rows to the next the sums wait in c, which changes nothing: they
 * are floats in the registers, too.
 */
#include "sgemm.h"

#include "sgemm-level.h"

#include <string.h>

/* Of b, 384 KB: with a's rows and the next block's first lines less than an L2 cache of 1 MB.
 */
#define BLOCK_VALUES ((size_t)96 << 10)
/* Rows of a block. Fewer where rows of a are packed, which should stay in the L1 cache. */
#define MAX_K 1280
#define MAX_K_PACKED 512
/* Packing b takes longer than it saves for so few rows of a, or of b. */
#define FEW_ROWS 64
#define FEW_K 256
/* Columns for which it is worth while to pack a. */
#define MANY_COLUMNS 192

/* Rows [p,p+k) and columns [from,to) of b. */
struct block {
	const struct sgemm *g;
	const struct sgemm_level *l;
	size_t p, k, from, to;
	const float *b;	   /* packed, or in its place */
	size_t ldb, panel; /* values from a row to the next, from a panel to the next */
	const float *next; /* the block after this one, where it is packed, too */
	size_t next_lines; /* how many cache lines of it are still to be fetched */
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void copy(
	size_t rows, size_t columns, const float *from, size_t from_ld, float *to, size_t to_ld)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			to[i * to_ld + j] = from[i * from_ld + j];
}

/* A tile that hangs over the edge of c is computed beside it. */
static void run_edge(
	const struct sgemm_level *l, const struct sgemm_tile *t, size_t rows, size_t columns)
{
	float c[SGEMM_MAX_ROWS * SGEMM_MAX_WIDTH] = {0};
	size_t vectors = (columns + l->lanes - 1) / l->lanes;
	struct sgemm_tile whole = *t;

	whole.c = c;
	whole.ldc = vectors * l->lanes;
	whole.c_next = 0;
	if (t->add)
		copy(rows, columns, t->c, t->ldc, c, whole.ldc);
	l->tile(&whole, rows, vectors);
	copy(rows, columns, c, whole.ldc, t->c, t->ldc);
}

/* Columns of a transposed a are far apart, each on another page: they are moved together. */
static int packs_a(const struct block *b)
{
	return b->g->transpose_a && b->to - b->from >= MANY_COLUMNS;
}

static void pack_a(const struct block *b, size_t row, size_t rows, float *packed)
{
	const float *a = b->g->a + b->p * b->g->lda + row;

	if (row + SGEMM_MAX_ROWS <= b->g->m) /* which the compiler knows: one load, one store */
		for (size_t p = 0; p < b->k; p++)
			memcpy(packed + p * SGEMM_MAX_ROWS, a + p * b->g->lda,
				SGEMM_MAX_ROWS * sizeof *a);
	else
		copy(b->k, rows, a, b->g->lda, packed, SGEMM_MAX_ROWS);
}

/* Points t to a's rows from `row` on. */
static void take_a(
	const struct block *b, size_t row, size_t rows, float *packed, struct sgemm_tile *t)
{
	const struct sgemm *g = b->g;

	if (packs_a(b)) {
		pack_a(b, row, rows, packed);
		t->a = packed;
		t->a_row = 1;
		t->a_k = SGEMM_MAX_ROWS;
	} else if (g->transpose_a) {
		t->a = g->a + b->p * g->lda + row;
		t->a_row = 1;
		t->a_k = g->lda;
	} else {
		t->a = g->a + row * g->lda + b->p;
		t->a_row = g->lda;
		t->a_k = 1;
	}
}

/*
 * What is fetched while tile t is computed: its neighbour in c, and of what must come from
 * beyond the L2 cache, the next rows of a transposed a or the block after this one, as much
 * as there are steps in a tile.
 */
static void look_ahead(struct block *b, size_t row, size_t column, struct sgemm_tile *t)
{
	const struct sgemm *g = b->g;
	size_t width = b->l->lanes * b->l->vectors, below = row + b->l->rows;

	t->c_next = 0;
	if (column + width < b->to)
		t->c_next = width;
	else if (below < g->m)
		t->c_next = b->l->rows * g->ldc - (column - b->from);
	t->ahead = t->b;
	t->ahead_step = 0;
	if (packs_a(b) && column == b->from && below < g->m) {
		t->ahead = g->a + b->p * g->lda + below;
		t->ahead_step = g->lda;
	} else if (b->next_lines > b->k) {
		t->ahead = b->next;
		t->ahead_step = SGEMM_LINE;
		b->next += b->k * SGEMM_LINE;
		b->next_lines -= b->k;
	}
}

static void run_rows(struct block *b, size_t row)
{
	float packed[MAX_K_PACKED * SGEMM_MAX_ROWS];
	const struct sgemm *g = b->g;
	const struct sgemm_level *l = b->l;
	size_t width = l->lanes * l->vectors, rows = smaller(l->rows, g->m - row);
	struct sgemm_tile t = {
		.k = b->k, .b = b->b, .ldb = b->ldb, .ldc = g->ldc, .add = g->add || b->p > 0};

	take_a(b, row, rows, packed, &t);
	for (size_t j = b->from; j < b->to; j += width) {
		size_t columns = smaller(width, b->to - j);

		t.c = g->c + row * g->ldc + j;
		look_ahead(b, row, j, &t);
		if (columns % l->lanes)
			run_edge(l, &t, rows, columns);
		else
			l->tile(&t, rows, columns / l->lanes);
		t.b += b->panel;
	}
}

/* Where the block's b is: in the panels given, in its place, or packed here. */
static void take_b(struct block *b, float *packed)
{
	const struct sgemm *g = b->g;
	size_t width = b->l->lanes * b->l->vectors, columns = b->to - b->from;

	b->ldb = width;
	if (g->panels != NULL) {
		b->b = g->panels + b->from * g->k + b->p * width;
		b->panel = g->k * width;
		b->next = b->b + columns * g->k;
		b->next_lines = smaller(columns, g->n - b->to) * b->k / SGEMM_LINE;
	} else if (!g->transpose_b && g->m <= FEW_ROWS && b->k <= FEW_K &&
		   columns % b->l->lanes == 0) {
		b->b = g->b + b->p * g->ldb + b->from;
		b->ldb = g->ldb;
		b->panel = width;
	} else {
		b->b = packed;
		b->panel = b->k * width;
		for (size_t j = b->from; j < b->to; j += width)
			sgemm_pack_panel(g, b->p, b->k, j, smaller(width, b->to - j), width,
				packed + (j - b->from) * b->k);
	}
}

static void run_block(struct block *b)
{
	static _Thread_local float packed[BLOCK_VALUES];

	take_b(b, packed);
	for (size_t row = 0; row < b->g->m; row += b->l->rows)
		run_rows(b, row);
}

/* How long the parts are of a length that is cut into equal ones of at most `most`. */
static size_t part(size_t length, size_t most)
{
	size_t parts = (length + most - 1) / most;

	return (length + parts - 1) / parts;
}

static void clear(const struct sgemm *g)
{
	for (size_t i = 0; i < g->m && !g->add; i++)
		memset(g->c + i * g->ldc, 0, g->n * sizeof *g->c);
}

void sgemm_run(const struct sgemm *g)
{
	const struct sgemm_level *l = sgemm_level();
	size_t width = l->lanes * l->vectors, panels = (g->n + width - 1) / width, k, columns;

	if (g->k == 0 || g->n == 0) {
		clear(g);
		return;
	}
	k = part(g->k, g->transpose_a ? MAX_K_PACKED : MAX_K);
	columns = width * part(panels, BLOCK_VALUES / (k * width));
	for (size_t p = 0; p < g->k; p += k)
		for (size_t j = 0; j < g->n; j += columns)
			run_block(&(struct block){.g = g,
				.l = l,
				.p = p,
				.k = smaller(k, g->k - p),
				.from = j,
				.to = smaller(j + columns, g->n)});
}
