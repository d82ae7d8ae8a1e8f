/* SPDX-License-Identifier: ISC */
#include "net-share.h"

#include "net.h"

#include <limits.h>

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

/* Whether the layer alone needs its source's activation in training. */
static int has_to_itself(const struct net *n, const struct layer *l)
{
	const struct layer *before;

	if (!reads_last(n, l))
		return 0;
	before = &n->layer[l->source[0].layer];
	return before->readers == 1 && !is_kept(n, before, l->kind->in_place);
}

int net_runs_in_place(const struct net *n, const struct layer *l, int training)
{
	if (l == &n->layer[n->layers - 1] || !overwrites(l, training))
		return 0;
	return training ? has_to_itself(n, l) : reads_last(n, l);
}

/* Of free slots the smallest that is large enough, else the largest, else a new one. */
static int choose_slot(struct net_slots *s, int now, int until, size_t values)
{
	struct net_slot *best = NULL;

	for (struct net_slot *slot = s->slot + s->head; slot < s->slot + s->count; slot++) {
		int fits = slot->values >= values;

		if (slot->until >= now)
			continue;
		if (best == NULL ||
			(fits && (best->values < values || slot->values < best->values)) ||
			(!fits && best->values < slot->values))
			best = slot;
	}
	if (best == NULL) {
		best = &s->slot[s->count++];
		best->values = 0;
	}
	if (best->values < values)
		best->values = values;
	best->until = until;
	return (int)(best - s->slot);
}

/* --- inference: time is the number of the layer that runs --- */

static void free_sources(const struct net *n, const struct layer *l)
{
	for (int i = 0; i < l->sources; i++) {
		const struct layer_source *s = &l->source[i];

		if (s->layer >= 0 && n->layer[s->layer].last_reader == s &&
			n->layer[s->layer].slot != l->slot)
			n->slots.slot[n->layer[s->layer].slot].until = (int)(l - n->layer);
	}
}

static void share_activations(struct net *n)
{
	n->slots.count = n->slots.head = 0;
	for (int i = 0; i < n->layers; i++) {
		struct layer *l = &n->layer[i];

		if (i + 1 == n->tail) /* what the pieces of a chunk are gathered in */
			n->slots.head = n->slots.count;
		if (i == n->layers - 1)
			l->slot = -1;
		else if (i + 1 != n->tail && net_runs_in_place(n, l, 0))
			l->slot = n->layer[l->source[0].layer].slot;
		else
			l->slot = choose_slot(&n->slots, i, INT_MAX, shape_values(&l->out));
		free_sources(n, l);
	}
}

/* --- training: time is the number of the stage, backwards --- */

/* The stage in which items go back through layer i. */
static int stage_back(const struct net *n, int i)
{
	int stage = 0;

	for (int k = 0; k <= i; k++)
		stage += layer_waits(&n->layer[k]);
	return stage - layer_waits(&n->layer[i]);
}

/* Whether the gradients by its parameters are made of the one by its output: not of sums. */
static int reads_dout(const struct layer *l)
{
	return layer_trains(l) && l->kind->measure[LAYER_BACK] == NULL;
}

/* Whether backward writes the gradient by the layer's input over that input. */
static int goes_back_over(const struct net *n, const struct layer *l)
{
	return l->kind->in_place == LAYER_IN_PLACE_BACK && l->source[0].needs_din &&
	       has_to_itself(n, l);
}

static int place_of(const struct net *n, const struct layer *l)
{
	if (!layer_trains(l) && !l->needs_din && l != &n->layer[n->layers - 1])
		return NET_NOWHERE;
	if (l->kind->in_place && l->source[0].needs_din && reads_last(n, l) &&
		!goes_back_over(n, l))
		return NET_OF_SOURCE;
	return reads_dout(l) ? NET_OWN : NET_IN_SLOT;
}

/* The gradient by the output of layer i is there from the way back through layer `from` on,
 * until layer i has gone back too, or the one whose place it has. */
static void give_slot(struct net *n, int i, int from)
{
	struct layer *l = &n->layer[i];

	while (l->dout_slot == NET_OF_SOURCE)
		l = &n->layer[l->source[0].layer];
	if (l->dout_slot == NET_IN_SLOT)
		l->dout_slot = choose_slot(&n->dout_slots, -stage_back(n, from),
			-stage_back(n, (int)(l - n->layer)), shape_values(&l->out));
}

static void share_gradients(struct net *n)
{
	n->dout_slots.count = 0;
	for (int i = 0; i < n->layers; i++) {
		struct layer *l = &n->layer[i];

		l->dout_slot = place_of(n, l);
		if (goes_back_over(n, l))
			n->layer[l->source[0].layer].dout_slot = NET_OVER_OUT;
	}
	give_slot(n, n->layers - 1, n->layers - 1);
	for (int i = n->layers - 1; i >= 0; i--)
		for (int k = 0; k < n->layer[i].sources; k++) {
			const struct layer_source *s = &n->layer[i].source[k];

			if (s->needs_din && s == n->layer[s->layer].last_reader)
				give_slot(n, s->layer, i);
		}
}

void net_share(struct net *n)
{
	share_activations(n);
	share_gradients(n);
}
