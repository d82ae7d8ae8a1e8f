/* SPDX-License-Identifier: ISC */
/* Every part is done exactly once, by a worker with a number of the pool, before run returns.
 */
#define _GNU_SOURCE /* sched_getaffinity */
#include "workers.h"

#include "err.h"
#include "unit.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#define PARTS 5000

struct job {
	int threads;
	atomic_int done[PARTS];
	atomic_int strangers; /* workers with a number outside of the pool */
	atomic_int running[8];
	atomic_int doubled; /* two parts at once under one worker's number */
};

static void note(void *arg, size_t part, int worker)
{
	struct job *j = arg;

	if (worker < 0 || worker >= j->threads) {
		atomic_fetch_add(&j->strangers, 1);
		return;
	}
	if (atomic_fetch_add(&j->running[worker], 1) != 0)
		atomic_fetch_add(&j->doubled, 1);
	atomic_fetch_add(&j->done[part], 1);
	atomic_fetch_sub(&j->running[worker], 1);
}

static void check_job(struct workers *w, size_t parts)
{
	static struct job j;

	memset(&j, 0, sizeof j);
	j.threads = workers_count(w);
	workers_run(w, note, &j, parts);
	for (size_t i = 0; i < PARTS; i++)
		check(j.done[i] == (i < parts), "part %zu of %zu was done %d times", i, parts,
			j.done[i]);
	assert_int_equal(j.strangers, 0);
	assert_int_equal(j.doubled, 0);
}

static void does_every_part_once(void **state)
{
	static const size_t parts[] = {0, 1, 2, 3, 7, 8, 9, 100, PARTS};
	struct err e;

	(void)state;
	for (int threads = 1; threads <= 8; threads++) {
		struct workers *w = workers_new(threads, &e);

		assert_non_null(w);
		assert_int_equal(workers_count(w), threads);
		for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++)
			check_job(w, parts[i]);
		workers_free(w);
	}
}

static void add_part(void *arg, size_t part, int worker)
{
	(void)worker;
	atomic_fetch_add((atomic_size_t *)arg, part + 1);
}

/* Rounds of changing sizes without a pause: a helper that is late must not take from the next.
 */
static void survives_many_rounds(void **state)
{
	struct err e;

	(void)state;
	for (int threads = 2; threads <= 4; threads++) {
		struct workers *w = workers_new(threads, &e);

		assert_non_null(w);
		for (size_t round = 0; round < 3000; round++) {
			size_t parts = round * 7 % 23;
			atomic_size_t sum = 0;

			workers_run(w, add_part, &sum, parts);
			assert_int_equal(sum, parts * (parts + 1) / 2);
		}
		workers_free(w);
	}
}

/* Helpers go to sleep between rounds that are far apart; they must wake up. */
static void wakes_sleepers(void **state)
{
	struct err e;
	struct workers *w = workers_new(3, &e);

	(void)state;
	assert_non_null(w);
	for (size_t round = 0; round < 20; round++) {
		atomic_size_t sum = 0;

		for (volatile int i = 0; i < 1000000; i++)
			;
		workers_run(w, add_part, &sum, 50);
		assert_int_equal(sum, 50 * 51 / 2);
	}
	workers_free(w);
}

/* A pool that fills the machine binds its threads; without restoring, the second would get one
 * CPU. */
static void gives_the_affinity_back(void **state)
{
	cpu_set_t before, after;
	struct err e;
	int count;

	(void)state;
	assert_int_equal(sched_getaffinity(0, sizeof before, &before), 0);
	count = CPU_COUNT(&before);
	for (int i = 0; i < 5; i++) {
		struct workers *w = workers_new(0, &e);
		atomic_size_t sum = 0;

		assert_non_null(w);
		assert_int_equal(workers_count(w), count);
		workers_run(w, add_part, &sum, 10);
		assert_int_equal(sum, 55);
		workers_free(w);
		assert_int_equal(sched_getaffinity(0, sizeof after, &after), 0);
		assert_true(CPU_EQUAL(&before, &after));
	}
}

static void lives_beside_another_pool(void **state)
{
	struct err e;
	struct workers *a = workers_new(2, &e), *b = workers_new(3, &e);

	(void)state;
	assert_non_null(a);
	assert_non_null(b);
	for (int i = 0; i < 50; i++) {
		check_job(a, 40);
		check_job(b, 41);
	}
	workers_free(a);
	workers_free(b);
	workers_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(does_every_part_once),
		cmocka_unit_test(survives_many_rounds),
		cmocka_unit_test(wakes_sleepers),
		cmocka_unit_test(gives_the_affinity_back),
		cmocka_unit_test(lives_beside_another_pool),
	};

	return cmocka_run_group_tests_name("workers", tests, NULL, NULL);
}
