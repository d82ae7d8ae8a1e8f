/* SPDX-License-Identifier: ISC */
/*
 * Pictures as files in a folder: all are there in the end, whole and durable, or, after a
 * failure, none. Until then they are in a hidden folder of it. (Beside it, to be renamed, they
 * could not be where the folder is a mount point, or somebody's working directory.) A process
 * that is killed leaves the hidden folder; killed while it moves them, the last thing that it
 * does, some are in their place and the others still hidden. Where there is no hidden folder,
 * nothing is missing.
 */
#ifndef IMAGE_FILES_H
#define IMAGE_FILES_H

#include "image.h"

#include <limits.h>

#define IMAGE_FILES_HIDDEN ".unfinished"

struct image_files {
	const char *folder;    /* as given; the caller keeps it alive */
	int made;	       /* by us: it goes with the rest */
	char hidden[PATH_MAX]; /* "" where there is none */
};

/* Makes the folder, which may be there if it is empty. 0, or -1 with nothing to abort. */
int image_files_start(struct image_files *f, const char *folder, struct err *e);

/*
 * Writes FOLDER/CLASS/NAME.png; CLASS may be "" (for none) or a path of several names. Refuses
 * a CLASS that leads out of the folder, or that png2tensor would not see: with a name in it
 * that is empty or begins with a dot. 0 or -1.
 */
int image_files_write(struct image_files *f, const char *class, const char *name,
	const struct image *i, struct err *e);

/*
 * Waits until all are on the disk and brings them to their place, where nothing may have come
 * meanwhile. 0, or -1 with none left in its place.
 */
int image_files_finish(struct image_files *f, struct err *e);
/* Removes all that was written; harmless after image_files_finish was well. */
void image_files_abort(struct image_files *f);

#endif
