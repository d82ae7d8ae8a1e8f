/* SPDX-License-Identifier: ISC */
/* Adam; weight decay is L2 regularisation, added to the gradient, as in torch.optim.Adam. */
#include "adam.h"

extern const struct optim_kind optim_adam;

static void step(const struct optim *o, const struct optim_slice *s)
{
	adam_step(o, s, o->weight_decay, 0);
}

const struct optim_kind optim_adam = {.name = "adam",
	.uses = OPTIM_USES_BETAS | OPTIM_USES_EPSILON,
	.states = 2,
	.default_lr = 0.001,
	.default_epsilon = 1e-8,
	.step = step};
