/* SPDX-License-Identifier: ISC */
/*
 * PNG files in memory: what is written is read, every damage is found, and what gets past the
 * check sums does no harm. tests/cli/png2tensor.t has all colour types, and resizing.
 */
#include "image.h"

#include "err.h"
#include "image-resize.h"
#include "outfile.h"
#include "scratch.h"
#include "size.h"
#include "unit.h"

#include <string.h>

/* 7 x 5, interlaced, a palette of 3 colours in 2 bits, of which two are transparent: made by
 * tests/png.py, as is what it shows on the background 9, 8, 7. */
static const uint8_t interlaced[] = {137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68,
	82, 0, 0, 0, 7, 0, 0, 0, 5, 2, 3, 0, 0, 1, 131, 243, 46, 221, 0, 0, 0, 9, 80, 76, 84,
	69, 10, 20, 30, 200, 100, 50, 0, 255, 0, 129, 82, 59, 16, 0, 0, 0, 3, 116, 82, 78, 83,
	255, 128, 0, 127, 109, 104, 120, 0, 0, 0, 31, 73, 68, 65, 84, 120, 156, 99, 104, 96,
	112, 96, 96, 96, 16, 96, 156, 0, 36, 151, 48, 114, 48, 205, 97, 80, 8, 97, 76, 120, 1,
	0, 41, 181, 4, 106, 186, 194, 252, 164, 0, 0, 0, 0, 73, 69, 78, 68, 174, 66, 96, 130};
static const uint8_t pixels[] = {9, 8, 7, 9, 8, 7, 10, 20, 30, 9, 8, 7, 105, 54, 29, 105, 54,
	29, 105, 54, 29, 10, 20, 30, 9, 8, 7, 10, 20, 30, 10, 20, 30, 105, 54, 29, 105, 54, 29,
	105, 54, 29, 10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30, 10, 20, 30, 9, 8, 7, 10,
	20, 30, 105, 54, 29, 9, 8, 7, 10, 20, 30, 10, 20, 30, 105, 54, 29, 10, 20, 30, 9, 8, 7,
	10, 20, 30, 9, 8, 7, 9, 8, 7, 9, 8, 7, 10, 20, 30, 105, 54, 29, 105, 54, 29};

static struct image_decoder decoder_of(size_t channels)
{
	return (struct image_decoder){.channels = channels, .background = {9, 8, 7}};
}

static void reads_a_palette(void **state)
{
	struct image_decoder d = decoder_of(3);
	struct image i = {0};
	struct err e = {""};

	(void)state;
	for (int again = 0; again < 2; again++) {
		check(image_decode(&d, interlaced, sizeof interlaced, &i, &e) == 0, "%s",
			e.text);
		assert_int_equal(i.width, 7);
		assert_int_equal(i.height, 5);
		assert_int_equal(i.channels, 3);
		assert_memory_equal(i.pixels, pixels, sizeof pixels);
	}
	image_release(&i);
	image_decoder_release(&d);
	assert_null(i.pixels);
}

static void refuse(const uint8_t *png, size_t n, const char *what)
{
	struct image_decoder d = decoder_of(3);
	struct image i = {0};
	struct err e = {""};

	check(image_decode(&d, png, n, &i, &e) == -1, "accepted: %s", what);
	check(e.text[0] != '\0' && strpbrk(e.text, "\n\r\x1b") == NULL, "no line of text: %s",
		what);
	image_release(&i);
	image_decoder_release(&d);
}

static void refuses_every_cut_and_every_flipped_bit(void **state)
{
	uint8_t damaged[sizeof interlaced];

	(void)state;
	for (size_t n = 0; n < sizeof interlaced; n++)
		refuse(interlaced, n, "a cut");
	for (size_t bit = 0; bit < 8 * sizeof interlaced; bit++) {
		memcpy(damaged, interlaced, sizeof damaged);
		damaged[bit / 8] ^= (uint8_t)(1 << bit % 8);
		refuse(damaged, sizeof damaged, "a flipped bit");
	}
}

/* The sum of PNG chunks (annex D of the specification). */
static uint32_t crc(const uint8_t *p, size_t n)
{
	uint32_t c = 0xffffffff;

	while (n-- > 0) {
		c ^= *p++;
		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? 0xedb88320 : 0);
	}
	return c ^ 0xffffffff;
}

/* Makes the sums of all chunks right again. */
static void repair(uint8_t *png, size_t n)
{
	for (size_t at = 8; at + 12 <= n;) {
		size_t length = (size_t)png[at + 2] << 8 | png[at + 3];
		uint32_t sum;

		if (png[at] != 0 || png[at + 1] != 0 || at + 12 + length > n)
			return;
		sum = crc(png + at + 4, length + 4);
		for (size_t k = 0; k < 4; k++)
			png[at + 8 + length + k] = (uint8_t)(sum >> (24 - 8 * k));
		at += 12 + length;
	}
}

/* Nothing to expect but an end: a picture or a line of text, in bounded memory. */
static void survives_lies_with_good_sums(void **state)
{
	struct image_decoder d = decoder_of(1);
	struct image i = {0};
	uint8_t lie[sizeof interlaced];
	size_t pictures = 0, refusals = 0;

	(void)state;
	size_set_limit(1 << 20);
	for (size_t bit = 8 * 8; bit < 8 * sizeof lie; bit++) {
		struct err e = {""};

		memcpy(lie, interlaced, sizeof lie);
		lie[bit / 8] ^= (uint8_t)(1 << bit % 8);
		repair(lie, sizeof lie);
		if (image_decode(&d, lie, sizeof lie, &i, &e) == 0) {
			pictures++;
			continue;
		}
		refusals++;
		check(e.text[0] != '\0' && strpbrk(e.text, "\n\r\x1b") == NULL,
			"bit %zu: no line of text", bit);
	}
	size_set_limit(0);
	image_release(&i);
	image_decoder_release(&d);
	check(pictures > 50 && refusals > 50, "%zu pictures, %zu refusals", pictures, refusals);
}

static size_t write_picture(const struct image *i, uint8_t *bytes, size_t room)
{
	const char *path = scratch_name("");
	struct err e = {""};
	struct outfile o;
	size_t n;
	FILE *f;

	check(outfile_open(&o, path, &e) == 0 && image_write(i, &o, &e) == 0 &&
			outfile_commit(&o, &e) == 0,
		"%s", e.text);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(bytes, 1, room, f);
	fclose(f);
	return n;
}

static void writes_what_it_reads(void **state)
{
	uint8_t bytes[4096], again[4096];

	(void)state;
	for (size_t channels = 1; channels <= 3; channels += 2) {
		struct image_decoder d = decoder_of(channels);
		struct image out = {5, 7 * 3 / channels, channels, (uint8_t *)pixels, 0};
		struct image in = {0};
		struct err e = {""};
		size_t n = write_picture(&out, bytes, sizeof bytes);

		assert_int_equal(n, write_picture(&out, again, sizeof again));
		assert_memory_equal(bytes, again, n);
		check(image_decode(&d, bytes, n, &in, &e) == 0, "%s", e.text);
		assert_int_equal(in.width, out.width);
		assert_int_equal(in.height, out.height);
		assert_memory_equal(in.pixels, pixels, 5 * out.height * channels);
		image_release(&in);
		image_decoder_release(&d);
	}
}

static void tells_of_a_full_device(void **state)
{
	static uint8_t large[300 * 300];
	struct image i = {300, 300, 1, large, 0};
	struct err e = {""};
	struct outfile o;

	(void)state;
	for (size_t k = 0; k < sizeof large; k++)
		large[k] = (uint8_t)(k * k * 2654435761u >> 13);
	if (access("/dev/full", W_OK) != 0)
		skip();
	assert_int_equal(outfile_open(&o, "/dev/full", &e), 0);
	assert_int_equal(image_write(&i, &o, &e), -1);
	assert_string_equal(e.text, "\"/dev/full\": cannot write: No space left on device");
	outfile_abort(&o);
}

/* By hand: a row of 4 pixels becomes 2. Triangles of width 4 around 1 and 3 weigh the pixels at
 * .5, 1.5, 2.5, 3.5 with 3/8, 3/8, 1/8 and the last missing (outside): 3:3:1 of 7. */
static void shrinks_by_hand(void **state)
{
	static const uint8_t row[] = {0, 70, 140, 210};
	static const struct {
		enum image_filter filter;
		uint8_t want[2];
	} cases[] = {{IMAGE_BILINEAR, {(0 * 3 + 70 * 3 + 140 * 1) / 7, 160}},
		{IMAGE_AREA, {35, 175}}};
	struct image i = {4, 1, 1, (uint8_t *)row, 0};
	struct image_resizer r = {.room = 0};
	struct err e = {""};
	uint8_t got[2];

	(void)state;
	for (size_t k = 0; k < 2; k++) {
		struct image_fit f = {2, 1, cases[k].filter, false};

		check(image_resize(&r, &i, &f, got, &e) == 0, "%s", e.text);
		assert_int_equal(got[0], cases[k].want[0]);
		assert_int_equal(got[1], cases[k].want[1]);
	}
	image_resizer_release(&r);
}

static void crops_the_middle(void **state)
{
	static const uint8_t wide[] = {1, 2, 3, 4, 5, 6}, high[] = {1, 2, 3, 4, 5};
	struct image_resizer r = {.room = 0};
	struct image_fit f = {2, 2, IMAGE_AREA, true};
	struct image i = {6, 1, 1, (uint8_t *)wide, 0};
	struct err e = {""};
	uint8_t got[4];

	(void)state;
	check(image_resize(&r, &i, &f, got, &e) == 0, "%s", e.text);
	assert_memory_equal(got, "\3\3\3\3", 4); /* 5 pixels left over: 2 go before */
	i = (struct image){1, 5, 1, (uint8_t *)high, 0};
	check(image_resize(&r, &i, &f, got, &e) == 0, "%s", e.text);
	assert_memory_equal(got, "\3\3\3\3", 4);
	image_resizer_release(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_palette),
		cmocka_unit_test(refuses_every_cut_and_every_flipped_bit),
		cmocka_unit_test(survives_lies_with_good_sums),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(tells_of_a_full_device),
		cmocka_unit_test(shrinks_by_hand),
		cmocka_unit_test(crops_the_middle),
	};

	return cmocka_run_group_tests_name("image", tests, NULL, NULL);
}
