/* SPDX-License-Identifier: ISC */
/*
 * Philox4x32-10 against Random123's known answers, and the distributions made of it.
 * Seeds are fixed, so the chi-squared bounds either hold for ever or never: they are
 * the 99.9 % quantiles, wide enough for an honest generator and far below what a
 * biased one gives.
 */
#include "rng.h"

#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The 99.9 % quantile of chi-squared (Wilson and Hilferty's approximation, good to 1 %). */
static double chi_squared_bound(double freedom)
{
	double a = 2 / (9 * freedom);

	return freedom * pow(1 - a + 3.0902 * sqrt(a), 3);
}

static double chi_squared(const unsigned *count, size_t cells, double expected)
{
	double sum = 0;

	for (size_t i = 0; i < cells; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	return sum;
}

static void check_uniform(
	const char *what, const unsigned *count, size_t cells, double expected)
{
	double x = chi_squared(count, cells, expected),
	       bound = chi_squared_bound((double)cells - 1);

	check(x < bound, "%s: chi-squared %.1f, over %.1f", what, x, bound);
	check(x > 0, "%s: no deviation at all", what);
}

/* Random123-1.14.0/tests/kat_vectors, philox4x32 10: counter, key, result. */
static void knows_the_answers(void **state)
{
	static const uint32_t kat[][10] = {
		{0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
		{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff,
			0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
		{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0,
			0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}};

	(void)state;
	for (size_t i = 0; i < sizeof kat / sizeof kat[0]; i++) {
		const uint32_t *k = kat[i];
		struct rng r = {.seed = (uint64_t)k[5] << 32 | k[4],
			.purpose = k[3],
			.epoch = k[2],
			.index = k[1]};
		uint32_t word[4];

		rng_block(&r, k[0], word);
		assert_memory_equal(word, k + 6, sizeof word);
	}
}

/* rng_fill is another implementation (vectors) of the same function, for every length. */
static void fills_as_blocks(void **state)
{
	struct rng r = {.seed = 0x123456789abcdef0, .purpose = 7, .epoch = 3, .index = 99};
	uint32_t expected[4 * 70], word[4 * 70 + 1];

	(void)state;
	for (uint32_t block = 0; block < 70; block++)
		rng_block(&r, block, expected + 4 * block);
	for (size_t n = 0; n <= 4 * 70; n++) {
		memset(word, 0xee, sizeof word);
		rng_fill(&r, 0, word, n);
		assert_memory_equal(word, expected, n * sizeof word[0]);
		assert_true(word[n] == 0xeeeeeeee); /* and not one word more */
	}
	for (uint32_t block = 0; block < 40; block++) {
		rng_fill(&r, block, word, 100);
		assert_memory_equal(word, expected + 4 * block, 100 * sizeof word[0]);
	}
}

static void units_are_words(void **state)
{
	struct rng r = {.seed = 5, .purpose = RNG_INIT};
	uint32_t word[64];

	(void)state;
	rng_fill(&r, 0, word, 64);
	for (uint32_t i = 0; i < 64; i++)
		assert_true(rng_unit(&r, i) == word[i] / 4294967296.0);
}

/* Every field of the stream's name must matter. */
static void streams_differ(void **state)
{
	struct rng r[] = {{.seed = 1}, {.seed = 2}, {.seed = 1 | (uint64_t)1 << 32},
		{.seed = 1, .purpose = 1}, {.seed = 1, .epoch = 1}, {.seed = 1, .index = 1}};
	size_t n = sizeof r / sizeof r[0];

	(void)state;
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++) {
			uint32_t a[4], b[4];

			rng_block(&r[i], 0, a);
			rng_block(&r[j], 0, b);
			for (int k = 0; k < 4; k++)
				assert_true(a[k] != b[k]);
		}
}

static void units_are_uniform(void **state)
{
	struct rng r = {.seed = 11};
	unsigned count[100] = {0};
	double sum = 0, squares = 0;
	uint32_t n = 200000;

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		double u = rng_unit(&r, i);

		assert_true(u >= 0 && u < 1);
		count[(size_t)(u * 100)]++;
		sum += u;
		squares += u * u;
	}
	check_uniform("units", count, 100, n / 100.0);
	/* Mean 1/2 (standard error 1/sqrt(12 n) = 6.5e-4) and mean square 1/3 (6.7e-4): 4 of
	 * those. */
	assert_true(fabs(sum / n - 0.5) < 2.6e-3);
	assert_true(fabs(squares / n - 1.0 / 3) < 2.7e-3);
}

static void below_is_unbiased(void **state)
{
	static const uint32_t bounds[] = {1, 2, 3, 5, 10, 64, 1000};
	struct rng r = {.seed = 12, .purpose = RNG_SHUFFLE};
	unsigned count[1000];

	(void)state;
	for (size_t b = 0; b < sizeof bounds / sizeof bounds[0]; b++) {
		uint32_t bound = bounds[b], n = 100000;

		memset(count, 0, sizeof count);
		for (uint32_t i = 0; i < n; i++) {
			uint32_t v = rng_below(&r, i, bound);

			assert_true(v < bound);
			count[v]++;
		}
		if (bound > 1)
			check_uniform("below", count, bound, (double)n / bound);
	}
}

/*
 * A bound of 3 * 2^30 shows a missing rejection: without it a third of the values
 * comes twice as often. By residues mod 3 of v (scaled words skip), then by quarters.
 */
static void below_rejects(void **state)
{
	struct rng r = {.seed = 13};
	uint32_t bound = 0xc0000000, n = 60000;
	unsigned residue[3] = {0}, third[3] = {0};

	(void)state;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t v = rng_below(&r, i, bound);

		assert_true(v < bound);
		residue[v % 3]++;
		third[v / (bound / 3)]++;
	}
	check_uniform("residues below 3 * 2^30", residue, 3, n / 3.0);
	check_uniform("thirds below 3 * 2^30", third, 3, n / 3.0);
}

static void shuffles_to_permutations(void **state)
{
	uint32_t item[1000];
	unsigned char seen[1000];

	(void)state;
	for (size_t n = 0; n <= 1000; n += n < 10 ? 1 : 99) {
		struct rng r = {.seed = n, .purpose = RNG_SHUFFLE};

		for (uint32_t i = 0; i < n; i++)
			item[i] = i;
		rng_shuffle(&r, item, n);
		memset(seen, 0, sizeof seen);
		for (size_t i = 0; i < n; i++) {
			assert_true(item[i] < n);
			assert_false(seen[item[i]]);
			seen[item[i]] = 1;
		}
	}
}

/* However many words are drawn at a time, place i takes word i: old seeds keep their orders. */
static void shuffles_by_positions(void **state)
{
	uint32_t item[700], expected[700];

	(void)state;
	for (uint32_t n = 0; n <= 700; n += n < 150 ? 1 : 50) {
		struct rng r = {.seed = 100 + n, .purpose = RNG_SHUFFLE, .epoch = n};

		for (uint32_t i = 0; i < n; i++)
			item[i] = expected[i] = i;
		rng_shuffle(&r, item, n);
		for (uint32_t i = n; i > 1; i--) {
			uint32_t j = rng_below(&r, i, i), swap = expected[j];

			expected[j] = expected[i - 1];
			expected[i - 1] = swap;
		}
		assert_memory_equal(item, expected, n * sizeof item[0]);
	}
}

/* Each of the 24 orders of 4 items is equally likely, and so is each place of each of 10. */
static void shuffles_without_bias(void **state)
{
	unsigned order[256] = {0}, orders[24] = {0}, place[10][10] = {{0}};
	uint32_t n = 48000;
	size_t found = 0;

	(void)state;
	for (uint32_t epoch = 0; epoch < n; epoch++) {
		struct rng r = {.seed = 14, .purpose = RNG_SHUFFLE, .epoch = epoch};
		uint32_t four[4] = {0, 1, 2, 3}, ten[10];

		rng_shuffle(&r, four, 4);
		order[four[0] << 6 | four[1] << 4 | four[2] << 2 | four[3]]++;
		for (uint32_t i = 0; i < 10; i++)
			ten[i] = i;
		rng_shuffle(&r, ten, 10);
		for (uint32_t i = 0; i < 10; i++)
			place[i][ten[i]]++;
	}
	for (size_t i = 0; i < 256; i++)
		if (order[i] > 0 && found < 24)
			orders[found++] = order[i];
	assert_int_equal(found, 24);
	check_uniform("orders of 4", orders, 24, n / 24.0);
	for (size_t i = 0; i < 10; i++)
		check_uniform("places of 10", place[i], 10, n / 10.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_answers),
		cmocka_unit_test(fills_as_blocks),
		cmocka_unit_test(units_are_words),
		cmocka_unit_test(streams_differ),
		cmocka_unit_test(units_are_uniform),
		cmocka_unit_test(below_is_unbiased),
		cmocka_unit_test(below_rejects),
		cmocka_unit_test(shuffles_to_permutations),
		cmocka_unit_test(shuffles_by_positions),
		cmocka_unit_test(shuffles_without_bias),
	};

	return cmocka_run_group_tests_name("rng", tests, NULL, NULL);
}
