/* SPDX-License-Identifier: ISC */
#include "metrics-model.h"

#include "err.h"
#include "infer.h"
#include "model-file.h"
#include "seconds.h"
#include "sgemm.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

struct pass {
	struct metrics_model *m;
	double resumed; /* when the net got to work again */
	size_t view;
};

static int check_finite(
	const float *logits, size_t first, size_t n, size_t classes, struct err *e)
{
	for (size_t i = 0; i < n * classes; i++)
		if (!isfinite(logits[i]))
			return err_set(e, "the logits of item %zu are not finite",
				first + i / classes);
	return 0;
}

/* The clean items: all metrics; the targets too where their views are not shifted. */
static int take_clean(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	struct pass *p = arg;
	struct metrics_model *m = p->m;

	m->seconds += seconds_now() - p->resumed;
	if (check_finite(logits, first, n, m->classify.classes, e))
		return -1;
	metrics_classify_add(&m->classify, logits, m->data->labels + first, n, m->hit + first);
	if (m->soft != NULL && !augment_any(&m->soft->augment))
		for (size_t v = 0; v < m->soft->views; v++)
			metrics_agree_add(&m->agree, logits, v, first, n);
	p->resumed = seconds_now();
	return 0;
}

static int take_view(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	const struct pass *p = arg;

	if (check_finite(logits, first, n, p->m->classify.classes, e))
		return -1;
	metrics_agree_add(&p->m->agree, logits, p->view, first, n);
	return 0;
}

static int run_passes(struct metrics_model *m, const struct model *model, struct err *e)
{
	struct pass p = {.m = m};
	struct infer in = {.net = model->net,
		.preprocess = &model->preprocess,
		.data = m->data,
		.progress = m->progress,
		.progress_arg = m->progress_arg};

	sgemm_kernels(); /* chosen before the clock runs */
	p.resumed = seconds_now();
	if (infer_run(&in, take_clean, &p, e))
		return -1;
	if (m->soft == NULL || !augment_any(&m->soft->augment))
		return 0;
	in.augment = m->soft->augment;
	in.view_seed = m->soft->view_seed;
	for (; p.view < m->soft->views; p.view++) {
		in.view = (uint32_t)p.view;
		if (infer_run(&in, take_view, &p, e))
			return -1;
	}
	return 0;
}

static int check_targets(const struct metrics_model *m, size_t classes, struct err *e)
{
	if (m->soft != NULL && m->soft->classes != classes)
		return err_set(e, "has %zu classes where the soft targets have %zu", classes,
			m->soft->classes);
	return 0;
}

static int measure(struct metrics_model *m, const struct model *model, struct err *e)
{
	if (check_targets(m, model->net->classes, e) ||
		metrics_classify_init(&m->classify, model->net->classes, m->confusion, e))
		return -1;
	if (m->soft != NULL && metrics_agree_init(&m->agree, m->soft, m->temperature, e))
		return -1;
	m->hit = size_alloc(m->data->items, 1, "hits", e);
	if (m->hit == NULL)
		return -1;
	m->fingerprint = model->fingerprint;
	m->params = model->net->params;
	m->macs = model->net->macs;
	m->seconds = 0;
	return run_passes(m, model, e);
}

int metrics_model_run(struct metrics_model *m, const char *path, struct err *e)
{
	struct model model;
	int bad;

	m->classify = (struct metrics_classify){0};
	m->agree = (struct metrics_agree){0};
	m->hit = NULL;
	if (model_load(&model, path, m->workers, e))
		return -1;
	bad = model_check(&model, path, m->data, e);
	if (!bad && measure(m, &model, e))
		bad = err_in(e, path);
	if (bad)
		metrics_model_release(m);
	model_release(&model);
	return bad;
}

void metrics_model_release(struct metrics_model *m)
{
	metrics_classify_release(&m->classify);
	metrics_agree_release(&m->agree);
	free(m->hit);
	m->hit = NULL;
}
