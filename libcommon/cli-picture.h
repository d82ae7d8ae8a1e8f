/* SPDX-License-Identifier: ISC */
/* How tensor2png shows pictures: on a sheet, a class in a row, or each in a file of its own. */
#ifndef CLI_PICTURE_H
#define CLI_PICTURE_H

#include "dataset.h"
#include "image-sheet.h"

struct cli_picture {
	struct image_tiles tiles;
	size_t first;		    /* the item whose picture comes first */
	size_t per_item;	    /* pictures of an item */
	const struct dataset *data; /* labels and class names; its labels may be NULL */
	size_t scale, gap;
	size_t columns; /* 0: a sheet that is about square */
};

/* 0 or -1, all of them. The sheet: */
int cli_picture_sheet(const struct cli_picture *p, const char *output, struct err *e);

/* Of each class, which are rows, the first p->columns pictures. There must be labels. */
int cli_picture_classes(const struct cli_picture *p, const char *output, struct err *e);

/* FOLDER/CLASS/ITEM.png, or without labels FOLDER/ITEM.png. */
int cli_picture_each(const struct cli_picture *p, const char *folder, struct err *e);

#endif
