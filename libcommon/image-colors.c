/* SPDX-License-Identifier: ISC */
#include "image-colors.h"

#include <math.h>
#include <string.h>

size_t image_colors_channels(enum image_colors c)
{
	return c == IMAGE_GRAY ? 1 : 3;
}

static uint8_t byte(double v)
{
	return (uint8_t)(255 * fmin(fmax(v, 0), 1) + 0.5);
}

void image_color(enum image_colors c, const struct image_range *r, double value, uint8_t *to)
{
	double v = r->high > r->low ? (value - r->low) / (r->high - r->low) : 0.5;

	if (isnan(value)) {
		memcpy(to, c == IMAGE_GRAY ? "\0" : "\xff\0\xff", image_colors_channels(c));
		return;
	}
	switch (c) {
	case IMAGE_GRAY:
		to[0] = byte(v);
		return;
	case IMAGE_HOT:
		for (int k = 0; k < 3; k++)
			to[k] = byte(3 * v - k);
		return;
	case IMAGE_BLUE_RED:
		to[0] = byte(2 * v);
		to[1] = byte(1 - fabs(2 * v - 1));
		to[2] = byte(2 - 2 * v);
		return;
	}
}
