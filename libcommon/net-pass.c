/* SPDX-License-Identifier: ISC */
/* Batches on their way through a net. */
#include "net.h"
#include "workers.h"

void net_start(struct net *n, const struct batch *b, int training, uint64_t seed)
{
	n->pass = (struct layer_pass){.n = b->n,
		.param = n->param,
		.packed = n->packed,
		.training = training,
		.seed = seed,
		.epoch = b->epoch,
		.item = b->item,
		.in = b->input};
}

size_t net_chunks(const struct net *n)
{
	return (n->pass.n + n->chunk - 1) / n->chunk;
}

void net_rows(const struct net *n, size_t part, size_t *from, size_t *to)
{
	*from = part * n->chunk;
	*to = *from + n->chunk < n->pass.n ? *from + n->chunk : n->pass.n;
}

/* The activations of layer i from item `row` on. */
static float *out_at(const struct net *n, int i, size_t row, int worker)
{
	size_t values = shape_values(&n->layer[i].out);

	return n->out[i] + (n->training ? row * values : (size_t)worker * n->worker_values);
}

static float *dout_at(const struct net *n, int i, size_t row)
{
	return n->dout[i] + row * shape_values(&n->layer[i].out);
}

/* What layer i sees of items [from, to). */
static struct layer_pass pass_at(const struct net *n, int i, size_t from, size_t to, int worker)
{
	const struct layer *l = &n->layer[i];
	struct layer_pass p = n->pass;

	p.n = to - from;
	p.item = n->pass.item + from;
	p.in = i > 0 ? out_at(n, i - 1, from, worker)
		     : n->pass.in + from * shape_values(&l->in);
	p.out = out_at(n, i, from, worker);
	if (!n->training)
		return p;
	p.scratch = n->scratch[i] + from * l->scratch;
	p.dout = dout_at(n, i, from);
	p.din = l->needs_din ? dout_at(n, i - 1, from) : NULL;
	return p;
}

const float *net_forward(struct net *n, size_t from, size_t to, int worker)
{
	for (int i = 0; i < n->layers; i++) {
		struct layer_pass p = pass_at(n, i, from, to, worker);

		if (i == n->layers - 1 && !n->training)
			p.out = n->logits + from * n->classes;
		n->layer[i].kind->forward(&n->layer[i], &p);
	}
	return n->logits + from * n->classes;
}

float *net_dlogits(struct net *n, size_t from)
{
	return dout_at(n, n->layers - 1, from);
}

void net_backward(struct net *n, size_t from, size_t to)
{
	for (int i = n->layers - 1; i > 0 && n->layer[i].needs_din; i--) {
		struct layer_pass p = pass_at(n, i, from, to, 0);

		n->layer[i].kind->backward(&n->layer[i], &p);
	}
}

size_t net_part_values(const struct net_part *part, int i, size_t *at)
{
	const struct layer_param *p = &part->layer->param[i];
	size_t unit = p->count / part->layer->units;

	*at = p->at + part->from * unit;
	return (part->to - part->from) * unit;
}

void net_gradient(struct net *n, const struct net_part *part, float *const grad[])
{
	const struct layer *l = part->layer;
	struct layer_pass p = pass_at(n, (int)(l - n->layer), 0, n->pass.n, 0);

	l->kind->gradient(l, &p, part->from, part->to, grad);
}

void net_pack_part(struct net *n, const struct net_part *part)
{
	const struct layer *l = part->layer;

	if (l->packed > 0)
		l->kind->pack(l, n->param, n->packed, part->from, part->to);
}

static void pack_task(void *net, size_t part, int worker)
{
	struct net *n = net;

	(void)worker;
	net_pack_part(n, &n->part[part]);
}

void net_pack(struct net *n)
{
	workers_run(n->workers, pack_task, n, n->parts);
}
