/* SPDX-License-Identifier: ISC */
/*
 * The frames that a compressed tensor file is made of, and the seek table that lists them
 * (zstd seekable format 0.1.0):
 *
 *   u32 0x184D2A5E | u32 bytes that follow | per frame: u32 packed, u32 size, u32 checksum
 *   | u32 frames | u8 0x80 (entries have checksums) | u32 0x8F92EAB1
 */
#ifndef TENSOR_FILE_FRAMES_H
#define TENSOR_FILE_FRAMES_H

#include "tensor-file.h"

#define FRAMES_TABLE_MAGIC 0x184D2A5Eu
#define FRAMES_FOOTER_MAGIC 0x8F92EAB1u
#define FRAMES_FOOTER 9
#define FRAMES_SMALLEST 8 /* a skippable frame without content */

#define FRAMES_MAX_BYTES ((size_t)1 << 20)  /* of content in a frame */
#define FRAMES_OWN_BYTES ((size_t)64 << 10) /* a tensor of so many starts a new frame */

struct frame {
	uint64_t packed_at, packed; /* bytes in the file */
	uint64_t at, size;	    /* bytes of content */
	uint32_t sum;		    /* content checksum; 0 where it has none */
	int has_sum;
	int skippable;
};

struct frame_list {
	struct frame *frame;
	size_t frames;
};

/*
 * Which of n things that lie one behind the other holds the byte at a place: the last that
 * begins at or before it, so that of several that begin together it is the one with bytes.
 * `begin` tells where thing i of `list` begins.
 */
typedef uint64_t frames_begin(const void *list, size_t i);
size_t frames_search(const void *list, size_t n, frames_begin *begin, uint64_t at);

void frames_release(struct frame_list *l);

/* Appends a frame behind the last one: sets its places. 0 or -1. */
int frames_append(struct frame_list *l, struct frame frame, struct err *e);

/*
 * Where the frames after the header's end, counted from the end of the header: a malloced
 * list of *ends, of tensors that begin at start[0 .. tensors - 1] and end at start[tensors].
 */
int frames_plan(const size_t *start, size_t tensors, size_t **end, size_t *ends, struct err *e);

/* The table's frame, malloced. */
int frames_format_table(const struct frame_list *l, uint8_t **bytes, size_t *n, struct err *e);

/* Reads the n bytes behind a table's 8 bytes of frame header. 0, or -1 with l released. */
int frames_parse_table(struct frame_list *l, const uint8_t *bytes, size_t n, struct err *e);

/*
 * Whether a table says what was seen: 0 or -1. Skippable frames may be missing at its end. A
 * checksum is held against the frame's own; other writers' frames may have none to compare.
 */
int frames_compare(
	const struct frame_list *table, const struct frame_list *seen, struct err *e);

#endif
