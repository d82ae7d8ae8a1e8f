/* SPDX-License-Identifier: ISC */
#include "dataset-files.h"

#include "class-names.h"
#include "dataset-folder.h"
#include "dataset.h"
#include "err.h"
#include "infile.h"
#include "json.h"
#include "size.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LIST_MAX ((size_t)1 << 31)

struct named {
	const char *name;
	size_t label;
};

/* --- what there is --- */

static int make_index(struct dataset_files *f, size_t files, struct err *e)
{
	f->path = size_alloc(files, sizeof *f->path, "the list of files", e);
	f->class = size_alloc(files, sizeof *f->class, "the list of files", e);
	return f->path == NULL || f->class == NULL ? -1 : 0;
}

static int find_in_folder(
	struct dataset_files *f, const char *source, const char *ending, struct err *e)
{
	struct dataset_folder folder = {.ending = ending};
	const char *at;

	if (dataset_folder_walk(&folder, source, e) || make_index(f, folder.files, e)) {
		dataset_folder_release(&folder);
		return -1;
	}
	f->text = folder.text;
	f->others = folder.others;
	f->other = folder.other;
	for (at = f->text; f->files < folder.files; f->files++) {
		f->path[f->files] = at;
		at += strlen(at) + 1;
		f->class[f->files] = at;
		at += strlen(at) + 1;
	}
	return 0;
}

/* Cuts one line in two. */
static int add_line(struct dataset_files *f, char *line, struct err *e)
{
	size_t n = strlen(line);
	char *tab;

	if (n > 0 && line[n - 1] == '\r')
		line[--n] = '\0';
	tab = strrchr(line, '\t');
	if (n == 0 || tab == line)
		return err_set(e, "line %zu has no path", f->files + 1);
	if (tab != NULL && tab[1] == '\0')
		return err_set(e, "line %zu has no class behind its tab", f->files + 1);
	if (tab != NULL)
		*tab = '\0';
	f->path[f->files] = line;
	f->class[f->files++] = tab == NULL ? "" : tab + 1;
	return 0;
}

static int add_lines(struct dataset_files *f, char *list, struct err *e)
{
	size_t lines = 1;

	if (list[0] == '\0')
		return err_set(e, "is empty");
	for (const char *p = list; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	if (make_index(f, lines, e))
		return -1;
	for (char *line = list, *end; line != NULL; line = end) {
		end = strchr(line, '\n');
		if (end != NULL)
			*end++ = '\0';
		if (add_line(f, line, e))
			return -1;
	}
	return 0;
}

static int find_in_list(struct dataset_files *f, const char *source, struct err *e)
{
	f->text = infile_text(source, LIST_MAX, e);
	if (f->text == NULL)
		return -1;
	return add_lines(f, f->text, e) ? err_in(e, source) : 0;
}

/* --- labels --- */

static bool is_number(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

static int number_labels(struct dataset_files *f, struct err *e)
{
	for (size_t i = 0; i < f->files; i++) {
		unsigned long v = strtoul(f->class[i], NULL, 10);

		if (v >= DATASET_MAX_CLASSES)
			return err_set(e, "\"%.300s\": label %.30s is not within [0, %d]",
				f->path[i], f->class[i], DATASET_MAX_CLASSES - 1);
		f->label[i] = (uint16_t)v;
	}
	return 0;
}

/* The classes that occur, numbered in the order of their names; their number, or -1. */
static int collect(struct dataset_files *f, struct named *table, size_t *n, struct err *e)
{
	const char **name;

	for (size_t i = 0; i < f->files; i++)
		table[i].name = f->class[i];
	qsort(table, f->files, sizeof *table, by_name);
	*n = 0;
	for (size_t i = 0; i < f->files; i++)
		if (i == 0 || strcmp(table[i].name, table[*n - 1].name) != 0) {
			table[*n].name = table[i].name;
			table[*n].label = *n;
			++*n;
		}
	name = size_alloc(*n, sizeof *name, "class names", e);
	if (name == NULL)
		return -1;
	for (size_t i = 0; i < *n; i++)
		name[i] = table[i].name;
	f->class_names = class_names_json(name, *n, e);
	free(name);
	return f->class_names == NULL ? -1 : 0;
}

/* Each class by its name in a table that is sorted by them. */
static int look_up(struct dataset_files *f, const struct named *table, size_t n, struct err *e)
{
	if (n > DATASET_MAX_CLASSES)
		return err_set(e, "there are %zu classes; at most %d can be labelled", n,
			DATASET_MAX_CLASSES);
	for (size_t i = 0; i < f->files; i++) {
		struct named key = {f->class[i], 0};
		const struct named *found = bsearch(&key, table, n, sizeof key, by_name);

		if (found == NULL)
			return err_set(e, "\"%.300s\": there is no class name \"%.60s\"",
				f->path[i], f->class[i]);
		f->label[i] = (uint16_t)found->label;
	}
	return 0;
}

static int name_labels(struct dataset_files *f, struct err *e)
{
	struct named *table = size_alloc(f->files, sizeof *table, "class names", e);
	size_t n;
	int bad;

	if (table == NULL)
		return -1;
	bad = collect(f, table, &n, e) || look_up(f, table, n, e);
	free(table);
	return bad ? -1 : 0;
}

static int label_by_names(struct dataset_files *f, const char *class_names, struct err *e)
{
	struct named *table;
	char **name;
	size_t n;
	int bad;

	if (json_read_texts(class_names, "class names", &name, &n, e))
		return -1;
	table = size_alloc(n, sizeof *table, "class names", e);
	for (size_t i = 0; table != NULL && i < n; i++)
		table[i] = (struct named){name[i], i};
	if (table != NULL && n > 0)
		qsort(table, n, sizeof *table, by_name);
	bad = table == NULL || look_up(f, table, n, e);
	free(table);
	free(name);
	return bad ? -1 : 0;
}

/* Number of files that have a class, and of those whose class is a number. */
static void count(const struct dataset_files *f, size_t *classed, size_t *numbered)
{
	*classed = *numbered = 0;
	for (size_t i = 0; i < f->files; i++) {
		*classed += f->class[i][0] != '\0';
		*numbered += is_number(f->class[i]);
	}
}

/* A list that has "-1" among its numbers is no list of names. */
static int check_mixture(const struct dataset_files *f, bool numbers, struct err *e)
{
	for (size_t i = 0; i < f->files; i++) {
		if (f->class[i][0] == '\0')
			return err_set(
				e, "\"%.300s\" has no class, but others have one", f->path[i]);
		if (numbers && !is_number(f->class[i]))
			return err_set(e,
				"\"%.300s\": class \"%.60s\" is no whole number, but others "
				"are",
				f->path[i], f->class[i]);
	}
	return 0;
}

static int find_labels(
	struct dataset_files *f, bool list, const char *class_names, struct err *e)
{
	size_t classed, numbered;

	count(f, &classed, &numbered);
	if (classed == 0)
		return 0;
	if (!list)
		numbered = 0;
	if (check_mixture(f, numbered > 0, e))
		return -1;
	f->label = size_alloc(f->files, sizeof *f->label, "labels", e);
	if (f->label == NULL)
		return -1;
	if (numbered > 0)
		return number_labels(f, e);
	return class_names != NULL ? label_by_names(f, class_names, e) : name_labels(f, e);
}

int dataset_files_find(struct dataset_files *f, const char *source, const char *ending,
	const char *class_names, struct err *e)
{
	struct stat s;
	bool list = strcmp(source, "-") == 0 || stat(source, &s) != 0 || !S_ISDIR(s.st_mode);

	*f = (struct dataset_files){0};
	if (list ? find_in_list(f, source, e) : find_in_folder(f, source, ending, e))
		goto fail;
	if (find_labels(f, list, class_names, e)) {
		err_in(e, source);
		goto fail;
	}
	if (class_names != NULL && (f->class_names = strdup(class_names)) == NULL) {
		err_set(e, "out of memory");
		goto fail;
	}
	return 0;
fail:
	dataset_files_release(f);
	return -1;
}

void dataset_files_release(struct dataset_files *f)
{
	free(f->path);
	free(f->class);
	free(f->label);
	free(f->class_names);
	free(f->other);
	free(f->text);
	*f = (struct dataset_files){0};
}
