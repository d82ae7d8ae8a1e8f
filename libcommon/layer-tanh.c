/* SPDX-License-Identifier: ISC */
/* tanh(x); the derivative is 1 - tanh(x)^2. */
#include "layer.h"
#include "pointwise.h"

#include <math.h>

extern const struct layer_kind layer_tanh;

static void forward_rows(
	const struct layer *l, const struct layer_pass *p, size_t from, size_t to)
{
	size_t values = shape_values(&l->in);

	for (size_t i = from * values; i < to * values; i++)
		p->out[i] = tanhf(p->in[i]);
}

static void backward_rows(
	const struct layer *l, const struct layer_pass *p, size_t from, size_t to)
{
	size_t values = shape_values(&l->in);

	for (size_t i = from * values; i < to * values; i++)
		p->din[i] = p->dout[i] * (1 - p->out[i] * p->out[i]);
}

const struct layer_kind layer_tanh = {
	.name = "tanh",
	.options = "",
	.in_place = 1,
	.keeps_out = 1,
	.setup = pointwise_setup,
	.forward = pointwise_forward,
	.backward = pointwise_backward,
	.forward_rows = forward_rows,
	.backward_rows = backward_rows,
};
