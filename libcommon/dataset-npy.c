/* SPDX-License-Identifier: ISC */
#include "dataset-npy.h"

#include "err.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

/* [height * width, channels] to [channels, height * width] for each item. */
static int channels_first(struct npy *a, size_t pixels, size_t channels, struct err *e)
{
	size_t values = pixels * channels;
	uint8_t *copy = size_alloc(values, 1, "an image", e), *image = a->bytes;

	if (copy == NULL)
		return -1;
	for (size_t i = 0; i < a->shape[0]; i++, image += values) {
		memcpy(copy, image, values);
		for (size_t c = 0; c < channels; c++)
			for (size_t p = 0; p < pixels; p++)
				image[c * pixels + p] = copy[p * channels + c];
	}
	free(copy);
	return 0;
}

int dataset_images_from_npy(
	struct dataset_source *s, struct npy *a, bool channels_last, struct err *e)
{
	if (a->dtype != TENSOR_U8)
		return err_set(e, "images are %s; bytes (uint8) are expected, or features",
			tensor_dtype_name(a->dtype));
	if (a->rank != 4 && (a->rank != 3 || channels_last))
		return err_set(e, "images have %d dimensions, not items%s", a->rank,
			channels_last ? ", height, width and channels"
				      : " [, channels], height and width");
	if (a->values == 0)
		return err_set(e, "holds no items");
	s->items = a->shape[0];
	s->images = a->bytes;
	if (a->rank == 3)
		s->shape = (struct shape){1, a->shape[1], a->shape[2]};
	else if (channels_last)
		s->shape = (struct shape){a->shape[3], a->shape[1], a->shape[2]};
	else
		s->shape = (struct shape){a->shape[1], a->shape[2], a->shape[3]};
	if (!channels_last || s->shape.channels == 1)
		return 0;
	return channels_first(a, s->shape.height * s->shape.width, s->shape.channels, e);
}

int dataset_features_from_npy(struct dataset_source *s, struct npy *a, struct err *e)
{
	if (a->rank < 2)
		return err_set(e, "features have %d dimensions, not items and values", a->rank);
	if (a->values == 0)
		return err_set(e, "holds no items");
	if (npy_to_floats(a, e))
		return -1;
	s->items = a->shape[0];
	s->features = (const float *)(const void *)a->bytes;
	s->shape = (struct shape){a->values / a->shape[0], 1, 1};
	return 0;
}

static double number(const void *array, size_t i)
{
	return npy_real(array, i);
}

int dataset_labels_from_npy(struct dataset_source *s, const struct npy *a, struct err *e)
{
	if (!npy_is_integer(a))
		return err_set(
			e, "labels are %s; integers are expected", tensor_dtype_name(a->dtype));
	if (a->rank < 1 || a->values != a->shape[0])
		return err_set(e, "labels are not one number an item");
	return dataset_source_labels(s, a->values, number, a, 0, e);
}
