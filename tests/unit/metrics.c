/* SPDX-License-Identifier: ISC */
/* The class that wins, and ranks. */
#include "metrics.h"

#include "unit.h"

#include <math.h>

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

int main(void)
{
	const struct CMUnitTest metrics[] = {cmocka_unit_test(ranks_as_argmax_does)};

	return cmocka_run_group_tests(metrics, NULL, NULL);
}
