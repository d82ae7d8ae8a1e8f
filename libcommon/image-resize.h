/* SPDX-License-Identifier: ISC */
/*
 * Pictures brought to one size. Every target pixel is a weighted mean of the source pixels that
 * it covers, first down the columns, then along the rows, in floats, rounded once.
 *
 * IMAGE_BILINEAR: a triangle that is as wide as two target pixels where the picture shrinks, so
 * that nothing is skipped, and two source pixels where it grows (what Pillow's BILINEAR and
 * PyTorch's interpolate with antialias=True do). IMAGE_AREA: the mean of the area that a target
 * pixel covers where the picture shrinks; bilinear where it grows.
 */
#ifndef IMAGE_RESIZE_H
#define IMAGE_RESIZE_H

#include "image.h"

enum image_filter { IMAGE_BILINEAR, IMAGE_AREA };

struct image_fit {
	size_t width, height; /* of the result; neither is 0 */
	enum image_filter filter;
	bool crop; /* of another aspect ratio: the largest part in the middle; else stretched */
};

/* Weights and rows of one thread, kept between pictures; zero it before the first. */
struct image_resizer {
	struct image_axis {
		size_t from, to,
			most; /* source and target pixels, weights a target has at most */
		enum image_filter filter;
		size_t *first, *count; /* [to]: which source pixels */
		float *weight;	       /* [to][most] */
	} down, along;
	float *row;
	size_t room;
};

void image_resizer_release(struct image_resizer *r);

/*
 * The picture, fitted, as planes [channels][height][width] at `planes`. A picture that has the
 * size keeps its bytes. 0, or -1 where there is no memory.
 */
int image_resize(struct image_resizer *r, const struct image *i, const struct image_fit *f,
	uint8_t *planes, struct err *e);

#endif
