/* SPDX-License-Identifier: ISC */
/* Initial weights of fc, conv and dw. */
#ifndef LAYER_INIT_H
#define LAYER_INIT_H

#include "layer.h"

/*
 * Fills param[0], a weight of shape [out, in, ...], and param[1], a bias, where there is one. A
 * unit has in = shape[1] * ... inputs; an input goes to out = shape[0] * shape[2] * ... units:
 * nn.init's fan_in and fan_out.
 */
void layer_init_weights(
	const struct layer *l, enum initializer how, uint64_t seed, float *param);

#endif
