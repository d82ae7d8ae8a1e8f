/* SPDX-License-Identifier: ISC */
/* PNG files, in a folder for each class or in a list, to a data set. */
#include "class-names.h"
#include "cli-rows.h"
#include "dataset-files.h"
#include "dataset-png.h"
#include "die.h"
#include "err.h"
#include "lineage.h"
#include "number.h"
#include "options.h"
#include "progress.h"
#include "workers.h"

#include <stdio.h>
#include <stdlib.h>

static const char *output = "-", *names, *size, *background = "255,255,255";
static bool gray, rgb, skip_bad;
static int crop = -1, filter = -1, classes, threads, level = TENSOR_LEVEL;

static const struct option_row rows[] = {
	ROW_OUTPUT(&output, "the data set"),
	OPTION_TEXT('s', "size", "WxH", &size,
		"resize every picture to this [as they are, which must be the same]"),
	OPTION_CHOICE(0, "crop", "centre", &crop,
		"of pictures of another aspect ratio take the middle [stretch them]"),
	OPTION_CHOICE(0, "filter", "bilinear|area", &filter, "how to resize [bilinear]"),
	OPTION_FLAG('g', "gray", &gray, "make every picture grey"),
	OPTION_FLAG(0, "rgb", &rgb, "make every picture RGB [grey where all files are]"),
	OPTION_TEXT(0, "background", "R,G,B", &background,
		"what is behind transparent pixels [255,255,255, white]"),
	OPTION_FLAG(0, "skip-bad", &skip_bad, "leave out and list what is broken"),
	OPTION_INT(0, "classes", "N", &classes, 1, DATASET_MAX_CLASSES,
		"number of classes [as many as there are names, or up to the largest label]"),
	OPTION_TEXT(0, "class-names", "FILE|LIST", &names,
		"all classes in their order: a file, one a line, or a list with commas"),
	ROW_THREADS(&threads),
	ROW_LEVEL(&level),
	OPTION_END,
};

static const struct tool tool = {
	.name = "png2tensor",
	.summary = "turn PNG files, in a folder for each class or in a list, into a data set",
	.synopsis = "[options] FOLDER|LIST",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

static void show_progress(size_t done, size_t all)
{
	double seconds = progress_seconds();
	char text[PROGRESS_TIME];

	if (!progress_due())
		return;
	progress_show("%zu of %zu pictures, %.0f a second, %s left", done, all,
		(double)done / seconds,
		progress_time(seconds * (double)(all - done) / (double)done, text));
}

static void settle(struct dataset_png *p)
{
	size_t side[2] = {0, 0}, rgb_value[3];

	if (gray && rgb)
		die_usage("--gray and --rgb exclude each other");
	if (size != NULL && (number_list(size, 'x', 2, IMAGE_MAX_SIDE, side) || side[0] == 0 ||
				    side[1] == 0))
		die_usage("--size: \"%s\" is no size such as 28x28 with sides up to %d", size,
			IMAGE_MAX_SIDE);
	if (size == NULL && (crop >= 0 || filter >= 0))
		die_usage("--crop and --filter say how to reach --size, which is missing");
	if (number_list(background, ',', 3, 255, rgb_value))
		die_usage("--background: \"%s\" is no colour such as 255,255,255", background);
	p->color = gray ? DATASET_PNG_GRAY : rgb ? DATASET_PNG_RGB : DATASET_PNG_AUTO;
	p->fit = (struct image_fit){side[0], side[1],
		filter < 0 ? IMAGE_BILINEAR : (enum image_filter)filter, crop >= 0};
	for (int c = 0; c < 3; c++)
		p->background[c] = (uint8_t)rgb_value[c];
	p->skip_bad = skip_bad;
	p->progress = show_progress;
}

static void find_files(struct dataset_files *f, const char *source)
{
	char *json = NULL;
	struct err e;

	if (names != NULL && (json = class_names_read(names, &e)) == NULL)
		die_err(&e);
	if (dataset_files_find(f, source, ".png", json, &e))
		die_err(&e);
	free(json);
	if (f->others > 0)
		warn("\"%s\": %zu files do not end in .png and are left out, the first is "
		     "\"%s\"",
			source, f->others, f->other);
}

/* Labels close up as the pictures do. */
static void list_bad(const struct dataset_png *p, struct dataset_files *f)
{
	size_t n = 0;

	for (size_t i = 0; i < p->files; i++)
		if (p->why[i] != NULL)
			warn("%s", p->why[i]);
		else if (f->label != NULL)
			f->label[n++] = f->label[i];
	if (p->bad > 0)
		warn("%zu of %zu pictures are broken and left out", p->bad, p->files);
}

static int record(struct tensor_set *set, const struct dataset_png *p, struct err *e)
{
	if (lineage_input(set, "images", p->fingerprint, e))
		return -1;
	if (size != NULL && lineage_option(set, e, "--size %s --filter %s", size,
				    p->fit.filter == IMAGE_AREA ? "area" : "bilinear"))
		return -1;
	if (crop >= 0 && lineage_option(set, e, "--crop centre"))
		return -1;
	if ((gray || rgb) && lineage_option(set, e, gray ? "--gray" : "--rgb"))
		return -1;
	return lineage_option(set, e, "--background %s", background);
}

static void report(const struct dataset_source *s)
{
	char text[64] = "";

	if (s->labels != NULL)
		snprintf(text, sizeof text, " in %zu classes", s->classes);
	progress_say("%zu pictures%s: %s, %zu x %zu", s->items, text,
		s->shape.channels == 1 ? "grey" : "RGB", s->shape.width, s->shape.height);
}

int main(int argc, char **argv)
{
	struct dataset_png p = {.skip_bad = false};
	struct dataset_source s = {0};
	struct dataset_files f;
	struct tensor_set set;
	struct err e;
	char **path;
	int n;

	path = options_parse(&tool, argc, argv, &n);
	settle(&p);
	find_files(&f, path[0]);
	p.workers = workers_new(threads, &e);
	if (p.workers == NULL)
		die_err(&e);
	p.path = f.path;
	p.files = f.files;
	progress_seconds(); /* the clock starts here */
	if (dataset_png_load(&p, &e))
		die_err(&e);
	progress_clear();
	list_bad(&p, &f);
	s = (struct dataset_source){p.items, p.shape, p.images, NULL, f.label, (size_t)classes,
		f.class_names, {path[0], path[0], names != NULL ? names : path[0]}};
	tensor_set_init(&set);
	if (dataset_pack(&set, &s, &e) || record(&set, &p, &e) ||
		tensor_file_save(&set, output, level, p.workers, &e))
		die_err(&e);
	report(&s);
	tensor_set_release(&set);
	dataset_files_release(&f);
	workers_free(p.workers);
	dataset_png_release(&p);
	return 0;
}
