/* SPDX-License-Identifier: ISC */
/* How good models are, how they compare, and how close they come to a teacher. */
#include "cli-evaluate.h"
#include "cli-rows.h"
#include "dataset.h"
#include "die.h"
#include "err.h"
#include "metrics-model.h"
#include "options.h"
#include "progress.h"
#include "sgemm.h"
#include "size.h"
#include "soft-targets.h"
#include "workers.h"

#include <stdlib.h>

static const char *targets;
static bool as_json, confusion, per_class;
static double temperature;
static int threads;
static const char *at_work; /* the model that is running */

static const struct option_row rows[] = {
	OPTION_TEXT('S', "targets", "SOFT", &targets,
		"agreement and KL with these soft targets of DATA"),
	OPTION_REAL(0, "temperature", "T", &temperature, 1e-3, 1e6,
		"of that KL, for targets that are logits [1]"),
	OPTION_FLAG(0, "per-class", &per_class, "precision, recall and F1 of each class"),
	OPTION_FLAG(0, "confusion", &confusion, "the confusion matrix"),
	OPTION_FLAG(0, "json", &as_json, "print JSON instead of tables"),
	ROW_THREADS(&threads),
	OPTION_END,
};

static const struct tool tool = {
	.name = "evaluate",
	.summary = "measure models on a labelled data set",
	.synopsis = "[options] DATA MODEL...",
	.rows = rows,
	.min_operands = 2,
	.max_operands = -1,
};

/* The targets' own temperature, else the one asked for, else 1. */
static int load_targets(
	struct soft_targets *s, const struct dataset *d, struct workers *w, struct err *e)
{
	if (soft_targets_load(s, targets, w, e))
		return -1;
	if (temperature <= 0)
		temperature = soft_values_fixed(s->values) ? s->temperature : 1;
	if (soft_targets_check(s, targets, d, e) ||
		soft_targets_check_temperature(s, targets, temperature, e)) {
		soft_targets_release(s);
		return -1;
	}
	return 0;
}

static void check_operands(char **path, int n)
{
	options_one_stdin((const char *const *)path, n, targets);
	if (temperature > 0 && targets == NULL)
		die_usage("--temperature is for --targets");
}

static void show(void *arg, size_t done)
{
	(void)arg;
	progress_show("%s: %zu items", at_work, done);
}

static int measure(struct cli_evaluation *v, const struct soft_targets *soft, struct workers *w,
	struct err *e)
{
	struct metrics_model *m = size_alloc(v->models, sizeof *m, "results", e);
	int bad = m == NULL ? -1 : 0;

	v->model = m;
	v->threads = workers_count(w);
	for (size_t i = 0; !bad && i < v->models; i++) {
		m[i].data = v->data;
		m[i].soft = targets != NULL ? soft : NULL;
		m[i].temperature = temperature;
		m[i].confusion = confusion;
		m[i].workers = w;
		m[i].progress = show;
		at_work = v->path[i];
		bad = metrics_model_run(&m[i], v->path[i], e);
	}
	progress_clear();
	return bad;
}

int main(int argc, char **argv)
{
	struct cli_evaluation v = {0};
	struct soft_targets soft;
	struct dataset data;
	struct workers *w;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	check_operands(path, n);
	w = sgemm_check(&e) ? NULL : workers_new(threads, &e);
	if (w == NULL || dataset_load(&data, path[0], w, &e) ||
		dataset_need_labels(&data, path[0], &e) ||
		(targets != NULL && load_targets(&soft, &data, w, &e)))
		die_err(&e);
	v.data_path = path[0];
	v.data = &data;
	v.soft_path = targets;
	v.path = (const char *const *)path + 1;
	v.models = (size_t)n - 1;
	v.confusion = confusion;
	v.per_class = per_class;
	if (measure(&v, &soft, w, &e) ||
		(as_json ? cli_evaluate_json(&v, &e) : cli_evaluate_tables(&v, &e)))
		die_err(&e);
	for (size_t i = 0; i < v.models; i++)
		metrics_model_release(&v.model[i]);
	free(v.model);
	if (targets != NULL)
		soft_targets_release(&soft);
	dataset_release(&data);
	workers_free(w);
	return 0;
}
