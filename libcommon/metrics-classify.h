/* SPDX-License-Identifier: ISC */
/*
 * How well logits hit the labels:
 *
 *   error      the largest logit is not at the label (of equal ones the lowest class counts)
 *   top-5      the label is among the five largest
 *   log-loss   mean of -log p(label), p = softmax(logits), nats
 *   Brier      mean of sum_c (p_c - [c = label])^2, from 0 to 2 (Brier 1950)
 *   ECE        expected calibration error: items are put by their largest probability into 15
 *              bins of equal width, ((b-1)/15, b/15]; the mean over items of |share of hits -
 *              mean largest probability| of their bin (Guo et al. 2017, section 2)
 *   precision  hits / times predicted;  recall  hits / times it is the label
 *   F1         2 hits / (times predicted + times it is the label)
 *
 * A figure whose denominator is 0 is NaN. Macro averages are means over the classes where the
 * figure is defined.
 */
#ifndef METRICS_CLASSIFY_H
#define METRICS_CLASSIFY_H

#include "metrics-rows.h"

#include <stddef.h>
#include <stdint.h>

struct err;

#define METRICS_BINS 15

struct metrics_bin {
	size_t items, hits;
	double confidence; /* sum of the largest probabilities */
};

struct metrics_classify {
	size_t classes, items;
	size_t errors, errors5; /* errors5: the label is not among the first five */
	double log_loss, brier; /* sums over the items */
	struct metrics_bin bin[METRICS_BINS];
	size_t *label, *predicted, *hit; /* [classes]: how often */
	size_t *confusion;		 /* [label][predicted], or NULL */
	struct metrics_rows work;
};

/* Starts at no items; with `confusion`, counts pairs too. 0, or -1 with text. */
int metrics_classify_init(
	struct metrics_classify *m, size_t classes, int confusion, struct err *e);
void metrics_classify_release(struct metrics_classify *m);

/*
 * Adds n items: finite logits [n][classes], labels below `classes`. Sets hit[i] to 1 where the
 * item is no error, else to 0; hit may be NULL.
 */
void metrics_classify_add(struct metrics_classify *m, const float *logits,
	const uint16_t *label, size_t n, uint8_t *hit);

/* The figures of all items so far. */
struct metrics_summary {
	double accuracy, top5, log_loss, ece, brier;
};
struct metrics_summary metrics_classify_summary(const struct metrics_classify *m);

/* The figures of a class; of all classes (macro average; `items` is then the sum). */
struct metrics_class {
	size_t items;
	double precision, recall, f1;
};
struct metrics_class metrics_classify_class(const struct metrics_classify *m, size_t c);
struct metrics_class metrics_classify_macro(const struct metrics_classify *m);

#endif
