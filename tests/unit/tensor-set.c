/* SPDX-License-Identifier: ISC */
#include "err.h"
#include "tensor-file.h"
#include "tensor-stats.h"
#include "unit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const float numbers[6] = {1, 2, 3, 4, 5, 6};

static void add(struct tensor_set *s, const char *name, enum tensor_dtype dtype, size_t a,
	size_t b, const void *data)
{
	struct err e;

	check(tensor_set_add(s, name, dtype, 2, (const size_t[]){a, b}, data, &e) == 0, "%s",
		e.text);
}

static void refused(struct tensor_set *s, const char *name, int rank, const size_t *shape,
	const char *reason)
{
	size_t before = s->tensors;
	struct err e;

	assert_int_equal(tensor_set_add(s, name, TENSOR_F32, rank, shape, numbers, &e), -1);
	check(strstr(e.text, reason) != NULL, "%s", e.text);
	assert_int_equal(s->tensors, before);
}

static void adding(void **state)
{
	const size_t flat[9] = {1, 1, 1, 1, 1, 1, 1, 1, 1};
	struct tensor_set s;

	(void)state;
	tensor_set_init(&s);
	add(&s, "a", TENSOR_F32, 2, 3, numbers);
	add(&s, "b", TENSOR_U8, 2, 2, numbers);
	assert_int_equal(s.bytes, 28);
	assert_ptr_equal(tensor_set_find(&s, "b"), &s.tensor[1]);
	assert_null(tensor_set_find(&s, "c"));
	refused(&s, "a", 1, flat, "the name is taken");
	refused(&s, "__metadata__", 1, flat, "the name is taken");
	refused(&s, "c", 9, flat, "9 dimensions");
	refused(&s, "c", 2, (const size_t[]){SIZE_MAX / 8, 3}, "its shape overflows");
	refused(&s, "c", 3, (const size_t[]){0, SIZE_MAX / 2, 3}, "its shape overflows");
	tensor_set_release(&s);
	assert_int_equal(s.tensors, 0);
}

static void metadata(void **state)
{
	struct tensor_set s;
	char key[16];
	struct err e;

	(void)state;
	tensor_set_init(&s);
	assert_null(tensor_set_meta(&s, "a"));
	for (int i = 0; i < 20; i++) {
		snprintf(key, sizeof key, "key%d", i % 10);
		assert_int_equal(tensor_set_put_meta(&s, key, i < 10 ? "old" : key + 3, &e), 0);
	}
	assert_int_equal(s.metas, 10);
	assert_string_equal(tensor_set_meta(&s, "key7"), "7");
	assert_string_equal(s.meta[0], "key0");
	tensor_set_release(&s);
}

static struct fingerprint print_of(struct tensor_set *s)
{
	struct fingerprint f;
	struct err e;

	check(tensor_set_fingerprint(s, &f, &e) == 0, "%s", e.text);
	tensor_set_release(s);
	return f;
}

static struct fingerprint print_one(
	const char *name, enum tensor_dtype dtype, size_t a, size_t b, const void *data)
{
	struct tensor_set s;

	tensor_set_init(&s);
	add(&s, name, dtype, a, b, data);
	return print_of(&s);
}

static void fingerprints(void **state)
{
	const float others[6] = {1, 2, 3, 4, 5, 7};
	struct fingerprint f = print_one("a", TENSOR_F32, 2, 3, numbers);

	(void)state;
	assert_true(fingerprint_equal(f, print_one("a", TENSOR_F32, 2, 3, numbers)));
	assert_false(fingerprint_equal(f, print_one("b", TENSOR_F32, 2, 3, numbers)));
	assert_false(fingerprint_equal(f, print_one("a", TENSOR_I32, 2, 3, numbers)));
	assert_false(fingerprint_equal(f, print_one("a", TENSOR_F32, 3, 2, numbers)));
	assert_false(fingerprint_equal(f, print_one("a", TENSOR_F32, 2, 3, others)));
}

static void fingerprint_order(void **state)
{
	struct tensor_set s, t;
	struct err e;

	(void)state;
	tensor_set_init(&s);
	add(&s, "a", TENSOR_F32, 2, 3, numbers);
	add(&s, "b", TENSOR_F32, 3, 2, numbers);
	tensor_set_init(&t);
	add(&t, "b", TENSOR_F32, 3, 2, numbers);
	add(&t, "a", TENSOR_F32, 2, 3, numbers);
	assert_int_equal(tensor_set_put_meta(&t, "k", "v", &e), 0);
	assert_true(fingerprint_equal(print_of(&s), print_of(&t)));
}

static void dtypes(void **state)
{
	(void)state;
	assert_string_equal(tensor_dtype_name(TENSOR_F8_E4M3), "F8_E4M3");
	assert_int_equal(tensor_dtype_size(TENSOR_BF16), 2);
	assert_int_equal(tensor_dtype_size(TENSOR_U64), 8);
}

static void values(void **state)
{
	(void)state;
	assert_true(tensor_value(TENSOR_I8, "\xff") == -1);
	assert_true(tensor_value(TENSOR_U8, "\xff") == 255);
	assert_true(tensor_value(TENSOR_I16, "\xfe\xff") == -2);
	assert_true(tensor_value(TENSOR_U16, "\x02\x01") == 258);
	assert_true(tensor_value(TENSOR_I32, "\xff\xff\xff\xff") == -1);
	assert_true(tensor_value(TENSOR_U32, "\xff\xff\xff\xff") == 4294967295.);
	assert_true(tensor_value(TENSOR_I64, "\xff\xff\xff\xff\xff\xff\xff\xff") == -1);
	assert_true(tensor_value(TENSOR_U64, "\0\0\0\0\0\0\0\x80") == 0x1p63);
	assert_true(tensor_value(TENSOR_F16, "\x00\x3c") == 1);
	assert_true(tensor_value(TENSOR_BF16, "\x80\xbf") == -1);
	assert_true(tensor_value(TENSOR_F32, "\0\0\x20\x40") == 2.5);
	assert_true(tensor_value(TENSOR_F64, "\0\0\0\0\0\0\x04\x40") == 2.5);
	/* OCP 8-bit floating point, table 1: largest, smallest subnormal, one */
	assert_true(tensor_value(TENSOR_F8_E4M3, "\x7e") == 448);
	assert_true(tensor_value(TENSOR_F8_E4M3, "\x81") == -0x1p-9);
	assert_true(tensor_value(TENSOR_F8_E4M3, "\x38") == 1);
	assert_true(isnan(tensor_value(TENSOR_F8_E4M3, "\xff")));
	assert_true(tensor_value(TENSOR_F8_E5M2, "\x7b") == 57344);
	assert_true(tensor_value(TENSOR_F8_E5M2, "\x01") == 0x1p-16);
	assert_true(isinf(tensor_value(TENSOR_F8_E5M2, "\x7c")));
}

static void statistics(void **state)
{
	const float some[] = {NAN, 3, -1, INFINITY, 4, NAN};
	struct tensor_stats s = {0};

	(void)state;
	tensor_stats_add(&s, TENSOR_F32, some, 4);
	assert_int_equal(s.values, 1);
	assert_int_equal(s.nans, 1);
	tensor_stats_add(&s, TENSOR_F32, some + 1, 5 * sizeof *some);
	assert_int_equal(s.values, 6);
	assert_int_equal(s.nans, 2);
	assert_int_equal(s.infinities, 1);
	assert_true(s.min == -1 && isinf(s.max) && fabs(s.mean - 2) < 1e-15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adding),
		cmocka_unit_test(metadata),
		cmocka_unit_test(fingerprints),
		cmocka_unit_test(fingerprint_order),
		cmocka_unit_test(dtypes),
		cmocka_unit_test(values),
		cmocka_unit_test(statistics),
	};

	return cmocka_run_group_tests_name("tensor-set", tests, NULL, NULL);
}
