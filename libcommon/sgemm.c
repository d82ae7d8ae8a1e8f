/* SPDX-License-Identifier: ISC */
/*
 * A product is cut into blocks of b that stay in the L2 cache, by columns and, where k is
 * large, by rows, and a block into panels of columns, as wide as a tile. A block is multiplied
 * by as many rows of a as a tile has, then by the next rows. From one block of rows to the next
 * the sums wait in c, which changes nothing: they are floats in the registers, too.
 */
#include "sgemm.h"

#include "sgemm-level.h"
#include "sgemm-used.h"
#include "size.h"

#include <string.h>

/* Of b, 384 KB: with a's rows and the next block's first lines less than an L2 cache of 1 MB.
 */
#define BLOCK_VALUES ((size_t)96 << 10)
/* ... and where b is in memory and all of c is passed over for each block of it. */
#define WEIGHTS_VALUES (BLOCK_VALUES / 2)
/* Rows of a block. Fewer where rows of a are packed, which should stay in the L1 cache. */
#define MAX_K SGEMM_MAX_USED
#define MAX_K_PACKED 512
/* Fewer rows than these wait in c too often. */
#define MIN_K 64
#define MAX_PANELS 64
/* Tiles' rows, one below the other, or panels whose margins are left out: a chunk has less. */
#define MAX_LISTED 32
/* Packing b takes longer than it saves for so few rows of a. */
#define FEW_ROWS 256
/* Rows of b that are a power of two apart share few places in a cache: as much as b may seem to
 * take in its place. */
#define CACHE_BYTES ((size_t)512 << 10)
/* Columns for which it is worth while to pack a. */
#define MANY_COLUMNS 192

/* Columns of b, at most as many as a tile has. */
struct panel {
	size_t from, columns, vectors;
	const float *b;
	size_t ldb;
};

/* What is brought to the L2 cache while tiles are computed: each fetches a line of it in each
 * k, `step` values apart, and begins `jump` values behind the one before. */
struct ahead {
	const float *at;
	size_t step, jump, tiles;
};

/* Rows [p,p+k) and columns [from,to) of b. */
struct block {
	const struct sgemm *g;
	const struct sgemm_level *l;
	int transpose_c;      /* c is stored [n][m] */
	size_t rows, vectors; /* of a tile, at most */
	size_t p, k, from, to;
	size_t panels;
	size_t tile; /* which rows are multiplied, counted in tiles */
	const struct sgemm_used
		*used; /* by tiles' rows, or with transpose_c by panels; or NULL */
	struct ahead ahead;
};

/* How long the parts are of a length that is cut into equal ones of at most `most`. */
static size_t part(size_t length, size_t most)
{
	size_t parts;

	if (length <= most)
		return length;
	parts = (length + most - 1) / most;
	return (length + parts - 1) / parts;
}

static void copy(
	size_t rows, size_t columns, const float *from, size_t from_ld, float *to, size_t to_ld)
{
	for (size_t i = 0; i < rows; i++)
		for (size_t j = 0; j < columns; j++)
			to[i * to_ld + j] = from[i * from_ld + j];
}

/* A tile that hangs over the edge of c, or is to be transposed, is computed beside it. */
static void run_beside(const struct block *b, const struct sgemm_tile *t, size_t rows,
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

/* The rows of a from `row` on, the next ones: weights in memory, or what is to be packed. */
static void look_down(struct block *b, size_t row, size_t rows)
{
	const struct sgemm *g = b->g;

	if (row >= g->m)
		return;
	if (packs_a(b))
		b->ahead = (struct ahead){g->a + b->p * g->lda + row, g->lda, 0, 1};
	else if (b->transpose_c && g->lda == b->k) {
		size_t step = (rows + b->panels - 1) / b->panels;

		b->ahead = (struct ahead){g->a + row * g->lda, step, step * b->k, b->panels};
	}
}

static void run_tile(
	struct block *b, struct sgemm_tile *t, size_t rows, const struct panel *panel)
{
	struct ahead *ahead = &b->ahead;

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
static void take_k(const struct block *b, size_t panel, struct sgemm_tile *t)
{
	const struct sgemm_used *used = NULL;

	if (b->used != NULL)
		used = &b->used[b->transpose_c ? panel : b->tile];
	t->k = used != NULL ? used->n : b->k;
	t->some = t->k < b->k ? used->k : NULL;
}

static void run_rows(struct block *b, const struct panel panels[], size_t row, size_t rows)
{
	float packed[MAX_K_PACKED * SGEMM_MAX_ROWS];
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

/* Whether b, of which blocks are to have k rows, is read where it is. */
static int reads_in_place(const struct sgemm *g, const struct sgemm_level *l, size_t k)
{
	size_t apart = g->ldb * sizeof *g->b;

	return g->panels == NULL && !g->transpose_b && g->m <= FEW_ROWS &&
	       g->n % l->lanes == 0 && k * (apart & -apart) <= CACHE_BYTES;
}

/* What lies behind the block and comes after it: of b's own rows, or of the panels. */
static void look_on(struct block *b)
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
	b->ahead = (struct ahead){next, step, step * b->k, tiles};
}

/* Where the panel's b is: in the panels given, in its place, or packed here. */
static void take_b(struct block *b, int in_place, struct panel *panel, float *packed)
{
	const struct sgemm *g = b->g;
	size_t width = panel->vectors * b->l->lanes;

	panel->ldb = width;
	if (g->panels != NULL) {
		panel->ldb = b->l->vectors * b->l->lanes;
		panel->b = g->panels + panel->from * g->k + b->p * panel->ldb;
	} else if (in_place) {
		panel->ldb = g->ldb;
		panel->b = g->b + b->p * g->ldb + panel->from;
	} else {
		panel->b = packed + (panel->from - b->from) * b->k;
		sgemm_pack_panel(g, b->p, b->k, panel->from, panel->columns, width,
			packed + (panel->from - b->from) * b->k);
	}
}

/* Panels of about the same width: a narrow tile has too few sums to be fast. */
static void cut_panels(struct block *b, int in_place, struct panel panels[], float *packed)
{
	size_t lanes = b->l->lanes, columns, from = b->from;

	do {
		struct panel *panel = &panels[b->panels++];
		size_t left = b->to - from, vectors = (left + lanes - 1) / lanes;

		vectors = b->g->panels != NULL ? size_min(vectors, b->vectors)
					       : part(vectors, b->vectors);
		columns = size_min(left, vectors * lanes);
		*panel = (struct panel){.from = from, .columns = columns, .vectors = vectors};
		take_b(b, in_place, panel, packed);
		from += columns;
	} while (from < b->to);
}

/* How many rows come next: as many as a tile has, and the last two tiles are about equal. A
 * division would take a tenth of a small tile's time. */
static size_t next_rows(size_t left, size_t most)
{
	if (left <= most)
		return left;
	return left < 2 * most ? (left + 1) / 2 : most;
}

/* What the rows of a tile, or the columns of a panel, use where margins are left out. */
static _Thread_local struct sgemm_used lists[MAX_LISTED];

/* Where c is transposed, so are a's rows: they are b's columns. */
static void list_panels(struct block *b, const struct panel panels[])
{
	const struct sgemm *g = b->g;

	if (!g->margins || b->panels > MAX_LISTED)
		return;
	for (size_t i = 0; i < b->panels; i++)
		sgemm_list_used(g->b + panels[i].from * g->ldb + b->p, g->ldb,
			panels[i].columns, b->k, &lists[i]);
	b->used = lists;
}

static void run_block(struct block *b, int in_place)
{
	static _Thread_local float packed[BLOCK_VALUES];
	struct panel panels[MAX_PANELS]; /* clearing them would take as long as a small tile */

	cut_panels(b, in_place, panels, packed);
	if (b->transpose_c)
		list_panels(b, panels);
	if (in_place || b->g->panels != NULL)
		look_on(b);
	for (size_t row = 0, rows; row < b->g->m; row += rows) {
		rows = next_rows(b->g->m - row, b->rows);
		run_rows(b, panels, row, rows);
		b->tile++;
	}
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
	size_t k = part(g->k, g->transpose_a ? MAX_K_PACKED : MAX_K), most = k;

	if (g->transpose_a)
		return k;
	if (reads_in_place(g, l, k))
		most = WEIGHTS_VALUES / g->n;
	else if (reads_in_place(g, l, MIN_K))
		most = MIN_K;
	return most < k ? part(g->k, size_max(most, MIN_K)) : k;
}

/* For the rows of all tiles, before the first panel; NULL where there are too many. */
static const struct sgemm_used *list_rows(
	const struct sgemm *g, size_t rows, size_t p, size_t k)
{
	struct sgemm_used *u = lists;

	if (!g->margins || g->transpose_a || g->m > MAX_LISTED * (rows - 1))
		return NULL;
	for (size_t row = 0, n; row < g->m; row += n, u++) {
		n = next_rows(g->m - row, rows);
		sgemm_list_used(g->a + row * g->lda + p, g->lda, n, k, u);
	}
	return lists;
}

static void multiply(const struct sgemm *g, int transpose_c)
{
	const struct sgemm_level *l = sgemm_level();
	size_t vectors = tile_vectors(g, l), width = vectors * l->lanes, columns;
	size_t k = block_rows(g, l), rows = l->rows * l->vectors / vectors;
	int in_place = reads_in_place(g, l, k);

	columns = size_min(BLOCK_VALUES / (k * width), MAX_PANELS);
	if (g->panels != NULL) /* they stay in the cache while the next one comes */
		columns = 1;
	columns = width * part((g->n + width - 1) / width, columns);
	for (size_t p = 0; p < g->k; p += k) {
		const struct sgemm_used *used =
			transpose_c ? NULL : list_rows(g, rows, p, size_min(k, g->k - p));

		for (size_t j = 0; j < g->n; j += columns)
			run_block(&(struct block){.g = g,
					  .l = l,
					  .transpose_c = transpose_c,
					  .rows = rows,
					  .vectors = vectors,
					  .p = p,
					  .k = size_min(k, g->k - p),
					  .from = j,
					  .to = size_min(j + columns, g->n),
					  .used = used},
				in_place);
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
