/* SPDX-License-Identifier: ISC */
#include "metrics-classify.h"

#include "err.h"
#include "metrics.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

int metrics_classify_init(
	struct metrics_classify *m, size_t classes, int confusion, struct err *e)
{
	size_t pairs;

	*m = (struct metrics_classify){.classes = classes};
	if (size_mul(classes, classes, &pairs))
		return err_set(e, "a confusion matrix of %zu classes is too large", classes);
	m->label = size_alloc(classes, 3 * sizeof *m->label, "counts of classes", e);
	if (m->label == NULL || metrics_rows_init(&m->work, classes, e))
		goto fail;
	m->predicted = m->label + classes;
	m->hit = m->predicted + classes;
	if (confusion) {
		m->confusion =
			size_alloc(pairs, sizeof *m->confusion, "the confusion matrix", e);
		if (m->confusion == NULL)
			goto fail;
	}
	return 0;
fail:
	metrics_classify_release(m);
	return -1;
}

void metrics_classify_release(struct metrics_classify *m)
{
	free(m->label);
	free(m->confusion);
	metrics_rows_release(&m->work);
	*m = (struct metrics_classify){0};
}

/* Of the work's row r. */
static double brier(const struct metrics_rows *work, size_t r, size_t label)
{
	double sum = 0;

	for (size_t c = 0; c < work->classes; c++) {
		double off = work->p[c * work->rows + r] - (c == label);

		sum += off * off;
	}
	return sum;
}

static void add_to_bin(struct metrics_classify *m, double confidence, int hit)
{
	double place = ceil(confidence * METRICS_BINS) - 1;
	size_t b = place > 0 ? (size_t)place : 0;
	struct metrics_bin *bin = &m->bin[b < METRICS_BINS ? b : METRICS_BINS - 1];

	bin->items++;
	bin->hits += (size_t)hit;
	bin->confidence += confidence;
}

/* The item in the work's row r. */
static int add_item(struct metrics_classify *m, const float *logit, size_t r, size_t label)
{
	size_t best = metrics_best(logit, m->classes);
	size_t rank = metrics_rank(logit, m->classes, label);
	size_t rows = m->work.rows;
	int hit = rank == 0;

	m->items++;
	m->errors += !hit;
	m->errors5 += rank >= 5;
	m->log_loss -= m->work.log_p[label * rows + r];
	m->brier += brier(&m->work, r, label);
	add_to_bin(m, m->work.p[best * rows + r], hit);
	m->label[label]++;
	m->predicted[best]++;
	m->hit[label] += (size_t)hit;
	if (m->confusion != NULL)
		m->confusion[label * m->classes + best]++;
	return hit;
}

void metrics_classify_add(struct metrics_classify *m, const float *logits,
	const uint16_t *label, size_t n, uint8_t *hit)
{
	for (size_t i = 0; i < n; i++) {
		const float *logit = logits + i * m->classes;
		size_t r = i % METRICS_ROWS;
		int right;

		if (r == 0)
			metrics_rows_take(
				&m->work, SOFT_LOGITS, logit, size_min(n - i, METRICS_ROWS), 1);
		right = add_item(m, logit, r, label[i]);
		if (hit != NULL)
			hit[i] = (uint8_t)right;
	}
}

/* NaN for 0 / 0; no caller has another numerator over 0. */
static double ratio(double numerator, double denominator)
{
	return denominator > 0 ? numerator / denominator : (double)NAN;
}

struct metrics_summary metrics_classify_summary(const struct metrics_classify *m)
{
	double items = (double)m->items, gaps = 0;

	for (int b = 0; b < METRICS_BINS; b++)
		gaps += fabs((double)m->bin[b].hits - m->bin[b].confidence);
	return (struct metrics_summary){
		.accuracy = ratio((double)(m->items - m->errors), items),
		.top5 = ratio((double)(m->items - m->errors5), items),
		.log_loss = ratio(m->log_loss, items),
		.ece = ratio(gaps, items),
		.brier = ratio(m->brier, items),
	};
}

struct metrics_class metrics_classify_class(const struct metrics_classify *m, size_t c)
{
	double hits = (double)m->hit[c], label = (double)m->label[c],
	       predicted = (double)m->predicted[c];

	return (struct metrics_class){
		.items = m->label[c],
		.precision = ratio(hits, predicted),
		.recall = ratio(hits, label),
		.f1 = ratio(2 * hits, predicted + label),
	};
}

struct mean {
	double sum;
	double n;
};

static void mean_add(struct mean *m, double v)
{
	if (isnan(v))
		return;
	m->sum += v;
	m->n++;
}

struct metrics_class metrics_classify_macro(const struct metrics_classify *m)
{
	struct mean precision = {0, 0}, recall = {0, 0}, f1 = {0, 0};

	for (size_t c = 0; c < m->classes; c++) {
		struct metrics_class k = metrics_classify_class(m, c);

		mean_add(&precision, k.precision);
		mean_add(&recall, k.recall);
		mean_add(&f1, k.f1);
	}
	return (struct metrics_class){
		.items = m->items,
		.precision = ratio(precision.sum, precision.n),
		.recall = ratio(recall.sum, recall.n),
		.f1 = ratio(f1.sum, f1.n),
	};
}
