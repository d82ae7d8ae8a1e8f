/* SPDX-License-Identifier: ISC */
/* Where a path leads, also where nothing is there yet. */
#ifndef PATH_H
#define PATH_H

#include <limits.h>

/* The length of the folder part of a path, slash included; 0 where there is none. */
int path_folder(const char *path);

/*
 * The file that a path leads to: that of a symbolic link, be it there or still to be made; else
 * the path itself. 0, or -1 with errno where a name is too long or links lead in a circle.
 */
int path_target(const char *path, char target[PATH_MAX]);

/* Whether a file that is made under one path will be found under the other. */
int path_same(const char *a, const char *b);

#endif
