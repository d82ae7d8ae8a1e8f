/* SPDX-License-Identifier: ISC */
/* Many small pictures as one: a contact sheet. */
#ifndef IMAGE_SHEET_H
#define IMAGE_SHEET_H

#include "image.h"

/* Pictures that are drawn when they are wanted: planes [channels][height][width]. */
struct image_tiles {
	size_t first, n; /* these are wanted: their numbers from first on */
	size_t channels, height, width;
	void (*draw)(const void *job, size_t tile, uint8_t *planes);
	const void *job;
};

struct image_sheet {
	size_t columns, rows; /* of cells */
	size_t scale;	      /* a pixel becomes scale x scale */
	size_t gap;	      /* pixels between cells and around them, of a middle grey */
	const size_t *cell;   /* [n]: where each goes, row by row; NULL: in their order */
};

#define IMAGE_SHEET_NOWHERE SIZE_MAX /* the cell of a picture that is left out */

/*
 * Draws all tiles on a sheet; i is made new, and the caller releases it. Refuses sheets of more
 * than IMAGE_MAX_SIDE pixels a side. 0, or -1 with i released.
 */
int image_sheet_draw(struct image *i, const struct image_sheet *s, const struct image_tiles *t,
	struct err *e);

#endif
