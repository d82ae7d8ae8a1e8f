/* SPDX-License-Identifier: ISC */
/*
 * Arrays of MATLAB's version 5 ("MAT-File Format", MathWorks), looked at before libmatio is: it
 * believes the lengths that it finds and looks at no check sum.
 *
 *   element: type U32, length U32, bytes, zeros up to a multiple of 8
 *   short:   length U16 << 16 | type, 4 bytes
 *   array:   an element of type 14 that holds elements: flags | dimensions | name | by class
 *   packed:  an element of type 15 that holds an array in zlib's format
 */
#ifndef MAT_WALK_H
#define MAT_WALK_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct infile;

/*
 * Goes through the arrays of a whole file, from byte `at` on, and checks that every length is
 * what the dimensions and what is around it say, that names are there, and zlib's check sums;
 * what libmatio would allocate for cells and fields is held against the memory limit. The
 * insides of objects, which libmatio skips, are skipped. In bounded memory; 0 or -1.
 */
int mat_walk(const struct infile *f, uint64_t at, bool big, struct err *e);

#endif
