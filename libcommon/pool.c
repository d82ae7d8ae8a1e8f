/* SPDX-License-Identifier: ISC */
#include "pool.h"

#include "err.h"

int pool_setup(struct layer *l, struct err *e)
{
	const double *pad = layer_option(&l->spec, "p");
	const int *kernel = l->spec.kernel;

	if (pad != NULL && (2 * *pad > kernel[0] || 2 * *pad > kernel[1]))
		return err_set(e, "%s%dx%d/p%g: the padding is more than half of the window",
			l->kind->name, kernel[0], kernel[1], *pad);
	l->out.channels = l->in.channels;
	return window_setup(l, 1, e);
}
