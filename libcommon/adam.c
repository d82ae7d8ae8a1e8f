/* SPDX-License-Identifier: ISC */
#include "adam.h"

#include "vector.h"

#include <math.h>

/* What a step needs of the options and of time, as floats. */
struct factors {
	float beta1, rest1, beta2, rest2, epsilon, scale, decay, keep;
	float size;    /* lr / (1 - beta1^t) */
	float inverse; /* 1 / sqrt(1 - beta2^t) */
};

VECTOR_CLONES static void step(const struct factors *f, size_t n, float *restrict param,
	const float *restrict grad, float *restrict first, float *restrict second)
{
	for (size_t i = 0; i < n; i++) {
		float g = grad[i] * f->scale + f->decay * param[i];
		float m = f->beta1 * first[i] + f->rest1 * g;
		float v = f->beta2 * second[i] + f->rest2 * (g * g);

		first[i] = m;
		second[i] = v;
		param[i] =
			param[i] * f->keep - f->size * m / (sqrtf(v) * f->inverse + f->epsilon);
	}
}

void adam_step(const struct optim *o, const struct optim_slice *s, double l2, double shrink)
{
	double t = (double)s->step;
	struct factors f = {
		.beta1 = (float)o->beta1,
		.rest1 = (float)(1 - o->beta1),
		.beta2 = (float)o->beta2,
		.rest2 = (float)(1 - o->beta2),
		.epsilon = (float)o->epsilon,
		.scale = (float)s->grad_scale,
		.decay = (float)l2,
		.keep = (float)(1 - shrink),
		.size = (float)(s->lr / (1 - pow(o->beta1, t))),
		.inverse = (float)(1 / sqrt(1 - pow(o->beta2, t))),
	};

	step(&f, s->n, s->param, s->grad, s->state[0], s->state[1]);
}
