/* SPDX-License-Identifier: ISC */
#include "net.h"

#include "err.h"
#include "net-spec.h"
#include "size.h"

#include <stdlib.h>
#include <string.h>

#define ALIGN_VALUES 16 /* floats: parameters start on cache lines */
#define ALIGN_BYTES 64
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
	if (shape_values(&l->out) > MAX_VALUES)
		return err_set(
			e, "layer %d (%s) has too many values", l->position, l->kind->name);
	n->macs += l->macs;
	return 0;
}

static int build(struct net *n, const struct net_spec *spec, struct err *e)
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
	n->param = size_alloc(n->arena, sizeof *n->param, "the net's parameters", e);
	return n->param == NULL ? -1 : 0;
}

struct net *net_new(const char *text, const struct shape *in, struct workers *w, struct err *e)
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
	if (n->text == NULL || build(n, &spec, e)) {
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

	if (batch > MAX_VALUES / (widest(n) + 1))
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
