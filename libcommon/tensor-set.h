/* SPDX-License-Identifier: ISC */
/* What the files of the tensor file share about sets; everybody else includes tensor-file.h. */
#ifndef TENSOR_SET_H
#define TENSOR_SET_H

#include "tensor-file.h"

/* 0, or -1 for a name that is none. */
int tensor_dtype_parse(enum tensor_dtype *t, const char *name);

/*
 * Sets t->size from dtype and shape. -1 where that overflows, also with empty dimensions
 * counted as one, so that no product of some of the dimensions can.
 */
int tensor_measure(struct tensor *t, struct err *e);

/* Appends a copy of t (its name is copied, its data pointer not); looks for no duplicates. */
int tensor_set_append(struct tensor_set *s, const struct tensor *t, struct err *e);
/* Appends copies of both; looks for no older value. */
int tensor_set_append_meta(
	struct tensor_set *s, const char *key, const char *value, struct err *e);

#endif
