/* SPDX-License-Identifier: ISC */
/* Arguments from files: @FILE stands for the words in FILE. */
#ifndef OPTIONS_FILE_H
#define OPTIONS_FILE_H

#include <stddef.h>

/*
 * Replaces each @FILE among the arguments before "--" and updates *argc. The new argv
 * lives until the program ends; a file that cannot be read ends the program (exit 2).
 */
char **options_file_expand(int *argc, char **argv);

/* The path of the i-th such file; NULL behind the last. */
const char *options_file_path(size_t i);

#endif
