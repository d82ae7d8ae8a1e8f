/* SPDX-License-Identifier: ISC */
/* Cross-entropy with the labels: -log softmax(z)_y, with label smoothing as in PyTorch. */
#include "loss.h"

extern const struct loss_kind loss_ce;

const struct loss_kind loss_ce = {
	.name = "ce",
	.targets = BATCH_NO_TARGETS,
	.labels = 1,
	.hard = 1,
	.soft = 0,
	.row = loss_hard_part,
};
