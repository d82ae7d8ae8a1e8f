/* SPDX-License-Identifier: ISC */
#include "targets-make.h"

#include "class-names.h"
#include "err.h"
#include "infer.h"
#include "model-file.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>

/* One teacher at work on one view. */
struct pass {
	struct targets_make *make;
	size_t model, view;
};

/* The first teacher's logits are stored and the others' added, so that a single one stays
 * exact. */
static int take_logits(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	const struct pass *p = arg;
	struct targets_make *t = p->make;
	float *to = t->value + (p->view * t->data->items + first) * t->classes;

	for (size_t i = 0; i < n * t->classes; i++) {
		if (!isfinite(logits[i]))
			return err_set(e, "the logits of item %zu are not finite",
				first + i / t->classes);
		to[i] = p->model == 0 ? logits[i] : to[i] + logits[i];
	}
	return 0;
}

static void report_progress(void *arg, size_t done)
{
	const struct pass *p = arg;
	const struct targets_make *t = p->make;

	if (t->progress != NULL)
		t->progress(t->progress_arg,
			(p->model * t->views + p->view) * t->data->items + done,
			t->models * t->rows);
}

/*
 * The first teacher says how many classes there are, and so how much memory it takes. Students
 * could not use targets of other classes than the data set's.
 */
static int make_room(struct targets_make *t, size_t classes, struct err *e)
{
	size_t count, bytes, all;

	t->classes = classes;
	if (t->data->classes > 0 && t->data->classes != classes)
		return err_set(e, "has %zu classes where the data set has %zu", classes,
			t->data->classes);
	if (size_mul(t->views, t->data->items, &t->rows) ||
		size_mul(t->rows, classes, &count) ||
		size_mul(count, sizeof *t->value + t->spare, &bytes) ||
		size_mul(t->rows, t->models, &all))
		return err_set(e, "%zu views of %zu items in %zu classes are too many",
			t->views, t->data->items, classes);
	if (size_check(bytes, "the targets", e))
		return -1;
	t->value = size_alloc(count, sizeof *t->value, "the targets", e);
	return t->value != NULL ? 0 : -1;
}

/* The mean of logits needs classes of the same numbers. The first names are kept. */
static int check_names(struct targets_make *t, struct model *m, struct err *e)
{
	if (t->class_names != NULL)
		return class_names_match(
			m->class_names, t->class_names, "a teacher before it", e);
	t->class_names = m->class_names;
	m->class_names = NULL;
	return 0;
}

static int run_model(struct targets_make *t, struct model *m, size_t number, struct err *e)
{
	struct pass p = {.make = t, .model = number};
	struct infer in = {.net = m->net,
		.preprocess = &m->preprocess,
		.data = t->data,
		.augment = t->augment,
		.view_seed = t->view_seed,
		.progress = report_progress,
		.progress_arg = &p};

	if (number == 0 && make_room(t, m->net->classes, e))
		return -1;
	if (m->net->classes != t->classes)
		return err_set(e, "has %zu classes where the first teacher has %zu",
			m->net->classes, t->classes);
	if (check_names(t, m, e))
		return -1;
	fingerprint_text(m->fingerprint, t->teacher + number * FINGERPRINT_TEXT);
	for (; p.view < t->views; p.view++) {
		in.view = (uint32_t)p.view;
		if (infer_run(&in, take_logits, &p, e))
			return -1;
	}
	return 0;
}

static int load_and_run(struct targets_make *t, size_t number, struct err *e)
{
	const char *path = t->model[number];
	struct model m;
	int bad;

	if (model_load(&m, path, t->workers, e))
		return -1;
	bad = model_check(&m, path, t->data, e);
	if (!bad && run_model(t, &m, number, e))
		bad = err_in(e, path);
	model_release(&m);
	return bad;
}

static void divide(struct targets_make *t)
{
	float models = (float)t->models;

	for (size_t i = 0; t->models > 1 && i < t->rows * t->classes; i++)
		t->value[i] /= models;
}

int targets_make_run(struct targets_make *t, struct err *e)
{
	t->value = NULL;
	t->class_names = NULL;
	t->teacher = size_alloc(t->models, FINGERPRINT_TEXT, "names of teachers", e);
	if (t->teacher == NULL)
		return -1;
	for (size_t i = 0; i < t->models; i++) {
		if (load_and_run(t, i, e)) {
			targets_make_release(t);
			return -1;
		}
		if (i > 0)
			t->teacher[i * FINGERPRINT_TEXT - 1] = ' ';
	}
	divide(t);
	return 0;
}

void targets_make_release(struct targets_make *t)
{
	free(t->value);
	free(t->teacher);
	free(t->class_names);
	t->value = NULL;
	t->teacher = NULL;
	t->class_names = NULL;
}
