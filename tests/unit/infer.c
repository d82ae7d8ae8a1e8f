/* SPDX-License-Identifier: ISC */
/* The inference loop: batches, views, subsets and threads must not change a bit of the logits.
 */
#include "infer.h"

#include "err.h"
#include "net.h"
#include "unit.h"
#include "whole.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define ITEMS 101
#define SIDE 5
#define VALUES (SIDE * SIDE)
#define CLASSES 3

static uint8_t pixels[ITEMS * VALUES];
static const struct dataset pictures = {
	.items = ITEMS, .shape = {1, SIDE, SIDE}, .images = pixels, .classes = CLASSES};
static const struct preprocess scale = {0.25, 0.5};

static int fill_pixels(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof pixels; i++)
		pixels[i] = (uint8_t)(i * 37 % 251);
	return 0;
}

static struct net *make_net(const char *spec, struct workers *w)
{
	struct err e;
	struct net *n = net_new(spec, &pictures.shape, w, &e);

	check(n != NULL, "%s", e.text);
	net_init(n, INITIALIZER_GLOROT, 7);
	return n;
}

static struct infer all_items(struct net *n)
{
	return (struct infer){.net = n, .preprocess = &scale, .data = &pictures};
}

struct copy {
	float *to;
	size_t classes;
};

static int copy_block(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	const struct copy *c = arg;

	(void)e;
	memcpy(c->to + first * c->classes, logits, n * c->classes * sizeof *logits);
	return 0;
}

/* All of them into an array [infer_items][classes]. */
static int run_into(const struct infer *in, float *logits, struct err *e)
{
	struct copy c = {logits, in->net->classes};

	return infer_run(in, copy_block, &c, e);
}

/* The truth to compare with: one item at a time through a net made ready for one. */
static void expect(struct net *n, uint32_t item, struct shift s, float *logits)
{
	float input[VALUES];
	struct batch b = {.n = 1, .item = &item, .input = input};
	struct scaler scaler;

	scaler_init(&scaler, &scale);
	augment_item(&pictures, &scaler, item, s, input);
	memcpy(logits, whole_forward(n, &b, 0, 0), CLASSES * sizeof *logits);
}

static void computes_logits(void **state)
{
	/* (value - 1) / 2 of two features; z = W x + b by hand */
	static const float features[] = {1, 3, -1, 1, 5, 1};
	static const float weight[] = {1, 2, -3, 0.5f}, bias[] = {0.25f, -1};
	const struct dataset d = {
		.items = 3, .shape = {2, 1, 1}, .features = features, .classes = 2};
	const struct preprocess p = {1, 2};
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = net_new("fc:2", &d.shape, w, &e);
	struct infer in = {.net = n, .preprocess = &p, .data = &d};
	const struct layer_param *param;
	float z[6];

	(void)state;
	assert_non_null(net_param(n, 0, &param));
	memcpy(n->param + param->at, weight, sizeof weight);
	assert_non_null(net_param(n, 1, &param));
	memcpy(n->param + param->at, bias, sizeof bias);
	assert_int_equal(infer_items(&in), 3);
	assert_int_equal(run_into(&in, z, &e), 0);
	/* x = (0, 1), (-1, 0), (2, 0) */
	assert_memory_equal(z, ((float[]){2.25f, -0.5f, -0.75f, 2, 2.25f, -7}), sizeof z);
	net_free(n);
	workers_free(w);
}

static void batches_do_not_matter(void **state)
{
	static const size_t batches[] = {0, 1, 7, 100, 101, 5000};
	struct err e;
	struct workers *w = workers_new(2, &e);
	struct net *n = make_net("25-40-3", w);
	float want[ITEMS * CLASSES], got[ITEMS * CLASSES];

	(void)state;
	assert_int_equal(net_prepare(n, 1, 0, &e), 0);
	for (uint32_t i = 0; i < ITEMS; i++)
		expect(n, i, (struct shift){0, 0, 0}, want + i * CLASSES);
	for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++) {
		struct net *fresh = make_net("25-40-3", w);
		struct infer in = all_items(fresh);

		in.batch = batches[i];
		memset(got, 0, sizeof got);
		assert_int_equal(run_into(&in, got, &e), 0);
		assert_memory_equal(got, want, sizeof want);
		net_free(fresh);
	}
	net_free(n);
	workers_free(w);
}

/* An item's only product is too small for a float, -0; beside an item without margins +0 is
 * added to it. */
static void margins_do_not_matter(void **state)
{
	enum { VALUES_OF_ITEM = 32, UNITS = 2 };
	float features[2 * VALUES_OF_ITEM] = {1e-30f}, got[2][2 * UNITS];
	const struct dataset d = {.items = 2,
		.shape = {VALUES_OF_ITEM, 1, 1},
		.features = features,
		.classes = UNITS};
	const struct preprocess as_it_is = {0, 1};
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = net_new("fc:2", &d.shape, w, &e);
	struct infer in = {.net = n, .preprocess = &as_it_is, .data = &d};
	const struct layer_param *param;

	(void)state;
	for (size_t i = 0; i < VALUES_OF_ITEM; i++)
		features[VALUES_OF_ITEM + i] = 1;
	assert_non_null(net_param(n, 0, &param));
	for (size_t i = 0; i < UNITS * VALUES_OF_ITEM; i++)
		n->param[param->at + i] = i % VALUES_OF_ITEM == 0 ? -1e-30f : 1;
	assert_non_null(net_param(n, 1, &param));
	for (size_t i = 0; i < UNITS; i++)
		n->param[param->at + i] = -0.0f;
	for (size_t i = 0; i < 2; i++) {
		in.batch = 2 - i; /* a net's batches grow no more */
		assert_int_equal(run_into(&in, got[i], &e), 0);
	}
	assert_memory_equal(got[0], got[1], sizeof got[0]);
	assert_true(got[0][0] == 0 && got[0][UNITS] == VALUES_OF_ITEM - 1);
	net_free(n);
	workers_free(w);
}

static void threads_do_not_matter(void **state)
{
	static const int threads[] = {1, 2, 4};
	float got[3][ITEMS * CLASSES];
	struct err e;

	(void)state;
	for (int i = 0; i < 3; i++) {
		struct workers *w = workers_new(threads[i], &e);
		struct net *n = make_net("25-40-3", w);
		struct infer in = all_items(n);

		in.augment = (struct augment){2, 1};
		in.batch = 64;
		assert_int_equal(run_into(&in, got[i], &e), 0);
		net_free(n);
		workers_free(w);
	}
	assert_memory_equal(got[0], got[1], sizeof got[0]);
	assert_memory_equal(got[0], got[2], sizeof got[0]);
}

static void shifts_views(void **state)
{
	static const uint32_t item[] = {100, 3, 3, 57};
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = make_net("25-8-3", w);
	struct infer in = all_items(n);
	float want[4 * CLASSES], got[4 * CLASSES], plain[4 * CLASSES];

	(void)state;
	in.item = item;
	in.items = 4;
	assert_int_equal(infer_items(&in), 4);
	assert_int_equal(run_into(&in, plain, &e), 0);
	in.augment = (struct augment){2, 1};
	in.view_seed = 99;
	in.view = 5;
	assert_int_equal(run_into(&in, got, &e), 0);
	for (int i = 0; i < 4; i++)
		expect(n, item[i], augment_view(99, 5, item[i], &in.augment),
			want + i * CLASSES);
	assert_memory_equal(got, want, sizeof want);
	assert_memory_not_equal(got, plain, sizeof want);
	for (int i = 0; i < 4; i++)
		expect(n, item[i], (struct shift){0, 0, 0}, want + i * CLASSES);
	assert_memory_equal(plain, want, sizeof want);
	net_free(n);
	workers_free(w);
}

/* Validation within training: small batches, dropout in the net but off. */
static void takes_nets_in_training(void **state)
{
	struct err e;
	struct workers *w = workers_new(2, &e);
	struct net *n = make_net("fc:16,relu,drop:.5,fc:3", w);
	struct net *other = make_net("fc:16,relu,drop:.5,fc:3", w);
	struct infer in = all_items(n);
	float got[ITEMS * CLASSES], want[ITEMS * CLASSES];

	(void)state;
	assert_int_equal(net_prepare(n, 10, 1, &e), 0);
	assert_int_equal(run_into(&in, got, &e), 0);
	assert_int_equal(n->batch, 10);
	in.net = other;
	assert_int_equal(run_into(&in, want, &e), 0);
	assert_memory_equal(got, want, sizeof want);
	net_free(n);
	net_free(other);
	workers_free(w);
}

struct seen {
	size_t next, calls, refuse_at;
	volatile int stop;
	size_t stop_at;
};

static int take(void *arg, const float *logits, size_t first, size_t n, struct err *e)
{
	struct seen *s = arg;

	assert_non_null(logits);
	assert_int_equal(first, s->next);
	if (s->calls++ == s->refuse_at)
		return err_set(e, "no more");
	s->next += n;
	return 0;
}

static void note(void *arg, size_t done)
{
	struct seen *s = arg;

	assert_int_equal(done, s->next);
	if (done >= s->stop_at)
		s->stop = 1;
}

static void tells_and_stops(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = make_net("25-3", w);
	struct infer in = all_items(n);
	struct seen s = {.refuse_at = 1000, .stop_at = 1000};

	(void)state;
	in.batch = 20;
	in.progress = note;
	in.progress_arg = &s;
	in.stop = &s.stop;
	assert_int_equal(infer_run(&in, take, &s, &e), 0);
	assert_int_equal(s.next, ITEMS);
	assert_int_equal(s.calls, 6);
	s = (struct seen){.refuse_at = 2, .stop_at = 1000};
	assert_int_equal(infer_run(&in, take, &s, &e), -1);
	assert_string_equal(e.text, "no more");
	assert_int_equal(s.calls, 3);
	s = (struct seen){.refuse_at = 1000, .stop_at = 40};
	assert_int_equal(infer_run(&in, take, &s, &e), -1);
	assert_string_equal(e.text, "interrupted");
	assert_int_equal(s.calls, 2);
	net_free(n);
	workers_free(w);
}

static void refuses_other_shapes(void **state)
{
	const struct shape other = {1, 4, 4};
	struct err e;
	struct workers *w = workers_new(1, &e);
	struct net *n = net_new("fc:3", &other, w, &e);
	struct infer in = all_items(n);
	float z[ITEMS * CLASSES];

	(void)state;
	assert_int_equal(run_into(&in, z, &e), -1);
	assert_string_equal(e.text, "the net takes 16 values where an item has 25");
	net_free(n);
	workers_free(w);
}

int main(void)
{
	const struct CMUnitTest infer[] = {
		cmocka_unit_test(computes_logits),
		cmocka_unit_test(batches_do_not_matter),
		cmocka_unit_test(margins_do_not_matter),
		cmocka_unit_test(threads_do_not_matter),
		cmocka_unit_test(shifts_views),
		cmocka_unit_test(takes_nets_in_training),
		cmocka_unit_test(tells_and_stops),
		cmocka_unit_test(refuses_other_shapes),
	};

	return cmocka_run_group_tests(infer, fill_pixels, NULL);
}
