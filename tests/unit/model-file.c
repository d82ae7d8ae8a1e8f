/* SPDX-License-Identifier: ISC */
/* Models on disk: what comes back, and what is refused. */
#include "model-file.h"

#include "err.h"
#include "lineage.h"
#include "pooled.h"
#include "scratch.h"

#include <math.h>
#include <string.h>

#define NET "drop:0.125,fc:5,tanh,fc:3"

static const struct shape input = {2, 3, 1};

static struct net *make_net(void)
{
	struct err e;
	struct net *n = net_new(NET, &input, pool, &e);

	assert_non_null(n);
	net_init(n, INITIALIZER_TORCH, 5);
	return n;
}

/* A model as the trainers describe it; the set points into the net. */
static void describe(struct tensor_set *s, const struct net *n)
{
	struct preprocess p = {0.1307, 1.0 / 3};
	struct err e;

	tensor_set_init(s);
	assert_int_equal(lineage_kind(s, "model", &e), 0);
	assert_int_equal(model_describe(s, n, n->param, &p, "[\"a\",\"b\",\"c\"]", &e), 0);
}

static void save(const struct tensor_set *s)
{
	struct err e;

	assert_int_equal(
		tensor_file_save(s, scratch_name(".safetensors"), TENSOR_LEVEL, NULL, &e), 0);
}

static void comes_back(void **state)
{
	struct net *n = make_net();
	struct tensor_set s;
	struct model m;
	struct err e;

	(void)state;
	describe(&s, n);
	save(&s);
	check(model_load(&m, scratch_name(""), pool, &e) == 0, "%s", e.text);
	assert_string_equal(m.net->text, NET);
	assert_int_equal(m.net->in.channels, 2);
	assert_int_equal(m.net->in.height, 3);
	assert_int_equal(m.net->in.width, 1);
	assert_memory_equal(m.net->param, n->param, n->arena * sizeof *n->param);
	assert_true(m.preprocess.mean == 0.1307 && m.preprocess.sd == 1.0 / 3);
	assert_string_equal(m.class_names, "[\"a\",\"b\",\"c\"]");
	model_release(&m);
	model_release(&m); /* harmless */
	tensor_set_release(&s);
	net_free(n);
}

/* The layout of torch.nn.Sequential's state_dict. */
static void has_pytorchs_names(void **state)
{
	static const char *const names[] = {"1.weight", "1.bias", "3.weight", "3.bias"};
	struct net *n = make_net();
	struct tensor_set s;

	(void)state;
	describe(&s, n);
	assert_int_equal(s.tensors, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct tensor *t = tensor_set_find(&s, names[i]);

		assert_non_null(t);
		assert_int_equal(t->dtype, TENSOR_F32);
		assert_int_equal(t->rank, i % 2 == 0 ? 2 : 1);
	}
	assert_int_equal(tensor_set_find(&s, "1.weight")->shape[0], 5);
	assert_int_equal(tensor_set_find(&s, "1.weight")->shape[1], 6);
	tensor_set_release(&s);
	net_free(n);
}

static void check_refused(struct tensor_set *s, const char *reason)
{
	struct model m;
	struct err e = {""};

	save(s);
	check(model_load(&m, scratch_name(""), pool, &e) == -1, "taken, for all that %s",
		reason);
	check(strstr(e.text, reason) != NULL, "\"%s\" does not say \"%s\"", e.text, reason);
	check(strstr(e.text, scratch_name("")) != NULL, "\"%s\" names no file", e.text);
	tensor_set_release(s);
}

/* One metadata value spoilt; NULL takes the key away. */
static void check_meta(
	const struct net *n, const char *key, const char *value, const char *reason)
{
	struct tensor_set s, without;
	struct err e;

	describe(&s, n);
	tensor_set_init(&without);
	for (size_t i = 0; i < s.metas; i++)
		if (strcmp(s.meta[2 * i], key) != 0)
			tensor_set_put_meta(&without, s.meta[2 * i], s.meta[2 * i + 1], &e);
	assert_int_equal(without.metas, s.metas - 1);
	assert_int_equal(model_add_arena(&without, "", n, n->param, &e), 0);
	if (value != NULL)
		tensor_set_put_meta(&without, key, value, &e);
	check_refused(&without, reason);
	tensor_set_release(&s);
}

static void refuses_bad_metadata(void **state)
{
	static const char *const bad_input[] = {"", "2x3", "2x3x1x1", "2x3x0", "2x3x-1",
		"2x3x1 ", " 2x3x1", "2X3X1", "0x3x1", "2x3x99999999999999999999", "2x3x1e1"};
	static const char *const bad_number[] = {"", "x", "1,5", "nan", "inf", "0.1 "};
	struct net *n = make_net();

	(void)state;
	check_meta(n, "potstill.kind", "dataset", "model");
	check_meta(n, "potstill.kind", NULL, "model");
	check_meta(n, "potstill.net", NULL, "potstill.net");
	check_meta(n, "potstill.net", "fc:", "character");
	check_meta(n, "potstill.net", "drop:0.125,fc:6,tanh,fc:3", "shape");
	check_meta(n, "potstill.net", "drop:0.125,fc:5,tanh,fc:3,relu,fc:2", "5.weight");
	check_meta(n, "potstill.input", NULL, "potstill.input");
	check_meta(n, "potstill.input", "2x4x1", "shape");
	for (size_t i = 0; i < sizeof bad_input / sizeof bad_input[0]; i++)
		check_meta(n, "potstill.input", bad_input[i], "potstill.input");
	for (size_t i = 0; i < sizeof bad_number / sizeof bad_number[0]; i++) {
		check_meta(n, "potstill.mean", bad_number[i], "potstill.mean");
		check_meta(n, "potstill.sd", bad_number[i], "potstill.sd");
	}
	check_meta(n, "potstill.sd", "0", "potstill.sd");
	check_meta(n, "potstill.sd", "-1", "potstill.sd");
	check_meta(n, "potstill.class-names", "a, b, c", "no JSON array of strings");
	check_meta(n, "potstill.class-names", "[\"a\",\"a\"]", "\"a\"");
	check_meta(n, "potstill.class-names", "[\"a\",\"b\",\"c\",\"d\"]",
		"4 class names for 3 classes");
	net_free(n);
}

/* One tensor missing, of another shape, of another type. */
static void refuses_bad_tensors(void **state)
{
	static const double f64[3] = {1, 2, 3};
	struct net *n = make_net();

	(void)state;
	for (int fault = 0; fault < 3; fault++) {
		struct tensor_set s, bad;
		size_t shape[2] = {1, 3};
		struct err e;

		describe(&s, n);
		tensor_set_init(&bad);
		for (size_t i = 0; i < s.metas; i++)
			tensor_set_put_meta(&bad, s.meta[2 * i], s.meta[2 * i + 1], &e);
		for (size_t i = 0; i < s.tensors; i++) {
			const struct tensor *t = &s.tensor[i];

			if (strcmp(t->name, "3.bias") != 0)
				tensor_set_add(&bad, t->name, t->dtype, t->rank, t->shape,
					t->data, &e);
			else if (fault == 1)
				tensor_set_add(&bad, t->name, t->dtype, 2, shape, t->data, &e);
			else if (fault == 2)
				tensor_set_add(
					&bad, t->name, TENSOR_F64, 1, shape + 1, f64, &e);
		}
		check_refused(&bad, "3.bias");
		tensor_set_release(&s);
	}
	net_free(n);
}

static void refuses_what_is_not_finite(void **state)
{
	struct net *n = make_net();

	(void)state;
	for (int i = 0; i < 3; i++) {
		const float bad[] = {NAN, INFINITY, -INFINITY};
		struct tensor_set s;

		n->param[n->layer[3].param[1].at + (size_t)i] = bad[i];
		describe(&s, n);
		check_refused(&s, i == 0   ? "\": tensor \"3.bias\" holds nan"
				  : i == 1 ? "tensor \"3.bias\" holds inf"
					   : "tensor \"3.bias\" holds -inf");
		n->param[n->layer[3].param[1].at + (size_t)i] = 0;
	}
	net_free(n);
}

/* A few hundred bytes must not make the program allocate what only their net's text asks for.
 */
static void refuses_a_net_that_the_file_does_not_fill(void **state)
{
	struct net *n = make_net();

	(void)state;
	check_meta(n, "potstill.net", "fc:100000000,fc:3", "parameters");
	check_meta(n, "potstill.net", "fc:2000000000,fc:2000000000", "parameters");
	net_free(n);
}

static void checks_the_data(void **state)
{
	struct net *n = make_net();
	struct tensor_set s;
	struct model m;
	struct err e;
	struct dataset fits = {.items = 1, .shape = {2, 3, 1}, .classes = 3};
	struct dataset flat = {.items = 1, .shape = {6, 1, 1}, .classes = 2};
	struct dataset turned = {.items = 1, .shape = {3, 2, 1}, .classes = 3};
	struct dataset larger = {.items = 1, .shape = {2, 3, 2}, .classes = 3};
	struct dataset more = {.items = 1, .shape = {2, 3, 1}, .classes = 4};

	(void)state;
	describe(&s, n);
	save(&s);
	assert_int_equal(model_load(&m, scratch_name(""), pool, &e), 0);
	assert_int_equal(model_check(&m, "m", &fits, &e), 0);
	assert_int_equal(model_check(&m, "m", &flat, &e), 0);
	assert_int_equal(model_check(&m, "m", &turned, &e), -1);
	assert_non_null(strstr(e.text, "takes inputs of 2x3x1 where the data set has 3x2x1"));
	assert_int_equal(model_check(&m, "m", &larger, &e), -1);
	assert_non_null(strstr(e.text, "\"m\": takes inputs of 2x3x1"));
	assert_int_equal(model_check(&m, "m", &more, &e), -1);
	assert_non_null(strstr(e.text, "4"));
	model_release(&m);
	tensor_set_release(&s);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back),
		cmocka_unit_test(has_pytorchs_names),
		cmocka_unit_test(refuses_bad_metadata),
		cmocka_unit_test(refuses_bad_tensors),
		cmocka_unit_test(refuses_what_is_not_finite),
		cmocka_unit_test(refuses_a_net_that_the_file_does_not_fill),
		cmocka_unit_test(checks_the_data),
	};

	return cmocka_run_group_tests_name("model-file", tests, set_up_pool, tear_down_pool);
}
