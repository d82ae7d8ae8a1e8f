/* SPDX-License-Identifier: ISC */
/* The files of a command line, which must not get in each other's way. */
#ifndef CLI_FILES_H
#define CLI_FILES_H

#include <stddef.h>

enum cli_use {
	CLI_INPUT,
	CLI_RESULT, /* appears when all is read and done: it may replace an input */
	CLI_RECORD  /* is written on the way, or beside the result */
};

struct cli_file {
	const char *name; /* as messages call it: "--log", or "the data set" */
	const char *path; /* "-" is standard input or output; NULL where there is none */
	enum cli_use use;
};

/* Ends the program where one file would be an output twice, or an input and a record; files of
 * options, @FILE, are inputs that need no mention. Devices take any number. */
void cli_files_check(const struct cli_file file[], size_t n);

#endif
