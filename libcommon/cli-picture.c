/* SPDX-License-Identifier: ISC */
#include "cli-picture.h"

#include "die.h"
#include "err.h"
#include "image-files.h"
#include "json.h"
#include "outfile.h"
#include "progress.h"
#include "size.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static int write_sheet(const struct cli_picture *p, const struct image_sheet *s,
	const char *output, struct err *e)
{
	struct image i;
	struct outfile o;
	int bad;

	if (image_sheet_draw(&i, s, &p->tiles, e))
		return -1;
	bad = outfile_open(&o, output, e);
	if (!bad && (image_write(&i, &o, e) || outfile_commit(&o, e))) {
		outfile_abort(&o);
		bad = -1;
	}
	image_release(&i);
	return bad;
}

/* As wide as high, or nearly. */
static size_t square_columns(const struct image_tiles *t)
{
	double n = (double)t->n * (double)t->height / (double)t->width;

	return (size_t)fmin(ceil(sqrt(n)), (double)t->n);
}

int cli_picture_sheet(const struct cli_picture *p, const char *output, struct err *e)
{
	struct image_sheet s = {.scale = p->scale, .gap = p->tiles.n > 1 ? p->gap : 0};

	s.columns = p->columns > 0 ? p->columns : square_columns(&p->tiles);
	s.rows = (p->tiles.n + s.columns - 1) / s.columns;
	return write_sheet(p, &s, output, e);
}

int cli_picture_classes(const struct cli_picture *p, const char *output, struct err *e)
{
	struct image_sheet s = {p->columns, p->data->classes, p->scale, p->gap, NULL};
	size_t *cell = size_alloc(p->tiles.n, sizeof *cell, "the list of pictures", e);
	size_t *seen = size_alloc(s.rows, sizeof *seen, "the list of classes", e);
	int bad = -1;

	if (cell == NULL || seen == NULL)
		goto out;
	for (size_t i = 0; i < p->tiles.n; i++) {
		size_t c = p->data->labels[p->first + i / p->per_item];

		cell[i] = seen[c] < s.columns ? c * s.columns + seen[c]++ : IMAGE_SHEET_NOWHERE;
	}
	s.cell = cell;
	bad = write_sheet(p, &s, output, e);
out:
	free(cell);
	free(seen);
	return bad;
}

static int digits(size_t n)
{
	return snprintf(NULL, 0, "%zu", n);
}

#define NAME_SIZE 64

/* The folder of an item's class: its name, or its number with zeros before it. */
static const char *class_of(
	const struct dataset *d, char *const *names, size_t item, char number[NAME_SIZE])
{
	if (d->labels == NULL)
		return "";
	if (names != NULL)
		return names[d->labels[item]];
	snprintf(number, NAME_SIZE, "%0*d", digits(d->classes - 1), d->labels[item]);
	return number;
}

static int write_one(const struct cli_picture *p, size_t k, struct image_files *f,
	const char *class, const char *name, struct err *e)
{
	const struct image_sheet s = {1, 1, p->scale, 0, NULL};
	struct image_tiles t = p->tiles;
	struct image i;
	int bad;

	t.first = k;
	t.n = 1;
	if (image_sheet_draw(&i, &s, &t, e))
		return -1;
	bad = image_files_write(f, class, name, &i, e);
	image_release(&i);
	return bad;
}

static int write_all(const struct cli_picture *p, struct image_files *f, char *const *names,
	const volatile int *stop, struct err *e)
{
	int width = digits(p->first + (p->tiles.n - 1) / p->per_item);
	char name[NAME_SIZE], number[NAME_SIZE];

	for (size_t k = 0; k < p->tiles.n && !*stop; k++) {
		size_t item = p->first + k / p->per_item;

		if (p->per_item > 1)
			snprintf(name, sizeof name, "%0*zu-%zu", width, item, k % p->per_item);
		else
			snprintf(name, sizeof name, "%0*zu", width, item);
		if (write_one(p, k, f, class_of(p->data, names, item, number), name, e))
			return -1;
		progress_show("%zu of %zu pictures", k + 1, p->tiles.n);
	}
	progress_clear();
	return *stop;
}

int cli_picture_each(const struct cli_picture *p, const char *folder, struct err *e)
{
	const volatile int *stop = die_on_signal_later();
	char **names = NULL;
	struct image_files f;
	size_t n;
	int bad;

	if (p->data->class_names != NULL &&
		json_read_texts(p->data->class_names, "class names", &names, &n, e))
		return -1;
	bad = image_files_start(&f, folder, e);
	if (!bad) {
		bad = write_all(p, &f, names, stop, e) || image_files_finish(&f, e);
		if (bad)
			image_files_abort(&f);
		die_on_signal_now();
	}
	free(names);
	return bad ? -1 : 0;
}
