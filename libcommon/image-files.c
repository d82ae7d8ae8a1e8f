/* SPDX-License-Identifier: ISC */
#include "image-files.h"

#include "err.h"
#include "outfile.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static int make_folder(const char *path, struct err *e)
{
	if (mkdir(path, 0777) == 0 || errno == EEXIST)
		return 0;
	return err_errno(e, "\"%.300s\": cannot create the folder", path);
}

int image_files_start(const char *folder, struct err *e)
{
	struct dirent *entry;
	int others = 0;
	DIR *d;

	if (make_folder(folder, e))
		return -1;
	d = opendir(folder);
	if (d == NULL)
		return err_errno(e, "\"%.300s\": cannot be opened", folder);
	while (others == 0 && (entry = readdir(d)) != NULL)
		others = strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(d);
	return others ? err_set(e, "\"%.300s\": is not empty", folder) : 0;
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

int image_files_write(const char *folder, const char *class, const char *name,
	const struct image *i, struct err *e)
{
	size_t n = strlen(folder);
	char path[PATH_MAX];
	struct outfile o;

	if (n + strlen(class) + strlen(name) + 8 > sizeof path)
		return err_set(e, "\"%.300s\": the name is too long", folder);
	snprintf(path, sizeof path, "%s", folder);
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

int image_files_finish(const char *folder, struct err *e)
{
	return outfile_sync(folder, e);
}
