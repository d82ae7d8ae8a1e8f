/* SPDX-License-Identifier: ISC */
#include "rng.h"

#include "vector.h"

#include <string.h>

#define ROUNDS 10
#define LANES 16

/* Round constants of Philox4x32 and the Weyl sequence of its key (Salmon et al., table 2). */
#define MUL0 0xD2511F53u
#define MUL1 0xCD9E8D57u
#define WEYL0 0x9E3779B9u
#define WEYL1 0xBB67AE85u

/* LANES consecutive blocks at once: the inner loops have no dependencies, so they vectorise. */
VECTOR_CLONES static void blocks(const struct rng *r, uint32_t first, uint32_t out[4][LANES])
{
	uint32_t key0 = (uint32_t)r->seed, key1 = (uint32_t)(r->seed >> 32);
	uint32_t *c0 = out[0], *c1 = out[1], *c2 = out[2], *c3 = out[3];

	for (uint32_t i = 0; i < LANES; i++) {
		c0[i] = first + i;
		c1[i] = r->index;
		c2[i] = r->epoch;
		c3[i] = r->purpose;
	}
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < LANES; i++) {
			uint64_t a = (uint64_t)MUL0 * c0[i], b = (uint64_t)MUL1 * c2[i];

			c0[i] = (uint32_t)(b >> 32) ^ c1[i] ^ key0;
			c1[i] = (uint32_t)b;
			c2[i] = (uint32_t)(a >> 32) ^ c3[i] ^ key1;
			c3[i] = (uint32_t)a;
		}
		key0 += WEYL0;
		key1 += WEYL1;
	}
}

void rng_block(const struct rng *r, uint32_t block, uint32_t word[4])
{
	uint32_t c[4] = {block, r->index, r->epoch, r->purpose};
	uint32_t key0 = (uint32_t)r->seed, key1 = (uint32_t)(r->seed >> 32);

	for (int round = 0; round < ROUNDS; round++) {
		uint64_t a = (uint64_t)MUL0 * c[0], b = (uint64_t)MUL1 * c[2];

		c[0] = (uint32_t)(b >> 32) ^ c[1] ^ key0;
		c[1] = (uint32_t)b;
		c[2] = (uint32_t)(a >> 32) ^ c[3] ^ key1;
		c[3] = (uint32_t)a;
		key0 += WEYL0;
		key1 += WEYL1;
	}
	memcpy(word, c, sizeof c);
}

/* One block after the other, of which the first word of each is in out[0]. */
VECTOR_CLONES static void sort_words(const uint32_t out[4][LANES], uint32_t *restrict word)
{
	for (size_t i = 0; i < LANES; i++)
		for (size_t k = 0; k < 4; k++)
			word[4 * i + k] = out[k][i];
}

void rng_fill(const struct rng *r, uint32_t block, uint32_t *word, size_t n)
{
	uint32_t out[4][LANES], sorted[4 * LANES] = {0};

	for (size_t done = 0; done < n; done += 4 * LANES) {
		size_t left = n - done;

		blocks(r, block + (uint32_t)(done / 4), out);
		sort_words(
			(const uint32_t(*)[LANES])out, left < 4 * LANES ? sorted : word + done);
		if (left < 4 * LANES)
			memcpy(word + done, sorted, left * sizeof *word);
	}
}

static uint32_t word_at(const struct rng *r, uint32_t position)
{
	uint32_t word[4];

	rng_block(r, position / 4, word);
	return word[position % 4];
}

double rng_unit(const struct rng *r, uint32_t position)
{
	return word_at(r, position) * 0x1p-32;
}

/*
 * Lemire's multiplication with rejection, for the stream's word at `position`. A refused word
 * is replaced by the word at the same position of a derived stream, so positions stay
 * independent.
 */
static uint32_t word_below(
	const struct rng *r, uint32_t position, uint32_t word, uint32_t bound)
{
	struct rng stream = *r;
	uint64_t product = (uint64_t)word * bound;

	/* Below 2^32 % bound it is refused; that the remainder is below bound spares divisions.
	 */
	while ((uint32_t)product < bound && (uint32_t)product < -bound % bound) {
		stream.purpose += 0x80000000u;
		stream.seed += 1;
		product = (uint64_t)word_at(&stream, position) * bound;
	}
	return (uint32_t)(product >> 32);
}

uint32_t rng_below(const struct rng *r, uint32_t position, uint32_t bound)
{
	return word_below(r, position, word_at(r, position), bound);
}

/* Place i takes the word at position i; they are drawn many at a time. */
void rng_shuffle(const struct rng *r, uint32_t *item, size_t n)
{
	uint32_t word[4 * LANES];
	size_t first = n + 1; /* position of word[0] */

	for (size_t i = n; i > 1; i--) {
		uint32_t j, swap;

		if (i < first) {
			first = i - i % (4 * LANES);
			rng_fill(r, (uint32_t)(first / 4), word, 4 * LANES);
		}
		j = word_below(r, (uint32_t)i, word[i - first], (uint32_t)i);
		swap = item[j];
		item[j] = item[i - 1];
		item[i - 1] = swap;
	}
}
