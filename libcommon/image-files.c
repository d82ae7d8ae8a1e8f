/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* nftw */
#include "image-files.h"

#include "err.h"
#include "outfile.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int is_other(const struct dirent *entry)
{
	return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

static int make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return err_errno(e, "\"%.300s\": cannot create the folder", path);
}

/* Says what it holds: a killed run leaves what ls does not show. */
static int check_empty(const char *folder, struct err *e)
{
	struct dirent *entry;
	int bad = 0;
	DIR *d = opendir(folder);

	if (d == NULL)
		return err_errno(e, "\"%.300s\": cannot be opened", folder);
	while (bad == 0 && (entry = readdir(d)) != NULL)
		if (is_other(entry))
			bad = err_set(e, "\"%.300s\": is not empty: it holds \"%.255s\"",
				folder, entry->d_name);
	closedir(d);
	return bad;
}

/* It must be ours alone: another run may have come since the folder was found empty. */
static int make_hidden(struct image_files *f, struct err *e)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s/" IMAGE_FILES_HIDDEN, f->folder) >= PATH_MAX)
		return err_set(e, "\"%.300s\": the name is too long", f->folder);
	if (mkdir(path, 0777))
		return err_errno(e, "\"%.300s\": cannot create the folder", path);
	memcpy(f->hidden, path, sizeof path);
	return 0;
}

int image_files_start(struct image_files *f, const char *folder, struct err *e)
{
	*f = (struct image_files){.folder = folder, .made = mkdir(folder, 0777) == 0};
	if (!f->made && make_folder(folder, e))
		return -1;
	if (check_empty(folder, e) == 0 && make_hidden(f, e) == 0)
		return 0;
	image_files_abort(f);
	return -1;
}

/* Makes the folders of a class one below the other; path holds the first n bytes already. */
static int make_class(char path[PATH_MAX], size_t n, const char *class, struct err *e)
{
	for (const char *name = class; *class != '\0'; name++) {
		size_t length = strcspn(name, "/");

		if (length == 0 || name[0] == '.')
			return err_set(
				e, "the class name \"%.60s\" is no folder's name", class);
		path[n] = '\0';
		snprintf(path + n, PATH_MAX - n, "/%.*s", (int)(name + length - class), class);
		if (make_folder(path, e))
			return -1;
		name += length;
		if (*name == '\0')
			break;
	}
	return 0;
}

int image_files_write(struct image_files *f, const char *class, const char *name,
	const struct image *i, struct err *e)
{
	size_t n = strlen(f->hidden);
	char path[PATH_MAX];
	struct outfile o;

	if (n + strlen(class) + strlen(name) + 8 > sizeof path)
		return err_set(e, "\"%.300s\": the name is too long", f->folder);
	snprintf(path, sizeof path, "%s", f->hidden);
	if (make_class(path, n, class, e))
		return -1;
	n = strlen(path);
	snprintf(path + n, sizeof path - n, "/%s.png", name);
	if (outfile_open(&o, path, e))
		return -1;
	if (image_write(i, &o, e) || outfile_commit_later(&o, e)) {
		outfile_abort(&o);
		return -1;
	}
	return 0;
}

static int remove_one(const char *path, const struct stat *s, int kind, struct FTW *at)
{
	(void)s;
	(void)kind;
	(void)at;
	return remove(path);
}

static void remove_all(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

#define MOVED_PATH (PATH_MAX + NAME_MAX + 2)

/* What somebody else has put there meanwhile stays. */
static int move_one(const struct image_files *f, const char *name, struct err *e)
{
	char from[MOVED_PATH], to[MOVED_PATH];
	struct stat s;
	int there;

	snprintf(from, sizeof from, "%s/%s", f->hidden, name);
	snprintf(to, sizeof to, "%s/%s", f->folder, name);
	there = lstat(to, &s) == 0;
	if (there)
		errno = EEXIST;
	if (there || rename(from, to))
		return err_errno(e, "\"%.300s\": cannot finish writing", to);
	return 0;
}

/*
 * To the folder, out of the hidden one, which goes only when all others are there on the disk:
 * where there is none, nothing is missing. *moved are in their place, be it 0 or -1.
 */
static int move_all(
	struct image_files *f, struct dirent *const *entry, int n, int *moved, struct err *e)
{
	for (*moved = 0; *moved < n; ++*moved)
		if (move_one(f, entry[*moved]->d_name, e))
			return -1;
	if (outfile_sync(f->folder, e))
		return -1;
	if (rmdir(f->hidden))
		return err_errno(e, "\"%.300s\": cannot finish writing", f->folder);
	f->hidden[0] = '\0';
	return outfile_sync(f->folder, e);
}

int image_files_finish(struct image_files *f, struct err *e)
{
	struct dirent **entry = NULL;
	int n, bad, moved = 0;

	if (outfile_sync(f->folder, e))
		return -1;
	n = scandir(f->hidden, &entry, is_other, NULL);
	bad = n < 0 ? err_errno(e, "\"%.300s\": cannot finish writing", f->folder)
		    : move_all(f, entry, n, &moved, e);
	for (int i = 0; i < n; i++) {
		char path[MOVED_PATH];

		snprintf(path, sizeof path, "%s/%s", f->folder, entry[i]->d_name);
		if (bad && i < moved)
			remove_all(path);
		free(entry[i]);
	}
	free(entry);
	return bad;
}

void image_files_abort(struct image_files *f)
{
	if (f->hidden[0] != '\0')
		remove_all(f->hidden);
	if (f->made)
		rmdir(f->folder);
	f->hidden[0] = '\0';
	f->made = 0;
}
