/* SPDX-License-Identifier: ISC */
/*
 * Logits of a teacher, or the mean logits of several, for every view of every item: what soft
 * targets are made from. The mean of logits is the geometric mean of the teachers'
 * probabilities at any temperature.
 */
#ifndef TARGETS_MAKE_H
#define TARGETS_MAKE_H

#include "augment.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct workers;

struct targets_make {
	/* Set by the caller, who keeps alive what it points to: */
	const struct dataset *data;
	const char *const *model; /* paths of the teachers */
	size_t models;
	size_t views;		/* at least 1 */
	struct augment augment; /* view v of item i is augment_view(view_seed, v, i, augment) */
	uint64_t view_seed;
	size_t spare; /* bytes a value that the caller needs later on: they are checked too */
	struct workers *workers;
	/* Called now and then with the number of rows done of `total`; may be NULL. */
	void (*progress)(void *arg, size_t done, size_t total);
	void *progress_arg;
	/* Filled by targets_make_run: */
	size_t classes, rows; /* rows = views * items; of all teachers */
	float *value;	      /* [rows][classes] logits, row view * items + item */
	char *teacher;	      /* fingerprints, separated by spaces */
	char *class_names;    /* of the first teacher that has some, else NULL */
};

/*
 * Loads one teacher after the other and runs it. 0, or -1 with text and t released: a model
 * that does not fit the data, that has another number of classes than the first or other names
 * for them, whose logits are not finite; too much memory (before anything runs).
 */
int targets_make_run(struct targets_make *t, struct err *e);
void targets_make_release(struct targets_make *t);

#endif
