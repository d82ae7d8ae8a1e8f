/* SPDX-License-Identifier: ISC */
#include "dataset-mat.h"

#include "err.h"
#include "size.h"
#include "tensor-stats.h"

#include <math.h>

#define BLOCK 64 /* items whose bytes share cache lines where the items are the rows */

/* How far apart the array's bytes are along each dimension of the data set. */
struct steps {
	size_t item, channel, y, x;
};

/* Rows that are pictures. */
static int set_row_shape(struct dataset_source *s, struct steps *step,
	const struct mat_array *a, size_t height, size_t width, struct err *e)
{
	size_t items = a->shape[0], values = a->shape[1], area;

	if (height == 0)
		height = width = (size_t)lround(sqrt((double)values));
	if (size_mul(height, width, &area) || area == 0 || values % area != 0)
		return err_set(e, "rows of %zu values are no pictures%s", values,
			height == width ? " that are square" : " of this shape");
	s->items = items;
	s->shape = (struct shape){values / area, height, width};
	*step = (struct steps){1, items * area, items, items * height};
	return 0;
}

static int set_shape(struct dataset_source *s, struct steps *step, const struct mat_array *a,
	size_t height, size_t width, struct err *e)
{
	size_t channels = a->rank == 4 ? a->shape[2] : 1, area = a->shape[0] * a->shape[1];

	if (a->dtype != TENSOR_U8)
		return err_set(e, "pictures are %s; bytes (uint8) are expected",
			tensor_dtype_name(a->dtype));
	if (a->rank == 2)
		return set_row_shape(s, step, a, height, width, e);
	if (a->rank > 4)
		return err_set(e, "pictures have %d dimensions; 2 to 4 are expected", a->rank);
	if (height != 0 && (height != a->shape[0] || width != a->shape[1]))
		return err_set(e, "pictures have %zu x %zu pixels, not %zu x %zu", a->shape[0],
			a->shape[1], height, width);
	s->items = a->shape[a->rank - 1];
	s->shape = (struct shape){channels, a->shape[0], a->shape[1]};
	step->item = area * channels;
	step->channel = area;
	step->y = 1;
	step->x = a->shape[0];
	return 0;
}

/* One plane of some items. */
static void copy_plane(const uint8_t *from, const struct steps *step, const struct shape *s,
	size_t items, uint8_t *to)
{
	size_t values = shape_values(s);

	for (size_t y = 0; y < s->height; y++)
		for (size_t x = 0; x < s->width; x++)
			for (size_t i = 0; i < items; i++)
				to[i * values + y * s->width + x] =
					from[i * step->item + y * step->y + x * step->x];
}

int dataset_images_from_mat(struct dataset_source *s, const struct mat_array *a, size_t height,
	size_t width, struct err *e)
{
	const uint8_t *from = a->data;
	struct steps step = {0};
	uint8_t *to;

	if (set_shape(s, &step, a, height, width, e))
		return -1;
	to = size_alloc(a->values, 1, "the pictures", e);
	s->images = to;
	if (to == NULL)
		return -1;
	for (size_t i = 0; i < s->items; i += BLOCK)
		for (size_t c = 0; c < s->shape.channels; c++)
			copy_plane(from + i * step.item + c * step.channel, &step, &s->shape,
				s->items - i < BLOCK ? s->items - i : BLOCK,
				to + i * shape_values(&s->shape) +
					c * s->shape.height * s->shape.width);
	return 0;
}

static double number(const void *array, size_t i)
{
	const struct mat_array *a = array;

	return tensor_value(
		a->dtype, (const uint8_t *)a->data + i * tensor_dtype_size(a->dtype));
}

int dataset_labels_from_mat(
	struct dataset_source *s, const struct mat_array *a, int base, struct err *e)
{
	if (a->rank != 2 || (a->shape[0] != 1 && a->shape[1] != 1))
		return err_set(e, "labels are not one number an item");
	return dataset_source_labels(s, a->values, number, a, base, e);
}
