/* SPDX-License-Identifier: ISC */
/* Logarithms of probabilities, entropy, KL, ranks: hand-computed. */
#include "metrics.h"

#include "unit.h"

#include <float.h>
#include <math.h>

#define LN2 0.69314718055994530942

static void near(double got, double want, double slack)
{
	check(fabs(got - want) <= slack, "got %.17g, want %.17g", got, want);
}

static void ranks_as_argmax_does(void **state)
{
	const float z[] = {1, 3, 3, -2, 2, 3};
	const float bad[] = {NAN, 1, NAN};

	(void)state;
	assert_int_equal(metrics_best(z, 6), 1);
	assert_int_equal(metrics_rank(z, 6, 1), 0);
	assert_int_equal(metrics_rank(z, 6, 2), 1);
	assert_int_equal(metrics_rank(z, 6, 5), 2);
	assert_int_equal(metrics_rank(z, 6, 4), 3);
	assert_int_equal(metrics_rank(z, 6, 0), 4);
	assert_int_equal(metrics_rank(z, 6, 3), 5);
	/* NaN is never a hit. */
	assert_int_equal(metrics_rank(bad, 3, 0), 2);
	assert_int_equal(metrics_rank(bad, 3, 1), 2);
}

static void takes_log_softmax(void **state)
{
	/* exp: 1, 2, 1 and at T = 1/2 its squares 1, 4, 1 */
	const float z[] = {5, (float)(5 + LN2), 5};
	double p[3];

	(void)state;
	metrics_log_probabilities(SOFT_LOGITS, z, 3, 1, p);
	near(p[0], -2 * LN2, 1e-6);
	near(p[1], -LN2, 1e-6);
	/* exp(-50) beside 1: lost in 1 + exp(-50), but not here. */
	metrics_log_probabilities(SOFT_LOGITS, (const float[]){0, -50}, 2, 1, p);
	near(p[0], -exp(-50), 1e-36);
	metrics_log_probabilities(SOFT_ZERO_MEAN_LOGITS, z, 3, 0.5, p);
	near(p[1], log(4.0 / 6), 1e-6);
	near(p[2], log(1.0 / 6), 1e-6);
}

static void survives_huge_logits(void **state)
{
	const float z[] = {FLT_MAX, -FLT_MAX, FLT_MAX};
	const float far[] = {-3e38f, -3e38f, -1e38f};
	double p[3];

	(void)state;
	metrics_log_probabilities(SOFT_LOGITS, z, 3, 1, p);
	near(p[0], -LN2, 1e-15);
	near(p[2], -LN2, 1e-15);
	assert_true(isfinite(p[1]) && p[1] < -1e38);
	near(metrics_entropy(p, 3), LN2, 1e-15);
	metrics_log_probabilities(SOFT_LOGITS, far, 3, 1, p);
	near(p[2], 0, 0);
	near(metrics_entropy(p, 3), 0, 0);
}

static void takes_stored_probabilities(void **state)
{
	const float p[] = {0.5f, 0, 0.5f}, l[] = {-1, -2, -3};
	double log_p[3];

	(void)state;
	metrics_log_probabilities(SOFT_PROBABILITIES, p, 3, 7, log_p);
	near(log_p[0], -LN2, 1e-15);
	assert_true(isinf(log_p[1]) && log_p[1] < 0);
	near(metrics_entropy(log_p, 3), LN2, 1e-15);
	metrics_log_probabilities(SOFT_LOG_PROBABILITIES, l, 3, 7, log_p);
	near(log_p[1], -2, 0);
}

static void measures_entropy(void **state)
{
	const double even[] = {-2 * LN2, -2 * LN2, -2 * LN2, -2 * LN2};
	const double half[] = {-LN2, -2 * LN2, -2 * LN2};

	(void)state;
	near(metrics_entropy(even, 4), 2 * LN2, 1e-15);
	near(metrics_entropy(half, 3), 1.5 * LN2, 1e-15);
}

static void measures_kl(void **state)
{
	/* p = 1/2 1/4 1/4, q = 1/4 1/2 1/4: 1/2 ln 2 - 1/4 ln 2 */
	const double p[] = {-LN2, -2 * LN2, -2 * LN2}, q[] = {-2 * LN2, -LN2, -2 * LN2};
	const double zero[] = {-LN2, -LN2, -INFINITY};

	(void)state;
	near(metrics_kl(p, q, 3), 0.25 * LN2, 1e-15);
	near(metrics_kl(p, p, 3), 0, 0);
	/* p = 1/2 1/2 0, q = 1/4 1/2 1/4: 1/2 ln 2; the other way q's last class is impossible.
	 */
	near(metrics_kl(zero, q, 3), 0.5 * LN2, 1e-15);
	assert_true(isinf(metrics_kl(q, zero, 3)));
	near(metrics_kl(zero, zero, 3), 0, 0);
}

/* Rounding p down leaves mass over: p ln(p/q) alone would be below 0 here. */
static void measures_kl_of_rounded(void **state)
{
	const double p[] = {log(0.49), log(0.49)}, q[] = {-LN2, -LN2};

	(void)state;
	near(metrics_kl(p, q, 2), 0.98 * log(0.98) + 0.02, 1e-15);
	assert_true(metrics_kl(p, q, 2) > 0);
}

int main(void)
{
	const struct CMUnitTest metrics[] = {
		cmocka_unit_test(ranks_as_argmax_does),
		cmocka_unit_test(takes_log_softmax),
		cmocka_unit_test(survives_huge_logits),
		cmocka_unit_test(takes_stored_probabilities),
		cmocka_unit_test(measures_entropy),
		cmocka_unit_test(measures_kl),
		cmocka_unit_test(measures_kl_of_rounded),
	};

	return cmocka_run_group_tests(metrics, NULL, NULL);
}
