/* SPDX-License-Identifier: ISC */
/* Where nets are cut for what a batch's statistics need, and these statistics. */
#include "net.h"

#include "made.h"
#include "optim.h"
#include "stencil.h"
#include "whole.h"

#include <math.h>

/* --- cuts --- */

/* `froms` are the first layers of the stages. */
static void check_stages(
	const char *text, const char *frozen, int training, int stages, const int *froms)
{
	struct net *n = make(text, 8, 0, 0);
	struct err e;

	if (frozen != NULL)
		assert_int_equal(net_freeze(n, frozen, &e), 0);
	assert_int_equal(net_prepare(n, 20, training, &e), 0);
	check(n->stages == stages, "%s has %d stages, not %d", text, n->stages, stages);
	for (int i = 0; i < stages; i++) {
		const struct net_stage *s = &n->stage[i];

		assert_int_equal(s->from, froms[i]);
		assert_int_equal(s->to, i + 1 < stages ? froms[i + 1] : n->layers);
		assert_int_equal(s->waits, i > 0);
		assert_in_range(s->chunk, 1, n->chunk);
	}
	net_free(n);
}

static void cuts_where_layers_wait(void **state)
{
	(void)state;
	check_stages("fc:9,relu,fc:3", NULL, 1, 1, (const int[]){0});
	check_stages("fc:9,bn,relu,fc:3,bn", NULL, 1, 3, (const int[]){0, 1, 4});
	check_stages("bn,bn", NULL, 1, 3, (const int[]){0, 0, 1});
	check_stages("fc:4,+(bn,relu,fc:4|bn),bn", NULL, 1, 4, (const int[]){0, 1, 4, 6});
	check_stages("fc:9,bn,relu,fc:3,bn", NULL, 0, 1, (const int[]){0});
	check_stages("fc:9,bn,relu,fc:3,bn", "1.*", 1, 2, (const int[]){0, 4});
	check_stages("fc:9,bn,relu,fc:3,bn", "1.bias,4.*", 1, 2, (const int[]){0, 1});
}

#define ROWS 37
#define INPUTS 8

struct input {
	float value[ROWS * INPUTS];
	uint32_t item[ROWS];
	struct batch batch;
};

/* About `mean`, with deviations near 1. */
static void fill(struct input *in, float mean)
{
	stencil_points(in->value, ROWS * INPUTS, 0, 1);
	for (size_t i = 0; i < ROWS * INPUTS; i++)
		in->value[i] += mean;
	in->batch = (struct batch){.n = ROWS, .input = in->value, .item = in->item};
}

static void train_in_chunks(size_t chunk, float *grad, struct net **net)
{
	struct net *n = *net =
		make("fc:16,bn,relu,+(fc:16,bn|),drop,fc:16,bn,fc:5", INPUTS, ROWS, 1);
	static struct input in;

	fill(&in, 0);
	net_init(n, INITIALIZER_TORCH, 1);
	for (int i = 0; chunk > 0 && i < n->stages; i++)
		n->stage[i].chunk = chunk + (size_t)i;
	memcpy(net_dlogits(n), whole_forward(n, &in.batch, 1, 3), ROWS * 5 * sizeof *grad);
	whole_backward(n, grad);
}

/* Each stage may have chunks of its own, and nobody sees it. */
static void same_bytes_in_any_chunks(void **state)
{
	static float grad[5000], other[5000];
	struct net *a, *b;

	(void)state;
	train_in_chunks(0, grad, &a);
	assert_true(a->arena <= 5000 && a->chunk >= 16);
	for (size_t chunk = 1; chunk < 10; chunk += 2) {
		train_in_chunks(chunk, other, &b);
		assert_memory_equal(grad, other, sizeof grad);
		assert_memory_equal(a->param, b->param, a->arena * sizeof(float));
		net_free(b);
	}
	net_free(a);
}

/* --- statistics --- */

struct moments {
	double mean, variance; /* biased */
};

static struct moments moments_of(const struct input *in, size_t c)
{
	struct moments m = {0, 0};

	for (size_t i = 0; i < ROWS; i++)
		m.mean += (double)in->value[i * INPUTS + c] / ROWS;
	for (size_t i = 0; i < ROWS; i++)
		m.variance += pow((double)in->value[i * INPUTS + c] - m.mean, 2) / ROWS;
	return m;
}

static const float *buffer(const struct net *n, const char *wanted)
{
	const struct layer_param *p;
	const struct layer *l;
	char name[NET_PARAM_NAME];

	for (size_t i = 0; (l = net_tensor(n, i, &p)) != NULL; i++)
		if (strcmp(net_param_name(l, p, name), wanted) == 0)
			return n->param + p->at;
	fail_msg("there is no %s", wanted);
	return NULL;
}

static int64_t batches(const struct net *n)
{
	int64_t count;

	memcpy(&count, buffer(n, "0.num_batches_tracked"), sizeof count);
	return count;
}

/*
 * Outputs are near 1 and inputs exact floats; of a mean of 2^14 deviations nothing is lost but
 * the running mean's own rounding, 2^-24 of it.
 */
static void check_statistics(float mean)
{
	struct net *n = make("bn/m=0.25/e=0.5", INPUTS, ROWS, 1);
	static struct input in;
	const float *out;

	fill(&in, mean);
	net_init(n, INITIALIZER_HE, 1);
	out = whole_forward(n, &in.batch, 1, 0);
	for (size_t c = 0; c < INPUTS; c++) {
		struct moments m = moments_of(&in, c);
		double running = 0.25 * m.mean, unbiased = m.variance * ROWS / (ROWS - 1);

		for (size_t i = 0; i < ROWS; i++) {
			double x = (double)in.value[i * INPUTS + c] - m.mean;

			check(fabs((double)out[i * INPUTS + c] - x / sqrt(m.variance + 0.5)) <
					1e-6,
				"mean %g: value %zu of channel %zu is %g", (double)mean, i, c,
				(double)out[i * INPUTS + c]);
		}
		assert_true(fabs((double)buffer(n, "0.running_mean")[c] - running) <=
			    0x1p-23 * fabs(running));
		assert_true(fabs((double)buffer(n, "0.running_var")[c] -
				    (0.75 + 0.25 * unbiased)) < 1e-6);
	}
	assert_int_equal(batches(n), 1);
	net_free(n);
}

static void statistics_are_exact(void **state)
{
	(void)state;
	check_statistics(0);
	check_statistics(-1000);
	check_statistics(16384);
}

/* The same of maps, where a plane is summed in lanes; they are one value, and the others. */
static void planes_of_a_large_mean(void **state)
{
	enum { SIDE = 23, PLANE = SIDE * SIDE };
	static float x[2 * PLANE], dx;
	static uint32_t item[2];
	struct batch b = {.n = 2, .input = x, .item = item};
	struct shape in = {1, SIDE, SIDE};
	struct err e;
	struct net *n = net_new("bn/e=1e-9", &in, pool, &e);
	double square = 0, mean = 0;
	const float *out;

	(void)state;
	assert_non_null(n);
	assert_int_equal(net_prepare(n, 2, 1, &e), 0);
	net_init(n, INITIALIZER_HE, 1);
	for (size_t i = 0; i < 2 * PLANE; i++) {
		dx = (float)(i * 37 % 64) / 64;
		x[i] = 5000 + dx;
	}
	out = whole_forward(n, &b, 1, 0);
	for (size_t i = 0; i < 2 * PLANE; i++) {
		mean += (double)out[i] / (2 * PLANE);
		square += (double)out[i] * (double)out[i] / (2 * PLANE);
	}
	check(fabs(mean) < 1e-6 && fabs(square - 1) < 1e-6, "mean %g, variance %g", mean,
		square);
	net_free(n);
}

/* A value a channel: no variance. It goes by the running statistics, which stay. */
static void a_single_value_goes_by_the_running_ones(void **state)
{
	static struct input in;
	struct net *n = make("bn", INPUTS, ROWS, 1), *other = make("bn", INPUTS, 1, 0);
	float running[INPUTS];

	(void)state;
	fill(&in, 3);
	net_init(n, INITIALIZER_HE, 1);
	whole_forward(n, &in.batch, 1, 0);
	memcpy(running, buffer(n, "0.running_var"), sizeof running);
	memcpy(other->param, n->param, n->arena * sizeof(float));
	in.batch.n = 1;
	assert_memory_equal(whole_forward(n, &in.batch, 1, 0),
		whole_forward(other, &in.batch, 0, 0), INPUTS * sizeof(float));
	assert_memory_equal(running, buffer(n, "0.running_var"), sizeof running);
	assert_int_equal(batches(n), 1);
	net_free(n);
	net_free(other);
}

/* Optimisers step, decay and bound parameters, of which statistics are none. */
static void optimisers_leave_them(void **state)
{
	static struct input in;
	struct net *n = make("bn,fc:3", INPUTS, ROWS, 1);
	float mean[INPUTS], variance[INPUTS], weight[INPUTS];
	struct optim o;
	struct err e;

	(void)state;
	fill(&in, 3);
	net_init(n, INITIALIZER_HE, 1);
	assert_int_equal(n->params, 2 * INPUTS + 3 * INPUTS + 3);
	assert_int_equal(n->statistics, 2 * INPUTS);
	optim_defaults(&o, optim_kind_find("adamw"));
	o.weight_decay = 0.5;
	o.max_norm = 0.1;
	assert_int_equal(optim_init(&o, n, &e), 0);
	whole_forward(n, &in.batch, 1, 0);
	stencil_points(net_dlogits(n), ROWS * 3, 0, 2);
	net_backward(n);
	memcpy(mean, buffer(n, "0.running_mean"), sizeof mean);
	memcpy(variance, buffer(n, "0.running_var"), sizeof variance);
	memcpy(weight, buffer(n, "0.weight"), sizeof weight);
	optim_step(&o, n, 0.1, net_gradient);
	assert_memory_equal(mean, buffer(n, "0.running_mean"), sizeof mean);
	assert_memory_equal(variance, buffer(n, "0.running_var"), sizeof variance);
	assert_memory_not_equal(weight, buffer(n, "0.weight"), sizeof weight);
	assert_int_equal(batches(n), 1);
	optim_release(&o);
	net_free(n);
}

static void refuses_what_it_cannot(void **state)
{
	(void)state;
	check_refuses("bn/e=0", 5, "bn/e=0: expected a number above 0");
	check_refuses("bn/m=1.5", 5, "bn/m=1.5: expected a number from 0 to 1");
	check_refuses("bn:3", 5, "takes no number");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_where_layers_wait),
		cmocka_unit_test(same_bytes_in_any_chunks),
		cmocka_unit_test(statistics_are_exact),
		cmocka_unit_test(planes_of_a_large_mean),
		cmocka_unit_test(a_single_value_goes_by_the_running_ones),
		cmocka_unit_test(optimisers_leave_them),
		cmocka_unit_test(refuses_what_it_cannot),
	};

	return cmocka_run_group_tests_name("net-stages", tests, set_up_pool, tear_down_pool);
}
