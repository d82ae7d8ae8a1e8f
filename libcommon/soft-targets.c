/* SPDX-License-Identifier: ISC */
#include "soft-targets.h"

#include "err.h"
#include "lineage.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static void decode_row(const struct soft_targets *s, size_t row, float *value)
{
	const uint8_t *first = s->stored;

	soft_values_decode(s->dtype, first + row * s->classes * tensor_dtype_size(s->dtype),
		s->classes, value);
}

/* --- loading --- */

static int find_values(struct soft_targets *s, struct err *e)
{
	const struct tensor *t = tensor_set_find(&s->set, "values");

	if (t == NULL)
		return err_set(e, "has no values");
	if ((t->dtype != TENSOR_F32 && t->dtype != TENSOR_F16 && t->dtype != TENSOR_BF16) ||
		t->rank != 2)
		return err_set(e,
			"values are %s of rank %d, not F32, F16 or BF16 [rows, classes]",
			tensor_dtype_name(t->dtype), t->rank);
	if (t->size == 0)
		return err_set(e, "holds no values");
	s->dtype = t->dtype;
	s->stored = t->data;
	s->classes = t->shape[1];
	s->items = t->shape[0];
	return 0;
}

static int read_kind(struct soft_targets *s, struct err *e)
{
	const char *name = tensor_set_meta(&s->set, "potstill.values");
	const char *dataset = tensor_set_meta(&s->set, "potstill.dataset");
	int values = name == NULL ? -1 : soft_values_parse(name), found;

	if (values < 0)
		return err_set(e, "metadata potstill.values is %.60s",
			name == NULL ? "missing" : name);
	if (dataset == NULL || fingerprint_parse(&s->dataset, dataset))
		return err_set(e, "metadata potstill.dataset is no fingerprint");
	s->values = (enum soft_values)values;
	found = lineage_positive(&s->set, "potstill.temperature", &s->temperature, e);
	if (found < 0)
		return -1;
	if (found != soft_values_fixed(s->values))
		return err_set(e, "values are %s, but potstill.temperature is %s", name,
			found ? "given" : "missing");
	return 0;
}

/* Rows are whole views of all items. */
static int read_views(struct soft_targets *s, struct err *e)
{
	uint64_t views = 1, jitter = 0, flip = 0;
	const char *order;

	if (lineage_count(&s->set, "potstill.views", s->items, &views, e) < 0 ||
		lineage_count(&s->set, "potstill.jitter", AUGMENT_MAX_JITTER, &jitter, e) < 0 ||
		lineage_count(&s->set, "potstill.flip", 1, &flip, e) < 0 ||
		lineage_count(&s->set, "potstill.view-seed", UINT64_MAX, &s->view_seed, e) < 0)
		return -1;
	if (views == 0 || s->items % views != 0)
		return err_set(e, "%zu rows are not %" PRIu64 " views of the same items",
			s->items, views);
	order = tensor_set_meta(&s->set, "potstill.view-order");
	s->augment = (struct augment){(int)jitter, (int)flip};
	if (augment_any(&s->augment) &&
		(order == NULL || strcmp(order, SOFT_TARGETS_VIEW_ORDER) != 0))
		return err_set(e, "its views are not in the order \"" SOFT_TARGETS_VIEW_ORDER
				  "\": make it again with soft-targets");
	s->views = (size_t)views;
	s->items /= s->views;
	return 0;
}

static int check_set(struct soft_targets *s, struct err *e)
{
	if (lineage_check_kind(&s->set, "soft-targets", e) || find_values(s, e) ||
		read_kind(s, e) || read_views(s, e) ||
		soft_values_check_rows(
			s->values, s->dtype, s->stored, s->views * s->items, s->classes, e))
		return -1;
	return tensor_set_fingerprint(&s->set, &s->fingerprint, e);
}

int soft_targets_load(
	struct soft_targets *s, const char *path, struct workers *w, struct err *e)
{
	*s = (struct soft_targets){0};
	if (tensor_file_load(&s->set, path, w, e))
		return -1;
	if (check_set(s, e)) {
		soft_targets_release(s);
		return err_in(e, path);
	}
	return 0;
}

void soft_targets_release(struct soft_targets *s)
{
	tensor_set_release(&s->set);
	*s = (struct soft_targets){0};
}

/* --- use --- */

static int check_pairing(const struct soft_targets *s, const struct dataset *d, struct err *e)
{
	char made[FINGERPRINT_TEXT], expected[FINGERPRINT_TEXT];

	if (!fingerprint_equal(s->dataset, d->fingerprint))
		return err_set(e,
			"targets were made from another data set (fingerprint %s where %s is "
			"expected)",
			fingerprint_text(s->dataset, made),
			fingerprint_text(d->fingerprint, expected));
	if (s->items != d->items)
		return err_set(e, "has targets for %zu items where the data set has %zu",
			s->items, d->items);
	if (d->classes > 0 && s->classes != d->classes)
		return err_set(e, "has targets for %zu classes where the data set has %zu",
			s->classes, d->classes);
	return 0;
}

int soft_targets_check(
	const struct soft_targets *s, const char *path, const struct dataset *d, struct err *e)
{
	return check_pairing(s, d, e) ? err_in(e, path) : 0;
}

int soft_targets_check_temperature(
	const struct soft_targets *s, const char *path, double temperature, struct err *e)
{
	if (!soft_values_fixed(s->values) || fabs(s->temperature / temperature - 1) < 1e-9)
		return 0;
	err_set(e, "holds %s at temperature %g, which cannot be used at %g",
		soft_values_name(s->values), s->temperature, temperature);
	return err_in(e, path);
}

void soft_targets_row(const struct soft_targets *s, size_t view, size_t item, float *row)
{
	decode_row(s, view * s->items + item, row);
}

/* Stored probabilities sum to 1 but for their rounding, which a loss would take for a target
 * that no probabilities reach: all logits would move for ever. */
static void normalise(float *row, size_t classes)
{
	double sum = 0;

	for (size_t c = 0; c < classes; c++)
		sum += (double)row[c];
	for (size_t c = 0; c < classes; c++)
		row[c] = (float)((double)row[c] / sum);
}

void soft_targets_probabilities(
	const struct soft_targets *s, size_t view, size_t item, double temperature, float *row)
{
	soft_targets_row(s, view, item, row);
	if (!soft_values_fixed(s->values)) {
		soft_values_softmax(row, s->classes, temperature, row);
		return;
	}
	for (size_t c = 0; c < s->classes && s->values == SOFT_LOG_PROBABILITIES; c++)
		row[c] = expf(row[c]);
	normalise(row, s->classes);
}
