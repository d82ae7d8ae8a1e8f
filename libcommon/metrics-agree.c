/* SPDX-License-Identifier: ISC */
#include "metrics-agree.h"

#include "err.h"
#include "metrics.h"
#include "size.h"

#include <stdlib.h>

int metrics_agree_init(struct metrics_agree *m, const struct soft_targets *soft,
	double temperature, struct err *e)
{
	size_t classes = soft->classes;

	*m = (struct metrics_agree){.soft = soft, .temperature = temperature};
	m->target = size_alloc(classes, METRICS_ROWS * sizeof *m->target, "rows of targets", e);
	if (m->target == NULL || metrics_rows_init(&m->p, classes, e) ||
		metrics_rows_init(&m->q, classes, e)) {
		metrics_agree_release(m);
		return -1;
	}
	return 0;
}

void metrics_agree_release(struct metrics_agree *m)
{
	free(m->target);
	metrics_rows_release(&m->p);
	metrics_rows_release(&m->q);
	*m = (struct metrics_agree){0};
}

/* Of the rows of m->target. */
static void add_rows(struct metrics_agree *m, const float *logits, size_t rows)
{
	size_t classes = m->soft->classes;
	double kl[METRICS_ROWS];

	metrics_rows_take(&m->p, m->soft->values, m->target, rows, m->temperature);
	if (soft_values_fixed(m->soft->values))
		metrics_rows_normalise(&m->p);
	metrics_rows_take(&m->q, SOFT_LOGITS, logits, rows, m->temperature);
	metrics_rows_kl(&m->p, &m->q, kl);
	for (size_t r = 0; r < rows; r++) {
		m->agreed += metrics_best(logits + r * classes, classes) ==
			     metrics_best(m->target + r * classes, classes);
		m->kl += kl[r];
		if (!(kl[r] <= m->kl_max))
			m->kl_max = kl[r];
	}
	m->rows += rows;
}

void metrics_agree_add(
	struct metrics_agree *m, const float *logits, size_t view, size_t first, size_t n)
{
	size_t classes = m->soft->classes, rows;

	for (size_t i = 0; i < n; i += rows) {
		rows = size_min(n - i, METRICS_ROWS);
		for (size_t r = 0; r < rows; r++)
			soft_targets_row(m->soft, view, first + i + r, m->target + r * classes);
		add_rows(m, logits + i * classes, rows);
	}
}
