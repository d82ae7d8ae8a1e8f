/* SPDX-License-Identifier: ISC */
/* Which of a net's activations, and of the gradients by them, share memory. */
#ifndef NET_SHARE_H
#define NET_SHARE_H

struct layer;
struct net;

/* Where a gradient lies that has no slot. */
enum net_place {
	NET_NOWHERE = -5, /* nobody needs it */
	NET_IN_SLOT,	  /* in one that is not chosen yet */
	NET_OWN,	  /* memory of its own: the gradients by parameters are made of it */
	NET_OF_SOURCE,	  /* that by the layer's first source is written over it */
	NET_OVER_OUT /* it is written over the activation, which only its writer still reads */
};

/*
 * Gives each layer its slot for inference, and the gradient by its output its
 * place in training. Memory is used again when it has been read for the last time: in training
 * that of gradients, stage by stage, as items of a stage are on their way at any time of it.
 * Anew when parameters are frozen.
 */
void net_share(struct net *n);

/* Whether the layer's output lies over its source's: never over the data nor what others need.
 */
int net_runs_in_place(const struct net *n, const struct layer *l, int training);

#endif
