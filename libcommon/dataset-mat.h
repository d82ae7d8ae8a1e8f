/* SPDX-License-Identifier: ISC */
/* Arrays of MAT files as parts of a data set. */
#ifndef DATASET_MAT_H
#define DATASET_MAT_H

#include "dataset.h"
#include "mat.h"

/*
 * Bytes become pictures, in memory that the caller frees (s->images). [items, values] holds
 * pictures of height x width pixels, column by column as MATLAB's reshape has them, and plane
 * by plane where there are more values than that; [height, width, items] and [height, width,
 * channels, items] are MATLAB's own. height and width are 0 where the array says them, or the
 * pictures are square. 0 or -1.
 */
int dataset_images_from_mat(struct dataset_source *s, const struct mat_array *a, size_t height,
	size_t width, struct err *e);

/* Whole numbers, one an item, of which `base` becomes 0, in memory that the caller frees
 * (s->labels). Pictures come first. 0 or -1. */
int dataset_labels_from_mat(
	struct dataset_source *s, const struct mat_array *a, int base, struct err *e);

#endif
