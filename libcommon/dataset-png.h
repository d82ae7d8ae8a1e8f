/* SPDX-License-Identifier: ISC */
/* PNG files as the pictures of a data set: all of one size, grey or RGB. */
#ifndef DATASET_PNG_H
#define DATASET_PNG_H

#include "dataset.h"
#include "image-resize.h"

struct workers;

enum dataset_png_color { DATASET_PNG_AUTO, DATASET_PNG_GRAY, DATASET_PNG_RGB };

struct dataset_png {
	/* Set by the caller: */
	const char *const *path; /* [files] */
	size_t files;
	enum dataset_png_color color; /* AUTO: grey where all files are stored as grey */
	uint8_t background[3];	      /* see image.h */
	struct image_fit fit; /* to this size; width 0: as they are, which must be the same */
	bool skip_bad;	      /* leave out pictures that are broken */
	struct workers *workers;
	void (*progress)(size_t done, size_t all); /* called now and then by the thread that
						      called; or NULL */
	/* The result: */
	size_t items; /* pictures that are good: files - bad */
	size_t bad;
	char **why; /* [files]: what is wrong with a picture, its name before it; NULL for a
		       good one */
	struct shape shape;
	uint8_t *images;		/* [items][channels][height][width] */
	struct fingerprint fingerprint; /* XXH3-128 of those of the files used, in their order:
					   of each as u64-LE the high and the low word */
};

/*
 * Reads all headers, then all pictures, by all workers: the same bytes for any number of
 * them, and of several errors of headers, or of pictures, the first file's. The memory for the
 * whole set and for the largest picture in each worker is held against the limit before it is
 * allocated. 0, or -1 with the file's name in the text and p released.
 */
int dataset_png_load(struct dataset_png *p, struct err *e);
void dataset_png_release(struct dataset_png *p);

#endif
