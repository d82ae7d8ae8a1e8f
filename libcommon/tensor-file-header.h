/* SPDX-License-Identifier: ISC */
/* The JSON header of a safetensors file, to and from a set without data. */
#ifndef TENSOR_FILE_HEADER_H
#define TENSOR_FILE_HEADER_H

#include "tensor-file.h"

#define TENSOR_HEADER_MAX 100000000 /* bytes of JSON; the reference's cap */

/*
 * Parses n bytes of JSON into s (which must be fresh) and checks everything: the
 * tensors come out in the order of their bytes, contiguous from 0. 0, or -1 with s
 * released and a text that does not name the file.
 */
int tensor_header_parse(struct tensor_set *s, const char *json, size_t n, struct err *e);

/*
 * Lays out the tensors as the safetensors reference does (by dtype, widest first, then by
 * name) and writes length and header, padded with spaces to a multiple of 8. `order`
 * [s->tensors] gets the tensors in that order; *bytes is malloced, *n long. 0 or -1.
 */
int tensor_header_format(const struct tensor_set *s, const struct tensor **order,
	uint8_t **bytes, size_t *n, struct err *e);

#endif
