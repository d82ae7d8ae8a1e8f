/* SPDX-License-Identifier: ISC */
/* The dictionary in the header of an .npy file, for npy.c alone. */
#ifndef NPY_HEADER_H
#define NPY_HEADER_H

#include "tensor-file.h"

#include <stdbool.h>
#include <stddef.h>

struct npy_header {
	enum tensor_dtype dtype;
	bool swapped; /* big-endian numbers of more than one byte */
	bool fortran; /* column-major */
	int rank;
	size_t shape[TENSOR_MAX_RANK];
};

/* Parses the n bytes of the dictionary. 0 or -1. */
int npy_header_parse(struct npy_header *h, const char *text, size_t n, struct err *e);

/* NumPy's name of a dtype ("<f4"), or NULL where it has none. */
const char *npy_header_descr(enum tensor_dtype t);

#endif
