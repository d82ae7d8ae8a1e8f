/* SPDX-License-Identifier: ISC */
/* gzip'ed IDX files where zlib has no memory: the program's own inflate stands before zlib's.
 */
#include "idx.h"

#include "err.h"
#include "scratch.h"
#include "unit.h"

#include <string.h>

#define MEM_ERROR (-4) /* Z_MEM_ERROR of zlib.h */

static int start; /* what starting says */

int inflateInit2_(void *z, int bits, const char *version, int size);
int inflate(void *z, int flush);
int inflateEnd(void *z);

int inflateInit2_(void *z, int bits, const char *version, int size)
{
	(void)z;
	(void)bits;
	(void)version;
	(void)size;
	return start;
}

int inflate(void *z, int flush)
{
	(void)z;
	(void)flush;
	return MEM_ERROR;
}

int inflateEnd(void *z)
{
	(void)z;
	return 0;
}

static void says_so(void **state)
{
	static const uint8_t gzip[20] = {0x1f, 0x8b, 8};
	struct idx x;
	struct err e;

	(void)state;
	for (start = MEM_ERROR; start <= 0; start -= MEM_ERROR) {
		assert_int_equal(idx_load(&x, scratch_write(gzip, sizeof gzip), &e), -1);
		check(strstr(e.text, "out of memory") != NULL, "%s", e.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(says_so)};

	return cmocka_run_group_tests_name("idx-memory", tests, NULL, NULL);
}
