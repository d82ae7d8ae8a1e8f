/* SPDX-License-Identifier: ISC */
/* Batches on their way through a net. */
#include "net.h"
#include "vector.h"
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

/* The activations of layer i, or the net's input where it is -1, from item `row` on. */
static float *out_at(const struct net *n, int i, size_t row, int worker)
{
	if (n->training || i == n->layers - 1)
		return n->out[i] + row * shape_values(&n->layer[i].out);
	return n->out[i] + (size_t)worker * n->worker_values;
}

static const float *in_at(
	const struct net *n, const struct layer_source *s, size_t row, int worker)
{
	return s->layer < 0 ? n->pass.in + row * shape_values(&n->in)
			    : out_at(n, s->layer, row, worker);
}

static float *dout_at(const struct net *n, int i, size_t row)
{
	return n->dout[i] + row * shape_values(&n->layer[i].out);
}

/* Items [from, to) on their way from one of a layer's sources through it. */
static struct layer_pass pass_at(const struct net *n, const struct layer *l, int branch,
	size_t from, size_t to, int worker)
{
	const struct layer_source *s = &l->source[branch];
	int i = (int)(l - n->layer);
	struct layer_pass p = n->pass;

	p.n = to - from;
	p.item = n->pass.item + from;
	p.branch = branch;
	p.in = in_at(n, s, from, worker);
	p.out = out_at(n, i, from, worker);
	p.work = n->work + (size_t)worker * n->worker_work;
	if (!n->training)
		return p;
	p.scratch = n->scratch[i] + from * l->scratch;
	p.dout = n->dout[i] != NULL ? dout_at(n, i, from) : NULL;
	p.din = s->needs_din ? dout_at(n, s->layer, from) : NULL;
	return p;
}

const float *net_forward(struct net *n, size_t from, size_t to, int worker)
{
	for (const struct layer *l = n->layer; l < n->layer + n->layers; l++)
		for (int branch = 0; branch < l->sources; branch++) {
			struct layer_pass p = pass_at(n, l, branch, from, to, worker);

			l->kind->forward(l, &p);
		}
	return n->logits + from * n->classes;
}

float *net_dlogits(struct net *n, size_t from)
{
	return dout_at(n, n->layers - 1, from);
}

/* An activation's last reader comes first and sets the gradient by it; the others add theirs.
 */
static void back_to(
	const struct net *n, const struct layer *l, struct layer_pass *p, int worker)
{
	const struct layer_source *s = &l->source[p->branch];
	float *sum = p->din;

	if (s == n->layer[s->layer].last_reader) {
		l->kind->backward(l, p);
		return;
	}
	p->din = n->spare + (size_t)worker * n->worker_values;
	l->kind->backward(l, p);
	vector_add(sum, p->din, p->n * shape_values(&s->shape));
}

void net_backward(struct net *n, size_t from, size_t to, int worker)
{
	for (const struct layer *l = n->layer + n->layers - 1; l >= n->layer; l--)
		for (int branch = l->sources - 1; branch >= 0; branch--) {
			struct layer_pass p = pass_at(n, l, branch, from, to, worker);

			if (p.din != NULL)
				back_to(n, l, &p, worker);
		}
}

size_t net_part_values(const struct net_part *part, int i, size_t *at)
{
	const struct layer_param *p = &part->layer->param[i];
	size_t unit = p->count / part->layer->units;

	*at = p->at + part->from * unit;
	return (part->to - part->from) * unit;
}

void net_gradient(struct net *n, const struct net_part *part, int worker, float *const grad[])
{
	const struct layer *l = part->layer;
	struct layer_pass p = pass_at(n, l, 0, 0, n->pass.n, worker);

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
