/* SPDX-License-Identifier: ISC */
/* Where a batch waits until all of its items have come, and how many go together. */
#include "net-buffers.h"
#include "net.h"
#include "workers.h"

#define LEAST_CHUNK 16
#define MAX_CHUNK 64
#define CHUNK_VALUES 262144 /* of activations: a megabyte */
#define ROW_STEP 8	    /* of the products' tiles */

/* Activations of an item, without those that are another's memory. */
static size_t item_values(const struct net *n)
{
	size_t values = 1;

	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].kind->in_place == LAYER_NOT_IN_PLACE)
			values += shape_values(&n->layer[i].out);
	return values;
}

/*
 * Items in a chunk. Parameters pass through a core's cache once a chunk, so it should have
 * many; activations stay there from layer to layer if it has few, so those of pictures go in
 * smaller ones. The results do not depend on it.
 */
static size_t chunk_of(const struct net *n, size_t batch)
{
	size_t workers = (size_t)workers_count(n->workers);
	size_t chunk = (batch + workers - 1) / workers, most = CHUNK_VALUES / item_values(n);

	most = most < LEAST_CHUNK ? LEAST_CHUNK : most > MAX_CHUNK ? MAX_CHUNK : most;
	chunk = chunk < most ? chunk : most;
	return (chunk + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
}

void net_cut_stages(struct net *n, size_t batch, int training)
{
	struct net_stage *s = n->stage;

	n->chunk = chunk_of(n, batch);
	*s = (struct net_stage){.chunk = n->chunk};
	for (int i = 0; training && i < n->layers; i++)
		if (layer_waits(&n->layer[i])) {
			s->to = i;
			*++s = (struct net_stage){.from = i, .waits = 1, .chunk = n->chunk};
		}
	s->to = n->layers;
	n->stages = (int)(s - n->stage) + 1;
}
