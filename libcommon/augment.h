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

/* A shift in pixels; what moves in from outside is 0 (black), before mean and sd. */
struct shift {
	int dx, dy;
};

/* Uniform on [-jitter, jitter] in both directions: a pure function of its arguments. */
struct shift augment_shift(uint64_t seed, uint32_t epoch, uint32_t item, int jitter);

/*
 * The shift of view number `view` of an item. (2 jitter + 1)^2 views in a row are all shifts
 * that there are, each once, in an order of the item's own; then they come again. So few views
 * show a picture from as many sides as they can.
 */
struct shift augment_view(uint64_t seed, uint32_t view, uint32_t item, int jitter);

/* Item `item` of the data set as inputs [values]. Features take no shift. */
void augment_item(const struct dataset *d, const struct scaler *scaler, size_t item,
	struct shift s, float *input);

#endif
