/* SPDX-License-Identifier: ISC */
/*
 * Pictures of 8 bits a sample, grey or RGB, and PNG files (PNG specification, third edition).
 * The only module that knows libpng.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct outfile;

#define IMAGE_MAX_SIDE 65535
#define IMAGE_HEAD 33 /* bytes of a PNG file that say what is to come: signature and IHDR */

struct image {
	size_t width, height, channels; /* channels are 1 (grey) or 3 (red, green, blue) */
	uint8_t *pixels;		/* [height][width][channels] */
	size_t room;			/* bytes there are; 0 where pixels are the caller's */
};

void image_release(struct image *i);

/* What the first bytes of a PNG file say. */
struct image_info {
	size_t width, height;
	bool gray; /* stored as grey, with or without alpha; a palette counts as colour */
};

/*
 * Reads the first n bytes, at least IMAGE_HEAD, of a PNG file that has `length` of them. 0, or
 * -1 where they do not begin a PNG file, its size is not supported, or the file is too short to
 * hold what it declares, however well it is packed.
 */
int image_info(
	struct image_info *info, const uint8_t *png, size_t n, uint64_t length, struct err *e);

/* The most memory, in bytes, that decoding such a picture takes. Cannot overflow. */
size_t image_memory(const struct image_info *info);

/* What a decoder of one thread keeps between pictures; zero it before the first. */
struct image_decoder {
	size_t channels; /* what every picture becomes: 1 or 3. Set by the caller, as is */
	uint8_t background[3]; /* what shows through where a picture is transparent (RGB) */
	uint8_t *raw;
	size_t room;
};

void image_decoder_release(struct image_decoder *d);

/*
 * Decodes the n bytes of a PNG file: any colour type and depth, interlaced or not. 16 bits are
 * rounded to 8; transparency (alpha, a transparent colour, a palette's) is composited on the
 * background, in the samples as stored; colour becomes grey by ITU-R BT.601's weights, with
 * 16-bit fractions, rounded. Gamma and colour profiles are not looked at. Every check sum must
 * be right and the picture complete; what follows its end does not matter. What the header
 * declares is held against the file's length and the memory limit before anything is
 * allocated, and libpng's own limits are set. Reuses i's memory. 0 or -1.
 */
int image_decode(
	struct image_decoder *d, const uint8_t *png, size_t n, struct image *i, struct err *e);

/* Writes it as a PNG file of 8 bits, grey or RGB: the same picture, the same bytes. 0 or -1. */
int image_write(const struct image *i, struct outfile *o, struct err *e);

/* Makes `*bytes` at least `n` long, losing what it held; *room is its length. 0 or -1. */
int image_make_room(uint8_t **bytes, size_t *room, size_t n, const char *what, struct err *e);

#endif
