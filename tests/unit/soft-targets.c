/* SPDX-License-Identifier: ISC */
/* Soft targets in files: kinds, tolerances that fit the dtype, pairing with a data set. */
#include "soft-targets.h"

#include "bytes.h"
#include "err.h"
#include "scratch.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static const struct fingerprint data_name = {0x0123456789abcdef, 0xfedcba9876543210};

static struct soft_targets_source source(enum soft_values v, enum tensor_dtype t,
	const float *value, size_t items, size_t classes)
{
	return (struct soft_targets_source){.value = value,
		.values = v,
		.dtype = t,
		.temperature = 5,
		.items = items,
		.classes = classes,
		.views = 1,
		.dataset = data_name};
}

static void save(const struct soft_targets_source *s)
{
	struct err e = {""};

	check(soft_targets_save(s, scratch_name(""), 1, NULL, &e) == 0, "%s", e.text);
}

static void load(struct soft_targets *s)
{
	struct err e = {""};

	check(soft_targets_load(s, scratch_name(""), NULL, &e) == 0, "%s", e.text);
}

static void names_kinds(void **state)
{
	(void)state;
	for (int v = SOFT_LOGITS; v <= SOFT_PROBABILITIES; v++)
		assert_int_equal(soft_values_parse(soft_values_name((enum soft_values)v)), v);
	assert_int_equal(soft_values_parse("logit"), -1);
	assert_int_equal(soft_values_parse(""), -1);
	assert_string_equal(soft_values_name(SOFT_ZERO_MEAN_LOGITS), "zero-mean-logits");
}

static void keeps_views_and_lineage(void **state)
{
	static const float value[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
	struct soft_targets_source from = source(SOFT_LOGITS, TENSOR_F32, value, 2, 3);
	struct fingerprint input = {7, 8};
	struct soft_targets s;
	float row[3];

	(void)state;
	from.views = 2;
	from.augment = (struct augment){2, 1};
	from.view_seed = UINT64_MAX;
	from.teacher = "00112233445566778899aabbccddeeff";
	from.input = &input;
	from.options = "--values logits";
	save(&from);
	load(&s);
	assert_int_equal(s.values, SOFT_LOGITS);
	assert_float_equal(s.temperature, 0, 0);
	assert_int_equal(s.items, 2);
	assert_int_equal(s.views, 2);
	assert_int_equal(s.classes, 3);
	assert_true(s.augment.jitter == 2 && s.augment.flip == 1);
	assert_true(s.view_seed == UINT64_MAX);
	assert_true(fingerprint_equal(s.dataset, data_name));
	assert_string_equal(tensor_set_meta(&s.set, "potstill.teacher"), from.teacher);
	assert_string_equal(tensor_set_meta(&s.set, "potstill.options"), "--values logits");
	assert_string_equal(tensor_set_meta(&s.set, "potstill.input.values"),
		"00000000000000070000000000000008");
	assert_null(tensor_set_meta(&s.set, "potstill.temperature"));
	soft_targets_row(&s, 1, 0, row);
	assert_memory_equal(row, value + 6, sizeof row);
	soft_targets_row(&s, 0, 1, row);
	assert_memory_equal(row, value + 3, sizeof row);
	soft_targets_release(&s);
	assert_null(s.stored);
}

static void softens_logits_at_any_temperature(void **state)
{
	static const float value[] = {-1000, 1000, 0, 2, 1, -3};
	static const double t[] = {0.5, 1, 5, 1000};
	struct soft_targets_source from = source(SOFT_LOGITS, TENSOR_F32, value, 2, 3);
	struct soft_targets s;
	struct err e;
	float row[3];

	(void)state;
	save(&from);
	load(&s);
	for (size_t k = 0; k < sizeof t / sizeof t[0]; k++)
		for (size_t i = 0; i < 2; i++) {
			const float *v = value + 3 * i;
			double sum = 0;

			assert_int_equal(soft_targets_check_temperature(&s, "s", t[k], &e), 0);
			soft_targets_probabilities(&s, 0, i, t[k], row);
			for (size_t c = 0; c < 3; c++)
				sum += exp(((double)v[c] - (i == 0 ? 1000 : 2)) / t[k]);
			for (size_t c = 0; c < 3; c++) {
				double p =
					exp(((double)v[c] - (i == 0 ? 1000 : 2)) / t[k]) / sum;

				check(fabs((double)row[c] - p) <= 1e-6 * p + 1e-30, "%g for %g",
					(double)row[c], p);
			}
		}
	soft_targets_release(&s);
}

static void keeps_the_temperature_of_probabilities(void **state)
{
	static const float p[] = {0.25f, 0.5f, 0.25f, 1, 0, 0};
	static const double t[] = {5, 2.5, 0.1, 1.0 / 3, 1e-3, 123456.789};
	struct soft_targets s;
	struct err e;
	float row[3];

	(void)state;
	for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
		struct soft_targets_source from =
			source(SOFT_PROBABILITIES, TENSOR_F32, p, 2, 3);

		from.temperature = t[i];
		save(&from);
		load(&s);
		check(s.temperature == t[i], "%.17g for %.17g", s.temperature, t[i]);
		if (i == 0)
			assert_string_equal(
				tensor_set_meta(&s.set, "potstill.temperature"), "5");
		assert_int_equal(soft_targets_check_temperature(&s, "s", t[i], &e), 0);
		assert_int_equal(soft_targets_check_temperature(&s, "s", t[i] * 1.01, &e), -1);
		soft_targets_probabilities(&s, 0, 1, t[i], row);
		assert_memory_equal(row, p + 3, sizeof row);
		soft_targets_release(&s);
	}
}

/* What rounding left of a sum of 1 is spread over the row. */
static void probabilities_sum_to_1(void **state)
{
	static const enum tensor_dtype dtype[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
	static const float log_p[] = {-0.35667494f, -1.6094379f, -2.3025851f}; /* .7 .2 .1 */
	struct soft_targets s;
	float row[3];

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct soft_targets_source from =
			source(SOFT_LOG_PROBABILITIES, dtype[i], log_p, 1, 3);

		save(&from);
		load(&s);
		soft_targets_probabilities(&s, 0, 0, 5, row);
		check(fabs((double)row[0] + (double)row[1] + (double)row[2] - 1) < 1e-7,
			"they sum to %.9g", (double)row[0] + (double)row[1] + (double)row[2]);
		assert_float_equal(row[0], 0.7, 2e-3);
		assert_float_equal(row[1], 0.2, 2e-3);
		soft_targets_release(&s);
	}
}

static void refuses_another_temperature(void **state)
{
	static const float l[] = {-0.6931472f, -0.6931472f};
	struct soft_targets_source from = source(SOFT_LOG_PROBABILITIES, TENSOR_F32, l, 1, 2);
	struct soft_targets s;
	struct err e;
	float row[2];

	(void)state;
	save(&from);
	load(&s);
	assert_int_equal(soft_targets_check_temperature(&s, "soft.zst", 4, &e), -1);
	assert_string_equal(e.text, "\"soft.zst\": holds log-probabilities at temperature 5, "
				    "which cannot be used at 4");
	soft_targets_probabilities(&s, 0, 0, 5, row);
	assert_float_equal(row[0], 0.5, 1e-6);
	soft_targets_release(&s);
}

/* Rounding to the dtype must be let pass, and ten times as much must not. */
static void tolerances_fit_the_dtype(void **state)
{
	static const enum tensor_dtype dtype[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
	static const double most[] = {1e-4, 1e-4 + 0x1p-11 + 10 * 0x1p-25, 1e-4 + 0x1p-8};
	struct err e;

	(void)state;
	for (size_t d = 0; d < 3; d++)
		for (int sign = -1; sign <= 1; sign += 2) {
			float row[10];
			double off = sign * most[d];

			for (size_t c = 0; c < 10; c++)
				row[c] = (float)((1 + 0.99 * off) / 10);
			assert_int_equal(
				soft_values_check(SOFT_PROBABILITIES, dtype[d], row, 10, &e),
				0);
			for (size_t c = 0; c < 10; c++)
				row[c] = (float)((1 + 1.01 * off) / 10);
			assert_int_equal(
				soft_values_check(SOFT_PROBABILITIES, dtype[d], row, 10, &e),
				-1);
			assert_non_null(strstr(e.text, "probabilities sum to"));
		}
}

/* softmax rows of many shapes, in every kind and dtype, come back within the stated roundoff.
 */
static void every_kind_survives_every_dtype(void **state)
{
	static const enum tensor_dtype dtype[] = {TENSOR_F32, TENSOR_F16, TENSOR_BF16};
	static const double u[] = {0x1p-24, 0x1p-11, 0x1p-8};
	enum { ROWS = 50, C = 37 };
	static float logit[ROWS * C], value[ROWS * C];
	struct soft_targets s;
	float row[C];

	(void)state;
	for (int i = 0; i < ROWS * C; i++)
		logit[i] = (float)(sin(1 + i * i % 1009) *
				   (1 + (double)i / C)); /* from ±1 to ±50 */
	soft_values_centre(logit, ROWS, C);
	for (int v = SOFT_LOGITS; v <= SOFT_PROBABILITIES; v++)
		for (size_t d = 0; d < 3; d++) {
			struct soft_targets_source from =
				source((enum soft_values)v, dtype[d], value, ROWS, C);

			memcpy(value, logit, sizeof value);
			for (float *r = value; r < value + ROWS * C; r += C)
				if (v == SOFT_PROBABILITIES)
					soft_values_softmax(r, C, 5, r);
				else if (v == SOFT_LOG_PROBABILITIES)
					soft_values_log_softmax(r, C, 5, r);
			save(&from);
			load(&s);
			assert_int_equal(s.dtype, dtype[d]);
			for (size_t i = 0; i < ROWS; i++) {
				soft_targets_row(&s, 0, i, row);
				for (size_t c = 0; c < C; c++) {
					double x = (double)value[i * C + c];

					check(fabs((double)row[c] - x) <=
							u[d] * fabs(x) + 0x1p-25,
						"%s %s: %g for %g",
						soft_values_name((enum soft_values)v),
						tensor_dtype_name(dtype[d]), (double)row[c], x);
				}
			}
			soft_targets_release(&s);
		}
}

static void refuse_row(
	enum soft_values v, enum tensor_dtype t, const float *value, const char *reason)
{
	struct soft_targets_source from = source(v, t, value, 2, 3);
	struct err e = {""};

	check(soft_targets_save(&from, scratch_name(""), 1, NULL, &e) == -1,
		"accepted; expected: %s", reason);
	check(strstr(e.text, reason) != NULL, "got: %s; expected: %s", e.text, reason);
}

static void refuses_to_save_bad_rows(void **state)
{
	(void)state;
	refuse_row(SOFT_LOGITS, TENSOR_F32, (const float[]){0, 0, 0, 0, NAN, 0},
		"row 1 as F32: class 1 is");
	refuse_row(SOFT_LOGITS, TENSOR_F32, (const float[]){0, 0, -INFINITY, 0, 0, 0},
		"row 0 as F32: class 2 is -inf");
	refuse_row(SOFT_LOGITS, TENSOR_F16, (const float[]){0, 0, 0, 65520, 0, 0},
		"row 1 as F16: class 0 is inf");
	refuse_row(SOFT_LOGITS, TENSOR_BF16, (const float[]){0, 0, 0, 0, 0, 3.4e38f},
		"row 1 as BF16: class 2 is inf");
	refuse_row(SOFT_ZERO_MEAN_LOGITS, TENSOR_F32, (const float[]){1, 0, -1, 1, 0, -0.9f},
		"row 1 as F32: the mean of zero-mean logits is 0.0333");
	refuse_row(SOFT_PROBABILITIES, TENSOR_F32, (const float[]){1, 0, 0, 1.5f, -0.5f, 0},
		"row 1 as F32: class 1 has probability -0.5");
	refuse_row(SOFT_PROBABILITIES, TENSOR_F32, (const float[]){1, 0, 0, 0.3f, 0.3f, 0.3f},
		"row 1 as F32: probabilities sum to 0.9, not 1");
	refuse_row(SOFT_LOG_PROBABILITIES, TENSOR_F32, (const float[]){-1, -1, -1, 0, 0, 0},
		"row 0 as F32: exponentials of log-probabilities sum to 1.10364, not 1");
	refuse_row(SOFT_LOG_PROBABILITIES, TENSOR_F32,
		(const float[]){0, -100, -INFINITY, 0, 0, 0}, "row 0 as F32: class 2 is -inf");
}

/* A file from elsewhere: each change makes it one that is refused. */
static void refuse_file(
	const char *key, const char *value, const float *data, size_t rows, const char *reason)
{
	struct tensor_set set;
	struct soft_targets s;
	struct err e = {""};
	char text[FINGERPRINT_TEXT];

	tensor_set_init(&set);
	tensor_set_put_meta(&set, "potstill.kind", "soft-targets", &e);
	tensor_set_put_meta(&set, "potstill.values", "probabilities", &e);
	tensor_set_put_meta(&set, "potstill.temperature", "5", &e);
	tensor_set_put_meta(&set, "potstill.dataset", fingerprint_text(data_name, text), &e);
	if (key != NULL)
		tensor_set_put_meta(&set, key, value, &e);
	tensor_set_add(&set, "values", TENSOR_F32, 2, (const size_t[]){rows, 2}, data, &e);
	check(tensor_file_save(&set, scratch_name(""), 1, NULL, &e) == 0, "%s", e.text);
	tensor_set_release(&set);
	if (reason == NULL) {
		load(&s);
		soft_targets_release(&s);
		return;
	}
	check(soft_targets_load(&s, scratch_name(""), NULL, &e) == -1, "accepted; expected: %s",
		reason);
	check(strstr(e.text, reason) != NULL, "got: %s; expected: %s", e.text, reason);
	check(strstr(e.text, scratch_name("")) != NULL, "no path in: %s", e.text);
}

static void refuses_other_files(void **state)
{
	static const float p[] = {0.5f, 0.5f, 1, 0, 0.25f, 0.75f},
			   bad[] = {0.5f, 0.5f, 1, 0, 0.25f, NAN};
	static const struct {
		const char *key, *value, *reason;
	} cases[] = {{NULL, NULL, NULL}, {"potstill.views", "3", NULL},
		{"potstill.views", "1", NULL},
		{"potstill.jitter", "2", "views are not in the order"},
		{"potstill.kind", "dataset", "is a dataset file where a soft-targets file"},
		{"potstill.values", "probability", "potstill.values is probability"},
		{"potstill.values", "logits",
			"values are logits, but potstill.temperature is given"},
		{"potstill.temperature", "0",
			"potstill.temperature is \"0\", not a number above 0"},
		{"potstill.temperature", "-1", "not a number above 0"},
		{"potstill.temperature", "nan", "not a number above 0"},
		{"potstill.temperature", "inf", "not a number above 0"},
		{"potstill.temperature", "5 K", "not a number above 0"},
		{"potstill.temperature", "", "not a number above 0"},
		{"potstill.dataset", "0123", "potstill.dataset is no fingerprint"},
		{"potstill.views", "2", "3 rows are not 2 views"},
		{"potstill.views", "0", "3 rows are not 0 views"},
		{"potstill.views", "4", "not a whole number up to 3"},
		{"potstill.jitter", "-2", "not a whole number"},
		{"potstill.jitter", "1001", "not a whole number up to 1000"},
		{"potstill.flip", "1", "views are not in the order"},
		{"potstill.flip", "2", "not a whole number up to 1"},
		{"potstill.view-seed", "18446744073709551616", "not a whole number"}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		refuse_file(cases[i].key, cases[i].value, p, 3, cases[i].reason);
	refuse_file(NULL, NULL, p, 0, "holds no values");
	refuse_file(NULL, NULL, bad, 3, "row 2 as F32: class 1 is nan");
}

static void refuses_other_pairs(void **state)
{
	static const float value[] = {1, 0, -1, 0, 1, -1};
	struct soft_targets_source from = source(SOFT_LOGITS, TENSOR_F32, value, 2, 3);
	struct dataset d = {.items = 2, .classes = 3, .fingerprint = data_name};
	struct soft_targets s;
	struct err e;

	(void)state;
	save(&from);
	load(&s);
	assert_int_equal(soft_targets_check(&s, "s", &d, &e), 0);
	d.classes = 0;
	assert_int_equal(soft_targets_check(&s, "s", &d, &e), 0);
	d.classes = 4;
	assert_int_equal(soft_targets_check(&s, "s", &d, &e), -1);
	assert_string_equal(
		e.text, "\"s\": has targets for 3 classes where the data set has 4");
	d = (struct dataset){.items = 3, .classes = 3, .fingerprint = data_name};
	assert_int_equal(soft_targets_check(&s, "s", &d, &e), -1);
	assert_string_equal(e.text, "\"s\": has targets for 2 items where the data set has 3");
	d.items = 2;
	d.fingerprint.low ^= 1;
	assert_int_equal(soft_targets_check(&s, "s", &d, &e), -1);
	assert_string_equal(e.text,
		"\"s\": targets were made from another data set (fingerprint "
		"0123456789abcdeffedcba9876543210 where 0123456789abcdeffedcba9876543211 is "
		"expected)");
	soft_targets_release(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_kinds),
		cmocka_unit_test(keeps_views_and_lineage),
		cmocka_unit_test(softens_logits_at_any_temperature),
		cmocka_unit_test(keeps_the_temperature_of_probabilities),
		cmocka_unit_test(probabilities_sum_to_1),
		cmocka_unit_test(refuses_another_temperature),
		cmocka_unit_test(tolerances_fit_the_dtype),
		cmocka_unit_test(every_kind_survives_every_dtype),
		cmocka_unit_test(refuses_to_save_bad_rows),
		cmocka_unit_test(refuses_other_files),
		cmocka_unit_test(refuses_other_pairs),
	};

	return cmocka_run_group_tests_name("soft-targets", tests, NULL, NULL);
}
