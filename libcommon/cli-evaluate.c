/* SPDX-License-Identifier: ISC */
#include "cli-evaluate.h"

#include "cli-output.h"
#include "err.h"
#include "json.h"
#include "metrics-compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int64_t cli_evaluate_bytes(const char *path)
{
	struct stat s;

	if (strcmp(path, "-") == 0 || stat(path, &s) || !S_ISREG(s.st_mode))
		return -1;
	return (int64_t)s.st_size;
}

double cli_evaluate_rate(const struct metrics_model *m)
{
	return m->seconds > 0 ? (double)m->classify.items / m->seconds : (double)NAN;
}

char **cli_evaluate_names(const struct cli_evaluation *v)
{
	struct err e;
	char **names;
	size_t n;

	if (v->data->class_names == NULL ||
		json_read_texts(v->data->class_names, "class names", &names, &n, &e))
		return NULL;
	if (n == v->model[0].classify.classes)
		return names;
	free(names);
	return NULL;
}

static void put_real(int digits, double v)
{
	if (isnan(v))
		printf("\t-");
	else
		printf("\t%.*f", digits, v);
}

/* For what may be tiny. */
static void put_small(double v)
{
	if (isnan(v))
		printf("\t-");
	else
		printf("\t%.6g", v);
}

static void put_model(const struct cli_evaluation *v, size_t i)
{
	const struct metrics_model *m = &v->model[i];
	struct metrics_summary s = metrics_classify_summary(&m->classify);
	int64_t bytes = cli_evaluate_bytes(v->path[i]);

	cli_output_text(v->path[i]);
	printf("\t%zu\t%zu", m->classify.errors, m->classify.items);
	put_real(6, s.accuracy);
	put_real(6, m->classify.classes > 5 ? s.top5 : (double)NAN);
	put_real(6, s.log_loss);
	put_real(6, s.ece);
	put_real(6, s.brier);
	printf("\t%zu\t%zu", m->params, m->macs);
	put_real(0, bytes >= 0 ? (double)bytes : (double)NAN);
	put_real(0, cli_evaluate_rate(m));
	putchar('\n');
}

static void put_agreement(const struct cli_evaluation *v)
{
	printf("\n# agreement\t");
	cli_output_text(v->soft_path);
	printf("\nmodel\tagreed\trows\tagreement\ttemperature\tkl\tkl_max\n");
	for (size_t i = 0; i < v->models; i++) {
		const struct metrics_agree *a = &v->model[i].agree;

		cli_output_text(v->path[i]);
		printf("\t%zu\t%zu", a->agreed, a->rows);
		put_real(6, (double)a->agreed / (double)a->rows);
		put_small(a->temperature);
		put_small(a->kl / (double)a->rows);
		put_small(a->kl_max);
		putchar('\n');
	}
}

static void put_mcnemar(const struct cli_evaluation *v)
{
	printf("\n# mcnemar\n");
	printf("model_a\tmodel_b\tonly_a_wrong\tonly_b_wrong\tmethod\tstatistic\tp\n");
	for (size_t i = 1; i < v->models; i++) {
		struct metrics_mcnemar m =
			metrics_mcnemar(v->model[0].hit, v->model[i].hit, v->data->items);

		cli_output_text(v->path[0]);
		putchar('\t');
		cli_output_text(v->path[i]);
		printf("\t%zu\t%zu\t%s", m.only_a, m.only_b, m.exact ? "exact" : "chi-squared");
		put_small(m.statistic);
		put_small(m.p);
		putchar('\n');
	}
}

static void put_class(const struct metrics_class *c)
{
	printf("\t%zu", c->items);
	put_real(6, c->precision);
	put_real(6, c->recall);
	put_real(6, c->f1);
	putchar('\n');
}

static void put_classes(const struct cli_evaluation *v, size_t i, char *const *names)
{
	const struct metrics_classify *m = &v->model[i].classify;
	struct metrics_class c = metrics_classify_macro(m);

	printf("\n# per-class\t");
	cli_output_text(v->path[i]);
	printf("\nclass\tname\titems\tprecision\trecall\tf1\n");
	for (size_t k = 0; k < m->classes; k++) {
		struct metrics_class one = metrics_classify_class(m, k);

		printf("%zu\t", k);
		cli_output_text(names != NULL ? names[k] : "-");
		put_class(&one);
	}
	printf("macro\t-");
	put_class(&c);
}

static void put_confusion(const struct cli_evaluation *v, size_t i)
{
	const struct metrics_classify *m = &v->model[i].classify;

	printf("\n# confusion\t");
	cli_output_text(v->path[i]);
	printf("\nlabel\\predicted");
	for (size_t k = 0; k < m->classes; k++)
		printf("\t%zu", k);
	for (size_t k = 0; k < m->classes * m->classes; k++) {
		if (k % m->classes == 0)
			printf("\n%zu", k / m->classes);
		printf("\t%zu", m->confusion[k]);
	}
	putchar('\n');
}

int cli_evaluate_tables(const struct cli_evaluation *v, struct err *e)
{
	char **names = v->per_class ? cli_evaluate_names(v) : NULL;

	printf("model\terrors\titems\taccuracy\ttop5\tlog_loss\tece\tbrier\tparameters\tmacs\t"
	       "bytes\timages_per_second\n");
	for (size_t i = 0; i < v->models; i++)
		put_model(v, i);
	if (v->soft_path != NULL)
		put_agreement(v);
	if (v->models > 1)
		put_mcnemar(v);
	for (size_t i = 0; v->per_class && i < v->models; i++)
		put_classes(v, i, names);
	for (size_t i = 0; v->confusion && i < v->models; i++)
		put_confusion(v, i);
	free(names);
	return cli_output_flush(e);
}
