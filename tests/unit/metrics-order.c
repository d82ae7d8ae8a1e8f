/* SPDX-License-Identifier: ISC */
/* Rows in order and in another one, for few classes and many, even and uneven ones. */
#include "metrics-order.h"

#include "err.h"
#include "unit.h"

#include <string.h>

#define ITEMS 1000
#define CLASSES 10

/* Targets whose best class is best[i]. */
static struct metrics_order look(
	const uint16_t *label, const uint16_t *best, size_t items, size_t classes)
{
	static float logit[ITEMS * CLASSES];
	struct metrics_order o;
	struct err e;

	memset(logit, 0, sizeof logit);
	for (size_t i = 0; i < items; i++)
		logit[i * classes + best[i]] = 1;
	assert_int_equal(metrics_order_look(&o, logit, label, items, classes, &e), 0);
	return o;
}

/* Random labels; one row in `wrong` is of the next class. */
static void fill(uint16_t *label, uint16_t *best, size_t classes, size_t wrong)
{
	uint32_t x = 1;

	for (size_t i = 0; i < ITEMS; i++) {
		x = x * 1664525 + 1013904223;
		label[i] = (uint16_t)((x >> 16) % classes);
		best[i] = (uint16_t)((i % wrong == 0 ? label[i] + 1u : label[i]) % classes);
	}
}

/* Each row at the place of the item before. */
static void roll(uint16_t *best)
{
	uint16_t last = best[ITEMS - 1];

	memmove(best + 1, best, (ITEMS - 1) * sizeof *best);
	best[0] = last;
}

static void knows_the_order(void **state)
{
	static const size_t counts[] = {2, 3, CLASSES};
	uint16_t label[ITEMS], best[ITEMS];

	(void)state;
	for (size_t k = 0; k < sizeof counts / sizeof counts[0]; k++) {
		struct metrics_order o;

		fill(label, best, counts[k], 10);
		o = look(label, best, ITEMS, counts[k]);
		assert_int_equal(o.agreed, 900);
		assert_false(o.by_chance);
		roll(best);
		o = look(label, best, ITEMS, counts[k]);
		check(o.by_chance, "%zu of %d rows, %zu classes", o.agreed, ITEMS, counts[k]);
	}
}

/* 10 items of 1000 are of the second class: right on half of them is far from chance. */
static void knows_rare_classes(void **state)
{
	uint16_t label[ITEMS] = {0}, best[ITEMS] = {0};
	struct metrics_order o;

	(void)state;
	for (size_t i = 0; i < 10; i++) {
		label[100 * i] = 1;
		best[100 * i + (i % 2)] = 1;
	}
	o = look(label, best, ITEMS, 2);
	assert_int_equal(o.agreed, 990);
	assert_false(o.by_chance);
	roll(best);
	roll(best);
	o = look(label, best, ITEMS, 2);
	assert_int_equal(o.agreed, 980);
	assert_true(o.by_chance);
}

static void knows_what_says_nothing(void **state)
{
	uint16_t label[ITEMS], best[ITEMS];

	(void)state;
	fill(label, best, 3, 1); /* always the next class: no row agrees */
	assert_true(look(label, best, ITEMS, 3).by_chance);
	memset(best, 0, sizeof best); /* always the same class */
	assert_true(look(label, best, ITEMS, 3).by_chance);
	memset(label, 0, sizeof label); /* the only class */
	assert_false(look(label, best, ITEMS, 3).by_chance);
	assert_false(look(label, best, 1, 1).by_chance);
	label[0] = 1;
	assert_true(look(label, best, 1, 2).by_chance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_the_order),
		cmocka_unit_test(knows_rare_classes),
		cmocka_unit_test(knows_what_says_nothing),
	};

	return cmocka_run_group_tests_name("metrics-order", tests, NULL, NULL);
}
