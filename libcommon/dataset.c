/* SPDX-License-Identifier: ISC */
#include "dataset.h"

#include "class-names.h"
#include "err.h"
#include "lineage.h"
#include "size.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

size_t shape_values(const struct shape *s)
{
	return s->channels * s->height * s->width;
}

static bool is_vector(const struct shape *s)
{
	return s->height == 1 && s->width == 1;
}

bool shape_fits(const struct shape *a, const struct shape *b)
{
	if (is_vector(a) || is_vector(b))
		return shape_values(a) == shape_values(b);
	return a->channels == b->channels && a->height == b->height && a->width == b->width;
}

static int check_images(struct dataset *d, const struct tensor *t, struct err *e)
{
	if (t->dtype != TENSOR_U8 || t->rank != 4)
		return err_set(e,
			"images are %s of rank %d, not U8 [items, channels, height, width]",
			tensor_dtype_name(t->dtype), t->rank);
	d->images = t->data;
	d->shape = (struct shape){t->shape[1], t->shape[2], t->shape[3]};
	return 0;
}

static int check_features(struct dataset *d, const struct tensor *t, struct err *e)
{
	const float *v = t->data;

	if (t->dtype != TENSOR_F32 || t->rank != 2)
		return err_set(e, "features are %s of rank %d, not F32 [items, values]",
			tensor_dtype_name(t->dtype), t->rank);
	for (size_t i = 0; i < t->size / sizeof *v; i++)
		if (!isfinite(v[i]))
			return err_set(e, "features: item %zu holds %g", i / t->shape[1],
				(double)v[i]);
	d->features = v;
	d->shape = (struct shape){t->shape[1], 1, 1};
	return 0;
}

static int find_inputs(struct dataset *d, struct err *e)
{
	const struct tensor *images = tensor_set_find(&d->set, "images");
	const struct tensor *features = tensor_set_find(&d->set, "features");
	const struct tensor *t = images != NULL ? images : features;

	if (t == NULL)
		return err_set(e, "has neither images nor features");
	if (images != NULL && features != NULL)
		return err_set(e, "has images and features; one of them is expected");
	if (images != NULL ? check_images(d, t, e) : check_features(d, t, e))
		return -1;
	d->items = t->shape[0];
	if (t->size == 0)
		return err_set(e, "holds no items");
	return 0;
}

static int copy_labels(struct dataset *d, const struct tensor *t, struct err *e)
{
	const uint8_t *narrow = t->data;

	if ((t->dtype != TENSOR_U8 && t->dtype != TENSOR_U16) || t->rank != 1)
		return err_set(e, "labels are %s of rank %d, not U8 or U16 [items]",
			tensor_dtype_name(t->dtype), t->rank);
	if (t->shape[0] != d->items)
		return err_set(e, "has %zu labels for %zu items", t->shape[0], d->items);
	d->labels = size_alloc(d->items, sizeof *d->labels, "labels", e);
	if (d->labels == NULL)
		return -1;
	if (t->dtype == TENSOR_U16)
		memcpy(d->labels, t->data, t->size);
	else
		for (size_t i = 0; i < d->items; i++)
			d->labels[i] = narrow[i];
	return 0;
}

/* The declared number of classes, else one more than the largest label. */
static int count_classes(struct dataset *d, struct err *e)
{
	uint64_t declared = 0;
	int found =
		lineage_count(&d->set, "potstill.classes", DATASET_MAX_CLASSES, &declared, e);

	if (found < 0)
		return -1;
	if (found && declared == 0)
		return err_set(e, "metadata potstill.classes is 0");
	d->classes = (size_t)declared;
	for (size_t i = 0; d->labels != NULL && i < d->items; i++) {
		if (found && d->labels[i] >= declared)
			return err_set(e, "item %zu has label %d, but there are %zu classes", i,
				d->labels[i], d->classes);
		if (!found && d->labels[i] >= d->classes)
			d->classes = (size_t)d->labels[i] + 1;
	}
	return 0;
}

static int check_names(struct dataset *d, struct err *e)
{
	size_t n;

	d->class_names = tensor_set_meta(&d->set, "potstill.class-names");
	if (d->class_names == NULL)
		return 0;
	if (class_names_count(d->class_names, &n, e))
		return -1;
	if (n != d->classes)
		return err_set(e, "has %zu class names for %zu classes", n, d->classes);
	return 0;
}

static int check_set(struct dataset *d, struct err *e)
{
	const struct tensor *labels = tensor_set_find(&d->set, "labels");

	if (lineage_check_kind(&d->set, "dataset", e) || find_inputs(d, e))
		return -1;
	if (labels != NULL && copy_labels(d, labels, e))
		return -1;
	if (count_classes(d, e) || check_names(d, e))
		return -1;
	return tensor_set_fingerprint(&d->set, &d->fingerprint, e);
}

int dataset_take(struct dataset *d, struct tensor_set *s, const char *path, struct err *e)
{
	*d = (struct dataset){.set = *s};
	tensor_set_init(s);
	if (check_set(d, e)) {
		dataset_release(d);
		return err_in(e, path);
	}
	return 0;
}

int dataset_load(struct dataset *d, const char *path, struct workers *w, struct err *e)
{
	struct tensor_set set;

	*d = (struct dataset){0};
	return tensor_file_load(&set, path, w, e) ? -1 : dataset_take(d, &set, path, e);
}

void dataset_release(struct dataset *d)
{
	free(d->labels);
	tensor_set_release(&d->set);
	*d = (struct dataset){0};
}

int dataset_need_labels(const struct dataset *d, const char *path, struct err *e)
{
	if (d->labels != NULL)
		return 0;
	err_set(e, "has no labels");
	return err_in(e, path);
}
