/* SPDX-License-Identifier: ISC */
#include "metrics-agree.h"

#include "err.h"
#include "metrics.h"
#include "size.h"

#include <stdlib.h>

int metrics_agree_init(struct metrics_agree *m, const struct soft_targets *soft,
	double temperature, struct err *e)
{
	*m = (struct metrics_agree){.soft = soft, .temperature = temperature};
	m->target = size_alloc(soft->classes, sizeof *m->target, "a row of targets", e);
	m->log_p = size_alloc(soft->classes, 2 * sizeof *m->log_p, "probabilities", e);
	if (m->target == NULL || m->log_p == NULL) {
		metrics_agree_release(m);
		return -1;
	}
	m->log_q = m->log_p + soft->classes;
	return 0;
}

void metrics_agree_release(struct metrics_agree *m)
{
	free(m->target);
	free(m->log_p);
	*m = (struct metrics_agree){0};
}

void metrics_agree_add(
	struct metrics_agree *m, const float *logits, size_t view, size_t first, size_t n)
{
	size_t classes = m->soft->classes;

	for (size_t i = 0; i < n; i++) {
		const float *z = logits + i * classes;
		double kl;

		soft_targets_row(m->soft, view, first + i, m->target);
		metrics_log_probabilities(
			m->soft->values, m->target, classes, m->temperature, m->log_p);
		metrics_log_probabilities(SOFT_LOGITS, z, classes, m->temperature, m->log_q);
		kl = metrics_kl(m->log_p, m->log_q, classes);
		m->rows++;
		m->agreed += metrics_best(z, classes) == metrics_best(m->target, classes);
		m->kl += kl;
		if (!(kl <= m->kl_max))
			m->kl_max = kl;
	}
}
