/* SPDX-License-Identifier: ISC */
/* x above 0, slope * x below (Maas et al. 2013); the derivative at 0 is the slope, as in
 * PyTorch. */
#include "layer.h"
#include "pointwise.h"
#include "vector.h"

extern const struct layer_kind layer_lrelu;

VECTOR_CLONES static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);
	float slope = (float)l->spec.number;

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float x = p->in[i], below = slope * x;

		p->out[i] = x > 0 ? x : below;
	}
}

VECTOR_CLONES static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);
	float slope = (float)l->spec.number;

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float gradient = p->dout[i], below = slope * gradient;

		p->din[i] = p->out[i] > 0 ? gradient : below;
	}
}

const struct layer_kind layer_lrelu = {
	.name = "lrelu",
	.number = LAYER_SLOPE,
	.number_default = 0.1,
	.options = "",
	.in_place = LAYER_IN_PLACE,
	.keeps = LAYER_KEEPS_SIGN,
	.setup = pointwise_setup,
	.forward = forward,
	.backward = backward,
};
