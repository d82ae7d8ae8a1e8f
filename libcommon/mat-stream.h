/* SPDX-License-Identifier: ISC */
/*
 * A part of a file as a stream, as it is or unpacked by zlib, in bounded memory: what mat-walk
 * looks at. Every failure but one of reading the file, or for want of memory, is damage and
 * says so.
 */
#ifndef MAT_STREAM_H
#define MAT_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct infile;
struct mat_stream; /* opaque: buffers, zlib's state */

#define MAT_TAG 8 /* type and length */

/* For many parts, one after the other. NULL and text where memory runs out. */
struct mat_stream *mat_stream_new(const struct infile *f, struct err *e);
void mat_stream_free(struct mat_stream *s);

/* Begins a part, bytes [at, end) of the file; what is packed follows its tag. 0 or -1. */
int mat_stream_begin(
	struct mat_stream *s, uint64_t at, uint64_t end, int packed, struct err *e);
/* The next n bytes, or past them: 0 or -1. Of a part that is not packed, the caller sees to it
 * that they are there. */
int mat_stream_read(struct mat_stream *s, void *to, size_t n, struct err *e);
int mat_stream_skip(struct mat_stream *s, uint64_t n, struct err *e);
/* -1 where the part goes on, or zlib's check sum is not that of what it has unpacked. */
int mat_stream_finish(struct mat_stream *s, struct err *e);

#endif
