/* SPDX-License-Identifier: ISC */
/*
 * Whether two models differ on the same items: McNemar's test (McNemar 1947). Only items that
 * one model gets right and the other wrong count; under the hypothesis that both are equally
 * good, each such item is a fair coin.
 */
#ifndef METRICS_COMPARE_H
#define METRICS_COMPARE_H

#include <stddef.h>
#include <stdint.h>

/* Below this many differing items the test is exact. */
#define METRICS_EXACT 25

struct metrics_mcnemar {
	size_t only_a, only_b; /* items that only model a, only model b has wrong */
	int exact;
	/*
	 * (|only_a - only_b| - 1)^2 / (only_a + only_b), chi-squared with one degree of freedom
	 * and the continuity correction of Edwards (1948); NaN for the exact test.
	 */
	double statistic;
	double p; /* two-sided; 1 where no item differs */
};

/* From what metrics_classify_add says of each item, [n] each. */
struct metrics_mcnemar metrics_mcnemar(const uint8_t *hit_a, const uint8_t *hit_b, size_t n);

#endif
