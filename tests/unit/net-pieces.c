/* SPDX-License-Identifier: ISC */
/* Nets whose last layers take more items at a time than those before them. */
#include "net.h"

#include "made.h"
#include "stencil.h"
#include "whole.h"

#define ROWS 37
#define SIDE 24
#define INPUTS (SIDE * SIDE)

/* With many activations in front of many parameters; the same behind a cut for bn, and in
 * branches that come together before. */
static const char *const tailed[] = {
	"conv3x3:20,maxpool2x2,drop,flatten,fc:36,relu,drop,fc:5",
	"conv3x3:20,bn,lrelu,maxpool2x2,flatten,fc:36,bn,relu,fc:5",
	"(conv3x3:8/same|conv1x1:8),maxpool2x2,conv12x12:60,relu,fc:1200,+(|fc:1200),tanh,fc:5",
};

static struct net *make_picture(const char *text, int training)
{
	struct shape in = {1, SIDE, SIDE};
	struct net *n = make_of(text, &in, ROWS, training);

	net_init(n, INITIALIZER_TORCH, 1);
	return n;
}

static struct batch fill(void)
{
	static float value[ROWS * INPUTS];
	static uint32_t item[ROWS];

	stencil_points(value, ROWS * INPUTS, 0, 1);
	for (uint32_t i = 0; i < ROWS; i++)
		item[i] = i;
	return (struct batch){.n = ROWS, .input = value, .item = item};
}

static void finds_the_tail(void **state)
{
	static const struct {
		const char *text;
		int tail;
	} nets[] = {{"conv3x3:20,maxpool2x2,drop,flatten,fc:36,relu,drop,fc:5", 4},
		{"conv3x3:20,maxpool2x2,flatten,fc:16", 0}, /* few parameters */
		{"conv3x3:20,flatten,fc:36,fc:5", 0},	    /* many activations */
		{"conv3x3:2,flatten,fc:100,fc:5", 0},	    /* few */
		{"conv3x3:20,gap,+(fc:20|),fc:4000", 4},    /* not where one is read twice */
		{"conv3x3:20,gap,fc:20,+(fc:20|),fc:4000", 2}, {"flatten,fc:400,fc:5", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof nets / sizeof nets[0]; i++) {
		struct net *n = make_picture(nets[i].text, 0);

		check(n->tail == nets[i].tail, "%s: the tail is %d, not %d", nets[i].text,
			n->tail, nets[i].tail);
		assert_true(i == 0 ? n->piece < n->chunk : n->piece <= n->chunk);
		assert_true(n->tail > 0 || n->piece == n->chunk);
		net_free(n);
	}
}

static float *train(const char *text, size_t piece, size_t chunk, struct net **net)
{
	struct net *n = *net = make_picture(text, 1);
	struct batch b = fill();
	float *grad = test_calloc(n->arena, sizeof *grad);

	assert_true(n->tail > 0);
	if (piece > 0)
		n->piece = piece;
	for (int i = 0; chunk > 0 && i < n->stages; i++)
		n->stage[i].chunk = chunk;
	whole_forward(n, &b, 1, 3);
	stencil_points(net_dlogits(n), ROWS * 5, 0, 2);
	whole_backward(n, grad);
	return grad;
}

static void same_bytes_in_any_pieces(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof tailed / sizeof tailed[0]; k++) {
		struct net *a, *b;
		float *grad = train(tailed[k], 0, 0, &a), *other;

		for (size_t piece = 1; piece < 16; piece += 4) {
			other = train(tailed[k], piece, piece + 9, &b);
			check(memcmp(grad, other, a->arena * sizeof *grad) == 0,
				"%s in pieces of %zu", tailed[k], piece);
			assert_memory_equal(a->logits, b->logits, sizeof(float) * ROWS * 5);
			test_free(other);
			net_free(b);
		}
		test_free(grad);
		net_free(a);
	}
}

/* Activations of pieces and of chunks share no memory. */
static void inference_gives_what_training_does(void **state)
{
	(void)state;
	for (size_t k = 0; k < sizeof tailed / sizeof tailed[0]; k++) {
		struct net *a = make_picture(tailed[k], 1), *b = make_picture(tailed[k], 0);
		struct batch batch = fill();
		const float *wanted;

		wanted = whole_forward(a, &batch, 0, 0);
		assert_memory_equal(
			wanted, whole_forward(b, &batch, 0, 0), sizeof(float) * ROWS * 5);
		net_free(a);
		net_free(b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_tail),
		cmocka_unit_test(same_bytes_in_any_pieces),
		cmocka_unit_test(inference_gives_what_training_does),
	};

	return cmocka_run_group_tests_name("net-pieces", tests, set_up_pool, tear_down_pool);
}
