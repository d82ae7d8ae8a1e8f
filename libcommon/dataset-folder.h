/* SPDX-License-Identifier: ISC */
/* The pictures below a folder: see dataset-files.h, whose part this is. */
#ifndef DATASET_FOLDER_H
#define DATASET_FOLDER_H

#include <stddef.h>

struct err;

struct dataset_folder {
	const char *ending; /* of the files that count; set by the caller, zero the rest */
	char *text;	    /* of each file: path, NUL, class, NUL */
	size_t bytes, room, files;
	size_t others; /* files with another ending ... */
	char *other;   /* ... and the first of them */
};

/* Adds all of them in order. 0, or -1 with the place in the text. */
int dataset_folder_walk(struct dataset_folder *f, const char *path, struct err *e);
void dataset_folder_release(struct dataset_folder *f);

#endif
