/* SPDX-License-Identifier: ISC */
/* The .npy reader's headers and numbers; tests/cli/npy2tensor.t has NumPy itself as the peer.
 */
#include "npy.h"

#include "err.h"
#include "npy-header.h"
#include "outfile.h"
#include "scratch.h"
#include "size.h"
#include "unit.h"

#include <math.h>
#include <string.h>

static struct npy_header parse(const char *text)
{
	struct npy_header h;
	struct err e = {""};

	check(npy_header_parse(&h, text, strlen(text), &e) == 0, "%s: %s", text, e.text);
	return h;
}

static void parses_what_python_writes(void **state)
{
	struct npy_header h;

	(void)state;
	h = parse("{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 10), }      \n");
	assert_int_equal(h.dtype, TENSOR_F32);
	assert_false(h.swapped);
	assert_false(h.fortran);
	assert_int_equal(h.rank, 2);
	assert_int_equal(h.shape[0], 60000);
	assert_int_equal(h.shape[1], 10);
	h = parse("{'shape':(3,),'fortran_order':True,'descr':'>i2'}");
	assert_int_equal(h.dtype, TENSOR_I16);
	assert_true(h.swapped);
	assert_true(h.fortran);
	assert_int_equal(h.rank, 1);
	assert_int_equal(h.shape[0], 3);
	h = parse(" {\t\"shape\" :\n( ) , \"descr\" : \"|u1\" , \"fortran_order\" : False } "
		  "\t\r\n");
	assert_int_equal(h.dtype, TENSOR_U8);
	assert_int_equal(h.rank, 0);
	h = parse("{'descr': '>u1', 'fortran_order': False, 'shape': (2L, 0, 4,)}");
	assert_false(h.swapped); /* one byte has no order */
	assert_int_equal(h.rank, 3);
	assert_int_equal(h.shape[0], 2);
	assert_int_equal(h.shape[1], 0);
	assert_int_equal(h.shape[2], 4);
	h = parse("{'descr': '=f8', 'fortran_order': False, 'shape': (1,2,3,4,5,6,7,8)}");
	assert_int_equal(h.dtype, TENSOR_F64);
	assert_int_equal(h.rank, 8);
	assert_int_equal(h.shape[7], 8);
}

static void refuse_header(const char *text, const char *reason)
{
	struct npy_header h;
	struct err e = {""};

	check(npy_header_parse(&h, text, strlen(text), &e) == -1, "accepted: %s", text);
	check(strstr(e.text, reason) != NULL, "%s: got: %s; expected: %s", text, e.text,
		reason);
}

#define DESCR "'descr': '<f4'"
#define ORDER "'fortran_order': False"
#define SHAPE "'shape': (2, 3)"

static void refuses_other_headers(void **state)
{
	(void)state;
	refuse_header("", "no dictionary");
	refuse_header("[" DESCR ", " ORDER ", " SHAPE "]", "no dictionary");
	refuse_header("{" DESCR ", " ORDER ", " SHAPE, "no dictionary");
	refuse_header("{" DESCR " " ORDER ", " SHAPE "}", "no dictionary");
	refuse_header("{, " DESCR ", " ORDER ", " SHAPE "}", "no dictionary");
	refuse_header("{" DESCR ",, " ORDER ", " SHAPE "}", "no dictionary");
	refuse_header("{descr: '<f4', " ORDER ", " SHAPE "}", "no dictionary");
	refuse_header("{'descr' '<f4', " ORDER ", " SHAPE "}", "no dictionary");
	refuse_header("{}", "lacks");
	refuse_header("{" DESCR ", " ORDER "}", "lacks");
	refuse_header("{" DESCR ", " SHAPE "}", "lacks");
	refuse_header("{" ORDER ", " SHAPE "}", "lacks");
	refuse_header("{" DESCR ", " DESCR ", " ORDER ", " SHAPE "}", "descr twice");
	refuse_header("{" DESCR ", " ORDER ", " SHAPE ", 'x': 1}", "unknown key 'x'");
	refuse_header("{" DESCR ", " ORDER ", " SHAPE "} x", "something follows");
	refuse_header("{" DESCR ", " ORDER ", " SHAPE "}{}", "something follows");
	refuse_header("{" DESCR ", 'fortran_order': 0, " SHAPE "}", "neither True nor False");
	refuse_header(
		"{" DESCR ", 'fortran_order': 'False', " SHAPE "}", "neither True nor False");
	refuse_header("{'descr': [('a', '<f4')], " ORDER ", " SHAPE "}", "records");
	refuse_header("{'descr': <f4, " ORDER ", " SHAPE "}", "no plain dtype");
	refuse_header(
		"{'descr': '<f4\", " ORDER ", " SHAPE "}", "dtype '<f4\", ' is not supported");
	refuse_header("{'descr': '<f\\x34', " ORDER ", " SHAPE "}", "no plain dtype");
	refuse_header("{'descr': '0123456789abcdef', " ORDER ", " SHAPE "}", "no plain dtype");
}

static void refuses_other_dtypes(void **state)
{
	static const char *const bad[] = {"", "<", "f4", "<f", "<f1", "<f16", "<f44", "<c8",
		"<U4", "|S3", "|O", "<M8[s]", "|V8", "!f4", "<F4", "<i3", "<b2", "<u0"};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(text, sizeof text, "{'descr': '%s', " ORDER ", " SHAPE "}", bad[i]);
		refuse_header(text, "is not supported");
	}
}

static void refuses_other_shapes(void **state)
{
	static const struct {
		const char *shape, *reason;
	} bad[] = {{"2", "no tuple"}, {"(2)", "no tuple"}, {"[2, 3]", "no tuple"},
		{"None", "no tuple"}, {"(2, 3", "no tuple"}, {"(2 3)", "no tuple"},
		{"(,)", "no tuple"}, {"(2,,3)", "no tuple"}, {"(-2, 3)", "no tuple"},
		{"(2.0, 3)", "no tuple"}, {"('2', 3)", "no tuple"}, {"(0x2, 3)", "no tuple"},
		{"(18446744073709551616, 1)", "too large"},
		{"(99999999999999999999999999, 1)", "too large"},
		{"(1,2,3,4,5,6,7,8,9)", "more than 8 dimensions"}};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		snprintf(
			text, sizeof text, "{" DESCR ", " ORDER ", 'shape': %s}", bad[i].shape);
		refuse_header(text, bad[i].reason);
	}
}

/* A file of version 1.0, 2.0 or 3.0 around a dictionary and n bytes. */
static size_t put_file(uint8_t *to, int version, const char *text, const void *bytes, size_t n)
{
	size_t length = strlen(text), at = 0;

	memcpy(to, "\x93NUMPY", 6);
	at = 6;
	to[at++] = (uint8_t)version;
	to[at++] = 0;
	for (int i = 0; i < (version == 1 ? 2 : 4); i++)
		to[at++] = (uint8_t)(length >> 8 * i);
	memcpy(to + at, text, length);
	at += length;
	memcpy(to + at, bytes, n);
	return at + n;
}

static void load(struct npy *a, const uint8_t *bytes, size_t n)
{
	struct err e = {""};

	check(npy_load(a, scratch_write(bytes, n), &e) == 0, "%s", e.text);
}

static void reads_three_versions(void **state)
{
	static const uint8_t six[] = {1, 2, 3, 4, 5, 6};
	uint8_t file[256] = {0};
	struct npy a;

	(void)state;
	for (int version = 1; version <= 3; version++) {
		size_t n = put_file(
			file, version, "{'descr': '|u1', " ORDER ", " SHAPE "}\n", six, 6);

		load(&a, file, n);
		assert_int_equal(a.dtype, TENSOR_U8);
		assert_int_equal(a.rank, 2);
		assert_int_equal(a.values, 6);
		assert_memory_equal(a.bytes, six, 6);
		assert_true(fingerprint_equal(a.fingerprint, fingerprint_of(file, n)));
		npy_release(&a);
	}
}

static void turns_columns_and_bytes_around(void **state)
{
	/* [2, 3, 2] column by column, big-endian: value 100 i + 10 j + k at (i, j, k) */
	static const uint8_t column[] = {0, 0, 0, 100, 0, 10, 0, 110, 0, 20, 0, 120, 0, 1, 0,
		101, 0, 11, 0, 111, 0, 21, 0, 121};
	static const double row[] = {0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121};
	uint8_t file[256] = {0};
	struct npy a;

	(void)state;
	load(&a, file,
		put_file(file, 1,
			"{'descr': '>u2', 'fortran_order': True, 'shape': (2, 3, 2)}\n", column,
			sizeof column));
	assert_int_equal(a.values, 12);
	for (size_t i = 0; i < 12; i++)
		assert_float_equal(npy_real(&a, i), row[i], 0);
	npy_release(&a);
}

static void knows_every_dtype(void **state)
{
	static const struct {
		const char *descr;
		uint8_t bytes[8];
		double value;
	} cases[] = {{"|b1", {1}, 1}, {"|u1", {255}, 255}, {"|i1", {255}, -1},
		{"<u2", {1, 255}, 65281}, {"<i2", {1, 255}, -255},
		{"<u4", {0, 0, 0, 255}, 4278190080.0}, {"<i4", {0, 0, 0, 255}, -16777216},
		{"<u8", {0, 0, 0, 0, 0, 0, 0, 128}, 0x1p63},
		{"<i8", {0, 0, 0, 0, 0, 0, 0, 128}, -0x1p63}, {"<f2", {0, 0xc1}, -2.5},
		{"<f4", {0, 0, 0x20, 0xc0}, -2.5}, {"<f8", {0, 0, 0, 0, 0, 0, 4, 0xc0}, -2.5},
		{">f8", {0xc0, 4, 0, 0, 0, 0, 0, 0}, -2.5}, {">f2", {0xc1, 0}, -2.5}};
	char text[128];
	uint8_t file[256] = {0};
	struct npy a;
	struct err e;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t size = (size_t)(cases[i].descr[2] - '0');

		snprintf(text, sizeof text, "{'descr': '%s', " ORDER ", 'shape': ()}",
			cases[i].descr);
		load(&a, file, put_file(file, 1, text, cases[i].bytes, size));
		assert_int_equal(a.values, 1);
		check(npy_real(&a, 0) == cases[i].value, "%s: %g", cases[i].descr,
			npy_real(&a, 0));
		assert_int_equal(npy_is_integer(&a), cases[i].descr[1] != 'f');
		assert_int_equal(npy_to_floats(&a, &e), 0);
		check(npy_real(&a, 0) == (double)(float)cases[i].value, "%s as float",
			cases[i].descr);
		npy_release(&a);
	}
}

static void refuse_file(const void *bytes, size_t n, const char *reason)
{
	struct npy a;
	struct err e = {""};
	const char *path = scratch_write(bytes, n);

	check(npy_load(&a, path, &e) == -1, "accepted; expected: %s", reason);
	check(strstr(e.text, reason) != NULL, "got: %s; expected: %s", e.text, reason);
	check(strstr(e.text, path) != NULL, "no path in: %s", e.text);
	assert_null(a.bytes);
}

static void refuses_other_files(void **state)
{
	uint8_t file[256] = {0};
	size_t n;

	(void)state;
	refuse_file("PK\3\4 and more", 13, "is an .npz archive");
	refuse_file("\x93NUMPX\1\0\0\0", 10, "is no .npy file");
	refuse_file("\x93NUMPY\0\0\0\0", 10, "unknown .npy version 0.0");
	refuse_file("\x93NUMPY\4\0\0\0", 10, "unknown .npy version 4.0");
	refuse_file("\x93NUMPY\1\1\0\0", 10, "unknown .npy version 1.1");
	refuse_file("\x93NUMPY\2\0\0\0\1\0", 12, "has a header of 65536 bytes");
	refuse_file("\x93NUMPY\3\0\xff\xff\xff\xff", 12, "has a header of 4294967295 bytes");
	refuse_file("\x93NUMPY\1\0\0\0", 10, "no dictionary");
	n = put_file(file, 1, "{" DESCR ", " ORDER ", " SHAPE "}\n", file + 200, 24);
	for (size_t cut = 0; cut < n; cut++)
		refuse_file(file, cut, "is cut short");
	refuse_file(file, n + 1, "goes on behind its 24 bytes");
}

static void refuses_lies_before_allocating(void **state)
{
	static const char *const shape[] = {"(1099511627776, 1048576)",
		"(4611686018427387904,)", "(4294967296, 4294967296)",
		"(18446744073709551615,)"};
	static uint8_t honest[100000 + 200], zeros[100000];
	char text[128];
	uint8_t file[256] = {0};

	(void)state;
	for (size_t i = 0; i < sizeof shape / sizeof shape[0]; i++) {
		snprintf(text, sizeof text, "{" DESCR ", " ORDER ", 'shape': %s}", shape[i]);
		refuse_file(file, put_file(file, 1, text, "", 0),
			i == 0 ? "is cut short: it declares"
			       : "more values than there are addresses");
	}
	size_set_limit(99999);
	refuse_file(honest,
		put_file(honest, 1, "{'descr': '|u1', " ORDER ", 'shape': (100000,)}", zeros,
			100000),
		"is over the memory limit");
	size_set_limit(0);
}

static void writes_what_numpy_writes(void **state)
{
	/* numpy.save of version 1.24: room for the first dimension to grow to 21 digits */
	static const char start[] =
		"\x93NUMPY\1\0\x76\0"
		"{'descr': '<f4', 'fortran_order': False, 'shape': (60000, 10), }";
	static const size_t shape[] = {60000, 10};
	char got[256] = "", expected[128];
	struct outfile o;
	struct err e = {""};
	FILE *f;

	(void)state;
	memset(expected, ' ', sizeof expected);
	memcpy(expected, start, sizeof start - 1);
	expected[127] = '\n';
	check(outfile_open(&o, scratch_name(""), &e) == 0, "%s", e.text);
	check(npy_write_header(&o, TENSOR_F32, 2, shape, &e) == 0, "%s", e.text);
	assert_int_equal(npy_write_header(&o, TENSOR_BF16, 2, shape, &e), -1);
	assert_string_equal(e.text, "NumPy has no dtype for BF16");
	check(outfile_commit(&o, &e) == 0, "%s", e.text);
	f = fopen(scratch_name(""), "rb");
	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof got, f), sizeof expected);
	fclose(f);
	assert_memory_equal(got, expected, sizeof expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_python_writes),
		cmocka_unit_test(refuses_other_headers),
		cmocka_unit_test(refuses_other_dtypes),
		cmocka_unit_test(refuses_other_shapes),
		cmocka_unit_test(reads_three_versions),
		cmocka_unit_test(turns_columns_and_bytes_around),
		cmocka_unit_test(knows_every_dtype),
		cmocka_unit_test(refuses_other_files),
		cmocka_unit_test(refuses_lies_before_allocating),
		cmocka_unit_test(writes_what_numpy_writes),
	};

	return cmocka_run_group_tests_name("npy", tests, NULL, NULL);
}
