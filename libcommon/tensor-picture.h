/* SPDX-License-Identifier: ISC */
/* Tensors as pictures: many small ones of rank 4, one heat map of rank 1 or 2. */
#ifndef TENSOR_PICTURE_H
#define TENSOR_PICTURE_H

#include "image-colors.h"
#include "image-sheet.h"
#include "tensor-file.h"

#include <stdbool.h>

struct tensor_picture {
	/* Set by the caller: */
	const struct tensor *tensor;
	size_t shape[3]; /* [channels, height, width] of rows; 0: rank 2 is a heat map */
	enum image_colors colors; /* of values; three channels are red, green and blue */
	bool own_range;		  /* each picture has its own range */
	/* Set by tensor_picture_init, may be changed before the first is drawn: */
	struct image_range range;
	/* Its own: */
	size_t rows;	/* of the first dimension; of a heat map 1 */
	size_t per_row; /* pictures in one of them: its channels, unless they are 3 */
	size_t samples; /* values of one pixel: 1 or 3 */
	size_t height, width, values; /* of a picture */
	size_t first;		      /* the number of the first value that is shown */
};

/*
 * Takes rows [from, to) of the first dimension (of a heat map: lines). The range is 0 to 255
 * for U8; else from the least to the greatest finite value, or, where some are below 0, as far
 * below 0 as above it. 0, or -1 for a tensor that is no picture.
 */
int tensor_picture_init(struct tensor_picture *p, size_t from, size_t to, struct err *e);

/* The pictures; they live as long as p. */
struct image_tiles tensor_picture_tiles(const struct tensor_picture *p);

/* The weights of a model's first layer that has any of two dimensions or more: by their names
 * ("0.weight", "2.0.weight"). NULL and text where there are none. */
const struct tensor *tensor_picture_first(const struct tensor_set *s, struct err *e);

#endif
