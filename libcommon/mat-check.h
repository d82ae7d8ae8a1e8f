/* SPDX-License-Identifier: ISC */
/* What a MAT file has to be before libmatio may see it, which believes all that it reads. */
#ifndef MAT_CHECK_H
#define MAT_CHECK_H

struct err;
struct infile;

enum mat_version { MAT_4 = 4, MAT_5 = 5, MAT_HDF5 = 7 };

/*
 * Checks a whole regular file, of version 5 by mat_walk, of version 4 the lengths that it
 * declares, of version 7.3 that it is HDF5, and no more than that: its version, or -1.
 */
int mat_check(const struct infile *f, struct err *e);

#endif
