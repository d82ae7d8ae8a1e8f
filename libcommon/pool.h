/* SPDX-License-Identifier: ISC */
/* What maxpool and avgpool share. */
#ifndef POOL_H
#define POOL_H

#include "window.h"

/* Sets out; the stride is the window's size where none is given, and padding at most half of
 * it, as in PyTorch. */
int pool_setup(struct layer *l, struct err *e);

#endif
