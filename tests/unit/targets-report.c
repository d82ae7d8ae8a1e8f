/* SPDX-License-Identifier: ISC */
/* What soft targets are turned into, and what is said of them. */
#include "targets-report.h"

#include "err.h"
#include "pooled.h"

#include <math.h>
#include <string.h>

#define ROWS 3000
#define CLASSES 4

static void near(double got, double want, double slack)
{
	check(fabs(got - want) <= slack, "got %.17g, want %.17g", got, want);
}

static struct soft_targets_source source(
	enum soft_values values, enum tensor_dtype dtype, size_t items, size_t classes)
{
	return (struct soft_targets_source){.values = values,
		.dtype = dtype,
		.temperature = soft_values_fixed(values) ? 2 : 0,
		.items = items,
		.classes = classes,
		.views = 1};
}

static double entropy(double a, double b)
{
	return -a * log(a) - b * log(b);
}

/* Rows of odds 1:1 and 32:1, the latter 2:1 at T = 5 and 32^(1/20):1 at T = 20. */
static void measures_entropy(void **state)
{
	float value[] = {3, 3, (float)(7 + 5 * log(2)), 7};
	struct soft_targets_source s = source(SOFT_ZERO_MEAN_LOGITS, TENSOR_F32, 2, 2);
	const uint16_t label[] = {0, 1};
	double odds = pow(32, 0.05);
	struct targets_report r;
	struct err e;

	(void)state;
	assert_int_equal(targets_report_make(&r, value, &s, label, pool, &e), 0);
	assert_int_equal(r.rows, 2);
	near(r.entropy[0], (log(2) + entropy(32.0 / 33, 1.0 / 33)) / 2, 1e-6);
	near(r.entropy[1], (log(2) + entropy(2.0 / 3, 1.0 / 3)) / 2, 1e-6);
	near(r.entropy[2], (log(2) + entropy(odds / (1 + odds), 1 / (1 + odds))) / 2, 1e-6);
	assert_int_equal(r.costs, 3);
	for (int t = 0; t < 3; t++) {
		near(r.cost[t].temperature, targets_temperature[t], 0);
		near(r.cost[t].kl, 0, 0);
		near(r.cost[t].kl_max, 0, 0);
	}
	/* Zero-mean in place; row 0 goes to class 0 and is right, row 1 also and is wrong. */
	near((double)value[0], 0, 0);
	near((double)(value[2] + value[3]), 0, 0);
	near((double)value[2], 2.5 * log(2), 1e-6);
	assert_true(r.labelled);
	assert_int_equal(r.agreed, 1);
}

/* bf16 has 8 bits: 1 + 2^-9 becomes 1 (ties to even), so odds of e^(2^-9) : 1 are lost. */
static void measures_cost(void **state)
{
	float value[] = {1 + 0x1p-9f, 1, 0, 0};
	struct soft_targets_source s = source(SOFT_LOGITS, TENSOR_BF16, 2, 2);
	double p = 1 / (1 + exp(-0x1p-9)), kl = log(2) - entropy(p, 1 - p);
	struct targets_report r;
	struct err e;

	(void)state;
	assert_int_equal(targets_report_make(&r, value, &s, NULL, pool, &e), 0);
	near(r.cost[0].kl_max, kl, 1e-12);
	near(r.cost[0].kl, kl / 2, 1e-12);
	assert_true(kl > 4e-7);
	near(r.cost[1].kl_max, kl / 25, 1e-12);
	assert_false(r.labelled);
	/* The values themselves stay as they were: encoding them is the file's business. */
	near((double)value[0], 1 + 0x1p-9, 0);
}

static void makes_probabilities(void **state)
{
	/* Odds 1 : e^2 : e^-40 at T = 2; F16 has no number between 0 and 6e-8. */
	float value[] = {1, 5, -79};
	float logs[] = {1, 5, -79};
	struct soft_targets_source s = source(SOFT_PROBABILITIES, TENSOR_F16, 1, 3);
	double sum = 1 + exp(2) + exp(-40);
	struct targets_report r;
	struct err e;

	(void)state;
	assert_int_equal(targets_report_make(&r, value, &s, NULL, pool, &e), 0);
	near((double)value[0], 1 / sum, 1e-7);
	near((double)value[2], exp(-40) / sum, 1e-22);
	assert_int_equal(r.costs, 1);
	near(r.cost[0].temperature, 2, 0);
	assert_int_equal(r.lost, 1);
	assert_true(isinf(r.cost[0].kl));
	s.values = SOFT_LOG_PROBABILITIES;
	assert_int_equal(targets_report_make(&r, logs, &s, NULL, pool, &e), 0);
	near((double)logs[2], -40 - log(sum), 1e-5);
	assert_int_equal(r.lost, 0);
	assert_true(r.cost[0].kl > 0 && r.cost[0].kl < 1e-6);
}

static void refuses_overflow(void **state)
{
	static const struct {
		enum tensor_dtype dtype;
		float value;
		int bad;
	} cases[] = {{TENSOR_F16, 65504, 0}, {TENSOR_F16, 65600, -1}, {TENSOR_F16, -1e9f, -1},
		{TENSOR_BF16, 1e9f, 0}, {TENSOR_F32, 3e38f, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct soft_targets_source s =
			source(SOFT_LOGITS, cases[i].dtype, ROWS, CLASSES);
		static float value[ROWS * CLASSES];
		struct targets_report r;
		struct err e = {""};

		memset(value, 0, sizeof value);
		value[2000 * CLASSES + 3] = cases[i].value;
		value[2500 * CLASSES] = cases[i].value;
		assert_int_equal(
			targets_report_make(&r, value, &s, NULL, pool, &e), cases[i].bad);
		check(!cases[i].bad == !strstr(e.text, "row 2000, class 3: "), "%s", e.text);
	}
}

/* Labels repeat with every view; sums are the same bytes for any number of threads. */
static void adds_up_in_one_order(void **state)
{
	static const int threads[] = {1, 2, 4};
	static float value[ROWS * CLASSES];
	struct soft_targets_source s = source(SOFT_LOGITS, TENSOR_F16, ROWS / 3, CLASSES);
	struct targets_report r[3];
	uint16_t label[ROWS / 3];
	struct err e;

	(void)state;
	s.views = 3;
	for (size_t i = 0; i < ROWS / 3; i++)
		label[i] = (uint16_t)(i % CLASSES);
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		value[i] = (float)(i * 7919 % 1009) / 97;
	/* Views 0 and 2 are right about item 1, view 1 is not. */
	for (size_t view = 0; view < 3; view++)
		value[(view * ROWS / 3 + 1) * CLASSES + (view == 1 ? 2 : 1)] = 100;
	for (int i = 0; i < 3; i++) {
		struct workers *w = workers_new(threads[i], &e);

		memset(&r[i], 0, sizeof r[i]);
		assert_int_equal(targets_report_make(&r[i], value, &s, label, w, &e), 0);
		workers_free(w);
	}
	assert_memory_equal(&r[0].entropy, &r[1].entropy, sizeof r[0].entropy);
	assert_memory_equal(&r[0].entropy, &r[2].entropy, sizeof r[0].entropy);
	assert_memory_equal(&r[0].cost, &r[1].cost, sizeof r[0].cost);
	assert_memory_equal(&r[0].cost, &r[2].cost, sizeof r[0].cost);
	assert_int_equal(r[0].agreed, r[2].agreed);
	for (size_t i = 0, agreed = 0; i < ROWS; i++) {
		const float *row = value + i * CLASSES;
		size_t best = 0;

		for (size_t c = 1; c < CLASSES; c++)
			best = row[c] > row[best] ? c : best;
		agreed += best == label[i % (ROWS / 3)];
		if (i + 1 == ROWS)
			assert_int_equal(r[0].agreed, agreed);
	}
}

/* Of each row what it is alone, wherever it is. */
static void measures_every_row(void **state)
{
	static float value[ROWS * CLASSES];
	struct soft_targets_source all = source(SOFT_LOGITS, TENSOR_F16, ROWS, CLASSES);
	struct soft_targets_source one = source(SOFT_LOGITS, TENSOR_F16, 1, CLASSES);
	double entropy = 0, kl = 0, kl_max = 0;
	struct targets_report r;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ROWS * CLASSES; i++)
		value[i] = (float)(i * 7919 % 10007) / 970;
	for (size_t i = 0; i < ROWS; i++) {
		assert_int_equal(
			targets_report_make(&r, value + i * CLASSES, &one, NULL, pool, &e), 0);
		entropy += r.entropy[1] / ROWS;
		kl += r.cost[1].kl / ROWS;
		kl_max = fmax(kl_max, r.cost[1].kl);
	}
	assert_int_equal(targets_report_make(&r, value, &all, NULL, pool, &e), 0);
	near(r.entropy[1], entropy, 1e-13);
	near(r.cost[1].kl, kl, 1e-13 * kl);
	near(r.cost[1].kl_max, kl_max, 0);
	assert_true(kl > 0 && kl_max > kl);
}

int main(void)
{
	const struct CMUnitTest targets_report[] = {
		cmocka_unit_test(measures_entropy),
		cmocka_unit_test(measures_cost),
		cmocka_unit_test(makes_probabilities),
		cmocka_unit_test(refuses_overflow),
		cmocka_unit_test(adds_up_in_one_order),
		cmocka_unit_test(measures_every_row),
	};

	return cmocka_run_group_tests_name(
		"targets-report", targets_report, set_up_pool, tear_down_pool);
}
