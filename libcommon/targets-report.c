/* SPDX-License-Identifier: ISC */
#include "targets-report.h"

#include "err.h"
#include "metrics.h"
#include "size.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>

/* Rows are summed in parts of this size, and then the parts: in one order for any number of
 * threads. */
#define PART 1024

const double targets_temperature[TARGETS_TEMPERATURES] = {1, 5, 20};

/* Room for one row, per worker. */
struct scratch {
	double *log_p[TARGETS_TEMPERATURES], *log_q; /* [classes] */
	float *decoded;				     /* [classes] */
	void *stored;
};

/* Sums over the rows of one part. */
struct sums {
	double entropy[TARGETS_TEMPERATURES];
	double kl[TARGETS_TEMPERATURES], kl_max[TARGETS_TEMPERATURES];
	size_t agreed, lost;
	size_t bad; /* 1 + the first value that does not fit, or 0 */
};

struct job {
	float *value;
	const struct soft_targets_source *source;
	const uint16_t *label;
	size_t rows;
	int costs;
	double cost_at[TARGETS_TEMPERATURES];
	struct scratch *scratch; /* per worker */
	struct sums *sums;	 /* per part */
};

static void convert(const struct soft_targets_source *s, float *row)
{
	switch (s->values) {
	case SOFT_LOGITS:
		break;
	case SOFT_ZERO_MEAN_LOGITS:
		soft_values_centre(row, 1, s->classes);
		break;
	case SOFT_LOG_PROBABILITIES:
		soft_values_log_softmax(row, s->classes, s->temperature, row);
		break;
	case SOFT_PROBABILITIES:
		soft_values_softmax(row, s->classes, s->temperature, row);
		break;
	}
}

static void measure_entropy(
	const float *logit, size_t classes, const struct scratch *work, struct sums *sums)
{
	for (int t = 0; t < TARGETS_TEMPERATURES; t++) {
		metrics_log_probabilities(
			SOFT_LOGITS, logit, classes, targets_temperature[t], work->log_p[t]);
		sums->entropy[t] += metrics_entropy(work->log_p[t], classes);
	}
}

/* Encodes the row and reads it back; notes the first value that does not survive. */
static void encode(
	const struct job *j, size_t at, const struct scratch *work, struct sums *sums)
{
	const struct soft_targets_source *s = j->source;
	const float *row = j->value + at * s->classes;

	soft_values_encode(s->dtype, row, s->classes, work->stored);
	soft_values_decode(s->dtype, work->stored, s->classes, work->decoded);
	for (size_t c = 0; c < s->classes; c++) {
		if (!isfinite(work->decoded[c]) && sums->bad == 0)
			sums->bad = at * s->classes + c + 1;
		if (s->values == SOFT_PROBABILITIES)
			sums->lost += row[c] > 0 && work->decoded[c] <= 0;
	}
}

/* Of logits measure_entropy has left what is exact. */
static void measure_cost(
	const struct job *j, const float *row, const struct scratch *work, struct sums *sums)
{
	const struct soft_targets_source *s = j->source;

	for (int t = 0; t < j->costs; t++) {
		double kl;

		if (soft_values_fixed(s->values))
			metrics_log_probabilities(
				s->values, row, s->classes, j->cost_at[t], work->log_p[t]);
		metrics_log_probabilities(
			s->values, work->decoded, s->classes, j->cost_at[t], work->log_q);
		kl = metrics_kl(work->log_p[t], work->log_q, s->classes);
		sums->kl[t] += kl;
		if (!(kl <= sums->kl_max[t]))
			sums->kl_max[t] = kl;
	}
}

static void do_part(void *arg, size_t part, int worker)
{
	const struct job *j = arg;
	const struct soft_targets_source *s = j->source;
	const struct scratch *work = &j->scratch[worker];
	struct sums *sums = &j->sums[part];
	size_t end = (part + 1) * PART < j->rows ? (part + 1) * PART : j->rows;

	for (size_t at = part * PART; at < end && sums->bad == 0; at++) {
		float *row = j->value + at * s->classes;

		measure_entropy(row, s->classes, work, sums);
		convert(s, row);
		encode(j, at, work, sums);
		measure_cost(j, row, work, sums);
		if (j->label != NULL)
			sums->agreed += metrics_best(work->decoded, s->classes) ==
					j->label[at % s->items];
	}
}

static void add_up(struct targets_report *r, const struct job *j, size_t parts)
{
	double rows = (double)j->rows;

	for (size_t p = 0; p < parts; p++) {
		const struct sums *s = &j->sums[p];

		for (int t = 0; t < TARGETS_TEMPERATURES; t++) {
			r->entropy[t] += s->entropy[t] / rows;
			r->cost[t].kl += s->kl[t] / rows;
			r->cost[t].kl_max = fmax(r->cost[t].kl_max, s->kl_max[t]);
		}
		r->agreed += s->agreed;
		r->lost += s->lost;
	}
}

static int check_fit(const struct job *j, size_t parts, struct err *e)
{
	const struct soft_targets_source *s = j->source;

	for (size_t p = 0; p < parts; p++)
		if (j->sums[p].bad > 0) {
			size_t at = j->sums[p].bad - 1;

			return err_set(e, "row %zu, class %zu: %g does not fit %s%s",
				at / s->classes, at % s->classes, (double)j->value[at],
				tensor_dtype_name(s->dtype),
				s->dtype == TENSOR_F16 ? " (at most 65504); bf16 or f32 hold it"
						       : "");
		}
	return 0;
}

static int make_scratch(struct job *j, int workers, struct err *e)
{
	size_t classes = j->source->classes;

	j->scratch = size_alloc((size_t)workers, sizeof *j->scratch, "rows of targets", e);
	for (int i = 0; j->scratch != NULL && i < workers; i++) {
		struct scratch *s = &j->scratch[i];

		s->log_q = size_alloc(classes, (TARGETS_TEMPERATURES + 1) * sizeof *s->log_q,
			"a row of targets", e);
		s->decoded = size_alloc(classes, 2 * sizeof *s->decoded, "a row of targets", e);
		if (s->log_q == NULL || s->decoded == NULL)
			return -1;
		for (size_t t = 0; t < TARGETS_TEMPERATURES; t++)
			s->log_p[t] = s->log_q + (t + 1) * classes;
		s->stored = s->decoded + classes;
	}
	return j->scratch != NULL ? 0 : -1;
}

static void free_scratch(struct job *j, int workers)
{
	for (int i = 0; j->scratch != NULL && i < workers; i++) {
		free(j->scratch[i].log_q);
		free(j->scratch[i].decoded);
	}
	free(j->scratch);
	free(j->sums);
}

int targets_report_make(struct targets_report *r, float *value,
	const struct soft_targets_source *s, const uint16_t *label, struct workers *w,
	struct err *e)
{
	struct job j = {
		.value = value, .source = s, .label = label, .rows = s->views * s->items};
	size_t parts = (j.rows + PART - 1) / PART;
	int bad = -1, fixed = soft_values_fixed(s->values);

	*r = (struct targets_report){.rows = j.rows, .classes = s->classes};
	r->labelled = label != NULL;
	r->costs = j.costs = fixed ? 1 : TARGETS_TEMPERATURES;
	for (int t = 0; t < r->costs; t++)
		r->cost[t].temperature = j.cost_at[t] =
			fixed ? s->temperature : targets_temperature[t];
	j.sums = size_alloc(parts, sizeof *j.sums, "the report", e);
	if (j.sums != NULL && make_scratch(&j, workers_count(w), e) == 0) {
		workers_run(w, do_part, &j, parts);
		bad = check_fit(&j, parts, e);
	}
	if (!bad)
		add_up(r, &j, parts);
	free_scratch(&j, workers_count(w));
	return bad;
}
