/* SPDX-License-Identifier: ISC */
/* One model on one labelled data set: run, measured and compared with soft targets. */
#ifndef METRICS_MODEL_H
#define METRICS_MODEL_H

#include "fingerprint.h"
#include "metrics-agree.h"
#include "metrics-classify.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct workers;

struct metrics_model {
	/* Set by the caller, who keeps alive what it points to: */
	const struct dataset *data;	 /* with labels */
	const struct soft_targets *soft; /* of this data set, or NULL */
	double temperature;		 /* for soft; see metrics-agree.h */
	int confusion;
	struct workers *workers;
	void (*progress)(void *arg, size_t done); /* items; may be NULL */
	void *progress_arg;
	/* Filled by metrics_model_run: */
	struct fingerprint fingerprint;
	struct metrics_classify classify;
	struct metrics_agree
		agree; /* every view of the targets, the picture shifted as theirs */
	uint8_t *hit;  /* [items]: 1 where the item is no error */
	size_t params, macs;
	double seconds; /* gathering and running the clean items once, without the metrics */
};

/*
 * Loads the model and measures it. 0, or -1 with the file's name in the text and m released: a
 * model that does not fit the data or the targets, or whose logits are not finite.
 */
int metrics_model_run(struct metrics_model *m, const char *path, struct err *e);
void metrics_model_release(struct metrics_model *m);

#endif
