/* SPDX-License-Identifier: ISC */
/* IDX files (MNIST and its kin) to a data set. */
#include "class-names.h"
#include "cli-rows.h"
#include "dataset.h"
#include "die.h"
#include "err.h"
#include "idx.h"
#include "lineage.h"
#include "options.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

static const char *output = "-", *names;
static bool transposed;
static int label_base, classes, level = TENSOR_LEVEL;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the data set"),
	OPTION_FLAG(0, "transpose", &transposed, "swap height and width (EMNIST)"),
	ROW_LABEL_BASE(&label_base),
	ROW_CLASSES(&classes),
	ROW_CLASS_NAMES(&names),
	ROW_LEVEL(&level),
	OPTION_END,
};

static const struct tool tool = {
	.name = "idx2tensor",
	.summary = "turn IDX files, gzip'ed or not, into a data set",
	.synopsis = "[options] IMAGES [LABELS]",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 2,
};

/* [items, height, width] or [items, channels, height, width], of bytes. */
static int read_shape(
	struct dataset_source *s, const struct idx *x, const char *path, struct err *e)
{
	if (x->type != IDX_U8 || x->rank < 3) {
		err_set(e, "holds no images: rank 3 or 4 and bytes are expected");
		return err_in(e, path);
	}
	s->items = x->shape[0];
	s->shape = (struct shape){
		x->rank == 4 ? x->shape[1] : 1, x->shape[x->rank - 2], x->shape[x->rank - 1]};
	s->images = x->bytes;
	s->from.items = path;
	return 0;
}

/* Swaps height and width of every channel in place. */
static int transpose(struct dataset_source *s, uint8_t *image, struct err *e)
{
	size_t height = s->shape.height, width = s->shape.width, pixels = height * width;
	size_t channels = s->items * s->shape.channels;
	uint8_t *copy = size_alloc(pixels, 1, "an image", e);

	if (copy == NULL)
		return -1;
	for (size_t i = 0; i < channels; i++, image += pixels) {
		memcpy(copy, image, pixels);
		for (size_t y = 0; y < height; y++)
			for (size_t x = 0; x < width; x++)
				image[x * height + y] = copy[y * width + x];
	}
	free(copy);
	s->shape.height = width;
	s->shape.width = height;
	return 0;
}

static double number(const void *labels, size_t i)
{
	return idx_value(labels, i);
}

static int read_labels(struct dataset_source *s, const struct idx *x, struct err *e)
{
	if (x->rank != 1)
		return err_set(e, "holds no labels: rank 1 is expected, not %d", x->rank);
	return dataset_source_labels(s, x->values, number, x, label_base, e);
}

/* The labels, checked against the number of classes, become part of the set. */
static int pack(struct tensor_set *set, struct dataset_source *s, const struct idx *labels,
	const char *path, struct err *e)
{
	if (path != NULL && read_labels(s, labels, e))
		return err_in(e, path);
	if (names != NULL) {
		s->class_names = class_names_read(names, e);
		if (s->class_names == NULL)
			return -1;
	}
	s->from.names = names;
	s->from.labels = path;
	return dataset_pack(set, s, e);
}

static int record(struct tensor_set *set, const struct idx *images, const struct idx *labels,
	struct err *e)
{
	if (lineage_input(set, "images", images->fingerprint, e))
		return -1;
	if (labels->bytes != NULL && lineage_input(set, "labels", labels->fingerprint, e))
		return -1;
	if (transposed && lineage_option(set, e, "--transpose"))
		return -1;
	return label_base == 0 ? 0 : lineage_option(set, e, "--label-base %d", label_base);
}

int main(int argc, char **argv)
{
	struct idx images = {0}, labels = {0};
	struct dataset_source s = {0};
	struct tensor_set set;
	struct workers *w;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	options_one_stdin((const char *const *)path, n, NULL);
	if (n < 2 && options_given(&label_base))
		die_usage("--label-base needs LABELS");
	tensor_set_init(&set);
	s.classes = (size_t)classes;
	w = workers_new(0, &e);
	if (w == NULL || idx_load(&images, path[0], &e) ||
		(n == 2 && idx_load(&labels, path[1], &e)))
		die_err(&e);
	if (read_shape(&s, &images, path[0], &e) ||
		(transposed && transpose(&s, images.bytes, &e)) ||
		pack(&set, &s, &labels, path[1], &e) || record(&set, &images, &labels, &e) ||
		tensor_file_save(&set, output, level, w, &e))
		die_err(&e);
	tensor_set_release(&set);
	free((char *)s.class_names);
	free(s.labels);
	idx_release(&labels);
	idx_release(&images);
	workers_free(w);
	return 0;
}
