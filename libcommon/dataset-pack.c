/* SPDX-License-Identifier: ISC */
#include "dataset.h"

#include "class-names.h"
#include "err.h"
#include "lineage.h"
#include "number.h"
#include "size.h"

#include <math.h>
#include <stdio.h>

/* An error is that of the file that is to blame. */
static int blame(struct err *e, const char *file)
{
	return file != NULL ? err_in(e, file) : -1;
}

static int pack_inputs(struct tensor_set *set, const struct dataset_source *s, struct err *e)
{
	const size_t shape[] = {s->items, s->shape.channels, s->shape.height, s->shape.width};
	size_t values = shape_values(&s->shape);

	if (s->items == 0 || values == 0)
		return err_set(e, "there are no items to write");
	if (s->images != NULL)
		return tensor_set_add(set, "images", TENSOR_U8, 4, shape, s->images, e);
	for (size_t i = 0; i < s->items * values; i++)
		if (!isfinite(s->features[i]))
			return err_set(
				e, "item %zu holds %g", i / values, (double)s->features[i]);
	return tensor_set_add(set, "features", TENSOR_F32, 2,
		(const size_t[]){s->items, values}, s->features, e);
}

static int check_names(const struct dataset_source *s, size_t *named, struct err *e)
{
	if (class_names_count(s->class_names, named, e))
		return -1;
	if (s->classes > 0 && *named > 0 && *named != s->classes)
		return err_set(
			e, "there are %zu class names for %zu classes", *named, s->classes);
	if (*named > DATASET_MAX_CLASSES)
		return err_set(e, "there are %zu classes; at most %d can be labelled", *named,
			DATASET_MAX_CLASSES);
	for (size_t i = 0; s->classes == 0 && *named > 0 && s->labels != NULL && i < s->items;
		i++)
		if (s->labels[i] >= *named)
			return err_set(e,
				"there are %zu class names, but item %zu has label %d", *named,
				i, s->labels[i]);
	return 0;
}

/* The number of classes: stated, or as many as have names, or up to the largest label. */
static int count_classes(struct dataset_source *s, struct err *e)
{
	size_t named = 0, stated;

	if (s->class_names != NULL && check_names(s, &named, e))
		return blame(e, s->from.names);
	if (s->classes == 0)
		s->classes = named;
	stated = s->classes;
	for (size_t i = 0; s->labels != NULL && i < s->items; i++) {
		if (stated > 0 && s->labels[i] >= stated) {
			err_set(e, "item %zu has label %d, but there are %zu classes", i,
				s->labels[i], stated);
			return blame(e, s->from.labels);
		}
		if (s->labels[i] >= s->classes)
			s->classes = (size_t)s->labels[i] + 1;
	}
	return 0;
}

static int pack_labels(struct tensor_set *set, struct dataset_source *s, struct err *e)
{
	uint8_t *narrow = (uint8_t *)s->labels;

	if (s->labels == NULL)
		return 0;
	if (s->classes > 256)
		return tensor_set_add(set, "labels", TENSOR_U16, 1, &s->items, s->labels, e);
	for (size_t i = 0; i < s->items; i++)
		narrow[i] = (uint8_t)s->labels[i];
	return tensor_set_add(set, "labels", TENSOR_U8, 1, &s->items, narrow, e);
}

int dataset_pack(struct tensor_set *set, struct dataset_source *s, struct err *e)
{
	char text[32];

	if (lineage_kind(set, "dataset", e))
		return -1;
	if (pack_inputs(set, s, e))
		return blame(e, s->from.items);
	if (count_classes(s, e) || pack_labels(set, s, e))
		return -1;
	snprintf(text, sizeof text, "%zu", s->classes);
	if (s->classes > 0 && tensor_set_put_meta(set, "potstill.classes", text, e))
		return -1;
	if (s->class_names != NULL)
		return tensor_set_put_meta(set, "potstill.class-names", s->class_names, e);
	return 0;
}

int dataset_source_labels(struct dataset_source *s, size_t labels,
	double (*number)(const void *array, size_t i), const void *array, int base,
	struct err *e)
{
	if (labels != s->items)
		return err_set(e, "has %zu labels for %zu items", labels, s->items);
	s->labels = size_alloc(labels, sizeof *s->labels, "labels", e);
	if (s->labels == NULL)
		return -1;
	for (size_t i = 0; i < labels; i++) {
		double v = number(array, i), label = v - base;
		char text[NUMBER_TEXT];

		if (!(label >= 0 && label < DATASET_MAX_CLASSES) || label != floor(label))
			return err_set(e,
				"label %zu is %s, which is no whole number within [%d, %d]", i,
				number_text(v, text), base, base + DATASET_MAX_CLASSES - 1);
		s->labels[i] = (uint16_t)label;
	}
	return 0;
}
