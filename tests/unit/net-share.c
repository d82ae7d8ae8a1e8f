/* SPDX-License-Identifier: ISC */
/* What shares memory. That numbers do not suffer is in gradients-nets.c and oracle-maths.c. */
#include "net-share.h"

#include "made.h"
#include "net.h"

static size_t values_of(const struct net_slots *s)
{
	size_t values = 0;

	for (int i = 0; i < s->count; i++)
		values += s->slot[i].values;
	return values;
}

struct expected {
	const char *text;
	size_t values; /* that must be held at a time */
};

static void check_slots(const struct expected *x, int training)
{
	struct net *n = make(x->text, 50, 37, training);
	size_t values = values_of(training ? &n->dout_slots : &n->slots);

	check(values == x->values, "%s takes %zu values, not %zu", x->text, values, x->values);
	net_free(n);
}

/* A slot is used again when its activation was read for the last time, and no sooner. */
static void inference_shares_memory(void **state)
{
	static const struct expected nets[] = {{"fc:20,fc:20,fc:20,fc:20,fc:20,fc:5", 40},
		{"fc:20,relu,tanh,drop,fc:5", 20}, {"fc:20,+(fc:20,relu,fc:20|),relu,fc:5", 60},
		{"10*(+(fc:50,relu,fc:50|),relu),fc:5", 150},
		{"fc:30,(fc:1|fc:2|fc:3),fc:5", 36}, {"fc:5", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
		check_slots(&nets[i], 0);
}

/* Gradients that none by parameters are made of: each is there from one stage to the next. */
static void training_shares_gradients(void **state)
{
	static const struct expected nets[] = {{"fc:20,relu,fc:20,relu,fc:5", 0},
		{"fc:20,bn,relu,fc:5", 20}, {"4*(fc:20,bn,relu),fc:5", 40},
		{"fc:20,bn,relu,fc:30,bn,relu,fc:10,bn,fc:5", 50},
		{"fc:20,bn,relu,4*(+(fc:20,bn,relu,fc:20,bn|),relu),fc:5", 60},
		{"fc:20,(fc:2|fc:3),tanh,fc:5", 5}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++)
		check_slots(&nets[i], 1);
}

/* What bn sets over its input; not where others read that, or what it lies over. */
static void goes_back_over_what_nobody_reads(void **state)
{
	static const struct {
		const char *text;
		int over[5];
	} nets[] = {{"fc:20,bn,fc:5", {1, 0, 0}}, {"fc:20,bn,bn,fc:5", {1, 1, 0, 0}},
		{"bn,fc:5", {0, 0}}, {"fc:20,relu,bn,fc:5", {0, 0, 0, 0}},
		{"fc:20,drop,bn,fc:5", {0, 1, 0, 0}}, {"fc:20,+(bn|),fc:5", {0, 0, 0, 0}}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		struct net *n = make(nets[i].text, 50, 37, 1);

		for (int k = 0; k < n->layers; k++) {
			check((n->layer[k].dout_slot == NET_OVER_OUT) == nets[i].over[k],
				"%s: layer %d", nets[i].text, k);
			assert_true(!nets[i].over[k] || n->dout[k] == n->out[k]);
		}
		net_free(n);
	}
}

/* What is frozen needs none. */
static void frozen_layers_need_none(void **state)
{
	struct net *n = make("fc:20,bn,relu,fc:20,bn,relu,fc:5", 50, 0, 0);
	struct err e;

	(void)state;
	assert_int_equal(values_of(&n->dout_slots), 40);
	assert_int_equal(net_freeze(n, "0.*,1.*", &e), 0);
	assert_int_equal(values_of(&n->dout_slots), 20);
	assert_int_equal(n->layer[0].dout_slot, NET_NOWHERE);
	assert_int_equal(n->layer[2].dout_slot, NET_NOWHERE);
	assert_int_equal(n->layer[3].dout_slot, NET_OVER_OUT);
	net_free(n);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inference_shares_memory),
		cmocka_unit_test(training_shares_gradients),
		cmocka_unit_test(goes_back_over_what_nobody_reads),
		cmocka_unit_test(frozen_layers_need_none),
	};

	return cmocka_run_group_tests_name("net-share", tests, set_up_pool, tear_down_pool);
}
