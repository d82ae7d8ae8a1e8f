/* SPDX-License-Identifier: ISC */
/* What is recorded of options and inputs, however long, and what cannot be. */
#include "lineage.h"

#include "err.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

#define LONG 5000

static const struct fingerprint print = {0x0123456789abcdefu, 0xfedcba9876543210u};

static void joins_options(void **state)
{
	struct tensor_set s;
	struct err e;

	(void)state;
	tensor_set_init(&s);
	assert_int_equal(lineage_option(&s, &e, "--epochs %d", 3), 0);
	assert_int_equal(lineage_real(&s, &e, "--lr", 0.1), 0);
	assert_int_equal(lineage_option(&s, &e, "--flip"), 0);
	assert_string_equal(
		tensor_set_meta(&s, "potstill.options"), "--epochs 3 --lr 0.1 --flip");
	tensor_set_release(&s);
}

static void takes_long_ones(void **state)
{
	char text[LONG + 1], want[2 * LONG + 32], key[LONG + 32];
	struct tensor_set s;
	struct err e;

	(void)state;
	memset(text, 'x', LONG);
	text[LONG] = '\0';
	tensor_set_init(&s);
	for (int i = 0; i < 2; i++)
		check(lineage_option(&s, &e, "--freeze %s", text) == 0, "%s", e.text);
	snprintf(want, sizeof want, "--freeze %s --freeze %s", text, text);
	assert_string_equal(tensor_set_meta(&s, "potstill.options"), want);
	assert_int_equal(lineage_input(&s, text, print, &e), 0);
	snprintf(key, sizeof key, "potstill.input.%s", text);
	assert_string_equal(tensor_set_meta(&s, key), "0123456789abcdeffedcba9876543210");
	assert_true(lineage_is_input(key));
	tensor_set_release(&s);
}

static void refuses_what_is_no_text(void **state)
{
	struct tensor_set s;
	struct err e;

	(void)state;
	tensor_set_init(&s);
	assert_int_equal(lineage_option(&s, &e, "--validation caf\303\251"), 0);
	assert_int_equal(lineage_option(&s, &e, "--freeze %s", "[!\377]*"), -1);
	assert_string_equal(e.text, "--freeze is not UTF-8 and cannot be recorded");
	assert_string_equal(
		tensor_set_meta(&s, "potstill.options"), "--validation caf\303\251");
	tensor_set_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(joins_options),
		cmocka_unit_test(takes_long_ones),
		cmocka_unit_test(refuses_what_is_no_text),
	};

	return cmocka_run_group_tests_name("lineage", tests, NULL, NULL);
}
