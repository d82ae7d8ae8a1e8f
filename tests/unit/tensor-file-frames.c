/* SPDX-License-Identifier: ISC */
#include "tensor-file-frames.h"

#include "err.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#define MIB FRAMES_MAX_BYTES
#define KIB ((size_t)1 << 10)

/* What the plan says of tensors of these sizes, both lists ending with a 0. */
static void plan(const size_t *size, const size_t *frames)
{
	size_t start[16] = {0}, tensors = 0, *end = NULL, ends = 0, at = 0, n = 0;
	struct err e;

	for (; size[tensors] > 0; tensors++)
		start[tensors + 1] = start[tensors] + size[tensors];
	assert_int_equal(frames_plan(start, tensors, &end, &ends, &e), 0);
	while (frames[n] > 0)
		n++;
	assert_int_equal(ends, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(end[i] - at, frames[i]);
		at = end[i];
	}
	assert_int_equal(at, start[tensors]);
	free(end);
}

#define LIST(...) ((const size_t[]){__VA_ARGS__, 0})

static void plans(void **state)
{
	(void)state;
	plan(LIST(0), LIST(0));
	plan(LIST(1), LIST(1));
	plan(LIST(10, 20, 30), LIST(60));
	plan(LIST(10, 64 * KIB - 1, 30), LIST(10 + 64 * KIB - 1 + 30));
	plan(LIST(10, 64 * KIB, 30), LIST(10, 64 * KIB + 30));
	plan(LIST(64 * KIB, 64 * KIB), LIST(64 * KIB, 64 * KIB));
	plan(LIST(MIB), LIST(MIB));
	plan(LIST(MIB + 1), LIST(MIB, 1));
	plan(LIST(2 * MIB + 5, 7), LIST(MIB, MIB, 12));
	plan(LIST(MIB, 7), LIST(MIB, 7));
	plan(LIST(MIB - 3, 60 * KIB), LIST(MIB, 60 * KIB - 3)); /* a small one may lie across */
}

static uint64_t number(const void *list, size_t i)
{
	return ((const uint64_t *)list)[i];
}

/* Of things that begin together the last has the byte. */
static void searches(void **state)
{
	const uint64_t begin[] = {0, 10, 10, 10, 25, 30};

	(void)state;
	assert_int_equal(frames_search(begin, 6, number, 0), 0);
	assert_int_equal(frames_search(begin, 6, number, 9), 0);
	assert_int_equal(frames_search(begin, 6, number, 10), 3);
	assert_int_equal(frames_search(begin, 6, number, 24), 3);
	assert_int_equal(frames_search(begin, 6, number, 25), 4);
	assert_int_equal(frames_search(begin, 6, number, 1000), 5);
	assert_int_equal(frames_search(begin, 1, number, 5), 0);
	assert_int_equal(frames_search(begin, 0, number, 5), 0);
}

static struct frame_list two_frames(void)
{
	struct frame_list l = {0};
	struct err e;

	assert_int_equal(
		frames_append(&l,
			(struct frame){.packed = 50, .size = 100, .sum = 7, .has_sum = 1}, &e),
		0);
	assert_int_equal(
		frames_append(&l,
			(struct frame){.packed = 60, .size = 200, .sum = 8, .has_sum = 1}, &e),
		0);
	assert_int_equal(l.frame[1].packed_at, 50);
	assert_int_equal(l.frame[1].at, 100);
	return l;
}

static void tables(void **state)
{
	struct frame_list l = two_frames(), back;
	uint8_t *bytes;
	struct err e;
	size_t n;

	(void)state;
	assert_int_equal(frames_format_table(&l, &bytes, &n, &e), 0);
	assert_int_equal(n, 8 + 2 * 12 + 9);
	assert_int_equal(frames_parse_table(&back, bytes + 8, n - 8, &e), 0);
	assert_int_equal(frames_compare(&back, &l, &e), 0);
	frames_release(&back);
	for (size_t i = 0; i < 8 * (n - 8); i++) { /* no bit without meaning */
		struct frame_list other;

		bytes[8 + i / 8] ^= (uint8_t)(1 << i % 8);
		if (frames_parse_table(&other, bytes + 8, n - 8, &e) == 0) {
			check(frames_compare(&other, &l, &e) == -1, "bit %zu is not seen", i);
			frames_release(&other);
		}
		bytes[8 + i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < n - 8; i++)
		assert_int_equal(frames_parse_table(&back, bytes + n - i, i, &e), -1);
	free(bytes);
	frames_release(&l);
}

static void compare(void **state)
{
	struct frame_list table = two_frames(), seen = two_frames();
	struct err e;

	(void)state;
	assert_int_equal(
		frames_append(&seen, (struct frame){.packed = 8, .skippable = 1}, &e), 0);
	assert_int_equal(frames_compare(&table, &seen, &e), 0);
	seen.frame[1].has_sum = 0; /* nothing to compare */
	seen.frame[1].sum = 0;
	assert_int_equal(frames_compare(&table, &seen, &e), 0);
	assert_int_equal(frames_append(&seen, (struct frame){.packed = 9, .size = 1}, &e), 0);
	assert_int_equal(frames_compare(&table, &seen, &e), -1);
	assert_int_equal(frames_compare(&seen, &table, &e), -1);
	frames_release(&table);
	frames_release(&seen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plans),
		cmocka_unit_test(searches),
		cmocka_unit_test(tables),
		cmocka_unit_test(compare),
	};

	return cmocka_run_group_tests_name("tensor-file-frames", tests, NULL, NULL);
}
