/* SPDX-License-Identifier: ISC */
/* Whole tensor files: what is written is read again, by any number of workers, and damage is
 * found. */
#include "tensor-file.h"

#include "bytes.h"
#include "err.h"
#include "memory-file.h"
#include "size.h"
#include "unit.h"
#include "workers.h"

#include <stdlib.h>
#include <string.h>

#define BIG 300000 /* floats: more than a frame */

static float *big;
static uint8_t middle[70000], small[100];

static int setup(void **state)
{
	(void)state;
	big = malloc(BIG * sizeof *big);
	for (size_t i = 0; i < BIG; i++) {
		size_t value = i % 1000 + i / 4096;

		big[i] = (float)value;
	}
	for (size_t i = 0; i < sizeof middle; i++)
		middle[i] = (uint8_t)(i * i >> 7);
	for (size_t i = 0; i < sizeof small; i++)
		small[i] = (uint8_t)i;
	return big == NULL;
}

static int teardown(void **state)
{
	(void)state;
	free(big);
	unlink(memory_name());
	return 0;
}

static void must(int failed, const struct err *e)
{
	check(!failed, "%s", e->text);
}

static void add(struct tensor_set *s, const char *name, enum tensor_dtype dtype, size_t rows,
	size_t columns, const void *data)
{
	const size_t shape[] = {rows, columns};
	struct err e;

	must(tensor_set_add(s, name, dtype, columns == 0 ? 1 : 2, shape, data, &e), &e);
}

static void put(struct tensor_set *s, const char *key, const char *value)
{
	struct err e;

	must(tensor_set_put_meta(s, key, value, &e), &e);
}

/* Tensors below and above 64 KiB, one over a frame, empty ones, a scalar, several types. */
static void make_set(struct tensor_set *s)
{
	struct err e;

	tensor_set_init(s);
	add(s, "small", TENSOR_U8, 10, 10, small);
	add(s, "big", TENSOR_F32, 1000, BIG / 1000, big);
	add(s, "none", TENSOR_F32, 0, 7, small);
	add(s, "middle", TENSOR_U8, sizeof middle, 0, middle);
	add(s, "half", TENSOR_F16, 5, 4, small);
	add(s, "nothing", TENSOR_U8, 0, 0, small);
	must(tensor_set_add(s, "one", TENSOR_I64, 0, NULL, small, &e), &e);
	put(s, "potstill.kind", "tensor");
	put(s, "potstill.version", "1");
	put(s, "note", "caf\xc3\xa9 \"quoted\"\n\\");
}

static void make_small(struct tensor_set *s)
{
	tensor_set_init(s);
	add(s, "weight", TENSOR_F32, 4, 5, small);
	add(s, "bias", TENSOR_F32, 5, 0, small);
	put(s, "potstill.kind", "tensor");
	put(s, "potstill.version", "1");
}

static void assert_same(const struct tensor_set *a, const struct tensor_set *b)
{
	assert_int_equal(a->tensors, b->tensors);
	assert_int_equal(a->metas, b->metas);
	for (size_t i = 0; i < a->metas; i++)
		assert_string_equal(tensor_set_meta(b, a->meta[2 * i]), a->meta[2 * i + 1]);
	for (size_t i = 0; i < a->tensors; i++) {
		const struct tensor *x = &a->tensor[i], *y = tensor_set_find(b, x->name);

		assert_non_null(y);
		assert_int_equal(x->dtype, y->dtype);
		assert_int_equal(x->rank, y->rank);
		for (int d = 0; d < x->rank; d++)
			assert_int_equal(x->shape[d], y->shape[d]);
		assert_int_equal(x->size, y->size);
		assert_memory_equal(x->data, y->data, x->size);
		assert_int_equal((uintptr_t)y->data % 64, 0);
	}
}

static void round_trip(const char *ending, int threads)
{
	struct tensor_set s, t;
	char name[64];
	struct err e;
	struct workers *w = threads == 0 ? NULL : workers_new(threads, &e);

	make_set(&s);
	snprintf(name, sizeof name, "%.40s%.20s", memory_name(), ending);
	must(tensor_file_save(&s, name, TENSOR_LEVEL, w, &e), &e);
	must(tensor_file_load(&t, name, w, &e), &e);
	assert_same(&s, &t);
	tensor_set_release(&t);
	tensor_set_release(&s);
	workers_free(w);
	unlink(name);
}

static void plain_and_packed(void **state)
{
	(void)state;
	for (int threads = 0; threads <= 4; threads += 2) {
		round_trip(".safetensors", threads);
		round_trip(".safetensors.zst", threads);
	}
}

static void same_bytes(void **state)
{
	uint8_t *first = NULL, *next;
	size_t n = 0, m;
	struct tensor_set s;
	struct err e;

	(void)state;
	make_set(&s);
	for (int threads = 0; threads <= 4; threads++) {
		struct workers *w = threads == 0 ? NULL : workers_new(threads, &e);

		next = memory_save(&s, w, &m);
		if (first != NULL) {
			assert_int_equal(m, n);
			assert_memory_equal(first, next, n);
			free(first);
		}
		first = next;
		n = m;
		workers_free(w);
	}
	free(first);
	tensor_set_release(&s);
}

#define FRAMES 5

/* The seek table as a stranger reads it: frame sizes, and checksums that are the frames' own.
 */
static void layout(void **state)
{
	/* "one"; of "big" a frame and the rest, with "half" behind it; "middle" and "small" */
	const size_t size[FRAMES - 1] = {8, 1 << 20, 4 * BIG - (1 << 20) + 40, 70000 + 100};
	struct tensor_set s;
	size_t n, at = 0;
	uint8_t *file, *table;

	(void)state;
	make_set(&s);
	file = memory_save(&s, NULL, &n);
	assert_int_equal(bytes_le32(file + n - 4), 0x8F92EAB1);
	assert_int_equal(file[n - 5], 0x80);
	assert_int_equal(bytes_le32(file + n - 9), FRAMES);
	table = file + n - 9 - FRAMES * 12;
	assert_int_equal(bytes_le32(table - 8), 0x184D2A5E);
	assert_int_equal(bytes_le32(table - 4), FRAMES * 12 + 9);
	for (size_t i = 0; i < FRAMES; i++) {
		assert_int_equal(bytes_le32(file + at), 0xFD2FB528);
		assert_true(file[at + 4] & 4); /* has a checksum */
		at += bytes_le32(table + 12 * i);
		assert_int_equal(bytes_le32(table + 12 * i + 8), bytes_le32(file + at - 4));
		if (i > 0)
			assert_int_equal(bytes_le32(table + 12 * i + 4), size[i - 1]);
	}
	assert_ptr_equal(file + at, table - 8);
	free(file);
	tensor_set_release(&s);
}

static int loads(
	const uint8_t *bytes, size_t n, int through_pipe, const struct tensor_set *same)
{
	struct tensor_set t;
	struct err e = {""};

	if (tensor_file_load(&t, memory_put(bytes, n, through_pipe), NULL, &e)) {
		check(strchr(e.text, '\n') == NULL && strstr(e.text, "\": ") != NULL, "%s",
			e.text);
		return 0;
	}
	assert_same(same, &t);
	tensor_set_release(&t);
	return 1;
}

static void truncations(void **state)
{
	struct tensor_set s;
	uint8_t *file;
	size_t n;

	(void)state;
	make_small(&s);
	file = memory_save(&s, NULL, &n);
	assert_true(loads(file, n, 0, &s) && loads(file, n, 1, &s));
	for (size_t i = 0; i < n; i++) {
		check(!loads(file, i, 0, &s), "%zu bytes of %zu are taken for a file", i, n);
		check(!loads(file, i, 1, &s), "%zu bytes of %zu are taken from a pipe", i, n);
	}
	free(file);
	tensor_set_release(&s);
}

/* A few bits within a zstd block have no meaning: what is loaded must then be what was saved.
 */
static void flips(void **state)
{
	size_t n, unseen = 0;
	struct tensor_set s;
	uint8_t *file;

	(void)state;
	make_small(&s);
	file = memory_save(&s, NULL, &n);
	for (size_t bit = 0; bit < 8 * n; bit++) {
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		unseen += (size_t)loads(file, n, 0, &s);
		assert_int_equal(loads(file, n, 1, &s), loads(file, n, 0, &s));
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	check(unseen * 100 < 8 * n, "%zu of %zu flipped bits change nothing", unseen, 8 * n);
	free(file);
	tensor_set_release(&s);
}

static void memory_limit(void **state)
{
	uint64_t before = size_limit();
	struct tensor_set s, t;
	uint8_t *file;
	struct err e;
	size_t n;

	(void)state;
	make_set(&s);
	file = memory_save(&s, NULL, &n);
	size_set_limit(1 << 20);
	for (int through_pipe = 0; through_pipe < 2; through_pipe++) {
		assert_int_equal(
			tensor_file_load(&t, memory_put(file, n, through_pipe), NULL, &e), -1);
		check(strstr(e.text, "over the memory limit") != NULL, "%s", e.text);
	}
	size_set_limit(before);
	assert_true(loads(file, n, 0, &s));
	free(file);
	tensor_set_release(&s);
}

static void save_errors(void **state)
{
	struct tensor_set s;
	struct err e;

	(void)state;
	make_small(&s);
	assert_int_equal(tensor_file_save(&s, "/dev/full", 1, NULL, &e), -1);
	check(strstr(e.text, "\"/dev/full\": ") && strstr(e.text, "No space left"), "%s",
		e.text);
	assert_int_equal(tensor_file_save(&s, "no/such/folder.safetensors", 1, NULL, &e), -1);
	check(strstr(e.text, "\"no/such/folder.safetensors\": "), "%s", e.text);
	put(&s, "key", "\xff");
	assert_int_equal(tensor_file_save(&s, memory_name(), 1, NULL, &e), -1);
	check(strstr(e.text, "not UTF-8"), "%s", e.text);
	tensor_set_release(&s);
	assert_int_equal(tensor_file_load(&s, "no/such/file", NULL, &e), -1);
	check(strstr(e.text, "\"no/such/file\": cannot open: No such file"), "%s", e.text);
	assert_int_equal(tensor_file_load(&s, "/", NULL, &e), -1);
	check(strstr(e.text, "\"/\": "), "%s", e.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_and_packed),
		cmocka_unit_test(same_bytes),
		cmocka_unit_test(layout),
		cmocka_unit_test(truncations),
		cmocka_unit_test(flips),
		cmocka_unit_test(memory_limit),
		cmocka_unit_test(save_errors),
	};

	return cmocka_run_group_tests_name("tensor-file", tests, setup, teardown);
}
