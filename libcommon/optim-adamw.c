/* SPDX-License-Identifier: ISC */
/* AdamW (Loshchilov and Hutter 2019): weight decay apart from the gradient, lr * decay * w a
 * step. */
#include "adam.h"

extern const struct optim_kind optim_adamw;

static void step(const struct optim *o, const struct optim_slice *s)
{
	adam_step(o, s, 0, s->lr * o->weight_decay);
}

const struct optim_kind optim_adamw = {.name = "adamw",
	.uses = OPTIM_USES_BETAS | OPTIM_USES_EPSILON,
	.states = 2,
	.default_lr = 0.001,
	.default_epsilon = 1e-8,
	.step = step};
