/* SPDX-License-Identifier: ISC */
/*
 * IDX, the format of MNIST and its kin (Yann LeCun, "The MNIST database", file
 * formats), plain or gzip'ed, told apart by the first bytes:
 *
 *   00 00 | type: 08 U8, 09 I8, 0B I16, 0C I32, 0D F32, 0E F64 | rank
 *   | a big-endian U32 for each dimension | the numbers, big-endian, row-major
 */
#ifndef IDX_H
#define IDX_H

#include "fingerprint.h"

#include <stddef.h>
#include <stdint.h>

struct err;

#define IDX_MAX_RANK 4

enum idx_type { IDX_U8 = 0x08, IDX_I8 = 0x09, IDX_I16 = 0x0b, IDX_I32 = 0x0c };

struct idx {
	enum idx_type type;
	int rank;
	size_t shape[IDX_MAX_RANK];
	size_t values;			/* the product of shape; at least 1 */
	uint8_t *bytes;			/* as in the file: big-endian */
	struct fingerprint fingerprint; /* of the unpacked file, header included */
};

/*
 * Reads a whole file of integers; "-" is standard input. Refuses floats, dimensions of
 * zero, missing and extra bytes, and whatever gzip's own sums do not confirm. Declared sizes
 * are held against the memory limit, and in a regular file against its length, before
 * anything is allocated. 0, or -1 with the file's name in the text and x released.
 */
int idx_load(struct idx *x, const char *path, struct err *e);
void idx_release(struct idx *x);

/* Value number i as an integer, i below x->values. */
int32_t idx_value(const struct idx *x, size_t i);

#endif
