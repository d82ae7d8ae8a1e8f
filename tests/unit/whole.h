/* SPDX-License-Identifier: ISC */
/* Whole batches through a net and a loss: what the training loop does rows by rows. */
#ifndef WHOLE_H
#define WHOLE_H

#include "loss.h"
#include "net.h"
#include "workers.h"

static inline void whole_forward_rows(void *net, size_t part, int worker)
{
	size_t from, to;

	net_rows(net, part, &from, &to);
	net_forward(net, from, to, worker);
}

/* The logits [b->n][classes], with the parameters as they are now. */
static inline const float *whole_forward(
	struct net *n, const struct batch *b, int training, uint64_t seed)
{
	net_pack(n);
	net_start(n, b, training, seed);
	workers_run(n->workers, whole_forward_rows, n, net_chunks(n));
	return n->logits;
}

static inline void whole_backward_rows(void *net, size_t part, int worker)
{
	size_t from, to;

	(void)worker;
	net_rows(net, part, &from, &to);
	net_backward(net, from, to);
}

static inline void whole_gradient_part(void *net, size_t part, int worker)
{
	struct net *n = net;

	(void)worker;
	net_gradient(n, &n->part[part]);
}

/* After whole_forward, and with net_dlogits(n, 0) filled: sets n->grad. */
static inline void whole_backward(struct net *n)
{
	workers_run(n->workers, whole_backward_rows, n, net_chunks(n));
	workers_run(n->workers, whole_gradient_part, n, n->parts);
}

static inline void whole_loss(const struct loss *l, const struct batch *b, const float *logits,
	float *dlogits, struct loss_sum *sum)
{
	loss_rows(l, b, 0, b->n, logits, dlogits);
	loss_add(l, b->n, sum);
}

#endif
