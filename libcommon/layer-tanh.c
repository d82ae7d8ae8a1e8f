/* SPDX-License-Identifier: ISC */
/* tanh(x); the derivative is 1 - tanh(x)^2. */
#include "layer.h"
#include "pointwise.h"

#include <math.h>

extern const struct layer_kind layer_tanh;

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	for (size_t i = 0; i < n; i++)
		p->out[i] = tanhf(p->in[i]);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = pointwise_values(l, p);

	for (size_t i = 0; i < n; i++)
		p->din[i] = p->dout[i] * (1 - p->out[i] * p->out[i]);
}

const struct layer_kind layer_tanh = {
	.name = "tanh",
	.options = "",
	.in_place = LAYER_IN_PLACE,
	.keeps = LAYER_KEEPS_OUT,
	.setup = pointwise_setup,
	.forward = forward,
	.backward = backward,
};
