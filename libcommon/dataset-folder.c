/* SPDX-License-Identifier: ISC */
#include "dataset-folder.h"

#include "err.h"
#include "image-files.h"
#include "size.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#define MAX_DEPTH 16 /* below that a folder contains itself by a link */

/* The names in a folder, sorted. */
struct names {
	char **name;
	size_t n, room;
};

static void names_release(struct names *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->name[i]);
	free(l->name);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int names_add(struct names *l, const char *name, struct err *e)
{
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 256 : 2 * l->room;
		char **larger = realloc(l->name, room * sizeof *larger);

		if (larger == NULL)
			return err_set(e, "out of memory");
		l->name = larger;
		l->room = room;
	}
	l->name[l->n] = strdup(name);
	if (l->name[l->n] == NULL)
		return err_set(e, "out of memory");
	l->n++;
	return 0;
}

/* Names that begin with a dot do not count, but one of them tells that others are missing. */
static int names_see(struct names *l, const char *name, struct err *e)
{
	if (strcmp(name, IMAGE_FILES_HIDDEN) == 0)
		return err_set(e, "is unfinished: it holds \"" IMAGE_FILES_HIDDEN "\"");
	return name[0] == '.' ? 0 : names_add(l, name, e);
}

static int names_read(struct names *l, const char *path, struct err *e)
{
	DIR *folder = opendir(path);
	struct dirent *entry;
	int bad = 0;

	if (folder == NULL)
		return err_errno(e, "cannot be opened");
	errno = 0;
	while (!bad && (entry = readdir(folder)) != NULL) {
		bad = names_see(l, entry->d_name, e);
		errno = 0;
	}
	if (!bad && errno != 0)
		bad = err_errno(e, "cannot be read");
	closedir(folder);
	if (l->n > 0)
		qsort(l->name, l->n, sizeof *l->name, compare);
	return bad;
}

static int is_folder(const char *path)
{
	struct stat s;

	return stat(path, &s) == 0 && S_ISDIR(s.st_mode);
}

static int has_ending(const char *name, const char *ending)
{
	size_t n = strlen(name), m = strlen(ending);

	return n > m && strcasecmp(name + n - m, ending) == 0;
}

static int add_text(struct dataset_folder *f, const char *text, struct err *e)
{
	size_t n = strlen(text) + 1, bytes;

	if (size_add(f->bytes, n, &bytes))
		return err_set(e, "out of memory");
	if (bytes > f->room) {
		size_t room = 2 * bytes + 65536;
		char *larger = size_check(room, "the list of files", e)
				       ? NULL
				       : realloc(f->text, room);

		if (larger == NULL)
			return err_set(e, "out of memory for the list of files");
		f->text = larger;
		f->room = room;
	}
	memcpy(f->text + f->bytes, text, n);
	f->bytes = bytes;
	return 0;
}

/* A file that is no picture is told of later: it may be one in another format. */
static int add_other(struct dataset_folder *f, const char *path, struct err *e)
{
	if (f->others++ > 0)
		return 0;
	f->other = strdup(path);
	return f->other == NULL ? err_set(e, "out of memory") : 0;
}

static int walk(struct dataset_folder *f, const char *path, const char *class, int depth,
	struct err *e);

/* One name of the folder at `path`: counts in *files or *folders. */
static int add_entry(struct dataset_folder *f, const char *path, const char *class,
	const char *name, int depth, size_t *files, size_t *folders, struct err *e)
{
	char all[PATH_MAX], below[PATH_MAX];

	if (snprintf(all, sizeof all, "%s/%s", path, name) >= (int)sizeof all ||
		snprintf(below, sizeof below, "%s%s%s", class, class[0] == '\0' ? "" : "/",
			name) >= (int)sizeof below)
		return err_set(e, "the name \"%.60s\" makes a path that is too long", name);
	if (has_ending(name, f->ending)) {
		++*files;
		f->files++;
		return add_text(f, all, e) || add_text(f, class, e) ? -1 : 0;
	}
	if (!is_folder(all))
		return add_other(f, all, e);
	++*folders;
	return walk(f, all, below, depth + 1, e);
}

/* Errors from below have their place already. */
static int walk_names(struct dataset_folder *f, const char *path, const char *class, int depth,
	const struct names *l, struct err *e)
{
	size_t files = 0, folders = 0;

	for (size_t i = 0; i < l->n; i++)
		if (add_entry(f, path, class, l->name[i], depth, &files, &folders, e))
			return -1;
	if (files > 0 && folders > 0)
		return err_set(e,
			"\"%.300s\": holds pictures and folders; a class is a folder of "
			"pictures",
			path);
	if (files == 0 && folders == 0)
		return err_set(e, "\"%.300s\": holds no files that end in %s", path, f->ending);
	return 0;
}

static int walk(
	struct dataset_folder *f, const char *path, const char *class, int depth, struct err *e)
{
	struct names l = {0};
	int bad;

	if (depth > MAX_DEPTH)
		return err_set(e, "\"%.300s\": folders are more than %d deep", path, MAX_DEPTH);
	if (names_read(&l, path, e))
		bad = err_in(e, path);
	else
		bad = walk_names(f, path, class, depth, &l, e);
	names_release(&l);
	return bad;
}

/* "pictures/" and "pictures" give the same paths. */
int dataset_folder_walk(struct dataset_folder *f, const char *path, struct err *e)
{
	size_t n = strlen(path);
	char *trimmed = strdup(path);
	int bad;

	if (trimmed == NULL)
		return err_set(e, "out of memory");
	while (n > 1 && trimmed[n - 1] == '/')
		trimmed[--n] = '\0';
	bad = walk(f, trimmed, "", 0, e);
	free(trimmed);
	return bad;
}

void dataset_folder_release(struct dataset_folder *f)
{
	free(f->text);
	free(f->other);
	*f = (struct dataset_folder){0};
}
