/* SPDX-License-Identifier: ISC */
/*
 * RMSprop (Hinton 2012, lecture 6e of "Neural networks for machine learning"), not centred,
 * with momentum and L2 regularisation as torch.optim.RMSprop, whose alpha is rho here as in
 * Keras.
 */
#include "optim.h"
#include "vector.h"

#include <math.h>

extern const struct optim_kind optim_rmsprop;

VECTOR_CLONES static void step(const struct optim *o, const struct optim_slice *s)
{
	float lr = (float)s->lr, decay = (float)o->weight_decay, scale = (float)s->grad_scale;
	float rho = (float)o->rho, rest = (float)(1 - o->rho), epsilon = (float)o->epsilon;
	float momentum = (float)o->momentum;
	float *restrict param = s->param;
	float *restrict square = s->state[0], *restrict velocity = s->state[1];
	const float *restrict grad = s->grad;

	for (size_t i = 0; i < s->n; i++) {
		float g = grad[i] * scale + decay * param[i];
		float v = rho * square[i] + rest * (g * g);
		float m = momentum * velocity[i] + g / (sqrtf(v) + epsilon);

		square[i] = v;
		velocity[i] = m;
		param[i] -= lr * m;
	}
}

const struct optim_kind optim_rmsprop = {.name = "rmsprop",
	.uses = OPTIM_USES_RHO | OPTIM_USES_EPSILON | OPTIM_USES_MOMENTUM,
	.states = 2,
	.default_lr = 0.01,
	.default_rho = 0.99,
	.default_epsilon = 1e-8,
	.step = step};
