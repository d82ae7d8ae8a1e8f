/* SPDX-License-Identifier: ISC */
/* Loops for vector units: the exponential against libm's, and rows that go past the cache. */
#include "vector.h"

#include "fingerprint.h"
#include "unit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define N 1000

/* Points between -1 and 1, the same on every machine. */
static double point(size_t i)
{
	return (double)(i * 2654435761 % 4294967296) / 2147483648 - 1;
}

/* In units of the last place of a result. */
static double error_at(double v, double got)
{
	long double want = expl((long double)v);
	double place = nextafter((double)want, (double)INFINITY) - (double)want;

	return (double)fabsl((long double)got - want) / place;
}

/* Where results are ordinary, all of them, those that are denormal, and around 1. */
static void exp_is_within_a_place(void **state)
{
	static const struct {
		double from, to;
	} ranges[] = {{-40, 0}, {-745, 709.78}, {-745.1, -708}, {-1e-3, 1e-3}, {-0.4, 0.4}};
	double v[N], e[N];

	(void)state;
	for (size_t k = 0; k < sizeof ranges / sizeof ranges[0]; k++)
		for (size_t block = 0; block < 200; block++) {
			double width = (ranges[k].to - ranges[k].from) / 2;

			for (size_t i = 0; i < N; i++)
				v[i] = ranges[k].from + width * (1 + point(block * N + i));
			vector_exp(v, N, e);
			for (size_t i = 0; i < N; i++)
				check(error_at(v[i], e[i]) <= 1,
					"exp(%.17g) is %.17g: off by %g places", v[i], e[i],
					error_at(v[i], e[i]));
		}
}

static void exp_knows_its_ends(void **state)
{
	static const double cases[][2] = {{0, 1}, {-0.0, 1}, {-INFINITY, 0}, {-DBL_MAX, 0},
		{-745.14, 0}, {-745.13, 0x1p-1074}, {-1e-300, 1}, {5e-324, 1},
		{709.79, INFINITY}, {DBL_MAX, INFINITY}, {INFINITY, INFINITY}};
	double got, nan = (double)NAN;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		vector_exp(cases[i], 1, &got);
		check(got == cases[i][1], "exp(%g) is %g", cases[i][0], got);
	}
	vector_exp(&nan, 1, &got);
	assert_true(isnan(got));
}

/* A value's result depends on neither its place nor its neighbours, and may be in its place. */
static void exp_is_of_each_value(void **state)
{
	double v[40], all[40], some[40];

	(void)state;
	for (size_t i = 0; i < 40; i++)
		v[i] = i % 7 == 3 ? (double)NAN : 30 * point(i);
	vector_exp(v, 40, all);
	for (size_t n = 0; n < 40; n++) {
		memcpy(some, v + 40 - n, n * sizeof *v);
		vector_exp(some, n, some);
		for (size_t i = 0; i < n; i++)
			check(some[i] == all[40 - n + i] || isnan(v[40 - n + i]),
				"value %zu of %zu is another", i, n);
	}
}

/* The same bytes by every vector unit and compiler: recorded with none of them. */
static void exp_is_the_same_everywhere(void **state)
{
	static double v[100 * N];
	char text[FINGERPRINT_TEXT];

	(void)state;
	for (size_t i = 0; i < 100 * N; i++)
		v[i] = 740 * point(i);
	vector_exp(v, 100 * N, v);
	fingerprint_text(fingerprint_of(v, sizeof v), text);
	assert_string_equal(text, "ee9c856ee1fc7baf052e5ca1ad5f16c8");
}

/* All of the rows, and nothing between them. */
static void stream_copies_rows(void **state)
{
	enum { ROWS = 5, STEP = 3 * VECTOR_LANES };
	float from[ROWS * VECTOR_LANES];
	_Alignas(VECTOR_LINE) float to[ROWS * STEP] = {0};

	(void)state;
	for (size_t i = 0; i < ROWS * VECTOR_LANES; i++)
		from[i] = (float)(i + 1);
	vector_stream(from, ROWS, to, STEP);
	vector_stream_end();
	for (size_t i = 0; i < ROWS * STEP; i++) {
		size_t row = i / STEP, k = i % STEP;
		float want = k < VECTOR_LANES ? from[row * VECTOR_LANES + k] : 0;

		check(to[i] == want, "value %zu is %g", i, (double)to[i]);
	}
}

int main(void)
{
	const struct CMUnitTest vector[] = {
		cmocka_unit_test(exp_is_within_a_place),
		cmocka_unit_test(exp_knows_its_ends),
		cmocka_unit_test(exp_is_of_each_value),
		cmocka_unit_test(exp_is_the_same_everywhere),
		cmocka_unit_test(stream_copies_rows),
	};

	return cmocka_run_group_tests(vector, NULL, NULL);
}
