/* SPDX-License-Identifier: ISC */
#include "layer-init.h"

#include "rng.h"

#include <math.h>
#include <string.h>

static void fill_uniform(float *to, size_t n, double bound, const struct rng *r)
{
	for (size_t i = 0; i < n; i++)
		to[i] = (float)((2 * rng_unit(r, (uint32_t)i) - 1) * bound);
}

/* Box and Muller's transform: each pair of uniforms gives one value here, which is enough. */
static void fill_normal(float *to, size_t n, double sd, const struct rng *r)
{
	for (size_t i = 0; i < n; i++) {
		double u = 1 - rng_unit(r, (uint32_t)(2 * i)),
		       angle = 6.283185307179586 * rng_unit(r, (uint32_t)(2 * i + 1));

		to[i] = (float)(sd * sqrt(-2 * log(u)) * cos(angle));
	}
}

void layer_init_weights(
	const struct layer *l, enum initializer how, uint64_t seed, float *param)
{
	const struct layer_param *weight = &l->param[0], *bias = &l->param[1];
	size_t inputs = weight->count / weight->shape[0],
	       units = weight->count / weight->shape[1];
	double in = (double)inputs, out = (double)units;
	struct rng r = {seed, RNG_INIT + (uint32_t)l->position, 0, 0}, of_bias = r;

	of_bias.index = 1;
	if (l->params > 1)
		memset(param + bias->at, 0, bias->count * sizeof *param);
	switch (how) {
	case INITIALIZER_GLOROT:
		fill_uniform(param + weight->at, weight->count, sqrt(6 / (in + out)), &r);
		break;
	case INITIALIZER_HE:
		fill_normal(param + weight->at, weight->count, sqrt(2 / in), &r);
		break;
	case INITIALIZER_TORCH:
		fill_uniform(param + weight->at, weight->count, 1 / sqrt(in), &r);
		if (l->params > 1)
			fill_uniform(param + bias->at, bias->count, 1 / sqrt(in), &of_bias);
		break;
	}
}
