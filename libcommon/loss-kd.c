/* SPDX-License-Identifier: ISC */
/*
 * Knowledge distillation (Hinton, Vinyals, Dean 2015, section 2):
 * hard * CE(y, softmax(z)) + soft * T^2 * KL(p || q). KL differs from the
 * cross-entropy of the paper by the targets' entropy, a constant, and reaches 0.
 * The soft part's gradient is T^2 * (q - p) / T.
 */
#include "loss.h"

#include <math.h>

extern const struct loss_kind loss_kd;

static void row(const struct loss *l, const struct loss_row *r, struct loss_sum *sum)
{
	double t = l->temperature, factor = l->soft * (l->scale_soft ? t * t : 1),
	       divergence = 0, lse;
	float weight = (float)(factor / t) * r->scale;

	loss_hard_part(l, r, sum);
	lse = loss_softmax(r->logits, l->classes, t, r->work);
	for (size_t i = 0; i < l->classes; i++) {
		double p = (double)r->target[i];

		if (p > 0)
			divergence += p * (log(p) - ((double)r->logits[i] / t - lse));
		r->dlogits[i] += weight * (r->work[i] - r->target[i]);
	}
	sum->soft += divergence;
	sum->total += factor * divergence;
}

const struct loss_kind loss_kd = {
	.name = "kd",
	.targets = BATCH_PROBABILITIES,
	.labels = 1,
	.hard = 0.5,
	.soft = 0.5,
	.t_squared = 1,
	.row = row,
};
