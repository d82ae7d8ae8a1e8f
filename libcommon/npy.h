/* SPDX-License-Identifier: ISC */
/*
 * NumPy's .npy files, format versions 1.0, 2.0 and 3.0 (numpy.lib.format):
 *
 *   93 "NUMPY" | major, minor | length of the header: U16, from version 2.0 on U32,
 * little-endian | header: a Python dictionary {'descr': '<f4', 'fortran_order': False, 'shape':
 * (60000, 10), } | the numbers
 */
#ifndef NPY_H
#define NPY_H

#include "fingerprint.h"
#include "tensor-file.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct outfile;

struct npy {
	enum tensor_dtype dtype;
	int rank;
	size_t shape[TENSOR_MAX_RANK];
	size_t values;	/* the product of shape: 1 for rank 0, 0 where a dimension is 0 */
	uint8_t *bytes; /* row-major and little-endian, whatever the file has; aligned to 64 */
	struct fingerprint fingerprint; /* of the file's bytes */
};

/*
 * Reads a whole file; "-" is standard input. Booleans, integers and floats of 16 to 64 bits
 * in either byte order and either storage order; the header's keys in any order, with any
 * white space, with or without trailing commas. Refuses everything else, missing bytes and
 * extra bytes; sizes are checked before anything is allocated. 0, or -1 with the file's name in
 * the text and a released.
 */
int npy_load(struct npy *a, const char *path, struct err *e);
void npy_release(struct npy *a);

/* Value i as a real number, whatever its dtype (64-bit integers are rounded to nearest). */
double npy_real(const struct npy *a, size_t i);

/* Turns all values into F32 in place: rounded to nearest, infinite beyond a float's range. 0 or
 * -1. */
int npy_to_floats(struct npy *a, struct err *e);

/* Whether the values are integers (or booleans). */
bool npy_is_integer(const struct npy *a);

/*
 * Writes what numpy.save writes before the numbers; the numbers follow with outfile_write.
 * Refuses dtypes that NumPy does not have (BF16, F8). 0 or -1.
 */
int npy_write_header(struct outfile *o, enum tensor_dtype dtype, int rank, const size_t *shape,
	struct err *e);

#endif
