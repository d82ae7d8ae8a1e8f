/* SPDX-License-Identifier: ISC */
/* Names of classes: a JSON array of strings in metadata, a file or a list for people. */
#ifndef CLASS_NAMES_H
#define CLASS_NAMES_H

#include <stddef.h>

struct err;

/*
 * The names in a file, one a line (blank lines at the end do not count), or, where no file
 * has this name, in a list separated by commas. Returns the JSON array, which the caller
 * frees, or NULL and text: names must be UTF-8, not empty and all different.
 */
char *class_names_read(const char *file_or_list, struct err *e);

/* The same for names that are already apart. */
char *class_names_json(const char *const *name, size_t n, struct err *e);

/* How many names an array holds; refuses anything but an array of strings, and names that
 * class_names_read would refuse. 0 or -1. */
int class_names_count(const char *json, size_t *n, struct err *e);

/*
 * Checks that two arrays give classes the same numbers: class for class they are the same, as
 * far as both go. Either may be NULL. 0, or -1 with the first class that differs; `where` is
 * whose the others are, such as "the data set".
 */
int class_names_match(const char *json, const char *others, const char *where, struct err *e);

#endif
