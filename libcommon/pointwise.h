/* SPDX-License-Identifier: ISC */
/* Layers that treat each value by itself: what relu, tanh and drop share. */
#ifndef POINTWISE_H
#define POINTWISE_H

#include "layer.h"

/* Sets out to in; no parameters. */
int pointwise_setup(struct layer *l, struct err *e);

/* The values of in and out together. */
size_t pointwise_values(const struct layer *l, const struct layer_pass *p);

#endif
