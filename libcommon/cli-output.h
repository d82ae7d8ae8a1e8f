/* SPDX-License-Identifier: ISC */
/* Outputs that are written at the end of a long run, looked at before it. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

/*
 * Ends the program where a file could not be created under this name, or where "-" is a
 * terminal. An existing file keeps its contents; pipes and devices are left alone.
 */
void cli_output_check(const char *path);

#endif
