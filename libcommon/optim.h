/* SPDX-License-Identifier: ISC */
/*
 * Optimisers. A kind is one const struct in optim-KIND.c plus its name in
 * OPTIM_KINDS. Parameters, gradients and states are arenas of equal length, so a
 * step is one pass over them.
 */
#ifndef OPTIM_H
#define OPTIM_H

#include <stddef.h>

struct err;
struct net;
struct net_part;

/* optim_sgd in optim-sgd.c and so on. */
#define OPTIM_KINDS(X) X(sgd) X(adam) X(adamw) X(adadelta) X(rmsprop)

#define OPTIM_MAX_STATES 2

struct optim_kind;

enum optim_max_norm { OPTIM_NORM, OPTIM_SQUARED_NORM };

struct optim {
	/* Set by the caller: */
	const struct optim_kind *kind;
	double momentum, beta1, beta2, rho, epsilon, weight_decay;
	int nesterov;
	double clip; /* largest norm of the whole gradient (PyTorch's clip_grad_norm_); 0 for
			none */
	double max_norm; /* largest norm of a unit's incoming weights after each step; 0 for
			    none */
	enum optim_max_norm
		max_norm_of; /* what max_norm bounds: the dropout paper can be read both ways */
	/* Its own: */
	size_t arena;
	float *state[OPTIM_MAX_STATES]; /* as the kind's file says: momentum, mean squares ...
					 */
	/*
	 * The gradient: of the parts that workers are at, one behind the other; or the whole
	 * arena, with clipping, which needs all of it before the first step.
	 */
	float *grad;
	size_t grad_values; /* from one worker's to the next one's; 0 for the arena */
	double *squares;    /* of the gradient, part by part of the net; with clipping */
	unsigned long long steps;
};

/* The hyper-parameters of one step on [0, n) of a slice. */
struct optim_slice {
	size_t n;
	float *param;
	const float *grad;
	float *state[OPTIM_MAX_STATES];
	double lr;
	double grad_scale;	 /* clipping */
	unsigned long long step; /* from 1 */
};

/* Which hyper-parameters beside the learning rate and the decay a kind reads. */
enum {
	OPTIM_USES_MOMENTUM = 1,
	OPTIM_USES_BETAS = 2,
	OPTIM_USES_RHO = 4, /* decay of the mean of squares */
	OPTIM_USES_EPSILON = 8,
	OPTIM_USES_NESTEROV = 16
};

struct optim_kind {
	const char *name;
	int uses;
	int states;
	double default_lr, default_rho, default_epsilon;
	void (*step)(const struct optim *o, const struct optim_slice *s);
};

const struct optim_kind *optim_kind_find(const char *name);
const struct optim_kind *const *optim_kinds(void); /* NULL-terminated */

/* The kind's defaults (PyTorch's, but for adadelta), and nothing that is switched off. */
void optim_defaults(struct optim *o, const struct optim_kind *kind);

/* Allocates states for the net's arena; 0 or -1. */
int optim_init(struct optim *o, const struct net *n, struct err *e);
void optim_release(struct optim *o);

/* Bytes that optim_init took for it: states and gradients. */
size_t optim_memory(const struct optim *o, const struct net *n);

/*
 * One step on n->param with learning rate lr. The net's workers go through its parameters part
 * by part: gradient (net_gradient, or what does its work), step, norms, packing, while the part
 * is in a core's cache; with clipping, the steps begin when the last gradient is known. Frozen
 * parameters have no gradient, no step and no part in the norm. Returns the gradient's norm, or
 * 0 without clipping.
 */
double optim_step(struct optim *o, struct net *n, double lr,
	void (*gradient)(
		struct net *n, const struct net_part *part, int worker, float *const grad[]));

#endif
