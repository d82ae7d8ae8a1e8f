/* SPDX-License-Identifier: ISC */
/*
 * Soft targets: what a teacher says of each item of a data set.
 *
 * On disk (potstill.kind = soft-targets): `values` F32, F16 or BF16 [views * items, C],
 * row view * items + item; metadata
 *   potstill.values       logits | zero-mean-logits | log-probabilities | probabilities
 *   potstill.temperature  of (log-)probabilities; absent for logits
 *   potstill.views, potstill.jitter, potstill.view-seed   view v of item i is shifted by
 *                         augment_shift(view-seed, v, i, jitter); one clean view where absent
 *   potstill.dataset      fingerprint of the data set
 *   potstill.teacher      fingerprints of the models, separated by spaces (absent for targets
 *                         from elsewhere)
 */
#ifndef SOFT_TARGETS_H
#define SOFT_TARGETS_H

#include "dataset.h"
#include "tensor-file.h"

enum soft_values {
	SOFT_LOGITS,
	SOFT_ZERO_MEAN_LOGITS,
	SOFT_LOG_PROBABILITIES,
	SOFT_PROBABILITIES
};

/* "logits" ... "probabilities"; parse returns -1 for an unknown name. */
const char *soft_values_name(enum soft_values v);
int soft_values_parse(const char *name);

struct soft_targets {
	enum soft_values values;
	double temperature; /* of (log-)probabilities, else 0 */
	size_t items, classes, views;
	int jitter; /* pixels; 0 where every view is the clean picture */
	uint64_t view_seed;
	struct fingerprint dataset;
	struct fingerprint fingerprint;
	enum tensor_dtype dtype; /* as stored */
	struct tensor_set set;	 /* owns the stored values */
};

/* Loads and checks: kind, metadata, shape, finite values, probabilities in range and summing
 * to 1. */
int soft_targets_load(
	struct soft_targets *s, const char *path, struct workers *w, struct err *e);
void soft_targets_release(struct soft_targets *s);

/* Refuses targets that were made from another data set (fingerprint) or do not fit it (rows,
 * classes). */
int soft_targets_check(
	const struct soft_targets *s, const char *path, const struct dataset *d, struct err *e);

/* Row `item` of view `view` as floats [classes], as stored: logits, or (log-)probabilities. */
void soft_targets_row(const struct soft_targets *s, size_t view, size_t item, float *row);

/*
 * The row as probabilities at `temperature`: softmax(logits / T); stored (log-)probabilities
 * are returned as they are (the caller has checked that the temperatures agree).
 */
void soft_targets_probabilities(
	const struct soft_targets *s, size_t view, size_t item, double temperature, float *row);

/*
 * What a soft-targets file is made from. Values [views * items, classes] are given as F32
 * logits or (log-)probabilities in the kind that is to be stored, and encoded to `dtype`.
 * `teacher` is the text of potstill.teacher or NULL. 0 or -1.
 */
struct soft_targets_source {
	const float *value;
	enum soft_values values;
	enum tensor_dtype dtype;
	double temperature;
	size_t items, classes, views;
	int jitter;
	uint64_t view_seed;
	struct fingerprint dataset;
	const char *teacher;
};
int soft_targets_save(const struct soft_targets_source *source, const char *path, int level,
	struct workers *w, struct err *e);

#endif
