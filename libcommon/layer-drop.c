/* SPDX-License-Identifier: ISC */
/*
 * Dropout (Srivastava et al. 2014), inverted: in training a value is kept with
 * probability 1-p and multiplied by 1/(1-p), else 0; in inference nothing happens.
 */
#include "layer.h"
#include "pointwise.h"
#include "rng.h"
#include "vector.h"

#include <string.h>

extern const struct layer_kind layer_drop;

#define WORDS 1024

static int setup(struct layer *l, struct err *e)
{
	l->scratch = shape_values(&l->in); /* the mask: 1 where the value was kept */
	return pointwise_setup(l, e);
}

VECTOR_CLONES static void compare(
	const uint32_t *word, uint32_t threshold, size_t n, uint8_t *restrict mask)
{
	for (size_t i = 0; i < n; i++)
		mask[i] = word[i] >= threshold;
}

/* One item's mask, a function of seed, layer, epoch, item and unit alone. */
static void draw_mask(
	const struct layer *l, const struct layer_pass *p, size_t row, uint8_t *mask)
{
	struct rng r = {p->seed, RNG_DROPOUT + (uint32_t)l->position, p->epoch, p->item[row]};
	uint32_t threshold = (uint32_t)(l->spec.number * 0x1p32);
	size_t values = shape_values(&l->in);
	uint32_t word[WORDS];

	for (size_t done = 0; done < values; done += WORDS) {
		size_t n = values - done < WORDS ? values - done : WORDS;

		rng_fill(&r, (uint32_t)(done / 4), word, n);
		compare(word, threshold, n, mask + done);
	}
}

/* A product with 0 where a choice would be meant: choices make compilers leave the vector unit.
 */
VECTOR_CLONES static void apply(
	const uint8_t *mask, float scale, const float *from, float *to, size_t n)
{
	VECTOR_LOOP for (size_t i = 0; i < n; i++) to[i] = from[i] * (scale * (float)mask[i]);
}

static float scale_of(const struct layer *l)
{
	return (float)(1 / (1 - l->spec.number));
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t values = shape_values(&l->in);

	if (!p->training && p->out != p->in)
		memcpy(p->out, p->in, p->n * values * sizeof *p->out);
	for (size_t row = 0; p->training && row < p->n; row++) {
		uint8_t *mask = p->scratch + row * values;

		draw_mask(l, p, row, mask);
		apply(mask, scale_of(l), p->in + row * values, p->out + row * values, values);
	}
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	apply(p->scratch, scale_of(l), p->dout, p->din, pointwise_values(l, p));
}

const struct layer_kind layer_drop = {
	.name = "drop",
	.number = LAYER_PROBABILITY,
	.number_default = 0.5,
	.options = "",
	.in_place = LAYER_IN_PLACE,
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
