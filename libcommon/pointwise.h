/* SPDX-License-Identifier: ISC */
/* Layers that treat each value by itself: what relu, tanh and drop share. */
#ifndef POINTWISE_H
#define POINTWISE_H

#include "layer.h"

/* Sets out to in; no parameters. */
int pointwise_setup(struct layer *l, struct err *e);

/*
 * Run the kind's forward_rows and backward_rows over the batch's items in chunks of fixed size,
 * by all workers.
 */
void pointwise_forward(const struct layer *l, const struct layer_pass *p);
void pointwise_backward(const struct layer *l, const struct layer_pass *p);

#endif
