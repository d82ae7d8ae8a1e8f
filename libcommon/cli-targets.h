/* SPDX-License-Identifier: ISC */
/* What soft-targets tells of the file that it made: lines for people, JSON for scripts. */
#ifndef CLI_TARGETS_H
#define CLI_TARGETS_H

#include "targets-report.h"

#include <stdint.h>

struct cli_targets {
	const struct targets_report *report;
	const struct soft_targets_source *source;
	size_t teachers;
	int64_t bytes; /* of the file; -1 where nobody knows (a pipe) */
};

/* Bytes of the file that was written to `path` ("-": standard output); -1 unless it is regular.
 */
int64_t cli_targets_bytes(const char *path);

/* On stderr, unless -q. */
void cli_targets_say(const struct cli_targets *t);

/* Writes the same as JSON to a file; 0 or -1 with text. */
int cli_targets_save(const struct cli_targets *t, const char *path, struct err *e);

#endif
