/* SPDX-License-Identifier: ISC */
/* Whole nets: sizes, names, initial weights, dropout, and forward passes in double. */
#include "net.h"

#include "err.h"
#include "made.h"
#include "size.h"
#include "stencil.h"
#include "unit.h"
#include "whole.h"

#include <stdio.h>
#include <string.h>

/* DESIGN section 3 and REFERENCE section 1 count these nets' parameters. */
static void counts_parameters(void **state)
{
	static const struct {
		const char *text;
		size_t params, macs, classes;
	} nets[] = {{"784-1200-1200-10", 2395210, 784 * 1200 + 1200 * 1200 + 1200 * 10, 10},
		{"784-100-100-10", 89610, 784 * 100 + 100 * 100 + 100 * 10, 10},
		{"784-512-26", 415258, 784 * 512 + 512 * 26, 26}, {"relu", 0, 0, 784},
		{"drop:.2,fc:512,relu,drop,fc:26", 415258, 784 * 512 + 512 * 26, 26}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		struct net *n = make(nets[i].text, 784, 0, 0);

		assert_int_equal(n->params, nets[i].params);
		assert_int_equal(n->macs, nets[i].macs);
		assert_int_equal(n->classes, nets[i].classes);
		assert_true(n->arena >= n->params);
		net_free(n);
	}
}

/* PyTorch's state_dict of Sequential(Linear, ReLU, Dropout, Linear). */
static void names_parameters(void **state)
{
	static const struct {
		int position, rank;
		const char *layer, *name;
		size_t shape[2];
	} expected[] = {{0, 2, "0", "weight", {7, 5}}, {0, 1, "0", "bias", {7, 0}},
		{3, 2, "3", "weight", {4, 7}}, {3, 1, "3", "bias", {4, 0}}};
	struct net *n = make("fc:7,relu,drop,fc:4", 5, 0, 0);
	const struct layer_param *p;
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		const struct layer *l = net_param(n, i, &p);

		assert_non_null(l);
		assert_int_equal(l->position, expected[i].position);
		assert_string_equal(l->name, expected[i].layer);
		assert_string_equal(p->name, expected[i].name);
		assert_int_equal(p->rank, expected[i].rank);
		assert_int_equal(p->shape[0], expected[i].shape[0]);
		if (p->rank > 1)
			assert_int_equal(p->shape[1], expected[i].shape[1]);
		assert_true(p->at + p->count <= n->arena);
	}
	assert_null(net_param(n, i, &p));
	net_free(n);
}

static void refuses_what_does_not_fit(void **state)
{
	struct err e;
	struct net *n;

	(void)state;
	check_refuses("784-10", 100, "784");
	check_refuses("fc:5,784-10", 100, "784");
	check_refuses("fc:wide", 100, "number");
	check_refuses("fc:2147483647,fc:2147483647,fc:2147483647", 100, "");
	check_refuses("1000*fc:2147483647", 2147483647, "");
	size_set_limit(1000000);
	check_refuses("784-1200-1200-10", 784, "limit");
	n = make("784-100-10", 784, 0, 0); /* 318,040 bytes of parameters */
	assert_int_equal(net_prepare(n, 100000, 1, &e), -1);
	assert_non_null(strstr(e.text, "limit"));
	assert_int_equal(net_prepare(n, 10, 0, &e), 0); /* it is still usable */
	size_set_limit(0);
	assert_int_equal(net_prepare(n, SIZE_MAX / 2, 1, &e), -1);
	assert_int_equal(net_memory(n, SIZE_MAX / 2, 1), 0);
	assert_true(net_memory(n, 1000, 1) > net_memory(n, 1000, 0));
	assert_true(net_memory(n, 100, 0) >= 4 * n->params + 4 * 100 * (100 + 10));
	net_free(n);
}

/* --- initial weights --- */

struct moments {
	double mean, variance, most;
};

static struct moments moments_of(const float *v, size_t n)
{
	struct moments m = {0, 0, 0};

	for (size_t i = 0; i < n; i++) {
		m.mean += (double)v[i] / (double)n;
		m.variance += (double)v[i] * (double)v[i] / (double)n;
		m.most = fmax(m.most, fabs((double)v[i]));
	}
	return m;
}

/* Moments of the weights within 5 standard errors; of 784 x 300 values they are tight. */
static void check_init(enum initializer how, double variance, double most)
{
	struct net *n = make("784-300-10", 784, 0, 0);
	const struct layer_param *p;
	struct moments m;
	double count;

	net_init(n, how, 9);
	assert_non_null(net_param(n, 0, &p));
	m = moments_of(n->param + p->at, p->count);
	count = (double)p->count;
	assert_true(fabs(m.mean) < 5 * sqrt(variance / count));
	/* var of x^2: 4/5 var^2 uniform, 2 var^2 normal. */
	assert_true(fabs(m.variance - variance) < 5 * variance * sqrt(2 / count));
	assert_true(m.most <= most * (1 + 1e-6) && m.most > most * 0.6);
	assert_non_null(net_param(n, 1, &p));
	m = moments_of(n->param + p->at, p->count);
	if (how == INITIALIZER_TORCH)
		assert_true(m.variance > variance / 2 && m.most <= most * (1 + 1e-6));
	else
		assert_true(m.most == 0);
	net_free(n);
}

static void initial_weights_have_their_moments(void **state)
{
	double glorot = sqrt(6.0 / (784 + 300)), torch = 1 / sqrt(784);

	(void)state;
	check_init(INITIALIZER_GLOROT, glorot * glorot / 3, glorot);
	check_init(INITIALIZER_TORCH, torch * torch / 3, torch);
	/* Of 235,200 normal values the largest is between 4 and 6.5 standard deviations. */
	check_init(INITIALIZER_HE, 2.0 / 784, 6.5 * sqrt(2.0 / 784));
}

static void initial_weights_are_of_the_seed(void **state)
{
	struct net *a = make("12-12-12-12", 12, 0, 0), *b = make("12-12-12-12", 12, 0, 0);
	const struct layer_param *p, *q;
	size_t bytes = a->arena * sizeof(float);

	(void)state;
	net_init(a, INITIALIZER_GLOROT, 1);
	net_init(b, INITIALIZER_GLOROT, 2);
	assert_memory_not_equal(a->param, b->param, bytes);
	net_init(b, INITIALIZER_GLOROT, 1);
	assert_memory_equal(a->param, b->param, bytes);
	/* Two layers of one shape do not start alike. */
	net_param(a, 0, &p);
	net_param(a, 2, &q);
	assert_memory_not_equal(a->param + p->at, a->param + q->at, p->count * sizeof(float));
	net_free(a);
	net_free(b);
}

/* --- forward --- */

#define ROWS 37
#define INS 50

struct input {
	float value[ROWS * INS];
	uint32_t item[ROWS];
	struct batch batch;
};

static void fill_input(struct input *in)
{
	stencil_points(in->value, ROWS * INS, 0, 4);
	for (uint32_t i = 0; i < ROWS; i++)
		in->item[i] = i * 3 % ROWS;
	in->batch = (struct batch){.n = ROWS, .input = in->value, .item = in->item};
}

/* One layer in double; returns the number of outputs. */
static size_t layer_in_double(
	const struct net *n, const struct layer *l, const double *x, double *y)
{
	size_t ins = shape_values(&l->in), outs = shape_values(&l->out);

	for (size_t i = 0; i < outs; i++) {
		if (strcmp(l->kind->name, "fc") == 0) {
			y[i] = (double)n->param[l->param[1].at + i];
			for (size_t k = 0; k < ins; k++)
				y[i] += (double)n->param[l->param[0].at + i * ins + k] * x[k];
		} else if (strcmp(l->kind->name, "relu") == 0) {
			y[i] = x[i] > 0 ? x[i] : 0;
		} else {
			y[i] = strcmp(l->kind->name, "tanh") == 0 ? tanh(x[i]) : x[i];
		}
	}
	return outs;
}

/* Tolerance: two products of at most 60 terms below 2 in float, 60 * 2^-24 * 60 * 2 = 4e-4 at
 * worst, some 1e-6 in the mean. */
static void check_forward(const char *text)
{
	struct net *n = make(text, INS, ROWS + 3, 1);
	static struct input in;
	const float *logits;

	fill_input(&in);
	net_init(n, INITIALIZER_TORCH, 3);
	logits = whole_forward(n, &in.batch, 0, 0);
	for (size_t row = 0; row < ROWS; row++) {
		double x[64], y[64] = {0};

		for (size_t i = 0; i < INS; i++)
			x[i] = (double)in.value[row * INS + i];
		for (int l = 0; l < n->layers; l++)
			memcpy(x, y, layer_in_double(n, &n->layer[l], x, y) * sizeof x[0]);
		for (size_t i = 0; i < n->classes; i++)
			check(fabs((double)logits[row * n->classes + i] - x[i]) < 2e-6,
				"%s: row %zu, logit %zu is %.9g, should be %.9g", text, row, i,
				(double)logits[row * n->classes + i], x[i]);
	}
	net_free(n);
}

static void forward_agrees_with_double(void **state)
{
	(void)state;
	check_forward("fc:10");
	check_forward("50-60-60-10");
	check_forward("drop:.2,fc:60,tanh,drop,fc:40,relu,fc:7");
	check_forward("tanh,relu,fc:3,drop");
	check_forward("relu");
}

/* Prepared for inference (buffers in turn) or for training (all kept): the same logits. */
static void inference_is_the_same_either_way(void **state)
{
	static const char *const text[] = {
		"drop:.2,fc:60,tanh,drop,relu,fc:40,relu,drop,fc:7,fc:5",
		"fc:60,+(fc:60,relu,fc:60|),relu,+(fc:60,relu,fc:60|),relu,fc:5",
		"fc:60,+(|fc:60,relu,fc:60),+(|tanh,fc:60|relu),(relu|drop|tanh,fc:7),fc:5",
		"(fc:9,(fc:3|tanh)|fc:70,+(tanh|relu,fc:70)|),drop,(fc:3|+(fc:2|fc:2))",
		"bn,fc:60,bn,relu,+(fc:60,bn|),bn,bn,tanh,(bn|),fc:5"};
	static struct input in;

	(void)state;
	fill_input(&in);
	for (size_t i = 0; i < sizeof text / sizeof text[0]; i++) {
		struct net *a = make(text[i], INS, ROWS, 1),
			   *b = make(text[i], INS, ROWS + 9, 0);

		net_init(a, INITIALIZER_HE, 3);
		net_init(b, INITIALIZER_HE, 3);
		assert_int_equal(a->classes, 5);
		assert_memory_equal(whole_forward(a, &in.batch, 0, 1),
			whole_forward(b, &in.batch, 0, 2), ROWS * 5 * sizeof(float));
		net_free(a);
		net_free(b);
	}
}

/* --- dropout --- */

#define WIDTH 4000

/* Kept values are x / (1 - p) exactly, and their share is 1 - p within 5 standard errors. */
static void drops_its_share(void **state)
{
	static const double ps[] = {0.1, 0.5, 0.8};
	static float x[8 * WIDTH];
	static const uint32_t item[8] = {0, 1, 2, 3, 4, 5, 6, 7};
	struct batch b = {.n = 8, .input = x, .item = item};

	(void)state;
	for (size_t i = 0; i < 8 * WIDTH; i++)
		x[i] = 3;
	for (size_t k = 0; k < 3; k++) {
		double p = ps[k], kept = 0, n = 8 * WIDTH;
		char text[20];
		struct net *net;
		const float *y;

		snprintf(text, sizeof text, "drop:%g", p);
		net = make(text, WIDTH, 8, 1);
		y = whole_forward(net, &b, 1, 6);
		for (size_t i = 0; i < 8 * WIDTH; i++) {
			assert_true(y[i] == 0 || fabs((double)y[i] * (1 - p) - 3) < 1e-6);
			kept += y[i] != 0;
		}
		assert_true(fabs(kept / n - (1 - p)) < 5 * sqrt(p * (1 - p) / n));
		assert_memory_equal(whole_forward(net, &b, 0, 6), x, sizeof x);
		net_free(net);
	}
}

/* The mask of an item: of seed, layer, epoch and item, not of its place in the batch. */
static void mask_of(uint64_t seed, uint32_t epoch, const uint32_t item[2], int row, int second,
	uint8_t mask[WIDTH])
{
	static float x[2 * WIDTH];
	struct batch b = {.n = 2, .input = x, .item = item, .epoch = epoch};
	struct net *net = make(second ? "tanh,drop" : "drop", WIDTH, 2, 1);
	const float *y;

	for (size_t i = 0; i < 2 * WIDTH; i++)
		x[i] = 1;
	y = whole_forward(net, &b, 1, seed) + row * WIDTH;
	for (size_t i = 0; i < WIDTH; i++)
		mask[i] = y[i] != 0;
	net_free(net);
}

/* Independent masks of one half agree in half of the places: 2000 +- 32. */
static void check_independent(const uint8_t *a, const uint8_t *b)
{
	size_t same = 0;

	for (size_t i = 0; i < WIDTH; i++)
		same += a[i] == b[i];
	assert_in_range(same, WIDTH / 2 - 160, WIDTH / 2 + 160);
}

static void masks_are_of_seed_layer_epoch_and_item(void **state)
{
	static const uint32_t ab[2] = {10, 11}, ba[2] = {11, 10};
	static uint8_t mask[WIDTH], other[WIDTH];

	(void)state;
	mask_of(1, 2, ab, 0, 0, mask);
	mask_of(1, 2, ba, 1, 0, other);
	assert_memory_equal(mask, other, WIDTH);
	mask_of(1, 2, ab, 1, 0, other); /* another item */
	check_independent(mask, other);
	mask_of(1, 3, ab, 0, 0, other); /* another epoch */
	check_independent(mask, other);
	mask_of(2, 2, ab, 0, 0, other); /* another seed */
	check_independent(mask, other);
	mask_of(1, 2, ab, 0, 1, other); /* another layer */
	check_independent(mask, other);
}

/* --- bytes --- */

#define VALUES 500000

/* What a batch leaves: the gradient, and behind it the running statistics' arena. */
static void train_once(const char *text, int threads, float left[2 * VALUES])
{
	static float x[130 * INS];
	static uint32_t item[130];
	struct batch b = {.n = 130, .input = x, .item = item, .epoch = 1};
	struct shape in = {2, 5, 5};
	struct err e;
	struct workers *w = workers_new(threads, &e);
	struct net *net = net_new(text, &in, w, &e);

	check(net != NULL, "%s: %s", text, e.text);
	assert_true(net->arena <= VALUES);
	assert_int_equal(net_prepare(net, 200, 1, &e), 0);
	net_init(net, INITIALIZER_GLOROT, 1);
	stencil_points(x, 130 * INS, 0, 1);
	for (uint32_t i = 0; i < 130; i++)
		item[i] = i;
	memset(left, 0, 2 * VALUES * sizeof *left);
	memcpy(net_dlogits(net), whole_forward(net, &b, 1, 8), 130 * 10 * sizeof(float));
	whole_backward(net, left);
	memcpy(left + VALUES, net->param, net->arena * sizeof *left);
	net_free(net);
	workers_free(w);
}

static void check_bytes(const char *text, size_t least)
{
	static float one[2 * VALUES], more[2 * VALUES];
	size_t nonzero = 0;

	train_once(text, 1, one);
	for (size_t i = 0; i < VALUES; i++)
		nonzero += one[i] != 0;
	assert_true(nonzero > least);
	for (int threads = 2; threads <= 7; threads++) {
		train_once(text, threads, more);
		assert_memory_equal(one, more, sizeof one);
	}
}

static void same_bytes_for_any_workers(void **state)
{
	(void)state;
	check_bytes("drop:.2,fc:700,relu,drop,fc:600,tanh,fc:10", 200000);
	check_bytes(
		"fc:300,+(drop:.2,fc:300,relu,fc:300|),relu,(fc:200,tanh|drop|fc:150),fc:10",
		200000);
	check_bytes("conv3x3:12/p1/nobias,bn,relu,+(dw3x3/p1,bn,conv1x1:12,bn|),relu,drop,gap,"
		    "bn,fc:10",
		500);
	check_bytes(
		"conv1x1:3,conv3x3:300/p1,tanh,flatten,fc:10", 8000); /* in several blocks */
}

/* Two workers have as much to do where units are cut into an even number of parts, whose sizes
 * are full tiles. */
static void cuts_units_for_two(void **state)
{
	static const size_t units_parts[][2] = {
		{1, 1}, {24, 1}, {26, 2}, {48, 2}, {64, 4}, {100, 5}};

	(void)state;
	for (size_t i = 0; i < sizeof units_parts / sizeof units_parts[0]; i++) {
		char text[32];
		struct net *n;

		snprintf(text, sizeof text, "fc:%zu", units_parts[i][0]);
		n = make(text, 5, 0, 0);
		check(n->parts == units_parts[i][1], "%s is cut into %zu parts", text,
			n->parts);
		assert_true((n->part[0].to - n->part[0].from) % 8 == 0 || n->parts == 1);
		net_free(n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_parameters),
		cmocka_unit_test(names_parameters),
		cmocka_unit_test(refuses_what_does_not_fit),
		cmocka_unit_test(initial_weights_have_their_moments),
		cmocka_unit_test(initial_weights_are_of_the_seed),
		cmocka_unit_test(forward_agrees_with_double),
		cmocka_unit_test(inference_is_the_same_either_way),
		cmocka_unit_test(drops_its_share),
		cmocka_unit_test(masks_are_of_seed_layer_epoch_and_item),
		cmocka_unit_test(same_bytes_for_any_workers),
		cmocka_unit_test(cuts_units_for_two),
	};

	return cmocka_run_group_tests_name("net", tests, set_up_pool, tear_down_pool);
}
