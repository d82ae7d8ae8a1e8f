/* SPDX-License-Identifier: ISC */
#include "optim.h"

#include "net.h"
#include "size.h"
#include "vector.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

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
	*o = (struct optim){.kind = kind, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
}

int optim_init(struct optim *o, const struct net *n, struct err *e)
{
	o->arena = n->arena;
	o->steps = 0;
	o->squares = size_alloc(n->parts, sizeof *o->squares, "the optimiser", e);
	if (o->squares == NULL)
		return -1;
	for (int i = 0; i < o->kind->states; i++) {
		o->state[i] =
			size_alloc(o->arena, sizeof *o->state[i], "the optimiser's state", e);
		if (o->state[i] == NULL) {
			optim_release(o);
			return -1;
		}
	}
	return 0;
}

void optim_release(struct optim *o)
{
	for (int i = 0; i < OPTIM_MAX_STATES; i++) {
		free(o->state[i]);
		o->state[i] = NULL;
	}
	free(o->squares);
	o->squares = NULL;
}

struct job {
	struct optim *optim;
	struct net *net;
	double lr, grad_scale;
	void (*gradient)(struct net *n, const struct net_part *part);
};

/* Where the part's values of parameter i of its layer begin in the arenas, and how many. */
static size_t values_of(const struct net_part *part, int i, size_t *n)
{
	const struct layer_param *p = &part->layer->param[i];
	size_t unit = p->count / part->layer->units;

	*n = (part->to - part->from) * unit;
	return p->at + part->from * unit;
}

static void measure_part(void *job, size_t number, int worker)
{
	struct job *j = job;
	const struct net_part *part = &j->net->part[number];
	double *sum = &j->optim->squares[number];

	(void)worker;
	if (j->gradient != NULL)
		j->gradient(j->net, part);
	*sum = 0;
	for (int i = 0; i < part->layer->params; i++) {
		size_t n, at = values_of(part, i, &n);

		*sum += vector_sum_squares(j->net->grad + at, n);
	}
}

/* The factor of torch.nn.utils.clip_grad_norm_, and the norm. */
static double clip_factor(struct job *j, double *norm)
{
	const struct optim *o = j->optim;
	double sum = 0, factor;

	workers_run(j->net->workers, measure_part, j, j->net->parts);
	j->gradient = NULL;
	for (size_t i = 0; i < j->net->parts; i++)
		sum += o->squares[i];
	*norm = sqrt(sum);
	factor = o->clip / (*norm + 1e-6);
	return factor < 1 ? factor : 1;
}

static void step_values(const struct job *j, size_t at, size_t n)
{
	const struct optim *o = j->optim;
	struct optim_slice s = {.n = n,
		.param = j->net->param + at,
		.grad = j->net->grad + at,
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

	(void)worker;
	if (j->gradient != NULL)
		j->gradient(j->net, part);
	for (int i = 0; i < l->params; i++) {
		size_t n, at = values_of(part, i, &n);

		step_values(j, at, n);
		/* What is not a matrix has no incoming weights. */
		if (j->optim->max_norm > 0 && l->param[i].rank > 1)
			bound_units(
				j->optim, j->net->param + at, n, l->param[i].count / l->units);
	}
	if (j->net->packed != NULL)
		net_pack_part(j->net, part);
}

double optim_step(struct optim *o, struct net *n, double lr,
	void (*gradient)(struct net *n, const struct net_part *part))
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
