/* SPDX-License-Identifier: ISC */
/* Batches on their way through a net. */
#include "net.h"
#include "size.h"
#include "vector.h"
#include "workers.h"

void net_start(struct net *n, const struct batch *b, int training, uint64_t seed)
{
	n->pass = (struct layer_pass){.n = b->n,
		.param = n->param,
		.use = net_packs_for(n->training),
		.packed = n->packed,
		.sums = n->sums,
		.batch = b->n,
		.training = training,
		.seed = seed,
		.epoch = b->epoch,
		.item = b->item,
		.in = b->input};
}

/* The first group, or the next one; 0 where there is none. */
static int take_group(struct net *n, int is_first)
{
	size_t left;

	n->first = is_first ? 0 : n->first + n->items;
	left = n->pass.n - n->first;
	n->items = left < n->group ? left : n->group;
	return n->items > 0;
}

/* The activations of layer i, or the net's input where it is -1, from the group's item `row`
 * on. */
static float *out_at(const struct net *n, int i, size_t row, int worker)
{
	size_t values = shape_values(&n->layer[i].out);

	if (i == n->layers - 1)
		return n->logits + (n->first + row) * values;
	if (n->training)
		return n->out[i] + row * values;
	if (i + 1 < n->tail)
		row = 0;
	return n->out[i] + (size_t)worker * n->worker_values + row % n->chunk * values;
}

static const float *in_at(
	const struct net *n, const struct layer_source *s, size_t row, int worker)
{
	return s->layer < 0 ? n->pass.in + (n->first + row) * shape_values(&n->in)
			    : out_at(n, s->layer, row, worker);
}

static float *dout_at(const struct net *n, int i, size_t row)
{
	return n->dout[i] + row * shape_values(&n->layer[i].out);
}

/* Items [from, to) of the group on their way from one of a layer's sources through it. */
static struct layer_pass pass_at(const struct net *n, const struct layer *l, int branch,
	size_t from, size_t to, int worker)
{
	const struct layer_source *s = &l->source[branch];
	int i = (int)(l - n->layer);
	struct layer_pass p = n->pass;

	p.n = to - from;
	p.item = n->pass.item + n->first + from;
	p.branch = branch;
	p.in = in_at(n, s, from, worker);
	p.out = out_at(n, i, from, worker);
	p.work = n->work + (size_t)worker * n->worker_work;
	if (!n->training)
		return p;
	p.scratch = n->scratch[i] + from * l->scratch;
	p.dout = n->dout[i] != NULL ? dout_at(n, i, from) : NULL;
	p.din = s->needs_din ? dout_at(n, s->layer, from) : NULL;
	return p;
}

float *net_dlogits(struct net *n)
{
	return n->dout[n->layers - 1];
}

static void measure(
	const struct net *n, int i, enum layer_way way, size_t from, size_t to, int worker)
{
	const struct layer *l = &n->layer[i];
	struct layer_pass p = pass_at(n, l, 0, from, to, worker);

	p.partials = n->partials + from * l->partials;
	l->kind->measure[way](l, &p);
}

/* The sums of all items that layer i waits for. */
static void reduce(struct net *n, int i, enum layer_way way)
{
	const struct layer *l = &n->layer[i];
	struct layer_pass p = n->pass;

	p.partials = n->partials;
	l->kind->reduce[way](l, &p, n->param);
}

/* An activation's last reader comes first and sets the gradient by it; the others add theirs.
 */
static void back_to(
	const struct net *n, const struct layer *l, struct layer_pass *p, int worker)
{
	const struct layer_source *s = &l->source[p->branch];
	float *sum = p->din;

	if (s == n->layer[s->layer].last_reader) {
		l->kind->backward(l, p);
		return;
	}
	p->din = n->spare + (size_t)worker * n->worker_values;
	l->kind->backward(l, p);
	vector_add(sum, p->din, p->n * shape_values(&s->shape));
}

/* A group's way through one stage. */
struct trip {
	struct net *net;
	const struct net_stage *stage, *next; /* NULL behind the last */
	const struct net_visitor *visitor;
	int forward, back;
};

/* Whether the layer behind the stage must know the batch. */
static int next_waits(const struct trip *t)
{
	return t->next != NULL && t->next->waits && t->net->pass.training;
}

/* Some layers of a stage and some items; begin is the first layer, end behind the last. */
struct leg {
	const struct net *net;
	int begin, end, worker;
	void (*go)(const struct leg *g, size_t from, size_t to);
};

/* Layers before the tail take a piece at a time. */
static void go_piecewise(struct leg g, size_t from, size_t to)
{
	size_t piece = g.net->piece;

	if (g.end > g.net->tail)
		g.end = g.net->tail;
	for (; g.begin < g.end && from < to; from += piece)
		g.go(&g, from, size_min(from + piece, to));
}

static void go_whole(struct leg g, size_t from, size_t to)
{
	if (g.begin < g.net->tail)
		g.begin = g.net->tail;
	g.go(&g, from, to);
}

static void forward_layers(const struct leg *g, size_t from, size_t to)
{
	for (int i = g->begin; i < g->end; i++)
		for (int branch = 0; branch < g->net->layer[i].sources; branch++) {
			const struct layer *l = &g->net->layer[i];
			struct layer_pass p = pass_at(g->net, l, branch, from, to, g->worker);

			l->kind->forward(l, &p);
		}
}

static void backward_layers(const struct leg *g, size_t from, size_t to)
{
	for (int i = g->end - 1; i >= g->begin; i--)
		for (int branch = g->net->layer[i].sources - 1; branch >= 0; branch--) {
			const struct layer *l = &g->net->layer[i];
			struct layer_pass p = pass_at(g->net, l, branch, from, to, g->worker);

			if (p.din != NULL)
				back_to(g->net, l, &p, g->worker);
		}
}

static void go_forward(const struct trip *t, size_t from, size_t to, int worker)
{
	struct leg g = {t->net, t->stage->from, t->stage->to, worker, forward_layers};
	struct net *n = t->net;
	const struct net_visitor *v = t->visitor;

	if (t->stage == n->stage && v != NULL && v->enter != NULL)
		v->enter(v->arg, n->first + from, n->first + to);
	go_piecewise(g, from, to);
	go_whole(g, from, to);
	if (next_waits(t))
		measure(n, t->stage->to, LAYER_FORWARD, from, to, worker);
}

/* A layer that waits goes with the stage before it: its backward needs the sums over the batch.
 */
static void go_back(const struct trip *t, size_t from, size_t to, int worker)
{
	const struct net_stage *s = t->stage;
	struct leg g = {
		t->net, s->from + s->waits, s->to + next_waits(t), worker, backward_layers};

	go_whole(g, from, to);
	go_piecewise(g, from, to);
	if (s->waits)
		measure(t->net, s->from, LAYER_BACK, from, to, worker);
}

static void run_chunk(void *trip, size_t part, int worker)
{
	const struct trip *t = trip;
	struct net *n = t->net;
	const struct net_visitor *v = t->visitor;
	size_t from = part * t->stage->chunk, to = from + t->stage->chunk;

	to = to < n->items ? to : n->items;
	if (t->forward)
		go_forward(t, from, to, worker);
	if (t->forward && t->back)
		v->leave(v->arg, n->first + from, n->first + to,
			out_at(n, n->layers - 1, from, worker),
			dout_at(n, n->layers - 1, from));
	if (t->back)
		go_back(t, from, to, worker);
}

static void run_stage(
	struct net *n, int stage, const struct net_visitor *v, int forward, int back)
{
	struct trip t = {.net = n,
		.stage = &n->stage[stage],
		.next = stage + 1 < n->stages ? &n->stage[stage + 1] : NULL,
		.visitor = v,
		.forward = forward,
		.back = back};

	if (forward && t.stage->waits && n->pass.training)
		reduce(n, t.stage->from, LAYER_FORWARD);
	if (back && next_waits(&t))
		reduce(n, t.next->from, LAYER_BACK);
	workers_run(
		n->workers, run_chunk, &t, (n->items + t.stage->chunk - 1) / t.stage->chunk);
}

void net_forward(struct net *n, const struct net_visitor *v)
{
	for (int more = take_group(n, 1); more; more = take_group(n, 0))
		for (int i = 0; i < n->stages; i++)
			run_stage(n, i, v, 1, 0);
	take_group(n, 1);
}

void net_backward(struct net *n)
{
	for (int i = n->stages - 1; i >= 0; i--)
		run_stage(n, i, NULL, 0, 1);
}

static void train_group(struct net *n, const struct net_visitor *v)
{
	int last = n->stages - 1;

	for (int i = 0; i < last; i++)
		run_stage(n, i, v, 1, 0);
	run_stage(n, last, v, 1, 1);
	for (int i = last - 1; i >= 0; i--)
		run_stage(n, i, v, 0, 1);
}

static float *next_sum(const struct net *n)
{
	return n->first > 0 ? n->next : n->sum;
}

static void sum_part(void *net, size_t number, int worker)
{
	struct net *n = net;
	const struct net_part *part = &n->part[number];
	float *grad[LAYER_MAX_PARAMS];
	size_t at;

	if (!layer_trains(part->layer))
		return;
	for (int i = 0; i < part->layer->params; i++) {
		net_part_values(part, i, &at);
		grad[i] = next_sum(n) + at;
	}
	net_gradient(n, part, worker, grad);
}

/* Adds the group's gradients to those by the groups before it. */
static void sum_gradients(struct net *n)
{
	float *sum = next_sum(n);

	workers_run(n->workers, sum_part, n, n->parts);
	if (sum == n->next)
		n->next = n->sum;
	n->sum = sum;
}

void net_train(struct net *n, const struct net_visitor *v)
{
	take_group(n, 1);
	train_group(n, v);
	while (n->first + n->items < n->pass.n) {
		sum_gradients(n);
		take_group(n, 0);
		train_group(n, v);
	}
}

size_t net_part_values(const struct net_part *part, int i, size_t *at)
{
	const struct layer_param *p = &part->layer->param[i];
	size_t unit = p->count / part->layer->units;

	*at = p->at + part->from * unit;
	return (part->to - part->from) * unit;
}

void net_gradient(struct net *n, const struct net_part *part, int worker, float *const grad[])
{
	const struct layer *l = part->layer;
	struct layer_pass p = pass_at(n, l, 0, 0, n->items, worker);

	l->kind->gradient(l, &p, part->from, part->to, grad);
	for (int i = 0; n->first > 0 && i < l->params; i++) {
		size_t at, values = net_part_values(part, i, &at);

		vector_add(grad[i], n->sum + at, values);
	}
}

void net_pack_part(struct net *n, const struct net_part *part)
{
	const struct layer *l = part->layer;
	enum layer_use use = net_packs_for(n->training);

	if (l->packed[use] > 0)
		l->kind->pack[use](l, n->param, n->packed, part->from, part->to);
}

static void pack_task(void *net, size_t part, int worker)
{
	struct net *n = net;

	(void)worker;
	net_pack_part(n, &n->part[part]);
}

void net_pack(struct net *n)
{
	workers_run(n->workers, pack_task, n, n->parts);
}
