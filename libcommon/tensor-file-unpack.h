/* SPDX-License-Identifier: ISC */
/* Single frames of a file with a seek table; threads may do this at the same time. */
#ifndef TENSOR_FILE_UNPACK_H
#define TENSOR_FILE_UNPACK_H

#include "tensor-file-frames.h"

struct zio_unpacker;

/* What unpacking frames needs, one for each thread; starts as {0}. */
struct frame_room {
	struct zio_unpacker *unpacker;
	uint8_t *packed;
	size_t bytes; /* of packed */
};

void frame_room_release(struct frame_room *room);

/* Reads the frame from fd and checks it against what the table says of it: f->size bytes to
 * out. */
int frame_unpack(
	struct frame_room *room, int fd, const struct frame *f, void *out, struct err *e);

/* Exactly n bytes of the file itself. 0 or -1. */
int unpack_read_at(int fd, uint64_t at, void *out, size_t n, struct err *e);

#endif
