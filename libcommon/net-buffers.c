/* SPDX-License-Identifier: ISC */
/* Where a net's activations and their gradients lie. */
#include "err.h"
#include "net.h"
#include "size.h"

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

/* A layer may overwrite its input unless that is the data or, in training, needed by the layer
 * before. */
static int runs_in_place(const struct net *n, int i, int training)
{
	return i > 0 && n->layer[i].kind->in_place &&
	       !(training && n->layer[i - 1].kind->keeps_out);
}

static size_t widest(const struct net *n)
{
	size_t most = 0;

	for (int i = 0; i < n->layers; i++)
		if (shape_values(&n->layer[i].out) > most)
			most = shape_values(&n->layer[i].out);
	return most;
}

/* Training keeps every activation for the way back; inference alternates between two buffers.
 */
static void lay_out(struct net *n, size_t batch, int training, struct carver *c)
{
	size_t widest_batch = widest(n) * batch;
	float *turn[2] = {NULL, NULL};
	int next = 0;

	turn[0] = carve(c, widest_batch, sizeof **n->out);
	turn[1] = carve(c, widest_batch, sizeof **n->out);
	for (int i = 0; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];

		if (runs_in_place(n, i, training)) {
			n->out[i] = n->out[i - 1];
		} else if (training) {
			n->out[i] = carve(c, shape_values(&l->out) * batch, sizeof **n->out);
		} else {
			n->out[i] = turn[next];
			next = !next;
		}
		n->scratch[i] = training ? carve(c, l->scratch * batch, 1) : NULL;
	}
	n->gradient[0] = turn[0];
	n->gradient[1] = turn[1];
}

/* The bytes of lay_out's buffers, or 0 where they do not fit an address space. */
static size_t buffer_bytes(struct net *n, size_t batch, int training)
{
	struct carver c = {NULL, 0, 0};

	if (batch > NET_MAX_VALUES / (widest(n) + 1))
		return 0;
	lay_out(n, batch, training, &c);
	return c.overflow ? 0 : c.used;
}

size_t net_memory(const struct net *n, size_t batch, int training)
{
	struct net copy = *n;
	size_t bytes = 0, arenas;

	copy.out = calloc((size_t)n->layers, sizeof *copy.out);
	copy.scratch = calloc((size_t)n->layers, sizeof *copy.scratch);
	if (copy.out != NULL && copy.scratch != NULL)
		bytes = buffer_bytes(&copy, batch, training);
	free(copy.out);
	free(copy.scratch);
	if (bytes == 0 ||
		size_mul(n->arena, training ? 2 * sizeof(float) : sizeof(float), &arenas) ||
		size_add(bytes, arenas, &bytes))
		return 0;
	return bytes;
}

int net_prepare(struct net *n, size_t batch, int training, struct err *e)
{
	struct carver c = {NULL, 0, 0};
	size_t bytes = buffer_bytes(n, batch, training);

	if (bytes == 0)
		return err_set(e, "batches of %zu items are too large for this net", batch);
	free(n->buffers);
	n->batch = 0;
	n->buffers = size_alloc(bytes, 1, "the net's activations", e);
	if (n->buffers == NULL)
		return -1;
	if (training && n->grad == NULL) {
		n->grad = size_alloc(n->arena, sizeof *n->grad, "the net's gradients", e);
		if (n->grad == NULL)
			return -1;
	}
	c.base = n->buffers;
	lay_out(n, batch, training, &c);
	n->batch = batch;
	n->training = training;
	return 0;
}
