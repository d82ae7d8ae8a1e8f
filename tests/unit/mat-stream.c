/* SPDX-License-Identifier: ISC */
/* Packed arrays where zlib has no memory, which is no damage: the program's own inflate stands
 * before zlib's. What a stream makes of good and bad bytes is mat-check's test. */
#include "mat-stream.h"

#include "err.h"
#include "infile.h"
#include "scratch.h"
#include "unit.h"

#include <string.h>

#define NEED_DICT 2 /* Z_NEED_DICT, Z_MEM_ERROR of zlib.h */
#define MEM_ERROR (-4)

static int start, unpacked; /* what starting and unpacking say */

int inflateInit_(void *z, const char *version, int size);
int inflateReset(void *z);
int inflate(void *z, int flush);
int inflateEnd(void *z);

int inflateInit_(void *z, const char *version, int size)
{
	(void)z;
	(void)version;
	(void)size;
	return start;
}

int inflateReset(void *z)
{
	(void)z;
	return 0;
}

int inflate(void *z, int flush)
{
	(void)z;
	(void)flush;
	return unpacked;
}

int inflateEnd(void *z)
{
	(void)z;
	return 0;
}

/* The text for an array of 12 bytes behind its tag. */
static const char *read_packed(int from_start, int from_inflate, struct err *e)
{
	static const uint8_t bytes[MAT_TAG + 12] = {15, 0, 0, 0, 12};
	struct infile f;
	struct mat_stream *s;
	uint8_t byte;

	start = from_start;
	unpacked = from_inflate;
	check(infile_open(&f, scratch_write(bytes, sizeof bytes), e) == 0, "%s", e->text);
	s = mat_stream_new(&f, e);
	assert_non_null(s);
	assert_true(
		mat_stream_begin(s, 0, sizeof bytes, 1, e) || mat_stream_read(s, &byte, 1, e));
	mat_stream_free(s);
	infile_close(&f);
	return e->text;
}

static void says_that_memory_runs_out(void **state)
{
	struct err e;

	(void)state;
	assert_string_equal(
		read_packed(MEM_ERROR, 0, &e), "zlib does not start: out of memory");
	assert_string_equal(
		read_packed(0, MEM_ERROR, &e), "unpacking the array at byte 0: out of memory");
}

static void says_what_is_damaged(void **state)
{
	struct err e;

	(void)state;
	assert_string_equal(read_packed(0, NEED_DICT, &e),
		"damaged: the array at byte 0 cannot be unpacked: it needs a dictionary");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_that_memory_runs_out),
		cmocka_unit_test(says_what_is_damaged),
	};

	return cmocka_run_group_tests_name("mat-stream", tests, NULL, NULL);
}
