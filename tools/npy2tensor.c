/* SPDX-License-Identifier: ISC */
/* NumPy arrays to a data set, to soft targets, or to a plain tensor. */
#include "class-names.h"
#include "cli-rows.h"
#include "dataset-npy.h"
#include "die.h"
#include "err.h"
#include "lineage.h"
#include "metrics-order.h"
#include "npy.h"
#include "options.h"
#include "soft-convert.h"
#include "soft-targets.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>

enum { AS_IMAGES, AS_FEATURES, AS_SOFT_TARGETS, AS_TENSOR };

static const char *output = "-", *names, *data, *name;
static bool channels_last;
static int as = -1, classes, level = TENSOR_LEVEL, values = -1, store = -1, dtype = -1;
static double temperature;

static const struct option_row rows[] = {
	OPTION_CHOICE(0, "as", "images|features|soft-targets|tensor", &as,
		"what the array is to become (required)"),
	ROW_OUTPUT(&output, "the tensor file"),
	ROW_LEVEL(&level),
	OPTION_GROUP("images and features (a data set)"),
	OPTION_FLAG(0, "channels-last", &channels_last,
		"images are [items, height, width, channels], as in Keras"),
	ROW_CLASSES(&classes),
	ROW_CLASS_NAMES(&names),
	OPTION_GROUP("soft targets"),
	OPTION_TEXT(
		'd', "data", "DATA", &data, "the data set that the rows belong to (required)"),
	OPTION_CHOICE(
		0, "values", SOFT_VALUES_WORDS, &values, "what the array holds (required)"),
	OPTION_REAL('T', "temperature", "T", &temperature, 1e-3, 1e6,
		"the temperature of the (log-)probabilities: p = softmax(logits / T)"),
	OPTION_CHOICE(0, "store", SOFT_VALUES_WORDS, &store,
		"what the file will hold [zero-mean-logits for logits, else as they are]"),
	OPTION_CHOICE(0, "dtype", "f32|f16|bf16", &dtype,
		"how it is stored [f16 for logits, else f32]"),
	OPTION_GROUP("tensor"),
	OPTION_TEXT(0, "name", "NAME", &name, "the name of the tensor [values]"),
	OPTION_END,
};

static const struct tool tool = {
	.name = "npy2tensor",
	.summary = "turn NumPy arrays into a data set, soft targets or a plain tensor",
	.synopsis = "--as KIND [options] ARRAY [LABELS]",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 2,
};

/*
 * Workers come last: they make their caller flush denormals, which an array may hold.
 */
static int save(const struct tensor_set *set, struct err *e)
{
	struct workers *w = workers_new(0, e);
	int bad;

	if (w == NULL)
		return -1;
	bad = tensor_file_save(set, output, level, w, e);
	workers_free(w);
	return bad;
}

/* --- a data set --- */

static int pack_dataset(struct tensor_set *set, struct dataset_source *s, struct npy *a,
	const char **path, struct npy *labels, struct err *e)
{
	int bad = as == AS_IMAGES ? dataset_images_from_npy(s, a, channels_last, e)
				  : dataset_features_from_npy(s, a, e);

	if (bad)
		return err_in(e, path[0]);
	if (path[1] != NULL && dataset_labels_from_npy(s, labels, e))
		return err_in(e, path[1]);
	if (names != NULL && (s->class_names = class_names_read(names, e)) == NULL)
		return -1;
	if (dataset_pack(set, s, e))
		return -1;
	if (lineage_input(set, as == AS_IMAGES ? "images" : "features", a->fingerprint, e) ||
		(path[1] != NULL && lineage_input(set, "labels", labels->fingerprint, e)))
		return -1;
	return channels_last ? lineage_option(set, e, "--channels-last") : 0;
}

static int make_dataset(const char **path, struct npy *a, struct err *e)
{
	struct dataset_source s = {
		.classes = (size_t)classes, .from = {path[0], path[1], names}};
	struct npy labels = {0};
	struct tensor_set set;
	int bad = -1;

	tensor_set_init(&set);
	if (path[1] != NULL && npy_load(&labels, path[1], e))
		goto out;
	if (pack_dataset(&set, &s, a, path, &labels, e))
		goto out;
	bad = save(&set, e);
out:
	tensor_set_release(&set);
	npy_release(&labels);
	free((char *)s.class_names);
	free(s.labels);
	return bad;
}

/* --- soft targets --- */

/* Says so where the rows agree with the labels no more than in another order. */
static int report_agreement(
	const struct dataset *d, const struct soft_targets_source *s, struct err *e)
{
	struct metrics_order o;

	if (d->labels == NULL)
		return 0;
	if (metrics_order_look(&o, s->value, d->labels, s->items, s->classes, e))
		return -1;
	if (o.by_chance)
		warn("only %zu of %zu rows agree with the labels: are they in the data set's "
		     "order?",
			o.agreed, s->items);
	return 0;
}

static int convert(const struct npy *a, const struct dataset *d, struct soft_targets_source *s,
	struct err *e)
{
	struct soft_conversion c = {(enum soft_values)values, s->values, temperature, false};

	c.normalise = a->dtype == TENSOR_F16 && (s->dtype != TENSOR_F16 || c.from != c.to);
	s->value = soft_convert(&c, a, d, e);
	if (s->value == NULL)
		return -1;
	s->items = d->items;
	s->classes = a->shape[1];
	return report_agreement(d, s, e);
}

static int make_soft_targets(const char *path, const struct npy *a, struct err *e)
{
	static const enum tensor_dtype dtypes[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
	struct soft_targets_source s = {
		.views = 1, .temperature = temperature, .input = &a->fingerprint};
	char options[128];
	struct dataset d;
	int bad = -1;

	if (dataset_load(&d, data, NULL, e))
		return -1;
	s.dataset = d.fingerprint;
	s.values = (enum soft_values)store;
	s.dtype = dtypes[dtype];
	snprintf(options, sizeof options, "--values %s",
		soft_values_name((enum soft_values)values));
	s.options = options;
	if (convert(a, &d, &s, e))
		err_in(e, path);
	else
		bad = soft_targets_save(&s, output, level, NULL, e);
	free((float *)s.value);
	dataset_release(&d);
	return bad;
}

/* --- a plain tensor --- */

static int make_tensor(const struct npy *a, struct err *e)
{
	struct tensor_set set;
	int bad;

	tensor_set_init(&set);
	bad = lineage_kind(&set, "tensor", e) || lineage_input(&set, name, a->fingerprint, e) ||
	      tensor_set_add(&set, name, a->dtype, a->rank, a->shape, a->bytes, e) ||
	      save(&set, e);
	tensor_set_release(&set);
	return bad ? -1 : 0;
}

/* --- options --- */

/* Fills in what was not said, and refuses what cannot be meant. */
static void settle_soft_targets(void)
{
	bool fixed;

	if (data == NULL || values < 0)
		die_usage("--as soft-targets needs --data and --values");
	if (store < 0)
		store = values == SOFT_LOGITS ? SOFT_ZERO_MEAN_LOGITS : values;
	if (dtype < 0)
		dtype = soft_values_fixed((enum soft_values)store) ? 0 : 1;
	fixed = soft_values_fixed((enum soft_values)values) ||
		soft_values_fixed((enum soft_values)store);
	if (fixed && temperature == 0)
		die_usage("probabilities need --temperature: that of their softmax");
	if (!fixed && temperature != 0)
		die_usage("--temperature says nothing about logits that are stored as logits");
}

static void settle(char **path, int operands)
{
	bool is_dataset = as == AS_IMAGES || as == AS_FEATURES;

	options_one_stdin((const char *const *)path, operands, data);
	if (as < 0)
		die_usage("--as is missing: images, features, soft-targets or tensor");
	if (as == AS_SOFT_TARGETS)
		settle_soft_targets();
	else if (data != NULL || values >= 0 || store >= 0 || dtype >= 0 || temperature != 0)
		die_usage("--data, --values, --temperature, --store and --dtype are for soft "
			  "targets");
	if (operands > 1 && !is_dataset)
		die_usage("labels belong to images and features");
	if ((classes > 0 || names != NULL) && !is_dataset)
		die_usage("--classes and --class-names are for images and features");
	if (name != NULL && as != AS_TENSOR)
		die_usage("--name is for --as tensor");
	if (name == NULL)
		name = "values";
	if (channels_last && as != AS_IMAGES)
		die_usage("--channels-last is for images");
}

static int make(const char **path, struct npy *a, struct err *e)
{
	switch (as) {
	case AS_SOFT_TARGETS:
		return make_soft_targets(path[0], a, e);
	case AS_TENSOR:
		return make_tensor(a, e);
	default:
		return make_dataset(path, a, e);
	}
}

int main(int argc, char **argv)
{
	struct npy a;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	settle(path, n);
	if (npy_load(&a, path[0], &e) || make((const char **)path, &a, &e))
		die_err(&e);
	npy_release(&a);
	return 0;
}
