/* SPDX-License-Identifier: ISC */
/* Batches of large items, which go through a net in groups. */
#include "made.h"
#include "net-stages.h"
#include "stencil.h"
#include "whole.h"

#include <math.h>

#define ROWS 21
#define SIDE 12
#define CLASSES 5

static void check_group(const char *text, size_t side, size_t batch, size_t group)
{
	struct shape in = {3, side, side};

	for (int threads = 1; threads < 10; threads += 4) {
		struct err e;
		struct workers *w = workers_new(threads, &e);
		struct net *n = net_new(text, &in, w, &e);

		check(n != NULL, "%s: %s", text, e.text);
		net_cut_stages(n, batch, 1);
		check(n->group == group, "%s goes in groups of %zu, not %zu", text, n->group,
			group);
		net_cut_stages(n, batch, 0);
		assert_int_equal(n->group, batch);
		net_free(n);
		workers_free(w);
	}
}

/* Of 2^25 activations, in steps of 8 items, whoever works. */
static void cuts_by_shape_and_batch(void **state)
{
	(void)state;
	check_group("conv1x1:8,relu,flatten,fc:4", 32, 1000, 1000);
	check_group("conv1x1:8,relu,flatten,fc:4", 128, 200, 200);
	check_group("conv1x1:8,relu,flatten,fc:4", 128, 1000, 248);
	check_group("conv1x1:80,relu,gap,fc:4", 256, 3, 3);
	check_group("conv1x1:80,relu,gap,fc:4", 256, 32, 8);
	check_group("conv1x1:40,relu,conv1x1:40,bn,gap,fc:4", 256, 32, 32);
}

/* Each group needs the same memory again; only inputs, which are the caller's, and logits grow.
 */
static void memory_stops_growing(void **state)
{
	struct shape in = {3, 256, 256};
	struct net *n = make_of("conv1x1:80,relu,gap,fc:4", &in, 0, 0);
	size_t one, more;

	(void)state;
	one = net_memory(n, 24, 1);
	more = net_memory(n, 800, 1);
	assert_true(one < net_memory(n, 8, 1) + 3 * sizeof(float) * n->arena + 4096);
	assert_in_range(more - one, 776 * 4 * sizeof(float), 776 * 4 * sizeof(float) + 4096);
	net_free(n);
}

struct run {
	float *input, *dlogits;
	int entered[ROWS], left[ROWS];
};

static void enter(void *run, size_t from, size_t to)
{
	struct run *r = run;

	while (from < to)
		r->entered[from++]++;
}

static void leave(void *run, size_t from, size_t to, const float *logits, float *dlogits)
{
	struct run *r = run;

	(void)logits;
	memcpy(dlogits, r->dlogits + from * CLASSES, (to - from) * CLASSES * sizeof *dlogits);
	while (from < to)
		r->left[from++]++;
}

/* The net is prepared for one group, which is then cut. */
static float *train(const char *text, size_t group, int threads, float *logits)
{
	static uint32_t item[ROWS];
	struct shape in = {2, SIDE, SIDE};
	struct err e;
	struct workers *w = workers_new(threads, &e);
	struct net *n = net_new(text, &in, w, &e);
	struct run r = {.input = test_calloc(ROWS * shape_values(&in), sizeof(float)),
		.dlogits = test_calloc(ROWS * CLASSES, sizeof(float))};
	struct net_visitor v = {enter, leave, &r};
	struct batch b = {.n = ROWS, .input = r.input, .item = item};
	float *sums = test_calloc(2 * n->arena, sizeof *sums);
	struct whole_gradient g = {n, test_calloc(n->arena, sizeof(float))};

	assert_int_equal(net_prepare(n, ROWS, 1, &e), 0);
	assert_int_equal(n->group, ROWS);
	n->group = group;
	n->sum = sums;
	n->next = sums + n->arena;
	net_init(n, INITIALIZER_TORCH, 1);
	stencil_points(r.input, ROWS * shape_values(&in), 0, 1);
	stencil_points(r.dlogits, ROWS * CLASSES, 0, 2);
	for (uint32_t i = 0; i < ROWS; i++)
		item[i] = i;
	net_pack(n);
	net_start(n, &b, 1, 3);
	net_train(n, &v);
	workers_run(w, whole_gradient_part, &g, n->parts);
	for (size_t i = 0; i < ROWS; i++)
		assert_true(r.entered[i] == 1 && r.left[i] == 1);
	memcpy(logits, n->logits, ROWS * CLASSES * sizeof *logits);
	test_free(sums);
	test_free(r.input);
	test_free(r.dlogits);
	net_free(n);
	workers_free(w);
	return g.grad;
}

static const char *const texts[] = {"conv3x3:4,relu,maxpool2x2,drop,flatten,fc:9,tanh,fc:5",
	"(conv3x3:3/same|conv1x1:3),drop,dw3x3,+(conv1x1:6|),gap,fc:5,relu"};

static size_t net_values(const char *text)
{
	struct shape in = {2, SIDE, SIDE};
	struct net *n = make_of(text, &in, 0, 0);
	size_t values = n->arena;

	net_free(n);
	return values;
}

/* The sums of the groups' gradients are the batch's, but for the order of summation. */
static void groups_make_the_whole(void **state)
{
	float logits[ROWS * CLASSES], other[ROWS * CLASSES];

	(void)state;
	for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
		size_t values = net_values(texts[k]);
		float *whole = train(texts[k], ROWS, 2, logits);

		for (size_t group = 2; group < ROWS; group += 6) {
			float *grad = train(texts[k], group, 2, other);
			double worst = 0, most = 0;

			assert_memory_equal(logits, other, sizeof logits);
			for (size_t i = 0; i < values; i++) {
				worst = fmax(worst, fabs((double)grad[i] - (double)whole[i]));
				most = fmax(most, fabs((double)whole[i]));
			}
			check(most > 0 && worst < 1e-5 * most, "%s by %zu: off by %g of %g",
				texts[k], group, worst, most);
			test_free(grad);
		}
		test_free(whole);
	}
}

static void same_bytes_for_any_workers(void **state)
{
	float logits[ROWS * CLASSES], other[ROWS * CLASSES];

	(void)state;
	for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++) {
		size_t bytes = net_values(texts[k]) * sizeof(float);
		float *grad = train(texts[k], 8, 1, logits);

		for (int threads = 2; threads < 6; threads++) {
			float *more = train(texts[k], 8, threads, other);

			assert_memory_equal(grad, more, bytes);
			assert_memory_equal(logits, other, sizeof logits);
			test_free(more);
		}
		test_free(grad);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cuts_by_shape_and_batch),
		cmocka_unit_test(memory_stops_growing),
		cmocka_unit_test(groups_make_the_whole),
		cmocka_unit_test(same_bytes_for_any_workers),
	};

	return cmocka_run_group_tests_name("net-groups", tests, set_up_pool, tear_down_pool);
}
