/* SPDX-License-Identifier: ISC */
#include "sgemm-block.h"

#include "size.h"

#include <string.h>

/* Tiles' rows, one below the other, or panels whose margins are left out: a chunk has less. */
#define MAX_LISTED 32
/* Columns for which it is worth while to pack a. */
#define MANY_COLUMNS 192

/* Columns of b, at most as many as a tile has. */
struct panel {
	size_t from, columns, vectors;
	const float *b;
	size_t ldb;
};

static void copy(
	size_t rows, size_t columns, const float *from, size_t from_ld, float *to, size_t to_ld)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			to[i * to_ld + j] = from[i * from_ld + j];
}

/* A tile that hangs over the edge of c, or is to be transposed, is computed beside it. */
static void run_beside(const struct sgemm_block *b, const struct sgemm_tile *t, size_t rows,
	const struct panel *panel)
{
	float c[SGEMM_MAX_ROWS * SGEMM_MAX_WIDTH] = {0};
	struct sgemm_tile beside = *t;

	beside.c = c;
	beside.ldc = panel->vectors * b->l->lanes;
	beside.c_next = 0;
	if (t->add && b->transpose_c)
		sgemm_transpose(t->c, t->ldc, panel->columns, rows, c, beside.ldc);
	else if (t->add)
		copy(rows, panel->columns, t->c, t->ldc, c, beside.ldc);
	b->l->tile(&beside, rows, panel->vectors);
	if (b->transpose_c)
		sgemm_transpose(c, beside.ldc, rows, panel->columns, t->c, t->ldc);
	else
		copy(rows, panel->columns, c, beside.ldc, t->c, t->ldc);
}

/* Columns of a transposed a are far apart, each on another page: they are moved together. */
static int packs_a(const struct sgemm_block *b)
{
	return b->g->transpose_a && b->to - b->from >= MANY_COLUMNS;
}

static void pack_a(const struct sgemm_block *b, size_t row, size_t rows, float *packed)
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
static void take_a(const struct sgemm_block *b, size_t row, size_t rows, float *packed,
	struct sgemm_tile *t)
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

/* The rows of a from `row` on, the next ones: weights in memory, or what is to be packed. */
static void look_down(struct sgemm_block *b, size_t row, size_t rows)
{
	const struct sgemm *g = b->g;

	if (row >= g->m)
		return;
	if (packs_a(b))
		b->ahead = (struct sgemm_ahead){g->a + b->p * g->lda + row, g->lda, 0, 1};
	else if (b->transpose_c && g->lda == b->k) {
		size_t step = (rows + b->panels - 1) / b->panels;

		b->ahead =
			(struct sgemm_ahead){g->a + row * g->lda, step, step * b->k, b->panels};
	}
}

static void run_tile(
	struct sgemm_block *b, struct sgemm_tile *t, size_t rows, const struct panel *panel)
{
	struct sgemm_ahead *ahead = &b->ahead;

	t->b = panel->b;
	t->ldb = panel->ldb;
	t->ahead = t->b;
	t->ahead_step = 0;
	if (ahead->tiles > 0) {
		t->ahead = ahead->at;
		t->ahead_step = ahead->step;
		ahead->at += ahead->jump;
		ahead->tiles--;
	}
	if (b->transpose_c || panel->columns < panel->vectors * b->l->lanes)
		run_beside(b, t, rows, panel);
	else
		b->l->tile(t, rows, panel->vectors);
}

/* Points t to the k at which it is not all 0. */
static void take_k(const struct sgemm_block *b, size_t panel, struct sgemm_tile *t)
{
	const struct sgemm_used *used = NULL;

	if (b->used != NULL)
		used = &b->used[b->transpose_c ? panel : b->tile];
	t->k = used != NULL ? used->n : b->k;
	t->some = t->k < b->k ? used->k : NULL;
}

static void run_rows(
	struct sgemm_block *b, const struct panel panels[], size_t row, size_t rows)
{
	float packed[SGEMM_MAX_K_PACKED * SGEMM_MAX_ROWS];
	const struct sgemm *g = b->g;
	struct sgemm_tile t;

	t.ldc = g->ldc;
	t.add = g->add || b->p > 0;
	take_a(b, row, rows, packed, &t);
	look_down(b, row + rows, rows);
	for (size_t i = 0; i < b->panels; i++) {
		const struct panel *panel = &panels[i];

		take_k(b, i, &t);
		t.c = g->c + (b->transpose_c ? panel->from * g->ldc + row
					     : row * g->ldc + panel->from);
		if (i + 1 < b->panels)
			t.c_next = panel->columns;
		else
			t.c_next =
				row + rows < g->m ? rows * g->ldc - (panel->from - b->from) : 0;
		run_tile(b, &t, rows, panel);
	}
}

/* What lies behind the block and comes after it: of b's own rows, or of the panels. */
static void look_on(struct sgemm_block *b)
{
	const struct sgemm *g = b->g;
	size_t columns = b->to - b->from, tiles, step;
	const float *next;

	if (g->panels != NULL && b->k == g->k && b->to < g->n)
		next = g->panels + b->to * g->k;
	else if (g->panels != NULL && g->next != NULL && b->p + b->k == g->k)
		next = g->next;
	else if (g->panels == NULL && columns == g->ldb && b->p + b->k < g->k)
		next = g->b + (b->p + b->k) * g->ldb;
	else
		return;
	tiles = ((g->m - 1) / b->rows + 1) * b->panels;
	step = (columns - 1) / tiles + 1;
	b->ahead = (struct sgemm_ahead){next, step, step * b->k, tiles};
}

/* Where the panel's b is: in the panels given, in its place, or packed here. */
static void take_b(const struct sgemm_block *b, struct panel *panel, float *packed)
{
	const struct sgemm *g = b->g;
	size_t width = panel->vectors * b->l->lanes;

	panel->ldb = width;
	if (g->panels != NULL) {
		panel->ldb = b->l->vectors * b->l->lanes;
		panel->b = g->panels + panel->from * g->k + b->p * panel->ldb;
	} else if (b->in_place) {
		panel->ldb = g->ldb;
		panel->b = g->b + b->p * g->ldb + panel->from;
	} else {
		panel->b = packed + (panel->from - b->from) * b->k;
		sgemm_pack_panel(g, b->p, b->k, panel->from, panel->columns, width,
			packed + (panel->from - b->from) * b->k);
	}
}

/* Panels of about the same width: a narrow tile has too few sums to be fast. */
static void cut_panels(struct sgemm_block *b, struct panel panels[], float *packed)
{
	size_t lanes = b->l->lanes, columns, from = b->from;

	do {
		struct panel *panel = &panels[b->panels++];
		size_t left = b->to - from, vectors = (left + lanes - 1) / lanes;

		vectors = b->g->panels != NULL ? size_min(vectors, b->vectors)
					       : sgemm_part(vectors, b->vectors);
		columns = size_min(left, vectors * lanes);
		*panel = (struct panel){.from = from, .columns = columns, .vectors = vectors};
		take_b(b, panel, packed);
		from += columns;
	} while (from < b->to);
}

/* How many rows come next: as many as a tile has, and the last two tiles are about equal, so
 * that there are no more tiles than full ones and a rest would be. A division would take a
 * tenth of a small tile's time. */
static size_t next_rows(size_t left, size_t most)
{
	if (left <= most)
		return left;
	return left < 2 * most ? (left + 1) / 2 : most;
}

/* What the rows of a tile, or the columns of a panel, use where margins are left out. */
static _Thread_local struct sgemm_used lists[MAX_LISTED];

/* Where c is transposed, so are a's rows: they are b's columns. */
static void list_panels(struct sgemm_block *b, const struct panel panels[])
{
	const struct sgemm *g = b->g;

	if (!g->margins || b->panels > MAX_LISTED)
		return;
	for (size_t i = 0; i < b->panels; i++)
		sgemm_list_used(g->b + panels[i].from * g->ldb + b->p, g->ldb,
			panels[i].columns, b->k, &lists[i]);
	b->used = lists;
}

const struct sgemm_used *sgemm_block_list(const struct sgemm_block *b)
{
	const struct sgemm *g = b->g;
	struct sgemm_used *u = lists;

	if (!g->margins || b->transpose_c || g->transpose_a || g->m > MAX_LISTED * b->rows)
		return NULL;
	for (size_t row = 0, n; row < g->m; row += n, u++) {
		n = next_rows(g->m - row, b->rows);
		sgemm_list_used(g->a + row * g->lda + b->p, g->lda, n, b->k, u);
	}
	return lists;
}

void sgemm_block_run(struct sgemm_block *b)
{
	static _Thread_local float packed[SGEMM_BLOCK_VALUES];
	/* clearing them would take as long as a small tile */
	struct panel panels[SGEMM_MAX_PANELS];

	b->panels = 0;
	b->tile = 0;
	b->ahead.tiles = 0;
	cut_panels(b, panels, packed);
	if (b->transpose_c)
		list_panels(b, panels);
	if (b->in_place || b->g->panels != NULL)
		look_on(b);
	for (size_t row = 0, rows; row < b->g->m; row += rows) {
		rows = next_rows(b->g->m - row, b->rows);
		run_rows(b, panels, row, rows);
		b->tile++;
	}
}
