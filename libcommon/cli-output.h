/* SPDX-License-Identifier: ISC */
/* Outputs: looked at before a long run, and what was printed at its end. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

struct err;

/*
 * Ends the program where a file could not be created under this name, or where "-" is a
 * terminal. An existing file keeps its contents; pipes and devices are left alone.
 */
void cli_output_check(const char *path);

/* Prints a text from a file or the command line: nothing in it may break a line or drive a
 * terminal. */
void cli_output_text(const char *text);

/* 0 where all that was printed on standard output is written, else -1 and text. */
int cli_output_flush(struct err *e);

#endif
