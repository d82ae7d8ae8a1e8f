/* SPDX-License-Identifier: ISC */
/*
 * Between sgemm.c, which cuts a product into blocks of b, and the tiles that it is computed in:
 * a block is multiplied by as many rows of a as a tile has, then by the next rows.
 */
#ifndef SGEMM_BLOCK_H
#define SGEMM_BLOCK_H

#include "sgemm-level.h"
#include "sgemm-used.h"

#include <stddef.h>

/* Of b, 384 KB: with a's rows and the next block's first lines less than an L2 cache of 1 MB.
 */
#define SGEMM_BLOCK_VALUES ((size_t)96 << 10)
/* Rows of a block. Fewer where rows of a are packed, which should stay in the L1 cache. */
#define SGEMM_MAX_K SGEMM_MAX_USED
#define SGEMM_MAX_K_PACKED 512
#define SGEMM_MAX_PANELS 64 /* of a block */

/* What is brought to the L2 cache while tiles are computed: each fetches a line of it in each
 * k, `step` values apart, and begins `jump` values behind the one before. */
struct sgemm_ahead {
	const float *at;
	size_t step, jump, tiles;
};

/* Rows [p,p+k) and columns [from,to) of b. */
struct sgemm_block {
	const struct sgemm *g;
	const struct sgemm_level *l;
	int transpose_c;      /* c is stored [n][m] */
	size_t rows, vectors; /* of a tile, at most */
	size_t p, k, from, to;
	int in_place;		       /* b is read where it is */
	const struct sgemm_used *used; /* by tiles' rows, see sgemm_block_list; or NULL */
	/* How far sgemm_block_run is, which sets them. */
	size_t panels, tile;
	struct sgemm_ahead ahead;
};

void sgemm_block_run(struct sgemm_block *b);

/* What each tile's rows use of b's rows [p,p+k), where margins are left out, until the thread's
 * next product; NULL where all is used, or c is transposed: sgemm_block_run lists that itself.
 */
const struct sgemm_used *sgemm_block_list(const struct sgemm_block *b);

/* How long the parts are of a length that is cut into equal ones of at most `most`. */
static inline size_t sgemm_part(size_t length, size_t most)
{
	size_t parts;

	if (length <= most)
		return length;
	parts = (length + most - 1) / most;
	return (length + parts - 1) / parts;
}

#endif
