/* SPDX-License-Identifier: ISC */
/* What arrays of numbers and of text hold, see mat-walk.h: passed over, and its length held
 * against the dimensions. */
#ifndef MAT_VALUES_H
#define MAT_VALUES_H

#include <stdint.h>

struct mat_part;
struct mat_source;

/* Each takes what is left of the array but what is too much: 0, or -1 and a text. */
int mat_get_text(const struct mat_source *m, struct mat_part *a);
int mat_get_numbers(const struct mat_source *m, struct mat_part *a, uint32_t class);
int mat_get_sparse(const struct mat_source *m, struct mat_part *a);

#endif
