/* SPDX-License-Identifier: ISC */
/* Agreement and KL against soft targets, hand-computed. */
#include "metrics-agree.h"

#include "err.h"
#include "unit.h"

#include <math.h>

#define LN2 0.69314718055994530942f

static void near(double got, double want)
{
	check(fabs(got - want) < 1e-6, "got %.17g, want %.17g", got, want);
}

/* Two views of two items; logits are ln of 1, 2 or 4. */
static const float logits[] = {0, LN2, 0, LN2, 0, 0, 0, 2 * LN2, 0, 2 * LN2, 0, 0};
static const struct soft_targets soft = {.values = SOFT_LOGITS,
	.items = 2,
	.classes = 3,
	.views = 2,
	.dtype = TENSOR_F32,
	.stored = logits};

static void is_nothing_for_the_teacher(void **state)
{
	struct metrics_agree m;
	struct err e;

	(void)state;
	assert_int_equal(metrics_agree_init(&m, &soft, 3, &e), 0);
	metrics_agree_add(&m, logits, 0, 0, 2);
	metrics_agree_add(&m, logits + 6, 1, 0, 1);
	metrics_agree_add(&m, logits + 9, 1, 1, 1);
	assert_int_equal(m.rows, 4);
	assert_int_equal(m.agreed, 4);
	near(m.kl, 0);
	metrics_agree_release(&m);
}

/* p = 1/4 1/2 1/4 against q = 1/3 each: -1.5 ln 2 + ln 3; and against q = 1/2 1/4 1/4: ln 2
 * / 4. */
static void measures_rows(void **state)
{
	const float even[] = {5, 5, 5}, other[] = {LN2, 0, 0};
	struct metrics_agree m;
	struct err e;

	(void)state;
	assert_int_equal(metrics_agree_init(&m, &soft, 1, &e), 0);
	metrics_agree_add(&m, even, 0, 0, 1);
	near(m.kl, log(3) - 1.5 * log(2));
	metrics_agree_add(&m, other, 0, 0, 1);
	near(m.kl, log(3) - 1.5 * log(2) + 0.25 * log(2));
	near(m.kl_max, 0.25 * log(2));
	assert_int_equal(m.agreed, 0);
	/* The second item's target is at class 0, as this row is. */
	metrics_agree_add(&m, other, 0, 1, 1);
	assert_int_equal(m.agreed, 1);
	assert_int_equal(m.rows, 3);
	metrics_agree_release(&m);
}

/* At T = 2 the second view's 1 4 1 is 1 2 1 again. */
static void divides_by_temperature(void **state)
{
	const float even[] = {0, 0, 0};
	struct metrics_agree m;
	struct err e;

	(void)state;
	assert_int_equal(metrics_agree_init(&m, &soft, 2, &e), 0);
	metrics_agree_add(&m, even, 1, 0, 1);
	near(m.kl, log(3) - 1.5 * log(2));
	metrics_agree_release(&m);
}

/* Stored probabilities are p themselves; only z is divided by T. */
static void takes_probabilities(void **state)
{
	static const float p[] = {0.25f, 0.5f, 0.25f, 0.5f, 0.5f, 0};
	const struct soft_targets fixed = {.values = SOFT_PROBABILITIES,
		.temperature = 2,
		.items = 2,
		.classes = 3,
		.views = 1,
		.dtype = TENSOR_F32,
		.stored = p};
	const float z[] = {0, 2 * LN2, 0, 0, 0, 0};
	struct metrics_agree m;
	struct err e;

	(void)state;
	assert_int_equal(metrics_agree_init(&m, &fixed, 2, &e), 0);
	metrics_agree_add(&m, z, 0, 0, 2);
	near(m.kl, log(1.5));
	assert_int_equal(m.agreed, 2);
	metrics_agree_release(&m);
}

/* What rounding to 16 bits leaves of 1/3 1/3 1/3 and 0.7 0.2 0.1 is their own KL of 0 when it
 * is divided by its sum; so are logarithms. */
static void divides_by_the_sum(void **state)
{
	static const float low = 0x1.554p-2f,
			   p[] = {low, low, low, 0.7f * 0.998f, 0.2f * 0.998f, 0.1f * 0.998f};
	float log_p[6], z[6];
	struct soft_targets fixed = {.values = SOFT_PROBABILITIES,
		.temperature = 2,
		.items = 2,
		.classes = 3,
		.views = 1,
		.dtype = TENSOR_F32,
		.stored = p};
	struct err e;

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		log_p[i] = logf(p[i]);
		z[i] = 2 * log_p[i] + 1;
	}
	for (int logarithms = 0; logarithms < 2; logarithms++) {
		struct metrics_agree m;

		assert_int_equal(metrics_agree_init(&m, &fixed, 2, &e), 0);
		metrics_agree_add(&m, z, 0, 0, 2);
		check(m.kl >= 0 && m.kl_max < 1e-12, "KL %g", m.kl_max);
		assert_int_equal(m.agreed, 2);
		metrics_agree_release(&m);
		fixed.values = SOFT_LOG_PROBABILITIES;
		fixed.stored = log_p;
	}
}

/* Many at a time are the same, in the same order, as one by one. */
static void takes_any_number(void **state)
{
	enum { ITEMS = 2 * METRICS_ROWS + 7, CLASSES = 5 };
	static float z[ITEMS * CLASSES], target[ITEMS * CLASSES];
	const struct soft_targets many = {.values = SOFT_LOGITS,
		.items = ITEMS,
		.classes = CLASSES,
		.views = 1,
		.dtype = TENSOR_F32,
		.stored = target};
	struct metrics_agree all, each;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ITEMS * CLASSES; i++) {
		z[i] = (float)(i * 7919 % 1009) / 100;
		target[i] = (float)(i * 6007 % 1013) / 100;
	}
	assert_int_equal(metrics_agree_init(&all, &many, 2, &e), 0);
	assert_int_equal(metrics_agree_init(&each, &many, 2, &e), 0);
	metrics_agree_add(&all, z, 0, 0, ITEMS);
	for (size_t i = 0; i < ITEMS; i++)
		metrics_agree_add(&each, z + i * CLASSES, 0, i, 1);
	assert_int_equal(all.rows, ITEMS);
	assert_int_equal(all.agreed, each.agreed);
	assert_true(all.agreed > 0 && all.agreed < ITEMS);
	assert_memory_equal(&all.kl, &each.kl, sizeof all.kl);
	assert_memory_equal(&all.kl_max, &each.kl_max, sizeof all.kl_max);
	assert_true(all.kl_max > 0 && all.kl > all.kl_max);
	metrics_agree_release(&all);
	metrics_agree_release(&each);
}

int main(void)
{
	const struct CMUnitTest metrics_agree[] = {
		cmocka_unit_test(is_nothing_for_the_teacher),
		cmocka_unit_test(measures_rows),
		cmocka_unit_test(divides_by_temperature),
		cmocka_unit_test(takes_probabilities),
		cmocka_unit_test(divides_by_the_sum),
		cmocka_unit_test(takes_any_number),
	};

	return cmocka_run_group_tests_name("metrics-agree", metrics_agree, NULL, NULL);
}
