/* SPDX-License-Identifier: ISC */
/*
 * Arrays of MATLAB's MAT files, by libmatio. This module and what needs it are built only
 * where that library is (see the Makefile).
 */
#ifndef MAT_H
#define MAT_H

#include "tensor-file.h"

struct mat_file; /* opaque: libmatio's handle */

struct mat_array {
	enum tensor_dtype dtype; /* of integers and floats; logical arrays are U8 */
	int rank;		 /* at least 2 */
	size_t shape[TENSOR_MAX_RANK];
	size_t values;	  /* their product; at least 1 */
	const void *data; /* column-major: the first dimension is the fastest */
	void *owner;
};

/* NULL, with the path in the text, where it cannot be opened, is no MAT file or is damaged, see
 * mat-check.h: the whole file is looked at. */
struct mat_file *mat_open(const char *path, struct err *e);
void mat_close(struct mat_file *f);

/*
 * Reads a variable, or a field of it by its path, such as "dataset.train.images"; structures
 * on the way have one element. Refuses complex, sparse and empty arrays and everything that is
 * no array of numbers; the size is held against the memory limit before it is read. 0 or -1.
 */
int mat_read(struct mat_file *f, const char *name, struct mat_array *a, struct err *e);
void mat_release(struct mat_array *a);

#endif
