/* SPDX-License-Identifier: ISC */
/* Parameters of one net taken from another's file, as far as they match. */
#ifndef MODEL_INIT_H
#define MODEL_INIT_H

#include "model-file.h"

/*
 * Loads a model, a checkpoint or, for nets from elsewhere, any tensor file that says nothing of
 * its kind. What it says of preprocessing must be what `p` is. 0, or -1 with the file's name in
 * the text and s released.
 */
int model_init_load(struct tensor_set *s, const char *path, const struct preprocess *p,
	struct workers *w, struct err *e);

/* Copies tensors that have the name, shape and type of one of the net's into it: *taken of the
 * net's *of tensors. 0, or -1 where one of them holds NaN or infinity. */
int model_init_take(
	const struct tensor_set *s, struct net *n, size_t *taken, size_t *of, struct err *e);

/*
 * Says of each tensor, the net's first and then the file's, what becomes of it:
 *   0.weight [16,784]: taken
 *   2.weight [10,16]: not taken, it is [26,16] in the file
 *   4.bias [10]: not taken, it is not in the file
 *   classifier.bias [1000]: in the file, not in the net
 */
void model_init_tell(
	const struct tensor_set *s, const struct net *n, void (*tell)(const char *line));

#endif
