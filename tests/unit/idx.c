/* SPDX-License-Identifier: ISC */
/* IDX files, plain and gzip'ed: what is read, and that nothing malformed is. */
#include "idx.h"

#include "err.h"
#include "fingerprint.h"
#include "scratch.h"
#include "size.h"
#include "unit.h"

#include <string.h>

/* Two images of 2 x 3. */
static const uint8_t images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5,
	6, 250, 251, 252, 253, 254, 255};

/* gzip (RFC 1952) around stored deflate blocks: written by hand, so that zlib is not its own
 * judge. */
static size_t crc32_of(const uint8_t *p, size_t n)
{
	uint32_t crc = 0xffffffff;

	while (n-- > 0) {
		crc ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return crc ^ 0xffffffff;
}

static size_t put32(uint8_t *to, size_t v)
{
	for (int i = 0; i < 4; i++)
		to[i] = (uint8_t)(v >> 8 * i);
	return 4;
}

static size_t gzip_member(uint8_t *to, const uint8_t *from, size_t n)
{
	static const uint8_t head[] = {
		0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1 /* last, stored */};
	size_t at = sizeof head;

	memcpy(to, head, sizeof head);
	to[at++] = (uint8_t)n;
	to[at++] = (uint8_t)(n >> 8);
	to[at++] = (uint8_t)~n;
	to[at++] = (uint8_t)(~n >> 8);
	memcpy(to + at, from, n);
	at += n;
	at += put32(to + at, crc32_of(from, n));
	at += put32(to + at, n);
	return at;
}

static void check_images(const uint8_t *bytes, size_t n)
{
	struct idx x;
	struct err e = {""};

	check(idx_load(&x, scratch_write(bytes, n), &e) == 0, "%s", e.text);
	assert_int_equal(x.type, IDX_U8);
	assert_int_equal(x.rank, 3);
	assert_int_equal(x.shape[0], 2);
	assert_int_equal(x.shape[1], 2);
	assert_int_equal(x.shape[2], 3);
	assert_int_equal(x.values, 12);
	assert_memory_equal(x.bytes, images + 16, 12);
	assert_true(fingerprint_equal(x.fingerprint, fingerprint_of(images, sizeof images)));
	idx_release(&x);
	assert_null(x.bytes);
}

static void reads_plain(void **state)
{
	(void)state;
	check_images(images, sizeof images);
}

static void reads_gzip_of_one_and_many_members(void **state)
{
	uint8_t packed[512];
	size_t n = gzip_member(packed, images, sizeof images);

	(void)state;
	check_images(packed, n);
	/* cut within the header, between header and values, and an empty member */
	n = gzip_member(packed, images, 5);
	n += gzip_member(packed + n, images + 5, 11);
	n += gzip_member(packed + n, images + 16, 0);
	n += gzip_member(packed + n, images + 16, 12);
	n += gzip_member(packed + n, images, 0);
	check_images(packed, n);
}

static void reads_integers(void **state)
{
	static const uint8_t bytes8[] = {0, 0, 9, 1, 0, 0, 0, 2, 0x80, 0x7f};
	static const uint8_t bytes16[] = {0, 0, 11, 1, 0, 0, 0, 2, 0xff, 0xfe, 0x01, 0x02};
	static const uint8_t bytes32[] = {
		0, 0, 12, 1, 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0x00, 0x01, 0x02, 0x03};
	static const struct {
		const uint8_t *bytes;
		size_t n;
		int32_t first, second;
	} cases[] = {{bytes8, sizeof bytes8, -128, 127}, {bytes16, sizeof bytes16, -2, 258},
		{bytes32, sizeof bytes32, -1, 66051}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct idx x;
		struct err e = {""};

		check(idx_load(&x, scratch_write(cases[i].bytes, cases[i].n), &e) == 0, "%s",
			e.text);
		assert_int_equal(x.values, 2);
		assert_int_equal(idx_value(&x, 0), cases[i].first);
		assert_int_equal(idx_value(&x, 1), cases[i].second);
		idx_release(&x);
	}
}

static void refuse(const void *bytes, size_t n, const char *text)
{
	struct idx x;
	struct err e = {""};
	const char *path = scratch_write(bytes, n);

	check(idx_load(&x, path, &e) == -1, "accepted; expected: %s", text);
	check(strstr(e.text, text) != NULL, "got: %s; expected: %s", e.text, text);
	check(strstr(e.text, path) != NULL, "no path in: %s", e.text);
	assert_null(x.bytes);
}

static void refuses_bad_headers(void **state)
{
	(void)state;
	refuse("", 0, "is no IDX file");
	refuse("\0\0\10", 3, "is no IDX file");
	refuse("\1\0\10\1\0\0\0\1\0", 9, "is no IDX file");
	refuse("\0\1\10\1\0\0\0\1\0", 9, "is no IDX file");
	refuse("\0\0\7\1\0\0\0\1\0", 9, "unknown IDX type 0x07");
	refuse("\0\0\12\1\0\0\0\1\0", 9, "unknown IDX type 0x0a");
	refuse("\0\0\15\1\0\0\0\1\0\0\0\0", 12, "floating-point");
	refuse("\0\0\16\1\0\0\0\1\0\0\0\0\0\0\0\0", 16, "floating-point");
	refuse("\0\0\10\0\0", 5, "rank 0");
	refuse("\0\0\10\5\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0", 25, "rank 5");
	refuse("\0\0\10\2\0\0\0\1\0\0\0", 11, "cut short within its header");
	refuse("\0\0\10\1\0\0\0\0", 8, "dimension 1 is 0");
	refuse("\0\0\10\2\0\0\0\1\0\0\0\0", 12, "dimension 2 is 0");
}

static void refuses_every_wrong_length(void **state)
{
	uint8_t longer[sizeof images + 1] = {0};

	(void)state;
	for (size_t n = 16; n < sizeof images; n++)
		refuse(images, n, "is cut short");
	memcpy(longer, images, sizeof images);
	refuse(longer, sizeof longer, "goes on behind its 12 bytes");
}

static void refuses_lies_before_allocating(void **state)
{
	static const uint8_t wraps[] = {0, 0, 12, 4, 255, 255, 255, 255, 255, 255, 255, 255,
		255, 255, 255, 255, 255, 255, 255, 255, 1};
	static const uint8_t gigabytes[] = {0, 0, 8, 3, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1};
	static uint8_t honest[8 + (1 << 18)];
	uint8_t packed[64];
	size_t n = gzip_member(packed, gigabytes, sizeof gigabytes);

	(void)state;
	refuse(wraps, sizeof wraps, "more values than there are addresses");
	refuse(gigabytes, sizeof gigabytes, "is cut short: it declares 4294967296 bytes");
	refuse(packed, n, "is cut short: it declares 4294967296 bytes");
	memcpy(honest, "\0\0\10\1\0\4\0\0", 8); /* 2^18 values, and all are there */
	size_set_limit(200000);
	refuse(honest, sizeof honest,
		"values: 256.0 KiB is over the memory limit of 195.3 KiB");
	size_set_limit(0);
}

static void refuses_damaged_gzip(void **state)
{
	uint8_t packed[512], damaged[513];
	size_t n = gzip_member(packed, images, sizeof images);

	(void)state;
	for (size_t cut = 2; cut < n; cut++)
		refuse(packed, cut, "cut short");
	memcpy(damaged, packed, n);
	damaged[n] = 0;
	refuse(damaged, n + 1, "cut short"); /* too little to be a member */
	memcpy(damaged + n, "tails are no member", 19);
	refuse(damaged, n + 19, "gzip data is corrupt");
	/* each bit of the values and of the trailer */
	for (size_t bit = 8 * (n - 8 - 12); bit < 8 * n; bit++) {
		memcpy(damaged, packed, n);
		damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse(damaged, n, "gzip data is corrupt");
	}
}

static void refuses_what_is_no_file(void **state)
{
	struct idx x;
	struct err e;

	(void)state;
	assert_int_equal(idx_load(&x, "/nowhere/at-all", &e), -1);
	assert_string_equal(
		e.text, "\"/nowhere/at-all\": cannot be opened: No such file or directory");
	assert_int_equal(idx_load(&x, "/", &e), -1);
	assert_string_equal(e.text, "\"/\": cannot be read: Is a directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_plain),
		cmocka_unit_test(reads_gzip_of_one_and_many_members),
		cmocka_unit_test(reads_integers),
		cmocka_unit_test(refuses_bad_headers),
		cmocka_unit_test(refuses_every_wrong_length),
		cmocka_unit_test(refuses_lies_before_allocating),
		cmocka_unit_test(refuses_damaged_gzip),
		cmocka_unit_test(refuses_what_is_no_file),
	};

	return cmocka_run_group_tests_name("idx", tests, NULL, NULL);
}
