/* SPDX-License-Identifier: ISC */
/* Whole batches through a net and a loss: what the training loop does rows by rows. */
#ifndef WHOLE_H
#define WHOLE_H

#include "loss.h"
#include "net.h"
#include "workers.h"

/* The logits [b->n][classes], with the parameters as they are now. */
static inline const float *whole_forward(
	struct net *n, const struct batch *b, int training, uint64_t seed)
{
	net_pack(n);
	net_start(n, b, training, seed);
	net_forward(n, NULL);
	return n->logits;
}

/* A gradient laid out as the parameters are. */
struct whole_gradient {
	struct net *net;
	float *grad; /* [net->arena] */
};

static inline void whole_gradient_part(void *gradient, size_t number, int worker)
{
	const struct whole_gradient *g = gradient;
	const struct net_part *part = &g->net->part[number];
	float *grad[LAYER_MAX_PARAMS];
	size_t at;

	for (int i = 0; i < part->layer->params; i++) {
		net_part_values(part, i, &at);
		grad[i] = g->grad + at;
	}
	net_gradient(g->net, part, worker, grad);
}

/* After whole_forward, and with net_dlogits(n) filled. */
static inline void whole_backward(struct net *n, float *grad)
{
	struct whole_gradient g = {n, grad};

	net_backward(n);
	workers_run(n->workers, whole_gradient_part, &g, n->parts);
}

static inline void whole_loss(const struct loss *l, const struct batch *b, const float *logits,
	float *dlogits, struct loss_sum *sum)
{
	loss_rows(l, b, 0, b->n, logits, dlogits);
	loss_add(l, b->n, sum);
}

#endif
