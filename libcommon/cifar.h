/* SPDX-License-Identifier: ISC */
/*
 * The binary batches of CIFAR-10 and CIFAR-100 (Alex Krizhevsky, "The CIFAR-10 dataset"):
 * records of a label, in CIFAR-100 a coarse one and a fine one, and 3072 bytes: the red, then
 * the green, then the blue plane of 32 x 32 pixels, row by row.
 */
#ifndef CIFAR_H
#define CIFAR_H

#include "fingerprint.h"

#include <stddef.h>
#include <stdint.h>

struct err;

#define CIFAR_SIDE 32
#define CIFAR_PIXELS ((size_t)3 * CIFAR_SIDE * CIFAR_SIDE)
#define CIFAR_COARSE 20 /* coarse classes of CIFAR-100 */

enum cifar_kind { CIFAR_UNKNOWN = 0, CIFAR_10 = 10, CIFAR_100 = 100 };

struct cifar {
	enum cifar_kind kind; /* how many (fine) classes there are */
	size_t items;
	uint8_t *images;		/* [items][3][32][32] */
	uint8_t *label, *coarse;	/* [items]; coarse is NULL in CIFAR-10 */
	struct fingerprint fingerprint; /* of the files' bytes, one behind the other */
};

/*
 * Reads batches, "-" being standard input, one behind the other. The kind, where it is unknown,
 * is told by their lengths. Refuses a file that does not consist of whole records, or of
 * another kind than the first, and labels beyond the kind's. 0, or -1 with the file's name in
 * the text and c released.
 */
int cifar_load(struct cifar *c, enum cifar_kind kind, const char *const *path, size_t files,
	struct err *e);
void cifar_release(struct cifar *c);

#endif
