/* SPDX-License-Identifier: ISC */
/* Planes become a row of values, in memory's order: nn.Flatten. */
#include "layer.h"
#include "pointwise.h"

#include <string.h>

extern const struct layer_kind layer_flatten;

static int setup(struct layer *l, struct err *e)
{
	(void)e;
	l->out = (struct shape){shape_values(&l->in), 1, 1};
	return 0;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	if (p->out != p->in)
		memcpy(p->out, p->in, pointwise_values(l, p) * sizeof *p->out);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	if (p->din != p->dout)
		memcpy(p->din, p->dout, pointwise_values(l, p) * sizeof *p->din);
}

const struct layer_kind layer_flatten = {
	.name = "flatten",
	.options = "",
	.in_place = LAYER_IN_PLACE,
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
