/* SPDX-License-Identifier: ISC */
#include "net.h"

#include "err.h"
#include "net-spec.h"
#include "size.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_VALUES 16 /* floats: parameters start on cache lines */
#define MAX_VALUES \
	((size_t)1 << 40) /* of one item anywhere in a net: keeps products in range */

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
	if (l->kind->setup(l, e) || place_params(n, l, e))
		return -1;
	if (shape_values(&l->out) > NET_MAX_VALUES)
		return err_set(
			e, "layer %d (%s) has too many values", l->position, l->kind->name);
	n->macs += l->macs;
	return 0;
}

static int build(struct net *n, const struct net_spec *spec, size_t most, struct err *e)
{
	const struct shape *in = &n->in;

	n->layer = size_alloc((size_t)spec->layers, sizeof *n->layer, "the net's layers", e);
	n->out = size_alloc((size_t)spec->layers, sizeof *n->out, "the net's layers", e);
	n->scratch =
		size_alloc((size_t)spec->layers, sizeof *n->scratch, "the net's layers", e);
	if (n->layer == NULL || n->out == NULL || n->scratch == NULL)
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
	return n->param == NULL ? -1 : 0;
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
	free(n->scratch);
	free(n->param);
	free(n->grad);
	free(n->buffers);
	free(n);
}

void net_init(struct net *n, enum initializer how, uint64_t seed)
{
	for (int i = 0; i < n->layers; i++)
		if (n->layer[i].kind->init != NULL)
			n->layer[i].kind->init(&n->layer[i], how, seed, n->param);
}

const float *net_forward(struct net *n, const struct batch *b, int training, uint64_t seed)
{
	const float *in = b->input;

	n->pass = (struct layer_pass){.workers = n->workers,
		.n = b->n,
		.param = n->param,
		.grad = n->grad,
		.training = training,
		.seed = seed,
		.epoch = b->epoch,
		.item = b->item,
		.in = b->input};
	for (int i = 0; i < n->layers; i++) {
		struct layer_pass p = n->pass;

		p.in = in;
		p.out = n->out[i];
		p.scratch = n->scratch[i];
		n->layer[i].kind->forward(&n->layer[i], &p);
		in = p.out;
	}
	return in;
}

float *net_dlogits(struct net *n)
{
	return n->gradient[0];
}

/* Below the first layer with parameters no gradient is needed. */
static int first_trained(const struct net *n)
{
	int i = 0;

	while (i < n->layers - 1 && n->layer[i].params == 0)
		i++;
	return i;
}

void net_backward(struct net *n)
{
	int first = first_trained(n), turn = 0;

	for (int i = n->layers - 1; i >= first; i--) {
		const struct layer *l = &n->layer[i];
		struct layer_pass p = n->pass;

		p.in = i > 0 ? n->out[i - 1] : n->pass.in;
		p.out = n->out[i];
		p.scratch = n->scratch[i];
		p.dout = n->gradient[turn];
		if (!l->kind->in_place)
			turn = !turn;
		p.din = i > first ? n->gradient[turn] : NULL;
		l->kind->backward(l, &p);
	}
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
