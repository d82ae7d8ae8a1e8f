/* SPDX-License-Identifier: ISC */
/* +( | ): the sum of the branches, from the first to the last. */
#include "err.h"
#include "layer.h"
#include "vector.h"

#include <string.h>

extern const struct layer_kind layer_sum;

static int setup(struct layer *l, struct err *e)
{
	l->out = l->in;
	for (int i = 1; i < l->sources; i++) {
		const struct shape *s = &l->source[i].shape;

		if (s->channels != l->in.channels || s->height != l->in.height ||
			s->width != l->in.width)
			return err_set(e,
				"branch %d gives %zux%zux%zu where branch 1 gives %zux%zux%zu",
				i + 1, s->channels, s->height, s->width, l->in.channels,
				l->in.height, l->in.width);
	}
	return 0;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	size_t n = p->n * shape_values(&l->out);

	if (p->branch > 0)
		vector_add(p->out, p->in, n);
	else if (p->out != p->in)
		memcpy(p->out, p->in, n * sizeof *p->out);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	if (p->din != p->dout)
		memcpy(p->din, p->dout, p->n * shape_values(&l->out) * sizeof *p->din);
}

const struct layer_kind layer_sum = {
	.name = "sum",
	.join = '+',
	.options = "",
	.in_place = LAYER_IN_PLACE_ANEW,
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
