/* SPDX-License-Identifier: ISC */
/*
 * Adadelta (Zeiler 2012, algorithm 1) with a learning rate and L2 regularisation, as
 * torch.optim.Adadelta. The defaults are Keras's (lr 1, rho .95, epsilon 1e-7); PyTorch's are
 * rho .9 and epsilon 1e-6.
 */
#include "optim.h"
#include "vector.h"

#include <math.h>

extern const struct optim_kind optim_adadelta;

VECTOR_CLONES static void step(const struct optim *o, const struct optim_slice *s)
{
	float lr = (float)s->lr, decay = (float)o->weight_decay, scale = (float)s->grad_scale;
	float rho = (float)o->rho, rest = (float)(1 - o->rho), epsilon = (float)o->epsilon;
	float *restrict param = s->param;
	float *restrict square = s->state[0], *restrict moved = s->state[1];
	const float *restrict grad = s->grad;

	for (size_t i = 0; i < s->n; i++) {
		float g = grad[i] * scale + decay * param[i];
		float v = rho * square[i] + rest * (g * g);
		float d = sqrtf(moved[i] + epsilon) / sqrtf(v + epsilon) * g;

		square[i] = v;
		moved[i] = rho * moved[i] + rest * (d * d);
		param[i] -= lr * d;
	}
}

const struct optim_kind optim_adadelta = {.name = "adadelta",
	.uses = OPTIM_USES_RHO | OPTIM_USES_EPSILON,
	.states = 2,
	.default_lr = 1,
	.default_rho = 0.95,
	.default_epsilon = 1e-7,
	.step = step};
