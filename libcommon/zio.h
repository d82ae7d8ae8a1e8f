/* SPDX-License-Identifier: ISC */
/*
 * zstd frames. The only file that knows the library.
 *
 * Frames that are written are single segments of known size with a content checksum,
 * so that no bit of a frame's header is without meaning.
 */
#ifndef ZIO_H
#define ZIO_H

#include <stddef.h>
#include <stdint.h>

struct err;

#define ZIO_MAGIC 0xFD2FB528u
#define ZIO_SKIPPABLE 0x184D2A50u /* ... to 0x184D2A5F */
#define ZIO_SKIPPABLE_MASK 0xFFFFFFF0u
#define ZIO_CHECKSUM 4 /* bytes at the end of a frame that has one */

/* --- writing --- */

struct zio_packer; /* opaque: a compression context, of one thread at a time */

struct zio_packer *zio_packer_new(int level, struct err *e);
void zio_packer_free(struct zio_packer *p);

/* Room that a frame of n bytes may need. */
size_t zio_bound(size_t n);

/* One frame of in[0, n) to out, which has zio_bound(n) bytes; *packed is its length. 0 or -1.
 */
int zio_pack(struct zio_packer *p, const void *in, size_t n, void *out, size_t *packed,
	struct err *e);

/* --- reading --- */

struct zio_unpacker; /* opaque: a decompression context, of one thread at a time */

struct zio_unpacker *zio_unpacker_new(struct err *e);
void zio_unpacker_free(struct zio_unpacker *u);

/* What the first bytes of a frame tell (18 are always enough). */
#define ZIO_HEADER 18
struct zio_header {
	int has_checksum;
	int has_size;
	uint64_t size; /* of the content, where has_size */
};
int zio_header(const uint8_t *frame, size_t n, struct zio_header *h, struct err *e);

/* Exactly one frame, in[0, n), that must hold exactly `size` bytes: to out. 0 or -1. */
int zio_unpack(struct zio_unpacker *u, const uint8_t *in, size_t n, void *out, size_t size,
	struct err *e);

/* Bytes of a frame as they come: takes in[*at, n) and fills out[*got, room). */
struct zio_step {
	const uint8_t *in;
	size_t n, at;
	uint8_t *out;
	size_t room, got;
};
/* 1 at the frame's end, 0 where more input or room is needed, -1 and text. */
int zio_step(struct zio_unpacker *u, struct zio_step *s, struct err *e);

#endif
