/* SPDX-License-Identifier: ISC */
/* Arguments from files: @FILE stands for the words in FILE. */
#ifndef OPTIONS_FILE_H
#define OPTIONS_FILE_H

/*
 * Replaces each @FILE among the arguments before "--" and updates *argc. The new argv
 * lives until the program ends; a file that cannot be read ends the program (exit 2).
 */
char **options_file_expand(int *argc, char **argv);

#endif
