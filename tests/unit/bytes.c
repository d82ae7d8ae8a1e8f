/* SPDX-License-Identifier: ISC */
/*
 * 16-bit floats, against a reference that knows only what IEEE 754 says: a value
 * is (-1)^s * significand * 2^exponent, and rounding takes the nearest number,
 * of two equally near ones that with an even significand. It works in double,
 * where every float, every 16-bit float and every midpoint is exact.
 */
#include "bytes.h"

#include "err.h"
#include "rng.h"
#include "unit.h"
#include "workers.h"

#include <math.h>
#include <string.h>

/* A format of 16 bits: sign, exponent, `fraction` bits of fraction. */
struct format {
	const char *name;
	int fraction, bias;
	uint16_t (*encode)(float);
	float (*decode)(uint16_t);
};

static const struct format formats[] = {{"f16", 10, 15, bytes_f16, bytes_from_f16},
	{"bf16", 7, 127, bytes_bf16, bytes_from_bf16}};

#define FORMATS (sizeof formats / sizeof formats[0])

static uint16_t infinity_of(const struct format *f)
{
	return (uint16_t)(0x7fff >> f->fraction << f->fraction);
}

/* The magnitude of h (sign bit clear) as if infinity were the next number: so its midpoint
 * with the largest finite one is where rounding to infinity starts. */
static double magnitude_of(const struct format *f, uint16_t h)
{
	int exponent = h >> f->fraction, fraction = h & ((1 << f->fraction) - 1);

	if (exponent == 0)
		return ldexp(fraction, 1 - f->bias - f->fraction);
	return ldexp(fraction + (1 << f->fraction), exponent - f->bias - f->fraction);
}

static uint32_t bits_of(float v)
{
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	return bits;
}

static float float_of(uint32_t bits)
{
	float v;

	memcpy(&v, &bits, sizeof v);
	return v;
}

/* By bisection for the numbers on both sides of |v|, then nearest, then even. */
static uint16_t slow_encode(const struct format *f, float v)
{
	uint16_t sign = signbit(v) ? 0x8000 : 0, low = 0, high = infinity_of(f);
	double x = fabs((double)v), below, above;

	if (x >= magnitude_of(f, high))
		return sign | high;
	while (high - low > 1) {
		uint16_t middle = (uint16_t)((low + high) / 2);

		if (magnitude_of(f, middle) <= x)
			low = middle;
		else
			high = middle;
	}
	below = x - magnitude_of(f, low);
	above = magnitude_of(f, high) - x;
	if (below < above || (below == above && low % 2 == 0))
		return sign | low;
	return sign | high;
}

static void check_encode(const struct format *f, float v)
{
	uint16_t got = f->encode(v), expected = slow_encode(f, v);

	check(got == expected, "%s(%a) is %04x, should be %04x", f->name, (double)v, got,
		expected);
}

/* Every one of the 65536 values decodes to what its bits say, and encodes back to itself. */
static void decodes_every_value(void **state)
{
	(void)state;
	for (const struct format *f = formats; f < formats + FORMATS; f++)
		for (uint32_t i = 0; i < 0x10000; i++) {
			uint16_t h = (uint16_t)i, magnitude = h & 0x7fff;
			float v = f->decode(h);

			if (magnitude > infinity_of(f)) {
				check(isnan(v), "%s %04x is no NaN", f->name, h);
				check((f->encode(v) & 0x7fff) > infinity_of(f),
					"%s %04x does not stay NaN", f->name, h);
				continue;
			}
			if (magnitude == infinity_of(f))
				check(isinf(v), "%s %04x is not infinite", f->name, h);
			else
				check((double)fabsf(v) == magnitude_of(f, magnitude),
					"%s %04x decodes to %a", f->name, h, (double)v);
			check(!signbit(v) == !(h & 0x8000), "%s %04x: sign", f->name, h);
			check(f->encode(v) == h, "%s %04x comes back as %04x", f->name, h,
				f->encode(v));
		}
}

/* All midpoints of neighbours, exactly and one float to both sides: where rounding is decided.
 */
static void rounds_at_midpoints(void **state)
{
	(void)state;
	for (const struct format *f = formats; f < formats + FORMATS; f++)
		for (uint16_t h = 0; h < infinity_of(f); h++) {
			double middle = (magnitude_of(f, h) + magnitude_of(f, h + 1)) / 2;
			float v = (float)middle;

			assert_true((double)v == middle);
			for (int step = -1; step <= 1; step++) {
				float near = float_of(bits_of(v) + (uint32_t)step);

				check_encode(f, near);
				check_encode(f, -near);
			}
		}
}

static void rounds_random_bits(void **state)
{
	struct rng r = {.seed = 1};

	(void)state;
	for (const struct format *f = formats; f < formats + FORMATS; f++)
		for (uint32_t block = 0; block < 50000; block++) {
			uint32_t word[4];

			rng_block(&r, block, word);
			for (int i = 0; i < 4; i++) {
				float v = float_of(word[i]);

				if (!isnan(v))
					check_encode(f, v);
				/* Most random floats are far outside of f16: also between 2^-30
				 * and 2^18. */
				check_encode(f, float_of((word[i] & 0x807fffff) |
							 (97 + (word[i] >> 23) % 48) << 23));
			}
		}
}

static void keeps_special_values(void **state)
{
	static const uint32_t nan[] = {
		0x7f800001, 0x7f801000, 0x7fbfffff, 0x7fc00000, 0x7fffffff, 0xff800001};

	(void)state;
	for (const struct format *f = formats; f < formats + FORMATS; f++) {
		assert_int_equal(f->encode(INFINITY), infinity_of(f));
		assert_int_equal(f->encode(-INFINITY), 0x8000 | infinity_of(f));
		assert_int_equal(f->encode(0.0f), 0);
		assert_int_equal(f->encode(-0.0f), 0x8000);
		for (size_t i = 0; i < sizeof nan / sizeof nan[0]; i++)
			assert_true(isnan(f->decode(f->encode(float_of(nan[i])))));
	}
	assert_int_equal(bytes_f16(1.0f), 0x3c00);
	assert_int_equal(bytes_f16(65504.0f), 0x7bff);
	assert_int_equal(bytes_f16(65519.996f), 0x7bff);
	assert_int_equal(bytes_f16(65520.0f), 0x7c00);
	assert_int_equal(bytes_f16(0x1p-24f), 1);
	assert_int_equal(bytes_f16(0x1p-25f), 0); /* half way to the smallest: even is 0 */
	assert_int_equal(bytes_f16(0x1.000002p-25f), 1);
	assert_int_equal(bytes_bf16(1.0f), 0x3f80);
	assert_int_equal(bytes_bf16(0x1.fffffep127f), 0x7f80);
}

/* The tools encode after workers_new has set flush-to-zero: that must not change any f16. */
static void ignores_flush_to_zero(void **state)
{
	struct err e;
	struct workers *w = workers_new(1, &e);

	(void)state;
	assert_non_null(w);
	for (uint32_t i = 0; i < 0x10000; i++) {
		uint16_t h = (uint16_t)i;

		if ((h & 0x7fff) <= 0x7c00)
			assert_int_equal(bytes_f16(bytes_from_f16(h)), h);
		if ((h & 0x7fff) <= 0x7f80)
			assert_int_equal(bytes_bf16(bytes_from_bf16(h)), h);
	}
	workers_free(w);
}

static void loads_and_stores(void **state)
{
	static const uint8_t b[9] = {0, 0x81, 0x92, 0xa3, 0xb4, 0xc5, 0xd6, 0xe7, 0xf8};
	uint8_t out[9] = {0};

	(void)state;
	/* From an odd address: files are not aligned. */
	assert_true(bytes_le32(b + 1) == 0xb4a39281u);
	assert_true(bytes_be32(b + 1) == 0x8192a3b4u);
	assert_true(bytes_le64(b + 1) == 0xf8e7d6c5b4a39281u);
	bytes_put_le32(out + 1, 0xb4a39281u);
	assert_memory_equal(out, b, 5);
	assert_int_equal(out[5], 0);
	bytes_put_le64(out + 1, 0xf8e7d6c5b4a39281u);
	assert_memory_equal(out, b, 9);
}

/* A code point in n bytes, and NUL. */
static void put_utf8(uint32_t code, size_t n, uint8_t to[5])
{
	static const uint8_t lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = n - 1; i > 0; i--, code >>= 6)
		to[i] = (uint8_t)(0x80 | (code & 0x3f));
	to[0] = (uint8_t)(lead[n] | code);
	to[n] = '\0';
}

/* Every code point, and what is past the last, in as many bytes as it needs, and in more. */
static void measures_utf8(void **state)
{
	static const uint32_t end[] = {0, 0x80, 0x800, 0x10000, 0x200000};
	uint8_t s[5];

	(void)state;
	for (uint32_t code = 1; code < 0x120000; code++)
		for (size_t n = 1; n <= 4; n++) {
			int good = code < end[n] && code >= end[n - 1] && code <= 0x10ffff &&
				   (code < 0xd800 || code > 0xdfff);

			if (code >= end[n])
				continue;
			put_utf8(code, n, s);
			check(bytes_utf8(s) == (good ? n : 0), "U+%04X in %zu bytes: %zu",
				(unsigned)code, n, bytes_utf8(s));
			s[n - 1] = '\0';
			check(n == 1 || bytes_utf8(s) == 0, "U+%04X cut short", (unsigned)code);
		}
	assert_int_equal(bytes_utf8((const uint8_t *)"\x80"), 0);
	assert_int_equal(bytes_utf8((const uint8_t *)"\xff"), 0);
}

/* C0, DEL and C1 are none; what is broken is masked byte by byte, what is good stays. */
static void masks(void **state)
{
	char text[] = "a\nb\033[31m\x7f \xc2\x9b \xc2\xa0\xc3\xbc\xe2\x82\xac \xff \xe2\x82";
	uint8_t s[5];

	(void)state;
	for (uint32_t code = 1; code < 0x100; code++) {
		size_t n = code < 0x80 ? 1 : 2;
		int control = code < 0x20 || (code >= 0x7f && code < 0xa0);

		put_utf8(code, n, s);
		check(bytes_shown(s) == (control ? 0 : n), "U+%04X", (unsigned)code);
	}
	bytes_mask(text);
	assert_string_equal(text, "a?b?[31m? ?? \xc2\xa0\xc3\xbc\xe2\x82\xac ? ??");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(decodes_every_value),
		cmocka_unit_test(rounds_at_midpoints),
		cmocka_unit_test(rounds_random_bits),
		cmocka_unit_test(keeps_special_values),
		cmocka_unit_test(loads_and_stores),
		cmocka_unit_test(ignores_flush_to_zero),
		cmocka_unit_test(measures_utf8),
		cmocka_unit_test(masks),
	};

	return cmocka_run_group_tests_name("bytes", tests, NULL, NULL);
}
