/* SPDX-License-Identifier: ISC */
/* How a batch is cut for its way through a net: into groups, stages and their chunks. */
#ifndef NET_STAGES_H
#define NET_STAGES_H

#include <stddef.h>

struct net;

/* The first of the layers that take a chunk as a whole; 0 where all do as all others. */
int net_tail(const struct net *n);

/* Sets the group, the stages and the items of their chunks; inference has one stage, as its
 * activations are those of a chunk. */
void net_cut_stages(struct net *n, size_t batch, int training);

#endif
