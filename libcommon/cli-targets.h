/* SPDX-License-Identifier: ISC */
/* What soft-targets tells of the file that it made: lines for people, JSON for scripts. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include "targets-report.h"

#include <stdint.h>

struct outfile;

struct cli_targets {
	const struct targets_report *report;
	const struct soft_targets_source *source;
	size_t teachers;
	uint64_t bytes; /* of the file */
};

/* On stderr, unless -q. */
void cli_targets_say(const struct cli_targets *t);

/* Writes the same as JSON, and leaves the end of the file to the caller: 0, or -1 with text and
 * nothing to do for the caller. */
int cli_targets_write(
	const struct cli_targets *t, struct outfile *o, const char *path, struct err *e);

#endif
