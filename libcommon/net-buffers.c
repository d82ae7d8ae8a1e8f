/* SPDX-License-Identifier: ISC */
/* Where a net's activations and their gradients lie. */
#include "err.h"
#include "net.h"
#include "size.h"
#include "workers.h"

#include <stdlib.h>

#define ALIGN_BYTES 64
#define MAX_CHUNK 64
#define ROW_STEP 8 /* of the products' tiles */

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

/* Whether layer i may overwrite its input: not the data, nor what the layer before it keeps. */
static int runs_in_place(const struct net *n, int i, int training)
{
	return i > 0 && n->layer[i].kind->in_place &&
	       !(training && n->layer[i - 1].kind->keeps == LAYER_KEEPS_OUT);
}

static size_t widest(const struct net *n)
{
	size_t most = 0;

	for (int i = 0; i < n->layers; i++)
		if (shape_values(&n->layer[i].out) > most)
			most = shape_values(&n->layer[i].out);
	return most;
}

/* Every activation is kept for the way back, and its gradient for those of the parameters. */
static void lay_out_training(struct net *n, size_t batch, struct carver *c)
{
	for (int i = 0; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];
		size_t values = shape_values(&l->out) * batch;

		n->out[i] = runs_in_place(n, i, 1) ? n->out[i - 1]
						   : carve(c, values, sizeof **n->out);
		n->dout[i] = l->kind->in_place && l->needs_din
				     ? n->dout[i - 1]
				     : carve(c, values, sizeof **n->dout);
		n->scratch[i] = carve(c, l->scratch * batch, 1);
	}
	n->logits = n->out[n->layers - 1];
}

static void lay_out_inference(struct net *n, size_t batch, struct carver *c)
{
	size_t workers = (size_t)workers_count(n->workers);
	float *turn[2];
	int next = 0;

	n->worker_values = n->chunk * widest(n);
	for (int i = 0; i < 2; i++)
		turn[i] = carve(c, n->worker_values * workers, sizeof **n->out);
	for (int i = 0; i < n->layers; i++) {
		if (runs_in_place(n, i, 0)) {
			n->out[i] = n->out[i - 1];
			continue;
		}
		n->out[i] = turn[next];
		next = !next;
	}
	n->logits = carve(c, n->classes * batch, sizeof *n->logits);
}

/*
 * Items in a chunk. Parameters pass through a core's cache once a chunk, so it should have
 * many; activations stay there from layer to layer if it has few. The results do not depend on
 * it.
 */
static size_t chunk_of(size_t batch, int workers)
{
	size_t share = (batch + (size_t)workers - 1) / (size_t)workers;

	if (share > MAX_CHUNK)
		share = MAX_CHUNK;
	return (share + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
}

/* The bytes of the buffers, or 0 where they do not fit an address space. */
static size_t lay_out(struct net *n, size_t batch, int training, void *base)
{
	struct carver c = {base, 0, 0};

	if (batch > NET_MAX_VALUES / (widest(n) + 1))
		return 0;
	n->chunk = chunk_of(batch, workers_count(n->workers));
	if (training)
		lay_out_training(n, batch, &c);
	else
		lay_out_inference(n, batch, &c);
	return c.overflow ? 0 : c.used;
}

size_t net_memory(const struct net *n, size_t batch, int training)
{
	struct net copy = *n;
	size_t bytes = 0, arenas, layers = (size_t)n->layers;

	copy.out = calloc(layers, sizeof *copy.out);
	copy.dout = calloc(layers, sizeof *copy.dout);
	copy.scratch = calloc(layers, sizeof *copy.scratch);
	if (copy.out != NULL && copy.dout != NULL && copy.scratch != NULL)
		bytes = lay_out(&copy, batch, training, NULL);
	free(copy.out);
	free(copy.dout);
	free(copy.scratch);
	if (bytes == 0 || size_mul(n->arena, sizeof(float), &arenas) ||
		size_add(bytes, arenas, &bytes) ||
		size_mul(n->packed_values, sizeof(float), &arenas) ||
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
	n->batch = 0;
	n->buffers = size_alloc(bytes, 1, "the net's activations", e);
	if (n->packed == NULL)
		n->packed = size_alloc(
			n->packed_values, sizeof *n->packed, "the net's packed parameters", e);
	if (n->buffers == NULL || n->packed == NULL)
		return -1;
	lay_out(n, batch, training, n->buffers);
	n->batch = batch;
	n->training = training;
	return 0;
}
