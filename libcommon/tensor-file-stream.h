/* SPDX-License-Identifier: ISC */
/*
 * The content of a tensor file in order, from anything that can be read: a pipe or a
 * file, compressed (any zstd frames, ours or another writer's) or plain, told apart by
 * the first bytes. Frames are noted as they pass, and a seek table is held against them.
 */
#ifndef TENSOR_FILE_STREAM_H
#define TENSOR_FILE_STREAM_H

#include "tensor-file-frames.h"

struct tensor_stream; /* opaque: a buffer and zstd's state */

/* Reads from fd, which stays the caller's. NULL and text on failure, also where nothing can be
 * read. */
struct tensor_stream *tensor_stream_open(int fd, struct err *e);
void tensor_stream_close(struct tensor_stream *s);

/* Fills out[0, n). 0, or -1 with text, also where the content ends before. */
int tensor_stream_read(struct tensor_stream *s, void *out, size_t n, struct err *e);

/* Checks that the content ends here and that only skippable frames follow. 0 or -1. */
int tensor_stream_end(struct tensor_stream *s, struct err *e);

int tensor_stream_compressed(const struct tensor_stream *s);
int tensor_stream_has_table(const struct tensor_stream *s);
/* Bytes of the file so far, and the frames that have ended. */
uint64_t tensor_stream_packed(const struct tensor_stream *s);
const struct frame_list *tensor_stream_frames(const struct tensor_stream *s);

#endif
