/* SPDX-License-Identifier: ISC */
/*
 * Every loss of the table: its gradient against differences (stencil.h), its value against
 * the formula in double, its behaviour at the ends of the range.
 *
 * Tolerance of values: 2e-6 of the larger of 1 and the value. Logits and targets are floats,
 * the exponentials in the losses too (2^-23 each); sums are in double.
 */
#include "loss.h"

#include "err.h"
#include "size.h"
#include "stencil.h"
#include "unit.h"
#include "whole.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_CLASSES 47
#define ITEMS 5
#define VALUE_TOLERANCE 2e-6

/* A loss with a batch to look at. */
struct probe {
	struct loss loss;
	struct batch batch;
	float logits[ITEMS * MOST_CLASSES], targets[ITEMS * MOST_CLASSES];
	float dlogits[ITEMS * MOST_CLASSES];
	uint16_t label[ITEMS];
};

/* Softmax by definition, in double. */
static void softmax(const float *z, size_t classes, double t, double *p)
{
	double sum = 0, most = (double)z[0];

	for (size_t i = 1; i < classes; i++)
		most = fmax(most, (double)z[i]);
	for (size_t i = 0; i < classes; i++)
		sum += p[i] = exp(((double)z[i] - most) / t);
	for (size_t i = 0; i < classes; i++)
		p[i] /= sum;
}

static void fill(struct probe *p)
{
	size_t classes = p->loss.classes;
	double row[MOST_CLASSES];

	stencil_points(p->logits, ITEMS * classes, 0, 1);
	stencil_points(p->targets, ITEMS * classes, 0.5, 2);
	for (size_t i = 0; i < ITEMS; i++) {
		p->label[i] = (uint16_t)(i * 5 % classes);
		if (p->loss.kind->targets != BATCH_PROBABILITIES)
			continue;
		softmax(p->targets + i * classes, classes, 0.8, row);
		for (size_t c = 0; c < classes; c++)
			p->targets[i * classes + c] = (float)row[c];
	}
	p->batch = (struct batch){.n = ITEMS, .label = p->label};
	if (p->loss.kind->targets != BATCH_NO_TARGETS)
		p->batch.target = p->targets;
}

static void probe_open(struct probe *p, const struct loss *loss)
{
	struct err e;

	memset(p, 0, sizeof *p);
	p->loss = *loss;
	p->loss.batch = ITEMS;
	fill(p);
	assert_int_equal(loss_init(&p->loss, &e), 0);
}

static struct loss_sum eval(struct probe *p)
{
	struct loss_sum sum = {0};

	whole_loss(&p->loss, &p->batch, p->logits, p->dlogits, &sum);
	return sum;
}

/* Every setting that changes a loss; each test runs through all of them for all kinds. */
typedef void check_one(struct probe *p);

static void for_each_setting(check_one *one)
{
	static const double temperature[] = {1, 4, 20}, smoothing[] = {0, 0.1};
	static const double weight[][2] = {{1, 0}, {0, 1}, {1, 1}, {0.3, 0.7}};
	static const size_t classes[] = {2, 10, MOST_CLASSES};
	static struct probe p;

	for (const struct loss_kind *const *k = loss_kinds(); *k != NULL; k++)
		for (size_t i = 0; i < 3 * 2 * 4 * 3 * 2; i++) {
			struct loss l = {.kind = *k,
				.temperature = temperature[i % 3],
				.smoothing = smoothing[i / 3 % 2],
				.hard = weight[i / 6 % 4][0],
				.soft = weight[i / 6 % 4][1],
				.classes = classes[i / 24 % 3],
				.scale_soft = i / 72 % 2 == 1};

			probe_open(&p, &l);
			one(&p);
			loss_release(&p.loss);
		}
}

static void describe(const struct loss *l, char text[200])
{
	snprintf(text, 200, "%s T=%g hard=%g soft=%g smoothing=%g C=%zu%s", l->kind->name,
		l->temperature, l->hard, l->soft, l->smoothing, l->classes,
		l->scale_soft ? " T^2" : "");
}

static double mean_total(void *arg)
{
	return eval(arg).total / ITEMS;
}

static void check_gradient(struct probe *p)
{
	size_t n = ITEMS * p->loss.classes;
	float got[ITEMS * MOST_CLASSES];
	struct stencil_distance d = {0, 0};
	char text[200];

	describe(&p->loss, text);
	for (size_t i = 0; i < n; i++)
		p->dlogits[i] = NAN; /* what was there must not matter */
	eval(p);
	memcpy(got, p->dlogits, n * sizeof got[0]);
	for (size_t i = 0; i < n; i++)
		stencil_compare(
			&d, (double)got[i], stencil_slope(mean_total, p, &p->logits[i]));
	if (p->loss.hard <= 0 && p->loss.kind->targets == BATCH_NO_TARGETS)
		assert_true(d.size == 0 && d.error == 0); /* nothing is asked for */
	else
		check(stencil_error(&d) < STENCIL_TOLERANCE, "%s: off by %g", text,
			stencil_error(&d));
}

static void every_gradient_agrees_with_differences(void **state)
{
	(void)state;
	for_each_setting(check_gradient);
}

/* --- values by the formulas of REFERENCE section 4 --- */

static double cross_entropy(const float *z, size_t classes, size_t label, double smoothing)
{
	double q[MOST_CLASSES], sum = 0;

	softmax(z, classes, 1, q);
	for (size_t i = 0; i < classes; i++)
		sum -= (smoothing / (double)classes + (i == label ? 1 - smoothing : 0)) *
		       log(q[i]);
	return sum;
}

/* The soft part of one row, unweighted; fails for a kind without a formula here. */
static double soft_part(const struct loss *l, const float *z, const float *target)
{
	const char *name = l->kind->name;
	double q[MOST_CLASSES], sum = 0;

	softmax(z, l->classes, l->temperature, q);
	for (size_t i = 0; i < l->classes; i++) {
		double p = target == NULL ? 0 : (double)target[i];

		if (strcmp(name, "kd") == 0)
			sum += p * log(p / q[i]);
		else if (strcmp(name, "mse-probabilities") == 0)
			sum += (q[i] - p) * (q[i] - p) / (double)l->classes;
		else if (strcmp(name, "mse-logits") == 0)
			sum += ((double)z[i] - p) * ((double)z[i] - p) / 2;
		else if (strcmp(name, "ce") != 0)
			fail_msg("add the formula of the loss %s to this test", name);
	}
	return sum;
}

static void check_close(const char *text, const char *what, double got, double expected)
{
	check(fabs(got - expected) <= VALUE_TOLERANCE * fmax(1, fabs(expected)),
		"%s: %s is %.9g, should be %.9g", text, what, got, expected);
}

static void check_value(struct probe *p)
{
	const struct loss *l = &p->loss;
	struct loss_sum got = eval(p), sum = {0};
	int squared = strcmp(l->kind->name, "kd") == 0 && l->scale_soft;
	double t2 = squared ? l->temperature * l->temperature : 1;
	char text[200];

	describe(l, text);
	for (size_t i = 0; i < ITEMS; i++) {
		const float *z = p->logits + i * l->classes;
		const float *v = p->batch.target == NULL ? NULL : p->targets + i * l->classes;
		size_t best = 0;

		sum.hard += cross_entropy(z, l->classes, p->label[i], l->smoothing);
		sum.soft += soft_part(l, z, v);
		for (size_t c = 1; c < l->classes; c++)
			best = z[c] > z[best] ? c : best;
		sum.correct += best == p->label[i];
	}
	check_close(text, "the total", got.total, l->hard * sum.hard + l->soft * t2 * sum.soft);
	if (l->hard > 0)
		check_close(text, "the hard part", got.hard, sum.hard);
	if (l->soft > 0)
		check_close(text, "the soft part", got.soft, sum.soft);
	check_close(text, "correct", got.correct, sum.correct);
	check_close(text, "items", got.items, ITEMS);
}

static void every_value_is_the_formula(void **state)
{
	(void)state;
	for_each_setting(check_value);
}

/* A softmax's gradient is orthogonal to a constant: shifting all logits changes nothing. */
static void check_shift(struct probe *p)
{
	size_t classes = p->loss.classes;

	if (strcmp(p->loss.kind->name, "mse-logits") == 0)
		return;
	eval(p);
	for (size_t i = 0; i < ITEMS; i++) {
		double sum = 0, size = 0;

		for (size_t c = 0; c < classes; c++) {
			sum += (double)p->dlogits[i * classes + c];
			size += fabs((double)p->dlogits[i * classes + c]);
		}
		/* Rounding of C floats of that size, and of the softmax under T^2. */
		assert_true(fabs(sum) <= 1e-6 * (size + p->loss.temperature));
	}
}

static void gradients_sum_to_zero(void **state)
{
	(void)state;
	for_each_setting(check_shift);
}

/* Logits that overflow a naive exponential, and probabilities of exactly 0. */
static void check_extremes(struct probe *p)
{
	size_t classes = p->loss.classes;
	struct loss_sum sum;
	char text[200];

	describe(&p->loss, text);
	for (size_t i = 0; i < ITEMS * classes; i++) {
		p->logits[i] *= 20000;
		if (p->loss.kind->targets == BATCH_PROBABILITIES)
			p->targets[i] = i % classes == 1 ? 1 : 0;
	}
	sum = eval(p);
	check(isfinite(sum.total) && isfinite(sum.hard) && isfinite(sum.soft), "%s: total %g",
		text, sum.total);
	for (size_t i = 0; i < ITEMS * classes; i++)
		check(isfinite(p->dlogits[i]), "%s: gradient %g", text, (double)p->dlogits[i]);
}

static void extremes_stay_finite(void **state)
{
	(void)state;
	for_each_setting(check_extremes);
}

/* KL reaches 0 where the student says what the teacher says, and so does its gradient. */
static void agreement_costs_nothing(void **state)
{
	static struct probe p;
	struct loss l = {.kind = loss_kind_find("kd"),
		.temperature = 5,
		.soft = 1,
		.scale_soft = 1,
		.classes = 10};
	double row[10];

	(void)state;
	probe_open(&p, &l);
	p.batch.label = NULL; /* without a hard part no labels are needed */
	assert_false(loss_needs_labels(&p.loss));
	for (size_t i = 0; i < ITEMS; i++) {
		softmax(p.logits + i * 10, 10, 5, row);
		for (size_t c = 0; c < 10; c++)
			p.targets[i * 10 + c] = (float)row[c];
	}
	assert_true(fabs(eval(&p).soft) < 1e-6);
	for (size_t i = 0; i < ITEMS * 10; i++)
		assert_true(fabsf(p.dlogits[i]) < 1e-6f);
	loss_release(&p.loss);
}

/* Hand-computed: z = (0, ln 3), y = 0: CE = ln 4; T = 2 makes the odds sqrt(3) : 1. */
static void hand_computed(void **state)
{
	static struct probe p;
	struct loss l = {
		.kind = loss_kind_find("ce"), .hard = 1, .temperature = 1, .classes = 2};
	float z[2] = {0, logf(3)}, q[2];
	struct loss_sum sum = {0};

	(void)state;
	probe_open(&p, &l);
	p.batch.n = 1;
	p.label[0] = 0;
	whole_loss(&p.loss, &p.batch, z, p.dlogits, &sum);
	assert_true(fabs(sum.total - log(4)) < 1e-6);
	assert_true(fabsf(p.dlogits[0] + 0.75f) < 1e-6f && fabsf(p.dlogits[1] - 0.75f) < 1e-6f);
	assert_true(sum.correct == 0);
	assert_true(fabs(loss_softmax(z, 2, 2, q) - log(1 + sqrt(3))) < 1e-6);
	assert_true(fabs((double)q[1] - sqrt(3) / (1 + sqrt(3))) < 1e-6);
	loss_softmax(z, 2, 1, z);
	assert_true(fabsf(z[0] - 0.25f) < 1e-7f && fabsf(z[1] - 0.75f) < 1e-7f);
	loss_release(&p.loss);
}

/* --- batches cut in any way --- */

#define ROWS 1000
#define CLASSES 10

static struct loss_sum eval_rows(const struct loss_kind *kind, size_t step, const float *z,
	const float *target, float *dlogits)
{
	static uint16_t label[ROWS];
	struct err e;
	struct loss l = {.kind = kind,
		.temperature = 3,
		.hard = 0.4,
		.soft = 0.6,
		.scale_soft = 1,
		.classes = CLASSES,
		.batch = ROWS};
	struct batch b = {.n = ROWS, .label = label, .target = target};
	struct loss_sum sum = {0};

	for (size_t i = 0; i < ROWS; i++)
		label[i] = (uint16_t)(i % CLASSES);
	assert_int_equal(loss_init(&l, &e), 0);
	for (size_t from = 0; from < ROWS; from += step)
		loss_rows(&l, &b, from, from + step < ROWS ? from + step : ROWS,
			z + from * CLASSES, dlogits + from * CLASSES);
	loss_add(&l, ROWS, &sum);
	loss_release(&l);
	return sum;
}

static void same_bytes_for_any_cut(void **state)
{
	static float z[ROWS * CLASSES], v[ROWS * CLASSES], a[ROWS * CLASSES], b[ROWS * CLASSES];

	(void)state;
	stencil_points(z, ROWS * CLASSES, 0, 1);
	stencil_points(v, ROWS * CLASSES, 0, 2);
	for (size_t i = 0; i < ROWS * CLASSES; i += CLASSES)
		loss_softmax(v + i, CLASSES, 1, v + i);
	for (const struct loss_kind *const *k = loss_kinds(); *k != NULL; k++) {
		struct loss_sum one = eval_rows(*k, ROWS, z, v, a);

		assert_true(one.items == ROWS && one.total > 0);
		for (size_t step = 1; step <= 64; step *= 8) {
			struct loss_sum more = eval_rows(*k, step, z, v, b);

			assert_memory_equal(a, b, sizeof a);
			assert_memory_equal(&one, &more, sizeof one);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_gradient_agrees_with_differences),
		cmocka_unit_test(every_value_is_the_formula),
		cmocka_unit_test(gradients_sum_to_zero),
		cmocka_unit_test(extremes_stay_finite),
		cmocka_unit_test(agreement_costs_nothing),
		cmocka_unit_test(hand_computed),
		cmocka_unit_test(same_bytes_for_any_cut),
	};

	return cmocka_run_group_tests_name("loss", tests, NULL, NULL);
}
