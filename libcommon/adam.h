/* SPDX-License-Identifier: ISC */
/* What Adam and AdamW share. */
#ifndef ADAM_H
#define ADAM_H

#include "optim.h"

/*
 * One step of Adam (Kingma and Ba 2015, algorithm 1, with epsilon outside the bias correction's
 * root as in PyTorch); `l2` is added to the gradient as l2 * w, and w first shrinks by `shrink`
 * * w.
 */
void adam_step(const struct optim *o, const struct optim_slice *s, double l2, double shrink);

#endif
