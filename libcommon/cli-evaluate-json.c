/* SPDX-License-Identifier: ISC */
#include "cli-evaluate.h"

#include "err.h"
#include "json.h"
#include "metrics-compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void put_fingerprint(struct json *j, struct fingerprint f)
{
	char text[FINGERPRINT_TEXT];

	json_put_text(j, "fingerprint", fingerprint_text(f, text));
}

static void put_classes(struct json *j, const struct metrics_classify *m, char *const *names)
{
	struct metrics_class macro = metrics_classify_macro(m);

	json_open_array(j, "per_class");
	for (size_t k = 0; k < m->classes; k++) {
		struct metrics_class c = metrics_classify_class(m, k);

		json_open_object(j, NULL);
		json_put_size(j, "class", k);
		if (names != NULL)
			json_put_text(j, "name", names[k]);
		json_put_size(j, "items", c.items);
		json_put_real(j, "precision", c.precision);
		json_put_real(j, "recall", c.recall);
		json_put_real(j, "f1", c.f1);
		json_close(j);
	}
	json_close(j);
	json_open_object(j, "macro");
	json_put_real(j, "precision", macro.precision);
	json_put_real(j, "recall", macro.recall);
	json_put_real(j, "f1", macro.f1);
	json_close(j);
}

static void put_confusion(struct json *j, const struct metrics_classify *m)
{
	json_open_array(j, "confusion");
	for (size_t k = 0; k < m->classes; k++) {
		json_open_array(j, NULL);
		for (size_t p = 0; p < m->classes; p++)
			json_put_size(j, NULL, m->confusion[k * m->classes + p]);
		json_close(j);
	}
	json_close(j);
}

static void put_agreement(struct json *j, const struct metrics_agree *a)
{
	json_open_object(j, "targets");
	json_put_size(j, "agreed", a->agreed);
	json_put_size(j, "rows", a->rows);
	json_put_real(j, "agreement", (double)a->agreed / (double)a->rows);
	json_put_real(j, "temperature", a->temperature);
	json_put_real(j, "kl", a->kl / (double)a->rows);
	json_put_real(j, "kl_max", a->kl_max);
	json_close(j);
}

static void put_figures(struct json *j, const struct metrics_model *m)
{
	struct metrics_summary s = metrics_classify_summary(&m->classify);

	json_put_size(j, "errors", m->classify.errors);
	json_put_size(j, "items", m->classify.items);
	json_put_real(j, "accuracy", s.accuracy);
	json_put_real(j, "top5", m->classify.classes > 5 ? s.top5 : (double)NAN);
	json_put_real(j, "log_loss", s.log_loss);
	json_put_real(j, "ece", s.ece);
	json_put_real(j, "brier", s.brier);
	json_put_size(j, "parameters", m->params);
	json_put_size(j, "macs", m->macs);
}

static void put_model(
	struct json *j, const struct cli_evaluation *v, size_t i, char *const *names)
{
	const struct metrics_model *m = &v->model[i];
	int64_t bytes = cli_evaluate_bytes(v->path[i]);

	json_open_object(j, NULL);
	json_put_text(j, "model", v->path[i]);
	put_fingerprint(j, m->fingerprint);
	put_figures(j, m);
	if (bytes >= 0)
		json_put_int(j, "bytes", bytes);
	else
		json_put_null(j, "bytes");
	json_put_real(j, "images_per_second", cli_evaluate_rate(m));
	if (v->soft_path != NULL)
		put_agreement(j, &m->agree);
	if (v->per_class)
		put_classes(j, &m->classify, names);
	if (v->confusion)
		put_confusion(j, &m->classify);
	json_close(j);
}

static void put_mcnemar(struct json *j, const struct cli_evaluation *v)
{
	json_open_array(j, "mcnemar");
	for (size_t i = 1; i < v->models; i++) {
		struct metrics_mcnemar m =
			metrics_mcnemar(v->model[0].hit, v->model[i].hit, v->data->items);

		json_open_object(j, NULL);
		json_put_text(j, "model_a", v->path[0]);
		json_put_text(j, "model_b", v->path[i]);
		json_put_size(j, "only_a_wrong", m.only_a);
		json_put_size(j, "only_b_wrong", m.only_b);
		json_put_text(j, "method", m.exact ? "exact" : "chi-squared");
		json_put_real(j, "statistic", m.statistic);
		json_put_real(j, "p", m.p);
		json_close(j);
	}
	json_close(j);
}

int cli_evaluate_json(const struct cli_evaluation *v, struct err *e)
{
	char **names = v->per_class ? cli_evaluate_names(v) : NULL;
	struct json j;
	int bad;

	json_begin(&j, stdout, JSON_PRETTY);
	json_open_object(&j, "data");
	json_put_text(&j, "file", v->data_path);
	put_fingerprint(&j, v->data->fingerprint);
	json_put_size(&j, "items", v->data->items);
	json_close(&j);
	if (v->soft_path != NULL)
		json_put_text(&j, "targets", v->soft_path);
	json_put_int(&j, "threads", v->threads);
	json_open_array(&j, "models");
	for (size_t i = 0; i < v->models; i++)
		put_model(&j, v, i, names);
	json_close(&j);
	if (v->models > 1)
		put_mcnemar(&j, v);
	bad = json_end(&j, e);
	free(names);
	return bad ? err_in(e, "standard output") : 0;
}
