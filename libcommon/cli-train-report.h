/* SPDX-License-Identifier: ISC */
/* What a run of training tells: a line an epoch, the log, and the dry run's table. */
#ifndef CLI_TRAIN_REPORT_H
#define CLI_TRAIN_REPORT_H

#include "train.h"

#include <stdio.h>

/* The line on stderr after an epoch. */
void cli_train_say_epoch(const struct train_report *r, int distilled);

/* Draws the progress within an epoch, with the time that is left. */
void cli_train_show_step(
	const struct train *t, uint32_t first_epoch, double start, size_t items_done);

/*
 * Opens --log. Behind `epochs` epochs that a checkpoint knows, the file keeps their lines and
 * loses those that a killed run wrote later: they come again. Where it has fewer whole lines,
 * that is a warning. "-" is standard output. NULL with errno on failure.
 */
FILE *cli_train_open_log(const char *path, uint32_t epochs);

/* Brings the log to the disk, before a checkpoint that knows its epochs. */
void cli_train_settle_log(FILE *log);

/* One JSON object on one line, flushed. 0 or -1. */
int cli_train_log(FILE *log, const struct train_report *r, struct err *e);

/* Layers, shapes, parameters, MACs and memory, in training with the optimiser's, on stdout. 0
 * or -1. */
int cli_train_describe(const struct net *n, const struct optim *o, size_t batch, struct err *e);

#endif
