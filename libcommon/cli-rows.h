/* SPDX-License-Identifier: ISC */
/* Rows that several tools have in their tables of options. */
#ifndef CLI_ROWS_H
#define CLI_ROWS_H

#include "dataset.h"
#include "options.h"

#define ROW_OUTPUT(to, what) \
	OPTION_TEXT('o', "output", "FILE", to, what " to write [standard output]")
#define ROW_LEVEL(to) OPTION_INT(0, "level", "N", to, 1, 22, "compression level of zstd [1]")
#define ROW_THREADS(to) \
	OPTION_INT('t', "threads", "N", to, 0, 1024, \
		"0 for all CPUs; the result is the same [0]")

/* Of tools that make a data set. */
#define ROW_LABEL_BASE(to) \
	OPTION_INT(0, "label-base", "N", to, 0, 65535, \
		"the label of the first class, 1 in EMNIST-letters [0]")
#define ROW_CLASSES(to) \
	OPTION_INT(0, "classes", "N", to, 1, DATASET_MAX_CLASSES, \
		"number of classes [up to the largest label]")
#define ROW_CLASS_NAMES(to) \
	OPTION_TEXT(0, "class-names", "FILE|LIST", to, \
		"names of the classes: a file, one a line, or a list with commas")

#endif
