/* SPDX-License-Identifier: ISC */
/* Which files a data set is made of, and which class each belongs to. */
#ifndef DATASET_FILES_H
#define DATASET_FILES_H

#include <stddef.h>
#include <stdint.h>

struct err;

struct dataset_files {
	size_t files;	   /* at least 1 */
	const char **path; /* [files] */
	uint16_t *label;   /* [files], or NULL where nothing says the classes */
	char *class_names; /* a JSON array, or NULL where classes are numbers */
	size_t others;	   /* files of a folder that have another ending ... */
	char *other;	   /* ... and the first of them */
	/* Its own: */
	char *text;	    /* paths and classes, each ended by NUL */
	const char **class; /* [files]; "" where a list says none */
};

/*
 * `source` is a folder or a list.
 *
 * A folder: pictures are the files whose names end in `ending` (".png", in any case); names
 * that begin with a dot do not count. Each folder below it that holds pictures is a class,
 * called by its path from `source` on; a folder holds either pictures or folders, and one that
 * holds neither is refused, for a class would be lost. Pictures in `source` itself have no
 * label. Order: by name, folder by folder.
 *
 * A list ("-" is standard input): PATH, TAB and the class on each line, or only paths
 * on all of them. Classes that are all whole numbers are labels, else they are names. The order
 * of the lines is kept.
 *
 * Names are numbered as in `class_names` (a JSON array) where there is one, which must then
 * have them all; else in the order of their bytes. 0, or -1 with the source in the text.
 */
int dataset_files_find(struct dataset_files *f, const char *source, const char *ending,
	const char *class_names, struct err *e);
void dataset_files_release(struct dataset_files *f);

#endif
