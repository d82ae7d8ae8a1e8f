/* SPDX-License-Identifier: ISC */
#include "adam.h"

#include "vector.h"

#include <math.h>

VECTOR_CLONES void adam_step(
	const struct optim *o, const struct optim_slice *s, double l2, double shrink)
{
	double t = (double)s->step, correct2 = 1 - pow(o->beta2, t);
	float beta1 = (float)o->beta1, beta2 = (float)o->beta2, rest1 = (float)(1 - o->beta1);
	float rest2 = (float)(1 - o->beta2), epsilon = (float)o->epsilon,
	      scale = (float)s->grad_scale;
	float decay = (float)l2, keep = (float)(1 - shrink),
	      inverse = (float)(1 / sqrt(correct2));
	float size = (float)(s->lr / (1 - pow(o->beta1, t)));
	float *restrict param = s->param, *restrict first = s->state[0],
			*restrict second = s->state[1];
	const float *restrict grad = s->grad;

	for (size_t i = 0; i < s->n; i++) {
		float g = grad[i] * scale + decay * param[i];
		float m = beta1 * first[i] + rest1 * g, v = beta2 * second[i] + rest2 * (g * g);

		first[i] = m;
		second[i] = v;
		param[i] = param[i] * keep - size * m / (sqrtf(v) * inverse + epsilon);
	}
}
