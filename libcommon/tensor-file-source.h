/* SPDX-License-Identifier: ISC */
/*
 * The content of an open tensor file by place: `at` counts unpacked bytes from the
 * beginning of the file. A plain file is read where asked, a file with a seek table frame
 * by frame; everything else goes through a stream, which can go back in files only.
 */
#ifndef TENSOR_FILE_SOURCE_H
#define TENSOR_FILE_SOURCE_H

#include "tensor-file-frames.h"
#include "tensor-file-unpack.h"

struct tensor_source {
	int fd;
	int regular;	 /* a file with a size, not standard input or a pipe */
	uint64_t packed; /* its size */
	int plain;	 /* regular and not compressed */
	struct frame_list
		frames; /* from the seek table; empty where there is none or it is of no use */
	struct tensor_stream *stream; /* NULL for plain files and, until they are scanned, for
					 seekable ones */
	uint64_t at;		      /* the place of the stream */
	struct frame_room room;
	uint8_t *cache; /* the content of one frame */
	size_t cache_room;
	const struct frame *cached;
};

/* 0, or -1 with s closed. */
int tensor_source_open(struct tensor_source *s, const char *path, struct err *e);
void tensor_source_close(struct tensor_source *s);

/* How much content there is: 1, or 0 where only reading it will tell. */
int tensor_source_size(const struct tensor_source *s, uint64_t *size);

/* Bytes [at, at + n) to out. 0 or -1. */
int tensor_source_read(
	struct tensor_source *s, uint64_t at, void *out, size_t n, struct err *e);

/* From here on everything is read in order, so that tensor_source_end can vouch for it all. */
int tensor_source_in_order(struct tensor_source *s, struct err *e);

/*
 * Behind the last read of a stream: checks that the content ends here, and that a file of
 * our making (these tensors behind a header that ends at `base`) still has its seek table.
 */
int tensor_source_end(
	struct tensor_source *s, const struct tensor_set *set, size_t base, struct err *e);

#endif
