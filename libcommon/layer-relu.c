/* SPDX-License-Identifier: ISC */
/* max(0, x); the derivative at 0 is 0, as in PyTorch. NaN stays NaN. */
#include "layer.h"
#include "pointwise.h"
#include "vector.h"

extern const struct layer_kind layer_relu;

VECTOR_CLONES static void forward_rows(
	const struct layer *l, const struct layer_pass *p, size_t from, size_t to)
{
	size_t values = shape_values(&l->in);

	for (size_t i = from * values; i < to * values; i++)
		p->out[i] = p->in[i] < 0 ? 0 : p->in[i];
}

VECTOR_CLONES static void backward_rows(
	const struct layer *l, const struct layer_pass *p, size_t from, size_t to)
{
	size_t values = shape_values(&l->in);

	for (size_t i = from * values; i < to * values; i++)
		p->din[i] = p->out[i] > 0 ? p->dout[i] : 0;
}

const struct layer_kind layer_relu = {
	.name = "relu",
	.options = "",
	.in_place = 1,
	.keeps_out = 1,
	.setup = pointwise_setup,
	.forward = pointwise_forward,
	.backward = pointwise_backward,
	.forward_rows = forward_rows,
	.backward_rows = backward_rows,
};
