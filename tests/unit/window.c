/* SPDX-License-Identifier: ISC */
/* Windows: sizes and paddings against PyTorch's and Keras's rules, worked out by hand. */
#include "window.h"

#include "err.h"
#include "made.h"
#include "net.h"
#include "whole.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct net *make_map(const char *text, size_t height, size_t width)
{
	return make_of(text, &(struct shape){1, height, width}, 0, 0);
}

/* The size of the output, and how many values are padded before the input's first. */
static void sizes_are_known(void **state)
{
	static const struct {
		const char *text;
		size_t in, out, before;
	} known[] = {
		{"conv3x3:1", 28, 26, 0},
		{"conv3x3:1/valid", 28, 26, 0},
		{"conv3x3:1/same", 28, 28, 1},
		{"conv3x3:1/s2/same", 28, 14, 0}, /* Keras pads 0 before and 1 behind */
		{"conv3x3:1/s2/same", 7, 4, 1},
		{"conv3x3:1/s2/p1", 28, 14, 1}, /* where PyTorch pads 1 on both ends */
		{"conv2x2:1/same", 7, 7, 0},
		{"conv4x4:1/same", 7, 7, 1},
		{"conv5x5:1/s3/same", 6, 2, 1},
		{"conv3x3:1/s4/same", 10, 3, 0},
		{"conv1x1:1/s3/same", 7, 3, 0}, /* nothing is missing, nothing padded */
		{"conv7x7:1/s2/p3", 224, 112, 3},
		{"conv3x3:1/s2", 224, 111, 0},
		{"dw3x3/s2/p1", 7, 4, 1},
		{"maxpool2x2", 7, 3, 0},
		{"maxpool2x2/ceil", 7, 4, 0},
		{"maxpool3x3/s2", 111, 55, 0},
		{"maxpool3x3/s2/ceil", 112, 56, 0},
		{"maxpool3x3/s2/ceil", 55, 27, 0},
		{"avgpool2x2/s2/p1/ceil", 3, 2,
			1}, /* a third window would begin in the padding */
		{"avgpool3x3/s2/p1/ceil", 8, 5, 1},
		{"maxpool2x2/s1/same", 14, 14, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct net *n = make_map(known[i].text, known[i].in, known[i].in + 1);
		struct window w;

		window_of(&n->layer[0], &w);
		check(w.out[0] == known[i].out, "%s of %zu: %zu rows", known[i].text,
			known[i].in, w.out[0]);
		check(w.before[0] == known[i].before, "%s of %zu: %zu before", known[i].text,
			known[i].in, w.before[0]);
		net_free(n);
	}
}

/* What a net makes of one item, all weights 1 and biases 0.5. */
static void check_values(const char *text, size_t height, size_t width, const float *in,
	const float *expected, size_t outs)
{
	struct net *n = make_map(text, height, width);
	static const uint32_t item[1] = {0};
	struct batch b = {.n = 1, .input = (float *)in, .item = item};
	const struct layer_param *p;
	const float *out;
	struct err e;

	assert_int_equal(n->classes, outs);
	assert_int_equal(net_prepare(n, 1, 0, &e), 0);
	for (size_t i = 0; net_param(n, i, &p) != NULL; i++)
		for (size_t k = 0; k < p->count; k++)
			n->param[p->at + k] = p->rank > 1 ? 1 : 0.5f;
	out = whole_forward(n, &b, 0, 0);
	for (size_t i = 0; i < outs; i++)
		check(out[i] == expected[i], "%s: value %zu is %g, should be %g", text, i,
			(double)out[i], (double)expected[i]);
	net_free(n);
}

static void same_pads_more_at_the_end(void **state)
{
	static const float in[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
	static const float minus[4] = {-1, -2, -3, -4};

	(void)state;
	check_values("conv3x3:1/s2/same/nobias", 4, 4, in, (const float[4]){54, 45, 72, 54}, 4);
	check_values(
		"dw3x3/s2/same", 4, 4, in, (const float[4]){54.5f, 45.5f, 72.5f, 54.5f}, 4);
	check_values("conv2x2:1/same", 2, 2, in, (const float[4]){10.5f, 6.5f, 7.5f, 4.5f}, 4);
	check_values("maxpool2x2/s1/same", 2, 2, minus, minus, 4);
	check_values("avgpool2x2/s1/same", 2, 2, in, (const float[4]){2.5f, 3, 3.5f, 4}, 4);
	/* where /p counts the padding, as nn.AvgPool2d does */
	check_values("avgpool2x2/s2/p1", 2, 2, in, (const float[4]){.25f, .5f, .75f, 1}, 4);
	check_values("avgpool2x2/ceil", 3, 1 + 2, in, (const float[4]){3, 4.5f, 7.5f, 9}, 4);
}

/* LeNet-5 and the seeds' nets (DESIGN section 3 and issue 4 count some of them). */
static void counts_are_known(void **state)
{
	static const struct {
		const char *text;
		size_t params, macs;
	} known[] = {
		{"conv5x5:6/p2,tanh,avgpool2x2,conv5x5:16,tanh,avgpool2x2,flatten,"
		 "400-120-84-10",
			61706, 784 * 150 + 100 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10},
		{"conv3x3:64,relu,maxpool2x2,drop:.25,conv3x3:128,relu,maxpool2x2,drop:.25,"
		 "flatten,fc:1024,relu,drop,fc:26",
			3378970, 676 * 64 * 9 + 121 * 128 * 576 + 3200 * 1024 + 1024 * 26},
		{"conv3x3:256/s2/same,lrelu:.2,maxpool2x2/s1/same,conv3x3:512/s2/same,flatten,"
		 "fc:10",
			1433610, 196 * 256 * 9 + 49 * 512 * 2304 + 25088 * 10},
		{"conv3x3:16/s2/same,lrelu:.2,maxpool2x2/s1/same,conv3x3:32/s2/same,flatten,"
		 "fc:10",
			20490, 196 * 16 * 9 + 49 * 32 * 144 + 1568 * 10},
		{"conv3x3:8/s2/same,dw3x3/s2/same/nobias,conv1x1:6/g2/nobias,gap,flatten,fc:4",
			80 + 72 + 24 + 28, 196 * 8 * 9 + 49 * 8 * 9 + 49 * 6 * 4 + 24},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		struct net *n = make_map(known[i].text, 28, 28);

		assert_int_equal(n->params, known[i].params);
		assert_int_equal(n->macs, known[i].macs);
		net_free(n);
	}
}

static void not_a_number_is_seen(void **state)
{
	const float in[6] = {1, NAN, 3, 4, 5, 6};
	struct net *n = make_map("maxpool2x2", 2, 3 + 1);
	static const uint32_t item[1] = {0};
	const float eight[8] = {in[0], in[1], in[2], in[3], in[4], in[5], 7, 8};
	struct batch b = {.n = 1, .input = (float *)eight, .item = item};
	struct err e;

	(void)state;
	for (int training = 0; training < 2; training++) {
		const float *out;

		assert_int_equal(net_prepare(n, 1, training, &e), 0);
		out = whole_forward(n, &b, training, 0);
		assert_true(isnan(out[0]));
		assert_true(out[1] == 8);
	}
	net_free(n);
}

static void check_no_map(const char *text, const char *reason)
{
	check_refuses_of(text, &(struct shape){6, 5, 7}, reason);
}

static void refuses_what_does_not_fit(void **state)
{
	(void)state;
	check_no_map("conv6x1:3", "fit");
	check_no_map("maxpool1x8", "fit");
	check_no_map("conv3x3:3/s0", "above 0");
	check_no_map("conv3x3:3/p2000", "whole number");
	check_no_map("conv3x3:4/g4", "groups");
	check_no_map("conv3x3:4/g3", "groups");
	check_no_map("conv3x3:4/same/p1", "same");
	check_no_map("conv3x3:4/p1/valid", "valid");
	check_no_map("maxpool2x2/same/ceil", "same");
	check_no_map("avgpool3x3/p2", "half");
	check_no_map("conv33x33:4/p20", "1024");
	check_no_map("conv3x3:4/ceil", "option");
	check_no_map("conv:4", "kernel");
	check_no_map("conv3x3", "units");
	check_no_map("dw3x3:4", "number");
	check_no_map("lrelu:1.5", "slope");
	check_no_map("conv3x3:2147483647/p2,conv3x3:2147483647/p2", "too large");
	check_no_map("100*conv1x1:2147483647", "too");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sizes_are_known),
		cmocka_unit_test(counts_are_known),
		cmocka_unit_test(same_pads_more_at_the_end),
		cmocka_unit_test(not_a_number_is_seen),
		cmocka_unit_test(refuses_what_does_not_fit),
	};

	return cmocka_run_group_tests_name("window", tests, set_up_pool, tear_down_pool);
}
