/* SPDX-License-Identifier: ISC */
#include "json.h"

#include "err.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *text;
static size_t length;

static FILE *memory(void)
{
	free(text);
	text = NULL;
	return open_memstream(&text, &length);
}

static void line(void **state)
{
	FILE *f = memory();
	struct json j;
	struct err e;

	(void)state;
	json_begin(&j, f, JSON_LINE);
	json_put_text(&j, "a\"b", "x\ty\\\x01");
	json_put_int(&j, "i", -3);
	json_put_size(&j, "s", UINT64_MAX);
	json_put_bool(&j, "t", true);
	json_put_null(&j, "n");
	json_open_array(&j, "list");
	json_open_object(&j, NULL);
	json_close(&j);
	json_open_array(&j, NULL);
	json_put_int(&j, NULL, 1);
	json_put_int(&j, NULL, 2);
	assert_int_equal(json_end(&j, &e), 0);
	fclose(f);
	assert_string_equal(text,
		"{\"a\\\"b\": \"x\\ty\\\\\\u0001\", \"i\": -3, \"s\": 18446744073709551615, "
		"\"t\": true, \"n\": null, \"list\": [{}, [1, 2]]}\n");
}

static void pretty(void **state)
{
	FILE *f = memory();
	struct json j;
	struct err e;

	(void)state;
	json_begin(&j, f, JSON_PRETTY);
	json_open_array(&j, "empty");
	json_close(&j);
	json_open_object(&j, "o");
	json_put_int(&j, "k", 1);
	json_put_int(&j, "l", 2);
	json_close(&j);
	assert_int_equal(json_end(&j, &e), 0);
	fclose(f);
	assert_string_equal(
		text, "{\n\t\"empty\": [],\n\t\"o\": {\n\t\t\"k\": 1,\n\t\t\"l\": 2\n\t}\n}\n");
}

static const char *real(double value)
{
	FILE *f = memory();
	struct json j;
	struct err e;

	json_begin(&j, f, JSON_LINE);
	json_put_real(&j, "r", value);
	assert_int_equal(json_end(&j, &e), 0);
	fclose(f);
	return text;
}

static void reals(void **state)
{
	const double hard[] = {
		1 / 3., 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1e22, -0.1307};

	(void)state;
	assert_string_equal(real(0.1), "{\"r\": 0.1}\n");
	assert_string_equal(real(1e100), "{\"r\": 1e+100}\n");
	assert_string_equal(real(NAN), "{\"r\": null}\n");
	assert_string_equal(real(-INFINITY), "{\"r\": null}\n");
	for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++)
		assert_true(strtod(real(hard[i]) + strlen("{\"r\": "), NULL) == hard[i]);
}

static const char *string(const char *value)
{
	FILE *f = memory();
	struct json j;
	struct err e;

	json_begin(&j, f, JSON_LINE);
	json_put_text(&j, "", value);
	assert_int_equal(json_end(&j, &e), 0);
	fclose(f);
	text[strlen(text) - 3] = '\0';
	return text + strlen("{\"\": \"");
}

#define BAD "\xef\xbf\xbd"

static void utf8(void **state)
{
	(void)state;
	assert_string_equal(string("\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80"),
		"\xc3\xbc \xe2\x82\xac \xf0\x9f\x98\x80");
	assert_string_equal(string("\xff|"), BAD "|");
	assert_string_equal(string("\xc0\xaf|"), BAD BAD "|");
	assert_string_equal(string("\xed\xa0\x80"), BAD BAD BAD);
	assert_string_equal(string("\xe0\x80\x80"), BAD BAD BAD);
	assert_string_equal(string("\xf4\x90\x80\x80"), BAD BAD BAD BAD);
	assert_string_equal(string("\xe2\x82"), BAD BAD);
}

/* U+0080 to U+009F drive terminals, too: U+009B is what ESC [ is. */
static void no_control_character_is_raw(void **state)
{
	(void)state;
	assert_string_equal(string("\x1b[1m \x7f"), "\\u001b[1m \\u007f");
	assert_string_equal(string("\xc2\x80 \xc2\x9bm \xc2\x9f"), "\\u0080 \\u009bm \\u009f");
	assert_string_equal(string("~ \xc2\xa0 \xc3\x80"), "~ \xc2\xa0 \xc3\x80");
	assert_string_equal(string("\xc2\x1f"), BAD "\\u001f");
}

static void write_error(void **state)
{
	FILE *f = fopen("/dev/full", "w");
	struct json j;
	struct err e;

	(void)state;
	assert_non_null(f);
	json_begin(&j, f, JSON_LINE);
	assert_int_equal(json_end(&j, &e), -1);
	assert_non_null(strstr(e.text, "No space left"));
	fclose(f);
}

static void texts(void **state)
{
	struct err e;
	char **list;
	size_t n;

	(void)state;
	assert_int_equal(
		json_read_texts(" [\"a\", \"\\u00fc\", \"\"] ", "names", &list, &n, &e), 0);
	assert_int_equal(n, 3);
	assert_string_equal(list[0], "a");
	assert_string_equal(list[1], "\xc3\xbc");
	assert_string_equal(list[2], "");
	free(list);
	assert_int_equal(json_read_texts("[]", "names", &list, &n, &e), 0);
	assert_int_equal(n, 0);
	free(list);
	assert_int_equal(json_read_texts("[\"a\", 1]", "names", &list, &n, &e), -1);
	assert_int_equal(json_read_texts("{\"a\": \"b\"}", "names", &list, &n, &e), -1);
	assert_int_equal(json_read_texts("[\"a\"", "names", &list, &n, &e), -1);
	assert_int_equal(json_read_texts("", "names", &list, &n, &e), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line),
		cmocka_unit_test(pretty),
		cmocka_unit_test(reals),
		cmocka_unit_test(utf8),
		cmocka_unit_test(no_control_character_is_raw),
		cmocka_unit_test(write_error),
		cmocka_unit_test(texts),
	};
	int failed = cmocka_run_group_tests_name("json", tests, NULL, NULL);

	free(text);
	return failed;
}
