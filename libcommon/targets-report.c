/* SPDX-License-Identifier: ISC */
#include "targets-report.h"

#include "err.h"
#include "metrics-rows.h"
#include "metrics.h"
#include "size.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rows are summed in parts of this size, and then the parts: in one order for any number of
 * threads. */
#define PART 1024

const double targets_temperature[TARGETS_TEMPERATURES] = {1, 5, 20};

/* Room for METRICS_ROWS rows, per worker. */
struct scratch {
	float *exact, *decoded; /* [rows][classes]: the logits, and what will be read back */
	void *stored;
	struct metrics_rows p, q;
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

static void convert(const struct soft_targets_source *s, float *value, size_t rows)
{
	size_t classes = s->classes;

	switch (s->values) {
	case SOFT_LOGITS:
		break;
	case SOFT_ZERO_MEAN_LOGITS:
		soft_values_centre(value, rows, classes);
		break;
	case SOFT_LOG_PROBABILITIES:
		for (float *v = value; v < value + rows * classes; v += classes)
			soft_values_log_softmax(v, classes, s->temperature, v);
		break;
	case SOFT_PROBABILITIES:
		for (float *v = value; v < value + rows * classes; v += classes)
			soft_values_softmax(v, classes, s->temperature, v);
		break;
	}
}

/* Encodes rows and reads them back; notes the first value that does not survive. */
static void encode(const struct job *j, size_t at, size_t rows, const struct scratch *work,
	struct sums *sums)
{
	const struct soft_targets_source *s = j->source;
	size_t first = at * s->classes, n = rows * s->classes;
	const float *value = j->value + first;

	soft_values_encode(s->dtype, value, n, work->stored);
	soft_values_decode(s->dtype, work->stored, n, work->decoded);
	for (size_t i = 0; i < n; i++) {
		if (!isfinite(work->decoded[i]) && sums->bad == 0)
			sums->bad = first + i + 1;
		if (s->values == SOFT_PROBABILITIES)
			sums->lost += value[i] > 0 && work->decoded[i] <= 0;
	}
}

static void add_entropy(const struct metrics_rows *p, double *sum)
{
	double entropy[METRICS_ROWS];

	metrics_rows_entropy(p, entropy);
	for (size_t r = 0; r < p->rows; r++)
		*sum += entropy[r];
}

/* Of work->p, the cost at its temperature of what is decoded. */
static void add_cost(const struct job *j, int t, struct scratch *work, struct sums *sums)
{
	double kl[METRICS_ROWS];

	metrics_rows_take(
		&work->q, j->source->values, work->decoded, work->p.rows, j->cost_at[t]);
	metrics_rows_kl(&work->p, &work->q, kl);
	for (size_t r = 0; r < work->p.rows; r++) {
		sums->kl[t] += kl[r];
		if (!(kl[r] <= sums->kl_max[t]))
			sums->kl_max[t] = kl[r];
	}
}

static void measure(const struct job *j, const float *value, size_t rows, struct scratch *work,
	struct sums *sums)
{
	enum soft_values values = j->source->values;

	for (int t = 0; t < TARGETS_TEMPERATURES; t++) {
		metrics_rows_take(
			&work->p, SOFT_LOGITS, work->exact, rows, targets_temperature[t]);
		add_entropy(&work->p, &sums->entropy[t]);
		if (!soft_values_fixed(values))
			add_cost(j, t, work, sums);
	}
	if (soft_values_fixed(values)) {
		metrics_rows_take(&work->p, values, value, rows, j->cost_at[0]);
		add_cost(j, 0, work, sums);
	}
}

static size_t count_agreed(
	const struct job *j, size_t at, size_t rows, const struct scratch *work)
{
	const struct soft_targets_source *s = j->source;
	size_t agreed = 0;

	for (size_t r = 0; j->label != NULL && r < rows; r++)
		agreed += metrics_best(work->decoded + r * s->classes, s->classes) ==
			  j->label[(at + r) % s->items];
	return agreed;
}

static void do_part(void *arg, size_t part, int worker)
{
	const struct job *j = arg;
	size_t classes = j->source->classes;
	struct scratch *work = &j->scratch[worker];
	struct sums *sums = &j->sums[part];
	size_t end = size_min((part + 1) * PART, j->rows), rows;

	for (size_t at = part * PART; at < end && sums->bad == 0; at += rows) {
		float *value = j->value + at * classes;

		rows = size_min(end - at, METRICS_ROWS);
		memcpy(work->exact, value, rows * classes * sizeof *value);
		convert(j->source, value, rows);
		encode(j, at, rows, work, sums);
		measure(j, value, rows, work, sums);
		sums->agreed += count_agreed(j, at, rows, work);
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
	size_t classes = j->source->classes, values = METRICS_ROWS * classes;

	j->scratch = size_alloc((size_t)workers, sizeof *j->scratch, "rows of targets", e);
	for (int i = 0; j->scratch != NULL && i < workers; i++) {
		struct scratch *s = &j->scratch[i];

		s->exact = size_alloc(
			classes, 3 * METRICS_ROWS * sizeof *s->exact, "rows of targets", e);
		if (s->exact == NULL || metrics_rows_init(&s->p, classes, e) ||
			metrics_rows_init(&s->q, classes, e))
			return -1;
		s->decoded = s->exact + values;
		s->stored = s->decoded + values;
	}
	return j->scratch != NULL ? 0 : -1;
}

static void free_scratch(struct job *j, int workers)
{
	for (int i = 0; j->scratch != NULL && i < workers; i++) {
		free(j->scratch[i].exact);
		metrics_rows_release(&j->scratch[i].p);
		metrics_rows_release(&j->scratch[i].q);
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
