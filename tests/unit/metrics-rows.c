/* SPDX-License-Identifier: ISC */
/* Probabilities, entropy and KL of rows: hand-computed, and alone as beside others. */
#include "metrics-rows.h"

#include "err.h"
#include "unit.h"

#include <float.h>
#include <math.h>

#define LN2 0.69314718055994530942
#define CLASSES 4

static struct metrics_rows one, other;

static int set_up(void **state)
{
	struct err e;

	(void)state;
	return metrics_rows_init(&one, CLASSES, &e) || metrics_rows_init(&other, CLASSES, &e);
}

static int tear_down(void **state)
{
	(void)state;
	metrics_rows_release(&one);
	metrics_rows_release(&other);
	return 0;
}

static void near(double got, double want, double slack)
{
	check(fabs(got - want) <= slack, "got %.17g, want %.17g", got, want);
}

static double entropy_of(enum soft_values kind, const float row[CLASSES])
{
	double entropy;

	metrics_rows_take(&one, kind, row, 1, 1);
	metrics_rows_entropy(&one, &entropy);
	return entropy;
}

static double kl_of(enum soft_values kind, const float p[CLASSES], const float q[CLASSES])
{
	double kl;

	metrics_rows_take(&one, kind, p, 1, 1);
	metrics_rows_take(&other, kind, q, 1, 1);
	metrics_rows_kl(&one, &other, &kl);
	return kl;
}

static void takes_softmax(void **state)
{
	/* exp: 1, 2, 1, 0 and at T = 1/2 its squares 1, 4, 1, 0 */
	const float z[] = {5, (float)(5 + LN2), 5, -INFINITY}, far[] = {0, -50, -1e4f, -51};

	(void)state;
	metrics_rows_take(&one, SOFT_LOGITS, z, 1, 1);
	near(one.log_p[0], -2 * LN2, 1e-6);
	near(one.log_p[1], -LN2, 1e-6);
	near(one.p[0], 0.25, 1e-6);
	near(one.p[1], 0.5, 1e-6);
	near(one.p[3], 0, 0);
	assert_true(isinf(one.log_p[3]) && one.log_p[3] < 0);
	metrics_rows_take(&one, SOFT_ZERO_MEAN_LOGITS, z, 1, 0.5);
	near(one.log_p[1], log(4.0 / 6), 1e-6);
	near(one.p[2], 1.0 / 6, 1e-6);
	/* exp(-50) beside 1: lost in 1 + exp(-50), but not here. */
	metrics_rows_take(&one, SOFT_LOGITS, far, 1, 1);
	near(one.log_p[0], -exp(-50) - exp(-51), 1e-36);
	near(one.p[1], exp(-50), 1e-36);
}

static void survives_huge_logits(void **state)
{
	const float z[] = {FLT_MAX, -FLT_MAX, FLT_MAX, -FLT_MAX};
	const float far[] = {-3e38f, -3e38f, -1e38f, -3e38f};

	(void)state;
	near(entropy_of(SOFT_LOGITS, z), LN2, 1e-15);
	near(one.log_p[0], -LN2, 1e-15);
	near(one.log_p[2], -LN2, 1e-15);
	assert_true(isfinite(one.log_p[1]) && one.log_p[1] < -1e38);
	near(entropy_of(SOFT_LOGITS, far), 0, 0);
	near(one.log_p[2], 0, 0);
	near(one.p[2], 1, 0);
}

static void shows_nan(void **state)
{
	const float z[] = {1, 2, NAN, 3}, well[] = {1, 2, 3, 4};

	(void)state;
	assert_true(isnan(entropy_of(SOFT_LOGITS, z)));
	for (size_t c = 0; c < CLASSES; c++)
		assert_true(isnan(one.p[c]) && isnan(one.log_p[c]));
	assert_true(isnan(kl_of(SOFT_LOGITS, z, well)));
	assert_true(isnan(kl_of(SOFT_LOGITS, well, z)));
}

static void takes_stored_probabilities(void **state)
{
	const float p[] = {0.5f, 0, 0.5f, 0}, l[] = {-1, -2, -3, -200};

	(void)state;
	near(entropy_of(SOFT_PROBABILITIES, p), LN2, 1e-15);
	near(one.log_p[0], -LN2, 1e-15);
	near(one.p[0], 0.5, 0);
	assert_true(isinf(one.log_p[1]) && one.log_p[1] < 0);
	metrics_rows_take(&one, SOFT_LOG_PROBABILITIES, l, 1, 7);
	near(one.log_p[1], -2, 0);
	near(one.p[1], exp(-2), 1e-16);
	near(one.p[3], exp(-200), 1e-102);
}

static void measures_entropy(void **state)
{
	const float even[] = {0.25f, 0.25f, 0.25f, 0.25f}, half[] = {0.5f, 0.25f, 0.25f, 0};

	(void)state;
	near(entropy_of(SOFT_PROBABILITIES, even), 2 * LN2, 1e-15);
	near(entropy_of(SOFT_PROBABILITIES, half), 1.5 * LN2, 1e-15);
}

static void measures_kl(void **state)
{
	/* p = 1/2 1/4 1/4, q = 1/4 1/2 1/4: 1/2 ln 2 - 1/4 ln 2 */
	const float p[] = {0.5f, 0.25f, 0.25f, 0}, q[] = {0.25f, 0.5f, 0.25f, 0};
	const float zero[] = {0.5f, 0.5f, 0, 0};

	(void)state;
	near(kl_of(SOFT_PROBABILITIES, p, q), 0.25 * LN2, 1e-15);
	near(kl_of(SOFT_PROBABILITIES, p, p), 0, 0);
	/* p = 1/2 1/2 0, q = 1/4 1/2 1/4: 1/2 ln 2; the other way q's third class is
	 * impossible.
	 */
	near(kl_of(SOFT_PROBABILITIES, zero, q), 0.5 * LN2, 1e-15);
	assert_true(isinf(kl_of(SOFT_PROBABILITIES, q, zero)));
	near(kl_of(SOFT_PROBABILITIES, zero, zero), 0, 0);
}

/* Rounding p down leaves mass over: p ln(p/q) alone would be below 0 here. */
static void measures_kl_of_rounded(void **state)
{
	const float p[] = {0.49f, 0.49f, 0, 0}, q[] = {0.5f, 0.5f, 0, 0};
	double sum = 2 * (double)0.49f, kl = kl_of(SOFT_PROBABILITIES, p, q);

	(void)state;
	near(kl, sum * log(sum) - sum + 1, 1e-15);
	assert_true(kl > 0);
}

/* What is as good as equal has a KL all the same: sum p d^2 / 2 for small differences. On both
 * sides of where d is small enough for the series, p ln(p/q) - p + q is the right one. */
static void measures_small_kl(void **state)
{
	for (int bits = 1; bits < 24; bits++) {
		const float p[] = {0.25f, 0.25f, 0.5f, 0};
		const float q[] = {
			p[0] + ldexpf(1, -bits - 2), p[1] - ldexpf(1, -bits - 2), p[2], 0};
		double x = ldexp(1, -bits), want = -0.25 * (log1p(x) + log1p(-x));

		near(kl_of(SOFT_PROBABILITIES, p, q), want, 1e-9 * want);
	}
	(void)state;
}

/* However many are beside it, in whatever place. */
static void measures_each_row_alone(void **state)
{
	static float z[METRICS_ROWS * CLASSES], y[METRICS_ROWS * CLASSES];
	double entropy[METRICS_ROWS], kl[METRICS_ROWS];

	(void)state;
	for (size_t i = 0; i < METRICS_ROWS * CLASSES; i++) {
		z[i] = (float)(i * 7919 % 1009) / 40;
		y[i] = z[i] + (float)(i % 5) / 100;
	}
	for (size_t first = 0; first < METRICS_ROWS; first++) {
		size_t rows = METRICS_ROWS - first;

		metrics_rows_take(&one, SOFT_LOGITS, z + first * CLASSES, rows, 3);
		metrics_rows_take(&other, SOFT_LOGITS, y + first * CLASSES, rows, 3);
		metrics_rows_entropy(&one, entropy);
		metrics_rows_kl(&one, &other, kl);
		for (size_t r = 0; r < rows; r++) {
			double alone[2];

			metrics_rows_take(&one, SOFT_LOGITS, z + (first + r) * CLASSES, 1, 3);
			metrics_rows_take(&other, SOFT_LOGITS, y + (first + r) * CLASSES, 1, 3);
			metrics_rows_entropy(&one, &alone[0]);
			metrics_rows_kl(&one, &other, &alone[1]);
			assert_memory_equal(&entropy[r], &alone[0], sizeof alone[0]);
			assert_memory_equal(&kl[r], &alone[1], sizeof alone[1]);
			assert_true(alone[0] > 0 && alone[1] > 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest metrics_rows[] = {
		cmocka_unit_test(takes_softmax),
		cmocka_unit_test(survives_huge_logits),
		cmocka_unit_test(shows_nan),
		cmocka_unit_test(takes_stored_probabilities),
		cmocka_unit_test(measures_entropy),
		cmocka_unit_test(measures_kl),
		cmocka_unit_test(measures_kl_of_rounded),
		cmocka_unit_test(measures_small_kl),
		cmocka_unit_test(measures_each_row_alone),
	};

	return cmocka_run_group_tests_name("metrics-rows", metrics_rows, set_up, tear_down);
}
