/* SPDX-License-Identifier: ISC */
/* What tensor_reader_* and tensor_file_load share. */
#ifndef TENSOR_READER_H
#define TENSOR_READER_H

#include "tensor-file-source.h"
#include "tensor-file.h"

struct tensor_reader {
	struct tensor_source source;
	struct tensor_set set; /* the header */
	size_t base;	       /* where the tensors begin in the content */
	const char *path;
};

/* 0, or -1 with r closed and the path in the text; the path must outlive r. */
int tensor_reader_start(struct tensor_reader *r, const char *path, struct err *e);
void tensor_reader_stop(struct tensor_reader *r);

#endif
