/* SPDX-License-Identifier: ISC */
/*
 * Optimisers against the algorithms of PyTorch's documentation (torch.optim.SGD, Adam, AdamW,
 * Adadelta, RMSprop; torch.nn.utils.clip_grad_norm_) in double, and hand-computed steps.
 *
 * Tolerance: parameters are near 1, so each step rounds to 2^-24; STEPS steps of a few
 * operations stay below 1e-6. A wrong order of operations is off by lr * decay or more.
 */
#include "optim.h"

#include "err.h"
#include "given.h"
#include "net.h"
#include "size.h"
#include "stencil.h"
#include "unit.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define STEPS 6
#define TOLERANCE 1e-6

/* Over two slices of the optimiser, and not a multiple of anything. */
static const struct shape input_shape = {1, 1, 1013};
#define NET "fc:41"

static struct net *make_net(const char *text, const struct shape *in, struct workers *w)
{
	struct err e;
	struct net *n = net_new(text, in, w, &e);

	check(n != NULL, "%s", e.text);
	assert_int_equal(net_prepare(n, 1, 1, &e), 0);
	return n;
}

/*
 * Gradients of the size of a net's, some exactly 0, another set each step. They have the
 * parameter's sign: where decay * w nearly cancels g, Adam blows the rest up, in float to
 * noise.
 */
static void set_gradient(struct net *n, uint32_t step)
{
	const struct layer_param *p;

	for (size_t i = 0; net_param(n, i, &p) != NULL; i++) {
		float *g = given + p->at;

		stencil_points(g, p->count, 0, 100 + step * 2 + (uint32_t)i);
		for (size_t k = 0; k < p->count; k++) {
			g[k] *= k % 5 == 0 ? 0 : k % 3 == 0 ? 1e-3f : 0.1f;
			g[k] = copysignf(g[k], n->param[p->at + k]);
		}
	}
}

/* One parameter's way in double, as the documentation states it. */
struct scalar {
	double w, first, second;
};

static void sgd(const struct optim *o, struct scalar *s, double g, double lr, int t)
{
	g += o->weight_decay * s->w;
	s->first = t == 1 ? g : o->momentum * s->first + g;
	if (o->momentum == 0)
		s->w -= lr * g;
	else
		s->w -= lr * (o->nesterov ? g + o->momentum * s->first : s->first);
}

static void adam(const struct optim *o, struct scalar *s, double g, double lr, int t)
{
	double m, v;

	s->first = o->beta1 * s->first + (1 - o->beta1) * g;
	s->second = o->beta2 * s->second + (1 - o->beta2) * g * g;
	m = s->first / (1 - pow(o->beta1, t));
	v = s->second / (1 - pow(o->beta2, t));
	s->w -= lr * m / (sqrt(v) + o->epsilon);
}

static void adadelta(const struct optim *o, struct scalar *s, double g, double lr)
{
	double d;

	s->first = o->rho * s->first + (1 - o->rho) * g * g;
	d = sqrt(s->second + o->epsilon) / sqrt(s->first + o->epsilon) * g;
	s->second = o->rho * s->second + (1 - o->rho) * d * d;
	s->w -= lr * d;
}

static void rmsprop(const struct optim *o, struct scalar *s, double g, double lr)
{
	s->first = o->rho * s->first + (1 - o->rho) * g * g;
	s->second = o->momentum * s->second + g / (sqrt(s->first) + o->epsilon);
	s->w -= lr * s->second;
}

static void reference(const struct optim *o, struct scalar *s, double g, double lr, int t)
{
	const char *name = o->kind->name;

	if (strcmp(name, "sgd") == 0) {
		sgd(o, s, g, lr, t);
	} else if (strcmp(name, "adam") == 0) {
		adam(o, s, g + o->weight_decay * s->w, lr, t);
	} else if (strcmp(name, "adamw") == 0) {
		s->w -= lr * o->weight_decay * s->w;
		adam(o, s, g, lr, t);
	} else if (strcmp(name, "adadelta") == 0) {
		adadelta(o, s, g + o->weight_decay * s->w, lr);
	} else if (strcmp(name, "rmsprop") == 0) {
		rmsprop(o, s, g + o->weight_decay * s->w, lr);
	} else {
		fail_msg("add the optimiser %s to this test", name);
	}
}

/* The scale that clip_grad_norm_ gives the gradient. */
static double clip_scale(const struct optim *o, const struct net *n, double *norm)
{
	double sum = 0;

	for (size_t i = 0; i < n->arena; i++)
		sum += (double)given[i] * (double)given[i];
	*norm = sqrt(sum);
	return o->clip > 0 ? fmin(1, o->clip / (*norm + 1e-6)) : 1;
}

static void compare(const struct optim *o, const struct net *n, const struct scalar *s, int t)
{
	for (size_t i = 0; i < n->arena; i++)
		check(fabs((double)n->param[i] - s[i].w) < TOLERANCE,
			"%s, step %d, parameter %zu is %.9g, should be %.9g", o->kind->name, t,
			i, (double)n->param[i], s[i].w);
}

static void check_steps(const struct optim *settings, double lr, struct workers *w)
{
	struct net *n = make_net(NET, &input_shape, w);
	struct optim o = *settings;
	struct scalar *s = calloc(n->arena, sizeof *s);
	struct err e;

	assert_non_null(s);
	stencil_points(n->param, n->params - 41, 0, 1);
	for (size_t i = 0; i < n->arena; i++)
		s[i].w = (double)n->param[i];
	assert_int_equal(optim_init(&o, n, &e), 0);
	for (int t = 1; t <= STEPS; t++) {
		double norm, scale, got;

		set_gradient(n, (uint32_t)t);
		scale = clip_scale(&o, n, &norm);
		for (size_t i = 0; i < n->arena; i++)
			reference(&o, &s[i], (double)given[i] * scale, lr / t, t);
		got = optim_step(&o, n, lr / t, take_given);
		assert_true(fabs(got - (o.clip > 0 ? norm : 0)) <= 1e-9 * norm);
		compare(&o, n, s, t);
	}
	assert_true(o.steps == STEPS);
	optim_release(&o);
	free(s);
	net_free(n);
}

static void steps_are_pytorchs(void **state)
{
	static const double momentum[] = {0, 0.9, 0.9}, decay[] = {0, 0.05},
			    clip[] = {0, 0.5, 1e6};
	static const double epsilon[] = {1e-8, 1e-7, 1e-3};
	struct err e;
	struct workers *w = workers_new(2, &e);

	(void)state;
	assert_non_null(w);
	for (const struct optim_kind *const *k = optim_kinds(); *k != NULL; k++)
		for (int i = 0; i < 18; i++) {
			struct optim o;

			optim_defaults(&o, *k);
			o.momentum = momentum[i % 3];
			o.nesterov = i % 3 == 2;
			o.epsilon = epsilon[i % 3];
			o.weight_decay = decay[i / 3 % 2];
			o.clip = clip[i / 6];
			check_steps(&o, 0.05, w);
		}
	workers_free(w);
}

static void check_defaults(const char *name, double lr, double rho, double epsilon)
{
	struct optim o;

	optim_defaults(&o, optim_kind_find(name));
	check(o.kind->default_lr == lr && o.rho == rho && o.epsilon == epsilon,
		"the defaults of %s: lr %g, rho %g, epsilon %g", name, o.kind->default_lr,
		o.rho, o.epsilon);
	if (o.kind->uses & OPTIM_USES_BETAS)
		assert_true(o.beta1 == 0.9 && o.beta2 == 0.999);
}

/* Those of PyTorch, but Keras 2's of adadelta. */
static void defaults_are_as_published(void **state)
{
	struct optim o;

	(void)state;
	for (const struct optim_kind *const *k = optim_kinds(); *k != NULL; k++) {
		optim_defaults(&o, *k);
		assert_ptr_equal(optim_kind_find((*k)->name), *k);
		assert_true(o.momentum == 0 && o.weight_decay == 0 && o.nesterov == 0);
		assert_true(o.clip == 0 && o.max_norm == 0);
	}
	assert_null(optim_kind_find("lion"));
	check_defaults("sgd", 1e-2, 0, 0);
	check_defaults("adam", 1e-3, 0, 1e-8);
	check_defaults("adamw", 1e-3, 0, 1e-8);
	check_defaults("adadelta", 1, 0.95, 1e-7);
	check_defaults("rmsprop", 1e-2, 0.99, 1e-8);
}

/* Two inputs, two units: weights in rows (3, 4) and (0.3, 0.4), biases 7 and 8; gradients of 0.
 */
static struct net *small_net(struct workers *w)
{
	static const float weight[4] = {3, 4, 0.3f, 0.4f}, bias[2] = {7, 8};
	struct shape two = {2, 1, 1};
	struct net *n = make_net("fc:2", &two, w);
	const struct layer_param *p;

	assert_non_null(net_param(n, 0, &p));
	memcpy(n->param + p->at, weight, sizeof weight);
	assert_non_null(net_param(n, 1, &p));
	memcpy(n->param + p->at, bias, sizeof bias);
	memset(given, 0, sizeof given);
	return n;
}

static float weight_of(const struct net *n, size_t i)
{
	const struct layer_param *p;

	net_param(n, i / 4, &p);
	return n->param[p->at + i % 4];
}

static void check_small(const struct net *n, const double expected[6])
{
	for (size_t i = 0; i < 6; i++)
		check(fabs((double)weight_of(n, i) - expected[i]) < TOLERANCE,
			"parameter %zu is %.9g, should be %.9g", i, (double)weight_of(n, i),
			expected[i]);
}

/* The gradient (3, 4, 0 ...) has norm 5; bound to 1 it is (0.6, 0.8, 0 ...). */
static void clips_the_whole_gradient(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = small_net(w);
	struct optim o;
	const struct layer_param *p;

	(void)state;
	optim_defaults(&o, optim_kind_find("sgd"));
	o.clip = 1;
	assert_int_equal(optim_init(&o, n, &e), 0);
	net_param(n, 0, &p);
	given[p->at] = 3;
	given[p->at + 1] = 4;
	assert_true(fabs(optim_step(&o, n, 1, take_given) - 5) < 1e-12);
	check_small(n, (const double[]){2.4, 3.2, 0.3, 0.4, 7, 8});
	optim_release(&o);
	net_free(n);
	workers_free(w);
}

/* Row (3, 4) has norm 5 and squared norm 25; row (0.3, 0.4) is within; biases do not count. */
static void bounds_incoming_weights(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);

	(void)state;
	for (int squared = 0; squared <= 1; squared++) {
		struct net *n = small_net(w);
		struct optim o;

		optim_defaults(&o, optim_kind_find("sgd"));
		o.max_norm = squared ? 6.25 : 2.5;
		o.max_norm_of = squared ? OPTIM_SQUARED_NORM : OPTIM_NORM;
		assert_int_equal(optim_init(&o, n, &e), 0);
		optim_step(&o, n, 0.1, take_given);
		check_small(n, (const double[]){1.5, 2, 0.3, 0.4, 7, 8});
		assert_true(weight_of(n, 2) == 0.3f && weight_of(n, 3) == 0.4f);
		optim_release(&o);
		net_free(n);
	}
	workers_free(w);
}

/* The bound holds after the step, not before: a step that grows a row is cut back. */
static void bounds_after_the_step(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = small_net(w);
	struct optim o;
	const struct layer_param *p;

	(void)state;
	optim_defaults(&o, optim_kind_find("sgd"));
	o.max_norm = 5;
	assert_int_equal(optim_init(&o, n, &e), 0);
	net_param(n, 0, &p);
	given[p->at] = -3; /* (6, 8): norm 10 */
	given[p->at + 1] = -4;
	optim_step(&o, n, 1, take_given);
	check_small(n, (const double[]){3, 4, 0.3, 0.4, 7, 8});
	optim_release(&o);
	net_free(n);
	workers_free(w);
}

static void run_steps(const struct optim_kind *kind, int threads, float *param)
{
	struct err e;
	struct workers *w = workers_new(threads, &e);
	struct net *n = make_net(NET, &input_shape, w);
	struct optim o;

	assert_non_null(w);
	optim_defaults(&o, kind);
	o.clip = 0.7;
	o.max_norm = 3;
	o.momentum = 0.9;
	assert_int_equal(optim_init(&o, n, &e), 0);
	net_init(n, INITIALIZER_HE, 3);
	for (uint32_t t = 0; t < 3; t++) {
		set_gradient(n, t);
		optim_step(&o, n, 0.1, take_given);
	}
	memcpy(param, n->param, n->arena * sizeof *param);
	optim_release(&o);
	net_free(n);
	workers_free(w);
}

static void same_bytes_for_any_workers(void **state)
{
	static float one[50000], more[50000];

	(void)state;
	for (const struct optim_kind *const *k = optim_kinds(); *k != NULL; k++) {
		run_steps(*k, 1, one);
		for (int threads = 2; threads <= 4; threads++) {
			run_steps(*k, threads, more);
			assert_memory_equal(one, more, sizeof one);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_pytorchs),
		cmocka_unit_test(defaults_are_as_published),
		cmocka_unit_test(clips_the_whole_gradient),
		cmocka_unit_test(bounds_incoming_weights),
		cmocka_unit_test(bounds_after_the_step),
		cmocka_unit_test(same_bytes_for_any_workers),
	};

	return cmocka_run_group_tests_name("optim", tests, NULL, NULL);
}
