/* SPDX-License-Identifier: ISC */
/* Where a batch waits until all of its items have come, and how many go together. */
#include "net-stages.h"

#include "net.h"
#include "size.h"
#include "workers.h"

#define LEAST_CHUNK 16
#define MAX_CHUNK 64
/* Inference reads packed weights, which come a panel at a time from farther away. */
#define MAX_CHUNK_INFERENCE 128
#define CHUNK_VALUES 262144    /* of activations: a megabyte */
#define ROW_STEP 8	       /* of the products' tiles */
#define LEAST_GROUP 8	       /* work for several workers */
#define GROUP_VALUES (1 << 25) /* of activations: 128 megabytes, and as many of gradients */

#define LEAST_PIECE 4
#define TAIL_VALUES 8192
#define TAIL_PARAMS 65536 /* as much as passes through the cache again and again */

/* Activations of an item in layers [from, to), without those that are another's memory. */
static size_t item_values(const struct net *n, int from, int to)
{
	size_t values = 1;

	for (int i = from; i < to; i++)
		if (n->layer[i].kind->in_place == LAYER_NOT_IN_PLACE)
			values += shape_values(&n->layer[i].out);
	return values;
}

/* Whether only layer i reads what is before it, layer i - 1. */
static int is_neck(const struct net *n, int i)
{
	for (int k = i; k < n->layers; k++)
		for (int branch = 0; branch < n->layer[k].sources; branch++)
			if (n->layer[k].source[branch].layer < i - (k == i))
				return 0;
	return n->layer[i - 1].readers == 1;
}

static size_t params_from(const struct net *n, int i)
{
	size_t params = 0;

	for (; i < n->layers; i++)
		for (int k = 0; k < n->layer[i].params; k++)
			params += n->layer[i].param[k].count;
	return params;
}

int net_tail(const struct net *n)
{
	for (int i = 1; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];

		if (l->params > 0 && l->in.height * l->in.width == 1 && is_neck(n, i) &&
			item_values(n, i, n->layers) + l->in.channels <= TAIL_VALUES)
			return item_values(n, 0, i) > TAIL_VALUES &&
					       params_from(n, i) >= TAIL_PARAMS
				       ? i
				       : 0;
	}
	return 0;
}

/*
 * Items in a chunk, of `items` for each worker. Parameters pass through a core's cache once a
 * chunk, so it should have many; activations stay there from layer to layer if it has few, so
 * those of pictures go in smaller ones. The results do not depend on it.
 */
static size_t within(size_t items, size_t values, size_t least, size_t most)
{
	most = size_min(CHUNK_VALUES / values, most);
	most = most < least ? least : most;
	return (items - 1) / ((items + most - 1) / most) + 1; /* chunks are about as long */
}

/* As many as have the activations that the layers' packed parameters outnumber. */
static size_t least_chunk(const struct net *n, int training)
{
	size_t packed = n->packed_values[net_packs_for(training)];

	return size_max(size_min(packed / item_values(n, 0, n->layers), LEAST_CHUNK), 1);
}

/* Those of a group. Large items are products by themselves, and few. */
static void set_chunks(struct net *n, int training)
{
	size_t workers = (size_t)workers_count(n->workers);
	size_t share = (n->group + workers - 1) / workers;
	size_t step = item_values(n, 0, n->layers) > CHUNK_VALUES / ROW_STEP ? 1 : ROW_STEP;

	n->chunk = within(share, item_values(n, n->tail, n->layers), least_chunk(n, training),
		training ? MAX_CHUNK : MAX_CHUNK_INFERENCE);
	n->chunk = (n->chunk + step - 1) / step * step;
	n->piece = n->chunk;
	if (n->tail > 0)
		n->piece = within(n->chunk, item_values(n, 0, n->tail), LEAST_PIECE, MAX_CHUNK);
}

/* Items in a group, on which the order depends in which gradients are summed. */
static size_t group_of(const struct net *n, size_t batch)
{
	size_t most = GROUP_VALUES / item_values(n, 0, n->layers);

	most = most < LEAST_GROUP ? LEAST_GROUP : most - most % LEAST_GROUP;
	return batch < most ? batch : most;
}

static int waits(const struct net *n)
{
	for (int i = 0; i < n->layers; i++)
		if (layer_waits(&n->layer[i]))
			return 1;
	return 0;
}

void net_cut_stages(struct net *n, size_t batch, int training)
{
	struct net_stage *s = n->stage;

	n->group = training && !waits(n) ? group_of(n, batch) : batch;
	set_chunks(n, training);
	*s = (struct net_stage){.chunk = n->chunk};
	for (int i = 0; training && i < n->layers; i++)
		if (layer_waits(&n->layer[i])) {
			s->to = i;
			*++s = (struct net_stage){.from = i, .waits = 1, .chunk = n->chunk};
		}
	s->to = n->layers;
	n->stages = (int)(s - n->stage) + 1;
}
