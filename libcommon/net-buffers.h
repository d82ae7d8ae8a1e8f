/* SPDX-License-Identifier: ISC */
#ifndef NET_BUFFERS_H
#define NET_BUFFERS_H

#include <stddef.h>

struct err;
struct net;

/* The first of the layers that take a chunk as a whole; 0 where all do as all others. */
int net_tail(const struct net *n);

/* Gives each layer its slot for inference: activations share one where the first is no longer
 * read when the second is written. 0, or -1 out of memory. */
int net_share_slots(struct net *n, struct err *e);

/* Sets the stages and the items of their chunks; inference has one, as its activations are
 * those of a chunk. */
void net_cut_stages(struct net *n, size_t batch, int training);

#endif
