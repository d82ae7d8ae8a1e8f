/* SPDX-License-Identifier: ISC */
/*
 * The mean squared error of softened probabilities, (1/C) sum (q - p)^2, beside the hard part.
 * d/dz_i = 2/(C T) q_i ((q_i - p_i) - sum_j q_j (q_j - p_j)). T^2 does not apply.
 */
#include "loss.h"

extern const struct loss_kind loss_mse_probabilities;

static void row(const struct loss *l, const struct loss_row *r, struct loss_sum *sum)
{
	double error = 0, mean = 0, classes = (double)l->classes;
	float weight = (float)(l->soft * 2 / (classes * l->temperature)) * r->scale;

	loss_hard_part(l, r, sum);
	loss_softmax(r->logits, l->classes, l->temperature, r->work);
	for (size_t i = 0; i < l->classes; i++) {
		double d = (double)r->work[i] - (double)r->target[i];

		error += d * d;
		mean += (double)r->work[i] * d;
	}
	for (size_t i = 0; i < l->classes; i++)
		r->dlogits[i] +=
			weight * r->work[i] * (r->work[i] - r->target[i] - (float)mean);
	sum->soft += error / classes;
	sum->total += l->soft * error / classes;
}

const struct loss_kind loss_mse_probabilities = {
	.name = "mse-probabilities",
	.targets = BATCH_PROBABILITIES,
	.labels = 1,
	.hard = 0,
	.soft = 1,
	.row = row,
};
