/* SPDX-License-Identifier: ISC */
/*
 * Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 *
 * A number is a pure function of (seed, purpose, epoch, index, position), so
 * results do not depend on batch size, number of threads or the point where a
 * run was resumed.
 */
#ifndef RNG_H
#define RNG_H

#include <stddef.h>
#include <stdint.h>

/* What numbers are for; layers add their position, so that no two share a stream. */
enum rng_purpose {
	RNG_SHUFFLE = 1,
	RNG_SPLIT,
	RNG_JITTER,
	RNG_VIEW,
	RNG_INIT = 0x1000,
	RNG_DROPOUT = 0x2000
};

struct rng {
	uint64_t seed;
	uint32_t purpose;
	uint32_t epoch;
	uint32_t index; /* the item, or a parameter's position */
};

/* The four words at block number `block` of the stream. */
void rng_block(const struct rng *r, uint32_t block, uint32_t word[4]);

/* n words of the stream from block `block` on, four a block. */
void rng_fill(const struct rng *r, uint32_t block, uint32_t *word, size_t n);

/* Word number `position` of the stream as a value in [0, 1), or unbiased in [0, bound). */
double rng_unit(const struct rng *r, uint32_t position);
uint32_t rng_below(const struct rng *r, uint32_t position, uint32_t bound);

/* Shuffles item[0..n) (Fisher and Yates) by the stream. */
void rng_shuffle(const struct rng *r, uint32_t *item, size_t n);

#endif
