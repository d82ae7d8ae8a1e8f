/* SPDX-License-Identifier: ISC */
#include "net.h"

#include "err.h"
#include "net-graph.h"
#include "net-share.h"
#include "net-stages.h"
#include "size.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Most parameters in a part: their gradient stays in a core's cache until the step reads it. */
#define PART_VALUES 131072
/* Parts of a layer that has units enough: work for several workers. */
#define LAYER_PARTS 8

/* Units of the layer in one part, a multiple of its step. */
static size_t part_units(const struct layer *l)
{
	size_t per_unit = l->param[0].count / l->units;
	size_t units = l->units / LAYER_PARTS, most = PART_VALUES / per_unit;

	units = units < most ? units : most;
	return units > l->unit_step ? units - units % l->unit_step : l->unit_step;
}

static size_t count_parts(const struct net *n)
{
	size_t parts = 0;

	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].params > 0)
			parts += (n->layer[i].units - 1) / part_units(&n->layer[i]) + 1;
	return parts;
}

static int cut_parts(struct net *n, struct err *e)
{
	n->part = size_alloc(count_parts(n), sizeof *n->part, "the net's parts", e);
	if (n->part == NULL)
		return -1;
	for (int i = 0; i < n->layers; i++) {
		const struct layer *l = &n->layer[i];
		size_t step = l->params > 0 ? part_units(l) : 0;

		for (size_t at = 0; at < l->units; at += step)
			n->part[n->parts++] = (struct net_part){
				l, at, l->units - at < step ? l->units : at + step};
	}
	return 0;
}

static int make_room(struct net *n, struct err *e)
{
	size_t layers = (size_t)n->layers;

	n->out = size_alloc(layers, sizeof *n->out, "the net's layers", e);
	n->dout = size_alloc(layers, sizeof *n->dout, "the net's layers", e);
	n->scratch = size_alloc(layers, sizeof *n->scratch, "the net's layers", e);
	n->stage = size_alloc(layers + 1, sizeof *n->stage, "the net's layers", e);
	n->slots.slot = size_alloc(layers, sizeof *n->slots.slot, "the net's layers", e);
	n->dout_slots.slot =
		size_alloc(layers, sizeof *n->dout_slots.slot, "the net's layers", e);
	n->param = size_alloc(n->arena, sizeof *n->param, "the net's parameters", e);
	if (n->out == NULL || n->dout == NULL || n->scratch == NULL || n->stage == NULL ||
		n->slots.slot == NULL || n->dout_slots.slot == NULL || n->param == NULL)
		return -1;
	n->tail = net_tail(n);
	net_share(n);
	return cut_parts(n, e);
}

static int build(struct net *n, const struct net_spec *spec, const char *text, size_t most,
	struct err *e)
{
	if (net_graph_build(n, spec, text, e))
		return -1;
	if (n->params > most)
		return err_set(e,
			"the net has %zu parameters, more than the %zu that there are",
			n->params, most);
	return make_room(n, e);
}

struct net *net_new(const char *text, const struct shape *in, struct workers *w, struct err *e)
{
	return net_new_within(text, in, SIZE_MAX, w, e);
}

struct net *net_new_within(
	const char *text, const struct shape *in, size_t most, struct workers *w, struct err *e)
{
	struct net_spec spec;
	struct net *n;

	if (net_spec_parse(&spec, text, e))
		return NULL;
	n = size_alloc(1, sizeof *n, "the net", e);
	if (n == NULL)
		goto out;
	n->in = *in;
	n->workers = w;
	n->text = net_spec_text(&spec);
	if (n->text == NULL)
		err_set(e, "the net: out of memory");
	if (n->text == NULL || build(n, &spec, text, most, e)) {
		net_free(n);
		n = NULL;
	}
out:
	net_spec_release(&spec);
	return n;
}

void net_free(struct net *n)
{
	if (n == NULL)
		return;
	free(n->text);
	free(n->layer);
	free(n->source);
	free(n->slots.slot);
	free(n->dout_slots.slot);
	free(n->out);
	free(n->dout);
	free(n->scratch);
	free(n->stage);
	free(n->part);
	free(n->param);
	free(n->packed);
	free(n->buffers);
	free(n);
}

void net_init(struct net *n, enum initializer how, uint64_t seed)
{
	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].kind->init != NULL)
			n->layer[i].kind->init(&n->layer[i], how, seed, n->param);
}

static const struct layer *nth(
	const struct net *n, size_t i, int buffers, const struct layer_param **p)
{
	for (int k = 0; k < n->layers; k++) {
		const struct layer *l = &n->layer[k];
		size_t has = (size_t)(l->params + (buffers ? l->buffers : 0));

		if (i < has) {
			*p = &l->param[i];
			return l;
		}
		i -= has;
	}
	return NULL;
}

const struct layer *net_param(const struct net *n, size_t i, const struct layer_param **p)
{
	return nth(n, i, 0, p);
}

const struct layer *net_tensor(const struct net *n, size_t i, const struct layer_param **p)
{
	return nth(n, i, 1, p);
}

const char *net_param_name(
	const struct layer *l, const struct layer_param *p, char name[NET_PARAM_NAME])
{
	snprintf(name, NET_PARAM_NAME, "%s.%s", l->name, p->name);
	return name;
}
