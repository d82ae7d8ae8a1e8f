/* SPDX-License-Identifier: ISC */
/*
 * Half the squared distance of the logits, 1/2 |z - v|^2 (Ba and Caruana 2014), beside the
 * hard part. Against zero-mean targets the student learns zero-mean logits.
 */
#include "loss.h"

extern const struct loss_kind loss_mse_logits;

static void row(const struct loss *l, const struct loss_row *r, struct loss_sum *sum)
{
	float weight = (float)l->soft * r->scale;
	double error = 0;

	loss_hard_part(l, r, sum);
	for (size_t i = 0; i < l->classes; i++) {
		float d = r->logits[i] - r->target[i];

		error += 0.5 * (double)d * (double)d;
		r->dlogits[i] += weight * d;
	}
	sum->soft += error;
	sum->total += l->soft * error;
}

const struct loss_kind loss_mse_logits = {
	.name = "mse-logits",
	.targets = BATCH_LOGITS,
	.labels = 1,
	.hard = 0,
	.soft = 1,
	.row = row,
};
