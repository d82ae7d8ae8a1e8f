/* SPDX-License-Identifier: ISC */
/* min(max(0, x), 6); the derivative at 0 and at 6 is 0, as in PyTorch. NaN stays NaN. */
#include "layer.h"
#include "pointwise.h"
#include "vector.h"

extern const struct layer_kind layer_relu6;

VECTOR_CLONES static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float x = p->in[i];

		x = x < 0 ? 0 : x;
		p->out[i] = x > 6 ? 6 : x;
	}
}

VECTOR_CLONES static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float gradient = p->dout[i], y = p->out[i];

		gradient = y > 0 ? gradient : 0;
		p->din[i] = y < 6 ? gradient : 0;
	}
}

const struct layer_kind layer_relu6 = {
	.name = "relu6",
	.options = "",
	.rises = 1,
	.in_place = LAYER_IN_PLACE,
	.keeps = LAYER_KEEPS_OUT,
	.setup = pointwise_setup,
	.forward = forward,
	.backward = backward,
};
