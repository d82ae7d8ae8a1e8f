/* SPDX-License-Identifier: ISC */
#include "pointwise.h"

int pointwise_setup(struct layer *l, struct err *e)
{
	(void)e;
	l->out = l->in;
	return 0;
}

size_t pointwise_values(const struct layer *l, const struct layer_pass *p)
{
	return p->n * shape_values(&l->in);
}
