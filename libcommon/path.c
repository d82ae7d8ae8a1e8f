/* SPDX-License-Identifier: ISC */
#define _GNU_SOURCE /* realpath */
#include "path.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_LINKS 1000

int path_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? 0 : (int)(slash - path) + 1;
}

/*
 * Where a link leads whose end is not there yet; the path itself where it is no link. A name
 * that is too long must be found here: a temporary's may be shorter.
 */
static int follow(char path[PATH_MAX])
{
	char to[PATH_MAX], next[PATH_MAX];

	for (int i = 0; i < MOST_LINKS; i++) {
		ssize_t n = readlink(path, to, sizeof to - 1);

		if (n < 0)
			return errno == ENAMETOOLONG ? -1 : 0;
		to[n] = '\0';
		if (snprintf(next, sizeof next, "%.*s%s", to[0] == '/' ? 0 : path_folder(path),
			    path, to) >= PATH_MAX) {
			errno = ENAMETOOLONG;
			return -1;
		}
		memcpy(path, next, sizeof next);
	}
	errno = ELOOP;
	return -1;
}

int path_target(const char *path, char target[PATH_MAX])
{
	size_t n = strlen(path);

	if (realpath(path, target) != NULL)
		return 0;
	if (n >= PATH_MAX) {
		errno = ENAMETOOLONG;
		return -1;
	}
	memcpy(target, path, n + 1);
	return follow(target);
}

/* The folder of a path and the name in it. */
struct place {
	struct stat folder;
	char path[PATH_MAX];
	const char *name;
};

static int find_place(const char *path, struct place *p)
{
	char folder[PATH_MAX];
	int n;

	if (path_target(path, p->path))
		return -1;
	n = path_folder(p->path);
	p->name = p->path + n;
	snprintf(folder, sizeof folder, "%.*s", n, p->path);
	return stat(n == 0 ? "." : folder, &p->folder);
}

int path_same(const char *a, const char *b)
{
	struct place at, bt;

	if (find_place(a, &at) || find_place(b, &bt))
		return strcmp(a, b) == 0;
	return at.folder.st_dev == bt.folder.st_dev && at.folder.st_ino == bt.folder.st_ino &&
	       strcmp(at.name, bt.name) == 0;
}
