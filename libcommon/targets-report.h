/* SPDX-License-Identifier: ISC */
/*
 * From a teacher's logits to the values that are stored, and what one should know of them: how
 * soft they are, whether they agree with the labels, and what their encoding costs.
 */
#ifndef TARGETS_REPORT_H
#define TARGETS_REPORT_H

#include "soft-targets.h"

#include <stddef.h>
#include <stdint.h>

struct err;
struct workers;

/* Where entropy and costs are measured: T = 1, 5, 20. */
#define TARGETS_TEMPERATURES 3
extern const double targets_temperature[TARGETS_TEMPERATURES];

/* KL(p||q) over the rows, p from the F32 values and q from the encoded ones, nats. */
struct targets_cost {
	double temperature;
	double kl, kl_max; /* mean and maximum; infinite where a probability was lost */
};

struct targets_report {
	size_t rows, classes;
	double entropy[TARGETS_TEMPERATURES]; /* mean over the rows, nats */
	size_t agreed; /* rows whose largest encoded value is at the label */
	int labelled;  /* whether there are labels */
	/* At each T for logits; at their own, which is the only one, for (log-)probabilities.
	 */
	struct targets_cost cost[TARGETS_TEMPERATURES];
	int costs;
	size_t lost; /* probabilities above 0 that are stored as 0 */
};

/*
 * Turns logits [views * items][classes] into s->values at s->temperature, in place, and
 * measures them as they will be read back from s->dtype. s->value need not be set yet. `label`
 * [items] or NULL. 0, or -1 with text: a value that its dtype cannot hold (F16 ends at 65504).
 */
int targets_report_make(struct targets_report *r, float *value,
	const struct soft_targets_source *s, const uint16_t *label, struct workers *w,
	struct err *e);

#endif
