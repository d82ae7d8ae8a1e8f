/* SPDX-License-Identifier: ISC */
/* Where a batch waits until all of its items have come, and how many go together. */
#include "net-buffers.h"
#include "net.h"
#include "workers.h"

#define MAX_CHUNK 64
#define ROW_STEP 8 /* of the products' tiles */

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

void net_cut_stages(struct net *n, size_t batch, int training)
{
	struct net_stage *s = n->stage;

	n->chunk = chunk_of(batch, workers_count(n->workers));
	*s = (struct net_stage){.chunk = n->chunk};
	for (int i = 0; training && i < n->layers; i++)
		if (layer_waits(&n->layer[i])) {
			s->to = i;
			*++s = (struct net_stage){.from = i, .waits = 1, .chunk = n->chunk};
		}
	s->to = n->layers;
	n->stages = (int)(s - n->stage) + 1;
}
