/* SPDX-License-Identifier: ISC */
/* Soft targets, and the labels beside them, to a model. */
#include "cli-train.h"

static struct train_options options = TRAIN_DEFAULTS;
static struct distill_options distill = {
	.loss = "kd", .temperature = -1, .alpha = -1, .hard_weight = -1, .soft_weight = -1};

static const struct option_row rows[] = {
	TRAIN_OPTIONS(options),
	OPTION_GROUP("distillation"),
	OPTION_TEXT(
		'S', "targets", "SOFT", &distill.targets, "the teacher's soft targets of DATA"),
	OPTION_TEXT(
		0, "loss", "KIND", &distill.loss, "kd, mse-probabilities or mse-logits [kd]"),
	OPTION_REAL('T', "temperature", "T", &distill.temperature, 1e-3, 1e6,
		"softens both sides [the targets' own; 4 for logits]"),
	OPTION_REAL(0, "alpha", "A", &distill.alpha, 0, 1,
		"weights A (hard) and 1-A (soft) [.5 with kd]"),
	OPTION_REAL(0, "hard-weight", "W", &distill.hard_weight, 0, 1e9,
		"of the labels' cross-entropy"),
	OPTION_REAL(
		0, "soft-weight", "W", &distill.soft_weight, 0, 1e9, "of the targets' loss"),
	OPTION_FLAG(0, "no-t-squared", &distill.no_t_squared,
		"do not multiply kd's soft part by T^2"),
	OPTION_END,
};

static const struct tool tool = {
	.name = "train-student",
	.summary = "train a net on soft targets and labels",
	.synopsis = "[options] --net SPEC --targets SOFT DATA",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

int main(int argc, char **argv)
{
	int n;
	char **operands = options_parse(&tool, argc, argv, &n);

	cli_train(&options, &distill, operands[0]);
	return 0;
}
