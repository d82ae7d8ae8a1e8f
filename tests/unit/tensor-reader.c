/* SPDX-License-Identifier: ISC */
/* Parts of tensor files: rows from files and pipes, and scans. */
#include "bytes.h"
#include "err.h"
#include "memory-file.h"
#include "tensor-file.h"
#include "tensor-scan.h"
#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define ROWS 5500
#define COLUMNS 100 /* 2.2 MB: three frames, rows across their ends */

static float *values;
static uint8_t labels[ROWS];
static uint8_t *packed; /* the file, with its seek table ... */
static size_t packed_size, table_size;

static int setup(void **state)
{
	const size_t shape[] = {ROWS, COLUMNS};
	struct tensor_set s;
	struct err e;
	int failed;

	(void)state;
	values = malloc(ROWS * COLUMNS * sizeof *values);
	if (values == NULL)
		return -1;
	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		values[i] = (float)(i / COLUMNS % 251 + i % 2); /* fits a pipe when packed */
	for (size_t i = 0; i < ROWS; i++)
		labels[i] = (uint8_t)(i % 10);
	tensor_set_init(&s);
	failed = tensor_set_add(&s, "values", TENSOR_F32, 2, shape, values, &e) ||
		 tensor_set_add(&s, "labels", TENSOR_U8, 1, shape, labels, &e);
	if (!failed)
		packed = memory_save(&s, NULL, &packed_size);
	tensor_set_release(&s);
	table_size = 8 + 9 + 12 * (size_t)bytes_le32(packed + packed_size - 9);
	return failed;
}

static int teardown(void **state)
{
	(void)state;
	free(values);
	free(packed);
	unlink(memory_name());
	return 0;
}

static struct tensor_reader *open_reader(const char *path)
{
	struct err e;
	struct tensor_reader *r = tensor_reader_open(path, &e);

	check(r != NULL, "%s", e.text);
	return r;
}

static const struct tensor *tensor_of(const struct tensor_reader *r, const char *name)
{
	const struct tensor *t = tensor_set_find(tensor_reader_header(r), name);

	assert_non_null(t);
	return t;
}

static void check_rows(struct tensor_reader *r, size_t from, size_t to)
{
	size_t n = to - from;
	float *rows = malloc(n * COLUMNS * sizeof *rows + 1);
	struct err e;
	int failed = tensor_reader_rows(r, tensor_of(r, "values"), from, to, rows, &e);

	check(!failed, "%s", e.text);
	assert_memory_equal(rows, values + from * COLUMNS, n * COLUMNS * sizeof *rows);
	free(rows);
}

static void check_labels(struct tensor_reader *r, size_t from, size_t to)
{
	uint8_t rows[ROWS];
	struct err e;

	assert_int_equal(tensor_reader_rows(r, tensor_of(r, "labels"), from, to, rows, &e), 0);
	assert_memory_equal(rows, labels + from, to - from);
}

static void check_all_places(struct tensor_reader *r)
{
	check_rows(r, 0, 1);
	check_rows(r, 5499, 5500);
	check_labels(r, 17, 23);
	check_rows(r, 2600, 2650);
	check_rows(r, 0, 5500);
	check_rows(r, 2620, 2622); /* the end of the first MiB */
	check_rows(r, 77, 77);
	check_labels(r, 0, 5500);
	tensor_reader_close(r);
}

static void seekable(void **state)
{
	struct tensor_reader *r = open_reader(memory_put(packed, packed_size, 0));
	struct tensor_file_shape shape = tensor_reader_shape(r);

	(void)state;
	assert_int_equal(shape.packed, packed_size);
	assert_int_equal(shape.frames, 4);
	assert_true(shape.seekable);
	check_all_places(r);
}

static void without_table(void **state)
{
	struct tensor_reader *r = open_reader(memory_put(packed, packed_size - table_size, 0));

	(void)state;
	assert_false(tensor_reader_shape(r).seekable);
	check_all_places(r);
}

static void plain(void **state)
{
	const char *name = memory_put(packed, packed_size, 0);
	struct tensor_set s;
	char path[160];
	struct err e;

	(void)state;
	snprintf(path, sizeof path, "%s.safetensors", name);
	assert_int_equal(tensor_file_load(&s, name, NULL, &e), 0);
	assert_int_equal(tensor_file_save(&s, path, 1, NULL, &e), 0);
	tensor_set_release(&s);
	check_all_places(open_reader(path));
	unlink(path);
}

static void pipe_in_order(void **state)
{
	struct tensor_reader *r;
	struct err e;
	float row[COLUMNS];

	(void)state;
	if (packed_size > 65536)
		fail_msg("the file does not fit a pipe: %zu bytes", packed_size);
	r = open_reader(memory_put(packed, packed_size, 1));
	check_rows(r, 3, 30);
	check_rows(r, 30, 31);
	check_rows(r, 4000, 4500);
	assert_int_equal(
		tensor_reader_rows(r, tensor_of(r, "values"), 4499, 4500, row, &e), -1);
	check(strstr(e.text, "cannot go back in a pipe") != NULL, "%s", e.text);
	check_labels(r, 4990, 5000);
	tensor_reader_close(r);
}

static void out_of_range(void **state)
{
	struct tensor_reader *r = open_reader(memory_put(packed, packed_size, 0));
	struct err e;
	float row[COLUMNS];

	(void)state;
	assert_int_equal(
		tensor_reader_rows(r, tensor_of(r, "values"), 5500, 5501, row, &e), -1);
	assert_int_equal(tensor_reader_rows(r, tensor_of(r, "values"), 2, 1, row, &e), -1);
	assert_int_equal(tensor_reader_bytes(r, tensor_of(r, "labels"), 5490, row, 11, &e), -1);
	check(strstr(e.text, "has no bytes 5490 to 5501") != NULL, "%s", e.text);
	tensor_reader_close(r);
}

/* Rows do not touch the frames that they are not in: damage elsewhere goes unseen until a scan.
 */
static void other_frames_unread(void **state)
{
	uint8_t *copy = malloc(packed_size);
	size_t second, third;
	struct tensor_reader *r;
	struct tensor_scan scan;
	struct err e;
	float row[COLUMNS];

	(void)state;
	assert_non_null(copy);
	memcpy(copy, packed, packed_size);
	second = bytes_le32(packed + packed_size - table_size + 8);
	third = second + bytes_le32(packed + packed_size - table_size + 20);
	copy[(second + third) / 2] ^= 1;
	r = open_reader(memory_put(copy, packed_size, 0));
	check_rows(r, 3000, 5500);
	check_labels(r, 0, 5500);
	assert_int_equal(tensor_reader_rows(r, tensor_of(r, "values"), 10, 11, row, &e), -1);
	check(strstr(e.text, "damaged") != NULL, "%s", e.text);
	assert_int_equal(tensor_scan(&scan, r, 0, &e), -1);
	check(strstr(e.text, "damaged") != NULL, "%s", e.text);
	tensor_reader_close(r);
	free(copy);
}

static void scans(void **state)
{
	struct tensor_set s;
	struct fingerprint f;
	double mean = 0;
	struct err e;

	(void)state;
	for (size_t i = 0; i < ROWS * COLUMNS; i++)
		mean += (double)values[i] / (ROWS * COLUMNS);
	assert_int_equal(tensor_file_load(&s, memory_put(packed, packed_size, 0), NULL, &e), 0);
	assert_int_equal(tensor_set_fingerprint(&s, &f, &e), 0);
	for (int through_pipe = 0; through_pipe < 2; through_pipe++) {
		struct tensor_reader *r =
			open_reader(memory_put(packed, packed_size, through_pipe));
		struct tensor_scan scan;
		const struct tensor_stats *stats;

		check(tensor_scan(&scan, r, 1, &e) == 0, "%s", e.text);
		assert_true(fingerprint_equal(scan.fingerprint, f));
		stats = &scan.stats[tensor_of(r, "values") - tensor_reader_header(r)->tensor];
		assert_int_equal(stats->values, ROWS * COLUMNS);
		assert_true(stats->min == 0 && stats->max == 251);
		assert_true(fabs(stats->mean - mean) < 1e-9);
		assert_int_equal(tensor_reader_shape(r).packed, packed_size);
		assert_int_equal(tensor_reader_shape(r).frames, 4);
		tensor_scan_release(&scan);
		tensor_reader_close(r);
	}
	tensor_set_release(&s);
}

/* A file of which the header is all: a table that fits names it, and no stream had to read it.
 */
static void scans_empty_tensors(void **state)
{
	const size_t shape[] = {0, 28, 28};
	struct tensor_set s;
	struct fingerprint f;
	uint8_t *bytes;
	struct err e;
	size_t n;

	(void)state;
	tensor_set_init(&s);
	assert_int_equal(tensor_set_add(&s, "values", TENSOR_U8, 3, shape, &s, &e), 0);
	assert_int_equal(tensor_set_fingerprint(&s, &f, &e), 0);
	bytes = memory_save(&s, NULL, &n);
	tensor_set_release(&s);
	for (int through_pipe = 0; through_pipe < 2; through_pipe++) {
		struct tensor_reader *r = open_reader(memory_put(bytes, n, through_pipe));
		struct tensor_scan scan;

		check(tensor_scan(&scan, r, 1, &e) == 0, "%s", e.text);
		assert_true(fingerprint_equal(scan.fingerprint, f));
		assert_int_equal(scan.stats[0].values, 0);
		tensor_scan_release(&scan);
		tensor_reader_close(r);
	}
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seekable),
		cmocka_unit_test(without_table),
		cmocka_unit_test(plain),
		cmocka_unit_test(pipe_in_order),
		cmocka_unit_test(out_of_range),
		cmocka_unit_test(other_frames_unread),
		cmocka_unit_test(scans),
		cmocka_unit_test(scans_empty_tensors),
	};

	return cmocka_run_group_tests_name("tensor-reader", tests, setup, teardown);
}
