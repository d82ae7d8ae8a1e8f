/* SPDX-License-Identifier: ISC */
/* Pictures as files in a folder: each appears whole, and at the end all are durable. */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include "image.h"

/* Makes the folder, which may be there if it is empty. 0 or -1. */
int image_files_start(const char *folder, struct err *e);

/*
 * Writes FOLDER/CLASS/NAME.png; CLASS may be "" (for none) or a path of several names. Refuses
 * a CLASS that leads out of the folder, or that png2tensor would not see: with a name in it
 * that is empty or begins with a dot. 0 or -1.
 */
int image_files_write(const char *folder, const char *class, const char *name,
	const struct image *i, struct err *e);

/* Waits until all are on the disk. 0 or -1. */
int image_files_finish(const char *folder, struct err *e);

#endif
