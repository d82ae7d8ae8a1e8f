/* SPDX-License-Identifier: ISC */
/* Errors, log-loss, Brier score, calibration, per-class figures: hand-computed. */
#include "metrics-classify.h"

#include "err.h"
#include "size.h"
#include "unit.h"

#include <math.h>

/* Four items whose probabilities are simple: see the comments of the tests. */
static const double probability[4][4] = {{0.5, 0.25, 0.25, 0}, {0.25, 0.5, 0.25, 0},
	{0.125, 0.125, 0.75, 0}, {0.25, 0.25, 0.5, 0}};
static const uint16_t labels[4] = {0, 0, 2, 1};

static void near(double got, double want)
{
	check(fabs(got - want) < 2e-7, "got %.17g, want %.17g", got, want);
}

/* Class 3 is there but never seen: its logit is so low that its probability is 0. */
static void start(struct metrics_classify *m, size_t classes, uint8_t *hit)
{
	struct err e;
	float z[16];

	for (size_t i = 0; i < 4; i++)
		for (size_t c = 0; c < classes; c++)
			z[i * classes + c] =
				c == 3 ? -500
				       : (float)(log(probability[i][c]) + 3.0 * (double)i);
	assert_int_equal(metrics_classify_init(m, classes, 1, &e), 0);
	metrics_classify_add(m, z, labels, 1, hit);
	metrics_classify_add(m, z + classes, labels + 1, 3, hit + 1);
}

static void counts_errors(void **state)
{
	struct metrics_classify m;
	uint8_t hit[4] = {9, 9, 9, 9};

	(void)state;
	start(&m, 3, hit);
	assert_int_equal(m.items, 4);
	assert_int_equal(m.errors, 2);
	assert_int_equal(m.errors5, 0);
	assert_memory_equal(hit, ((uint8_t[]){1, 0, 1, 0}), 4);
	near(metrics_classify_summary(&m).accuracy, 0.5);
	near(metrics_classify_summary(&m).top5, 1);
	metrics_classify_release(&m);
}

/*
 * log-loss: (ln 2 + ln 4 + ln 4/3 + ln 4) / 4. Brier: .375 + .875 + .09375 + .875 over 4.
 * ECE: items 0, 1, 3 are in (7/15, 8/15] with one hit and confidence 1.5, item 2 in
 * (11/15, 12/15] with one hit and confidence .75: (.5 + .25) / 4.
 */
static void scores_probabilities(void **state)
{
	struct metrics_classify m;
	struct metrics_summary s;
	uint8_t hit[4];

	(void)state;
	start(&m, 4, hit);
	s = metrics_classify_summary(&m);
	near(s.log_loss, (log(2) + log(4) + log(4.0 / 3) + log(4)) / 4);
	near(s.brier, 2.21875 / 4);
	near(s.ece, 0.1875);
	assert_int_equal(m.bin[7].items, 3);
	assert_int_equal(m.bin[7].hits, 1);
	assert_int_equal(m.bin[11].items, 1);
	metrics_classify_release(&m);
}

static void counts_pairs(void **state)
{
	static const size_t want[9] = {1, 1, 0, 0, 0, 1, 0, 0, 1};
	struct metrics_classify m;
	uint8_t hit[4];

	(void)state;
	start(&m, 3, hit);
	for (size_t i = 0; i < 9; i++)
		assert_int_equal(m.confusion[i], want[i]);
	metrics_classify_release(&m);
}

static void scores_classes(void **state)
{
	struct metrics_classify m;
	struct metrics_class c;
	uint8_t hit[4];

	(void)state;
	start(&m, 4, hit);
	c = metrics_classify_class(&m, 0);
	assert_int_equal(c.items, 2);
	near(c.precision, 1);
	near(c.recall, 0.5);
	near(c.f1, 2.0 / 3);
	c = metrics_classify_class(&m, 1);
	near(c.precision, 0);
	near(c.recall, 0);
	near(c.f1, 0);
	c = metrics_classify_class(&m, 2);
	near(c.precision, 0.5);
	near(c.recall, 1);
	near(c.f1, 2.0 / 3);
	/* Never a label, never predicted: no figure, and none in the averages. */
	c = metrics_classify_class(&m, 3);
	assert_true(isnan(c.precision) && isnan(c.recall) && isnan(c.f1));
	c = metrics_classify_macro(&m);
	assert_int_equal(c.items, 4);
	near(c.precision, 0.5);
	near(c.recall, 0.5);
	near(c.f1, 4.0 / 9);
	metrics_classify_release(&m);
}

/* Label 0 with c logits above it: ranks 0 to 6. */
static void counts_top5(void **state)
{
	struct metrics_classify m;
	struct err e;

	(void)state;
	assert_int_equal(metrics_classify_init(&m, 7, 0, &e), 0);
	for (int above = 0; above < 7; above++) {
		float z[7] = {0, -1, -1, -1, -1, -1, -1};

		for (int c = 1; c <= above; c++)
			z[c] = 1;
		metrics_classify_add(&m, z, (const uint16_t[]){0}, 1, NULL);
	}
	assert_int_equal(m.errors, 6);
	assert_int_equal(m.errors5, 2);
	assert_null(m.confusion);
	near(metrics_classify_summary(&m).top5, 5.0 / 7);
	metrics_classify_release(&m);
}

/* A sure net: probability 1 is in the last bin, not behind it. */
static void takes_certainty(void **state)
{
	const float z[] = {1e30f, -1e30f, -1e30f, 1e30f};
	struct metrics_classify m;
	struct metrics_summary s;
	struct err e;

	(void)state;
	assert_int_equal(metrics_classify_init(&m, 2, 0, &e), 0);
	metrics_classify_add(&m, z, (const uint16_t[]){0, 0}, 2, NULL);
	s = metrics_classify_summary(&m);
	assert_int_equal(m.bin[METRICS_BINS - 1].items, 2);
	near(s.ece, 0.5);
	near(s.brier, 1);
	assert_true(isfinite(s.log_loss) && s.log_loss > 1e29);
	metrics_classify_release(&m);
}

/* Many at a time are the same, in the same order, as one by one. */
static void takes_any_number(void **state)
{
	enum { ITEMS = 2 * METRICS_ROWS + 7, CLASSES = 5 };
	static float z[ITEMS * CLASSES];
	uint16_t label[ITEMS];
	uint8_t hit[ITEMS], right;
	struct metrics_classify all, each;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ITEMS * CLASSES; i++)
		z[i] = (float)(i * 7919 % 1009) / 100;
	assert_int_equal(metrics_classify_init(&all, CLASSES, 0, &e), 0);
	assert_int_equal(metrics_classify_init(&each, CLASSES, 0, &e), 0);
	for (size_t i = 0; i < ITEMS; i++)
		label[i] = (uint16_t)(i % CLASSES);
	metrics_classify_add(&all, z, label, ITEMS, hit);
	for (size_t i = 0; i < ITEMS; i++) {
		metrics_classify_add(&each, z + i * CLASSES, label + i, 1, &right);
		assert_int_equal(hit[i], right);
	}
	assert_int_equal(all.items, ITEMS);
	assert_int_equal(all.errors, each.errors);
	assert_true(all.errors > 0 && all.errors < ITEMS);
	assert_memory_equal(&all.log_loss, &each.log_loss, sizeof all.log_loss);
	assert_memory_equal(&all.brier, &each.brier, sizeof all.brier);
	assert_memory_equal(all.bin, each.bin, sizeof all.bin);
	metrics_classify_release(&all);
	metrics_classify_release(&each);
}

static void refuses_large_matrix(void **state)
{
	struct metrics_classify m;
	struct err e;

	(void)state;
	size_set_limit(1 << 20);
	assert_int_equal(metrics_classify_init(&m, 1000, 1, &e), -1);
	assert_null(m.label);
	assert_int_equal(metrics_classify_init(&m, SIZE_MAX / 2, 1, &e), -1);
	assert_int_equal(metrics_classify_init(&m, 1000, 0, &e), 0);
	metrics_classify_release(&m);
}

int main(void)
{
	const struct CMUnitTest metrics_classify[] = {
		cmocka_unit_test(counts_errors),
		cmocka_unit_test(scores_probabilities),
		cmocka_unit_test(counts_pairs),
		cmocka_unit_test(scores_classes),
		cmocka_unit_test(counts_top5),
		cmocka_unit_test(takes_certainty),
		cmocka_unit_test(takes_any_number),
		cmocka_unit_test(refuses_large_matrix),
	};

	return cmocka_run_group_tests_name("metrics-classify", metrics_classify, NULL, NULL);
}
