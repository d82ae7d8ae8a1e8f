/* SPDX-License-Identifier: ISC */
/*
 * Where a file comes from, as metadata: no dates, paths or hosts, so that the same
 * inputs, options and seed give the same bytes.
 *
 *   potstill.kind          dataset | soft-targets | model | checkpoint | tensor
 *   potstill.version       of the program that wrote the file
 *   potstill.input.<role>  fingerprint of an input: dataset, images, labels, teacher, init ...
 *                          (of a tensor file: of the set; of any other: of its unpacked bytes)
 *   potstill.options       the options that mattered, as one would type them
 */
#ifndef LINEAGE_H
#define LINEAGE_H

#include "fingerprint.h"
#include "tensor-file.h"

/* Writes kind and version. 0 or -1 (out of memory), as all below. */
int lineage_kind(struct tensor_set *s, const char *kind, struct err *e);

/* Writes potstill.input.<role>. */
int lineage_input(struct tensor_set *s, const char *role, struct fingerprint f, struct err *e);

/* Whether a key is such a potstill.input.<role>. */
int lineage_is_input(const char *key);

/* Adds words to potstill.options, behind a space: lineage_option(s, e, "--epochs %d", n). Words
 * that are not UTF-8 are refused by the option's name. */
int lineage_option(struct tensor_set *s, struct err *e, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* The same for an option with a number: lineage_real(s, e, "--lr", 0.001). */
int lineage_real(struct tensor_set *s, struct err *e, const char *option, double value);

/* Refuses a file of another kind; the text is to be completed with err_in. */
int lineage_check_kind(const struct tensor_set *s, const char *kind, struct err *e);

/*
 * Numbers in metadata. 1 and *value where the key is there, 0 where it is not, -1 with text
 * where it holds anything but a whole number up to `max`, or a finite number above 0.
 */
int lineage_count(const struct tensor_set *s, const char *key, uint64_t max, uint64_t *value,
	struct err *e);
int lineage_positive(const struct tensor_set *s, const char *key, double *value, struct err *e);

#endif
