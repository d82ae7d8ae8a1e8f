/* SPDX-License-Identifier: ISC */
/* max(0, x); the derivative at 0 is 0, as in PyTorch. NaN stays NaN. */
#include "layer.h"
#include "pointwise.h"
#include "vector.h"

extern const struct layer_kind layer_relu;

VECTOR_CLONES static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float x = p->in[i];

		p->out[i] = x < 0 ? 0 : x;
	}
}

VECTOR_CLONES static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	VECTOR_LOOP for (size_t i = 0; i < n; i++)
	{
		float gradient = p->dout[i]; /* read in any case, or the loop stays scalar */

		p->din[i] = p->out[i] > 0 ? gradient : 0;
	}
}

const struct layer_kind layer_relu = {
	.name = "relu",
	.options = "",
	.rises = 1,
	.in_place = LAYER_IN_PLACE,
	.keeps = LAYER_KEEPS_SIGN,
	.setup = pointwise_setup,
	.forward = forward,
	.backward = backward,
};
