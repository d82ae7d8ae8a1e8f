/* SPDX-License-Identifier: ISC */
/* Where a net's activations and their gradients lie. */
#include "net-buffers.h"

#include "err.h"
#include "net.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>

#define ALIGN_BYTES 64

/* Memory that is handed out in order; base is NULL while only the total is wanted. */
struct carver {
	uint8_t *base;
	size_t used;
	int overflow;
};

static void *carve(struct carver *c, size_t count, size_t size)
{
	size_t at = c->used, bytes;

	if (size_mul(count, size, &bytes) || size_add(bytes, ALIGN_BYTES - 1, &bytes) ||
		size_add(at, bytes - bytes % ALIGN_BYTES, &c->used))
		c->overflow = 1;
	return c->base == NULL || c->overflow ? NULL : c->base + at;
}

/* Whether the kind's out may be in. */
static int overwrites(const struct layer *l, int training)
{
	return l->kind->in_place == LAYER_IN_PLACE_BACK
		       ? !training
		       : l->kind->in_place != LAYER_NOT_IN_PLACE;
}

/* Whether nobody reads the layer's source (the first, of a join) after the layer. */
static int reads_last(const struct net *n, const struct layer *l)
{
	int from = l->source[0].layer;

	return from >= 0 && n->layer[from].last_reader == &l->source[0];
}

/* Whether backward needs the activation of l as it is, or its signs. Layers in place share a
 * buffer, which the last of them keeps for all. */
static int is_kept(const struct net *n, const struct layer *l, enum layer_in_place how)
{
	if (how == LAYER_IN_PLACE)
		return l->kind->keeps == LAYER_KEEPS_OUT;
	while (l->kind->keeps == LAYER_KEEPS_NOTHING) {
		if (!overwrites(l, 1) || l->source[0].layer < 0)
			return 0;
		l = &n->layer[l->source[0].layer];
	}
	return 1;
}

/* Whether the layer may overwrite its source: not the data, nor what others need. */
static int runs_in_place(const struct net *n, const struct layer *l, int training)
{
	const struct layer *before;

	if (!overwrites(l, training) || !reads_last(n, l))
		return 0;
	before = &n->layer[l->source[0].layer];
	return !training || (before->readers == 1 && !is_kept(n, before, l->kind->in_place));
}

/* Of free slots from `first` on the smallest that is large enough, else the largest, else a new
 * one. */
static int choose_slot(struct net *n, const uint8_t *busy, int first, size_t values)
{
	int best = -1;

	for (int i = first; i < n->slots; i++) {
		int fits = n->slot[i] >= values;

		if (busy[i])
			continue;
		if (best < 0 ||
			(fits && (n->slot[best] < values || n->slot[i] < n->slot[best])) ||
			(!fits && n->slot[best] < n->slot[i]))
			best = i;
	}
	if (best < 0)
		best = n->slots++;
	if (n->slot[best] < values)
		n->slot[best] = values;
	return best;
}

static void free_sources(const struct net *n, const struct layer *l, uint8_t *busy)
{
	for (int i = 0; i < l->sources; i++) {
		const struct layer_source *s = &l->source[i];

		if (s->layer >= 0 && n->layer[s->layer].last_reader == s &&
			n->layer[s->layer].slot != l->slot)
			busy[n->layer[s->layer].slot] = 0;
	}
}

int net_share_slots(struct net *n, struct err *e)
{
	uint8_t *busy = size_alloc((size_t)n->layers, 1, "the net's layers", e);

	n->slot = size_alloc((size_t)n->layers, sizeof *n->slot, "the net's layers", e);
	n->tail = net_tail(n);
	for (int i = 0; n->slot != NULL && busy != NULL && i < n->layers; i++) {
		struct layer *l = &n->layer[i];

		if (i + 1 == n->tail) /* what the pieces of a chunk are gathered in */
			n->head_slots = n->slots;
		if (i == n->layers - 1)
			l->slot = -1;
		else if (i + 1 != n->tail && runs_in_place(n, l, 0))
			l->slot = n->layer[l->source[0].layer].slot;
		else
			l->slot = choose_slot(n, busy, n->head_slots, shape_values(&l->out));
		if (l->slot >= 0)
			busy[l->slot] = 1;
		free_sources(n, l, busy);
	}
	free(busy);
	return n->slot == NULL || busy == NULL ? -1 : 0;
}

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

/* Every activation is kept for the way back, and its gradient for those of the parameters. */
static void lay_out_training(struct net *n, size_t batch, struct carver *c)
{
	for (int i = 0; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];
		int from = l->source[0].layer;
		size_t values = shape_values(&l->out) * batch;

		n->out[i] = runs_in_place(n, l, 1) ? n->out[from]
						   : carve(c, values, sizeof **n->out);
		n->scratch[i] = carve(c, l->scratch * batch, 1);
		if (l->kind->in_place && l->source[0].needs_din && reads_last(n, l))
			n->dout[i] = n->dout[from];
		else if (layer_trains(l) || l->needs_din || i == n->layers - 1)
			n->dout[i] = carve(c, values, sizeof **n->dout);
		else
			n->dout[i] = NULL;
	}
	n->logits = n->out[n->layers - 1];
	n->partials = carve(c, largest_partials(n) * batch, sizeof *n->partials);
	n->sums = carve(c, n->sum_values, sizeof *n->sums);
	n->worker_values = n->chunk * largest_sum(n);
	n->spare = carve(
		c, n->worker_values * (size_t)workers_count(n->workers), sizeof *n->spare);
}

/* Where a slot begins in a worker's activations. */
static size_t slot_at(const struct net *n, int slot)
{
	size_t at = 0;

	for (int i = 0; i < slot; i++)
		at += n->slot[i] * (i < n->head_slots ? n->piece : n->chunk);
	return at;
}

static void lay_out_inference(struct net *n, size_t batch, struct carver *c)
{
	float *first;

	n->worker_values = slot_at(n, n->slots);
	first = carve(c, n->worker_values * (size_t)workers_count(n->workers), sizeof *first);
	for (int i = 0; i < n->layers - 1; i++)
		n->out[i] = first != NULL ? first + slot_at(n, n->layer[i].slot) : NULL;
	n->logits = carve(c, n->classes * batch, sizeof *n->logits);
	n->out[n->layers - 1] = n->logits;
}

/* Room for one layer's work at a time, a worker's on its own cache lines. */
static void lay_out_work(struct net *n, struct carver *c)
{
	n->worker_work = 0;
	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].work > n->worker_work)
			n->worker_work = n->layer[i].work;
	n->worker_work += ALIGN_BYTES / sizeof *n->work;
	n->worker_work -= n->worker_work % (ALIGN_BYTES / sizeof *n->work);
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
	lay_out_work(n, &c);
	return c.overflow ? 0 : c.used;
}

static size_t packed_values(const struct net *n, int training)
{
	return n->packed_values[training ? LAYER_BACK : LAYER_FORWARD];
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
