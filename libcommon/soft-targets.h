/* SPDX-License-Identifier: ISC */
/*
 * Soft targets: what a teacher says of each item of a data set.
 *
 * On disk (potstill.kind = soft-targets): `values` F32, F16 or BF16 [views * items, C],
 * row view * items + item; metadata
 *   potstill.values       logits | zero-mean-logits | log-probabilities | probabilities
 *   potstill.temperature  of (log-)probabilities; absent for logits
 *   potstill.views, potstill.jitter, potstill.flip, potstill.view-seed   view v of item i is
 *                         augment_view(view-seed, v, i, {jitter, flip}); one clean view where
 *                         absent, and flip is there only as 1
 *   potstill.view-order   "each-shift-once", that of augment_view; where views are not clean
 *   potstill.dataset      fingerprint of the data set
 *   potstill.teacher      fingerprints of the models, separated by spaces (absent for targets
 *                         from elsewhere)
 *   potstill.input.values fingerprint of the file that targets from elsewhere were read from
 *   potstill.options      what was asked for (see lineage.h)
 */
#ifndef SOFT_TARGETS_H
#define SOFT_TARGETS_H

#include "augment.h"
#include "soft-values.h"
#include "tensor-file.h"

#define SOFT_TARGETS_VIEW_ORDER "each-shift-once"

struct soft_targets {
	enum soft_values values;
	double temperature; /* of (log-)probabilities, else 0 */
	size_t items, classes, views;
	struct augment augment; /* zeroes where every view is the clean picture */
	uint64_t view_seed;
	struct fingerprint dataset;
	struct fingerprint fingerprint;
	enum tensor_dtype dtype; /* as stored */
	const void *stored;	 /* [views * items][classes] */
	struct tensor_set set;	 /* owns the stored values */
};

/*
 * Loads and checks: kind, metadata, shape, and every row as soft_values_check says. 0, or -1
 * with the file's name (and the first bad row) in the text and s released.
 */
int soft_targets_load(
	struct soft_targets *s, const char *path, struct workers *w, struct err *e);
void soft_targets_release(struct soft_targets *s);

/*
 * Refuses targets that were made from another data set (fingerprint) or do not fit it (rows;
 * classes, where the data set has them). `path` is the targets' name in the text.
 */
int soft_targets_check(
	const struct soft_targets *s, const char *path, const struct dataset *d, struct err *e);

/*
 * Refuses a temperature that the values do not have: any will do for logits,
 * (log-)probabilities have their own.
 */
int soft_targets_check_temperature(
	const struct soft_targets *s, const char *path, double temperature, struct err *e);

/* Row `item` of view `view` as floats [classes], as stored: logits, or (log-)probabilities. */
void soft_targets_row(const struct soft_targets *s, size_t view, size_t item, float *row);

/*
 * The row as probabilities at `temperature`: softmax(logits / T); stored probabilities (or
 * the exponentials of log-probabilities) are divided by their sum, which is 1 but for the
 * rounding to their type (the caller has checked with
 * soft_targets_check_temperature that the temperatures agree).
 */
void soft_targets_probabilities(
	const struct soft_targets *s, size_t view, size_t item, double temperature, float *row);

/*
 * What a soft-targets file is made from. Values [views * items, classes] are given as F32
 * logits or (log-)probabilities in the kind that is to be stored, and encoded to `dtype`
 * (F32, F16 or BF16). Refuses what soft_targets_load would refuse, as logits that overflow
 * F16. 0 or -1; the text names the row, or the path where writing failed.
 */
struct soft_targets_source {
	const float *value;
	enum soft_values values;
	enum tensor_dtype dtype;
	double temperature;
	size_t items, classes, views;
	struct augment augment;
	uint64_t view_seed;
	struct fingerprint dataset;
	const char *teacher;		 /* the text of potstill.teacher, or NULL */
	const char *arithmetic;		 /* of the teacher's products, or NULL */
	const struct fingerprint *input; /* for potstill.input.values, or NULL */
	const char *options;		 /* for potstill.options, or NULL */
};
int soft_targets_save(const struct soft_targets_source *source, const char *path, int level,
	struct workers *w, struct err *e);

/* The same without the end, as tensor_file_write. */
int soft_targets_write(const struct soft_targets_source *source, struct outfile *o,
	const char *path, int level, struct workers *w, struct err *e);

#endif
