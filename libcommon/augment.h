/* SPDX-License-Identifier: ISC */
/* Pictures shifted at random, and bytes turned into a net's inputs. */
#ifndef AUGMENT_H
#define AUGMENT_H

#include "dataset.h"

#include <stddef.h>
#include <stdint.h>

/* What a model does to pixels: (byte / 255 - mean) / sd. Features: (value - mean) / sd. */
struct preprocess {
	double mean, sd;
};

/* The same as one product and one sum in float: two divisions a pixel take time. */
struct scaler {
	float gain, offset; /* input = byte * gain + offset */
	float mean, sd;	    /* input = (feature - mean) / sd */
};

void scaler_init(struct scaler *s, const struct preprocess *p);

#define AUGMENT_MAX_JITTER 1000

/* What may happen to pictures. */
struct augment {
	int jitter; /* shifted by up to so many pixels in both directions; 0 for not */
	int flip;   /* mirrored, left and right changed, half of the time */
};

/* A picture is mirrored, then shifted by pixels; what moves in from outside is 0 (black),
 * before mean and sd. */
struct shift {
	int dx, dy;
	int flip;
};

/* Whether pictures are anything but what they are. */
int augment_any(const struct augment *a);

/*
 * Uniform on [-jitter, jitter] in both directions, and mirrored with probability 1/2: a pure
 * function of its arguments, and the shift does not depend on a->flip.
 */
struct shift augment_shift(
	uint64_t seed, uint32_t epoch, uint32_t item, const struct augment *a);

/*
 * The shift of view number `view` of an item. (2 jitter + 1)^2 views in a row, twice as many
 * with flip, are all that there are, each once, in an order of the item's own; then they come
 * again. So few views show a picture from as many sides as they can.
 */
struct shift augment_view(uint64_t seed, uint32_t view, uint32_t item, const struct augment *a);

/* Item `item` of the data set as inputs [values]. Features take no shift. */
void augment_item(const struct dataset *d, const struct scaler *scaler, size_t item,
	struct shift s, float *input);

#endif
