/* SPDX-License-Identifier: ISC */
#include "optim.h"

#include "net.h"
#include "size.h"
#include "vector.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ALIGN_VALUES 16 /* floats of a cache line */

#define DECLARE(name) extern const struct optim_kind optim_##name;
OPTIM_KINDS(DECLARE)

#define ADDRESS(name) &optim_##name,
static const struct optim_kind *const kinds[] = {OPTIM_KINDS(ADDRESS) NULL};

const struct optim_kind *const *optim_kinds(void)
{
	return kinds;
}

const struct optim_kind *optim_kind_find(const char *name)
{
	for (size_t i = 0; kinds[i] != NULL; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	return NULL;
}

void optim_defaults(struct optim *o, const struct optim_kind *kind)
{
	*o = (struct optim){.kind = kind,
		.beta1 = 0.9,
		.beta2 = 0.999,
		.rho = kind->default_rho,
		.epsilon = kind->default_epsilon};
}

/* Where the gradient by parameter i of the part goes. */
struct place {
	float *grad[LAYER_MAX_PARAMS];
};

static struct place place_of(const struct optim *o, const struct net_part *part, int worker)
{
	struct place p = {{NULL}};
	size_t at = o->grad_values * (size_t)worker, in_arena;

	for (int i = 0; i < part->layer->params; i++) {
		size_t n = net_part_values(part, i, &in_arena);

		p.grad[i] = o->grad + (o->grad_values > 0 ? at : in_arena);
		at += n;
	}
	return p;
}

static size_t largest_part(const struct net *n)
{
	size_t most = 0, at;

	for (size_t k = 0; k < n->parts; k++) {
		size_t values = 0;

		for (int i = 0; i < n->part[k].layer->params; i++)
			values += net_part_values(&n->part[k], i, &at);
		if (values > most)
			most = values;
	}
	return most;
}

static int make_gradient(struct optim *o, const struct net *n, struct err *e)
{
	size_t values = n->arena;

	o->grad_values = 0;
	if (o->clip <= 0) {
		o->grad_values =
			(largest_part(n) + ALIGN_VALUES - 1) / ALIGN_VALUES * ALIGN_VALUES;
		values = o->grad_values * (size_t)workers_count(n->workers);
	}
	o->grad = size_alloc(values, sizeof *o->grad, "the gradients", e);
	return o->grad == NULL ? -1 : 0;
}

int optim_init(struct optim *o, const struct net *n, struct err *e)
{
	int bad;

	o->arena = n->arena;
	o->steps = 0;
	o->squares = size_alloc(n->parts, sizeof *o->squares, "the optimiser", e);
	bad = make_gradient(o, n, e) || o->squares == NULL;
	for (int i = 0; !bad && i < o->kind->states; i++) {
		o->state[i] =
			size_alloc(o->arena, sizeof *o->state[i], "the optimiser's state", e);
		bad = o->state[i] == NULL;
	}
	if (bad)
		optim_release(o);
	return bad ? -1 : 0;
}

void optim_release(struct optim *o)
{
	for (int i = 0; i < OPTIM_MAX_STATES; i++) {
		free(o->state[i]);
		o->state[i] = NULL;
	}
	free(o->grad);
	free(o->squares);
	o->grad = NULL;
	o->squares = NULL;
}

size_t optim_memory(const struct optim *o, const struct net *n)
{
	size_t gradients = o->grad_values > 0
				   ? o->grad_values * (size_t)workers_count(n->workers)
				   : n->arena;

	return ((size_t)o->kind->states * n->arena + gradients) * sizeof(float);
}

struct job {
	struct optim *optim;
	struct net *net;
	double lr, grad_scale;
	void (*gradient)(
		struct net *n, const struct net_part *part, int worker, float *const grad[]);
};

static void measure_part(void *job, size_t number, int worker)
{
	struct job *j = job;
	const struct net_part *part = &j->net->part[number];
	struct place p = place_of(j->optim, part, worker);
	double *sum = &j->optim->squares[number];

	*sum = 0;
	if (!layer_trains(part->layer))
		return;
	j->gradient(j->net, part, worker, p.grad);
	for (int i = 0; i < part->layer->params; i++) {
		size_t at, n = net_part_values(part, i, &at);

		if (!(part->layer->frozen >> i & 1))
			*sum += vector_sum_squares(p.grad[i], n);
	}
}

/* The factor of torch.nn.utils.clip_grad_norm_, and the norm. */
static double clip_factor(struct job *j, double *norm)
{
	const struct optim *o = j->optim;
	double sum = 0, factor;

	workers_run(j->net->workers, measure_part, j, j->net->parts);
	j->gradient = NULL; /* it is known */
	for (size_t i = 0; i < j->net->parts; i++)
		sum += o->squares[i];
	*norm = sqrt(sum);
	factor = o->clip / (*norm + 1e-6);
	return factor < 1 ? factor : 1;
}

static void step_values(const struct job *j, size_t at, size_t n, const float *grad)
{
	const struct optim *o = j->optim;
	struct optim_slice s = {.n = n,
		.param = j->net->param + at,
		.grad = grad,
		.lr = j->lr,
		.grad_scale = j->grad_scale,
		.step = o->steps};

	for (int i = 0; i < o->kind->states; i++)
		s.state[i] = o->state[i] + at;
	o->kind->step(o, &s);
}

/* Bounds the norms of units with `width` weights each. */
static void bound_units(const struct optim *o, float *weight, size_t n, size_t width)
{
	double most = o->max_norm_of == OPTIM_NORM ? o->max_norm : sqrt(o->max_norm);

	for (float *w = weight; w < weight + n; w += width) {
		double norm = sqrt(vector_sum_squares(w, width)), scale = most / norm;

		for (size_t i = 0; norm > most && i < width; i++)
			w[i] = (float)((double)w[i] * scale);
	}
}

static void step_part(void *job, size_t number, int worker)
{
	struct job *j = job;
	const struct net_part *part = &j->net->part[number];
	const struct layer *l = part->layer;
	struct place p = place_of(j->optim, part, worker);

	if (!layer_trains(l))
		return;
	if (j->gradient != NULL)
		j->gradient(j->net, part, worker, p.grad);
	for (int i = 0; i < l->params; i++) {
		size_t at, n = net_part_values(part, i, &at);

		if (l->frozen >> i & 1)
			continue;
		step_values(j, at, n, p.grad[i]);
		/* What is not a matrix has no incoming weights. */
		if (j->optim->max_norm > 0 && l->param[i].rank > 1)
			bound_units(
				j->optim, j->net->param + at, n, l->param[i].count / l->units);
	}
	if (j->net->packed != NULL)
		net_pack_part(j->net, part);
}

double optim_step(struct optim *o, struct net *n, double lr,
	void (*gradient)(
		struct net *n, const struct net_part *part, int worker, float *const grad[]))
{
	struct job job = {
		.optim = o, .net = n, .lr = lr, .grad_scale = 1, .gradient = gradient};
	double norm = 0;

	if (o->clip > 0)
		job.grad_scale = clip_factor(&job, &norm);
	o->steps++;
	workers_run(n->workers, step_part, &job, n->parts);
	return norm;
}
