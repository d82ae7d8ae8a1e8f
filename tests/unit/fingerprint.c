/* SPDX-License-Identifier: ISC */
/* XXH3-128 against values that `xxhsum -H2` prints, whole and in parts. */
#include "fingerprint.h"

#include "unit.h"

#include <string.h>

/* Bytes 0, 1 ... 250, 0, 1 ...: long enough for each of XXH3's ways (<=16, <=240, more). */
static void pattern(uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		bytes[i] = (uint8_t)(i % 251);
}

static void check_text(const void *bytes, size_t n, const char *expected)
{
	char text[FINGERPRINT_TEXT];

	assert_string_equal(fingerprint_text(fingerprint_of(bytes, n), text), expected);
}

static void agrees_with_xxhsum(void **state)
{
	uint8_t bytes[1000];

	(void)state;
	pattern(bytes, sizeof bytes);
	check_text("", 0, "99aa06d3014798d86001c324468d497f");
	check_text("a", 1, "a96faf705af16834e6c632b61e964e1f");
	check_text("abc", 3, "06b05ab6733a618578af5f94892f3950");
	check_text(bytes, 200, "cb0395310643ba0edd97e9af3609d9f5");
	check_text(bytes, 1000, "18bf41bc8229e27733ef703fb2b20ed1");
}

static void adds_parts(void **state)
{
	static const size_t step[] = {1, 7, 64, 256, 999, 1000};
	uint8_t bytes[1000];

	(void)state;
	pattern(bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof step / sizeof step[0]; i++) {
		struct fingerprint_state *s = fingerprint_new();
		struct fingerprint f;

		assert_non_null(s);
		for (size_t at = 0; at < sizeof bytes; at += step[i])
			fingerprint_add(s, bytes + at,
				sizeof bytes - at < step[i] ? sizeof bytes - at : step[i]);
		f = fingerprint_finish(s);
		assert_true(fingerprint_equal(f, fingerprint_of(bytes, sizeof bytes)));
	}
}

static void tells_apart(void **state)
{
	uint8_t bytes[64] = {0};
	struct fingerprint f = fingerprint_of(bytes, 64), g = f;

	(void)state;
	assert_false(fingerprint_equal(f, fingerprint_of(bytes, 63)));
	bytes[63] = 1;
	assert_false(fingerprint_equal(f, fingerprint_of(bytes, 64)));
	g.low ^= 1;
	assert_false(fingerprint_equal(f, g));
	g = f;
	g.high ^= (uint64_t)1 << 63;
	assert_false(fingerprint_equal(f, g));
}

static void parses_its_text(void **state)
{
	static const char *const bad[] = {"", "99aa06d3014798d86001c324468d497",
		"99aa06d3014798d86001c324468d497ff", "99AA06d3014798d86001c324468d497f",
		"99aa06d3014798d8 001c324468d497f", "-9aa06d3014798d86001c324468d497f",
		"0x99aa06d3014798d86001c324468d49", "99aa06d3014798g86001c324468d497f"};
	struct fingerprint f = {0x0123456789abcdef, 0x00000000000000ff}, g;
	char text[FINGERPRINT_TEXT];

	(void)state;
	assert_string_equal(fingerprint_text(f, text), "0123456789abcdef00000000000000ff");
	assert_int_equal(fingerprint_parse(&g, text), 0);
	assert_true(fingerprint_equal(f, g));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		check(fingerprint_parse(&g, bad[i]) == -1, "\"%s\" was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_xxhsum),
		cmocka_unit_test(adds_parts),
		cmocka_unit_test(tells_apart),
		cmocka_unit_test(parses_its_text),
	};

	return cmocka_run_group_tests_name("fingerprint", tests, NULL, NULL);
}
