/* SPDX-License-Identifier: ISC */
/* Learning rates against hand-computed ones; PyTorch's own are in oracle-learn.c. */
#include "schedule.h"

#include "unit.h"

#include <math.h>

/* Values are a few operations in double. */
static void check_lr(const struct schedule *s, double time, double expected)
{
	double got = schedule_lr(s, time);

	check(fabs(got - expected) <= 1e-12 * fabs(expected) + 1e-15,
		"at %g the rate is %.15g, should be %.15g", time, got, expected);
}

static struct schedule make(enum schedule_kind kind)
{
	struct schedule s;

	schedule_init(&s);
	s.kind = kind;
	s.lr = 0.1;
	s.epochs = 10;
	s.gamma = 0.5;
	s.step_epochs = 3;
	s.patience = 2;
	return s;
}

static void constant_stays(void **state)
{
	struct schedule s = make(SCHEDULE_CONSTANT);

	(void)state;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 9.99, 0.1);
	schedule_epoch(&s, 1);
	schedule_epoch(&s, 2);
	schedule_epoch(&s, 3);
	schedule_epoch(&s, 4);
	check_lr(&s, 5, 0.1);
}

static void step_falls_in_steps(void **state)
{
	struct schedule s = make(SCHEDULE_STEP);

	(void)state;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 2.999, 0.1);
	check_lr(&s, 3, 0.05);
	check_lr(&s, 5.5, 0.05);
	check_lr(&s, 6, 0.025);
	check_lr(&s, 9, 0.0125);
}

/* Once an epoch, as in PyTorch's ExponentialLR, not within it. */
static void exp_falls_each_epoch(void **state)
{
	struct schedule s = make(SCHEDULE_EXP);

	(void)state;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 0.9, 0.1);
	check_lr(&s, 1, 0.05);
	check_lr(&s, 3.5, 0.0125);
	s.gamma = 0.998;
	check_lr(&s, 2, 0.1 * 0.998 * 0.998);
}

static void cosine_ends_at_the_least(void **state)
{
	struct schedule s = make(SCHEDULE_COSINE);

	(void)state;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 5, 0.05);
	check_lr(&s, 10.0 / 3, 0.075); /* cos 60 degrees is 1/2 */
	check_lr(&s, 20.0 / 3, 0.025);
	check_lr(&s, 10, 0);
	check_lr(&s, 11, 0);
	s.lr_min = 0.02;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 5, 0.06);
	check_lr(&s, 10, 0.02);
}

/* Four steps an epoch: of eight steps the first has an eighth of the rate, the last has it all.
 */
static void warmup_counts_from_the_first_step(void **state)
{
	struct schedule s = make(SCHEDULE_CONSTANT);

	(void)state;
	s.warmup = 2;
	s.step = 0.25;
	for (int k = 0; k < 8; k++)
		check_lr(&s, k / 4.0, 0.1 * (k + 1) / 8);
	check_lr(&s, 2, 0.1);
	/* A warm-up that ends within a step, or is shorter than one, never goes above lr. */
	s.warmup = 0.6;
	check_lr(&s, 0, 0.1 * 0.25 / 0.6);
	check_lr(&s, 0.25, 0.1 * 0.5 / 0.6);
	check_lr(&s, 0.5, 0.1);
	s.warmup = 0.1;
	check_lr(&s, 0, 0.1);
	check_lr(&s, 0.25, 0.1);
}

/* With steps as short as can be. */
static void warmup_rises_over_its_time(void **state)
{
	struct schedule s = make(SCHEDULE_CONSTANT);

	(void)state;
	s.warmup = 2;
	check_lr(&s, 0, 0);
	check_lr(&s, 0.5, 0.025);
	check_lr(&s, 1, 0.05);
	check_lr(&s, 2, 0.1);
	check_lr(&s, 3, 0.1);
	/* The cosine begins at the top and still ends with the run. */
	s.kind = SCHEDULE_COSINE;
	check_lr(&s, 1, 0.05);
	check_lr(&s, 2, 0.1);
	check_lr(&s, 6, 0.05);
	check_lr(&s, 10, 0);
}

/* schedule.h: lr is where it starts after the warm-up, so nothing may have fallen by then. */
static void warmup_does_not_use_up_steps(void **state)
{
	struct schedule s = make(SCHEDULE_EXP);

	(void)state;
	s.warmup = 2;
	check_lr(&s, 1, 0.05);
	check_lr(&s, 2, 0.1);
	check_lr(&s, 3, 0.05);
	s.kind = SCHEDULE_STEP;
	check_lr(&s, 2, 0.1);
	check_lr(&s, 4.9, 0.1);
	check_lr(&s, 5, 0.05);
}

/* 1.9 - .9 is a little less than 1 in double, 1.2 - .2 a little more: neither is a step late.
 */
static void falls_whole_epochs_after_a_warmup_of_tenths(void **state)
{
	struct schedule s = make(SCHEDULE_EXP);

	(void)state;
	s.step = 0.1;
	for (int tenths = 1; tenths < 10; tenths++) {
		s.warmup = tenths / 10.0;
		for (int k = tenths; k < 60; k++) {
			int whole = k / 10, falls = (k - tenths) / 10;

			check_lr(&s, whole + k % 10 / 10.0, 0.1 * pow(0.5, falls));
		}
	}
	s.kind = SCHEDULE_STEP;
	s.warmup = 0.9;
	check_lr(&s, 3.8, 0.1);
	check_lr(&s, 3.9, 0.05);
}

/* patience 2: the third epoch without a better value cuts; the count starts anew. */
static void plateau_waits(void **state)
{
	static const double loss[] = {1.0, 0.9, 0.95, 0.9, 0.91, 0.92, 0.93, 0.94, 0.5, 0.6};
	static const double lr[] = {0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.025, 0.025, 0.025};
	struct schedule s = make(SCHEDULE_PLATEAU);

	(void)state;
	check_lr(&s, 0, 0.1);
	for (int i = 0; i < 10; i++) {
		schedule_epoch(&s, loss[i]);
		check_lr(&s, i + 1, lr[i]);
	}
}

/* Better means by more than a share of 1e-4; a NaN is never better; lr_min is the floor. */
static void plateau_at_its_edges(void **state)
{
	struct schedule s = make(SCHEDULE_PLATEAU);

	(void)state;
	s.patience = 0;
	s.lr_min = 0.03;
	schedule_epoch(&s, 1);
	check_lr(&s, 1, 0.1);
	schedule_epoch(&s, 0.99995); /* not enough */
	check_lr(&s, 2, 0.05);
	schedule_epoch(&s, 0.9998); /* enough */
	check_lr(&s, 3, 0.05);
	schedule_epoch(&s, NAN);
	check_lr(&s, 4, 0.03);
	schedule_epoch(&s, NAN);
	check_lr(&s, 5, 0.03);
	schedule_epoch(&s, 0.5);
	check_lr(&s, 6, 0.03);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(constant_stays),
		cmocka_unit_test(step_falls_in_steps),
		cmocka_unit_test(exp_falls_each_epoch),
		cmocka_unit_test(cosine_ends_at_the_least),
		cmocka_unit_test(warmup_counts_from_the_first_step),
		cmocka_unit_test(warmup_rises_over_its_time),
		cmocka_unit_test(warmup_does_not_use_up_steps),
		cmocka_unit_test(falls_whole_epochs_after_a_warmup_of_tenths),
		cmocka_unit_test(plateau_waits),
		cmocka_unit_test(plateau_at_its_edges),
	};

	return cmocka_run_group_tests_name("schedule", tests, NULL, NULL);
}
