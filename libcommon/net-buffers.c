/* SPDX-License-Identifier: ISC */
/* Where a net's activations and their gradients lie. */
#include "net.h"

#include "carver.h"
#include "err.h"
#include "net-share.h"
#include "net-stages.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>

static size_t widest(const struct net *n)
{
	size_t most = 0;

	for (int i = 0; i < n->layers; i++)
		if (shape_values(&n->layer[i].out) > most)
			most = shape_values(&n->layer[i].out);
	return most;
}

/* Values of the largest gradient of an item that is a sum. */
static size_t largest_sum(const struct net *n)
{
	size_t most = 0;

	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].readers > 1 && shape_values(&n->layer[i].out) > most)
			most = shape_values(&n->layer[i].out);
	return most;
}

static size_t largest_partials(const struct net *n)
{
	size_t most = 0;

	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].partials > most)
			most = n->layer[i].partials;
	return most;
}

/* Where a slot begins, or ends the last one: the head's have a piece's items, the others
 * `items`.
 */
static size_t slot_at(const struct net *n, const struct net_slots *s, int slot, size_t items)
{
	size_t at = 0;

	for (int i = 0; i < slot; i++)
		at += s->slot[i].values * (i < s->head ? n->piece : items);
	return at;
}

/* Where the gradient by layer i's output lies; those in slots lie from `first` on. */
static float *place_gradient(const struct net *n, int i, float *first, struct carver *c)
{
	const struct layer *l = &n->layer[i];

	switch (l->dout_slot) {
	case NET_NOWHERE:
		return NULL;
	case NET_OVER_OUT:
		return n->out[i];
	case NET_OF_SOURCE:
		return n->dout[l->source[0].layer];
	case NET_OWN:
		return carve(c, n->group * shape_values(&l->out), sizeof **n->dout);
	default:
		if (first == NULL)
			return NULL;
		return first + slot_at(n, &n->dout_slots, l->dout_slot, n->group);
	}
}

/* Every activation is kept for the way back, and its gradient as long as somebody reads it. */
static void lay_out_training(struct net *n, size_t batch, struct carver *c)
{
	int last = n->layers - 1;
	float *gradients = carve(c, slot_at(n, &n->dout_slots, n->dout_slots.count, n->group),
		sizeof *gradients);

	n->logits = carve(c, batch * n->classes, sizeof *n->logits);
	for (int i = 0; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];

		if (i == last)
			n->out[i] = n->logits;
		else if (net_runs_in_place(n, l, 1))
			n->out[i] = n->out[l->source[0].layer];
		else
			n->out[i] = carve(c, n->group * shape_values(&l->out), sizeof **n->out);
		n->scratch[i] = carve(c, l->scratch * n->group, 1);
		n->dout[i] = place_gradient(n, i, gradients, c);
	}
	n->partials = carve(c, largest_partials(n) * n->group, sizeof *n->partials);
	n->sums = carve(c, n->sum_values, sizeof *n->sums);
	n->worker_values = n->chunk * largest_sum(n);
	n->spare = carve(
		c, n->worker_values * (size_t)workers_count(n->workers), sizeof *n->spare);
	n->sum = carve(c, n->group < batch ? n->arena : 0, sizeof *n->sum);
	n->next = carve(c, 2 * n->group < batch ? n->arena : 0, sizeof *n->next);
}

static void lay_out_inference(struct net *n, size_t batch, struct carver *c)
{
	float *first;

	n->worker_values = slot_at(n, &n->slots, n->slots.count, n->chunk);
	first = carve(c, n->worker_values * (size_t)workers_count(n->workers), sizeof *first);
	for (int i = 0; i < n->layers - 1; i++)
		n->out[i] = first != NULL
				    ? first + slot_at(n, &n->slots, n->layer[i].slot, n->chunk)
				    : NULL;
	n->logits = carve(c, n->classes * batch, sizeof *n->logits);
	n->out[n->layers - 1] = n->logits;
}

/* Room for one layer's work at a time, a worker's on its own cache lines. */
static void lay_out_work(struct net *n, int training, struct carver *c)
{
	n->worker_work = 0;
	for (int i = 0; i < n->layers; i++)
		n->worker_work = size_max(n->worker_work, layer_work(&n->layer[i], training));
	n->worker_work += CARVER_ALIGN / sizeof *n->work;
	n->worker_work -= n->worker_work % (CARVER_ALIGN / sizeof *n->work);
	n->work = carve(c, n->worker_work * (size_t)workers_count(n->workers), sizeof *n->work);
}

/* The bytes of the buffers, or 0 where they do not fit an address space. */
static size_t lay_out(struct net *n, size_t batch, int training, void *base)
{
	struct carver c = {base, 0, 0};

	if (batch > NET_MAX_VALUES / (widest(n) + 1))
		return 0;
	net_cut_stages(n, batch, training);
	if (training)
		lay_out_training(n, batch, &c);
	else
		lay_out_inference(n, batch, &c);
	lay_out_work(n, training, &c);
	return c.overflow ? 0 : c.used;
}

static size_t packed_values(const struct net *n, int training)
{
	return n->packed_values[net_packs_for(training)];
}

size_t net_memory(const struct net *n, size_t batch, int training)
{
	struct net copy = *n;
	size_t bytes = 0, arenas, layers = (size_t)n->layers;

	copy.out = calloc(layers, sizeof *copy.out);
	copy.dout = calloc(layers, sizeof *copy.dout);
	copy.scratch = calloc(layers, sizeof *copy.scratch);
	copy.stage = calloc(layers + 1, sizeof *copy.stage);
	if (copy.out != NULL && copy.dout != NULL && copy.scratch != NULL && copy.stage != NULL)
		bytes = lay_out(&copy, batch, training, NULL);
	free(copy.out);
	free(copy.dout);
	free(copy.scratch);
	free(copy.stage);
	if (bytes == 0 || size_mul(n->arena, sizeof(float), &arenas) ||
		size_add(bytes, arenas, &bytes) ||
		size_mul(packed_values(n, training), sizeof(float), &arenas) ||
		size_add(bytes, arenas, &bytes))
		return 0;
	return bytes;
}

int net_prepare(struct net *n, size_t batch, int training, struct err *e)
{
	size_t bytes = lay_out(n, batch, training, NULL);

	if (bytes == 0)
		return err_set(e, "batches of %zu items are too large for this net", batch);
	free(n->buffers);
	free(n->packed);
	n->batch = 0;
	n->buffers = size_alloc(bytes, 1, "the net's activations", e);
	n->packed = size_alloc(packed_values(n, training), sizeof *n->packed,
		"the net's packed parameters", e);
	if (n->buffers == NULL || n->packed == NULL)
		return -1;
	lay_out(n, batch, training, n->buffers);
	n->batch = batch;
	n->training = training;
	return 0;
}
