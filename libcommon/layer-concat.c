/* SPDX-License-Identifier: ISC */
/*
 * ( | ): the branches' channels one after another, as torch.cat(..., 1). Values are
 * [channels][height][width], so each branch is one block of an item.
 */
#include "err.h"
#include "layer.h"

#include <string.h>

extern const struct layer_kind layer_concat;

static int setup(struct layer *l, struct err *e)
{
	size_t channels = 0;

	for (int i = 0; i < l->sources; i++) {
		const struct shape *s = &l->source[i].shape;

		if (s->height != l->in.height || s->width != l->in.width)
			return err_set(e,
				"branch %d gives maps of %zux%zu where branch 1 gives %zux%zu",
				i + 1, s->height, s->width, l->in.height, l->in.width);
		l->source[i].at = channels * s->height * s->width;
		channels += s->channels;
	}
	l->out = (struct shape){channels, l->in.height, l->in.width};
	return 0;
}

static void forward(const struct layer *l, const struct layer_pass *p)
{
	const struct layer_source *s = &l->source[p->branch];
	size_t values = shape_values(&s->shape), stride = shape_values(&l->out);

	for (size_t i = 0; i < p->n; i++)
		memcpy(p->out + i * stride + s->at, p->in + i * values,
			values * sizeof *p->out);
}

static void backward(const struct layer *l, const struct layer_pass *p)
{
	const struct layer_source *s = &l->source[p->branch];
	size_t values = shape_values(&s->shape), stride = shape_values(&l->out);

	for (size_t i = 0; i < p->n; i++)
		memcpy(p->din + i * values, p->dout + i * stride + s->at,
			values * sizeof *p->din);
}

const struct layer_kind layer_concat = {
	.name = "concat",
	.join = '(',
	.options = "",
	.setup = setup,
	.forward = forward,
	.backward = backward,
};
