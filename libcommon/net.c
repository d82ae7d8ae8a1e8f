/* SPDX-License-Identifier: ISC */
#include "net.h"

#include "err.h"
#include "net-spec.h"
#include "size.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_VALUES 16 /* floats: parameters start on cache lines */
/* Most parameters in a part: their gradient stays in a core's cache until the step reads it. */
#define PART_VALUES 131072
/* Parts of a layer that has units enough: work for several workers. */
#define LAYER_PARTS 8

/* Gives the layer's parameters their places behind the `*arena` values so far. */
static int place_params(struct net *n, struct layer *l, struct err *e)
{
	for (int i = 0; i < l->params; i++) {
		struct layer_param *p = &l->param[i];
		size_t end;

		p->at = n->arena;
		if (size_add(p->at, p->count, &end) || size_add(end, ALIGN_VALUES - 1, &end))
			return err_set(e, "the net has too many parameters");
		n->arena = end - end % ALIGN_VALUES;
		n->params += p->count;
	}
	return 0;
}

static int add_layer(
	struct net *n, const struct layer_spec *spec, const struct shape *in, struct err *e)
{
	struct layer *l = &n->layer[n->layers];
	size_t values = shape_values(in);

	if (spec->inputs > 0 && spec->inputs != values)
		return err_set(e, "layer %d (%s) takes %zu values where %zu come in", n->layers,
			spec->kind->name, spec->inputs, values);
	l->spec = *spec;
	l->kind = spec->kind;
	l->position = n->layers++;
	l->in = *in;
	l->needs_din = n->params > 0;
	if (l->kind->setup(l, e) || place_params(n, l, e))
		return -1;
	l->packed_at = n->packed_values;
	if (size_add(n->packed_values, l->packed, &n->packed_values))
		return err_set(e, "the net has too many parameters");
	if (shape_values(&l->out) > NET_MAX_VALUES)
		return err_set(
			e, "layer %d (%s) has too many values", l->position, l->kind->name);
	n->macs += l->macs;
	return 0;
}

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

static int build(struct net *n, const struct net_spec *spec, size_t most, struct err *e)
{
	const struct shape *in = &n->in;

	n->layer = size_alloc((size_t)spec->layers, sizeof *n->layer, "the net's layers", e);
	n->out = size_alloc((size_t)spec->layers, sizeof *n->out, "the net's layers", e);
	n->dout = size_alloc((size_t)spec->layers, sizeof *n->dout, "the net's layers", e);
	n->scratch =
		size_alloc((size_t)spec->layers, sizeof *n->scratch, "the net's layers", e);
	if (n->layer == NULL || n->out == NULL || n->dout == NULL || n->scratch == NULL)
		return -1;
	for (int i = 0; i < spec->layers; i++) {
		if (add_layer(n, &spec->layer[i], in, e))
			return -1;
		in = &n->layer[i].out;
	}
	n->classes = shape_values(in);
	if (n->params > most)
		return err_set(e,
			"the net has %zu parameters, more than the %zu that there are",
			n->params, most);
	n->param = size_alloc(n->arena, sizeof *n->param, "the net's parameters", e);
	return n->param == NULL ? -1 : cut_parts(n, e);
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
	if (n->text == NULL || build(n, &spec, most, e)) {
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
	free(n->out);
	free(n->dout);
	free(n->scratch);
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

const struct layer *net_param(const struct net *n, size_t i, const struct layer_param **p)
{
	for (int k = 0; k < n->layers; k++) {
		const struct layer *l = &n->layer[k];

		if (i < (size_t)l->params) {
			*p = &l->param[i];
			return l;
		}
		i -= (size_t)l->params;
	}
	return NULL;
}
