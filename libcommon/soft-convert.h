/* SPDX-License-Identifier: ISC */
/* Soft targets from elsewhere: rows in one kind of values to rows in another. */
#ifndef SOFT_CONVERT_H
#define SOFT_CONVERT_H

#include "dataset.h"
#include "npy.h"
#include "soft-values.h"

/*
 * `temperature` is that of the (log-)probabilities on either side. From logits v to
 * probabilities it is softmax(v / T); from probabilities p back to logits it is T log(p), which
 * is v but for a constant, so a p of 0 has none and is refused. `normalise` scales
 * probabilities to a sum of 1, for rows that were rounded more coarsely than they will be
 * stored.
 */
struct soft_conversion {
	enum soft_values from, to;
	double temperature;
	bool normalise;
};

/*
 * Takes an array of floats [items, classes] that belongs to d: checks its shape, and each row
 * as soft_values_check does, and converts it in double arithmetic. Returns the values
 * [items][classes], which the caller frees; or NULL with the fault, or the first bad row, in
 * the text, which the caller completes with the array's file.
 */
float *soft_convert(const struct soft_conversion *c, const struct npy *a,
	const struct dataset *d, struct err *e);

#endif
