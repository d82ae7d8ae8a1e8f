/* SPDX-License-Identifier: ISC */
#include "soft-targets.h"

#include "err.h"
#include "lineage.h"
#include "number.h"
#include "outfile.h"
#include "size.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static int put_number(struct tensor_set *s, const char *key, double v, struct err *e)
{
	char text[NUMBER_TEXT];

	return tensor_set_put_meta(s, key, number_text(v, text), e);
}

static int put_count(struct tensor_set *s, const char *key, uint64_t v, struct err *e)
{
	char text[32];

	snprintf(text, sizeof text, "%" PRIu64, v);
	return tensor_set_put_meta(s, key, text, e);
}

static int describe_views(
	struct tensor_set *set, const struct soft_targets_source *s, struct err *e)
{
	if (s->views == 1 && !augment_any(&s->augment))
		return 0;
	if (put_count(set, "potstill.views", s->views, e) ||
		put_count(set, "potstill.jitter", (uint64_t)s->augment.jitter, e) ||
		(s->augment.flip && put_count(set, "potstill.flip", 1, e)) ||
		tensor_set_put_meta(set, "potstill.view-order", SOFT_TARGETS_VIEW_ORDER, e))
		return -1;
	return put_count(set, "potstill.view-seed", s->view_seed, e);
}

static int describe(struct tensor_set *set, const struct soft_targets_source *s, struct err *e)
{
	char text[FINGERPRINT_TEXT];

	if (lineage_kind(set, "soft-targets", e) ||
		tensor_set_put_meta(set, "potstill.values", soft_values_name(s->values), e) ||
		tensor_set_put_meta(
			set, "potstill.dataset", fingerprint_text(s->dataset, text), e))
		return -1;
	if (soft_values_fixed(s->values) &&
		put_number(set, "potstill.temperature", s->temperature, e))
		return -1;
	if (s->teacher != NULL && tensor_set_put_meta(set, "potstill.teacher", s->teacher, e))
		return -1;
	if (s->arithmetic != NULL &&
		tensor_set_put_meta(set, "potstill.arithmetic", s->arithmetic, e))
		return -1;
	if (s->input != NULL && lineage_input(set, "values", *s->input, e))
		return -1;
	if (s->options != NULL && lineage_option(set, e, "%s", s->options))
		return -1;
	return describe_views(set, s, e);
}

/* Counts and ranges that the caller answers for, and the number of rows. */
static int count_rows(
	const struct soft_targets_source *s, size_t *rows, size_t *values, struct err *e)
{
	if (s->items == 0 || s->classes == 0 || s->views == 0)
		return err_set(e, "there are no soft targets to write");
	if (soft_values_fixed(s->values) && !(s->temperature > 0))
		return err_set(e, "%s need a temperature", soft_values_name(s->values));
	if (s->dtype != TENSOR_F32 && s->dtype != TENSOR_F16 && s->dtype != TENSOR_BF16)
		return err_set(e, "soft targets cannot be %s", tensor_dtype_name(s->dtype));
	if (size_mul(s->views, s->items, rows) || size_mul(*rows, s->classes, values))
		return err_set(e, "soft targets do not fit the address space");
	return 0;
}

int soft_targets_write(const struct soft_targets_source *source, struct outfile *o,
	const char *path, int level, struct workers *w, struct err *e)
{
	struct tensor_set set;
	void *stored = NULL;
	size_t rows, values;
	int result = -1;

	tensor_set_init(&set);
	if (count_rows(source, &rows, &values, e))
		goto out;
	stored = size_alloc(values, tensor_dtype_size(source->dtype), "soft targets", e);
	if (stored == NULL)
		goto out;
	soft_values_encode(source->dtype, source->value, values, stored);
	if (soft_values_check_rows(
		    source->values, source->dtype, stored, rows, source->classes, e))
		goto out;
	if (tensor_set_add(&set, "values", source->dtype, 2,
		    (const size_t[]){rows, source->classes}, stored, e) ||
		describe(&set, source, e))
		goto out;
	result = tensor_file_write(&set, o, path, level, w, e);
out:
	tensor_set_release(&set);
	free(stored);
	return result;
}

int soft_targets_save(const struct soft_targets_source *source, const char *path, int level,
	struct workers *w, struct err *e)
{
	struct outfile o;

	return soft_targets_write(source, &o, path, level, w, e) ? -1 : outfile_commit(&o, e);
}
