/* SPDX-License-Identifier: ISC */
/* What teachers say of each item of a data set, written down for students. */
#include "soft-targets.h"
#include "cli-files.h"
#include "cli-output.h"
#include "cli-rows.h"
#include "cli-targets.h"
#include "dataset.h"
#include "die.h"
#include "err.h"
#include "number.h"
#include "options.h"
#include "outfile.h"
#include "progress.h"
#include "sgemm.h"
#include "targets-make.h"
#include "targets-report.h"
#include "workers.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *output = "-", *report;
static int values = SOFT_ZERO_MEAN_LOGITS, dtype, views = 1, jitter, crop, level = TENSOR_LEVEL;
static int threads;
static bool flip;
static double temperature;
static uint64_t seed;
static struct augment augment; /* by the options above */

#define DTYPE_WORDS "f16|bf16|f32"
static const enum tensor_dtype dtypes[] = {TENSOR_F16, TENSOR_BF16, TENSOR_F32};

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the soft targets"),
	OPTION_CHOICE(
		0, "values", SOFT_VALUES_WORDS, &values, "what to store [zero-mean-logits]"),
	OPTION_REAL('T', "temperature", "T", &temperature, 1e-3, 1e6,
		"of the (log-)probabilities to store, which need it"),
	OPTION_CHOICE(0, "dtype", DTYPE_WORDS, &dtype, "how to store it [f16]"),
	OPTION_INT(
		0, "views", "N", &views, 1, 1000000, "views of each picture, a row each [1]"),
	OPTION_INT('j', "jitter", "PX", &jitter, 0, AUGMENT_MAX_JITTER,
		"how far views are shifted at most, in pixels [0]"),
	OPTION_INT(0, "crop", "PAD", &crop, 0, AUGMENT_MAX_JITTER,
		"crop views anywhere after padding by PAD: the same"),
	OPTION_FLAG(0, "flip", &flip, "mirror half of the views"),
	OPTION_SEED('s', "seed", "N", &seed, "of the views [0]"),
	OPTION_TEXT(0, "report", "FILE", &report, "write what is told on stderr as JSON too"),
	ROW_LEVEL(&level),
	ROW_THREADS(&threads),
	OPTION_END,
};

static const struct tool tool = {
	.name = "soft-targets",
	.summary = "write down what teachers say of a data set",
	.synopsis = "[options] DATA MODEL...",
	.rows = rows,
	.min_operands = 2,
	.max_operands = -1,
};

static void check_files(char **path, int n)
{
	const struct cli_file outputs[] = {
		{"--output", output, CLI_RESULT}, {"--report", report, CLI_RECORD}};

	cli_files_check(outputs, 2);
	for (int i = 0; i < n; i++) {
		const struct cli_file both[] = {
			{i == 0 ? "the data set" : "a teacher", path[i], CLI_INPUT},
			outputs[1]};

		cli_files_check(both, 2);
	}
}

static void check_options(char **path, int n)
{
	options_one_stdin((const char *const *)path, n, NULL);
	if (soft_values_fixed((enum soft_values)values) && temperature <= 0)
		die_usage("--values %s needs a --temperature",
			soft_values_name((enum soft_values)values));
	if (!soft_values_fixed((enum soft_values)values) && temperature > 0)
		die_usage("logits have no temperature: students choose theirs");
	if (jitter > 0 && crop > 0)
		die_usage("--crop is --jitter by another name: give one of them");
	augment = (struct augment){jitter > 0 ? jitter : crop, flip};
	if (views > 1 && !augment_any(&augment))
		die_usage("--views needs --jitter, --crop or --flip: the views would all be "
			  "the same");
	if (options_given(&seed) && !augment_any(&augment))
		die_usage("--seed needs --jitter, --crop or --flip: nothing else is drawn at "
			  "random");
	if (report != NULL && strcmp(report, "-") == 0 && strcmp(output, "-") == 0)
		die_usage("targets and report cannot both go to standard output");
	check_files(path, n);
	cli_output_check(output);
	if (report != NULL)
		cli_output_check(report);
}

/* What mattered, as one would type it. */
static const char *options_text(char *text, size_t n)
{
	char number[NUMBER_TEXT], word[OPTION_WORD];
	int at = snprintf(text, n, "--values %s --dtype %s",
		soft_values_name((enum soft_values)values),
		options_word(DTYPE_WORDS, dtype, word));

	if (temperature > 0)
		at += snprintf(text + at, n - (size_t)at, " --temperature %s",
			number_text(temperature, number));
	if (augment_any(&augment))
		at += snprintf(text + at, n - (size_t)at, " --views %d", views);
	if (augment.jitter > 0)
		at += snprintf(text + at, n - (size_t)at, " --jitter %d", augment.jitter);
	if (augment_any(&augment))
		snprintf(text + at, n - (size_t)at, "%s --seed %" PRIu64,
			augment.flip ? " --flip" : "", seed);
	return text;
}

static void show(void *arg, size_t done, size_t total)
{
	double seconds = progress_seconds(), left;
	char text[PROGRESS_TIME];

	(void)arg;
	if (!progress_due())
		return;
	left = seconds * (double)(total - done) / (double)done;
	progress_show("%zu of %zu rows, %.0f a second, %s left", done, total,
		(double)done / seconds, progress_time(left, text));
}

/*
 * The old targets stay where the report cannot be written: both are ready before either ends. A
 * pipe keeps nothing, and its reader may not come to the report before it has ended.
 */
static int end_both(struct outfile *targets, const struct cli_targets *told, struct err *e)
{
	struct outfile about;

	if (targets->target == NULL && outfile_commit(targets, e))
		return -1;
	if (cli_targets_write(told, &about, report, e)) {
		outfile_abort(targets);
		return -1;
	}
	return outfile_commit_both(targets, &about, e);
}

static int write_down(const struct targets_make *t, struct workers *w, struct err *e)
{
	char text[256];
	struct soft_targets_source s = {.value = t->value,
		.values = (enum soft_values)values,
		.dtype = dtypes[dtype],
		.temperature = temperature,
		.items = t->data->items,
		.classes = t->classes,
		.views = t->views,
		.augment = augment,
		.view_seed = seed,
		.dataset = t->data->fingerprint,
		.teacher = t->teacher,
		.arithmetic = sgemm_arithmetic(),
		.options = options_text(text, sizeof text)};
	struct targets_report r;
	struct cli_targets told = {.report = &r, .source = &s, .teachers = t->models};
	struct outfile targets;

	if (targets_report_make(&r, t->value, &s, t->data->labels, w, e))
		return err_in(e, output);
	if (soft_targets_write(&s, &targets, output, level, w, e))
		return -1;
	told.bytes = targets.bytes;
	if (report == NULL ? outfile_commit(&targets, e) : end_both(&targets, &told, e))
		return -1;
	cli_targets_say(&told);
	return 0;
}

int main(int argc, char **argv)
{
	struct targets_make t = {.progress = show};
	struct dataset data;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	check_options(path, n);
	t.data = &data;
	t.model = (const char *const *)path + 1;
	t.models = (size_t)n - 1;
	t.views = (size_t)views;
	t.augment = augment;
	t.view_seed = seed;
	t.spare = tensor_dtype_size(dtypes[dtype]);
	t.workers = sgemm_check(&e) ? NULL : workers_new(threads, &e);
	if (t.workers == NULL || dataset_load(&data, path[0], t.workers, &e))
		die_err(&e);
	if (augment_any(&augment) && data.images == NULL)
		die("\"%s\": --jitter, --crop and --flip are for pictures, and these are "
		    "features",
			path[0]);
	progress_seconds();
	if (targets_make_run(&t, &e) || write_down(&t, t.workers, &e))
		die_err(&e);
	targets_make_release(&t);
	dataset_release(&data);
	workers_free(t.workers);
	return 0;
}
