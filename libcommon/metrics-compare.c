/* SPDX-License-Identifier: ISC */
#include "metrics-compare.h"

#include <math.h>

/* Twice the lower tail of Binomial(n, 1/2) up to k; the middle one is in both tails. */
static double binomial_p(size_t n, size_t k)
{
	double term = ldexp(1, -(int)n), sum = term;

	for (size_t i = 0; i < k; i++) {
		term *= (double)(n - i) / (double)(i + 1);
		sum += term;
	}
	return fmin(1, 2 * sum);
}

struct metrics_mcnemar metrics_mcnemar(const uint8_t *hit_a, const uint8_t *hit_b, size_t n)
{
	struct metrics_mcnemar m = {0, 0, 0, (double)NAN, 1};
	size_t less, all;
	double gap;

	for (size_t i = 0; i < n; i++) {
		m.only_a += !hit_a[i] && hit_b[i];
		m.only_b += hit_a[i] && !hit_b[i];
	}
	all = m.only_a + m.only_b;
	less = m.only_a < m.only_b ? m.only_a : m.only_b;
	m.exact = all < METRICS_EXACT;
	if (m.exact) {
		m.p = binomial_p(all, less);
		return m;
	}
	gap = fmax(0, (double)(all - 2 * less) - 1);
	m.statistic = gap * gap / (double)all;
	m.p = erfc(sqrt(m.statistic / 2));
	return m;
}
