/* SPDX-License-Identifier: ISC */
/* Arrays of NumPy as parts of a data set. Texts are to be completed with the array's file. */
#ifndef DATASET_NPY_H
#define DATASET_NPY_H

#include "dataset.h"
#include "npy.h"

/*
 * Bytes [items, height, width] or [items, channels, height, width] become images; where
 * channels_last, [items, height, width, channels] are brought into that order, in place. The
 * source points into the array. 0 or -1, as all below.
 */
int dataset_images_from_npy(
	struct dataset_source *s, struct npy *a, bool channels_last, struct err *e);

/* Numbers [items, ...] become features; the array is turned into floats, the source points into
 * it. */
int dataset_features_from_npy(struct dataset_source *s, struct npy *a, struct err *e);

/*
 * Integers [items] or [items, 1] from 0 up become labels, in memory that the caller frees
 * (s->labels). Inputs come first: their number of items must agree.
 */
int dataset_labels_from_npy(struct dataset_source *s, const struct npy *a, struct err *e);

#endif
