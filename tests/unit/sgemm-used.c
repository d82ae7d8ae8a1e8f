/* SPDX-License-Identifier: ISC */
/* Which columns some rows use, by hand. */
#include "sgemm-used.h"

#include "unit.h"

#include <math.h>
#include <string.h>

#define ROWS 3
#define COLUMNS 40 /* no multiple of the columns that are looked at together */
#define STRIDE (COLUMNS + 2)

static float a[ROWS * STRIDE];
static struct sgemm_used used;

/* All 0, of either sign, but for what lies behind the columns. */
static int clear(void **state)
{
	(void)state;
	for (size_t i = 0; i < ROWS * STRIDE; i++)
		a[i] = i % STRIDE >= COLUMNS ? 1 : i % 2 ? -0.0f : 0;
	memset(&used, 0xff, sizeof used);
	return 0;
}

/* A column counts where any row has something. */
static void fill(size_t from, size_t to)
{
	for (size_t p = from; p < to; p++)
		a[p % ROWS * STRIDE + p] = p % 2 ? 1 : -1e-45f;
}

static void list(size_t k)
{
	sgemm_list_used(a, STRIDE, ROWS, k, &used);
}

static void check_list(size_t from, size_t to)
{
	assert_int_equal(used.n, to - from);
	for (size_t i = 0; i < used.n; i++)
		assert_int_equal(used.k[i], from + i);
}

static void leaves_margins_out(void **state)
{
	(void)state;
	fill(5, 33);
	list(COLUMNS);
	check_list(5, 33);
}

static void lists_what_lies_apart(void **state)
{
	static const uint16_t some[] = {0, 15, 16, 31, 32, 39};

	(void)state;
	for (size_t i = 0; i < 6; i++)
		a[(ROWS - 1) * STRIDE + some[i]] = 1;
	list(COLUMNS);
	assert_int_equal(used.n, 6);
	assert_memory_equal(used.k, some, sizeof some);
}

static void nothing_is_used_of_zeros(void **state)
{
	(void)state;
	list(COLUMNS);
	assert_int_equal(used.n, 0);
	list(7);
	assert_int_equal(used.n, 0);
}

static void numbers_that_are_none_are_used(void **state)
{
	(void)state;
	a[STRIDE + 17] = NAN;
	a[18] = INFINITY;
	list(COLUMNS);
	check_list(17, 19);
}

static void all_are_used_where_none_is_spared(void **state)
{
	(void)state;
	fill(0, COLUMNS);
	list(COLUMNS);
	assert_int_equal(used.n, COLUMNS);
}

/* At least an eighth, not a ninth. */
static void little_is_not_spared(void **state)
{
	(void)state;
	fill(1, COLUMNS);
	list(8);
	check_list(1, 8);
	for (size_t k = 9; k < 16; k++) {
		list(k);
		assert_int_equal(used.n, k);
	}
	clear(state);
	fill(5, COLUMNS);
	list(COLUMNS);
	check_list(5, COLUMNS);
	fill(4, 5);
	list(COLUMNS);
	assert_int_equal(used.n, COLUMNS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(leaves_margins_out, clear),
		cmocka_unit_test_setup(lists_what_lies_apart, clear),
		cmocka_unit_test_setup(nothing_is_used_of_zeros, clear),
		cmocka_unit_test_setup(numbers_that_are_none_are_used, clear),
		cmocka_unit_test_setup(all_are_used_where_none_is_spared, clear),
		cmocka_unit_test_setup(little_is_not_spared, clear),
	};

	return cmocka_run_group_tests_name("sgemm-used", tests, NULL, NULL);
}
