/* SPDX-License-Identifier: ISC */
/* What is said on stderr, which is a file meanwhile. */
#include "say.h"

#include "scratch.h"
#include "unit.h"

#include <fcntl.h>
#include <string.h>
#include <wchar.h>

static char said[16384];

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	say_text(format, ap);
	va_end(ap);
}

static int begin(void)
{
	int saved = dup(STDERR_FILENO), fd = open(scratch_write("", 0), O_WRONLY);

	assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDERR_FILENO) >= 0);
	close(fd);
	return saved;
}

static const char *end(int saved)
{
	ssize_t n;
	int fd;

	dup2(saved, STDERR_FILENO);
	close(saved);
	fd = open(scratch_path, O_RDONLY);
	n = read(fd, said, sizeof said - 1);
	close(fd);
	assert_true(n >= 0);
	said[n] = '\0';
	return said;
}

static const char *shown(const char *text)
{
	int saved = begin();

	say("%s", text);
	return end(saved);
}

static void shows_text_as_it_is(void **state)
{
	(void)state;
	assert_string_equal(shown(""), "");
	assert_string_equal(shown("tool: \"gr\xc3\xbcn-\xe2\x82\xac\": 5 %s"),
		"tool: \"gr\xc3\xbcn-\xe2\x82\xac\": 5 %s");
}

static void masks_control_characters(void **state)
{
	(void)state;
	assert_string_equal(shown("a\nb\r\t\x1b[31m\x7f"), "a?b???[31m?");
	assert_string_equal(shown("\xc2\x9b"
				  "5m \xc2\xa0"),
		"??5m \xc2\xa0");
	assert_string_equal(shown("\xff \xc3 \xe2\x82"), "? ? ??");
}

static void keeps_the_lines_of_a_caret(void **state)
{
	(void)state;
	assert_string_equal(shown("net: a fault\n    784-x-10\n        ^"),
		"net: a fault\n    784-x-10\n        ^");
	assert_string_equal(shown("n\net: a\x1b fault\n    784-\tx-10\n        ^"),
		"n?et: a? fault\n    784-?x-10\n        ^");
}

static void keeps_no_other_lines(void **state)
{
	(void)state;
	assert_string_equal(shown("a\n    b"), "a?    b");
	assert_string_equal(shown("a\n    b\n    ^c"), "a?    b?    ^c");
	assert_string_equal(shown("a\nb\n    ^"), "a?b?    ^");
	assert_string_equal(shown("a\n    ^"), "a?    ^");
	assert_string_equal(shown("a\n    b\n   ^"), "a?    b?   ^");
}

static void cuts_what_is_long(void **state)
{
	static char text[sizeof said];

	(void)state;
	memset(text, 'x', sizeof text - 1);
	assert_int_equal(strlen(shown(text)), 8191);
}

/* A character that the C locale does not have cannot be put into the text. */
static void says_the_format_where_it_fails(void **state)
{
	static const wchar_t wide[] = {0x20ac, 0};
	int saved = begin();

	(void)state;
	say("here\n%ls", wide);
	assert_string_equal(end(saved), "here?%ls");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_text_as_it_is),
		cmocka_unit_test(masks_control_characters),
		cmocka_unit_test(keeps_the_lines_of_a_caret),
		cmocka_unit_test(keeps_no_other_lines),
		cmocka_unit_test(cuts_what_is_long),
		cmocka_unit_test(says_the_format_where_it_fails),
	};

	return cmocka_run_group_tests_name("say", tests, NULL, NULL);
}
