/* SPDX-License-Identifier: ISC */
/* Layers that treat each value by itself: what relu, tanh and drop share. */
#ifndef POINTWISE_H
#define POINTWISE_H

#include "layer.h"

/* Sets out to in; no parameters. */
int pointwise_setup(struct layer *l, struct err *e);

/* Items [from, to) of the pass. */
typedef void pointwise_rows(
	const struct layer *l, const struct layer_pass *p, size_t from, size_t to);

/* Runs over the batch's items in chunks of fixed size, by all workers. */
void pointwise_run(const struct layer *l, const struct layer_pass *p, pointwise_rows *rows);

#endif
