/* SPDX-License-Identifier: ISC */
/* Nets with branches: their layers' names, what does not fit together. Their numbers are in
 * net.c, gradients.c and oracle-maths.c. */
#include "made.h"

#include "infile.h"
#include "net-spec.h"

#include <stdio.h>
#include <stdlib.h>

/* A group is one module of its series, its branches are nn.Sequentials within. */
static void names_layers_in_branches(void **state)
{
	static const char *const expected[] = {"0", "1.0.0", "1.0.1", "1.2.0", "1.2.1", "1",
		"2.0.0", "2.0.1.0.0", "2.0.1.1.0", "2.0.1", "2.1.0", "2", "3"};
	struct net *n =
		make("fc:5,(relu,fc:3||2*(tanh)),+(fc:4,(relu|fc:2)|fc:6),fc:2", 5, 0, 0);

	(void)state;
	assert_int_equal(n->layers, sizeof expected / sizeof expected[0]);
	for (int i = 0; i < n->layers; i++) {
		assert_string_equal(n->layer[i].name, expected[i]);
		assert_int_equal(n->layer[i].position, i); /* of its random numbers */
	}
	net_free(n);
}

static void refuses_joins_of_other_shapes(void **state)
{
	(void)state;
	check_refuses("fc:5,+(fc:4|fc:5),fc:2", 5,
		"character 6: layer 1 (sum): branch 2 gives "
		"5x1x1 where branch 1 gives 4x1x1\n");
}

/* A maximum of several values runs before what never falls; names and numbers are the text's.
 */
static void pools_before_it_rectifies(void **state)
{
	static const struct {
		const char *text, *names;
	} nets[] = {{"conv1x1:2,relu,maxpool2x2,drop", "0 2 1 3 "},
		{"relu6,maxpool2x2/s2,relu,maxpool3x3/s2", "1 0 3 2 "},
		{"relu,relu,maxpool2x2", "0 2 1 "}, {"relu,maxpool3x3/s1/p1", "0 1 "},
		{"relu,maxpool1x1", "0 1 "}, {"lrelu,maxpool2x2,tanh,maxpool2x2", "0 1 2 3 "},
		{"relu,avgpool2x2", "0 1 "},
		{"relu,(maxpool2x2|avgpool2x2)", "0 1.0.0 1.1.0 1 "},
		{"relu,(relu,maxpool2x2|maxpool2x2)", "0 1.0.1 1.0.0 1.1.0 1 "}};
	struct shape in = {3, 20, 20};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		struct err e;
		struct net *n = net_new(nets[i].text, &in, pool, &e);
		char names[64] = "";
		size_t length = 0;

		check(n != NULL, "%s: %s", nets[i].text, e.text);
		for (int k = 0; k < n->layers; k++) {
			length += (size_t)snprintf(
				names + length, sizeof names - length, "%s ", n->layer[k].name);
			assert_int_equal(n->layer[k].position, k);
		}
		check(strcmp(names, nets[i].names) == 0, "%s runs as %s", nets[i].text, names);
		net_free(n);
	}
}

/* The nets of the folder nets: what issue and papers count. */
static void counts_the_shipped_nets(void **state)
{
	static const struct {
		const char *path;
		struct shape in, out;
		size_t params, statistics, macs; /* of MACs the thousands, where published */
	} nets[] = {{"nets/keras-teacher.net", {1, 28, 28}, {10, 1, 1}, 1433610, 0, 0},
		{"nets/keras-student.net", {1, 28, 28}, {10, 1, 1}, 20490, 0, 0},
		{"nets/emnist-teacher.net", {1, 28, 28}, {26, 1, 1}, 3378970, 0, 0},
		{"nets/emnist-student.net", {1, 28, 28}, {26, 1, 1}, 415258, 0, 0},
		{"nets/squeezenet1.1.net", {3, 224, 224}, {1000, 1, 1}, 1235496, 0, 0},
		/* Keras counts the running statistics as well: 475,544 */
		{"nets/mobilenet-0.25.net", {3, 224, 224}, {1000, 1, 1}, 475544 - 5472, 5472,
			41030},
		{"nets/resnet20.net", {3, 32, 32}, {10, 1, 1}, 272474, 2 * 784, 40813}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		struct err e;
		char *text = infile_text(nets[i].path, NET_MAX_TEXT, &e);
		struct net *n = text != NULL ? net_new(text, &nets[i].in, pool, &e) : NULL;

		check(n != NULL, "%s: %s", nets[i].path, e.text);
		check(n->params == nets[i].params, "%s has %zu parameters", nets[i].path,
			n->params);
		assert_int_equal(n->statistics, nets[i].statistics);
		if (nets[i].macs > 0)
			assert_int_equal(n->macs / 1000, nets[i].macs);
		assert_memory_equal(
			&n->layer[n->layers - 1].out, &nets[i].out, sizeof nets[i].out);
		net_free(n);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_layers_in_branches),
		cmocka_unit_test(refuses_joins_of_other_shapes),
		cmocka_unit_test(pools_before_it_rectifies),
		cmocka_unit_test(counts_the_shipped_nets),
	};

	return cmocka_run_group_tests_name("net-graph", tests, set_up_pool, tear_down_pool);
}
