/* SPDX-License-Identifier: ISC */
#include "metrics-rows.h"

#include "size.h"
#include "vector.h"

#include <math.h>
#include <stdlib.h>

int metrics_rows_init(struct metrics_rows *m, size_t classes, struct err *e)
{
	*m = (struct metrics_rows){.classes = classes};
	m->p = size_alloc(classes, 2 * METRICS_ROWS * sizeof *m->p, "rows of probabilities", e);
	if (m->p == NULL)
		return -1;
	m->log_p = m->p + METRICS_ROWS * classes;
	return 0;
}

void metrics_rows_release(struct metrics_rows *m)
{
	free(m->p);
	*m = (struct metrics_rows){0};
}

static void turn(const float *value, size_t rows, size_t classes, double *to)
{
	for (size_t c = 0; c < classes; c++)
		for (size_t r = 0; r < rows; r++)
			to[c * rows + r] = (double)value[r * classes + c];
}

/* d = (z - largest z) / T */
VECTOR_CLONES static void subtract_largest(
	double *d, size_t rows, size_t classes, double temperature)
{
	double largest[METRICS_ROWS], inverse = 1 / temperature;

	for (size_t r = 0; r < rows; r++)
		largest[r] = d[r];
	for (size_t c = 1; c < classes; c++)
		VECTOR_LOOP for (size_t r = 0; r < rows; r++) largest[r] =
			d[c * rows + r] > largest[r] ? d[c * rows + r] : largest[r];
	for (size_t c = 0; c < classes; c++)
		VECTOR_LOOP for (size_t r = 0; r < rows; r++) d[c * rows + r] =
			(d[c * rows + r] - largest[r]) * inverse;
}

/* The sum of each row's exponentials but one that is 1, the largest: beside it small ones
 * would be lost. Where none is 1, the sum less 1. */
VECTOR_CLONES static void sum_rest(const double *e, size_t rows, size_t classes, double *rest)
{
	double ones[METRICS_ROWS] = {0};

	for (size_t r = 0; r < rows; r++)
		rest[r] = 0;
	for (size_t c = 0; c < classes; c++)
		VECTOR_LOOP for (size_t r = 0; r < rows; r++)
		{
			double v = e[c * rows + r], one = vector_where(v == 1, 1);

			rest[r] += v - one;
			ones[r] += one;
		}
	for (size_t r = 0; r < rows; r++)
		rest[r] += ones[r] - 1;
}

/* From exponentials and their arguments to what sums to 1, by 1 + rest. Its logarithm is log1p
 * of the rest, which libm takes twice as long for: what rounding takes from the sum is added.
 */
VECTOR_CLONES static void divide(struct metrics_rows *m, const double *rest)
{
	double inverse[METRICS_ROWS], log_sum[METRICS_ROWS];
	size_t rows = m->rows;

	for (size_t r = 0; r < rows; r++) {
		double sum = 1 + rest[r], lost = rest[r] - (sum - 1);

		inverse[r] = 1 / sum;
		log_sum[r] = log(sum) + lost * inverse[r];
	}
	for (size_t c = 0; c < m->classes; c++) {
		double *p = m->p + c * rows, *log_p = m->log_p + c * rows;

		VECTOR_LOOP for (size_t r = 0; r < rows; r++)
		{
			p[r] *= inverse[r];
			log_p[r] -= log_sum[r];
		}
	}
}

void metrics_rows_normalise(struct metrics_rows *m)
{
	double rest[METRICS_ROWS];

	sum_rest(m->p, m->rows, m->classes, rest);
	divide(m, rest);
}

static void softmax(struct metrics_rows *m, double temperature)
{
	subtract_largest(m->log_p, m->rows, m->classes, temperature);
	vector_exp(m->log_p, m->rows * m->classes, m->p);
	metrics_rows_normalise(m);
}

void metrics_rows_take(struct metrics_rows *m, enum soft_values kind, const float *value,
	size_t rows, double temperature)
{
	size_t n = rows * m->classes;

	m->rows = rows;
	turn(value, rows, m->classes, kind == SOFT_PROBABILITIES ? m->p : m->log_p);
	if (kind == SOFT_PROBABILITIES)
		for (size_t i = 0; i < n; i++)
			m->log_p[i] = log(m->p[i]);
	else if (kind == SOFT_LOG_PROBABILITIES)
		vector_exp(m->log_p, n, m->p);
	else
		softmax(m, temperature);
}

VECTOR_CLONES void metrics_rows_entropy(const struct metrics_rows *m, double *entropy)
{
	size_t rows = m->rows;

	for (size_t r = 0; r < rows; r++)
		entropy[r] = 0;
	for (size_t c = 0; c < m->classes; c++) {
		const double *p = m->p + c * rows, *log_p = m->log_p + c * rows;

		VECTOR_LOOP for (size_t r = 0; r < rows; r++) entropy[r] -=
			vector_where(p[r] != 0, p[r] * log_p[r]);
	}
}

/* p d - p + q, d = log p - log q; where they are close and that would be what rounding left,
 * by the first terms of its series. Either way to 9 digits. */
static inline double divergence(double p, double q, double d)
{
	double series = p * d * d * (0.5 - d * (1.0 / 6 - d * (1.0 / 24)));
	double sum = vector_where(p != 0, p * d) + (q - p);
	int close = fabs(d) < 0x1p-9;

	return vector_where(close, series) + vector_where(!close, sum);
}

VECTOR_CLONES static void add_divergence(
	const struct metrics_rows *of, const struct metrics_rows *by, double *kl)
{
	size_t rows = of->rows;

	for (size_t c = 0; c < of->classes; c++) {
		const double *p = of->p + c * rows, *log_p = of->log_p + c * rows;
		const double *q = by->p + c * rows, *log_q = by->log_p + c * rows;

		VECTOR_LOOP for (size_t r = 0; r < rows; r++) kl[r] +=
			divergence(p[r], q[r], log_p[r] - log_q[r]);
	}
}

void metrics_rows_kl(const struct metrics_rows *p, const struct metrics_rows *q, double *kl)
{
	for (size_t r = 0; r < p->rows; r++)
		kl[r] = 0;
	add_divergence(p, q, kl);
	for (size_t r = 0; r < p->rows; r++)
		kl[r] = kl[r] > 0 || isnan(kl[r]) ? kl[r] : 0;
}
