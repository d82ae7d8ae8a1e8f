/* SPDX-License-Identifier: ISC */
/* The pieces that are measured are the pieces that are handed out. */
#include "carver.h"

#include "unit.h"

#include <stdint.h>
#include <stdlib.h>

struct pieces {
	char *bytes;
	float *rows, *none, *last;
};

static size_t lay_out(void *base, struct pieces *p)
{
	struct carver c = {.base = base};

	p->bytes = carve(&c, 3, 7);
	p->rows = carve_floats(&c, 5, 4, 1);
	p->none = carve(&c, 0, sizeof *p->none);
	p->last = carve_floats(&c, 1, 16, 0);
	assert_false(c.overflow);
	return carved_floats(&c);
}

static void hands_out_what_it_measured(void **state)
{
	struct pieces p;
	/* 21 bytes, 21 floats, 16 floats: 1 + 2 + 1 lines of 16 floats. */
	size_t floats = lay_out(NULL, &p);
	float *base;

	(void)state;
	assert_int_equal(floats, 4 * 16);
	assert_null(p.bytes);
	assert_null(p.rows);
	base = aligned_alloc(CARVER_ALIGN, floats * sizeof *base);
	assert_non_null(base);
	assert_int_equal(lay_out(base, &p), floats);
	assert_ptr_equal(p.bytes, base);
	assert_ptr_equal(p.rows, base + 16);
	assert_ptr_equal(p.none, base + 48);
	assert_ptr_equal(p.last, base + 48);
	free(base);
}

/* What follows a piece that is too large must not look as if it had room. */
static void stays_overflown(void **state)
{
	static _Alignas(CARVER_ALIGN) float memory[64];
	const size_t half = (size_t)1 << (sizeof half * 4);
	struct carver by_product = {.base = memory}, by_rows = {.base = memory},
		      by_slack = {.base = memory}, by_total = {.base = memory};

	(void)state;
	assert_null(carve(&by_product, half, half));
	assert_null(carve(&by_product, 1, 1));
	assert_true(carved_floats(&by_product) == SIZE_MAX);
	assert_null(carve_floats(&by_rows, half, half, 0));
	assert_null(carve_floats(&by_rows, 1, 1, 0));
	assert_true(carved_floats(&by_rows) == SIZE_MAX);
	assert_null(carve_floats(&by_slack, 1, SIZE_MAX, 1));
	assert_true(carved_floats(&by_slack) == SIZE_MAX);
	assert_non_null(carve(&by_total, 1, 1));
	assert_null(carve(&by_total, SIZE_MAX - CARVER_ALIGN + 1, 1));
	assert_true(by_total.overflow);
	assert_true(carved_floats(&by_total) == SIZE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hands_out_what_it_measured),
		cmocka_unit_test(stays_overflown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
