/* SPDX-License-Identifier: ISC */
/* Numbers as colours. */
#ifndef IMAGE_COLORS_H
#define IMAGE_COLORS_H

#include <stddef.h>
#include <stdint.h>

enum image_colors {
	IMAGE_GRAY,    /* black to white */
	IMAGE_HOT,     /* black, red, yellow, white: grows brighter all the way */
	IMAGE_BLUE_RED /* blue to white in the middle to red */
};

/* The values of the two ends; those beyond have the ends' colours. */
struct image_range {
	double low, high;
};

/* 1 or 3 bytes a value. */
size_t image_colors_channels(enum image_colors c);

/* The colour of a value: image_colors_channels(c) bytes. NaN is magenta, of grey black. */
void image_color(enum image_colors c, const struct image_range *r, double value, uint8_t *to);

#endif
