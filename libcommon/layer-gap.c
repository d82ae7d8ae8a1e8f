/* SPDX-License-Identifier: ISC */
/* Global average pooling (Lin et al. 2014): each plane's mean; nn.AdaptiveAvgPool2d(1). */
#include "layer.h"
#include "vector.h"

extern const struct layer_kind layer_gap;

static int setup(struct layer *l, struct err *e)
{
	(void)e;
	l->out = (struct shape){l->in.channels, 1, 1};
	return 0;
}

static size_t plane_of(const struct layer *l)
{
	return l->in.height * l->in.width;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t plane = plane_of(l);

	for (size_t i = 0; i < p->n * l->in.channels; i++)
		p->out[i] = (float)(vector_sum(p->in + i * plane, plane) / (double)plane);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	size_t plane = plane_of(l);

	for (size_t i = 0; i < p->n * l->in.channels; i++) {
		float share = p->dout[i] / (float)plane;

		for (size_t k = 0; k < plane; k++)
			p->din[i * plane + k] = share;
	}
}

const struct layer_kind layer_gap = {
	.name = "gap",
	.options = "",
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
