/* SPDX-License-Identifier: ISC */
#include "net-graph.h"

#include "err.h"
#include "size.h"

#include <stdio.h>

#define ALIGN_VALUES 16 /* floats: parameters start on cache lines */

extern const struct layer_kind layer_maxpool;

struct builder {
	struct net *net;
	const struct net_item *item; /* the next one */
	struct layer_source *source; /* the next free one */
	char name[LAYER_NAME];
	size_t length; /* of the name of the series that is read, "" or "3.1" */
	const char *text;
	struct err *err;
};

/* Gives the layer's parameters their places, behind those of the layers before. */
static int place_params(struct net *n, struct layer *l, struct err *e)
{
	for (int i = 0; i < l->params + l->buffers; i++) {
		struct layer_param *p = &l->param[i];
		size_t bytes, end;

		if (i < l->params)
			p->dtype = TENSOR_F32;
		p->at = n->arena;
		if (size_mul(p->count, tensor_dtype_size(p->dtype), &bytes) ||
			size_add(p->at, bytes / sizeof(float), &end) ||
			size_add(end, ALIGN_VALUES - 1, &end))
			return err_set(e, "the net has too many parameters");
		n->arena = end - end % ALIGN_VALUES;
		if (i < l->params)
			n->params += p->count;
		else if (p->dtype == TENSOR_F32)
			n->statistics += p->count;
	}
	l->sums_at = n->sum_values;
	n->sum_values += l->sums;
	for (int use = 0; use < LAYER_USES; use++) {
		l->packed_at[use] = n->packed_values[use];
		if (size_add(n->packed_values[use], l->packed[use], &n->packed_values[use]))
			return err_set(e, "the net has too many parameters");
	}
	return 0;
}

/* What the layer knows of those before it, and they of it. */
static void connect(struct net *n, struct layer *l)
{
	for (int i = 0; i < l->sources; i++) {
		struct layer_source *s = &l->source[i];

		s->shape = n->in;
		if (s->layer >= 0) {
			struct layer *before = &n->layer[s->layer];

			s->shape = before->out;
			s->needs_din = before->needs_din || layer_trains(before);
			before->readers++;
			before->last_reader = s;
		}
		l->needs_din |= s->needs_din;
	}
	l->in = l->source[0].shape;
}

static int set_up(struct net *n, struct layer *l, struct err *e)
{
	size_t values = shape_values(&l->in);

	if (l->spec.inputs > 0 && l->spec.inputs != values)
		return err_set(e, "takes %zu values where %zu come in", l->spec.inputs, values);
	if (l->kind->setup(l, e) || place_params(n, l, e))
		return -1;
	if (shape_values(&l->out) > NET_MAX_VALUES)
		return err_set(e, "has too many values");
	n->macs += l->macs;
	return 0;
}

/* Adds a layer of these sources; *at becomes its number. */
static int add_layer(struct builder *b, const struct net_item *item,
	struct layer_source *source, int sources, int *at)
{
	struct net *n = b->net;
	struct layer *l = &n->layer[n->layers];
	struct err reason;

	l->spec = item->layer;
	l->kind = item->layer.kind;
	l->position = *at = n->layers++;
	l->source = source;
	l->sources = sources;
	snprintf(l->name, sizeof l->name, "%s", b->name);
	connect(n, l);
	if (set_up(n, l, b->err) == 0)
		return 0;
	reason = *b->err;
	err_set(b->err, "layer %s (%s): %.500s", l->name, l->kind->name, reason.text);
	return net_spec_blame(b->err, b->text, item->at);
}

/* The name of number i within the series or group whose name has `length` characters. */
static int set_name(struct builder *b, size_t length, int i)
{
	size_t room = sizeof b->name - length;
	int n = snprintf(b->name + length, room, "%s%d", length > 0 ? "." : "", i);

	if ((size_t)n >= room) {
		err_set(b->err, "the groups are nested too deeply");
		return net_spec_blame(b->err, b->text, b->item->at);
	}
	b->length = length + (size_t)n;
	return 0;
}

static int build_series(struct builder *b, int *at);

/* A join's branches, each a series that reads layer *at, and then the join. */
static int build_group(struct builder *b, int *at)
{
	const struct net_item *item = b->item++;
	struct layer_source *source = b->source;
	size_t length = b->length;

	b->source += item->branches;
	for (int i = 0; i < item->branches; i++) {
		source[i].layer = *at;
		if (set_name(b, length, i) || build_series(b, &source[i].layer))
			return -1;
		b->item++; /* | or ) */
	}
	b->name[length] = '\0';
	return add_layer(b, item, source, item->branches, at);
}

/* Whether a maximum of several values comes next, behind what it may as well come before. */
static int pools_first(const struct net_item *item)
{
	const struct layer_spec *next = &item[1].layer;
	const double *stride;

	if (item->type != NET_LAYER || !item->layer.kind->rises || item[1].type != NET_LAYER ||
		next->kind != &layer_maxpool)
		return 0;
	stride = layer_option(next, "s");
	return stride != NULL ? *stride > 1 : next->kernel[0] * next->kernel[1] > 1;
}

/* The next layer of a series, number `i` of it, reads layer *at and becomes it. */
static int build_layer(
	struct builder *b, const struct net_item *item, size_t length, int i, int *at)
{
	if (set_name(b, length, i))
		return -1;
	b->source->layer = *at;
	b->item++;
	return add_layer(b, item, b->source++, 1, at);
}

/* Layers one after the other, the first reads layer *at, which becomes the last. */
static int build_series(struct builder *b, int *at)
{
	size_t length = b->length;

	for (int i = 0; b->item->type == NET_LAYER || b->item->type == NET_OPEN; i++) {
		const struct net_item *item = b->item;

		if (item->type == NET_OPEN) {
			if (set_name(b, length, i) || build_group(b, at))
				return -1;
		} else if (pools_first(item)) {
			if (build_layer(b, item + 1, length, i + 1, at) ||
				build_layer(b, item, length, i++, at))
				return -1;
		} else if (build_layer(b, item, length, i, at))
			return -1;
	}
	return 0;
}

int net_graph_build(struct net *n, const struct net_spec *spec, const char *text, struct err *e)
{
	struct builder b = {.net = n, .item = spec->item, .text = text, .err = e};
	int last = -1;

	n->layer = size_alloc((size_t)spec->layers, sizeof *n->layer, "the net's layers", e);
	/* Each source belongs to an item: a layer, or what opens or parts branches. */
	n->source = size_alloc((size_t)spec->items, sizeof *n->source, "the net's layers", e);
	if (n->layer == NULL || n->source == NULL)
		return -1;
	b.source = n->source;
	if (build_series(&b, &last))
		return -1;
	n->classes = shape_values(&n->layer[last].out);
	return 0;
}
