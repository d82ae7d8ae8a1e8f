/* SPDX-License-Identifier: ISC */
/* Sizes that must not wrap, and the memory limit. */
#include "size.h"

#include "err.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static void multiplies(void **state)
{
	size_t r = 1;

	(void)state;
	assert_int_equal(size_mul(0, SIZE_MAX, &r), 0);
	assert_int_equal(r, 0);
	assert_int_equal(size_mul(SIZE_MAX, 1, &r), 0);
	assert_true(r == SIZE_MAX);
	assert_int_equal(size_mul(SIZE_MAX / 2, 2, &r), 0);
	assert_true(r == SIZE_MAX - 1);
	assert_int_equal(size_mul(SIZE_MAX / 2 + 1, 2, &r), -1);
	assert_int_equal(size_mul(SIZE_MAX, SIZE_MAX, &r), -1);
	/* The product is 2^64 exactly, which wraps to 0: the case that a check by sign misses.
	 */
	assert_int_equal(size_mul((size_t)1 << 32, (size_t)1 << 32, &r), -1);
}

static void adds(void **state)
{
	size_t r = 1;

	(void)state;
	assert_int_equal(size_add(SIZE_MAX, 0, &r), 0);
	assert_true(r == SIZE_MAX);
	assert_int_equal(size_add(SIZE_MAX, 1, &r), -1);
	assert_int_equal(size_add(1, SIZE_MAX, &r), -1);
	assert_int_equal(size_add(SIZE_MAX / 2, SIZE_MAX / 2 + 1, &r), 0);
	assert_true(r == SIZE_MAX);
	assert_int_equal(size_add(SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, &r), -1);
}

static void allocates_zeroed_and_aligned(void **state)
{
	static const size_t count[] = {1, 3, 63, 64, 65, 1000, 100003};
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof count / sizeof count[0]; i++) {
		unsigned char *p = size_alloc(count[i], 1, "a test", &e);

		assert_non_null(p);
		assert_int_equal((uintptr_t)p % 64, 0);
		for (size_t j = 0; j < count[i]; j++)
			assert_int_equal(p[j], 0);
		memset(p, 0xff, count[i]); /* so that the next one cannot be zero by luck */
		free(p);
	}
}

static void allocates_for_zero(void **state)
{
	struct err e;
	void *p = size_alloc(0, 4, "nothing", &e);

	(void)state;
	assert_non_null(p);
	free(p);
	p = size_alloc(4, 0, "nothing", &e);
	assert_non_null(p);
	free(p);
}

static void refuses_what_wraps(void **state)
{
	static const size_t bad[][2] = {{SIZE_MAX, 2}, {2, SIZE_MAX}, {SIZE_MAX, SIZE_MAX},
		{(size_t)1 << 32, (size_t)1 << 32}, {SIZE_MAX / 4 + 1, 4}, {SIZE_MAX, 1},
		{SIZE_MAX - 62, 1}};
	struct err e;

	(void)state;
	size_set_limit(UINT64_MAX); /* so that it is the arithmetic that refuses */
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		e.text[0] = '\0';
		assert_null(size_alloc(bad[i][0], bad[i][1], "the rows", &e));
		assert_non_null(strstr(e.text, "the rows"));
	}
	size_set_limit(0);
}

static void keeps_the_limit(void **state)
{
	struct err e = {""};
	void *p;

	(void)state;
	assert_true(size_limit() > 1 << 20); /* the machine's, by default */
	size_set_limit(1000);
	assert_int_equal(size_limit(), 1000);
	assert_int_equal(size_check(1000, "x", &e), 0);
	assert_int_equal(size_check(1001, "the thing", &e), -1);
	assert_non_null(strstr(e.text, "the thing"));
	assert_non_null(strstr(e.text, "limit"));
	assert_null(size_alloc(1001, 1, "x", &e));
	assert_null(size_alloc(251, 4, "x", &e));
	p = size_alloc(250, 4, "x", &e);
	assert_non_null(p);
	free(p);
	assert_int_equal(size_check(UINT64_MAX, "x", &e), -1);
	size_set_limit(0);
}

static void writes_sizes(void **state)
{
	char text[SIZE_TEXT];

	(void)state;
	assert_string_equal(size_text(0, text), "0 B");
	assert_string_equal(size_text(17, text), "17 B");
	assert_string_equal(size_text(1023, text), "1023 B");
	assert_string_equal(size_text(1536, text), "1.5 KiB");
	assert_string_equal(size_text(12897485, text), "12.3 MiB");
	assert_string_equal(size_text((uint64_t)1 << 40, text), "1.0 TiB");
	assert_string_equal(size_text(UINT64_MAX, text), "16.0 EiB");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(multiplies),
		cmocka_unit_test(adds),
		cmocka_unit_test(allocates_zeroed_and_aligned),
		cmocka_unit_test(allocates_for_zero),
		cmocka_unit_test(refuses_what_wraps),
		cmocka_unit_test(keeps_the_limit),
		cmocka_unit_test(writes_sizes),
	};

	return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
