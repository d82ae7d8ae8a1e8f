/* SPDX-License-Identifier: ISC */
#include "optim.h"

#include "net.h"
#include "size.h"
#include "vector.h"
#include "workers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SLICE 16384 /* values: small enough for a core's own cache, with the states */
#define UNITS 64    /* units whose norm is bounded at a time */

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

static size_t slices_of(size_t arena)
{
	return (arena + SLICE - 1) / SLICE;
}

int optim_init(struct optim *o, const struct net *n, struct err *e)
{
	o->arena = n->arena;
	o->steps = 0;
	o->squares = size_alloc(slices_of(o->arena), sizeof *o->squares, "the optimiser", e);
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
	const struct layer_param *weight; /* of bound_units */
};

static size_t slice_length(size_t part, size_t arena)
{
	return (part + 1) * SLICE <= arena ? SLICE : arena - part * SLICE;
}

static void measure_slice(void *job, size_t part, int worker)
{
	struct job *j = job;

	(void)worker;
	j->optim->squares[part] = vector_sum_squares(
		j->net->grad + part * SLICE, slice_length(part, j->optim->arena));
}

/* The factor of torch.nn.utils.clip_grad_norm_, and the norm. */
static double clip_factor(struct job *j, double *norm)
{
	const struct optim *o = j->optim;
	double sum = 0, factor;

	workers_run(j->net->workers, measure_slice, j, slices_of(o->arena));
	for (size_t i = 0; i < slices_of(o->arena); i++)
		sum += o->squares[i];
	*norm = sqrt(sum);
	factor = o->clip / (*norm + 1e-6);
	return factor < 1 ? factor : 1;
}

static void step_slice(void *job, size_t part, int worker)
{
	struct job *j = job;
	const struct optim *o = j->optim;
	size_t at = part * SLICE;
	struct optim_slice s = {.n = slice_length(part, o->arena),
		.param = j->net->param + at,
		.grad = j->net->grad + at,
		.lr = j->lr,
		.grad_scale = j->grad_scale,
		.step = o->steps};

	(void)worker;
	for (int i = 0; i < o->kind->states; i++)
		s.state[i] = o->state[i] + at;
	o->kind->step(o, &s);
}

static void bound_units(void *job, size_t part, int worker)
{
	struct job *j = job;
	const struct optim *o = j->optim;
	size_t units = j->weight->shape[0], width = j->weight->count / units;
	size_t end = (part + 1) * UNITS < units ? (part + 1) * UNITS : units;

	(void)worker;
	for (size_t unit = part * UNITS; unit < end; unit++) {
		float *w = j->net->param + j->weight->at + unit * width;
		double norm = sqrt(vector_sum_squares(w, width)), scale;
		double most = o->max_norm_of == OPTIM_NORM ? o->max_norm : sqrt(o->max_norm);

		if (norm <= most)
			continue;
		scale = most / norm;
		for (size_t i = 0; i < width; i++)
			w[i] = (float)((double)w[i] * scale);
	}
}

/* The first dimension of a weight counts units; what is not a matrix has no incoming weights.
 */
static void bound_weights(struct job *j)
{
	for (size_t i = 0; net_param(j->net, i, &j->weight) != NULL; i++)
		if (j->weight->rank > 1)
			workers_run(j->net->workers, bound_units, j,
				(j->weight->shape[0] + UNITS - 1) / UNITS);
}

double optim_step(struct optim *o, struct net *n, double lr)
{
	struct job job = {.optim = o, .net = n, .lr = lr, .grad_scale = 1};
	double norm = 0;

	if (o->clip > 0)
		job.grad_scale = clip_factor(&job, &norm);
	o->steps++;
	workers_run(n->workers, step_slice, &job, slices_of(o->arena));
	if (o->max_norm > 0)
		bound_weights(&job);
	return norm;
}
