/* SPDX-License-Identifier: ISC */
/* Each of jansson's allocations fails once: the message blames the memory, and nothing is
 * written. */
#include "json-memory.h"

#include "class-names.h"
#include "err.h"
#include "json.h"
#include "tensor-file-header.h"
#include "tensor-set.h"
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LONG "a value that is longer than the buffers that jansson begins with, by far"

static long until_failure; /* the allocation that fails; below 0 none */

static void *failing(size_t n)
{
	return until_failure-- == 0 ? NULL : malloc(n);
}

/* Before anything is watched. */
static int take_over(void **state)
{
	(void)state;
	json_set_alloc_funcs(failing, free);
	return 0;
}

static int setup(void **state)
{
	(void)state;
	until_failure = -1;
	return 0;
}

static void watches(void **state)
{
	json_t *value;

	(void)state;
	json_memory_watch();
	value = json_integer(1);
	assert_non_null(value);
	json_decref(value);
	assert_false(json_memory_ran_out());
	until_failure = 0;
	assert_null(json_integer(1));
	assert_true(json_memory_ran_out());
	json_memory_watch();
	assert_false(json_memory_ran_out());
}

static void make_set(struct tensor_set *s)
{
	static const uint8_t bytes[6];
	const size_t shape[] = {2, 3};
	struct err e;

	tensor_set_init(s);
	assert_int_equal(tensor_set_put_meta(s, "key", TEXT_LONG, &e), 0);
	assert_int_equal(tensor_set_add(s, "one", TENSOR_U8, 2, shape, bytes, &e), 0);
}

/* What fails is told as what it is, until there is memory enough: at which allocation. */
static long blames_memory(int (*use)(struct err *e))
{
	long at = 0;

	for (;; at++) {
		struct err e;

		until_failure = at;
		if (use(&e) == 0)
			return at;
		check(strstr(e.text, "out of memory") != NULL, "%ld: %s", at, e.text);
	}
}

static uint8_t *header;
static size_t header_bytes;

static int format(struct err *e)
{
	const struct tensor *order[1];
	struct tensor_set s;
	int failed;

	make_set(&s);
	free(header);
	failed = tensor_header_format(&s, order, &header, &header_bytes, e);
	tensor_set_release(&s);
	return failed;
}

/* Text that jansson prints twice, first to know its length. */
static void writing(void **state)
{
	uint8_t *whole;
	size_t n;
	struct err e;

	(void)state;
	assert_int_equal(format(&e), 0);
	whole = header;
	n = header_bytes;
	header = NULL;
	assert_true(blames_memory(format) > 5);
	assert_int_equal(header_bytes, n);
	assert_memory_equal(header, whole, n);
	free(whole);
}

static int parse(struct err *e)
{
	struct tensor_set s;
	int failed;

	tensor_set_init(&s);
	failed = tensor_header_parse(&s, (const char *)header + 8, header_bytes - 8, e);
	if (!failed) { /* jansson reads on without what it has no room for */
		assert_string_equal(tensor_set_meta(&s, "key"), TEXT_LONG);
		tensor_set_release(&s);
	}
	return failed;
}

static void reading(void **state)
{
	struct err e;

	(void)state;
	assert_int_equal(format(&e), 0);
	assert_true(blames_memory(parse) > 5);
}

static int count(struct err *e)
{
	size_t n;

	return class_names_count("[\"a\", \"b\"]", &n, e);
}

static int match(struct err *e)
{
	return class_names_match("[\"a\"]", "[\"a\"]", "the file", e);
}

static void names(void **state)
{
	(void)state;
	assert_true(blames_memory(count) > 3);
	assert_true(blames_memory(match) > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(watches, setup),
		cmocka_unit_test_setup(writing, setup),
		cmocka_unit_test_setup(reading, setup),
		cmocka_unit_test_setup(names, setup),
	};
	int failed = cmocka_run_group_tests_name("json-memory", tests, take_over, NULL);

	free(header);
	return failed;
}
