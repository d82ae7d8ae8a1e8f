/* SPDX-License-Identifier: ISC */
/*
 * Forward and backward passes and losses against PyTorch in double, so that the whole
 * difference is potstill's own rounding.
 *
 * Tolerances: logits are sums of some 64 products near 1 through up to three layers, each
 * with 2^-24 of roundoff, seen 5e-7; 2e-6 is allowed. Gradients of the mean over 9 rows are
 * smaller and get the same. Sums of 9 rows of losses: 1e-6 of their value.
 */
#include "golden.h"
#include "loss.h"
#include "net.h"
#include "pooled.h"
#include "whole.h"

#include <math.h>

#define ROWS 9
#define CLASSES 6
#define TOLERANCE 2e-6

static struct tensor_set golden;

static int set_up(void **state)
{
	golden_load(&golden, "maths.safetensors");
	return set_up_pool(state);
}

static int tear_down(void **state)
{
	tensor_set_release(&golden);
	return tear_down_pool(state);
}

static void take_params(struct net *n, int i)
{
	const struct layer_param *p;
	const struct layer *l;

	for (size_t k = 0; (l = net_tensor(n, k, &p)) != NULL; k++) {
		char name[LAYER_NAME + 32];

		if (p->dtype != TENSOR_F32)
			continue;
		snprintf(name, sizeof name, "%s.%s", l->name, p->name);
		memcpy(n->param + p->at,
			golden_tensor(&golden, "net", i, name, TENSOR_F32, p->count),
			p->count * sizeof(float));
	}
}

static void check_gradients(struct net *n, int i)
{
	const struct layer_param *p;
	const struct layer *l;
	float *grad;

	grad = calloc(n->arena, sizeof *grad);
	assert_non_null(grad);
	whole_backward(n, grad);
	for (size_t k = 0; (l = net_param(n, k, &p)) != NULL; k++) {
		char name[LAYER_NAME + 32];
		double d;

		snprintf(name, sizeof name, "grad.%s.%s", l->name, p->name);
		d = golden_distance(grad + p->at,
			golden_tensor(&golden, "net", i, name, TENSOR_F64, p->count), p->count);
		check(d < TOLERANCE, "%s: %s is off by %g", n->text, name, d);
	}
	free(grad);
}

static void check_buffer(
	const struct net *n, const char *name, int i, const struct layer_param *p)
{
	const void *after;
	int64_t count;
	double d;

	if (p->dtype == TENSOR_F32) {
		after = golden_tensor(&golden, "net", i, name, TENSOR_F64, p->count);
		d = golden_distance(n->param + p->at, after, p->count);
		check(d < TOLERANCE, "%s: %s is off by %g", n->text, name, d);
		return;
	}
	after = golden_tensor(&golden, "net", i, name, TENSOR_I64, 1);
	memcpy(&count, n->param + p->at, sizeof count);
	check(count == *(const int64_t *)after, "%s: %s is %d", n->text, name, (int)count);
}

/* The running statistics after the pass, and the logits by them. */
static void check_statistics(struct net *n, const struct batch *b, int i)
{
	const struct layer_param *p;
	const struct layer *l;
	double d;

	for (size_t k = 0; (l = net_tensor(n, k, &p)) != NULL; k++) {
		char name[LAYER_NAME + 32];

		if (p < l->param + l->params)
			continue;
		snprintf(name, sizeof name, "after.%s.%s", l->name, p->name);
		check_buffer(n, name, i, p);
	}
	if (n->statistics == 0)
		return;
	d = golden_distance(whole_forward(n, b, 0, 0),
		golden_tensor(&golden, "net", i, "inference", TENSOR_F64, ROWS * n->classes),
		ROWS * n->classes);
	check(d < TOLERANCE, "%s: logits of inference are off by %g", n->text, d);
}

static void cross_entropy(struct net *n, struct batch *b, const float *logits)
{
	struct loss l = {.kind = loss_kind_find("ce"),
		.hard = 1,
		.temperature = 1,
		.classes = n->classes,
		.batch = ROWS};
	struct loss_sum sum = {0};
	struct err e;

	assert_int_equal(loss_init(&l, &e), 0);
	whole_loss(&l, b, logits, net_dlogits(n), &sum);
	loss_release(&l);
}

/* Dropout is off in PyTorch's eval(), also for these gradients: so it is forward(training = 0)
 * and nets without drop layers that are compared backwards. */
static void check_net(int i, const char *text)
{
	const struct tensor *input;
	const uint8_t *label;
	struct batch b = {.n = ROWS};
	struct shape in = {1, 1, 1};
	uint16_t labels[ROWS];
	char name[32];
	struct err e;
	struct net *n;
	const float *logits;
	double d;

	snprintf(name, sizeof name, "net.%d.input", i);
	input = tensor_set_find(&golden, name);
	assert_non_null(input);
	in.channels = input->shape[1];
	if (input->rank == 4) {
		in.height = input->shape[2];
		in.width = input->shape[3];
	}
	n = net_new(text, &in, pool, &e);
	check(n != NULL, "%s: %s", text, e.text);
	assert_int_equal(net_prepare(n, ROWS, 1, &e), 0);
	take_params(n, i);
	b.input = input->data;
	label = golden_tensor(&golden, "net", i, "labels", TENSOR_U8, ROWS);
	for (size_t k = 0; k < ROWS; k++)
		labels[k] = label[k];
	b.label = labels;
	b.item = (const uint32_t[ROWS]){0, 1, 2, 3, 4, 5, 6, 7, 8};
	logits = whole_forward(n, &b, strstr(text, "drop") == NULL, 0);
	d = golden_distance(logits,
		golden_tensor(&golden, "net", i, "logits", TENSOR_F64, ROWS * n->classes),
		ROWS * n->classes);
	check(d < TOLERANCE, "%s: logits are off by %g", text, d);
	cross_entropy(n, &b, logits);
	if (strstr(text, "drop") == NULL)
		check_gradients(n, i);
	check_statistics(n, &b, i);
	net_free(n);
}

static void nets_agree_with_pytorch(void **state)
{
	const char *text;
	int i = 0;

	(void)state;
	for (; (text = golden_case(&golden, "net", i)) != NULL; i++)
		check_net(i, text);
	assert_true(i >= 50);
}

/* --- losses --- */

/* What the batch carries for the kind: logits, or probabilities as the batcher makes them. */
static void fill_targets(const struct loss *l, float target[ROWS * CLASSES])
{
	struct soft_targets soft = {.values = SOFT_LOGITS,
		.items = ROWS,
		.classes = CLASSES,
		.views = 1,
		.dtype = TENSOR_F32,
		.stored = golden_tensor(
			&golden, NULL, 0, "loss.teacher", TENSOR_F32, ROWS * CLASSES)};

	for (size_t i = 0; i < ROWS; i++)
		if (l->kind->targets == BATCH_PROBABILITIES)
			soft_targets_probabilities(
				&soft, 0, i, l->temperature, target + i * CLASSES);
		else
			soft_targets_row(&soft, 0, i, target + i * CLASSES);
}

static void check_sum(const char *text, const char *what, double got, double expected)
{
	check(fabs(got - expected) <= 1e-6 * fmax(1, fabs(expected)),
		"%s: %s is %.9g, PyTorch's %.9g", text, what, got, expected);
}

static void check_loss(int i, const char *text)
{
	const float *logits =
		golden_tensor(&golden, NULL, 0, "loss.logits", TENSOR_F32, ROWS * CLASSES);
	const uint8_t *label = golden_tensor(&golden, NULL, 0, "loss.labels", TENSOR_U8, ROWS);
	const double *sums = golden_tensor(&golden, "loss", i, "sums", TENSOR_F64, 3);
	float target[ROWS * CLASSES], dlogits[ROWS * CLASSES];
	char word[32];
	uint16_t labels[ROWS];
	struct loss l = {.kind = loss_kind_find(golden_word(text, "kind", word)),
		.temperature = golden_number(text, "temperature", 1),
		.hard = golden_number(text, "hard", 1),
		.soft = golden_number(text, "soft", 0),
		.scale_soft = golden_number(text, "square", 1) > 0,
		.smoothing = golden_number(text, "smoothing", 0),
		.classes = CLASSES,
		.batch = ROWS};
	struct batch b = {.n = ROWS, .label = labels, .target = target};
	struct loss_sum got = {0};
	struct err e;
	double d;

	check(l.kind != NULL, "there is no loss %s", word);
	for (size_t k = 0; k < ROWS; k++)
		labels[k] = label[k];
	fill_targets(&l, target);
	assert_int_equal(loss_init(&l, &e), 0);
	whole_loss(&l, &b, logits, dlogits, &got);
	loss_release(&l);
	check_sum(text, "the total", got.total, sums[0]);
	if (l.hard > 0)
		check_sum(text, "the hard part", got.hard, sums[1]);
	check_sum(text, "the soft part", got.soft, sums[2]);
	d = golden_distance(dlogits,
		golden_tensor(&golden, "loss", i, "gradient", TENSOR_F64, ROWS * CLASSES),
		ROWS * CLASSES);
	/* T^2 at T = 20 multiplies probabilities' roundoff by T: 20 * 2^-23 / 9 rows. */
	check(d < TOLERANCE, "%s: the gradient is off by %g", text, d);
}

static void losses_agree_with_pytorch(void **state)
{
	int seen[16] = {0}, kinds = 0, i = 0;
	const char *text;
	char word[32];

	(void)state;
	for (; (text = golden_case(&golden, "loss", i)) != NULL; i++) {
		check_loss(i, text);
		for (int k = 0; loss_kinds()[k] != NULL; k++)
			seen[k] |= strcmp(loss_kinds()[k]->name,
					   golden_word(text, "kind", word)) == 0;
	}
	for (; loss_kinds()[kinds] != NULL; kinds++)
		check(seen[kinds], "tests/oracle has no case of the loss %s",
			loss_kinds()[kinds]->name);
	assert_true(i >= 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nets_agree_with_pytorch),
		cmocka_unit_test(losses_agree_with_pytorch),
	};

	return cmocka_run_group_tests_name("oracle-maths", tests, set_up, tear_down);
}
