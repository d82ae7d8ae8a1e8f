/* SPDX-License-Identifier: ISC */
/*
 * What evaluate prints: tables of tab-separated values, or the same as JSON. NaN is "-" in
 * tables and null in JSON.
 */
#ifndef CLI_EVALUATE_H
#define CLI_EVALUATE_H

#include "metrics-model.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cli_evaluation {
	const char *data_path;
	const struct dataset *data;
	const char *soft_path;	     /* or NULL */
	const char *const *path;     /* of the models */
	struct metrics_model *model; /* measured */
	size_t models;
	int threads;
	bool confusion, per_class; /* which tables are wanted */
};

/* Bytes of a model's file; -1 where nobody knows (a pipe). */
int64_t cli_evaluate_bytes(const char *path);

/* Items a second; NaN where the clock did not move. */
double cli_evaluate_rate(const struct metrics_model *m);

/* Names of the classes for free(), or NULL unless the data set names each of them. */
char **cli_evaluate_names(const struct cli_evaluation *v);

/* Print to standard output; 0 or -1 with text. */
int cli_evaluate_tables(const struct cli_evaluation *v, struct err *e);
int cli_evaluate_json(const struct cli_evaluation *v, struct err *e);

#endif
