/* SPDX-License-Identifier: ISC */
/* Hard labels to a model. */
#include "cli-train.h"

static struct train_options options = TRAIN_DEFAULTS;

static const struct option_row rows[] = {TRAIN_OPTIONS(options), OPTION_END};

static const struct tool tool = {
	.name = "train-teacher",
	.summary = "train a net on a data set's labels",
	.synopsis = "[options] --net SPEC DATA",
	.rows = rows,
	.min_operands = 1,
	.max_operands = 1,
};

int main(int argc, char **argv)
{
	int n;
	char **operands = options_parse(&tool, argc, argv, &n);

	cli_train(&options, NULL, operands[0]);
	return 0;
}
