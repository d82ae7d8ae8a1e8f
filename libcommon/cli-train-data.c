/* SPDX-License-Identifier: ISC */
/* What a run of training reads: data, soft targets, validation. */
#include "class-names.h"
#include "cli-train-setup.h"
#include "die.h"
#include "err.h"
#include "number.h"
#include "rng.h"
#include "sgemm.h"
#include "size.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

struct augment cli_train_augment(const struct train_options *o)
{
	return (struct augment){o->jitter > 0 ? o->jitter : o->crop, o->flip};
}

/* What C takes for a number, such as 0x.1 or inf, though options do not: unless it is a file.
 */
static int is_odd_number(const char *text)
{
	char *end;

	(void)strtod(text, &end);
	return end != text && *end == '\0' && access(text, F_OK) != 0;
}

/* The share of --validation, or 0 where it names a file. */
static double validation_share(const char *text)
{
	double share;
	const char *end = number_read(text, &share);

	if (end == NULL || *end != '\0') {
		if (is_odd_number(text))
			die_usage(
				"--validation: %s is neither a decimal share nor a file", text);
		return 0;
	}
	if (!(share > 0 && share < 1))
		die_usage("--validation: %s is no share between 0 and 1", text);
	return share;
}

static uint32_t *new_list(size_t n)
{
	struct err e;
	uint32_t *list = size_alloc(n, sizeof *list, "the split of the data", &e);

	if (list == NULL)
		die_err(&e);
	return list;
}

/* Which items are held out is a function of the seed; both lists are in the data set's order.
 */
static void split(struct run *r, double share)
{
	size_t items = r->data.items, held = (size_t)lround((double)items * share);
	struct rng rng = {r->o->seed, RNG_SPLIT, 0, 0};
	uint32_t *order = new_list(items);
	uint8_t *is_held = calloc(items, 1);
	size_t kept = 0, out = 0;

	if (is_held == NULL)
		die("out of memory");
	if (held == 0 || held == items)
		die("\"%s\": has too few items for --validation %s", r->data_path,
			r->o->validation);
	for (size_t i = 0; i < items; i++)
		order[i] = (uint32_t)i;
	rng_shuffle(&rng, order, items);
	for (size_t i = 0; i < held; i++)
		is_held[order[i]] = 1;
	r->item = order;
	r->validation_item = new_list(held);
	for (size_t i = 0; i < items; i++)
		*(is_held[i] ? &r->validation_item[out++] : &r->item[kept++]) = (uint32_t)i;
	free(is_held);
	r->train.validation = &r->data;
	r->train.validation_item = r->validation_item;
	r->train.validation_items = held;
}

static void load_validation(struct run *r)
{
	const char *name = r->o->validation;
	struct err e;

	if (name == NULL)
		return;
	if (validation_share(name) > 0) {
		if (dataset_need_labels(&r->data, r->data_path, &e))
			die_err(&e);
		split(r, validation_share(name));
		return;
	}
	if (dataset_load(&r->validation, name, r->workers, &e) ||
		dataset_need_labels(&r->validation, name, &e))
		die_err(&e);
	if (!shape_fits(&r->validation.shape, &r->data.shape))
		die("\"%s\": its items have another shape than those of \"%s\"", name,
			r->data_path);
	if (class_names_match(r->validation.class_names, r->data.class_names,
		    "the data that is trained on", &e)) {
		err_in(&e, name);
		die_err(&e);
	}
	r->train.validation = &r->validation;
	r->train.validation_items = r->validation.items;
}

void cli_train_load(struct run *r)
{
	struct augment augment;
	struct err e;

	r->workers = sgemm_check(&e) ? NULL : workers_new(r->o->threads, &e);
	if (r->workers == NULL || dataset_load(&r->data, r->data_path, r->workers, &e))
		die_err(&e);
	if (r->d != NULL && (soft_targets_load(&r->soft, r->d->targets, r->workers, &e) ||
				    soft_targets_check(&r->soft, r->d->targets, &r->data, &e)))
		die_err(&e);
	augment = cli_train_augment(r->o);
	if (augment_any(&augment) && r->data.images == NULL)
		die("\"%s\": holds features: --jitter, --crop and --flip are for pictures",
			r->data_path);
	load_validation(r);
}
