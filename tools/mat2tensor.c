/* SPDX-License-Identifier: ISC */
/* MATLAB's MAT files, as EMNIST comes in, to a data set. */
#include "class-names.h"
#include "cli-rows.h"
#include "dataset-mat.h"
#include "die.h"
#include "err.h"
#include "lineage.h"
#include "number.h"
#include "options.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *output = "-", *images, *labels, *shape, *names;
static int split = -1, label_base, classes, level = TENSOR_LEVEL;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the data set"),
	OPTION_CHOICE(0, "split", "train|test", &split,
		"which part of an EMNIST file to take [train]"),
	OPTION_TEXT(0, "images", "NAME", &images,
		"the array of pictures [dataset.train.images, or test]"),
	OPTION_TEXT(0, "labels", "NAME", &labels,
		"the array of labels [dataset.train.labels, or test]"),
	OPTION_TEXT(0, "shape", "HxW", &shape, "of pictures that are rows [square]"),
	ROW_LABEL_BASE(&label_base),
	ROW_CLASSES(&classes),
	ROW_CLASS_NAMES(&names),
	ROW_LEVEL(&level),
	OPTION_END,
};

static const struct tool tool = {
	.name = "mat2tensor",
	.summary = "turn MATLAB's MAT files, as EMNIST comes in, into a data set",
	.synopsis = "[options] FILE",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

/* Fills in the names of EMNIST's arrays where none are said. */
static void settle(const char *path, size_t sides[2])
{
	if (strcmp(path, "-") == 0)
		die_usage("a MAT file cannot be read from standard input");
	if (images == NULL && labels != NULL)
		die_usage("--labels needs --images");
	if (images != NULL && labels == NULL && options_given(&label_base))
		die_usage("--label-base needs --labels");
	if (images != NULL && split >= 0)
		die_usage("--split and --images exclude each other");
	if (shape != NULL &&
		(number_list(shape, 'x', 2, 65535, sides) || sides[0] == 0 || sides[1] == 0))
		die_usage("--shape: \"%s\" is no shape such as 28x28", shape);
	if (images != NULL)
		return;
	images = split == 1 ? "dataset.test.images" : "dataset.train.images";
	labels = split == 1 ? "dataset.test.labels" : "dataset.train.labels";
}

static struct fingerprint fingerprint(const struct mat_array *a)
{
	return fingerprint_of(a->data, a->values * tensor_dtype_size(a->dtype));
}

static int read_images(struct dataset_source *s, struct tensor_set *set, struct mat_file *f,
	const size_t sides[2], struct err *e)
{
	struct mat_array a;
	int bad;

	if (mat_read(f, images, &a, e))
		return -1;
	bad = dataset_images_from_mat(s, &a, sides[0], sides[1], e) ||
	      lineage_input(set, "images", fingerprint(&a), e);
	mat_release(&a);
	return bad;
}

static int read_labels(
	struct dataset_source *s, struct tensor_set *set, struct mat_file *f, struct err *e)
{
	struct mat_array a;
	int bad;

	if (labels == NULL)
		return 0;
	if (mat_read(f, labels, &a, e))
		return -1;
	bad = dataset_labels_from_mat(s, &a, label_base, e) ||
	      lineage_input(set, "labels", fingerprint(&a), e);
	mat_release(&a);
	return bad;
}

static int record(struct tensor_set *set, struct err *e)
{
	if (shape != NULL && lineage_option(set, e, "--shape %s", shape))
		return -1;
	return label_base == 0 ? 0 : lineage_option(set, e, "--label-base %d", label_base);
}

int main(int argc, char **argv)
{
	struct dataset_source s = {0};
	size_t sides[2] = {0, 0};
	struct tensor_set set;
	struct mat_file *f;
	struct workers *w;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	settle(path[0], sides);
	s.classes = (size_t)classes;
	tensor_set_init(&set);
	w = workers_new(0, &e);
	if (w == NULL ||
		(names != NULL && (s.class_names = class_names_read(names, &e)) == NULL))
		die_err(&e);
	f = mat_open(path[0], &e);
	if (f == NULL)
		die_err(&e);
	if (read_images(&s, &set, f, sides, &e) || read_labels(&s, &set, f, &e))
		die("\"%s\": %s", path[0], e.text);
	mat_close(f);
	s.from.items = s.from.labels = path[0];
	s.from.names = names;
	if (dataset_pack(&set, &s, &e) || record(&set, &e) ||
		tensor_file_save(&set, output, level, w, &e))
		die_err(&e);
	tensor_set_release(&set);
	free((uint8_t *)s.images);
	free((char *)s.class_names);
	free(s.labels);
	workers_free(w);
	return 0;
}
