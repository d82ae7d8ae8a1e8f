/* SPDX-License-Identifier: ISC */
/*
 * A data set: pictures as bytes (or features as floats), labels, class names.
 *
 * On disk (potstill.kind = dataset): `images` U8 [N,C,H,W] or `features` F32 [N,D];
 * `labels` U8 or U16 [N], which may be missing; metadata potstill.classes (the
 * number of classes) and potstill.class-names (a JSON array of strings), both optional.
 */
#ifndef DATASET_H
#define DATASET_H

#include "fingerprint.h"
#include "tensor-file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct workers;

#define DATASET_MAX_CLASSES 65536 /* labels are U16 at most */

/* What one item looks like; features of D numbers are D x 1 x 1. */
struct shape {
	size_t channels, height, width;
};

size_t shape_values(const struct shape *s);

/* Whether items of one can stand for the other's: the same shape, or as many values where one
 * of the two is a plain vector. */
bool shape_fits(const struct shape *a, const struct shape *b);

struct dataset {
	size_t items;
	struct shape shape;
	const uint8_t *images;	 /* [items][values], or NULL for features */
	const float *features;	 /* [items][values], or NULL for images */
	uint16_t *labels;	 /* [items], or NULL where the file has none */
	size_t classes;		 /* 0 where there are no labels and none are declared */
	const char *class_names; /* the JSON array as stored, or NULL */
	struct fingerprint fingerprint;
	struct tensor_set set; /* owns all of it but the labels */
};

/*
 * Loads and checks a data set: kind, ranks, dtypes, equal counts, labels below the
 * number of classes, no NaN or infinity among features, at least one item. 0, or -1
 * with the file's name in the text and d released.
 */
int dataset_load(struct dataset *d, const char *path, struct workers *w, struct err *e);
/* The same for a set that is loaded already, which becomes d's. */
int dataset_take(struct dataset *d, struct tensor_set *s, const char *path, struct err *e);
void dataset_release(struct dataset *d);

/*
 * What a data-set file is made from. dataset_pack adds tensors and metadata to an empty set,
 * which points to the caller's data; the caller adds the lineage and saves it. Labels
 * become U8 in place (this overwrites them) where 256 classes or fewer need no more. 0 or -1.
 */
struct dataset_source {
	size_t items;
	struct shape shape;
	const uint8_t *images; /* [items][values]; one of images and features */
	const float *features; /* [items][values] */
	uint16_t *labels;      /* [items], or NULL */
	size_t classes;	       /* 0: as many as there are names, else up to the largest label */
	const char *class_names; /* a JSON array, or NULL */
	/* Where they are from, for messages about them; NULL where the text names nothing. */
	struct {
		const char *items, *labels, *names;
	} from;
};
int dataset_pack(struct tensor_set *set, struct dataset_source *s, struct err *e);

/*
 * Labels from an array of numbers, one an item, of which `base` becomes 0, in memory that the
 * caller frees (s->labels). The items come first: their number must agree. 0 or -1.
 */
int dataset_source_labels(struct dataset_source *s, size_t labels,
	double (*number)(const void *array, size_t i), const void *array, int base,
	struct err *e);

/* -1 with text unless d has labels. `path` is what the text calls it. */
int dataset_need_labels(const struct dataset *d, const char *path, struct err *e);

#endif
