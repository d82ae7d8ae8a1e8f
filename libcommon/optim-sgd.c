/* SPDX-License-Identifier: ISC */
/* Stochastic gradient descent with momentum, plain or Nesterov's, as torch.optim.SGD defines
 * them. */
#include "optim.h"
#include "vector.h"

extern const struct optim_kind optim_sgd;

VECTOR_CLONES static void step(const struct optim *o, const struct optim_slice *s)
{
	float lr = (float)s->lr, decay = (float)o->weight_decay, scale = (float)s->grad_scale;
	float momentum = (float)o->momentum;
	int nesterov = o->nesterov;
	float *restrict param = s->param, *restrict velocity = s->state[0];
	const float *restrict grad = s->grad;

	for (size_t i = 0; i < s->n; i++) {
		float g = grad[i] * scale + decay * param[i];
		float v = momentum * velocity[i] + g;

		velocity[i] = v;
		param[i] -= lr * (nesterov ? g + momentum * v : v);
	}
}

const struct optim_kind optim_sgd = {.name = "sgd",
	.uses = OPTIM_USES_MOMENTUM | OPTIM_USES_NESTEROV,
	.states = 1,
	.default_lr = 0.01,
	.step = step};
