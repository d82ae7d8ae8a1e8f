/* SPDX-License-Identifier: ISC */
/* McNemar's test against hand-computed binomial sums and the normal table. */
#include "metrics-compare.h"

#include "unit.h"

#include <math.h>

#define ITEMS 1000

static void near(double got, double want)
{
	check(fabs(got - want) < 1e-9, "got %.17g, want %.17g", got, want);
}

/* Two models, `only_a` and `only_b` items apart; both are right or both wrong elsewhere. */
static struct metrics_mcnemar compare(size_t only_a, size_t only_b)
{
	uint8_t a[ITEMS], b[ITEMS];

	for (size_t i = 0; i < ITEMS; i++)
		a[i] = b[i] = i % 3 != 0;
	for (size_t i = 0; i < only_a + only_b; i++) {
		a[i] = i >= only_a;
		b[i] = i < only_a;
	}
	return metrics_mcnemar(a, b, ITEMS);
}

static void is_exact_for_few(void **state)
{
	struct metrics_mcnemar m = compare(1, 5);

	(void)state;
	assert_int_equal(m.only_a, 1);
	assert_int_equal(m.only_b, 5);
	assert_true(m.exact);
	assert_true(isnan(m.statistic));
	near(m.p, 14.0 / 64); /* 2 (1 + 6) / 2^6 */
	near(compare(5, 1).p, 14.0 / 64);
	near(compare(0, 5).p, 2.0 / 32);
	near(compare(6, 18).p, 0.022655844688415527); /* 2 (C(24,0) + ... + C(24,6)) / 2^24 */
}

static void finds_nothing_in_ties(void **state)
{
	(void)state;
	near(compare(0, 0).p, 1);
	near(compare(3, 3).p, 1);
	near(compare(12, 12).p, 1);
	near(compare(30, 30).p, 1);
	near(compare(30, 30).statistic, 0);
	near(compare(13, 12).statistic, 0);
}

/* z = 2.4 and sqrt(5.6) in the two-sided normal table, integrated to 1e-12. */
static void is_chi_squared_for_many(void **state)
{
	struct metrics_mcnemar m = compare(6, 19);

	(void)state;
	assert_false(m.exact);
	near(m.statistic, 5.76);
	near(m.p, 0.016395071849189);
	m = compare(25, 10);
	near(m.statistic, 5.6);
	near(m.p, 0.017960477526075);
}

int main(void)
{
	const struct CMUnitTest metrics_compare[] = {
		cmocka_unit_test(is_exact_for_few),
		cmocka_unit_test(finds_nothing_in_ties),
		cmocka_unit_test(is_chi_squared_for_many),
	};

	return cmocka_run_group_tests_name("metrics-compare", metrics_compare, NULL, NULL);
}
